"""Every REDCap dictionary and project that we have becomes a study's folder in which nothing is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from opencro.app.check import check_everything
from opencro.app.convert import convert
from opencro.study import load_study
from opencro.study.formats.redcap import read_redcap

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
