"""The pilot study: raw exports through the ledger to SDTM, equal to the published but for what has a cause.

Everything on the way is real: transfers, ledger, snapshot, build, SAS transport files. Reference: CDISC SDTM/ADaM Pilot
Project, data (c) CDISC; 360i raw exports. Both are read from their files and never stored here.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from opencro.app.build import Build, build
from opencro.app.comparison import compare_with, read_version
from opencro.app.importing import Delivery, find_deliveries, import_deliveries
from opencro.app.trace import trace_dataset_cell
from opencro.app.wiring import open_study_ledger
from opencro.study import Study, load_study
from opencro.tabulation import Explained, render_differences

pytestmark = [pytest.mark.journey, pytest.mark.peer]

FROM_RAW = ("DM", "AE", "EX", "MH", "CM", "VS", "DS")
RECORDS = 174_054
"""Rows that the transfers take: 20,050 of the raw exports, 154,004 of external data."""


def _deliveries(study: Study, shared: Path) -> list[Delivery]:
    folders = ("cdisc/raw_360i/raw", "cdisc/cdiscpilot01/parquet/sdtm")
    return find_deliveries(study, [shared / f for f in folders])


@pytest.fixture(scope="module")
def study(root: Path, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The bundled study with the ledger of its real records."""
    folder = tmp_path_factory.mktemp("pilot") / "cdiscpilot01"
    shutil.copytree(root / "studies/cdiscpilot01", folder, ignore=shutil.ignore_patterns("build", "ledger*"))
    study = load_study(folder)
    with open_study_ledger(study, create=True) as ledger:
        reports = import_deliveries(study, ledger, _deliveries(study, shared), user="journey")
        assert all(report.findings.ok for report in reports)
        assert sum(report.counts["new"] for report in reports) == RECORDS
    return study


@pytest.fixture(scope="module")
def made(study: Study) -> Build:
    return build(study)


@pytest.fixture(scope="module")
def explained(study: Study, made: Build, shared: Path) -> Explained:
    ours = read_version(made.folder / "sdtm" / "xpt")
    return compare_with(ours, read_version(shared / "cdisc/cdiscpilot01/parquet/sdtm"), study)


def test_every_published_dataset_is_made(made: Build, shared: Path) -> None:
    published = [read_version(shared / f"cdisc/cdiscpilot01/parquet/{package}") for package in ("sdtm", "adam")]
    assert set(made.datasets) == {name for version in published for name in version}
    assert made.findings.ok, made.findings


def test_no_cell_differs_without_a_cause_and_no_cause_is_idle(explained: Explained) -> None:
    assert explained.findings.ok, render_differences(explained, "Pilot study")


@pytest.mark.parametrize("name", FROM_RAW)
def test_what_comes_from_raw_equals_the_published_domain(name: str, explained: Explained) -> None:
    differ = explained.differences.filter(pl.col("dataset") == name)
    cells = dict(differ.group_by("variable").len().iter_rows())
    expected: dict[str, dict[str, int]] = {
        "DM": {"RFPENDTC": 37},
        "AE": {"AESTDY": 1},
        "CM": {"CMSEQ": 12, "(order)": 12},
    }
    assert cells == expected.get(name, {})


def test_the_report_names_each_cause_with_its_rows(explained: Explained) -> None:
    report = render_differences(explained, "Pilot study")
    assert report.count("## ") == len(explained.known)
    assert all(known.cause in report and known.evidence in report for known in explained.known)


@pytest.mark.requirement(33)
def test_importing_everything_again_writes_nothing(study: Study, shared: Path) -> None:
    with open_study_ledger(study) as ledger:
        before = ledger.position
        reports = import_deliveries(study, ledger, _deliveries(study, shared), user="journey")
        assert ledger.position == before
    assert sum(report.counts["same"] for report in reports) == RECORDS


@pytest.mark.requirement(8)
def test_the_ledger_of_the_real_records_verifies(study: Study) -> None:
    with open_study_ledger(study) as ledger:
        assert ledger.verify().ok


@pytest.mark.parametrize(
    ("cell", "where", "value", "items"),
    [
        ("AE.AESTDY", {"USUBJID": "01-701-1015", "AESEQ": "1"}, 2, {"AE.AESTDAT", "EX.EXSTDAT"}),
        (
            "VS.VSSTRESN",
            {"USUBJID": "01-701-1015", "VSTESTCD": "WEIGHT", "VISITNUM": "1"},
            53.98,
            {"VS.WEIGHT_VSORRES"},
        ),
        (
            "SUPPAE.QVAL",
            {"USUBJID": "01-701-1015", "IDVAR": "AESEQ", "IDVARVAL": "1", "QNAM": "AETRTEM"},
            "Y",
            {"AE.AESTDAT"},
        ),
        ("DM.ARMCD", {"USUBJID": "01-701-1181"}, "Xan_Hi", {"RAND.ARMCD"}),
    ],
)
def test_a_cell_is_traced_to_the_keystroke(
    study: Study, cell: str, where: dict[str, str], value: object, items: set[str]
) -> None:
    answer = trace_dataset_cell(study, *cell.split("."), where)
    assert answer.trace.value == value
    assert items <= {f"{i.source.form}.{i.source.item}" for i in answer.items}
    assert all(i.history[-1].new == i.source.value and i.history[0].actor == "journey" for i in answer.items)


def test_analysis_datasets_of_the_real_records_equal_the_published(study: Study, made: Build, shared: Path) -> None:
    """From the raw records through ledger, SDTM and ADaM: only what differs in SDTM may differ."""
    ours = read_version(made.folder / "adam" / "xpt")
    theirs = read_version(shared / "cdisc/cdiscpilot01/parquet/adam")
    assert set(ours) == set(theirs)
    explained = compare_with(ours, theirs, study)
    assert explained.findings.ok, render_differences(explained, "Pilot study, analysis")
