"""Imports go through the ledger with the same audit as typing: dry run, per-row report, all or nothing, idempotent."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opencro.capture import (
    ImportReport,
    LedgerState,
    import_data,
    plan_import,
    read_delimited,
    render_import,
    text_frame,
)
from opencro.ledger import Actor, Change, DataImported, Ledger, RecordKey, Removal, Source, create_ledger
from opencro.study import Study, load_study
from tests.capture.conftest import ACTOR, DM, make_study

Importer = Callable[..., ImportReport]
AE = "SITEID,SUBJID,NUMBER,AETERM,AESTDAT,TAKE\n"


def _codes(report: ImportReport) -> list[str]:
    return list(report.findings.codes())


@pytest.mark.requirement(33)
def test_a_file_enters_with_its_digest_who_when_and_from_where(bring: Importer, ledger: Ledger) -> None:
    report = bring("dm", DM)
    assert report.counts == {"new": 2, "changed": 0, "same": 0, "not taken": 0, "refused": 0}
    (act,) = ledger.facts(kind=DataImported.NAME)
    assert (act.payload["file"], act.payload["rows"]) == ("dm.csv", 2)
    assert len(act.payload["sha256"]) == 64
    (line,) = ledger.history(RecordKey("701", "701-01", "", 0, "DM", 1, "DM", 1), "SEX")
    assert (line.old, line.new, line.actor, line.role, line.source) == (None, "F", "dm1", "data manager", Source.IMPORT)


@pytest.mark.requirement(35)
def test_imported_values_carry_the_definition_version_under_which_they_came(bring: Importer, ledger: Ledger) -> None:
    bring("dm", DM)
    assert {f.definition_version for f in ledger.facts(participant="701-01")} == {"7"}


@pytest.mark.requirement(33)
def test_a_dry_run_says_the_same_and_writes_nothing(bring: Importer, ledger: Ledger) -> None:
    before = ledger.position
    dry = bring("dm", DM, dry_run=True)
    assert ledger.position == before
    assert dry.receipt is None
    wet = bring("dm", DM)
    assert dry.plan.rows.equals(wet.plan.rows)
    assert "would be written" in render_import(dry)


@pytest.mark.requirement(33)
def test_the_same_file_again_writes_nothing(bring: Importer, ledger: Ledger) -> None:
    bring("dm", DM)
    position = ledger.position
    again = bring("dm", DM)
    assert again.counts["same"] == 2
    assert again.receipt is None
    assert ledger.position == position


@pytest.mark.requirement(33)
def test_one_wrong_row_refuses_the_file_unless_the_rest_is_asked_for(bring: Importer, ledger: Ledger) -> None:
    text = DM.replace(",M,", ",X,")
    report = bring("dm", text)
    assert _codes(report) == ["CAP-303"]
    (finding,) = report.findings
    assert (finding.place.line, finding.place.path, finding.got) == (3, "SEX", '"X"')
    assert report.counts["refused"] == 1
    assert ledger.snapshot().participants() == []
    bring("dm", text, partial=True)
    assert ledger.snapshot().participants() == [("701", "701-01")]
    assert [f.key.participant for f in ledger.facts(kind="participant-enrolled/1")] == ["701-01"]


@pytest.mark.requirement(33)
def test_a_saved_value_changes_only_with_a_reason(bring: Importer, ledger: Ledger) -> None:
    bring("dm", DM)
    corrected = DM.replace(",63,", ",64,")
    refused = bring("dm", corrected)
    assert _codes(refused) == ["CAP-401"]
    done = bring("dm", corrected, reason="query 12 answered")
    assert done.counts == {"new": 0, "changed": 1, "same": 1, "not taken": 0, "refused": 0}
    last = ledger.history(RecordKey("701", "701-01", "", 0, "DM", 1, "DM", 1), "AGE")[-1]
    assert (last.old, last.new, last.reason) == ("63", "64", "query 12 answered")


def test_a_field_that_became_empty_clears_the_value(bring: Importer, ledger: Ledger) -> None:
    bring("dm", DM)
    bring("dm", DM.replace(",USA", ","), reason="withdrawn by the site")
    assert ledger.snapshot().records("DM", "DM", ["COUNTRY"]).get_column("COUNTRY").to_list() == [None, None]


def test_enrolment_is_dated_by_the_first_date_of_the_row(bring: Importer, ledger: Ledger) -> None:
    bring("dm", DM)
    assert [f.payload["enrolled_on"] for f in ledger.facts(kind="participant-enrolled/1")] == [
        "2014-01-02",
        "2014-01-03",
    ]


def test_columns_are_those_that_the_transfer_knows(bring: Importer) -> None:
    report = bring("dm", "STUDYID,SITE,SUBJID,DMDAT,COUNTY\nS1,701,01,2014-01-02,USA\n")
    assert _codes(report) == ["CAP-201", "CAP-202", "CAP-202"]
    remedies = [f.remedy for f in report.findings]
    assert 'Did you mean "SITE"?' in remedies
    assert 'Did you mean "COUNTRY"?' in remedies
    assert report.counts["refused"] == 1


@pytest.mark.parametrize(
    ("old", "new", "code", "column"),
    [
        ("2014-01-02", "2014-02-30", "CAP-302", "DMDAT"),
        ("2014-01-02", "2014-01", "CAP-302", "DMDAT"),
        ("63", "sixty", "CAP-301", "AGE"),
        ("63", "63.5", "CAP-301", "AGE"),
        ("63", "17", "CAP-305", "AGE"),
        ("USA", "FRANCE", "CAP-304", "COUNTRY"),
        ("S1,701,01,", "S1,,01,", "CAP-204", "SITEID"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_line_and_column(
    bring: Importer, old: str, new: str, code: str, column: str
) -> None:
    report = bring("dm", DM.replace(old, new))
    hits = [f for f in report.findings if f.code == code]
    assert (hits[0].place.line, hits[0].place.path) == (2, column)
    assert hits[0].remedy


def test_a_value_out_of_range_is_taken_and_shown(bring: Importer) -> None:
    report = bring("dm", DM.replace(",63,", ",17,"))
    assert report.findings.ok
    assert report.counts["new"] == 2


def test_a_participant_is_enrolled_and_stays_at_the_site(bring: Importer) -> None:
    bring("dm", DM)
    other_site = bring("vs", "USUBJID,VISIT,SYSBP\n702-01,BASELINE,120\n701-1,BASELINE,120\n")
    assert _codes(other_site) == ["CAP-206", "CAP-206"]
    moved = bring("dm", DM + "S1,702,03,2014-01-05,F,50,\n")
    assert moved.findings.ok
    bring("ae", AE + "701,01,E1,Headache,2014-01-03,\n")


def test_a_participant_of_another_site_is_refused(bring: Importer, study: Study, ledger: Ledger) -> None:
    bring("dm", DM)
    transfer = study.transfers["dm"].model_copy(update={"participant": "PID", "id": "dm2"})
    frame = pl.DataFrame({"STUDYID": ["S1"], "SITEID": ["702"], "PID": ["701-01"], "DMDAT": ["2014-01-02"]})
    plan = plan_import(study, transfer, frame, LedgerState(ledger))
    assert plan.findings.codes() == ("CAP-207",)
    assert "site 701" in plan.findings.items[0].expected


def test_visits_are_found_by_name_or_id_and_unknown_ones_get_a_suggestion(bring: Importer, ledger: Ledger) -> None:
    bring("dm", DM)
    text = "USUBJID,VISIT,SYSBP\n701-01,SCREENING 1,120\n701-01,BL,121\n701-01,UNSCHEDULED 2.1,122.5\n"
    assert bring("vs", text).findings.ok
    events = ledger.snapshot().records("VS", "VS").get_column("event").to_list()
    assert events == ["SCR", "BL", "UNS_2_1"]
    wrong = bring("vs", "USUBJID,VISIT,SYSBP\n701-01,BASELIN,120\n701-01,,120\n")
    assert sorted(_codes(wrong)) == ["CAP-204", "CAP-205"]
    assert any(f.remedy == 'Did you mean "BASELINE"?' for f in wrong.findings)


def test_a_form_at_a_visit_that_does_not_ask_for_it_is_shown(bring: Importer, study: Study, ledger: Ledger) -> None:
    bring("dm", DM)
    form = study.forms["VS"].model_copy(update={"id": "EG"})
    strange = Study(**{**study.__dict__, "forms": {**study.forms, "EG": form}})
    transfer = study.transfers["vs"].model_copy(update={"form": "EG", "id": "eg"})
    frame = pl.DataFrame({"USUBJID": ["701-01"], "VISIT": ["BL"], "SYSBP": ["120"]})
    plan = plan_import(strange, transfer, frame, LedgerState(ledger))
    assert plan.findings.codes() == ("CAP-211",)
    assert plan.findings.items[0].got == "EG at BL (1 records)"
    assert plan.counts["new"] == 1


def test_two_rows_for_one_record_are_refused_and_both_lines_named(bring: Importer) -> None:
    bring("dm", DM)
    twice = bring("vs", "USUBJID,VISIT,SYSBP\n701-01,BL,120\n701-02,BL,110\n701-01,BASELINE,121\n")
    assert _codes(twice) == ["CAP-208", "CAP-208"]
    assert [f.place.line for f in twice.findings] == [2, 4]
    assert "lines 2 and 4" in twice.findings.items[0].got
    keys = bring("ae", AE + "701,01,E1,Headache,2014,\n701,01,E1,Nausea,2014-02,\n")
    assert _codes(keys) == ["CAP-208", "CAP-208"]


def test_the_same_key_keeps_its_repeat_and_a_new_key_gets_the_next(bring: Importer, ledger: Ledger) -> None:
    bring("dm", DM)
    bring("ae", AE + "701,01,E7,Headache,2014,\n701,01,E2,Nausea,2014-02,\n")
    bring("ae", AE + "701,01,E1,Rash,2014-03,\n701,01,E2,Nausea,2014-02,\n701,01,E9,Fall,2014,no\n")
    found = ledger.snapshot().records("AE", "AE", ["AESPID"]).select("AESPID", "group_repeat").rows()
    assert sorted(found) == [("E1", 3), ("E2", 2), ("E7", 1)]


def test_rows_that_the_transfer_leaves_out_are_reported_as_not_taken(bring: Importer) -> None:
    bring("dm", DM)
    report = bring("ae", AE + "701,01,E7,Headache,2014,no\n701,01,E2,Nausea,2014-02,\n")
    assert report.plan.rows.select("line", "status").rows() == [(2, "not taken"), (3, "new")]


def test_a_repeating_form_counts_in_the_order_of_the_file(bring: Importer, ledger: Ledger) -> None:
    bring("dm", DM)
    bring("log", "SITEID,SUBJID,NOTE\n701,01,a\n701,02,b\n701,01,c\n")
    found = (
        ledger.snapshot().records("LOG", "LOG", ["NOTE"]).select("participant", "form_repeat", "group_repeat", "NOTE")
    )
    assert found.rows() == [("701-01", 1, 1, "a"), ("701-02", 1, 1, "b"), ("701-01", 2, 1, "c")]


def test_a_row_without_any_value_makes_no_record(bring: Importer) -> None:
    bring("dm", DM)
    report = bring("log", "SITEID,SUBJID,NOTE\n701,01,\n701,01,c\n")
    assert report.counts["not taken"] == 1
    assert _codes(report) == ["CAP-402"]


def test_a_key_that_no_item_keeps_is_refused(bring: Importer, study: Study, ledger: Ledger) -> None:
    transfer = study.transfers["ae"].model_copy(update={"items": {}, "skip": ("NUMBER",)})
    frame = pl.DataFrame({"SITEID": ["701"], "SUBJID": ["01"], "NUMBER": ["1"], "AETERM": ["x"], "TAKE": ["y"]})
    assert "CAP-209" in plan_import(study, transfer, frame, LedgerState(ledger)).findings.codes()


@pytest.mark.requirement(29)
def test_an_import_does_not_overwrite_what_somebody_changed_meanwhile(
    study: Study, ledger: Ledger, bring: Importer
) -> None:
    bring("dm", DM)
    frame = text_frame(
        pl.DataFrame({"STUDYID": ["S1"], "SITEID": ["701"], "SUBJID": ["01"], "AGE": ["65"], "DMDAT": ["2014-01-02"]})
    )
    plan = plan_import(study, study.transfers["dm"], frame, LedgerState(ledger), reason="sent again")
    key = RecordKey("701", "701-01", "", 0, "DM", 1, "DM", 1)
    site = Actor("nurse", "site")
    ledger.append([Change(key, {"AGE": "66"})], actor=site, source="ui", definition_version="7", reason="typing error")
    with pytest.raises(Exception, match="LED-010"):
        ledger.append(plan.changes, actor=ACTOR, source="import", definition_version="7")
    assert ledger.history(key, "AGE")[-1].new == "66"


def test_a_record_that_a_person_removed_does_not_come_back_unasked(bring: Importer, ledger: Ledger) -> None:
    bring("dm", DM)
    bring("ae", AE + "701,01,E7,Headache,2014,\n")
    key = RecordKey("701", "701-01", "", 0, "AE", 1, "AE", 1)
    ledger.append(
        [Removal(key)], actor=ACTOR, source="ui", definition_version="7", reason="entered for the wrong person"
    )
    again = bring("ae", AE + "701,01,E7,Headache,2014,\n")
    assert again.receipt is None
    assert "LED-010" in _codes(again)


_rows = st.lists(
    st.tuples(st.sampled_from(["01", "02"]), st.integers(1, 6), st.sampled_from(["Rash", "Fall", ""])),
    unique_by=lambda r: (r[0], r[1]),
    min_size=1,
    max_size=8,
)


@pytest.mark.requirement(33)
@settings(max_examples=15, deadline=None)
@given(rows=_rows, seed=st.integers(0, 9))
def test_import_twice_in_any_order_of_rows_is_import_once(rows: list[tuple[str, int, str]], seed: int) -> None:
    study = make_study()
    people = pl.DataFrame({"STUDYID": ["S1"] * 2, "SITEID": ["701"] * 2, "SUBJID": ["01", "02"], "SEX": ["F", "M"]})
    people = people.with_columns(pl.lit("2014-01-02").alias("DMDAT"))

    def frame(order: list[tuple[str, int, str]]) -> pl.DataFrame:
        made = [
            {"SITEID": "701", "SUBJID": s, "NUMBER": f"E{n}", "AETERM": t or None, "TAKE": "y"} for s, n, t in order
        ]
        return text_frame(pl.DataFrame(made, schema_overrides={"AETERM": pl.String}))

    with TemporaryDirectory() as folder, create_ledger(Path(folder) / "l.sqlite", study="S1") as ledger:
        common: dict[str, Any] = {"actor": ACTOR, "digest": "0" * 64}
        import_data(study, study.transfers["dm"], text_frame(people), ledger, **common)
        import_data(study, study.transfers["ae"], frame(rows), ledger, **common)
        state, position = ledger.snapshot().records("AE"), ledger.position
        shuffled = list(rows)
        random.Random(seed).shuffle(shuffled)
        again = import_data(study, study.transfers["ae"], frame(shuffled), ledger, **common)
        assert ledger.position == position
        assert again.counts["same"] == len(rows)
        assert ledger.snapshot().records("AE").equals(state)


@pytest.mark.peer
def test_the_raw_exports_of_the_pilot_enter_whole_and_once(shared: Path, root: Path, tmp_path: Path) -> None:
    study = load_study(root / "studies" / "cdiscpilot01")
    raw = shared / "cdisc" / "raw_360i" / "raw"
    with create_ledger(tmp_path / "l.sqlite", study=study.id) as ledger:
        for expected in ("new", "same"):
            for name, rows in (("dm", 306), ("ae", 1272), ("mh", 1818), ("vs", 8211)):
                transfer = study.transfers[name]
                frame = read_delimited(next(raw.glob(transfer.file)))
                report = import_data(study, transfer, frame, ledger, actor=ACTOR, digest="0" * 64)
                assert report.findings.ok, render_import(report)
                assert report.counts[expected] == rows
