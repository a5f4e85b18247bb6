"""The Analysis Results Standard: published events load, their results are computed again, ours satisfy the schema."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import jsonschema
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencro.analysis.displays import fill_display, plan_analyses, read_definitions, read_displays
from opencro.analysis.results import Material, compute_results
from opencro.analysis.results.formats import (
    make_reporting_event,
    read_ars,
    read_clause,
    recompute,
    write_ars,
    write_clause,
)
from opencro.kernel.expression import Expression, evaluate, parse_expression
from opencro.study import load_study


@pytest.fixture(scope="module")
def adam(shared: Path) -> dict[str, pl.DataFrame]:
    folder = shared / "cdisc/cdiscpilot01/parquet/adam"
    return {p.stem.upper(): pl.read_parquet(p) for p in folder.glob("*.parquet")}


@pytest.mark.peer
def test_the_published_safety_displays_are_computed_again_but_for_the_known_errors(
    shared: Path, adam: dict[str, pl.DataFrame]
) -> None:
    event, findings = read_ars(gzip.decompress((shared / "cdisc/ars/Common_Safety_Displays.json.gz").read_bytes()))
    assert event is not None
    assert not list(findings)
    found = recompute(event, adam)
    assert found.height == 3735
    assert found["equal"].null_count() == 0
    wrong = found.filter(~pl.col("equal"))
    known = pl.read_csv(shared / "cdisc/ars/recompute_mismatches_Common_Safety_Displays.csv", infer_schema=False)
    assert sorted(zip(wrong["analysis"], wrong["groups"], wrong["published"], strict=True)) == sorted(
        zip(known["analysis_id"], known["groups"], known["published_rawValue"], strict=True)
    )


@pytest.mark.peer
def test_what_the_datasets_lack_is_said_and_never_counted_as_equal(shared: Path, adam: dict[str, pl.DataFrame]) -> None:
    event, _ = read_ars((shared / "cdisc/ars/FDA_Standard_Safety_Tables_and_Figures.json").read_text(encoding="utf-8"))
    assert event is not None
    found = recompute(event, adam)
    assert found.filter(pl.col("equal")).height == 56
    lacking = found.filter(pl.col("equal").is_null())
    assert set(lacking["why"]) == {"ADSL has no variable AGEGR2"}
    assert lacking.height == 18


@pytest.mark.peer
def test_an_event_of_the_draft_model_is_refused(shared: Path) -> None:
    event, findings = read_ars((shared / "cdisc/ars/PHUSE_Connect_Examples.json").read_text(encoding="utf-8"))
    assert event is None
    assert findings.codes() == ("ARS-001",)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda d: d["analyses"][0].update(methodId="nothing"), "ARS-002"),
        (lambda d: d["analyses"][0].update(analysisSetId="nobody"), "ARS-002"),
        (lambda d: d["analyses"][0]["orderedGroupings"][0].update(groupingId="none"), "ARS-002"),
        (lambda d: d["analysisSets"][0].update(condition={}), "ARS-003"),
        (lambda d: d["analysisSets"][0].update(condition={**CONDITION, "dataset": "ADAE"}), "ARS-005"),
        (lambda d: d["methods"][0]["operations"][0].update(name="Best guess"), "ARS-004"),
    ],
)
def test_what_is_wrong_is_found(change: Any, code: str) -> None:
    document = json.loads(json.dumps(SMALL))
    assert not list(read_ars(json.dumps(document))[1])
    change(document)
    assert code in read_ars(json.dumps(document))[1].codes()


CONDITION = {"dataset": "ADSL", "variable": "SAFFL", "comparator": "EQ", "value": ["Y"]}
SMALL = {
    "id": "E",
    "name": "Event",
    "analysisSets": [{"id": "SAF", "name": "Safety", "condition": CONDITION}],
    "analysisGroupings": [{"id": "TRT", "groupingDataset": "ADSL", "groupingVariable": "TRT01A", "dataDriven": True}],
    "methods": [{"id": "M", "name": "Count", "operations": [{"id": "O", "name": "Count of subjects"}]}],
    "analyses": [
        {
            "id": "A",
            "dataset": "ADSL",
            "variable": "USUBJID",
            "analysisSetId": "SAF",
            "methodId": "M",
            "orderedGroupings": [{"order": 1, "groupingId": "TRT", "resultsByGroup": True}],
        }
    ],
}

NAMES = st.sampled_from(["A", "B", "SEX"])
VALUES = st.sampled_from(["Y", "N", "a b", 'q"uote', "3"])
SIMPLE = st.one_of(
    st.tuples(NAMES, st.sampled_from(["==", "!="]), VALUES.map(lambda v: v.replace('"', '""'))).map(
        lambda t: f'{t[0]} {t[1]} "{t[2]}"'
    ),
    st.tuples(NAMES, st.sampled_from(["is missing", "is present"])).map(" ".join),
    st.tuples(NAMES, st.sampled_from(["in", "not in"])).map(lambda t: f'{t[0]} {t[1]} ("Y", "N")'),
    st.tuples(NAMES, st.sampled_from(["<", ">="]), st.integers(0, 9)).map(lambda t: f"{t[0]} {t[1]} {t[2]}"),
)
CONDITIONS = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
        inner.map(lambda c: f"not ({c})"),
    ),
    max_leaves=5,
)
ROWS = st.fixed_dictionaries({n: st.sampled_from(["Y", "N", "a b", "3", "", 'q"uote']) for n in ("A", "B", "SEX")})


@given(condition=CONDITIONS, row=ROWS)
def test_a_condition_keeps_its_meaning_as_a_clause(condition: str, row: dict[str, str]) -> None:
    clause = write_clause(condition, "ADSL")
    assert clause is not None
    parsed, again = parse_expression(condition), parse_expression(read_clause(clause))
    assert isinstance(parsed, Expression)
    assert isinstance(again, Expression)
    assert evaluate(parsed, row) == evaluate(again, row)


def test_a_condition_that_the_standard_cannot_say_is_no_clause() -> None:
    assert write_clause("round(A, 1) > 2", "ADSL") is None


@pytest.mark.peer
def test_our_results_satisfy_the_published_schema_and_are_read_again(
    shared: Path, adam: dict[str, pl.DataFrame], root: Path
) -> None:
    study = load_study(root / "studies/cdiscpilot01")
    definitions, _ = read_definitions(study)
    assert definitions is not None
    display = read_displays(study, definitions)[0]["T14_1_01"]
    material = Material(adam, definitions)
    results = compute_results(material, plan_analyses(display, material))
    assert fill_display(display, material, results).rows
    event = make_reporting_event("PILOT", "Pilot", definitions, results, {"T14_1_01": display.title})
    schema = json.loads((shared / "cdisc/ars/ars_ldm.json").read_text(encoding="utf-8"))
    errors = [e.message[:200] for e in jsonschema.Draft7Validator(schema).iter_errors(event)]
    assert not errors, errors[:5]
    again, findings = read_ars(write_ars(event))
    assert again is not None
    assert len(again.analyses) == len({cell.analysis for cell in results.values})
    assert set(findings.codes()) <= {"ARS-004"}
