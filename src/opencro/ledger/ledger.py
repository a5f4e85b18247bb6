"""The ledger as other rooms use it: append, read, snapshot, verify, export."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import polars as pl

from opencro.kernel.finding import Finding, Findings, Place
from opencro.ledger.append import Circumstances, write_facts
from opencro.ledger.export import AuditCount, write_audit_csv, write_lines
from opencro.ledger.export_pdf import AuditScope, write_audit_pdf
from opencro.ledger.facts import RecordChanged, RecordRemoved
from opencro.ledger.model import (
    GENESIS,
    Actor,
    Anchor,
    Entry,
    Fact,
    ItemChange,
    Receipt,
    RecordKey,
    Source,
    StandingRecord,
    parse_anchor,
    parse_fact,
)
from opencro.ledger.port import Store
from opencro.ledger.replay import replay_records
from opencro.ledger.snapshot import Snapshot
from opencro.ledger.trail import in_blocks, trail_frame
from opencro.ledger.verify import verify_chains, verify_projection

SOFTWARE_VERSION = version("opencro")
_ITEM_KINDS = (RecordChanged.NAME, RecordRemoved.NAME)


class Ledger:
    """One study's facts. Made by `open_ledger` or `create_ledger`; use it from one thread, close it after use."""

    def __init__(self, store: Store, clock: Callable[[], datetime] | None = None) -> None:
        meta = store.read_meta()
        self._store = store
        self._clock = clock
        self.study = meta["study"]
        self.purpose = meta["purpose"]

    def append(
        self,
        entries: Iterable[Entry],
        *,
        actor: Actor,
        source: Source | str,
        definition_version: str,
        reason: str | None = None,
        request_id: str | None = None,
        dry_run: bool = False,
    ) -> Receipt:
        """Write what is new in `entries` as facts, all or none; Refused with LED-001..010.

        Values that are already so make no fact, so the same import again writes nothing. `dry_run` does all of it and
        rolls back. ValueError for a source that is not one of `Source`.
        """
        circumstances = Circumstances(
            self.study, actor, Source(source), reason, definition_version, SOFTWARE_VERSION, request_id or ""
        )
        return write_facts(self._store, tuple(entries), circumstances, self._clock, dry_run)

    @property
    def position(self) -> int:
        """The number of the last fact."""
        return self._store.last_seq()

    def facts(
        self,
        participant: str | None = None,
        key: RecordKey | None = None,
        kind: str | Sequence[str] | None = None,
        after: int = 0,
        until: int | None = None,
    ) -> Iterator[Fact]:
        """Facts with after < seq <= until, in order; of one participant, one record, one or some kinds where given."""
        until = self.position if until is None else until
        who = key.participant if key is not None else participant
        kinds = (kind,) if isinstance(kind, str) else kind
        # No key part holds a quote, so the first of these in a line names its kind.
        wanted = (b"",) if kinds is None else tuple(f'"kind":"{name}",'.encode() for name in kinds)
        for _, line, digest in self._store.scan(after, until, who):
            if line.startswith(wanted, line.find(b'"kind":"')):
                fact = parse_fact(line, digest.decode())
                if key in (None, fact.key):
                    yield fact

    def standing(self, participant: str, form: str | None = None) -> list[StandingRecord]:
        """The records of a participant as they stand now, of one form or all; quick at any size of the study."""
        rows = self._store.standing(participant, form)
        return [
            StandingRecord(row.key, {k: v for k, v in json.loads(row.values).items() if v is not None}, row.last_fact)
            for row in rows
        ]

    def history(self, key: RecordKey, item: str | None = None) -> list[ItemChange]:
        """All changes of a record, or of one of its items, oldest first."""
        facts = self.facts(key=key)
        return [c for fact in facts if fact.kind in _ITEM_KINDS for c in _item_changes(fact) if item in (None, c.item)]

    def facts_frame(self, participant: str | None = None, after: int = 0, until: int | None = None) -> pl.DataFrame:
        """Facts as columns, one row each; `payload` is left out (see `changes_frame`)."""
        names = [n for n in Fact.__slots__ if n not in ("key", "payload")]
        rows = [
            (*(getattr(f, n) for n in names), *f.key)
            for f in self.facts(participant=participant, after=after, until=until)
        ]
        return pl.DataFrame(rows, schema=[*names, *RecordKey._fields], orient="row", infer_schema_length=1)

    def trail_frame(self, participant: str | None = None, until: int | None = None) -> pl.DataFrame:
        """The whole trail as columns, quickly: key, who, why, whence, when, and `payload` as JSON text.

        Columns: seq, kind, those of `RecordKey`, actor, role, reason, source, recorded_at, device_time,
        definition_version, payload. With `participant`, the facts of that participant only.
        """
        until = self.position if until is None else until
        if participant is None:
            return trail_frame(self._store.blocks(0, until))
        return trail_frame(in_blocks(self._store.scan(0, until, participant)))

    def changes_frame(self, participant: str | None = None, after: int = 0, until: int | None = None) -> pl.DataFrame:
        """Item changes as columns: those of `ItemChange`, then those of `RecordKey`."""
        rows = []
        for fact in self.facts(participant=participant, after=after, until=until):
            if fact.kind in _ITEM_KINDS:
                rows += [(*(getattr(c, n) for n in ItemChange.__slots__), *fact.key) for c in _item_changes(fact)]
        integers = {"seq", "event_repeat", "form_repeat", "group_repeat"}
        schema = {n: pl.Int64 if n in integers else pl.String for n in (*ItemChange.__slots__, *RecordKey._fields)}
        return pl.DataFrame(rows, schema=schema, orient="row")

    def anchors(self) -> list[Anchor]:
        """The study-level chain, oldest first."""
        return [parse_anchor(row.body, row.hash) for row in self._store.anchors()]

    def snapshot(self, position: int | None = None, participant: str | None = None) -> Snapshot:
        """The state after fact `position` (default: now), for all or with the records of one participant only.

        ValueError for a position that is not reached yet.
        """
        with self._store.reading():
            last = self._store.last_seq()
            newest = self._store.last_anchor()
        at = last if position is None else position
        only = None if participant is None else (participant,)
        if not 0 <= at <= last:
            raise ValueError(f"position {at} is not in 0..{last}")
        if newest is not None and at >= newest.last_seq:
            anchor = parse_anchor(newest.body, newest.hash)
            return Snapshot(self._store, at, anchor.hash, anchor.recorded_at, only)
        rows = (parse_anchor(a.body, a.hash) for a in self._store.anchors() if a.last_seq >= at)
        covering = next(rows, None)
        if covering is None:
            return Snapshot(self._store, at, GENESIS, "", only)
        return Snapshot(self._store, at, covering.hash, covering.recorded_at, only)

    def verify(self, anchor: str | None = None, *, projection: bool = True) -> Findings:
        """Walk both chains, and compare what is kept beside them unless `projection` is False; LED-101..110.

        `anchor` is the hash of an anchor that was kept elsewhere: only that finds a ledger whose end was cut off.
        """
        findings = verify_chains(self._store)
        if projection and Findings(tuple(findings)).ok:
            findings += verify_projection(self._store)
        if anchor is not None and all(a.hash != anchor for a in self._store.anchors()):
            remedy = "Restore the ledger from a backup that holds this anchor."
            findings.append(
                Finding("LED-110", Place(path="anchor"), f"no anchor {anchor}", "the anchor kept elsewhere", remedy)
            )
        return Findings(tuple(findings))

    def rebuild(self) -> None:
        """Drop the projection and make it again from the facts; on PostgreSQL this needs the owner's login."""
        with self._store.writing():
            self._store.replace_records(list(replay_records(self._store, self._store.last_seq())))

    def export_ledger(self, path: Path) -> int:
        """Write facts and anchors as JSON lines that `verify_ledger.py` checks; returns the number of facts."""
        return write_lines(self._store, path)

    def audit_csv(self, path: Path, *, participant: str | None = None, site: str | None = None) -> AuditCount:
        """Write the trail for people, one line for each item changed or act done; the caller records the export."""
        return write_audit_csv(self.facts(participant=participant), path, site)

    def audit_pdf(self, path: Path, *, participant: str | None = None, site: str | None = None) -> AuditCount:
        """Write the same trail as a PDF to be read on paper; the caller records the export."""
        part = f"participant {participant}" if participant else f"site {site}" if site else "the whole study"
        at = self.snapshot()
        scope = AuditScope(self.study, part, at.position, at.anchor)
        return write_audit_pdf(self.facts(participant=participant, until=at.position), path, scope, site)

    def backup(self, path: Path) -> None:
        """Copy the ledger to a file while others work: SQLite's online copy, or the export of a PostgreSQL ledger."""
        if not self._store.copy_to(path):
            write_lines(self._store, path)

    def close(self) -> None:
        """Close the connection."""
        self._store.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _item_changes(fact: Fact) -> Iterator[ItemChange]:
    for item, (old, new) in fact.payload["items"].items():
        yield ItemChange(
            fact.seq,
            item,
            old,
            new,
            fact.actor,
            fact.role,
            fact.recorded_at,
            fact.device_time,
            fact.reason,
            fact.source,
            fact.definition_version,
            fact.software_version,
        )
