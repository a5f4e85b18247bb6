"""Every code that these rooms raise has its line in the documentation."""

from __future__ import annotations

import re
from pathlib import Path


def test_codes_are_documented(root: Path) -> None:
    rooms = ("early", "simulation", "randomization")
    source = [p for room in rooms for p in (root / "src/opencro/design" / room).rglob("*.py")]
    used = {code for p in source for code in re.findall(r'"(DES-\d+)"', p.read_text(encoding="utf-8"))}
    pages = [(root / "docs" / name).read_text(encoding="utf-8") for name in ("early-phase.md", "simulation.md")]
    documented = set(re.findall(r"^\| (DES-\d+) \|", "\n".join(pages), re.MULTILINE))
    assert used == documented
