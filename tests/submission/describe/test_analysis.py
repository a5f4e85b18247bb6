"""The define.xml of analysis datasets: valid, complete, with predecessors, methods and value level."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from lxml import etree

from opencro.analysis import (
    AnalysisDataset,
    analyse,
    dates_of,
    exchange_frame,
    load_datasets,
    order_datasets,
    outline_analysis,
    summarize_dataset,
)
from opencro.study import Study, load_study
from opencro.submission import describe_analysis
from opencro.submission.define_xml import Define, check_define, read_define, render_define_html, write_define
from opencro.tabulation import Outline, load_domains
from opencro.terms import TermsStore

SAMPLE = {
    "DM": {"STUDYID": "S", "USUBJID": "1", "SUBJID": "1", "SITEID": "701", "ARMCD": "Pbo", "ARM": "Placebo",
           "ACTARM": "Placebo", "AGE": 70.0, "AGEU": "YEARS", "RACE": "WHITE", "SEX": "F", "ETHNIC": "X", "DTHFL": "",
           "RFSTDTC": "2014-01-02", "RFENDTC": "2014-07-02"},
    "SV": {"USUBJID": "1", "VISITNUM": 3.0, "SVSTDTC": "2014-01-02"},
    "EX": {"USUBJID": "1", "EXSEQ": 1.0, "EXENDTC": "2014-07-01"},
    "DS": {"USUBJID": "1", "DSDECOD": "COMPLETED", "DSTERM": "X", "VISITNUM": 13.0, "DSCAT": "DISPOSITION EVENT"},
    "VS": {"USUBJID": "1", "VSTESTCD": "HEIGHT", "VSSTRESN": 150.5, "VISITNUM": 1.0},
    "SC": {"USUBJID": "1", "SCTESTCD": "EDLEVEL", "SCSTRESN": 12.0},
    "MH": {"USUBJID": "1", "MHCAT": "PRIMARY DIAGNOSIS", "MHSTDTC": "2012-05"},
    "QS": {"STUDYID": "S", "USUBJID": "1", "QSSEQ": 1.0, "QSTESTCD": "ACTOT", "QSTEST": "TOTAL", "QSCAT": "ADAS",
           "QSSTRESN": 12.5, "QSBLFL": "Y", "VISITNUM": 3.0, "VISIT": "BASELINE", "QSDTC": "2014-01-02"},
}  # fmt: skip


@pytest.fixture(scope="module")
def study(root: Path) -> Study:
    return load_study(root / "studies/cdiscpilot01")


@pytest.fixture(scope="module")
def outlines(study: Study) -> dict[str, Outline]:
    datasets = load_datasets(study)
    wanted = [d for d in order_datasets(datasets) if d.name in ("ADSL", "ADQSADAS")]
    frames = analyse(wanted, {name: pl.DataFrame([row]) for name, row in SAMPLE.items()}).frames
    return {d.name: _outline(d, datasets, frames[d.name]) for d in wanted}


def _outline(dataset: AnalysisDataset, datasets: dict[str, AnalysisDataset], frame: pl.DataFrame) -> Outline:
    summary = summarize_dataset(dataset, exchange_frame(dataset, frame))
    return outline_analysis(dataset, datasets, summary, dates_of(dataset, frame))


@pytest.fixture(scope="module")
def define(study: Study, outlines: dict[str, Outline]) -> Define:
    created, domains = datetime(2026, 1, 1, tzinfo=UTC), load_domains(study)
    return describe_analysis(study, load_datasets(study), outlines, created, domains=domains, store=TermsStore())


def test_code_lists_are_the_published_ones_with_their_nci_codes(define: Define) -> None:
    lists = {codes.oid: codes for codes in define.study.metadata.codelists}
    expected = {
        "CL.ADSL.SEX": ("C66731", "STD.CT"),
        "CL.ADQSADAS.SEX": ("C66731", "STD.CT"),
        "CL.ADSL.SAFFL": ("C66742", "STD.CT"),
        "CL.ADQSADAS.DTYPE": ("C81224", "STD.ADAMCT"),
    }
    for oid, (code, standard) in expected.items():
        if oid in lists:
            assert [alias.name for alias in lists[oid].aliases] == [code]
            assert lists[oid].standard_oid == standard
            for item in (*lists[oid].items, *lists[oid].enumerated):
                assert item.aliases or item.extended
    assert {"CL.ADSL.SEX", "CL.ADSL.SAFFL"} <= set(lists)
    standards = {one.oid: (one.name, one.publishing_set) for one in define.study.metadata.standards}
    assert standards["STD.ADAMCT"] == ("CDISC/NCI", "ADaM")


def test_a_list_of_our_own_has_no_code_and_no_standard(define: Define) -> None:
    (own,) = [codes for codes in define.study.metadata.codelists if codes.oid == "CL.ADSL.AGEGR1"]
    assert (own.aliases, own.standard_oid) == ((), "")


def test_it_has_no_faults_and_is_read_again_unchanged(define: Define) -> None:
    assert check_define(define) == []
    assert read_define(write_define(define)) == define


@pytest.mark.peer
def test_it_is_valid_by_the_schema(define: Define, shared: Path) -> None:
    schema = etree.XMLSchema(etree.parse(shared / "cdisc/define_xml/schema/cdisc-arm-1.0/arm1-0-0.xsd"))
    schema.assertValid(etree.fromstring(write_define(define)))


def test_variables_say_where_they_come_from(define: Define) -> None:
    items = {i.oid: i for i in define.study.metadata.items}
    methods = {m.oid: m.description[0].text for m in define.study.metadata.methods}
    age = items["IT.ADQSADAS.AGE"].origins[0]
    assert (age.type, age.description[0].text) == ("Predecessor", "ADSL.AGE")
    assert items["IT.ADSL.TRTSDT"].display_format == "DATE9."
    assert items["IT.ADSL.TRTSDT"].data_type == "integer"
    assert "last record of EX" in methods["MT.ADSL.TRTEDT"]
    assert "scaled up" in methods["MT.ADQSADAS.AVAL.ACTOT"]


def test_every_variable_has_its_place_label_and_origin(define: Define, outlines: dict[str, Outline]) -> None:
    metadata = define.study.metadata
    items = {i.oid: i for i in metadata.items}
    for group in metadata.datasets:
        assert [items[r.item_oid].name for r in group.items] == [c.name for c in outlines[group.name].described.columns]
        assert all(items[r.item_oid].description for r in group.items)
        assert all(items[r.item_oid].origins or items[r.item_oid].value_list_oid for r in group.items)


def test_the_page_shows_the_methods(define: Define) -> None:
    page = render_define_html(write_define(define))
    assert "Algorithm for ADSL.TRTEDT" in page or "last record of EX" in page
