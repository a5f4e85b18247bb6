"""docs/conformance.md tells of every finding, and its example runs."""

from __future__ import annotations

import re
from pathlib import Path


def test_every_finding_has_a_line(root: Path) -> None:
    text = (root / "docs/conformance.md").read_text(encoding="utf-8")
    sources = (root / "src/opencro/conformance").glob("*.py")
    codes = {code for path in sources for code in re.findall(r'"(CNF-\d+)"', path.read_text(encoding="utf-8"))}
    assert codes == set(re.findall(r"^\| (CNF-\d+) \|", text, re.MULTILINE))


def test_the_example_runs(root: Path) -> None:
    text = (root / "docs/conformance.md").read_text(encoding="utf-8")
    example = text.split("```python")[1].split("```")[0]
    names: dict[str, object] = {}
    exec(example, names)
    assert "report" in names
