"""A study that never was a REDCap project, seen through REDCap's door."""

from __future__ import annotations

import pytest
from redcap import Project, RedcapError

from opencro.app.redcap.rights import owner_flags
from opencro.app.redcap.settings import change_settings
from opencro.app.rehearsal import rehearse_study
from opencro.ledger import Actor
from opencro.study import Study, init_study, load_study
from tests.app.redcap.conftest import TokenTable, post


@pytest.fixture(scope="module")
def played_study(office: TokenTable) -> Study:
    """The starter study with some virtual participants."""
    folder = init_study(office.folder / "OWN", id="OWN", title="A study of ours")
    study = load_study(folder)
    rehearse_study(study, participants=12, seed=11)
    ledger = office.ledger(study)
    forms = dict.fromkeys([form.lower() for form in study.forms], 1)
    rights = {**owner_flags(), "forms": forms, "forms_export": forms}
    acts = change_settings(ledger, "user", {"olga": rights})
    ledger.append(acts, actor=Actor("olga", "administrator"), source="system", definition_version="1")
    return study


@pytest.fixture
def own(office: TokenTable, played_study: Study) -> Project:
    """The study as a client sees it."""
    return Project(f"{office.address}/api/", office.issue(played_study.root, "olga"))


def test_forms_are_instruments_and_items_fields(own: Project, played_study: Study) -> None:
    rows = own.export_metadata()
    assert rows[0]["field_label"] == "Participant"
    names = [row["field_name"] for row in rows]
    assert len(names) == len(set(names))
    items = sum(len(group.items) for form in played_study.forms.values() for group in form.groups)
    assert len(names) == items + 1
    assert all(name == name.lower() for name in names)


def test_every_value_that_stands_comes_out_once(own: Project, office: TokenTable, played_study: Study) -> None:
    snapshot = office.ledger(played_study).snapshot()
    values = 0
    for form, group in snapshot.forms():
        frame = snapshot.records(form, group)
        items = [c for c in frame.columns if c in {i.id for g in played_study.forms[form].groups for i in g.items}]
        values += sum(frame.height - frame.get_column(c).null_count() for c in items)
    rows = own.export_records(record_type="eav", fields=[row["field_name"] for row in own.export_metadata()[1:]])
    written = [
        row for row in rows if row["field_name"] != own.def_field and not row["field_name"].endswith("_complete")
    ]
    assert len(written) == values


def test_what_comes_out_goes_in_again_and_changes_nothing(
    own: Project, office: TokenTable, played_study: Study
) -> None:
    rows = [{k: v for k, v in row.items() if not k.endswith("_complete")} for row in own.export_records()]
    position = office.ledger(played_study).position
    assert own.import_records(rows)["count"] == len({row[own.def_field] for row in rows})
    kinds = {fact.kind for fact in office.ledger(played_study).facts(after=position)}
    assert "record-changed/1" not in kinds


def test_its_definition_is_not_changed_from_here(own: Project, office: TokenTable) -> None:
    with pytest.raises(RedcapError, match="not made from a REDCap project"):
        own.import_metadata(own.export_metadata())
    with pytest.raises(RedcapError, match="not made from a REDCap project"):
        own.import_arms([{"arm_num": 2, "name": "B"}])
    assert "not made from" in post(office, own.token, "project_settings", data='{"project_title": "X"}').text


def test_a_status_of_2_completes_a_form(own: Project) -> None:
    event = next(r["redcap_event_name"] for r in own.export_records() if r["pulse"])
    row = {own.def_field: "NEW-1", "redcap_event_name": event, "pulse": "70"}
    own.import_records([{**row, "vs_complete": "0"}])
    assert [r["vs_complete"] for r in own.export_records(records=["NEW-1"])] == ["0"]
    own.import_records([{**row, "vs_complete": "2"}])
    assert [r["vs_complete"] for r in own.export_records(records=["NEW-1"])] == ["2"]
