"""The trace picks the cells that the derivation picked, whatever the derivation is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from opencro.analysis import AnalysisDataset, Tracer, plain_leaf, read_datasets
from opencro.kernel.located import parse_located
from opencro.study import Study, load_study
from opencro.tabulation import Trace

HEAD = """
dataset: ADXX
label: X
class: BASIC DATA STRUCTURE
structure: one record per subject, parameter and visit
keys: [USUBJID, PARAMCD, AVISITN]
order: [USUBJID, PARAMCD, AVISITN, VSSEQ]
rows: [{from: VS}]
variables:
  USUBJID: {label: S}
  PARAMCD: {label: P}
  AVISIT: {label: V}
  AVISITN: {label: N}
  AVAL: {label: A}
  NEW: {label: X}
steps:
"""
VS = pl.DataFrame(
    {
        "USUBJID": ["1"] * 6,
        "VSSEQ": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        "PARAMCD": ["A", "A", "A", "B", "B", "B"],
        "AVISIT": ["Base", "W2", "W4"] * 2,
        "AVISITN": [0.0, 2.0, 4.0] * 2,
        "AVAL": [1.0, 2.0, 3.0, 10.0, 20.0, None],
        "ABLFL": ["Y", None, None] * 2,
    }
)
EX = pl.DataFrame({"USUBJID": ["1", "1", "2"], "EXSEQ": [1.0, 2.0, 1.0], "EXDOSE": [54.0, 81.0, 5.0]})
SUPPVS = pl.DataFrame({"USUBJID": ["1", "1"], "IDVARVAL": ["2", "5"], "QNAM": ["FAST", "FAST"], "QVAL": ["Y", "N"]})
SOURCES = {"VS": VS, "EX": EX, "SUPPVS": SUPPVS}


@pytest.fixture(scope="module")
def study(root: Path) -> Study:
    return load_study(root / "studies/cdiscpilot01")


def _declared(study: Study, steps: str) -> dict[str, AnalysisDataset]:
    document, _ = parse_located(HEAD + steps, "analysis/ADXX.yaml")
    assert document is not None
    rest = {k: v for k, v in study.documents.items() if not k.startswith("analysis/")}
    datasets, findings = read_datasets(replace(study, documents={**rest, "analysis/ADXX.yaml": document}))
    assert findings.ok, findings
    return datasets


def _leaves(trace: Trace) -> list[tuple[str, str, int]]:
    inner = [s for s in trace.sources if isinstance(s, Trace)]
    if inner:
        return sorted({leaf for one in inner for leaf in _leaves(one)})
    return [(trace.domain, trace.variable, trace.row)] if trace.domain in SOURCES else []


@pytest.mark.parametrize(
    ("steps", "row", "variable", "value", "leaves"),
    [
        ("  - merged: {source: EX, by: [USUBJID], new: {NEW: EXDOSE}, order: [EXSEQ], pick: last}",
         {"VSSEQ": 1.0}, "NEW", 81.0, [("EX", "EXDOSE", 1)]),
        ("  - merged: {source: EX, by: [USUBJID], new: {NEW: EXDOSE}, where: EXDOSE < 60}",
         {"VSSEQ": 1.0}, "NEW", 54.0, [("EX", "EXDOSE", 0)]),
        ("  - merged_summary: {source: EX, by: [USUBJID], new: NEW, value: EXDOSE, statistic: total}",
         {"VSSEQ": 1.0}, "NEW", 135.0, [("EX", "EXDOSE", 0), ("EX", "EXDOSE", 1)]),
        ("  - merged_flag: {source: EX, by: [USUBJID], new: NEW, where: EXDOSE > 60}",
         {"VSSEQ": 1.0}, "NEW", "Y", [("EX", "USUBJID", 1)]),
        ("  - supplemental: {source: SUPPVS, new: {NEW: FAST}, sequence: VSSEQ}",
         {"VSSEQ": 5.0}, "NEW", "N", [("SUPPVS", "QVAL", 1)]),
        ("  - baseline: {by: [USUBJID, PARAMCD], new: NEW}", {"VSSEQ": 6.0}, "NEW", 10.0, [("VS", "AVAL", 3)]),
        ("  - previous: {by: [USUBJID, PARAMCD], order: [AVISITN], new: NEW, value: AVAL}",
         {"VSSEQ": 3.0}, "NEW", 2.0, [("VS", "AVAL", 1)]),
        ("  - carried: {by: [USUBJID, PARAMCD], order: [AVISITN], new: NEW, value: AVAL, where: AVAL is present}",
         {"VSSEQ": 6.0}, "NEW", 20.0, [("VS", "AVAL", 4)]),
        ("  - locf_records: {by: [USUBJID, PARAMCD], order: [AVISITN], visits: {W8: 8}, where: AVAL is present}",
         {"PARAMCD": "B", "AVISITN": 8.0}, "AVAL", 20.0, [("VS", "AVAL", 4)]),
        ("  - bocf_records: {by: [USUBJID, PARAMCD], visits: {W8: 8}}",
         {"PARAMCD": "A", "AVISITN": 8.0}, "AVAL", 1.0, [("VS", "AVAL", 0)]),
        ("  - wocf_records: {by: [USUBJID, PARAMCD], order: [-AVAL], visits: {W8: 8}}",
         {"PARAMCD": "A", "AVISITN": 8.0}, "AVAL", 3.0, [("VS", "AVAL", 2)]),
        ("  - summary_records: {by: [USUBJID, PARAMCD], where: AVISITN > 0, given: {AVISITN: 99}}",
         {"PARAMCD": "A", "AVISITN": 99.0}, "AVAL", 2.5, [("VS", "AVAL", 1), ("VS", "AVAL", 2)]),
        ("  - parameter_records: {by: [USUBJID, AVISITN], parameters: [A, B], gives: B / A, given: {PARAMCD: C}}",
         {"PARAMCD": "C", "AVISITN": 2.0}, "AVAL", 10.0, [("VS", "AVAL", 1), ("VS", "AVAL", 4)]),
        ("  - total_records: {by: [USUBJID, AVISITN], items: {A: 9, B: 99}, given: {PARAMCD: T}}",
         {"PARAMCD": "T", "AVISITN": 0.0}, "AVAL", 11.0, [("VS", "AVAL", 0), ("VS", "AVAL", 3)]),
        ("  - computed: {new: NEW, value: AVAL * 2}\n    when: AVISITN > 0",
         {"VSSEQ": 2.0}, "NEW", 4.0, [("VS", "AVAL", 1)]),
    ],
)  # fmt: skip
def test_the_trace_ends_where_the_value_came_from(
    steps: str,
    row: Mapping[str, object],
    variable: str,
    value: object,
    leaves: list[tuple[str, str, int]],
    study: Study,
) -> None:
    tracer = Tracer(_declared(study, steps), SOURCES, plain_leaf(SOURCES))
    frame = tracer.frame("ADXX").with_row_index("at")
    for name, wanted in row.items():
        frame = frame.filter(pl.col(name) == wanted)
    trace = tracer.trace("ADXX", variable, frame.item(0, "at"))
    assert trace.value == value
    assert [leaf for leaf in _leaves(trace) if leaf[1] != "AVISITN"] == leaves


def test_a_row_that_was_made_says_so_for_each_of_its_values(study: Study) -> None:
    steps = "  - summary_records: {by: [USUBJID, PARAMCD], given: {AVISIT: Mean, AVISITN: 99}}"
    tracer = Tracer(_declared(study, steps), SOURCES, plain_leaf(SOURCES))
    at = tracer.frame("ADXX").with_row_index("at").filter(pl.col("AVISITN") == 99)["at"][0]
    given = tracer.trace("ADXX", "AVISIT", at)
    assert (given.value, given.sources) == ("Mean", ())
    assert given.code.endswith("derive_summary_records")
    assert given.declared.startswith("analysis/ADXX.yaml:")
    assert _leaves(tracer.trace("ADXX", "PARAMCD", at)) == [("VS", "PARAMCD", 0)]
    assert tracer.trace("ADXX", "NEW", 0).value is None
