"""The frozen types of the ledger: which record, who, what is to change, and what a stored fact looks like.

Sources: 21 CFR 11.10(e); ICH E6(R3) section 4.2.2 (who, what, old, new, when, why, from where).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from opencro.ledger.facts import KINDS, FactKind, Payload

GENESIS = "0" * 64


class RecordKey(NamedTuple):
    """One instance of an item group on a form; for acts any part may be empty ("" or 0)."""

    site: str = ""
    participant: str = ""
    event: str = ""
    event_repeat: int = 0
    form: str = ""
    form_repeat: int = 0
    group: str = ""
    group_repeat: int = 0

    def __str__(self) -> str:
        """The key as a path a person can read: `701/701-1015/SCREENING[1]/VS[1]/VITALS[2]`."""
        repeated = ((self.event, self.event_repeat), (self.form, self.form_repeat), (self.group, self.group_repeat))
        parts = [self.site, self.participant, *(f"{name}[{repeat}]" for name, repeat in repeated if name)]
        return "/".join(part for part in parts if part)


NOWHERE = RecordKey()


class Source(StrEnum):
    """Through which door a fact came in."""

    UI = "ui"
    API = "api"
    IMPORT = "import"
    OFFLINE = "offline"
    SYSTEM = "system"
    REHEARSAL = "rehearsal"


@dataclass(frozen=True, slots=True)
class Actor:
    """A unique user and the role in which he or she acted at that time."""

    user: str
    role: str


@dataclass(frozen=True, slots=True)
class Change:
    """New values for items of one record; None clears an item, an item that is not named stays as it is.

    `expected_fact` is the record's last fact that the writer saw (0: saw no record); when given, a record that moved on
    since is not overwritten. `device_time` is the clock of an offline device, with zone. `reason` goes before append's.
    """

    key: RecordKey
    values: Mapping[str, str | None]
    expected_fact: int | None = None
    device_time: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Removal:
    """Take a record out of the current state; its facts stay."""

    key: RecordKey
    expected_fact: int | None = None
    device_time: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """Something that happened and is not a change of values: a signature, a lock, an export."""

    what: FactKind
    place: RecordKey = NOWHERE
    device_time: datetime | None = None
    reason: str | None = None


Entry = Change | Removal | Act


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an append wrote: facts `first_seq`..`last_seq` (0, 0 when nothing was new), how many, the anchor's hash."""

    first_seq: int
    last_seq: int
    facts: int
    anchor: str


@dataclass(frozen=True, slots=True)
class StandingRecord:
    """A record as it stands: its values as text, and the fact that brought it into this state."""

    key: RecordKey
    values: Mapping[str, str]
    last_fact: int


@dataclass(frozen=True, slots=True)
class Anchor:
    """One link of the study-level chain: it covers the hashes of all facts `first_seq`..`last_seq` of one append."""

    number: int
    first_seq: int
    last_seq: int
    recorded_at: str
    hash: str


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact as it is stored; the fields are those of the audit trail, `payload` is JSON."""

    seq: int
    kind: str
    study: str
    key: RecordKey
    payload: Payload
    actor: str
    role: str
    reason: str
    source: str
    recorded_at: str
    device_time: str
    device_offset_ms: int
    definition_version: str
    software_version: str
    request_id: str
    previous_hash: str
    hash: str

    @property
    def what(self) -> FactKind:
        """The payload as the class of its kind; KeyError for a kind that this version does not know."""
        return KINDS[self.kind].from_payload(self.payload)


@dataclass(frozen=True, slots=True)
class ItemChange:
    """One line of an item's history."""

    seq: int
    item: str
    old: str | None
    new: str | None
    actor: str
    role: str
    recorded_at: str
    device_time: str
    reason: str
    source: str
    definition_version: str
    software_version: str


def parse_fact(body: bytes | str, digest: str) -> Fact:
    """A stored document as a `Fact`."""
    d = json.loads(body)
    key = RecordKey(
        d.pop("site"),
        d.pop("participant"),
        d.pop("event"),
        d.pop("event_repeat"),
        d.pop("form"),
        d.pop("form_repeat"),
        d.pop("item_group"),
        d.pop("group_repeat"),
    )
    return Fact(key=key, previous_hash=d.pop("previous"), hash=digest, **d)


def parse_anchor(body: bytes | str, digest: str) -> Anchor:
    """A stored anchor document as an `Anchor`."""
    d = json.loads(body)
    return Anchor(d["number"], d["first_seq"], d["last_seq"], d["recorded_at"], digest)
