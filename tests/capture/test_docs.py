"""Every code that capture can say has its section in the manual."""

from __future__ import annotations

import re
from pathlib import Path


def test_every_code_is_explained(root: Path) -> None:
    source = "".join(p.read_text(encoding="utf-8") for p in (root / "src/opencro/capture").rglob("*.py"))
    said = set(re.findall(r'"(CAP-\d{3})"', source))
    manual = "".join((root / "docs" / n).read_text(encoding="utf-8") for n in ("import.md", "capture.md"))
    explained = set(re.findall(r"^### (CAP-\d{3})", manual, flags=re.MULTILINE))
    assert said == explained
