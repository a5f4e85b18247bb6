"""Locks and freezes as they stand, and the records that they forbid to change."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from opencro.app.redcap.session import Session
from opencro.capture import covers, form_place
from opencro.ledger import FormLocked, FormUnlocked, RecordKey


def locked_places(session: Session) -> dict[RecordKey, str]:
    """Every place that is locked or frozen now, and which of both."""
    held: dict[tuple[RecordKey, str], int] = {}
    facts = [*session.ledger.facts(kind=FormLocked.NAME), *session.ledger.facts(kind=FormUnlocked.NAME)]
    for fact in sorted(facts, key=lambda fact: fact.seq):
        what = fact.what
        if isinstance(what, FormLocked):
            held[fact.key, what.level] = fact.seq
        elif isinstance(what, FormUnlocked):
            held.pop((fact.key, what.level), None)
    return {place: "frozen" if level == "freeze" else "locked" for place, level in held}


def refuse_locked(session: Session, keys: Iterable[RecordKey], refuse: Callable[[RecordKey, str], None]) -> None:
    """Say of every record that is about to change and stands under a lock which lock it is."""
    places = locked_places(session)
    if not places:
        return
    for key in keys:
        for place, word in places.items():
            if covers(place, form_place(key)):
                refuse(key, f"The form {key.form} is {word} for this record. Unlock it first.")
                break
