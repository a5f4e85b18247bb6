"""Records through the REDCap door, asked for with PyCap as its users do."""

from __future__ import annotations

from typing import Any

import pytest
from redcap import Project, RedcapError

from opencro.ledger import Act, Actor, FormCompleted, FormLocked, RecordChanged, RecordKey
from tests.app.redcap.conftest import TokenTable, post


def _rows(project: Project, **parameters: Any) -> list[dict[str, str]]:
    rows = project.export_records(**parameters)
    assert isinstance(rows, list)
    return [{str(k): str(v) for k, v in row.items()} for row in rows]


def test_a_project_xml_comes_back_line_by_line(visits: Project) -> None:
    rows = _rows(visits, export_data_access_groups=True)
    address = [(r["redcap_event_name"], r["redcap_repeat_instrument"], r["redcap_repeat_instance"]) for r in rows]
    assert address == [
        ("baseline_arm_1", "", ""),
        ("baseline_arm_1", "labs", "1"),
        ("baseline_arm_1", "labs", "2"),
        ("week_4_arm_1", "", ""),
    ]
    first = rows[0]
    assert first["redcap_data_access_group"] == "north_clinic"
    assert (first["family"], first["sex"], first["born"], first["weight"]) == ("Ampère", "0", "1990-02-28", "61.5")
    assert (first["race___1"], first["race___b"], first["start_complete"]) == ("0", "1", "2")
    assert first["scan"] == "scan 1.txt"
    assert first["double_weight"] == "", "a calculated value is never imported"
    assert (rows[1]["drawn"], rows[1]["result"]) == ("2026-01-02 08:30", "1,5")
    assert rows[3]["lab_name"] == "ALT"
    assert rows[3]["labs_complete"] == "0"


def test_labels_stand_for_codes_and_in_the_header(visits: Project) -> None:
    row = _rows(visits, raw_or_label="label", fields=["sex", "race"])[0]
    assert (row["sex"], row["race___1"], row["race___b"]) == ("Female", "Unchecked", "Checked")
    text = visits.export_records(format_type="csv", raw_or_label_headers="label", fields=["race"])
    assert "Origin (choice=South)" in text


def test_a_line_for_each_value_where_they_are_asked_for_so(visits: Project) -> None:
    rows = _rows(visits, record_type="eav", fields=["code", "sex", "race"])
    said = [(r["field_name"], r["value"]) for r in rows if r["redcap_event_name"] == "baseline_arm_1"]
    assert said[:3] == [("code", "1"), ("sex", "0"), ("race", "b")]


@pytest.mark.parametrize(
    ("logic", "count"),
    [
        ("[weight] > 61", 3),
        ("[weight] > 70", 0),
        ("[race(b)] = '1' and not ([sex] = '1')", 3),
        ("[baseline_arm_1][sex] = '0'", 4),
        ("[lab_name] = 'AST'", 1),
        ("[weight] * 2 = 123 or [sex] = ''", 4),
    ],
)
def test_a_filter_keeps_the_lines_for_which_it_is_true(visits: Project, logic: str, count: int) -> None:
    assert len(_rows(visits, filter_logic=logic)) == count


@pytest.mark.parametrize("logic", ["[weight] >", "[weight] > 1)", "[nothing] = 1", "datediff([born], 'today')", "[a"])
def test_a_filter_that_cannot_be_understood_is_refused(visits: Project, logic: str) -> None:
    with pytest.raises(RedcapError):
        visits.export_records(filter_logic=logic)


def test_names_that_are_not_there_are_refused_by_name(visits: Project) -> None:
    with pytest.raises(RedcapError, match="shoe_size"):
        visits.export_records(fields=["shoe_size"])
    with pytest.raises(RedcapError, match="week_9_arm_1"):
        visits.export_records(events=["week_9_arm_1"])


@pytest.mark.requirement(2)
def test_an_import_has_the_audit_of_typing(visits: Project, office: TokenTable) -> None:
    taken = visits.import_records([{"code": "1", "redcap_event_name": "baseline_arm_1", "weight": "62"}])
    assert taken == {"count": 1}
    ledger = office.ledger_of(visits.token)
    last = list(ledger.facts(kind=RecordChanged.NAME))[-1]
    assert last.payload["items"]["weight"] == ["61.5", "62"]
    assert (last.actor, last.source, last.key.site) == ("founder", "api", "north_clinic")
    assert last.reason
    assert ledger.verify().ok


def test_blank_cells_say_nothing_unless_they_are_to_overwrite(visits: Project) -> None:
    row = {"code": "1", "redcap_event_name": "baseline_arm_1", "weight": "", "race___1": "1"}
    visits.import_records([row])
    held = _rows(visits)[0]
    assert (held["weight"], held["race___1"], held["race___b"]) == ("61.5", "1", "1")
    visits.import_records([row], overwrite="overwrite")
    assert _rows(visits)[0]["weight"] == ""


def test_repeats_are_numbered_and_new_is_the_next(visits: Project) -> None:
    row = {"code": "1", "redcap_event_name": "baseline_arm_1", "redcap_repeat_instrument": "labs"}
    visits.import_records([{**row, "redcap_repeat_instance": "new", "lab_name": "GGT"}])
    assert [r["redcap_repeat_instance"] for r in _rows(visits) if r["lab_name"] == "GGT"] == ["3"]
    with pytest.raises(RedcapError, match="does not belong"):
        visits.import_records([{"code": "1", "redcap_event_name": "baseline_arm_1", "lab_name": "CK"}])


@pytest.mark.parametrize(
    ("column", "value"), [("sex", "7"), ("born", "1990-02-30"), ("weight", "heavy"), ("race___b", "x")]
)
def test_a_value_that_does_not_fit_refuses_all_and_is_named(visits: Project, column: str, value: str) -> None:
    rows = [{"code": c, "redcap_event_name": "baseline_arm_1", column: v} for c, v in (("8", ""), ("9", value))]
    with pytest.raises(RedcapError, match=f'\\\\"9\\\\",\\\\"{column}'.replace("\\\\", ".?")):
        visits.import_records(rows)
    assert {r["code"] for r in _rows(visits)} == {"1"}


def test_dates_may_come_day_first(visits: Project) -> None:
    visits.import_records(
        [{"code": "4", "redcap_event_name": "baseline_arm_1", "born": "31/12/1999"}], date_format="DMY"
    )
    assert [r["born"] for r in _rows(visits) if r["code"] == "4"] == ["1999-12-31"]


def test_a_form_with_status_2_is_complete_for_our_workflow(visits: Project, office: TokenTable) -> None:
    visits.import_records([{"code": "1", "redcap_event_name": "week_4_arm_1", "labs_complete": "2"}])
    ledger = office.ledger_of(visits.token)
    assert {f.key.form for f in ledger.facts(kind=FormCompleted.NAME)} == {"start", "labs"}


def test_new_records_get_the_next_numbers(visits: Project, office: TokenTable) -> None:
    assert visits.generate_next_record_name() == "2"
    at = '"redcap_event_name":"baseline_arm_1"'
    rows = f'[{{"code":"a",{at},"weight":"50"}},{{"code":"b",{at}}}]'
    taken = post(
        office, visits.token, "record", data=rows, forceAutoNumber="true", returnContent="auto_ids", type="flat"
    )
    assert taken.json() == ["2,a", "3,b"]


def test_a_deleted_record_is_gone_and_its_facts_stay(visits: Project, office: TokenTable) -> None:
    users = visits.export_users()
    visits.import_users([{**users[0], "record_delete": 1, "record_rename": 1}])
    assert visits.delete_records(["1"], event="week_4_arm_1") == 1
    assert len(_rows(visits)) == 3
    assert post(office, visits.token, "record", action="rename", record="1", new_record_name="N-1").text == "1"
    assert {r["code"] for r in _rows(visits)} == {"N-1"}
    assert visits.delete_records(["N-1"]) == 1
    assert visits.export_records() == []
    with pytest.raises(RedcapError, match="do not exist"):
        visits.delete_records(["N-1"])
    ledger = office.ledger_of(visits.token)
    assert any(f.key.participant == "1" for f in ledger.facts(kind=RecordChanged.NAME))
    visits.import_records([{"code": "1", "redcap_event_name": "baseline_arm_1", "weight": "70"}])
    assert [r["weight"] for r in _rows(visits)] == ["70"]


def test_files_are_values_of_fields(visits: Project) -> None:
    content, said = visits.export_file("1", "scan", event="baseline_arm_1")
    assert (content, said["name"]) == (b"hello", "scan 1.txt")
    visits.delete_file("1", "scan", event="baseline_arm_1")
    with pytest.raises(RedcapError):
        visits.export_file("1", "scan", event="baseline_arm_1")


def test_a_locked_form_takes_nothing(visits: Project, office: TokenTable) -> None:
    ledger = office.ledger_of(visits.token)
    place = RecordKey("north_clinic", "1", "baseline_arm_1", 1, "start", 1)
    who = Actor("dana", "data manager")
    ledger.append([Act(FormLocked("lock"), place)], actor=who, source="ui", definition_version="1")
    with pytest.raises(RedcapError, match="locked"):
        visits.import_records([{"code": "1", "redcap_event_name": "baseline_arm_1", "weight": "62"}])
    assert _rows(visits)[0]["weight"] == "61.5"


def test_what_is_calculated_follows_what_comes_in(visits: Project) -> None:
    visits.import_records(
        [{"code": "1", "redcap_event_name": "baseline_arm_1", "weight": "62.5", "double_weight": "9"}]
    )
    assert _rows(visits)[0]["double_weight"] == "125"
