"""Dictionaries, events, arms, repeats and settings through the REDCap door; the folder says the same."""

from __future__ import annotations

import pytest
from redcap import Project, RedcapError

from opencro.ledger import StudyPublished
from opencro.study import load_study, published_versions
from tests.app.redcap.conftest import TokenTable, found, post


def test_a_dictionary_comes_back_with_what_our_items_cannot_say(visits: Project) -> None:
    rows = {row["field_name"]: row for row in visits.export_metadata()}
    assert list(rows)[:3] == ["code", "welcome", "family"]
    assert rows["welcome"]["field_type"] == "descriptive"
    assert rows["family"]["field_annotation"] == "@UPPERCASE"
    assert (rows["family"]["identifier"], rows["family"]["section_header"]) == ("y", "Person")
    assert (rows["sex"]["select_choices_or_calculations"], rows["sex"]["custom_alignment"]) == (
        "0, Female | 1, Male",
        "LH",
    )
    assert rows["race"]["branching_logic"] == "[sex] = '0'"
    assert rows["born"]["text_validation_type_or_show_slider_number"] == "date_dmy"
    assert (rows["weight"]["text_validation_min"], rows["weight"]["text_validation_max"]) == ("30", "200.5")
    assert rows["double_weight"]["select_choices_or_calculations"] == "[weight]*2"
    assert rows["result"]["text_validation_type_or_show_slider_number"] == "number_comma_decimal"


@pytest.mark.parametrize("format", ["csv", "json", "xml"])
def test_a_dictionary_goes_out_and_in_again_unchanged(visits: Project, office: TokenTable, format: str) -> None:
    before = visits.export_metadata()
    text = post(office, visits.token, "metadata", format=format).text
    taken = post(office, visits.token, "metadata", format=format, data=text)
    assert taken.text == str(len(before))
    assert visits.export_metadata() == before


def test_a_changed_dictionary_is_a_new_version_and_loses_no_data(visits: Project, office: TokenTable) -> None:
    rows = visits.export_metadata()
    folder = office.tokens[visits.token][0]
    assert visits.import_metadata([row for row in rows if row["field_name"] != "weight"]) == len(rows) - 1
    assert '"id":"weight"' not in load_study(folder).forms["start"].model_dump_json()
    assert [version.name for version in published_versions(folder)] == ["1", "2"]
    versions = [fact.payload["version"] for fact in office.ledger_of(visits.token).facts(kind=StudyPublished.NAME)]
    assert versions == ["1", "2"]
    visits.import_metadata(rows)
    assert visits.export_records()[0]["weight"] == "61.5"


def test_our_own_words_for_an_item_outlive_a_dictionary(visits: Project, office: TokenTable) -> None:
    folder = office.tokens[visits.token][0]
    path = folder / "forms/start.yaml"
    path.write_text(path.read_text().replace("- id: sex\n", "- id: sex\n    sdtm: DM.SEX\n"), encoding="utf-8")
    path.with_name("codelists.yaml").touch()
    rows = visits.export_metadata()
    changed = [{**row, "field_label": "Gender"} if row["field_name"] == "sex" else row for row in rows]
    visits.import_metadata(changed)
    items = {item.id: item for group in load_study(folder).forms["start"].groups for item in group.items}
    assert (items["sex"].label, items["sex"].sdtm) == ("Gender", "DM.SEX")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"field_type": "hologram"}, "hologram"),
        ({"field_name": "Not A Name"}, "cannot be used"),
        ({"field_name": "code"}, "used twice"),
        ({"form_name": "labs"}, "do not stand together"),
        ({"field_type": "radio", "select_choices_or_calculations": ""}, "no choices"),
    ],
)
def test_a_dictionary_that_cannot_be_is_refused(visits: Project, change: dict[str, str], words: str) -> None:
    rows = visits.export_metadata()
    rows[2] = {**rows[2], **change}
    with pytest.raises(RedcapError, match=words):
        visits.import_metadata(rows)


def test_field_names_name_the_columns_of_a_flat_export(visits: Project) -> None:
    names = [row["export_field_name"] for row in visits.export_field_names()]
    columns = visits.export_records()[0]
    assert {"race___1", "race___b", "start_complete"} <= set(names)
    assert {"scan", "welcome"}.isdisjoint(names)
    assert set(names) <= set(columns)
    with pytest.raises(RedcapError):
        visits.export_field_names(field="nothing")


def test_events_are_visits_and_arms_are_arms(visits: Project, office: TokenTable) -> None:
    events = visits.export_events()
    assert [(e["unique_event_name"], e["day_offset"], e["offset_min"]) for e in events] == [
        ("baseline_arm_1", 0, 0),
        ("week_4_arm_1", 28, 3),
    ]
    visit = load_study(office.tokens[visits.token][0]).protocol.schedule.visits[1]
    assert (visit.name, visit.day, visit.window) == ("Week 4", 29, (-3, 3))
    assert visits.import_arms([{"arm_num": 2, "name": "Placebo"}]) == 1
    assert visits.import_events([{"event_name": "A rather long name of an event", "arm_num": "2"}]) == 1
    assert visits.export_events(arms=["2"])[0]["unique_event_name"] == "a_rather_long_name_arm_2"
    assert [arm["name"] for arm in visits.export_arms()] == ["Drug", "Placebo"]
    mapping = [*visits.export_instrument_event_mappings()]
    assert len(mapping) == 3
    new = {"arm_num": 2, "unique_event_name": "a_rather_long_name_arm_2", "form": "labs"}
    assert visits.import_instrument_event_mappings([*mapping, new]) == 4
    assert visits.export_instrument_event_mappings(arms=["2"]) == [new]
    assert visits.delete_arms(["2"]) == 1
    assert visits.export_instrument_event_mappings() == mapping


def test_what_does_not_exist_cannot_be_changed(visits: Project) -> None:
    with pytest.raises(RedcapError, match="nowhere"):
        visits.delete_events(["nowhere_arm_1"])
    with pytest.raises(RedcapError, match="nowhere"):
        visits.import_instrument_event_mappings([{"arm_num": 1, "unique_event_name": "nowhere", "form": "labs"}])
    with pytest.raises(RedcapError, match="100"):
        visits.import_arms([{"arm_num": 100, "name": "Too many"}])


def test_repeats_go_out_and_in(visits: Project) -> None:
    rows = visits.export_repeating_instruments_events()
    assert rows == [{"event_name": "baseline_arm_1", "form_name": "labs", "custom_form_label": "[lab_name]"}]
    week = {"event_name": "week_4_arm_1", "form_name": "", "custom_form_label": ""}
    assert visits.import_repeating_instruments_events([*rows, week]) == 2
    lines = visits.export_records(events=["week_4_arm_1"])
    assert lines[0]["redcap_repeat_instance"] == 1


def test_settings_of_the_project_stay_as_they_were_given(visits: Project, office: TokenTable) -> None:
    info = visits.export_project_info()
    assert (info["project_title"], info["purpose"], info["project_notes"]) == ("Visits", 0, "Kept as written")
    assert (info["is_longitudinal"], info["has_repeating_instruments_or_events"]) == (1, 1)
    data = '{"project_title": "Visits: \\"new\\"", "project_notes": "Other", "purpose": "2"}'
    assert post(office, visits.token, "project_settings", data=data).text == "3"
    info = visits.export_project_info()
    assert (info["project_title"], info["project_notes"], info["purpose"]) == ('Visits: "new"', "Other", 2)


def test_a_classic_project_has_no_events_and_grows_by_its_dictionary(classic: Project) -> None:
    with pytest.raises(RedcapError, match="classic"):
        classic.export_events()
    with pytest.raises(RedcapError, match="repeating"):
        classic.export_repeating_instruments_events()
    rows = classic.export_metadata()
    age = {**rows[0], "field_name": "age", "field_label": "Age", "form_name": "people"}
    classic.import_metadata([*rows, {**age, "text_validation_type_or_show_slider_number": "integer"}])
    assert classic.import_records([{"record_id": "1", "age": "44"}, {"record_id": "10"}, {"record_id": "2"}]) == {
        "count": 3
    }
    assert [row["record_id"] for row in classic.export_records()] == ["1", "2", "10"]
    assert classic.export_records()[0] == {
        "record_id": "1",
        "age": "44",
        "form_1_complete": "0",
        "people_complete": "0",
    }


def test_projects_of_one_title_are_two_studies(office: TokenTable) -> None:
    first, second = found(office), found(office)
    assert office.tokens[first.token][0] != office.tokens[second.token][0]


@pytest.mark.parametrize(
    ("odm", "words"),
    [
        ("<ODM", "ODM-"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><ODM>&a;</ODM>', "ODM-"),
        ('<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3"/>', "no Study"),
    ],
)
def test_an_odm_file_that_is_none_makes_no_project(office: TokenTable, odm: str, words: str) -> None:
    from tests.app.redcap.conftest import SUPER_TOKEN

    before = sorted(office.folder.iterdir())
    data = '[{"project_title": "Broken", "purpose": "0"}]'
    answered = post(office, SUPER_TOKEN, "project", data=data, odm=odm)
    assert (answered.status_code, words in answered.text) == (400, True), answered.text
    assert sorted(office.folder.iterdir()) == before


@pytest.mark.parametrize("kind", ["longitudinal", "classic"])
def test_a_project_xml_that_we_write_makes_the_same_project(
    visits: Project, classic: Project, office: TokenTable, kind: str
) -> None:
    first = visits if kind == "longitudinal" else classic
    if kind == "classic":
        classic.import_records([{"record_id": "7", "form_1_complete": "1"}, {"record_id": "8"}])
    written = post(office, first.token, "project_xml", exportFiles="true")
    assert written.headers["Content-Type"].startswith("text/xml")
    second = found(office, written.text)
    assert second.export_metadata() == first.export_metadata()
    assert second.export_records(export_data_access_groups=True) == first.export_records(export_data_access_groups=True)
    assert second.export_user_roles() == first.export_user_roles()
    assert second.export_dags() == first.export_dags()
    if kind == "longitudinal":
        assert second.export_events() == first.export_events()
        assert second.export_repeating_instruments_events() == first.export_repeating_instruments_events()
        assert second.export_file("1", "scan", event="baseline_arm_1")[0] == b"hello"
        assert second.export_report("1") == first.export_report("1")
    alone = post(office, first.token, "project_xml", returnMetadataOnly="true").text
    assert "<SubjectData" not in alone
