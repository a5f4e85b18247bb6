"""Records that carry their whole address, as frames of one item group each."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from opencro.capture.model import (
    ADDRESS,
    EVENT,
    EVENT_REPEAT,
    FORM_REPEAT,
    GROUP_REPEAT,
    LINE,
    PARTICIPANT,
    SITE,
    IncomingRecord,
    Notes,
)
from opencro.kernel.finding import suggest
from opencro.study import Form, ItemGroup, Study

_SCHEMA = {LINE: pl.Int64, SITE: pl.String, PARTICIPANT: pl.String, EVENT: pl.String}
_SCHEMA |= {EVENT_REPEAT: pl.Int64, FORM_REPEAT: pl.Int64, GROUP_REPEAT: pl.Int64}


def gather_records(
    study: Study, records: Iterable[IncomingRecord], notes: Notes
) -> tuple[pl.DataFrame, list[tuple[Form, ItemGroup, pl.DataFrame]]]:
    """All lines, and a frame per form and group: `_line`, address, items (null: says nothing, "": no value)."""
    collected: dict[tuple[str, str], list[IncomingRecord]] = {}
    everything: list[tuple[int, str, str]] = []
    for record in records:
        everything.append((record.line, record.site, record.participant))
        collected.setdefault((record.form, record.group), []).append(record)
    rows = pl.DataFrame(everything, schema={k: _SCHEMA[k] for k in (LINE, SITE, PARTICIPANT)}, orient="row")
    frames = []
    for (form_id, group_id), members in collected.items():
        target = _find(study, form_id, group_id, members, notes)
        if target is not None:
            frames.append((*target, _frame(study, target[1], members, notes)))
    return rows, frames


def _find(
    study: Study, form_id: str, group_id: str, members: list[IncomingRecord], notes: Notes
) -> tuple[Form, ItemGroup] | None:
    form = study.forms.get(form_id)
    groups = {} if form is None else {group.id: group for group in form.groups}
    if form is not None and group_id in groups:
        return form, groups[group_id]
    what = f'form "{form_id}"' if form is None else f'group "{group_id}" of {form_id}'
    known = list(study.forms) if form is None else list(groups)
    remedy = suggest(form_id if form is None else group_id, known) or f"Use one of {', '.join(known)}."
    for record in members:
        notes.row("CAP-404", record.line, "", what, "a form and group of the study", remedy)
    return None


def _frame(study: Study, group: ItemGroup, members: list[IncomingRecord], notes: Notes) -> pl.DataFrame:
    visits = {v.id for v in study.protocol.schedule.visits}
    names = {item.id for item in group.items}
    addresses = []
    for record in members:
        if record.event and record.event not in visits:
            remedy = suggest(record.event, visits) or "Add the visit to the schedule."
            notes.row("CAP-205", record.line, "event", f'visit "{record.event}"', "a visit of the schedule", remedy)
        for name in record.items.keys() - names:
            remedy = suggest(name, names) or f"Use an item of {group.id}."
            notes.row("CAP-308", record.line, name, f'item "{name}"', f"an item of {group.id}", remedy)
        for what, name in ((record.site, "site"), (record.participant, "participant")):
            if not what:
                notes.row("CAP-204", record.line, name, f"no {name}", f"a {name}", "Complete the record.")
        repeats = [
            _repeat(record.event_repeat, record, "event repeat", 1 if record.event else 0, notes),
            _repeat(record.form_repeat, record, "form repeat", 1, notes),
            _repeat(record.group_repeat, record, "group repeat", 1, notes),
        ]
        addresses.append((record.line, record.site or None, record.participant or None, record.event, *repeats))
    frame = pl.DataFrame(addresses, schema=_SCHEMA, orient="row")
    columns = [
        pl.Series(item.id, [_said(r, item.id) for r in members], dtype=pl.String)
        for item in group.items
        if any(item.id in r.items for r in members)
    ]
    result = frame.with_columns(columns)
    _note_twice(result, notes)
    return result


def _said(record: IncomingRecord, item: str) -> str | None:
    return (record.items[item] or "") if item in record.items else None


def _repeat(given: str | int, record: IncomingRecord, what: str, otherwise: int, notes: Notes) -> int:
    text = str(given).strip()
    if text == "":
        return otherwise
    if not (text.isascii() and text.isdigit()):
        notes.row("CAP-403", record.line, what, f'{what} "{text}"', "a whole number from 1", "Number the repeats.")
        return otherwise
    return int(text)


def _note_twice(frame: pl.DataFrame, notes: Notes) -> None:
    twice = frame.group_by(ADDRESS, maintain_order=True).agg(pl.col(LINE)).filter(pl.col(LINE).list.len() > 1)
    for lines in twice.get_column(LINE):
        shown = " and ".join(str(n) for n in lines)
        for line in lines:
            notes.row("CAP-208", line, "", f"lines {shown} are one record", "each record once", "Take one away.")
