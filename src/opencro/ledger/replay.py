"""The state as it follows from the facts alone, up to any position."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import chain

from opencro.ledger.document import render_values
from opencro.ledger.facts import RecordChanged, RecordRemoved
from opencro.ledger.model import RecordKey
from opencro.ledger.port import RecordRow, Store

_DECODE = json.JSONDecoder().raw_decode
_CHANGED = f',"kind":"{RecordChanged.NAME}",'.encode()
_REMOVED = f',"kind":"{RecordRemoved.NAME}",'.encode()


class _Record:
    """One record while it is replayed."""

    __slots__ = ("first_fact", "last_fact", "place", "removed", "values")

    def __init__(self, place: bytes, seq: int) -> None:
        self.place = place
        self.first_fact = seq
        self.last_fact = seq
        self.removed = 0
        self.values: dict[str, str] = {}


def replay_records(store: Store, position: int, participants: Sequence[str] | None = None) -> Iterator[RecordRow]:
    """Each record that ever was, as it stood after fact `position`, ordered by its first fact; of all or of some."""
    records: dict[bytes, _Record] = {}
    whose: Sequence[str | None] = (None,) if participants is None else participants
    for seq, line, _ in chain.from_iterable(store.scan(0, position, participant) for participant in whose):
        # No key part holds a quote, so what stands before the first payload names kind and place.
        head, _, rest = line.partition(b',"payload":')
        removed = _REMOVED in head
        if not removed and _CHANGED not in head:
            continue
        participant = head[94 : head.index(b'"', 94)]
        place = head[head.index(b',"site":"') :]
        identity = participant + place
        record = records.get(identity)
        if record is None:
            record = records[identity] = _Record(head, seq)
        record.last_fact = seq
        record.removed = int(removed)
        values = record.values
        for item, (_, new) in _DECODE(rest.decode())[0]["items"].items():
            if new is None:
                values.pop(item, None)
            else:
                values[item] = new
    for record in sorted(records.values(), key=lambda r: r.first_fact):
        yield _row(record)


def _row(record: _Record) -> RecordRow:
    d = json.loads(record.place + b"}")
    key = RecordKey(
        d["site"],
        d["participant"],
        d["event"],
        d["event_repeat"],
        d["form"],
        d["form_repeat"],
        d["item_group"],
        d["group_repeat"],
    )
    return RecordRow(key, render_values(record.values), record.first_fact, record.last_fact, record.removed)


def render_record_line(row: RecordRow) -> str:
    """A record as the database renders it for a snapshot."""
    key = row.key
    return (
        f'{{"record":{row.first_fact},"fact":{row.last_fact},"site":"{key.site}","participant":"{key.participant}"'
        f',"event":"{key.event}","event_repeat":{key.event_repeat},"form_repeat":{key.form_repeat},"group":"{key.group}"'
        f',"group_repeat":{key.group_repeat},"values":{row.values}}}'
    )
