"""The trail as CSV and PDF for people, backup and restore, and the frames."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pypdf import PdfReader

from opencro.kernel.finding import Refused
from opencro.ledger import Act, Change, DataExported, Ledger, ParticipantEnrolled, RecordKey, Removal, restore

from .conftest import ANN, record

Raw = Callable[..., list[tuple[object, ...]]]


@pytest.fixture
def filled(ledger: Ledger) -> Ledger:
    """Two sites, three participants, saves, a change, a removal and acts."""
    for site, who in (("701", "701-1"), ("701", "701-2"), ("702", "702-1")):
        keys = [RecordKey(site, who, "V1", 1, "VS", 1, "G", n) for n in (1, 2)]
        entries = [Act(ParticipantEnrolled("2014-01-02"), RecordKey(site, who))]
        entries += [Change(key, {"SYSBP": "120", "NOTE": 'a, "b"\nc \\ é'}) for key in keys]
        ledger.append(entries, actor=ANN, source="ui", definition_version="1")
        more = [Change(keys[0], {"SYSBP": "130"}), Removal(keys[1])]
        ledger.append(more, actor=ANN, source="ui", definition_version="1", reason="typing error")
    return ledger


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.mark.requirement(10)
def test_the_audit_export_is_complete_for_study_site_and_participant(
    filled: Ledger, owner: Raw, tmp_path: Path
) -> None:
    for options, where in (
        ({}, "1 = 1"),
        ({"site": "701"}, "site = '701'"),
        ({"participant": "702-1"}, "participant = '702-1'"),
    ):
        count = filled.audit_csv(tmp_path / "audit.csv", **options)
        rows = read(tmp_path / "audit.csv")
        expected = owner(f"SELECT seq, hash FROM audit WHERE {where} ORDER BY seq")
        assert count == (len(expected), len(rows))
        assert list(dict.fromkeys((int(r["Fact"]), r["Hash"]) for r in rows)) == expected


@pytest.mark.requirement(10)
def test_the_audit_export_reads_without_technical_skill(filled: Ledger, tmp_path: Path) -> None:
    filled.audit_csv(tmp_path / "audit.csv", participant="701-1")
    change = next(r for r in read(tmp_path / "audit.csv") if r["Old value"] == "120" and r["New value"] == "130")
    assert {k: change[k] for k in ("User", "Role", "What", "Item", "Reason", "Source", "Form", "Event")} == {
        "User": "ann", "Role": "investigator", "What": "record changed", "Item": "SYSBP", "Reason": "typing error",
        "Source": "ui", "Form": "VS", "Event": "V1",
    }  # fmt: skip
    enrolled = read(tmp_path / "audit.csv")[0]
    assert (enrolled["What"], enrolled["Details"]) == ("participant enrolled", "enrolled on: 2014-01-02")
    note = next(r for r in read(tmp_path / "audit.csv") if r["Item"] == "NOTE")
    assert note["New value"] == 'a, "b"\nc \\ é'


@pytest.mark.requirement(10)
def test_the_audit_export_as_pdf_holds_every_line_and_is_the_same_to_the_byte(filled: Ledger, tmp_path: Path) -> None:
    odd = "新 long " + "word " * 400 + "end"
    key = RecordKey("701", "701-9", "V1", 1, "VS", 1, "G", 1)
    filled.append([Change(key, {"NOTE": odd})], actor=ANN, source="ui", definition_version="1")
    pdf, again = tmp_path / "audit.pdf", tmp_path / "again.pdf"
    assert filled.audit_pdf(pdf) == filled.audit_csv(tmp_path / "audit.csv")
    filled.audit_pdf(again)
    assert pdf.read_bytes() == again.read_bytes()
    pages = [page.extract_text() for page in PdfReader(pdf).pages]
    text = re.sub(r"\s+", "", "".join(pages))
    for row in read(tmp_path / "audit.csv"):
        for column in ("Fact", "User", "Role", "What", "Participant", "Item", "Reason", "Details"):
            assert re.sub(r"\s+", "", row[column]) in text, (column, row[column])
    assert text.count("word") == 400
    assert "\\u65b0" in text
    assert all(f"page {i} of {len(pages)}" in page for i, page in enumerate(pages, start=1))


@pytest.mark.requirement(10)
def test_the_audit_export_as_pdf_of_a_site_or_participant_has_no_other(filled: Ledger, tmp_path: Path) -> None:
    assert filled.audit_pdf(tmp_path / "a.pdf", site="701") == filled.audit_csv(tmp_path / "a.csv", site="701")
    text = "".join(page.extract_text() for page in PdfReader(tmp_path / "a.pdf").pages)
    assert "site 701" in text
    assert "702-1" not in text


@pytest.mark.requirement(40)
def test_a_backup_restores_to_an_empty_place_and_everything_agrees(
    filled: Ledger, tmp_path: Path, new_url: Callable[[], str]
) -> None:
    backup = tmp_path / "backup"
    filled.backup(backup)
    with restore(backup, new_url()) as again:
        assert again.anchors() == filled.anchors()
        assert [(f.seq, f.hash) for f in again.facts()] == [(f.seq, f.hash) for f in filled.facts()]
        assert list(again._store.all_records()) == list(filled._store.all_records())
        assert (again.study, again.purpose) == (filled.study, filled.purpose)
        assert again.verify(filled.anchors()[-1].hash).ok
        again.append([Change(record(), {"SYSBP": "1"})], actor=ANN, source="ui", definition_version="1")
        assert again.verify().ok


@pytest.mark.requirement(40)
def test_an_export_restores_on_the_other_database(
    filled: Ledger, url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    export = tmp_path / "export.jsonl"
    filled.export_ledger(export)
    base, _ = request.getfixturevalue("postgres")
    other = (
        f"{base}&schema=other_{filled.position}_from_sqlite" if url.startswith("sqlite") else str(tmp_path / "other.db")
    )
    with restore(export, other) as again:
        assert again.anchors() == filled.anchors()
        again.export_ledger(tmp_path / "again.jsonl")
    assert (tmp_path / "again.jsonl").read_bytes() == export.read_bytes()


@pytest.mark.requirement(40)
def test_an_altered_backup_is_not_restored(filled: Ledger, tmp_path: Path, new_url: Callable[[], str]) -> None:
    export = tmp_path / "export.jsonl"
    filled.export_ledger(export)
    export.write_bytes(export.read_bytes().replace(b'"old"', b'"x"').replace(b'"130"', b'"131"', 1))
    with pytest.raises(Refused) as refused:
        restore(export, new_url())
    assert "LED-101" in refused.value.findings.codes()


def test_the_frames_hold_each_fact_and_each_item_change(filled: Ledger) -> None:
    facts, changes = filled.facts_frame(), filled.changes_frame()
    assert facts["seq"].to_list() == list(range(1, filled.position + 1))
    assert changes.height == 3 * (2 + 2 + 1 + 2)
    assert changes.filter(item="SYSBP", participant="701-1")["new"].to_list() == ["120", "120", "130", None]
    assert filled.changes_frame(after=filled.position).height == 0


@pytest.mark.requirement(6)
def test_an_export_can_be_recorded_in_the_trail(filled: Ledger, tmp_path: Path) -> None:
    count = filled.audit_csv(tmp_path / "audit.csv")
    what = DataExported("audit trail", "csv", filled.position, count.facts)
    filled.append([Act(what)], actor=ANN, source="ui", definition_version="1")
    assert list(filled.facts())[-1].what == what
