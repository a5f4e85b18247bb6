"""What an append writes, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest

from opencro.kernel.finding import Refused
from opencro.ledger import (
    Act,
    Actor,
    Change,
    DataImported,
    FormSigned,
    Ledger,
    ParticipantEnrolled,
    Removal,
    Source,
    create_ledger,
    open_ledger,
)

from .conftest import ANN, record

Raw = Callable[..., list[tuple[object, ...]]]


def save(ledger: Ledger, *entries: object, **more: object) -> object:
    return ledger.append(entries, **{"actor": ANN, "source": "ui", "definition_version": "3", **more})  # type: ignore[arg-type]


@pytest.mark.requirement(3)
def test_a_fact_says_who_what_old_new_when_why_and_from_where(ledger: Ledger) -> None:
    save(ledger, Change(record(), {"SYSBP": "120"}), request_id="req-1")
    save(ledger, Change(record(), {"SYSBP": "130"}), reason="misread", request_id="req-2", source="api")
    fact = list(ledger.facts())[-1]
    assert (fact.actor, fact.role, fact.reason, fact.source, fact.request_id) == (
        "ann", "investigator", "misread", "api", "req-2",
    )  # fmt: skip
    assert fact.study == "CDISCPILOT01"
    assert fact.key == record()
    assert fact.payload == {"items": {"SYSBP": ["120", "130"]}}
    assert fact.what.payload == fact.payload
    assert (fact.definition_version, fact.software_version) == ("3", "0.1.0")
    when = datetime.fromisoformat(fact.recorded_at)
    assert abs(datetime.now(UTC) - when) < timedelta(minutes=1)
    assert len(fact.recorded_at) == len("2026-01-31T12:00:00.123Z")


@pytest.mark.requirement(3)
def test_the_audit_view_shows_the_same_to_raw_sql(ledger: Ledger, owner: Raw) -> None:
    save(ledger, Change(record(), {"NOTE": 'said "no" \\ \n\té'}))
    columns = "seq, site, participant, event, event_repeat, form, item_group, actor, role, source, recorded_at, hash"
    fact = list(ledger.facts())[-1]
    key = fact.key
    expected = (2, key.site, key.participant, key.event, 1, key.form, key.group, "ann", "investigator", "ui")
    assert owner(f"SELECT {columns} FROM audit ORDER BY seq")[-1] == (*expected, fact.recorded_at, fact.hash)
    assert fact.payload["items"]["NOTE"] == [None, 'said "no" \\ \n\té']


@pytest.mark.requirement(6)
def test_acts_of_work_are_in_the_trail_beside_data(ledger: Ledger) -> None:
    signature = FormSigned(printed_name="Ann Ant", meaning="I reviewed this form", sha256="ab" * 32)
    save(ledger, Act(ParticipantEnrolled("2014-01-02"), record()), Act(signature, record()))
    assert [f.kind for f in ledger.facts()] == ["ledger-created/1", "participant-enrolled/1", "form-signed/1"]
    assert next(ledger.facts(kind="form-signed/1")).what == signature


@pytest.mark.requirement(5)
def test_a_first_entry_needs_no_reason_and_a_change_of_a_saved_value_does(ledger: Ledger) -> None:
    save(ledger, Change(record(), {"SYSBP": "120"}))
    save(ledger, Change(record(), {"DIABP": "80"}))
    for entry in (Change(record(), {"SYSBP": "130"}), Change(record(), {"SYSBP": None}), Removal(record())):
        for source in Source:
            with pytest.raises(Refused) as refused:
                save(ledger, entry, source=source, reason="  ")
            assert refused.value.findings.codes() == ("LED-005",)
    assert ledger.position == 3
    save(ledger, Change(record(), {"SYSBP": "130"}, reason="misread"))
    assert ledger.history(record(), "SYSBP")[-1].reason == "misread"


@pytest.mark.requirement(9)
def test_a_device_clock_three_days_off_moves_no_timestamp(ledger: Ledger) -> None:
    device_time = datetime.now(timezone(timedelta(hours=5, minutes=30))) - timedelta(days=3)
    save(ledger, Change(record(), {"SYSBP": "120"}, device_time=device_time), source="offline")
    fact = list(ledger.facts())[-1]
    recorded = datetime.fromisoformat(fact.recorded_at)
    assert abs(datetime.now(UTC) - recorded) < timedelta(minutes=1)
    assert fact.device_time == device_time.isoformat(timespec="milliseconds")
    assert abs(timedelta(milliseconds=fact.device_offset_ms) - (recorded - device_time)) < timedelta(milliseconds=2)


@pytest.mark.requirement(9)
def test_a_device_time_without_zone_is_refused(ledger: Ledger) -> None:
    with pytest.raises(Refused) as refused:
        save(ledger, Change(record(), {"SYSBP": "1"}, device_time=datetime(2026, 1, 1)))
    assert refused.value.findings.codes() == ("LED-007",)


def test_what_is_already_so_makes_no_fact_and_the_same_import_again_writes_nothing(ledger: Ledger) -> None:
    changes = [Change(record(n), {"SYSBP": str(n), "DIABP": None}) for n in range(300)]
    first = save(ledger, *changes)
    again = save(ledger, *changes)
    assert (first.facts, again.facts, again.last_seq) == (300, 0, 0)
    assert again.anchor == first.anchor == ledger.anchors()[-1].hash


def test_a_dry_run_says_what_it_would_do_and_writes_nothing(ledger: Ledger) -> None:
    receipt = save(ledger, Change(record(), {"SYSBP": "1"}), dry_run=True)
    assert receipt.facts == 1
    assert (ledger.position, len(ledger.anchors())) == (1, 1)
    assert ledger.verify().ok


@pytest.mark.requirement(1)
def test_one_refused_change_leaves_none_of_its_append(ledger: Ledger, owner: Raw) -> None:
    save(ledger, Change(record(1), {"SYSBP": "1"}))
    with pytest.raises(Refused):
        save(ledger, Change(record(2), {"SYSBP": "1"}), Change(record(1), {"SYSBP": "2"}))
    assert owner("SELECT count(*) FROM fact") == [(2,)]
    assert owner("SELECT count(*) FROM record") == [(1,)]


def test_a_record_that_moved_on_is_not_overwritten_and_the_finding_names_who_moved_it(ledger: Ledger) -> None:
    seen = save(ledger, Change(record(), {"SYSBP": "1"})).last_seq
    bob = Actor("bob", "coordinator")
    save(ledger, Change(record(), {"SYSBP": "2"}, expected_fact=seen), actor=bob, reason="typing error")
    with pytest.raises(Refused) as refused:
        save(ledger, Change(record(), {"SYSBP": "3"}, expected_fact=seen), reason="typing error")
    (finding,) = refused.value.findings
    assert finding.code == "LED-010"
    assert "bob (coordinator)" in finding.got
    assert str(record()) in str(finding.place)
    with pytest.raises(Refused):
        save(ledger, Change(record(), {"SYSBP": "3"}, expected_fact=0), reason="typing error")
    assert ledger.snapshot().records("VS")["SYSBP"].to_list() == ["2"]


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (Change(record(participant='7"1'), {"SYSBP": "1"}), "LED-001"),
        (Change(record(participant="7\x1f1"), {"SYSBP": "1"}), "LED-001"),
        (Change(record(participant="7\ud8001"), {"SYSBP": "1"}), "LED-001"),
        (Change(record(participant=""), {"SYSBP": "1"}), "LED-002"),
        (Change(record(repeat=-1), {"SYSBP": "1"}), "LED-002"),
        (Change(record(), {"": "1"}), "LED-003"),
        (Change(record(), {"participant": "1"}), "LED-003"),
        (Change(record(), {"SYSBP": 1}), "LED-004"),  # type: ignore[dict-item]
        (Change(record(), {"SYSBP": "\ud800"}), "LED-004"),
        (Act(DataImported("\udfff.csv", "csv", "", 1)), "LED-004"),
    ],
)
def test_what_cannot_be_stored_is_refused(ledger: Ledger, entry: object, code: str) -> None:
    with pytest.raises(Refused) as refused:
        save(ledger, entry)
    assert refused.value.findings.codes() == (code,)
    assert ledger.position == 1


def test_nobody_in_particular_cannot_act(ledger: Ledger) -> None:
    with pytest.raises(Refused) as refused:
        save(ledger, Change(record(), {"SYSBP": "1"}), actor=Actor("", " "))
    assert refused.value.findings.codes() == ("LED-006", "LED-006")


def test_a_rehearsal_with_a_clock_gives_the_same_bytes_and_a_live_ledger_takes_no_clock(
    url: str, new_url: Callable[[], str]
) -> None:
    def clock() -> datetime:
        return datetime(2030, 1, 1, 12, 0, tzinfo=UTC)

    heads = []
    for place in (url, new_url()):
        with create_ledger(place, study="S", purpose="rehearsal", clock=clock) as made:
            save(made, Change(record(), {"SYSBP": "1"}), source="rehearsal")
            heads.append([a.hash for a in made.anchors()])
    assert heads[0] == heads[1]
    live = new_url()
    with pytest.raises(Refused) as refused:
        create_ledger(live, study="S", clock=clock)
    assert refused.value.findings.codes() == ("LED-011",)
    create_ledger(live, study="S").close()
    with pytest.raises(Refused):
        open_ledger(live, clock=clock)


def test_opening_nothing_and_creating_twice_are_refused(url: str) -> None:
    for wrong in (lambda: open_ledger(url), lambda: create_ledger(url, study="S", purpose="play")):
        with pytest.raises(Refused):
            wrong()
    create_ledger(url, study="S").close()
    with pytest.raises(Refused) as refused:
        create_ledger(url, study="S")
    assert refused.value.findings.codes() == ("LED-012",)
