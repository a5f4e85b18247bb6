"""Every finding of a format has its line in docs/formats.md, and every line its finding."""

from __future__ import annotations

import re
from pathlib import Path

CODE = re.compile(r"\b(?:XPT|DSJ|PQT|DEF)-\d{3}\b")
FOLDERS = ("tabulation/formats", "submission/define_xml")


def test_every_code_is_documented(root: Path) -> None:
    raised: set[str] = set()
    for folder in FOLDERS:
        for path in (root / "src" / "opencro" / folder).glob("*.py"):
            raised |= set(re.findall(r'"((?:XPT|DSJ|PQT|DEF)-\d{3})"', path.read_text(encoding="utf-8")))
    documented = set(CODE.findall((root / "docs" / "formats.md").read_text(encoding="utf-8")))
    assert documented == raised
