"""REDCapR's own test projects: each becomes a study, and what REDCap exported of it comes out again."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from redcap import Project

from opencro.app.redcap.dictionary import TITLES
from opencro.study import check_study, load_study
from tests.app.redcap.conftest import TokenTable, found, post

pytestmark = pytest.mark.peer

PROJECTS = "edc/redcap-redcapr/inst/test-data/projects"
OTHER_STATE = {
    "arm-multiple-delete": "its CSV holds records that its XML does not",
    "arm-single-delete": "its CSV holds records that its XML does not",
    "metadata-write": "its dictionary is of another day than its XML",
    "simple": "its CSV is of another day than its XML",
}
NAMES = (
    *("arm-multiple-delete", "arm-single-delete", "arm-single-longitudinal", "blank-for-gray-status", "checkboxes-1"),
    *("clinical-trial-1", "dag", "decimal-comma", "decimal-comma-and-dot", "decimal-dot", "empty-rows", "file-repo"),
    *("longitudinal", "metadata-write", "nonnumeric-record-id", "potentially-problematic-dictionary"),
    *("repeating-instruments", "simple", "simple-write", "single-column", "vignette-repeating"),
)


def _read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def _same(text: str) -> str:
    """What a reader of XML and one of CSV may keep differently: blanks, line ends, spaces around choices."""
    return " ".join(re.sub(r"\s*\|\s*", " | ", text).split())


@pytest.fixture
def project(office: TokenTable, shared: Path, request: pytest.FixtureRequest) -> tuple[Project, Path]:
    folder = shared / PROJECTS / str(request.param)
    return found(office, (folder / "project.xml").read_text(encoding="utf-8")), folder


@pytest.mark.parametrize("project", NAMES, indirect=True)
def test_every_project_becomes_a_study_that_holds_together(project: tuple[Project, Path], office: TokenTable) -> None:
    study = load_study(office.tokens[project[0].token][0])
    assert not [f for f in check_study(study) if f.severity == "error" and f.place.file.startswith("forms/")]


@pytest.mark.parametrize("project", sorted({*NAMES} - {"metadata-write", "simple", "simple-write"}), indirect=True)
def test_the_dictionary_is_the_one_that_redcap_gave(project: tuple[Project, Path]) -> None:
    client, folder = project
    path = next(folder.glob("diction*.csv"))
    given = _read(path.read_text(encoding="utf-8-sig"))
    wanted = [{column: _same(row.get(title) or "") for column, title in TITLES.items()} for row in given]
    got = [{column: _same(row[column]) for column in TITLES} for row in client.export_metadata()]
    assert got == wanted


@pytest.mark.parametrize("project", sorted({*NAMES} - {"simple-write"} - OTHER_STATE.keys()), indirect=True)
def test_the_records_are_those_that_redcap_exported(project: tuple[Project, Path], office: TokenTable) -> None:
    client, folder = project
    text = (folder / "data.csv").read_text(encoding="utf-8-sig")
    more = {"exportDataAccessGroups": "true"} if "redcap_data_access_group" in text else {}
    more |= {"exportSurveyFields": "true"} if "redcap_survey_identifier" in text else {}
    got = _read(post(office, client.token, "record", format="csv", **more).text)
    computed = {row["field_name"] for row in client.export_metadata() if row["field_type"] == "calc"}
    apart = computed | {f"{name}_timestamp" for name in client.forms}
    wanted = [{k: _same(v) for k, v in row.items() if k not in apart} for row in _read(text)]
    assert [{k: _same(v) for k, v in row.items() if k not in apart} for row in got] == wanted


@pytest.mark.parametrize("project", ["arm-multiple-delete", "arm-single-longitudinal", "longitudinal"], indirect=True)
def test_arms_and_events_are_those_that_redcap_exported(project: tuple[Project, Path], office: TokenTable) -> None:
    client, folder = project
    for content, file in (("arm", "arm.csv"), ("event", "event.csv")):
        got = _read(post(office, client.token, content, format="csv").text)
        wanted = _read((folder / file).read_text(encoding="utf-8-sig"))
        assert [{k: v for k, v in row.items() if k != "event_id"} for row in got] == [
            {k: v for k, v in row.items() if k != "event_id"} for row in wanted
        ]
