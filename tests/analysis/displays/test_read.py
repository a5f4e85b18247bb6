"""What a display names must exist, and what is written must be readable; everything wrong is said at once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from opencro.analysis.displays import read_definitions, read_displays, render_schemas
from opencro.analysis.displays.schema import display_schemas
from opencro.kernel.finding import Findings
from opencro.study import load_study

from .conftest import DEFINITIONS, DISPLAY

STUDY = Path(__file__).resolve().parents[3] / "studies/cdiscpilot01"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A study of nothing but a display and what it needs."""
    root = tmp_path / "study"
    shutil.copytree(Path(__file__).resolve().parents[2] / "study/small", root)
    (root / "analysis/displays").mkdir(parents=True)
    (root / "analysis/results.yaml").write_text(yaml.safe_dump(DEFINITIONS), encoding="utf-8")
    return root


def _read(folder: Path, display: dict[str, object]) -> Findings:
    (folder / "analysis/displays/T1.yaml").write_text(yaml.safe_dump(display, sort_keys=False), encoding="utf-8")
    study = load_study(folder)
    definitions, wrong = read_definitions(study)
    assert definitions is not None, wrong
    return read_displays(study, definitions)[1]


def test_a_display_without_a_mistake_has_no_finding(folder: Path) -> None:
    assert not list(_read(folder, DISPLAY))


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"titel": "x"}, "DSP-001", 'Did you mean "title"?'),
        ({"population": "SAV"}, "DSP-002", 'Did you mean "SAF"?'),
        ({"columns": [{"label": "x", "population": "SAV"}]}, "DSP-002", 'Did you mean "SAF"?'),
        ({"columns": [{"each": "arms"}]}, "DSP-003", 'Did you mean "arm"?'),
        ({"columns": [{"each": "arm", "groups": ["c"]}]}, "DSP-003", "Correct the name."),
        ({"rows": [{"method": "meen", "label": "x"}]}, "DSP-004", "Correct the name."),
        ({"rows": [{"method": "summarise", "label": "x"}]}, "DSP-004", 'Did you mean "summarize"?'),
        ({"rows": [{"label": "x", "cells": {"q": "{n}"}}]}, "DSP-005", "Correct the name."),
        ({"rows": [{"label": "x", "cells": {"": "{n"}}]}, "DSP-006", "Write `{operation}`"),
        ({"rows": [{"label": "x", "cells": {"": "{p:p33}"}}]}, "DSP-003", 'Did you mean "p3"?'),
        ({"id": "T2"}, "DSP-007", "Call both the same."),
        ({"rows": [{"label": "x", "same": "those"}]}, "DSP-008", "Correct the name."),
        ({"where": "AGE > > 3"}, "EXP-002", ""),
    ],
)
def test_a_mistake_is_named_with_its_line_and_remedy(
    folder: Path, change: dict[str, object], code: str, words: str
) -> None:
    findings = list(_read(folder, {**DISPLAY, **change}))
    assert code in [f.code for f in findings]
    found = next(f for f in findings if f.code == code)
    assert words in found.remedy
    assert found.place.file == "analysis/displays/T1.yaml"
    assert found.place.line or code == "EXP-002"


def test_the_published_schemas_are_current() -> None:
    folder = Path(__file__).resolve().parents[3] / "src/opencro/analysis/displays/schemas"
    assert {p.name: p.read_text(encoding="utf-8") for p in folder.iterdir()} == render_schemas()


def test_the_displays_of_the_pilot_study_have_no_finding_and_satisfy_the_schema() -> None:
    study = load_study(STUDY)
    definitions, wrong = read_definitions(study)
    assert definitions is not None
    displays, more = read_displays(study, definitions)
    assert not list(wrong + more)
    assert len(displays) >= 20
    schemas = display_schemas()
    for name, document in study.documents.items():
        if name.startswith("analysis/displays/"):
            errors = Draft202012Validator(schemas["display"]).iter_errors(json.loads(json.dumps(document.value)))
            assert not [e.message for e in errors], name
