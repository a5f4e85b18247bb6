"""What a figure names must exist; everything wrong is said at once, with its line and a remedy."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from jsonschema import Draft202012Validator

from opencro.analysis.displays import read_definitions
from opencro.analysis.figures import draw_figure, read_figures, render_schemas
from opencro.analysis.figures.schema import figure_schema
from opencro.analysis.results import Material
from opencro.app.check import check_everything
from opencro.kernel.finding import Findings, Refused
from opencro.study import load_study

from .conftest import DEFINITIONS, FIGURES, HEAD, figure_of

STUDY = Path(__file__).resolve().parents[3] / "studies/cdiscpilot01"
ADSL = {
    "dataset": "ADSL",
    "label": "Subjects",
    "class": "SUBJECT LEVEL ANALYSIS DATASET",
    "structure": "One record per subject",
    "keys": ["USUBJID"],
    "rows": [{"from": "DM"}],
    "variables": {"USUBJID": None, "TRT01A": None, "SEX": None, "AGE": None, "SAFFL": None, "TRTDUR": None},
    "steps": [],
}
LENGTHS: dict[str, Any] = {**HEAD, "id": "F1", "waterfall": {"of": "TRTDUR"}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A study of nothing but a figure and what it needs."""
    root = tmp_path / "study"
    shutil.copytree(Path(__file__).resolve().parents[2] / "study/small", root)
    (root / "analysis/figures").mkdir(parents=True)
    (root / "analysis/results.yaml").write_text(yaml.safe_dump(DEFINITIONS), encoding="utf-8")
    (root / "analysis/ADSL.yaml").write_text(yaml.safe_dump(ADSL, sort_keys=False), encoding="utf-8")
    return root


def _read(folder: Path, figure: dict[str, Any]) -> Findings:
    (folder / "analysis/figures/F1.yaml").write_text(yaml.safe_dump(figure, sort_keys=False), encoding="utf-8")
    study = load_study(folder)
    definitions, wrong = read_definitions(study)
    assert definitions is not None, wrong
    return read_figures(study, definitions)[1]


def test_a_figure_without_a_mistake_has_no_finding(folder: Path) -> None:
    assert not list(_read(folder, LENGTHS))


FOREST = {"method": "ancova", "model": "AGE ~ arm", "pair": ["a", "b"], "lines": [{"label": "All"}]}


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"titel": "x"}, "FIG-001", 'Did you mean "title"?'),
        ({"boxes": {}}, "FIG-001", ""),
        ({"waterfall": {"off": "AGE"}}, "FIG-001", ""),
        ({"population": "SAV"}, "FIG-002", 'Did you mean "SAF"?'),
        ({"by": "arms"}, "FIG-003", 'Did you mean "arm"?'),
        ({"groups": ["c"]}, "FIG-003", "Correct the name."),
        ({"waterfall": None, "forest": {**FOREST, "pair": ["a", "c"]}}, "FIG-003", "Correct the name."),
        ({"waterfall": None, "forest": {**FOREST, "lines": [{"label": "x", "each": "sexes"}]}}, "FIG-003", "sex"),
        ({"dataset": "ADSLL"}, "FIG-004", 'Did you mean "ADSL"?'),
        ({"waterfall": {"of": "TRTDURN"}}, "FIG-005", 'Did you mean "TRTDUR"?'),
        ({"where": "AGGE > 3"}, "FIG-005", 'Did you mean "AGE"?'),
        ({"waterfall": None, "swimmer": {"end": "TRTDUR", "going": 'SEXX == "F"'}}, "FIG-005", 'Did you mean "SEX"?'),
        ({"waterfall": None, "forest": {**FOREST, "model": "AGES ~ arm"}}, "FIG-005", 'Did you mean "AGE"?'),
        ({"id": "F2"}, "FIG-006", "Call both the same."),
        ({"waterfall": None, "forest": {**FOREST, "model": "AGE ~ ~"}}, "FIG-007", ""),
        ({"waterfall": None, "forest": {**FOREST, "method": "hazard_ratio"}}, "FIG-001", ""),
        ({"by": None, "waterfall": None, "forest": FOREST}, "FIG-001", ""),
        ({"where": "AGE > > 3"}, "EXP-002", ""),
        (
            {
                "waterfall": None,
                "swimmer": {"end": "AGE", "marks": [{"dataset": "ADSL", "day": "AEG", "label": "SEX"}]},
            },
            "FIG-005",
            'Did you mean "AGE"?',
        ),
    ],
)
def test_a_mistake_is_named_with_its_line_and_remedy(
    folder: Path, change: dict[str, Any], code: str, words: str
) -> None:
    changed = {key: value for key, value in {**LENGTHS, **change}.items() if value is not None}
    findings = list(_read(folder, changed))
    assert code in [f.code for f in findings], findings
    found = next(f for f in findings if f.code == code)
    assert words in found.remedy
    assert found.place.file == "analysis/figures/F1.yaml"
    assert found.place.line or code in ("EXP-002", "FIG-001")


def test_what_the_data_lack_is_refused_when_a_figure_is_drawn(material: Material) -> None:
    with pytest.raises(Refused) as refused:
        draw_figure(figure_of("boxes", boxes={"of": "PCHGG", "x": "AWEEK"}), material)
    assert [f.code for f in refused.value.findings] == ["FIG-005"]
    with pytest.raises(Refused) as refused:
        draw_figure(figure_of("boxes", dataset="ADTTR"), material)
    assert [f.code for f in refused.value.findings] == ["FIG-004"]
    assert "ADT" in next(iter(refused.value.findings)).remedy


def test_several_rows_where_one_is_meant_are_refused(material: Material) -> None:
    with pytest.raises(Refused) as refused:
        draw_figure(figure_of("waterfall", where="", take=None), material)
    (found,) = refused.value.findings
    assert (found.code, found.got) == ("FIG-008", "01 has 3 rows")


def test_what_a_method_refuses_is_a_finding(material: Material) -> None:
    times = material.datasets["ADTTE"].with_columns(AVAL=-pl.col("AVAL"))
    wrong = Material({**material.datasets, "ADTTE": times}, material.definitions)
    with pytest.raises(Refused) as refused:
        draw_figure(figure_of("survival"), wrong)
    (found,) = refused.value.findings
    assert found.code == "FIG-009"
    assert "STA-" in found.got


def test_check_covers_the_figures_of_a_study(folder: Path) -> None:
    assert "FIG-002" in _codes_of_check(folder, {**LENGTHS, "population": "SAV"})


def _codes_of_check(folder: Path, figure: dict[str, Any]) -> tuple[str, ...]:
    (folder / "analysis/figures/F1.yaml").write_text(yaml.safe_dump(figure, sort_keys=False), encoding="utf-8")
    return check_everything(folder).codes()


def test_the_published_schema_is_current() -> None:
    folder = Path(__file__).resolve().parents[3] / "src/opencro/analysis/figures/schemas"
    assert {p.name: p.read_text(encoding="utf-8") for p in folder.iterdir()} == render_schemas()


@pytest.mark.parametrize("name", FIGURES)
def test_the_figures_of_the_tests_satisfy_the_schema(name: str) -> None:
    value = json.loads(json.dumps({"id": name, **HEAD, **FIGURES[name]}))
    assert not [e.message for e in Draft202012Validator(figure_schema()).iter_errors(value)]


def test_the_figures_of_the_pilot_study_have_no_finding_and_satisfy_the_schema() -> None:
    study = load_study(STUDY)
    definitions, wrong = read_definitions(study)
    assert definitions is not None, wrong
    figures, findings = read_figures(study, definitions)
    assert not list(findings)
    assert {figure.kind for figure in figures.values()} == {
        "kaplan_meier", "means", "boxes", "events", "liver", "forest", "profile"
    }  # fmt: skip
    for name, document in study.documents.items():
        if name.startswith("analysis/figures/"):
            errors = Draft202012Validator(figure_schema()).iter_errors(json.loads(json.dumps(document.value)))
            assert not [e.message for e in errors], name
