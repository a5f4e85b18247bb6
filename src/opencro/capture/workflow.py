"""Where a form stands in its life, folded from facts: entry, complete, verified, signed, locked.

`FormWork` is one form of one participant at one visit; `apply` takes the next fact about it. A lock at a wider place
(visit, participant, site, study) is no part of it; `covers` says on which forms it bears. `refuse` names the reason why
a step may not be taken now; pages, the API and imports all ask it.

Sources: 21 CFR 11.10(f) (permitted order of steps), 11.70 (a signature stays bound to what was signed); requirement 28.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from opencro.kernel.finding import Finding, Place
from opencro.kernel.hashing import canonical_json, sha256_hex
from opencro.ledger import (
    Fact,
    FormCompleted,
    FormLocked,
    FormSigned,
    FormUnlocked,
    RecordChanged,
    RecordKey,
    RecordRemoved,
    ReviewFlagged,
    SourceVerified,
    StandingRecord,
)

FormState = Literal["empty", "started", "complete", "verified", "signed"]
Step = Literal["enter", "complete", "verify", "sign", "freeze", "lock"]


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed, in which role, when, with which meaning, and the hash of what was signed."""

    user: str
    role: str
    printed_name: str
    meaning: str
    signed_at: str
    sha256: str
    fact: int


@dataclass(frozen=True, slots=True)
class FormWork:
    """A form's life so far; `filled` and `verified` map a record (`VITALS[1]`) to the items that are so."""

    filled: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    verified: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    completed: int = 0
    signature: Signature | None = None
    changed: int = 0
    """The last fact that changed a value."""
    first_saved_at: str = ""
    last_saved_at: str = ""
    definition_version: str = ""
    frozen: bool = False
    locked: bool = False
    flag: str = ""

    @property
    def stale(self) -> bool:
        """Whether something changed since it was signed: the signature no longer holds."""
        return self.signature is not None and self.changed > self.signature.fact

    @property
    def fully_verified(self) -> bool:
        """Whether every item that has a value was compared with the source."""
        open_items = any(set(items) - set(self.verified.get(record, ())) for record, items in self.filled.items())
        return bool(self.filled) and not open_items

    @property
    def state(self) -> FormState:
        """How far the form has come."""
        if not self.filled and not self.completed:
            return "empty"
        if not self.completed:
            return "started"
        if self.signature is not None and not self.stale:
            return "signed"
        return "verified" if self.fully_verified else "complete"

    def apply(self, fact: Fact) -> FormWork:
        """The form after a fact about it or one of its records."""
        what = fact.what
        record = f"{fact.key.group}[{fact.key.group_repeat}]"
        if isinstance(what, RecordChanged | RecordRemoved):
            return self._change(fact, record, what.items)
        if isinstance(what, FormCompleted):
            return replace(self, completed=fact.seq)
        if isinstance(what, SourceVerified):
            seen = sorted({*self.verified.get(record, ()), *what.items} & {*self.filled.get(record, ())})
            return replace(self, verified={**self.verified, record: tuple(seen)})
        if isinstance(what, FormSigned):
            made = (fact.actor, fact.role, what.printed_name, what.meaning, fact.recorded_at, what.sha256, fact.seq)
            return replace(self, signature=Signature(*made))
        if isinstance(what, ReviewFlagged):
            return replace(self, flag=what.note if what.raised else "")
        if isinstance(what, FormLocked | FormUnlocked):
            on = isinstance(what, FormLocked)
            return replace(self, frozen=on) if what.level == "freeze" else replace(self, locked=on)
        return self

    def _change(self, fact: Fact, record: str, items: Mapping[str, list[str | None]]) -> FormWork:
        held = {*self.filled.get(record, ())}
        held |= {name for name, (_, new) in items.items() if new is not None}
        held -= {name for name, (_, new) in items.items() if new is None}
        filled = {**self.filled, record: tuple(sorted(held))}
        if not held:
            del filled[record]
        seen = tuple(name for name in self.verified.get(record, ()) if name not in items)
        return replace(
            self,
            filled=filled,
            verified={**self.verified, record: seen} if seen else _without(self.verified, record),
            changed=fact.seq,
            first_saved_at=self.first_saved_at or fact.recorded_at,
            last_saved_at=fact.recorded_at,
            definition_version=self.definition_version or fact.definition_version,
        )


def _without(records: Mapping[str, tuple[str, ...]], record: str) -> dict[str, tuple[str, ...]]:
    return {name: items for name, items in records.items() if name != record}


def form_place(key: RecordKey) -> RecordKey:
    """The form that a record belongs to."""
    return key._replace(group="", group_repeat=0)


def covers(place: RecordKey, form: RecordKey) -> bool:
    """Whether an act at `place` (study, site, participant, visit or form) bears on a form."""
    return all(not mine or mine == theirs for mine, theirs in zip(place, form, strict=True))


def signed_hash(definition: str, records: Iterable[StandingRecord]) -> str:
    """SHA-256 over the exact values of a form's records and the hash of the definition under which they are read."""
    values = [[list(record.key), dict(record.values)] for record in sorted(records, key=lambda r: r.key)]
    return sha256_hex(canonical_json({"definition": definition, "records": values}))


def refuse(
    step: Step, work: FormWork, form: RecordKey, *, open_queries: int = 0, wider_lock: str = "", typed: bool = True
) -> Finding | None:
    """Why a step may not be taken on a form now (CAP-401..405), or None.

    `wider_lock` names a lock or freeze of the visit, participant, site or study that covers the form. A form that is
    not `typed` (a transfer fills it) is neither completed nor signed.
    """
    locked = "locked" if work.locked else "frozen" if work.frozen else wider_lock
    place = Place(path=str(form))
    if locked and step not in ("lock", "freeze"):
        remedy = "Ask a data manager to unlock it, with the reason."
        return Finding("CAP-401", place, f"the form is {locked}", "a form that is not locked", remedy)
    if step == "complete" and not work.filled:
        return Finding("CAP-402", place, "nothing is entered", "a form with values", "Enter the form first.")
    if step in ("verify", "sign", "lock") and typed and not work.completed:
        return Finding("CAP-403", place, "the form is not complete", "a complete form", "Complete the form first.")
    if step in ("sign", "lock") and open_queries:
        got = f"{open_queries} open quer{'y' if open_queries == 1 else 'ies'}"
        return Finding("CAP-404", place, got, "no open query", "Answer and close the queries first.")
    if step == "lock" and typed and (work.signature is None or work.stale):
        got = "the signature no longer holds" if work.signature else "the form is not signed"
        return Finding("CAP-405", place, got, "a signed form", "Have the investigator sign it.")
    return None
