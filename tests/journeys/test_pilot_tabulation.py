"""The pilot study out of its raw exports equals the published SDTM but for the differences that it lists with a cause.

The records are read straight from the files through the study's transfers, without the ledger in between. Reference:
CDISC SDTM/ADaM Pilot Project, data (c) CDISC; 360i raw exports. Both are read from their files and never stored here.
"""

from __future__ import annotations

import re
import time
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from opencro.kernel.expression import Expression, parse_expression, to_polars
from opencro.study import Study, load_study
from opencro.tabulation import Assembly, Tabulation, assemble_datasets, load_domains, load_links, tabulate
from opencro.tabulation.compare import (
    Comparison,
    Explained,
    compare_datasets,
    explain_differences,
    read_known_differences,
    render_differences,
    supplemental_by_record,
)
from opencro.terms import TermsStore

pytestmark = [pytest.mark.journey, pytest.mark.peer]

KEYS = {
    "DM": ("USUBJID",),
    "AE": ("USUBJID", "AESPID", "AEDTC", "AEOUT"),
    "CM": ("USUBJID", "VISITNUM", "CMSPID"),
    "MH": ("USUBJID", "MHSPID", "MHTERM", "MHSTDTC"),
    "DS": ("USUBJID", "DSCAT", "DSDECOD"),
    "EX": ("USUBJID", "EXSTDTC"),
    "VS": ("USUBJID", "VSTESTCD", "VISITNUM", "VSTPTNUM"),
    "LB": ("USUBJID", "LBTESTCD", "VISITNUM"),
    "QS": ("USUBJID", "QSTESTCD", "VISITNUM"),
    "SC": ("USUBJID", "SCTESTCD"),
    "SE": ("USUBJID", "ETCD"),
    "SV": ("USUBJID", "VISITNUM"),
    "TA": ("ARMCD", "TAETORD"),
    "TE": ("ETCD",),
    "TV": ("VISITNUM",),
    "TI": ("IETESTCD",),
    "TS": ("TSPARMCD", "TSVAL"),
    "RELREC": ("RDOMAIN", "USUBJID", "IDVARVAL"),
    "SUPPDM": ("USUBJID", "QNAM"),
    "SUPPAE": ("USUBJID", "IDVARVAL", "QNAM"),
    "SUPPDS": ("USUBJID", "IDVARVAL", "QNAM"),
    "SUPPLB": ("USUBJID", "LBTESTCD", "VISITNUM", "QNAM"),
}
FROM_RAW = ("DM", "AE", "EX", "MH", "CM", "VS", "DS")
_FIELD = re.compile(r"\{(\w+)(?::(\d*):(\d*))?\}")


def _filled(template: str) -> pl.Expr:
    """A column, or a template with columns or parts of columns (`{USUBJID:3:6}`) in braces."""
    if "{" not in template:
        return pl.col(template)
    parts, at = [], 0
    for match in _FIELD.finditer(template):
        parts.append(pl.lit(template[at : match.start()]))
        start = int(match[2] or 0)
        length = int(match[3]) - start if match[3] else None
        parts.append(pl.col(match[1]).str.slice(start, length) if match[2] is not None else pl.col(match[1]))
        at = match.end()
    return pl.concat_str([*parts, pl.lit(template[at:])])


def _read(path: Path) -> pl.DataFrame:
    frame = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, infer_schema=False)
    return frame.with_columns(pl.col(pl.String).replace("", None))


def _records(study: Study, name: str, shared: Path) -> pl.DataFrame:
    transfer = study.transfers[name]
    folder = "cdisc/cdiscpilot01/parquet/sdtm" if transfer.format == "parquet" else "cdisc/raw_360i/raw"
    frame = _read(next((shared / folder).glob(transfer.file)))
    if transfer.where:
        where = parse_expression(transfer.where)
        assert isinstance(where, Expression)
        frame = frame.filter(to_polars(where, dict(frame.schema)))
    visits = {v.name: v.id for v in study.protocol.schedule.visits}
    visit = (
        _filled(transfer.event).replace_strict(visits, return_dtype=pl.String)
        if transfer.event
        else pl.lit(None, pl.String)
    )
    items = [item.id for group in study.forms[transfer.form].groups for item in group.items]
    known = {*transfer.skip, *(transfer.items.get(i, i) for i in items), "VISIT", "SITEID", "SUBJID", "USUBJID"}
    assert set(frame.columns) <= known, f"{name}: {set(frame.columns) - known} is neither taken nor skipped"
    number = pl.int_range(pl.len(), dtype=pl.Int64)
    return frame.select(
        number.alias("record"), number.alias("fact"),
        _filled(transfer.site).alias("site"), _filled(transfer.participant).alias("participant"),
        visit.alias("event"), pl.lit(None, pl.Int64).alias("event_repeat"),
        *(pl.col(transfer.items.get(i, i)).cast(pl.String).alias(i) for i in items),
    )  # fmt: skip


@pytest.fixture(scope="module")
def study(root: Path) -> Study:
    return load_study(root / "studies" / "cdiscpilot01")


@pytest.fixture(scope="module")
def made(study: Study, shared: Path) -> tuple[Tabulation, Assembly, float]:
    by_form = {t.form: name for name, t in study.transfers.items()}
    read = cache(lambda form: _records(study, by_form[form], shared))
    for form in by_form:
        read(form)
    catalogue = TermsStore().catalogue("sdtmig", study.file.standards["sdtmig"])
    start = time.process_time()
    tables = tabulate(study, load_domains(study), lambda form, _group: read(form), catalogue)
    datasets = assemble_datasets(study, tables, load_links(study), catalogue)
    return tables, datasets, time.process_time() - start


@pytest.fixture(scope="module")
def explained(study: Study, made: tuple[Tabulation, Assembly, float], shared: Path) -> Explained:
    datasets = made[1].datasets
    theirs = {n: _read(shared / f"cdisc/cdiscpilot01/parquet/sdtm/{n.lower()}.parquet") for n in KEYS}
    comparisons = [_compared(name, datasets, theirs) for name in KEYS]
    known, findings = read_known_differences(study.documents["tabulation/differences.yaml"])
    assert findings.ok, findings
    return explain_differences(comparisons, known, "tabulation/differences.yaml")


def _compared(name: str, datasets: object, theirs: dict[str, pl.DataFrame]) -> Comparison:
    ours, published = datasets[name].frame, theirs[name]  # type: ignore[index]
    if name == "SUPPLB":
        ours = supplemental_by_record(ours, datasets["LB"].frame, "LBSEQ", KEYS["LB"])  # type: ignore[index]
        published = supplemental_by_record(published, theirs["LB"], "LBSEQ", KEYS["LB"])
    return compare_datasets(name, ours, published, KEYS[name])


@pytest.mark.requirement(8)
def test_every_published_dataset_is_made(made: tuple[Tabulation, Assembly, float]) -> None:
    assert set(made[1].datasets) == set(KEYS)


@pytest.mark.requirement(8)
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


def test_data_are_tabulated_without_findings(made: tuple[Tabulation, Assembly, float]) -> None:
    assert not made[0].findings, made[0].findings
    assert made[1].findings.ok, made[1].findings


def test_the_report_names_each_cause_with_its_rows(explained: Explained) -> None:
    report = render_differences(explained, "Pilot study")
    assert report.count("## ") == len(explained.known)
    assert all(known.cause in report and known.evidence in report for known in explained.known)
    assert "Without a cause" not in report


def test_tabulation_of_the_pilot_takes_less_than_three_seconds_of_processor(
    made: tuple[Tabulation, Assembly, float],
) -> None:
    assert made[2] < 3
