"""Declarations: what is read, what is refused with its place, what the document and the schema say."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
import yaml
from jsonschema import Draft202012Validator

from opencro.analysis import (
    analyse,
    check_datasets,
    find_analysis_dependents,
    method_of,
    order_datasets,
    origin_of,
    predecessor_of,
    read_datasets,
    render_schemas,
)
from opencro.analysis.adam.derive import DERIVATIONS
from opencro.kernel.located import parse_located
from opencro.study import Study, load_study

TABULATED = {"AE": ["USUBJID", "AESEQ", "AETERM", "AESTDTC", "AEDECOD"], "DM": ["USUBJID", "AGE", "RFSTDTC"]}
ADSL = """
dataset: ADSL
label: Subjects
class: SUBJECT LEVEL ANALYSIS DATASET
structure: one record per subject
keys: [USUBJID]
rows: [{from: DM}]
steps:
  - date: {new: TRTSDT, value: RFSTDTC}
variables:
  USUBJID: {label: Subject}
  AGE: {label: Age}
  TRTSDT: {label: First dose}
"""


def _with(study: Study, **texts: str) -> Study:
    documents = {k: v for k, v in study.documents.items() if not k.startswith("analysis/")}
    for name, text in texts.items():
        file = f"analysis/{name}.yaml"
        document, findings = parse_located(text, file)
        assert document is not None, findings
        documents[file] = document
    return replace(study, documents=documents)


@pytest.fixture(scope="module")
def pilot(root: Path) -> Study:
    return load_study(root / "studies/cdiscpilot01")


@pytest.fixture
def example(root: Path) -> str:
    return (root / "docs/adam.md").read_text(encoding="utf-8").split("```yaml")[1].split("```")[0]


def test_the_example_of_the_document_runs(pilot: Study, example: str) -> None:
    datasets, findings = read_datasets(_with(pilot, ADSL=ADSL, ADAE=example))
    assert findings.ok, findings
    assert check_datasets(datasets, TABULATED).ok
    sources = {
        "DM": pl.DataFrame({"USUBJID": ["1"], "AGE": [63], "RFSTDTC": ["2020-01-05"]}),
        "AE": pl.DataFrame(
            {
                "USUBJID": ["1", "1"],
                "AESEQ": [1, 2],
                "AETERM": ["a", "b"],
                "AESTDTC": ["2020-02", ""],
                "AEDECOD": ["", ""],
            }
        ),
    }
    made = analyse(order_datasets(datasets), sources).frames["ADAE"]
    assert made.select("ASTDTF", "ASTDY", "TRTEMFL", "AOCCFL").rows() == [
        ("D", 28.0, "Y", "Y"),
        (None, None, "N", None),
    ]


def test_a_merge_that_finds_several_records_is_told(pilot: Study, example: str) -> None:
    datasets, _ = read_datasets(_with(pilot, ADSL=ADSL, ADAE=example))
    sources = {
        "DM": pl.DataFrame({"USUBJID": ["1", "1"], "AGE": [63, 64], "RFSTDTC": ["2020-01-05"] * 2}),
        "AE": pl.DataFrame({"USUBJID": ["1"], "AESEQ": [1], "AETERM": ["a"], "AESTDTC": ["2020-02"], "AEDECOD": [""]}),
    }
    found = list(analyse(order_datasets(datasets), sources).findings)
    assert [f.code for f in found] == ["ADM-102"]
    assert (found[0].place.file, found[0].place.line) == ("analysis/ADAE.yaml", datasets["ADAE"].steps[0].line)
    assert "USUBJID=1" in found[0].got


def test_what_a_reviewer_is_told(pilot: Study, example: str) -> None:
    datasets, _ = read_datasets(_with(pilot, ADSL=ADSL, ADAE=example))
    adae = datasets["ADAE"]
    assert (origin_of(adae, "AGE"), predecessor_of(adae, "AGE")) == ("Predecessor", "ADSL.AGE")
    assert (origin_of(adae, "AESEQ"), predecessor_of(adae, "AESEQ")) == ("Predecessor", "AE.AESEQ")
    assert origin_of(adae, "TRTEMFL") == "Derived"
    assert method_of(adae, "TRTEMFL") == (
        "Y where ASTDT is on or after TRTSDT, else N. TRTSDT: TRTSDT of the only record of ADSL with the same USUBJID."
    )


def test_what_a_tabulated_variable_reaches(pilot: Study, example: str) -> None:
    datasets, _ = read_datasets(_with(pilot, ADSL=ADSL, ADAE=example))
    reached = find_analysis_dependents(datasets, ["DM.RFSTDTC"])
    assert reached == ("ADAE.AOCCFL", "ADAE.ASTDY", "ADAE.TRTEMFL", "ADSL.TRTSDT")
    assert find_analysis_dependents(datasets, ["AE.AETERM"]) == ("ADAE.*",)


@pytest.mark.parametrize(
    ("spoil", "with_", "code"),
    [
        ("class: OCCURRENCE", "class: OCURRENCE", "ADM-001"),
        ("extreme_flag:", "extremeflag:", "ADM-002"),
        ("otherwise: \"N\"", "otherwsie: \"N\"", "ADM-003"),
        ("impute: day", "impute: week", "ADM-003"),
        ("- study_day:", "- use: nothing\n  - study_day:", "ADM-004"),
        ("otherwise: \"N\"}", "otherwise: \"N\"}\n    switch: NONE", "ADM-005"),
        ("- study_day:", "- chosen: {where: ASTDT is present}\n    when: ASTDT is present\n  - study_day:", "ADM-007"),
        ("TRTEMFL == \"Y\"", "TRTEMFL = \"Y\"", "EXP-001"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_has_a_place(spoil: str, with_: str, code: str, pilot: Study, example: str) -> None:
    assert spoil in example
    _, findings = read_datasets(_with(pilot, ADAE=example.replace(spoil, with_)))
    assert code in findings.codes(), findings
    assert all(f.place.file == "analysis/ADAE.yaml" and f.place.line for f in findings)


@pytest.mark.parametrize(
    ("spoil", "with_", "code", "remedy"),
    [
        ("source: ADSL", "source: ADSX", "ADM-010", 'Did you mean "ADSL"?'),
        ("value: AESTDTC", "value: AESTDT", "ADM-011", 'Did you mean "AESTDTC"?'),
        ("new: [TRTSDT, AGE]", "new: [TRTSDT, AGEE]", "ADM-011", 'Did you mean "AGE"?'),
        ("  ASTDY: {label", "  ASTDYY: {label", "ADM-012", 'Did you mean "ASTDY"?'),
        ("{label: Sequence Number}", "{}", "ADM-014", "Give it a label"),
    ],
)
def test_what_cannot_run_is_found_before(
    spoil: str, with_: str, code: str, remedy: str, pilot: Study, example: str
) -> None:
    assert spoil in example
    datasets, read = read_datasets(_with(pilot, ADSL=ADSL, ADAE=example.replace(spoil, with_)))
    assert read.ok
    found = [f for f in check_datasets(datasets, TABULATED) if f.code == code]
    assert found
    assert remedy in found[0].remedy


def test_a_circle_is_refused(pilot: Study, example: str) -> None:
    round_ = ADSL.replace("steps:", "steps:\n  - merged: {source: ADAE, by: [USUBJID], new: [AESEQ]}")
    datasets, _ = read_datasets(_with(pilot, ADSL=round_, ADAE=example))
    assert check_datasets(datasets, TABULATED).codes() == ("ADM-013",)


def test_a_switch_takes_one_step_or_the_other(pilot: Study) -> None:
    both = ADSL.replace(
        "variables:",
        "  - constant: {new: {ARM: A}}\n    switch: S\n  - constant: {new: {ARM: B}}\n    unless: S\nvariables:",
    )
    for on, arm in ((True, "A"), (False, "B")):
        switches = yaml.safe_dump({"switches": [{"id": "S", "on": on, "what": "w", "evidence": "e"}]})
        datasets, findings = read_datasets(_with(pilot, ADSL=both, switches=switches))
        assert findings.ok
        assert [s.arguments["new"]["ARM"] for s in datasets["ADSL"].steps if s.derivation.name == "constant"] == [arm]


def test_every_derivation_and_finding_has_a_line(root: Path) -> None:
    text = (root / "docs/adam.md").read_text(encoding="utf-8")
    listed = text.split("## Derivations")[1].split("## Findings")[0]
    assert set(re.findall(r"^\| `([a-z_]+)` \|", listed, re.MULTILINE)) == set(DERIVATIONS)
    files = [*(root / "src/opencro/analysis/adam").rglob("*.py"), root / "src/opencro/app/build_analysis.py"]
    sources = "".join(p.read_text(encoding="utf-8") for p in files)
    assert set(re.findall(r'"(ADM-\d+)"', sources)) == set(re.findall(r"^\| (ADM-\d+) \|", text, re.MULTILINE))


def test_published_schemas_are_current_and_the_pilot_satisfies_them(root: Path, pilot: Study) -> None:
    folder = root / "src/opencro/analysis/adam/schemas"
    assert {p.name: p.read_text(encoding="utf-8") for p in folder.iterdir()} == render_schemas()
    schema = Draft202012Validator(json.loads(render_schemas()["analysis.schema.json"]))
    declared = [n for n in pilot.documents if re.match(r"analysis/AD", n)]
    assert len(declared) == 10
    for name in declared:
        assert not [e.message for e in schema.iter_errors(pilot.documents[name].value)], name
    switches = Draft202012Validator(json.loads(render_schemas()["switches.schema.json"]))
    assert switches.is_valid(pilot.documents["analysis/switches.yaml"].value)
    assert not schema.is_valid({**pilot.documents["analysis/ADSL.yaml"].value, "steps": [{"mergd": {}}]})
