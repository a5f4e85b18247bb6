"""Analysis datasets in a study of one's own: made by `build`, checked, traced, in pieces as in one."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from opencro.app.build import Build, build
from opencro.app.build_analysis import analyse_tabulated
from opencro.app.check import check_everything
from opencro.app.rehearsal import rehearse_study
from opencro.app.trace import trace_dataset_cell, trace_dependents
from opencro.kernel.finding import Refused
from opencro.study import Study, init_study, load_study

ADSL = """
dataset: ADSL
label: Subjects
class: SUBJECT LEVEL ANALYSIS DATASET
structure: one record per subject
keys: [USUBJID]
rows: [{from: DM}]
steps:
  - date: {new: TRTSDT, value: RFSTDTC}
  - pooled_group: {new: SITEGR1, group: SITEID, arm: ARM, least: 2, pooled: "900"}
variables:
  USUBJID: {label: Subject}
  SITEGR1: {label: Pooled site}
  TRTSDT: {label: First dose}
"""
ADVS = """
dataset: ADVS
label: Vital signs
class: BASIC DATA STRUCTURE
structure: one record per subject, parameter and visit
keys: [USUBJID, PARAMCD, VSSEQ]
rows: [{from: VS}]
steps:
  - merged: {source: ADSL, by: [USUBJID], new: [TRTSDT, SITEGR1]}
  - text: {new: PARAMCD, template: "{VSTESTCD}"}
  - date: {new: ADT, value: VSDTC}
  - datetime: {new: ADTM, value: VSDTC, time_flag: ATMF}
  - study_day: {new: ADY, date: ADT, start: TRTSDT}
  - computed: {new: AVAL, value: VSSTRESN}
  - baseline_flag: {new: ABLFL, by: [USUBJID, PARAMCD], order: [ADT, VSSEQ]}
  - baseline: {new: BASE, by: [USUBJID, PARAMCD]}
  - change: {}
variables:
  USUBJID:
  PARAMCD: {label: Parameter Code}
  VSSEQ: {label: Sequence Number}
  SITEGR1:
  ADT: {label: Analysis Date}
  ADTM: {label: Analysis Datetime}
  ATMF: {label: Analysis Time Imputation Flag}
  ADY: {label: Analysis Relative Day}
  AVAL: {label: Analysis Value}
  ABLFL: {label: Baseline Record Flag}
  BASE: {label: Baseline Value}
  CHG: {label: Change from Baseline}
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = init_study(tmp_path_factory.mktemp("adam") / "mine", "MINE", "A study of one's own")
    shutil.rmtree(folder / "analysis")
    (folder / "analysis").mkdir()
    (folder / "analysis/ADSL.yaml").write_text(ADSL.strip(), encoding="utf-8")
    (folder / "analysis/ADVS.yaml").write_text(ADVS.strip(), encoding="utf-8")
    loaded = load_study(folder)
    rehearse_study(loaded, participants=8, seed=3)
    return loaded


@pytest.fixture(scope="module")
def made(study: Study) -> Build:
    return build(study)


def test_the_declarations_are_checked(study: Study) -> None:
    assert check_everything(study.root).ok
    path = study.root / "analysis/ADVS.yaml"
    path.write_text(ADVS.strip().replace("value: VSDTC", "value: VSDTX"), encoding="utf-8")
    try:
        found = [f for f in check_everything(study.root) if f.code == "ADM-011"]
        assert found[0].place.line == 10
        assert "VSDTC" in found[0].remedy
    finally:
        path.write_text(ADVS.strip(), encoding="utf-8")


def test_a_build_makes_every_format_and_a_define_of_its_own(made: Build) -> None:
    assert {f"adam/{kind}/advs.{kind}" for kind in ("xpt", "json", "parquet")} <= set(made.files)
    assert {"adam/define.xml", "adam/define.html", "sdtm/define.xml"} <= set(made.files)
    assert set(made.analysis_seconds) == {"ADSL", "ADVS"}
    assert made.sizes["ADVS"].rows == made.sizes["VS"].rows


def test_dates_and_times_are_numbers_of_sas(made: Build) -> None:
    dataset = made.datasets["ADVS"]
    assert (dataset.column("ADT").display_format, dataset.column("ADTM").display_format) == ("DATE9.", "DATETIME20.")
    assert dataset.frame.select(((pl.col("ADTM") / 86400).floor() == pl.col("ADT")).all()).item()


def test_the_values_follow_the_rule(made: Build) -> None:
    frame = made.frame("ADVS")
    assert frame.filter(pl.col("ABLFL") == "Y").select((pl.col("AVAL") == pl.col("BASE")).all()).item()
    assert frame.filter(pl.col("CHG").is_not_null()).height > 0
    assert frame.filter((pl.col("CHG") - (pl.col("AVAL") - pl.col("BASE"))).abs() > 0).is_empty()


def test_nothing_changed_is_not_made_again_and_fresh_gives_the_same_bytes(study: Study, made: Build) -> None:
    assert build(study).reused
    again = build(study, fresh=True)
    assert {k: v for k, v in again.files.items() if k.startswith("adam/")} == {
        k: v for k, v in made.files.items() if k.startswith("adam/")
    }


@pytest.mark.parametrize("rows_at_once", [1, 60, 10_000_000])
def test_pieces_give_the_rows_of_the_whole(rows_at_once: int, study: Study, made: Build, tmp_path: Path) -> None:
    tabulated = {n: list(made.datasets[n].frame.columns) for n in made.datasets if not n.startswith("AD")}
    analysed = analyse_tabulated(study, tabulated, made.scan, tmp_path / "pieces", rows_at_once)
    assert analysed is not None
    for name in ("ADSL", "ADVS"):
        rows = pl.concat([piece.collect() for piece in analysed.rows.read(name)])
        assert rows.equals(made.frame(name).select(pl.col(c).cast(t) for c, t in rows.schema.items())), name
        assert [c.name for c in analysed.outlines[name].described.columns] == rows.columns


def test_a_cell_is_traced_to_the_keystroke(study: Study, made: Build) -> None:
    row = made.frame("ADVS").filter(pl.col("CHG").is_not_null() & pl.col("ABLFL").is_null()).row(0, named=True)
    where = {"USUBJID": row["USUBJID"], "PARAMCD": row["PARAMCD"], "VSSEQ": str(row["VSSEQ"])}
    answer = trace_dataset_cell(study, "ADVS", "CHG", where)
    assert answer.trace.value == row["CHG"]
    assert {i.source.form for i in answer.items} == {"VS"}
    assert all(i.history[-1].new == i.source.value for i in answer.items)
    pooled = trace_dataset_cell(study, "ADVS", "SITEGR1", where)
    assert pooled.trace.value == row["SITEGR1"]


def test_what_an_item_reaches_goes_on_into_analysis(study: Study) -> None:
    assert {"DM.RFSTDTC", "ADSL.TRTSDT", "ADVS.ADY", "ADVS.CHG"} <= set(trace_dependents(study, "EX", "EXSTDAT"))
    assert trace_dependents(study, "VS", "VSSTRESN") == ("ADVS.ABLFL", "ADVS.AVAL", "ADVS.BASE", "ADVS.CHG")


@pytest.mark.parametrize(
    ("variable", "where", "code"),
    [
        ("AVALL", {"USUBJID": "x"}, "TRC-003"),
        ("AVAL", {"PARAMCD": "x"}, "TRC-002"),
        ("AVAL", {"USUBJID": "x", "AVAL": "high"}, "TRC-007"),
        ("AVAL", {"USUBJID": "x", "ADT": "2014-13-01"}, "TRC-007"),
        ("AVAL", {"USUBJID": "x"}, "TRC-004"),
    ],
)
def test_what_cannot_be_traced_is_said(
    variable: str, where: dict[str, str], code: str, study: Study, made: Build
) -> None:
    known = {**where, "USUBJID": made.frame("ADVS")["USUBJID"][0]} if "USUBJID" in where else where
    with pytest.raises(Refused) as refused:
        trace_dataset_cell(study, "ADVS", variable, known)
    assert refused.value.findings.codes() == (code,)


def test_the_starter_study_has_analysis_datasets_that_are_made(tmp_path: Path) -> None:
    loaded = load_study(init_study(tmp_path / "new", "NEW", "A new study"))
    assert check_everything(loaded.root).ok
    rehearse_study(loaded, participants=12, seed=1)
    built = build(loaded)
    assert built.findings.ok, built.findings
    assert {"ADSL", "ADAE", "ADVS"} <= set(built.sizes)
    assert not [f for f in built.findings if f.code == "ADM-101"]
    people = built.frame("ADSL")
    assert people.filter((pl.col("SAFFL") == "Y") & pl.col("TRTSDT").is_null()).is_empty()
    events = built.frame("ADAE").join(people.select("USUBJID"), on="USUBJID", how="anti")
    assert events.is_empty()
