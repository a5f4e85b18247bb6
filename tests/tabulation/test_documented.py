"""docs/tabulation.md tells of every rule and every finding, and its example is a real declaration."""

from __future__ import annotations

import re
from pathlib import Path

from opencro.kernel.located import parse_located
from opencro.tabulation.algorithms import ALGORITHMS
from opencro.tabulation.read import _read_domain


def test_every_rule_has_a_line(root: Path) -> None:
    text = (root / "docs/tabulation.md").read_text(encoding="utf-8")
    rules = text.split("## Rules")[1].split("## Findings")[0]
    assert set(re.findall(r"^\| `([a-z_]+)` \|", rules, re.MULTILINE)) == set(ALGORITHMS)


def test_every_finding_has_a_line(root: Path) -> None:
    text = (root / "docs/tabulation.md").read_text(encoding="utf-8")
    sources = [
        *(root / "src/opencro/tabulation").glob("*.py"),
        *(root / "src/opencro/tabulation/algorithms").glob("*.py"),
    ]
    codes = {c for p in sources for c in re.findall(r'"((?:TAB|CMP)-\d+)"', p.read_text(encoding="utf-8"))}
    traced = set(re.findall(r'"(TRC-\d+)"', (root / "src/opencro/app/trace.py").read_text(encoding="utf-8")))
    assert codes | traced <= set(re.findall(r"(?:TAB|CMP|TRC)-\d+", text))


def test_the_example_can_be_read(root: Path) -> None:
    text = (root / "docs/tabulation.md").read_text(encoding="utf-8")
    document, findings = parse_located(text.split("```yaml")[1].split("```")[0], "AE.yaml")
    assert document is not None
    domain = _read_domain(document, findings)
    assert not findings
    assert domain is not None
    assert domain.supplemental["AETRTEM"].evaluator == "SPONSOR"
