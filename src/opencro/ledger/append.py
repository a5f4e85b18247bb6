"""From changes to facts: what is really new, against the stored state, in one transaction, chained and anchored."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from opencro.kernel.finding import Finding, Place, Refused
from opencro.ledger.check import check_entries, surrogate_finding
from opencro.ledger.document import (
    FirstValues,
    hash_facts,
    hash_line,
    quoted,
    render_anchor,
    render_items,
    render_place,
    render_values,
)
from opencro.ledger.facts import RecordChanged, RecordRemoved
from opencro.ledger.model import GENESIS, Act, Actor, Change, Entry, Receipt, RecordKey, Removal, Source, parse_fact
from opencro.ledger.port import AnchorRow, FactRow, RecordRow, Store

_CHUNK = 2_000
_CHANGED = RecordChanged.NAME
_REMOVED = RecordRemoved.NAME


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is the same for all facts of one append."""

    study: str
    actor: Actor
    source: Source
    reason: str | None
    definition_version: str
    software_version: str
    request_id: str


class _DryRun(Exception):
    """Leaves the transaction so that it rolls back."""


def write_facts(
    store: Store,
    entries: Sequence[Entry],
    circumstances: Circumstances,
    clock: Callable[[], datetime] | None,
    dry_run: bool,
) -> Receipt:
    """Append entries as facts; Refused (LED-001..010) leaves nothing written."""
    findings = check_entries(entries, circumstances.actor)
    if findings:
        raise Refused(findings)
    receipt = None
    try:
        with _uncollected(len(entries)), store.writing():
            receipt = _write(store, entries, circumstances, clock)
            if dry_run:
                raise _DryRun
    except _DryRun:
        pass
    assert receipt is not None
    return receipt


@contextmanager
def _uncollected(entries: int) -> Iterator[None]:
    """A bulk append makes no cycles, but the collector would walk its growing lists again and again (a third more)."""
    if entries < _CHUNK or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _write(
    store: Store, entries: Sequence[Entry], circumstances: Circumstances, clock: Callable[[], datetime] | None
) -> Receipt:
    recorded_at = store.read_clock() if clock is None else format_time(clock())
    keys = [e.key for e in entries if not isinstance(e, Act)]
    stored = {row.key: row for row in store.records(keys)}
    participants = sorted({e.place.participant if isinstance(e, Act) else e.key.participant for e in entries})
    before = store.last_seq()
    last = store.last_anchor()
    draft = _Draft(circumstances, recorded_at, stored, store.heads(participants), before)
    store.insert_facts(draft.chunks(entries))
    if draft.findings or draft.conflicts:
        raise Refused([*draft.findings, *(_describe_conflict(store, *c) for c in draft.conflicts)])
    previous = GENESIS if last is None else last.hash
    if draft.seq == before:
        return Receipt(0, 0, 0, previous)
    store.put_records(draft.new, draft.changed)
    number = 1 if last is None else last.number + 1
    line = render_anchor(previous, number, before + 1, draft.seq, hash_facts(draft.hashes), recorded_at)
    anchor = AnchorRow(number, draft.seq, line, hash_line(line))
    store.insert_anchor(anchor)
    return Receipt(before + 1, draft.seq, draft.seq - before, anchor.hash)


def format_time(moment: datetime) -> str:
    """A time with zone as UTC with milliseconds: `2026-01-31T12:00:00.123Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _Draft:
    """The facts of one append while they are made; `chunks` fills the lists."""

    def __init__(
        self,
        circumstances: Circumstances,
        recorded_at: str,
        stored: dict[RecordKey, RecordRow],
        heads: dict[str, str],
        seq: int,
    ) -> None:
        self._circumstances = circumstances
        self._recorded_at = recorded_at
        self._stored = stored
        self._current = dict(stored)
        self._heads = heads
        self._tails: dict[tuple[str | None, datetime | None], str] = {}
        self._forms = FirstValues()
        self.seq = seq
        self.hashes: list[str] = []
        self.new: list[RecordRow] = []
        self.changed: list[RecordRow] = []
        self.findings: list[Finding] = []
        self.conflicts: list[tuple[RecordKey, int, int]] = []

    def chunks(self, entries: Sequence[Entry]) -> Iterator[list[FactRow]]:
        """Rows to store, some thousand at a time."""
        for start in range(0, len(entries), _CHUNK):
            rows: list[FactRow] = []
            for entry in entries[start : start + _CHUNK]:
                if isinstance(entry, Change):
                    self._change(entry, rows)
                elif isinstance(entry, Removal):
                    self._remove(entry, rows)
                else:
                    payload = _render_payload(entry.what.payload)
                    self._add(entry.what.NAME, entry.place, payload, entry, rows)
            yield rows

    def _change(self, change: Change, rows: list[FactRow]) -> None:
        key = change.key
        row = self._current.get(key)
        self._compare(key, change.expected_fact)
        if row is None:
            given = change.values
            if None in given.values():
                given = {n: v for n, v in given.items() if v is not None}
            if given:
                payload, values = self._forms.render(given)
                self._add(_CHANGED, key, payload, change, rows)
                new = RecordRow(key, values, self.seq, self.seq, 0)
                self.new.append(new)
                self._current[key] = new
            return
        old: dict[str, str] = json.loads(row.values)
        items = {n: (old.get(n), v) for n, v in change.values.items() if old.get(n) != v}
        if not items:
            return
        if any(before is not None for before, _ in items.values()):
            self._demand_reason(change)
        self._add(_CHANGED, key, render_items(items), change, rows)
        values = render_values({**old, **{n: v for n, (_, v) in items.items()}})
        self._move(RecordRow(key, values, row.first_fact, self.seq, 0))

    def _remove(self, removal: Removal, rows: list[FactRow]) -> None:
        row = self._current.get(removal.key)
        self._compare(removal.key, removal.expected_fact)
        if row is None or row.removed:
            return
        self._demand_reason(removal)
        old: dict[str, str] = json.loads(row.values)
        self._add(_REMOVED, removal.key, render_items({n: (v, None) for n, v in old.items()}), removal, rows)
        self._move(RecordRow(removal.key, "{}", row.first_fact, self.seq, 1))

    def _move(self, row: RecordRow) -> None:
        self.changed.append(row)
        self._current[row.key] = row

    def _compare(self, key: RecordKey, expected: int | None) -> None:
        if expected is not None:
            row = self._stored.get(key)
            last = 0 if row is None else row.last_fact
            if last != expected:
                self.conflicts.append((key, expected, last))

    def _demand_reason(self, entry: Change | Removal) -> None:
        if (entry.reason or self._circumstances.reason or "").strip():
            return
        system = self._circumstances.source is Source.SYSTEM
        expected = "a system reference as reason" if system else "a reason"
        got = "a saved value changes without a reason"
        self.findings.append(
            Finding("LED-005", Place(path=str(entry.key)), got, expected, "Say why the value changes.")
        )

    def _add(self, kind: str, key: RecordKey, payload: str, entry: Entry, rows: list[FactRow]) -> None:
        participant = key.participant
        seq = self.seq + 1
        tail = self._tails.get((entry.reason, entry.device_time)) or self._tail(entry)
        body = (
            f'{{"previous":"{self._heads.get(participant, GENESIS)}","participant":"{participant}","seq":{seq}'
            f',"kind":"{kind}","study":"{self._circumstances.study}"{render_place(key)}{payload}{tail}'
        )
        try:
            digest = hash_line(body)
        except UnicodeEncodeError:
            self.findings.append(surrogate_finding(key))
            return
        self.seq = seq
        self._heads[participant] = digest
        self.hashes.append(digest)
        rows.append(FactRow(seq, participant, body, digest))

    def _tail(self, entry: Entry) -> str:
        c = self._circumstances
        device_time, offset_ms = "", 0
        if entry.device_time is not None:
            device_time = entry.device_time.isoformat(timespec="milliseconds")
            offset_ms = round((datetime.fromisoformat(self._recorded_at) - entry.device_time).total_seconds() * 1000)
        tail = (
            f',"actor":{quoted(c.actor.user)},"role":{quoted(c.actor.role)}'
            f',"reason":{quoted(entry.reason or c.reason or "")},"source":"{c.source}"'
            f',"recorded_at":"{self._recorded_at}"'
            f',"device_time":"{device_time}","device_offset_ms":{offset_ms}'
            f',"definition_version":{quoted(c.definition_version)},"software_version":{quoted(c.software_version)}'
            f',"request_id":{quoted(c.request_id)}}}'
        )
        self._tails[(entry.reason, entry.device_time)] = tail
        return tail


def _render_payload(payload: dict[str, object]) -> str:
    """Canonical JSON as text; half a surrogate pair stays in it, to be found where the line is hashed."""
    return json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _describe_conflict(store: Store, key: RecordKey, expected: int, last: int) -> Finding:
    seen = f"fact {expected}" if expected else "no record"
    now = "there is no record"
    for _, body, digest in store.scan(last - 1, last):
        fact = parse_fact(body, digest.decode())
        now = f"{fact.actor} ({fact.role}) changed it at {fact.recorded_at} in fact {last}"
    place = Place(path=str(key))
    return Finding("LED-010", place, now, f"the record as it was read ({seen})", "Read it again and decide what holds.")
