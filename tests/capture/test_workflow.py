"""The life of a form, folded from facts: only in order, and a signature holds only what was signed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from opencro.capture import FormWork, Membership, covers, form_place, permissions, refuse, role_for, roles, sites_for
from opencro.ledger import (
    Act,
    Actor,
    Change,
    Entry,
    FactKind,
    FormCompleted,
    FormLocked,
    FormSigned,
    FormUnlocked,
    Ledger,
    RecordKey,
    SourceVerified,
    create_ledger,
)

RECORD = RecordKey("701", "701-0001", "WK2", 1, "VS", 1, "VITALS", 1)
FORM = form_place(RECORD)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with create_ledger(tmp_path / "ledger.sqlite", study="S") as made:
        yield made


def work(ledger: Ledger, *entries: Entry) -> FormWork:
    """The form after these entries, each an append of its own."""
    for entry in entries:
        ledger.append(
            [entry], actor=Actor("ann", "investigator"), source="ui", definition_version="1", reason="because"
        )
    form = FormWork()
    for fact in ledger.facts(participant=RECORD.participant):
        form = form.apply(fact)
    return form


def act(what: FactKind, place: RecordKey = FORM) -> Act:
    return Act(what, place)


ENTERED = Change(RECORD, {"SYSBP": "120", "DIABP": "80"})
SIGNED = act(FormSigned("Ann Example", "I have reviewed this form.", "0" * 64))


@pytest.mark.requirement(28)
def test_a_form_goes_through_its_states_in_order(ledger: Ledger) -> None:
    steps: list[tuple[Entry, str]] = [
        (ENTERED, "started"),
        (act(FormCompleted()), "complete"),
        (act(SourceVerified(["SYSBP"]), RECORD), "complete"),
        (act(SourceVerified(["DIABP"]), RECORD), "verified"),
        (SIGNED, "signed"),
    ]
    assert FormWork().state == "empty"
    assert [work(ledger, entry).state for entry, _ in steps] == [state for _, state in steps]


@pytest.mark.requirement(13)
def test_a_change_after_the_signature_makes_it_stale_and_an_untouched_form_keeps_it(ledger: Ledger) -> None:
    signed = work(ledger, ENTERED, act(FormCompleted()), SIGNED)
    assert not signed.stale
    same = work(ledger, Change(RECORD, {"SYSBP": "120"}))
    assert not same.stale
    changed = work(ledger, Change(RECORD, {"SYSBP": "121"}))
    assert (changed.stale, changed.state) == (True, "complete")
    assert not work(ledger, SIGNED).stale


def test_an_item_that_changed_after_its_verification_is_not_verified(ledger: Ledger) -> None:
    verified = work(ledger, ENTERED, act(FormCompleted()), act(SourceVerified(["DIABP", "SYSBP"]), RECORD))
    assert verified.fully_verified
    changed = work(ledger, Change(RECORD, {"SYSBP": "121"}))
    assert changed.verified == {"VITALS[1]": ("DIABP",)}


@pytest.mark.requirement(28)
def test_steps_out_of_order_are_refused_with_the_reason(ledger: Ledger) -> None:
    started = work(ledger, ENTERED)
    codes = [refuse(step, started, FORM) for step in ("verify", "sign", "lock")]
    assert [c.code for c in codes if c] == ["CAP-403", "CAP-403", "CAP-403"]
    empty = refuse("complete", FormWork(), FORM)
    assert empty is not None
    assert empty.code == "CAP-402"
    complete = work(ledger, act(FormCompleted()))
    asked = refuse("sign", complete, FORM, open_queries=1)
    assert asked is not None
    assert asked.code == "CAP-404"
    unsigned = refuse("lock", complete, FORM)
    assert unsigned is not None
    assert unsigned.code == "CAP-405"
    assert refuse("sign", complete, FORM) is None


@pytest.mark.requirement(38)
def test_a_locked_form_takes_nothing_until_it_is_unlocked(ledger: Ledger) -> None:
    locked = work(ledger, ENTERED, act(FormCompleted()), SIGNED, act(FormLocked("lock")))
    refused = refuse("enter", locked, FORM)
    assert refused is not None
    assert refused.code == "CAP-401"
    assert refuse("enter", work(ledger, act(FormUnlocked("lock", "bob"))), FORM) is None
    wide = refuse("enter", FormWork(), FORM, wider_lock="locked with site 701")
    assert wide is not None
    assert wide.got == "the form is locked with site 701"


def test_an_act_covers_what_lies_below_its_place() -> None:
    assert covers(RecordKey(), FORM)
    assert covers(RecordKey("701"), FORM)
    assert covers(RecordKey("701", "701-0001", "WK2", 1), FORM)
    assert not covers(RecordKey("702"), FORM)
    assert not covers(RecordKey("701", "701-0001", "WK4", 1), FORM)


@pytest.mark.requirement(21)
@pytest.mark.parametrize("role", sorted(roles()))
def test_only_roles_of_a_site_enter_data(role: str) -> None:
    enters = {"enter", "enrol", "answer", "sign"} & roles()[role].may
    assert not enters or roles()[role].at == "site"
    assert roles()[role].may <= set(permissions())


@pytest.mark.requirement(18)
def test_a_role_of_one_site_permits_nothing_at_another() -> None:
    ann = [Membership("coordinator", "701")]
    assert role_for(ann, "enter", "701") == "coordinator"
    assert role_for(ann, "enter", "702") is None
    assert sites_for(ann, "view") == {"701"}
    assert sites_for([Membership("data manager")], "view") is None
    assert sites_for([Membership("administrator")], "view") == frozenset()
