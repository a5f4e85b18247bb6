"""Every REDCap dictionary and project that we have becomes a study's folder in which nothing is wrong."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from opencro.app.check import check_everything
from opencro.app.convert import convert
from opencro.app.importing import find_deliveries, import_deliveries
from opencro.app.wiring import open_study_ledger
from opencro.study import load_study
from opencro.study.formats.redcap import read_redcap, read_redcap_records

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "edc"
PROJECTS = DATA / "redcap-redcapr" / "inst" / "test-data" / "projects"
DICTIONARIES = sorted([*PROJECTS.glob("*/dictiona*.csv"), *PROJECTS.glob("*/metadata.csv")])
XML = sorted([*PROJECTS.glob("*/project*.xml"), *(DATA / "redcap-pycap").rglob("*.xml")])
UNEQUAL = {"simple", "metadata-write"}
"""Projects whose two files were exported at different times and differ in a field."""


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


@pytest.mark.peer
def test_there_are_as_many_files_as_we_know_of(shared: Path) -> None:
    assert shared.is_dir()
    assert (len(DICTIONARIES), len(XML)) == (22, 25)


@pytest.mark.peer
@pytest.mark.parametrize("path", [*DICTIONARIES, *XML], ids=_name)
def test_each_file_becomes_a_study_without_errors(path: Path, tmp_path: Path) -> None:
    findings = convert(path, tmp_path / "study")
    assert findings.ok
    assert all(finding.code.startswith("RCP") and finding.got for finding in findings)
    checked = check_everything(tmp_path / "study")
    assert checked.ok, checked.errors
    assert load_study(tmp_path / "study").forms


@pytest.mark.peer
@pytest.mark.parametrize(
    "path", [p for p in DICTIONARIES if p.name != "metadata.csv" and p.parent.name not in UNEQUAL], ids=_name
)
def test_a_project_and_its_dictionary_give_the_same_items(path: Path) -> None:
    first = read_redcap(path.read_bytes())
    second = read_redcap((path.parent / "project.xml").read_bytes())
    items = [[i for f in read.forms for g in f.groups for i in g.items] for read in (first, second)]
    assert items[0] == items[1]
    assert first.codelists == second.codelists
    assert first.checks == second.checks


@pytest.mark.peer
def test_events_and_arms_become_visits(shared: Path) -> None:
    found = read_redcap((shared / "edc/redcap-pycap/tests/data/test_long_project.xml").read_bytes())
    visits = found.schedule.visits
    assert [arm.name for arm in found.design.arms] == ["Drug A", "Drug B"]
    assert (visits[0].id, visits[0].name, visits[0].day, visits[0].arms) == (
        "enrollment_arm_1",
        "Enrollment",
        1,
        ("arm_1",),
    )
    assert visits[2].window == (-2, 2) or any(visit.window for visit in visits)
    demographics = next(a for a in found.schedule.activities if a.id == "demographics")
    assert demographics.visits == ("enrollment_arm_1", "enrollment_arm_2")
    assert {form.id for form in found.forms if form.repeating} == {"baseline_data"}


def test_a_study_becomes_a_dictionary_and_the_dictionary_a_study(root: Path, tmp_path: Path) -> None:
    findings = convert(root / "tests" / "study" / "small", tmp_path / "small.csv")
    assert "RCP-051" in findings.codes()
    convert(tmp_path / "small.csv", tmp_path / "again")
    assert check_everything(tmp_path / "again").ok
    convert(tmp_path / "again", tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "small.csv").read_bytes()


@pytest.mark.peer
@pytest.mark.parametrize("path", XML, ids=_name)
def test_the_records_of_a_project_come_in_and_a_second_run_changes_nothing(path: Path, tmp_path: Path) -> None:
    convert(path, tmp_path / "study")
    study = load_study(tmp_path / "study")
    with open_study_ledger(study, None, create=True) as ledger:
        deliveries = find_deliveries(study, [path])
        (first,) = import_deliveries(study, ledger, deliveries, user="ann", enrol=True, site="01")
        (again,) = import_deliveries(study, ledger, deliveries, user="ann", enrol=True, site="01")
    assert first.findings.ok, first.findings.errors
    assert first.counts["refused"] == 0
    assert {f.code for f in first.findings} <= {"RCP-041", "RCP-042", "CAP-305", "CAP-402"}
    assert (again.counts["new"], again.counts["changed"]) == (0, 0)


@pytest.mark.peer
@pytest.mark.parametrize("project", ["clinical-trial-1", "longitudinal", "repeating-instruments", "decimal-dot", "dag"])
def test_the_records_are_those_of_the_flat_file(project: str, tmp_path: Path) -> None:
    """Every value of REDCap's own flat export is found in the records of its XML."""
    path = PROJECTS / project / "project.xml"
    convert(path, tmp_path / "study")
    study = load_study(tmp_path / "study")
    found = read_redcap_records(path.read_bytes(), study, site="01").records
    types = {item.id: item.type for form in study.forms.values() for group in form.groups for item in group.items}
    values: dict[tuple[str, str, str, str], set[str]] = {}
    for record in found:
        for name, value in record.items.items():
            place = (record.participant, record.event, record.form_repeat, name)
            values.setdefault(place, set()).update([*(value or "").split(";"), " ".join((value or "").split())])
    compared = 0
    with (PROJECTS / project / "data.csv").open(encoding="utf-8-sig", newline="") as source:
        for row in csv.DictReader(source):
            participant = row.get("record_id") or row["study_id"]
            event, repeat = row.get("redcap_event_name", ""), row.get("redcap_repeat_instance", "") or "1"
            for column, value in row.items():
                name, _, code = column.partition("___")
                if name not in types or types[name] == "file" or not value or (code and value == "0"):
                    continue
                if name in ("record_id", "study_id"):
                    continue  # the flat file repeats it in every row
                place = (participant, event, repeat, name)
                assert (code or " ".join(value.split())) in values.get(place, set()), (column, row)
                compared += 1
    assert compared >= 6


@pytest.mark.peer
def test_a_data_access_group_is_the_site(shared: Path, tmp_path: Path) -> None:
    path = PROJECTS / "dag" / "project.xml"
    convert(path, tmp_path / "study")
    records = read_redcap_records(path.read_bytes(), load_study(tmp_path / "study"), site="01").records
    assert shared.is_dir()
    assert {record.site for record in records} == {"daga", "dagb"}


@pytest.mark.peer
def test_lines_of_a_text_stay_lines(shared: Path, tmp_path: Path) -> None:
    path = PROJECTS / "simple" / "project.xml"
    convert(path, tmp_path / "study")
    records = read_redcap_records(path.read_bytes(), load_study(tmp_path / "study")).records
    assert shared.is_dir()
    assert records[0].items["address"] == "14 Rose Cottage St.\nKenning UK, 323232"
    lines = path.read_text(encoding="utf-8").splitlines()
    last = records[-1]
    assert all(name in lines[line - 1] or name == "race" for name, line in last.lines.items())
