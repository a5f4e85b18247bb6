"""Records go out as ODM, as they stand or change by change, and the export is on record."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from lxml import etree
from typer.testing import CliRunner

from opencro.app.cli.main import app
from opencro.app.export import Extent, export_records
from opencro.app.importing import Delivery, import_deliveries
from opencro.app.wiring import open_study_ledger
from opencro.kernel.finding import Refused
from opencro.ledger import Actor, Change, RecordChanged, Removal, Source, create_ledger
from opencro.study import Study, load_study
from opencro.study.formats.odm import OdmRecord, OdmVersion, fold_transactions, read_odm_data

VERSIONS: list[OdmVersion] = ["1.3.2", "2.0"]
Standing = dict[tuple[str, ...], Mapping[str, str | None]]


@pytest.fixture(scope="module")
def played(played: Study, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A copy, in which a value was corrected and a record removed."""
    folder = tmp_path_factory.mktemp("copy") / "STARTER"
    shutil.copytree(played.root, folder)
    study = load_study(folder)
    with open_study_ledger(study) as ledger:
        facts = list(ledger.facts(kind=RecordChanged.NAME))
        first, last = facts[0], facts[-1]
        item = next(name for name, (_, new) in first.payload["items"].items() if new and not new[-1].isalpha())
        acts = [Change(first.key, {item: "1950-01-31"}), Removal(last.key)]
        ledger.append(
            acts,
            actor=Actor("ann", "data manager"),
            source=Source.UI,
            reason="Typed wrongly",
            definition_version="1",
        )
    return study


def _standing(records: tuple[OdmRecord, ...]) -> Standing:
    found: Standing = {}
    for r in records:
        values = {item: value for item, value in r.items.items() if value is not None}
        if values:
            found[r.participant, r.event, r.event_repeat, r.form, r.form_repeat, r.group, r.group_repeat] = values
    return found


@pytest.mark.requirement(34)
@pytest.mark.parametrize("version", VERSIONS)
def test_changes_one_after_the_other_lead_to_what_stands(played: Study, tmp_path: Path, version: OdmVersion) -> None:
    export_records(played, tmp_path / "now.xml", version, user="ann")
    count = export_records(played, tmp_path / "all.xml", version, Extent(transactional=True), user="ann")
    now = read_odm_data((tmp_path / "now.xml").read_bytes())
    every = read_odm_data((tmp_path / "all.xml").read_bytes())
    assert now.findings.ok
    assert every.findings.ok
    assert len(every.records) == count > len(now.records)
    assert {r.transaction for r in every.records} == {"Insert", "Update", "Remove"}
    folded, notes = fold_transactions(every.records)
    assert _standing(folded) == _standing(now.records)
    assert notes[0].got.startswith(f"{count} changes became")
    audit = next(iter(every.records[-1].audits.values()))
    assert (audit.user, audit.reason) == ("ann", "Typed wrongly")
    assert audit.source_id.isdigit()


@pytest.mark.peer
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("transactional", [False, True])
def test_what_goes_out_is_valid(
    played: Study, shared: Path, tmp_path: Path, version: OdmVersion, transactional: bool
) -> None:
    export_records(played, tmp_path / "out.xml", version, Extent(transactional=transactional), user="ann")
    name = "1.3.2/schema/ODM1-3-2.xsd" if version == "1.3.2" else "2.0/schema/ODM.xsd"
    etree.XMLSchema(etree.parse(shared / "cdisc/odm" / name)).assertValid(etree.parse(tmp_path / "out.xml"))


def test_a_file_of_changes_is_imported_as_what_stands_after_them(played: Study, tmp_path: Path) -> None:
    export_records(played, tmp_path / "all.xml", "1.3.2", Extent(transactional=True), user="ann")
    with open_study_ledger(played) as old, create_ledger(tmp_path / "new.sqlite", study=played.id) as new:
        (report,) = import_deliveries(played, new, [Delivery(tmp_path / "all.xml", None)], user="again", enrol=True)
        assert report.findings.ok, report.findings.errors
        assert "ODM-054" in report.findings.codes()
        form, group = old.snapshot().forms()[0]
        keys = ["participant", "event", "event_repeat", "form_repeat", "group_repeat"]
        frames = [ledger.snapshot().records(form, group).drop("record", "fact").sort(keys) for ledger in (old, new)]
        assert frames[0].equals(frames[1])


@pytest.mark.requirement(6)
def test_what_is_marked_stays_here_and_the_export_is_on_record(played: Study, tmp_path: Path) -> None:
    form = played.forms["DM"]
    group = form.groups[0]
    first, second, *others = group.items
    items = (first.model_copy(update={"sensitive": True}), second.model_copy(update={"blinded": True}), *others)
    marked = form.model_copy(update={"groups": (group.model_copy(update={"items": items}), *form.groups[1:])})
    study = Study(**{**vars(played), "forms": {**played.forms, "DM": marked}})
    export_records(study, tmp_path / "some.xml", extent=Extent(sensitive=False), user="eve")
    export_records(study, tmp_path / "fewer.xml", extent=Extent(True, 0, None, False, False), user="eve")
    some = {i for r in read_odm_data((tmp_path / "some.xml").read_bytes()).records if r.form == "DM" for i in r.items}
    fewer = {i for r in read_odm_data((tmp_path / "fewer.xml").read_bytes()).records if r.form == "DM" for i in r.items}
    assert first.id not in some
    assert second.id in some
    assert {first.id, second.id} & fewer == set()
    with open_study_ledger(played) as ledger:
        acts = [f for f in ledger.facts(kind="data-exported/1") if f.actor == "eve"]
    assert [act.payload["what"] for act in acts] == ["records", "changes of records"]


def test_changes_after_a_position_are_those_after_it(played: Study, tmp_path: Path) -> None:
    with open_study_ledger(played) as ledger:
        last = max(fact.seq for fact in ledger.facts(kind=RecordChanged.NAME))
        assert ledger.position > last
    count = export_records(played, tmp_path / "a.xml", extent=Extent(True, after=last - 1), user="ann")
    assert count == 2
    kinds = {r.transaction for r in read_odm_data((tmp_path / "a.xml").read_bytes()).records}
    assert kinds == {"Upsert", "Remove"}


def test_refusals(played: Study, tmp_path: Path) -> None:
    (tmp_path / "there.xml").write_text("mine", encoding="utf-8")
    for path, extent, code in (
        (tmp_path / "there.xml", Extent(), "EXR-001"),
        (tmp_path / "new.xml", Extent(until=10**9), "EXR-002"),
    ):
        with pytest.raises(Refused) as refused:
            export_records(played, path, extent=extent, user="ann")
        assert refused.value.findings.codes() == (code,)
    assert (tmp_path / "there.xml").read_text(encoding="utf-8") == "mine"


def test_the_command(played: Study, tmp_path: Path) -> None:
    target = tmp_path / "out.xml"
    done = CliRunner().invoke(app, ["export", str(played.root), str(target), "--to", "odm-2.0", "--transactional"])
    assert done.exit_code == 0, done.output
    assert "changes in" in done.output
    wrong = CliRunner().invoke(app, ["export", str(played.root), str(tmp_path / "b.xml"), "--after", "3"])
    assert wrong.exit_code == 2
