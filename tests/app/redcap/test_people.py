"""Users, roles, groups, the log, files of the repository, surveys, errors; rights are obeyed."""

from __future__ import annotations

import io

import pytest
from redcap import Project, RedcapError

from opencro.app.redcap.surveys import open_seal
from opencro.capture import Membership
from tests.app.redcap.conftest import TokenTable, post


def _other(office: TokenTable, project: Project, user: str) -> Project:
    token = office.issue(office.tokens[project.token][0], user)
    return Project(f"{office.address}/api/", token)


@pytest.mark.requirement(1)
def test_a_token_that_nobody_has_is_refused_in_every_format(office: TokenTable) -> None:
    for format, start in (("json", '{"error":'), ("csv", "ERROR: "), ("xml", "<?xml")):
        answered = post(office, "0" * 32, "record", format=format, returnFormat=format)
        assert answered.status_code == 403
        assert answered.text.startswith(start)
        assert "You do not have permissions to use the API" in answered.text


def test_an_unknown_content_or_action_is_named(visits: Project, office: TokenTable) -> None:
    assert "content" in post(office, visits.token, "horoscope").json()["error"]
    assert "action" in post(office, visits.token, "log", action="delete").json()["error"]


def test_a_user_may_what_the_role_says_and_no_more(visits: Project, office: TokenTable) -> None:
    reader = _other(office, visits, "rita")
    with pytest.raises(RedcapError, match="API Export"):
        reader.export_records()
    visits.import_users([{"username": "rita"}])
    visits.import_user_role_assignment([{"username": "rita", "unique_role_name": "U-READER0001"}])
    rows = reader.export_records()
    assert "sex" in rows[0]
    assert "family" not in rows[0], "the role exports no identifiers"
    with pytest.raises(RedcapError, match="API Import"):
        reader.import_records([{"code": "1", "redcap_event_name": "baseline_arm_1", "sex": "1"}])
    for content in ("user", "log", "fileRepository", "dag"):
        refused = post(office, reader.token, content, action="list" if content == "fileRepository" else "")
        assert refused.status_code == 403, content
    assert visits.delete_users(["rita"]) == 1
    with pytest.raises(RedcapError):
        reader.export_records()


def test_a_right_that_ran_out_is_none(visits: Project, office: TokenTable) -> None:
    visits.import_users([{"username": "old", "api_export": 1, "expiration": "2020-01-01"}])
    assert post(office, _other(office, visits, "old").token, "record").status_code == 403


@pytest.mark.requirement(4)
def test_a_group_sees_and_changes_its_own_records_only(visits: Project, office: TokenTable) -> None:
    rights = {**visits.export_users()[0], "username": "sue", "data_access_group": "south_clinic"}
    visits.import_users([rights])
    south = _other(office, visits, "sue")
    assert south.export_records() == []
    assert south.import_records([{"code": "5", "redcap_event_name": "baseline_arm_1", "sex": "1"}]) == {"count": 1}
    assert [row["code"] for row in south.export_records()] == ["5"]
    seen = {
        row["code"]: row["redcap_data_access_group"] for row in visits.export_records(export_data_access_groups=True)
    }
    assert seen == {"1": "north_clinic", "5": "south_clinic"}
    with pytest.raises(RedcapError, match="data access group"):
        south.import_records([{"code": "1", "redcap_event_name": "baseline_arm_1", "sex": "1"}])
    with pytest.raises(RedcapError):
        south.export_file("1", "scan", event="baseline_arm_1")
    number = next(g["data_access_group_id"] for g in visits.export_dags() if g["unique_group_name"] == "south_clinic")
    assert south.generate_next_record_name() == f"{number}-1"
    with pytest.raises(RedcapError, match="hold records"):
        visits.delete_dags(["south_clinic"])


def test_roles_of_ours_are_rights_here(visits: Project, office: TokenTable) -> None:
    office.memberships["mona"] = (Membership("sponsor"),)
    with pytest.raises(RedcapError):
        _other(office, visits, "mona").export_records()
    office.memberships["dana"] = (Membership("data manager"),)
    dana = _other(office, visits, "dana")
    assert "family" not in dana.export_records()[0], "a data manager has no right to identifiers"
    with pytest.raises(RedcapError, match="API Import"):
        dana.import_records([{"code": "7", "redcap_event_name": "baseline_arm_1"}])
    office.memberships["cora"] = (Membership("coordinator", "north_clinic"),)
    cora = _other(office, visits, "cora")
    assert cora.import_records([{"code": "8", "redcap_event_name": "baseline_arm_1", "weight": "70"}]) == {"count": 1}
    last = list(office.ledger_of(visits.token).facts(participant="8"))[-1]
    assert (last.role, last.key.site) == ("coordinator", "north_clinic")
    with pytest.raises(RedcapError, match="right 'design'"):
        cora.import_metadata(cora.export_metadata())


def test_a_token_narrows_what_its_owner_may(visits: Project, office: TokenTable) -> None:
    token = office.issue(office.tokens[visits.token][0], "founder")
    office.scopes[token] = frozenset({"export"})
    narrow = Project(f"{office.address}/api/", token)
    assert "family" not in narrow.export_records()[0]
    with pytest.raises(RedcapError):
        narrow.import_records([{"code": "1", "redcap_event_name": "baseline_arm_1", "sex": "1"}])


def test_groups_are_made_renamed_and_deleted(visits: Project) -> None:
    assert visits.import_dags([{"data_access_group_name": "New Clinic: 3", "unique_group_name": ""}]) == 1
    groups = {g["unique_group_name"]: g["data_access_group_name"] for g in visits.export_dags()}
    assert groups["new_clinic_3"] == "New Clinic: 3"
    assert visits.import_user_dag_assignment([{"username": "founder", "redcap_data_access_group": "new_clinic_3"}]) == 1
    assert visits.export_user_dag_assignment()[0]["redcap_data_access_group"] == "new_clinic_3"
    assert visits.switch_dag("north_clinic") == "1"
    assert visits.delete_dags(["new_clinic_3"]) == 1


@pytest.mark.requirement(2)
def test_the_log_tells_who_changed_what(visits: Project) -> None:
    visits.import_records([{"code": "1", "redcap_event_name": "baseline_arm_1", "weight": "62"}])
    visits.import_user_roles([{"role_label": "Helper"}])
    edits = visits.export_logging(log_type="record_edit", record="1")
    assert "weight = '62'" in edits[0]["details"]
    assert edits[0]["action"] == "Update record (API) 1"
    design = visits.export_logging(log_type="manage")
    assert "Helper" in design[0]["details"]
    assert design[-1]["details"] == "Create project"
    visits.export_records()
    assert visits.export_logging(log_type="export")[0]["action"] == "Data export"
    assert visits.export_logging(user="nobody") == []


def test_the_repository_keeps_files_in_folders(visits: Project) -> None:
    folder = visits.create_folder_in_repository("Papers")[0]["folder_id"]
    visits.import_file_into_repository("../plan.txt", io.BytesIO(b"plan"), folder_id=folder)
    entry = visits.export_file_repository(folder_id=folder)[0]
    assert entry["name"] == "plan.txt"
    assert visits.export_file_from_repository(entry["doc_id"])[0] == b"plan"
    visits.delete_file_from_repository(entry["doc_id"])
    assert visits.export_file_repository(folder_id=folder) == []
    with pytest.raises(RedcapError):
        visits.export_file_repository(folder_id=folder + 1000)


def test_survey_links_are_sealed_and_name_their_form(visits: Project, office: TokenTable) -> None:
    link = visits.export_survey_link("1", "start", event="baseline_arm_1")
    assert link.startswith(f"{office.address}/surveys/?s=")
    sealed = link.partition("?s=")[2]
    place = open_seal(b"secret", sealed)
    assert place is not None
    assert (place.record, place.event, place.instrument) == ("1", "baseline_arm_1", "start")
    assert open_seal(b"another", sealed) is None
    assert open_seal(b"secret", f"x{sealed}") is None
    assert len(visits.export_survey_access_code("1", "start", event="baseline_arm_1")) == 9
    assert len(visits.export_survey_return_code("1", "start", event="baseline_arm_1")) == 8
    people = visits.export_survey_participant_list("start", event="baseline_arm_1")
    assert [(p["record"], p["response_status"], p["survey_link"]) for p in people] == [("1", 2, link)]
    with pytest.raises(RedcapError, match="survey"):
        visits.export_survey_link("1", "labs", event="baseline_arm_1")


def test_reports_are_the_selections_that_the_project_names(visits: Project) -> None:
    rows = visits.export_report("1")
    assert rows[0]["weight"] == "61.5"
    assert "family" not in rows[0]
    with pytest.raises(RedcapError, match="report_id"):
        visits.export_report("99")


def test_forms_are_printed_blank_and_filled(visits: Project) -> None:
    blank, _ = visits.export_pdf()
    filled, _ = visits.export_pdf(record="1")
    assert blank.startswith(b"%PDF")
    assert filled.startswith(b"%PDF")
    assert blank != filled


def test_rights_given_here_wait_for_training_too(visits: Project, office: TokenTable) -> None:
    rights = {**visits.export_users()[0], "username": "tom"}
    visits.import_users([rights])
    tom = _other(office, visits, "tom")
    row = {"code": "1", "redcap_event_name": "baseline_arm_1", "sex": "1"}
    office.memberships["tom"] = (Membership("coordinator", "north_clinic", without=frozenset({"enter"})),)
    with pytest.raises(RedcapError, match="API Import"):
        tom.import_records([row])
    office.memberships["tom"] = (Membership("coordinator", "north_clinic"),)
    assert tom.import_records([row]) == {"count": 1}
