"""Records of a ledger as ODM says them: as they stand, or change by change."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import polars as pl

from opencro.ledger import Ledger, RecordChanged, RecordKey, RecordRemoved, Snapshot
from opencro.study.formats.odm import Audit, OdmRecord

Wanted = Callable[[str, str], bool]
"""Whether an item of a form is wanted."""


def every_item(_form: str, _item: str) -> bool:
    """All of them."""
    return True


def odm_records(ledger: Ledger, snapshot: Snapshot, wanted: Wanted = every_item) -> Iterator[OdmRecord]:
    """The standing records with, for each item, who gave it its value, when and why."""
    last = {
        (row["participant"], row["event"], row["event_repeat"], row["form"], row["form_repeat"], row["group"],
         row["group_repeat"], row["item"]): Audit(row["actor"], row["recorded_at"], row["reason"] or "")
        for row in ledger.changes_frame(until=snapshot.position).iter_rows(named=True)
    }  # fmt: skip
    for form, group in snapshot.forms():
        frame = snapshot.records(form, group)
        items = [c for c in frame.columns if c not in _KEYS and wanted(form, c)]
        for row in frame.select(*_KEYS, pl.col(items)).iter_rows(named=True):
            values = {i: row[i] for i in items if row[i] is not None}
            place = (row["participant"], row["event"], row["event_repeat"], form, row["form_repeat"], group,
                     row["group_repeat"])  # fmt: skip
            audits = {i: last[(*place, i)] for i in values if (*place, i) in last}
            yield OdmRecord(
                row["site"], row["participant"], row["event"], _repeat(row["event_repeat"]), form,
                _repeat(row["form_repeat"]), group, _repeat(row["group_repeat"]), values, audits,
            )  # fmt: skip


def _repeat(number: int) -> str:
    return str(number) if number else ""


_KEYS = ("site", "participant", "event", "event_repeat", "form_repeat", "group_repeat", "record", "fact")


def odm_changes(
    ledger: Ledger, after: int = 0, until: int | None = None, wanted: Wanted = every_item
) -> Iterator[OdmRecord]:
    """Each change of a record after fact `after`, in order, with who made it, when and why.

    The first of a record is an Insert, later ones are Updates; where the file begins in the middle (`after`), a record
    that was not met yet is an Upsert. A record that left is a Remove whose items are null.
    """
    met: set[RecordKey] = set()
    for fact in ledger.facts(after=after, until=until):
        if fact.kind not in (RecordChanged.NAME, RecordRemoved.NAME):
            continue
        key = fact.key
        items = {item: new for item, (_, new) in fact.payload["items"].items() if wanted(key.form, item)}
        kind = "Update" if key in met else "Upsert" if after else "Insert"
        if fact.kind == RecordRemoved.NAME:
            kind = "Remove"
            met.discard(key)
        else:
            met.add(key)
        if items:
            audit = Audit(fact.actor, fact.recorded_at, fact.reason or "", key.site, str(fact.seq))
            yield OdmRecord(
                key.site, key.participant, key.event, _repeat(key.event_repeat), key.form, _repeat(key.form_repeat),
                key.group, _repeat(key.group_repeat), items, dict.fromkeys(items, audit), kind,
            )  # fmt: skip
