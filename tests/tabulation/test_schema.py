"""The published schemas of declarations are current, and the bundled studies satisfy them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from opencro.study import init_study, load_study
from opencro.tabulation.schema import domain_schema, render_schemas


def test_published_schemas_are_current(root: Path) -> None:
    folder = root / "src/opencro/tabulation/schemas"
    assert {p.name: p.read_text(encoding="utf-8") for p in folder.iterdir()} == render_schemas()


@pytest.mark.parametrize("which", ["pilot", "starter"])
def test_bundled_declarations_satisfy_the_schema(which: str, root: Path, tmp_path: Path) -> None:
    folder = root / "studies/cdiscpilot01" if which == "pilot" else init_study(tmp_path / "s", "S1", "Starter")
    validator = Draft202012Validator(domain_schema())
    names = [n for n in load_study(folder).documents if n.startswith("tabulation/")]
    declared = [n for n in names if Path(n).stem.isupper() and Path(n).stem != "RELREC"]
    assert len(declared) >= 6
    for name in declared:
        errors = [e.message for e in validator.iter_errors(load_study(folder).documents[name].value)]
        assert not errors, (name, errors[:3])


def test_an_unknown_rule_is_refused_by_the_schema() -> None:
    declared = {"domain": "AE", "sources": [{"form": "AE"}], "variables": {"AETERM": {"itme": "AETERM"}}}
    assert not Draft202012Validator(domain_schema()).is_valid(json.loads(json.dumps(declared)))
