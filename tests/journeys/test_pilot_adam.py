"""The pilot study: published SDTM to all ten analysis datasets, equal to the published in every cell.

What the originals do against their own rules is reproduced by switches of the study; a switch that is turned off
changes exactly the cells that are listed here. Reference: CDISC SDTM/ADaM Pilot Project, data (c) CDISC.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from opencro.analysis import (
    Tracer,
    analyse,
    derive,
    exchange_frame,
    load_datasets,
    order_datasets,
    plain_leaf,
    read_datasets,
    read_switches,
)
from opencro.app.comparison import read_version, render_report
from opencro.study import Study, load_study
from opencro.tabulation import (
    Explained,
    Trace,
    compare_datasets,
    compare_versions,
    explain_differences,
    read_known_differences,
    render_differences,
)

pytestmark = [pytest.mark.journey, pytest.mark.peer]

Frames = Mapping[str, pl.DataFrame]
ROWS = {
    "ADSL": 254, "ADAE": 1_191, "ADTTE": 254, "ADVS": 32_139, "ADLBC": 74_264, "ADLBH": 49_932, "ADLBHY": 9_954,
    "ADQSADAS": 12_463, "ADQSCIBC": 730, "ADQSNPIX": 31_140,
}  # fmt: skip
SECONDS = 10.0
"""CPU for all ten datasets; about one is used."""


def _make(study: Study, tabulated: Frames, turned: Mapping[str, bool] | None = None) -> dict[str, pl.DataFrame]:
    datasets, findings = read_datasets(study, turned)
    assert findings.ok, findings
    made = analyse(order_datasets(datasets), tabulated)
    return {name: exchange_frame(datasets[name], frame) for name, frame in made.frames.items()}


@pytest.fixture(scope="module")
def study(root: Path) -> Study:
    return load_study(root / "studies/cdiscpilot01")


@pytest.fixture(scope="module")
def tabulated(shared: Path) -> Frames:
    return read_version(shared / "cdisc/cdiscpilot01/parquet/sdtm")


@pytest.fixture(scope="module")
def published(shared: Path) -> Frames:
    return read_version(shared / "cdisc/cdiscpilot01/parquet/adam")


@pytest.fixture(scope="module")
def made(study: Study, tabulated: Frames) -> Frames:
    started = time.process_time()
    frames = _make(study, tabulated)
    assert time.process_time() - started < SECONDS
    return frames


@pytest.fixture(scope="module")
def explained(study: Study, made: Frames, published: Frames) -> Explained:
    known = read_known_differences(study.documents["analysis/differences.yaml"])
    return explain_differences(compare_versions(made, published, known), ())


def test_every_published_dataset_has_all_its_rows_and_variables_in_order(made: Frames, published: Frames) -> None:
    assert {name: frame.height for name, frame in made.items()} == ROWS
    assert {name: frame.columns for name, frame in made.items()} == {n: f.columns for n, f in published.items()}


def test_no_cell_differs(explained: Explained) -> None:
    assert explained.findings.ok, render_differences(explained, "Pilot study")
    assert explained.differences.is_empty()
    assert sum(c.cells for c in explained.comparisons) == 9_119_605


CHANGED = {
    "ACTUAL-AS-PLANNED": {
        f"{dataset}.{variable}": count
        for dataset, count in {"ADAE": 19, "ADLBC": 1068, "ADLBH": 746, "ADVS": 544, "ADTTE": 12, "ADLBHY": 120}.items()
        for variable in ("TRTA", "TRTAN")
    } | {"ADSL.TRT01A": 12, "ADSL.TRT01AN": 12},
    "MISSING-IS-LEAST": {"ADSL.BMIBLGR1": 1, "ADLBH.ANRIND": 427, "ADLBH.BNRIND": 99},
    "DURATION-OF-WHOLE-DATES": {"ADAE.ADURN": 4, "ADAE.ADURU": 4},
    "RIGHT-ALIGNED-VISITS": {
        "ADLBC.AVISIT": 65408, "ADLBH.AVISIT": 43742, "ADQSNPIX.AVISIT": 31140, "ADLBHY.AVISIT": 9954,
    },
    "DISTANCE-FROM-FAR-LIMIT": {"ADLBC.ALBTRVAL": 74244, "ADLBH.ALBTRVAL": 49078, "ADLBH.ANL01FL": 2},
    "MISSING-IS-NORMAL": {"ADLBC.ANRIND": 10},
    "NO-LIMIT-OF-ZERO": {"ADLBH.A1LO": 4102},
    "DATES-OF-ANOTHER-RECORD": {"ADQSADAS.(row)": 66, "ADQSCIBC.(row)": 70},
    "TIES-BY-NOISE": {"ADLBH.ANL01FL": 5},
    "OVERWRITTEN-TOTALS": {"ADQSADAS.AVAL": 19, "ADQSADAS.CHG": 19, "ADQSADAS.DTYPE": 19, "ADQSADAS.PCHG": 19},
    "MEAN-BY-VISIT-NUMBERS": {"ADQSNPIX.(row)": 21, "ADQSNPIX.AVAL": 175},
}  # fmt: skip
"""Switch -> cells (rows and places among them) that differ from the published datasets while it is off."""


@pytest.mark.parametrize("switch", sorted(CHANGED))
def test_a_switch_that_is_off_changes_what_it_says_and_nothing_else(
    switch: str, study: Study, tabulated: Frames, made: Frames
) -> None:
    off = _make(study, tabulated, {switch: False})
    changed = {
        f"{name}.{variable}": count
        for name in made
        for variable, count in compare_datasets(
            name, off[name], made[name], _keys(made[name])
        ).differences.group_by("variable").len().sort("variable").iter_rows()
    }  # fmt: skip
    assert changed == CHANGED[switch]


def _keys(frame: pl.DataFrame) -> tuple[str, ...]:
    usual = ("USUBJID", "PARAMCD", "AVISITN", "ADT", "ATPTN", "AESEQ", "LBSEQ", "VSSEQ")
    return tuple(k for k in usual if k in frame.columns)


def test_a_report_shows_every_switch_with_its_evidence(study: Study, explained: Explained) -> None:
    report = render_report(explained, "Pilot study", study)
    assert all(s.id in report and s.evidence in report for s in read_switches(study))


def test_every_switch_is_known(study: Study) -> None:
    assert {s.id for s in read_switches(study)} == set(CHANGED)
    assert all(s.on for s in read_switches(study))


def test_totals_of_questionnaires_follow_their_rule_for_missing_items(tabulated: Frames) -> None:
    """The ADAS-Cog total of QS is scaled by the highest scores of the items answered; no other program made ours."""
    answers = tabulated["QS"].select("USUBJID", "VISITNUM", PARAMCD="QSTESTCD", AVAL="QSSTRESN")
    highest = (10, 5, 5, 5, 5, 8, 12, 5, 5, 5, 5)
    items = {f"ACITM{n:02}": float(m) for n, m in zip((1, 2, 4, 5, 6, 7, 8, 11, 12, 13, 14), highest, strict=True)}
    single = answers.filter(pl.col("PARAMCD").is_in(list(items)))
    by = ["USUBJID", "VISITNUM"]
    ours = derive.derive_total_records(single, by, {"PARAMCD": "ACTOT"}, items=items, most_missing=3, missing="share")
    total = pl.col("PARAMCD") == "ACTOT"
    both = ours.filter(total).join(answers.filter(total), on=by, how="full", suffix="_theirs")
    assert both.height == 818
    assert both.filter(pl.col("AVAL").ne_missing(pl.col("AVAL_theirs")) & ~_near()).is_empty()


def _near() -> pl.Expr:
    return ((pl.col("AVAL") - pl.col("AVAL_theirs")).abs() < 1e-6).fill_null(value=False)


@pytest.mark.parametrize(
    ("cell", "row", "value", "ends"),
    [
        ("ADSL.TRTEDT", {"USUBJID": "01-701-1015"}, "2014-07-02", {"EX.EXENDTC", "DM.RFENDTC"}),
        ("ADTTE.AVAL", {"USUBJID": "01-701-1015"}, 2.0, {"AE.AESTDTC", "DM.RFSTDTC"}),
        ("ADVS.CHG", {"PARAMCD": "PULSE", "AVISITN": 99.0, "ATPTN": 815.0}, 4.0, {"VS.VSSTRESN"}),
        ("ADLBHY.AVAL", {"PARAMCD": "HYLAW", "AVISITN": 4.0}, 0.0, {"LB.LBSTRESN", "LB.LBSTNRHI"}),
        ("ADQSNPIX.AVAL", {"PARAMCD": "NPTOTMN", "AVISITN": 98.0}, 0.0, {"QS.QSSTRESN"}),
        ("ADQSADAS.CHG", {"PARAMCD": "ACITM01", "AVISITN": 8.0}, -1.0, {"QS.QSSTRESN", "QS.QSDTC", "SV.SVSTDTC"}),
    ],
)
def test_a_cell_is_traced_to_tabulated_cells(
    cell: str, row: Mapping[str, object], value: object, ends: set[str], study: Study, tabulated: Frames
) -> None:
    one = {
        name: frame.filter(pl.col("USUBJID") == "01-701-1015") if "USUBJID" in frame.columns else frame
        for name, frame in tabulated.items()
    }
    tracer = Tracer(load_datasets(study), one, plain_leaf(one))
    dataset, variable = cell.split(".")
    frame = tracer.frame(dataset).with_row_index("at")
    for name, wanted in row.items():
        frame = frame.filter(pl.col(name) == wanted)
    trace = tracer.trace(dataset, variable, frame.item(0, "at"))
    assert trace.value == value
    assert _ends(trace) == ends


def test_a_trace_tells_of_every_cell_what_the_dataset_holds(study: Study, tabulated: Frames) -> None:
    one = {
        name: frame.filter(pl.col("USUBJID") == "01-701-1023") if "USUBJID" in frame.columns else frame
        for name, frame in tabulated.items()
    }
    datasets = load_datasets(study)
    tracer = Tracer(datasets, one, plain_leaf(one))
    for name, dataset in datasets.items():
        frame = tracer.frame(name)
        for row in range(0, frame.height, 40):
            for variable in dataset.variables:
                held = frame.get_column(variable)[row]
                told = tracer.trace(name, variable, row).value or None
                assert told == (held.isoformat() if isinstance(held, date) else held or None), (name, row, variable)


def _ends(trace: Trace) -> set[str]:
    inner = [s for s in trace.sources if isinstance(s, Trace)]
    return set[str]().union(*map(_ends, inner)) if inner else {f"{trace.domain}.{trace.variable}"}
