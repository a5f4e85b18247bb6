"""A form as it was typed, against what stands: what would change, what is wrong, on what the edit checks would speak.

The server judges everything anew, whatever a browser judged before (21 CFR 11.10(h); requirement 32). A value that
does not fit its item and a check of severity `stop` refuse the save; any other check raises a query with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from opencro.capture.check_values import check_value
from opencro.capture.edit_check import EditCheckRun, run_edit_checks
from opencro.capture.standing import StandingRecords
from opencro.kernel.expression import Expression, evaluate, parse_expression
from opencro.kernel.finding import Finding, Findings, Place, Severity
from opencro.ledger import Change, RecordKey, Removal, StandingRecord
from opencro.study import EditCheck, Form, Item, ItemGroup, Study, item_types

Entry = Change | Removal


@dataclass(frozen=True, slots=True)
class TypedRecord:
    """One record as it was typed: text by item ("" clears it), and the fact that the page showed (0: none)."""

    group: str
    repeat: int
    values: Mapping[str, str]
    seen_fact: int = 0
    removed: bool = False


@dataclass(frozen=True)
class EntryPlan:
    """What a save would write, and what is to be said; nothing may be written when `findings` has an error.

    A finding's path is `GROUP[repeat].ITEM`. `overwrites` says that a value which stood before would change or go, so
    that a reason is needed. `run` are the edit checks as they would speak afterwards.
    """

    entries: tuple[Entry, ...]
    findings: Findings
    overwrites: bool
    run: EditCheckRun


def plan_entry(
    study: Study,
    form: Form,
    place: RecordKey,
    typed: Sequence[TypedRecord],
    standing: Sequence[StandingRecord],
    *,
    position: int,
    unseen: frozenset[str] = frozenset(),
) -> EntryPlan:
    """What saving `typed` on the form at `place` would do; `standing` are all records of the participant.

    `unseen` are checks that read what the typist may not see: such a check stops nobody, since that would tell what it
    read; it raises its query for those who may see it.
    CAP-301..305 for values, CAP-309 for items and groups that the form does not have, CAP-310 for a check that stops.
    """
    held = {record.key: record for record in standing}
    entries: list[Entry] = []
    found: list[Finding] = []
    overwrites = False
    for one in typed:
        key = place._replace(group=one.group, group_repeat=one.repeat)
        found += _check_record(study, form, one)
        before = dict(held[key].values) if key in held else {}
        entry = _entry(key, _derived(form, one, standing, place), before)
        if entry is not None:
            entries.append(entry)
            overwrites |= isinstance(entry, Removal) or any(name in before for name in entry.values)
    after = StandingRecords(tuple(_after(held, entries, position + 1).values()), position + 1)
    run = run_edit_checks(study, after, checks_about(study, form.id))
    found += _stops(run, place, unseen)
    return EntryPlan(tuple(entries), Findings(tuple(found)), overwrites, run)


def check_complete(form: Form, place: RecordKey, records: Iterable[StandingRecord]) -> list[Finding]:
    """CAP-306 for each required item that is asked and has no value."""
    mine = [r for r in records if r.key._replace(group="", group_repeat=0) == place]
    found = []
    for group in form.groups:
        own = [r for r in mine if r.key.group == group.id]
        blank: list[StandingRecord | None] = [] if group.repeating else [None]
        for record in own or blank:
            values = record.values if record else {}
            repeat = record.key.group_repeat if record else 1
            for item in group.items:
                if item.required and not values.get(item.id) and is_asked(form, item, _row_of(mine, record)):
                    path = f"{group.id}[{repeat}].{item.id}"
                    remedy = "Give the value, or say why it is missing."
                    found.append(Finding("CAP-306", Place(path=path), "no value", item.label, remedy))
    return found


def is_asked(form: Form, item: Item, row: Mapping[str, object]) -> bool:
    """Whether an item is asked for, given the values of its record and form."""
    if not item.show_when:
        return True
    expression = parse_expression(item.show_when)
    return bool(evaluate(expression, row, item_types(form))) if isinstance(expression, Expression) else True


def checks_about(study: Study, form: str) -> list[EditCheck]:
    """The checks that read a form: its own, and those of other forms that name it."""
    return [check for check in study.checks if check.form == form or f"{form}." in check.when]


def _row_of(mine: Iterable[StandingRecord], record: StandingRecord | None) -> dict[str, object]:
    row: dict[str, object] = {}
    for other in mine:
        if record is None or other.key.group != record.key.group:
            row |= other.values
    return row | dict(record.values) if record else row


def _check_record(study: Study, form: Form, one: TypedRecord) -> list[Finding]:
    group = next((g for g in form.groups if g.id == one.group), None)
    if group is None or (one.repeat != 1 and not group.repeating) or one.repeat < 1:
        where = Place(path=f"{one.group}[{one.repeat}]")
        return [Finding("CAP-309", where, "no such record", f"a record of {form.id}", "Open the form again.")]
    return [finding for name, text in one.values.items() for finding in _check_item(study, group, one, name, text)]


def _check_item(study: Study, group: ItemGroup, one: TypedRecord, name: str, text: str) -> list[Finding]:
    place = Place(path=f"{one.group}[{one.repeat}].{name}")
    item = next((i for i in group.items if i.id == name), None)
    if item is None:
        return [Finding("CAP-309", place, f"item {name}", f"an item of {group.id}", "Open the form again.")]
    misfit = check_value(item, text, study.codelists) if text else None
    if misfit is None:
        return []
    severity = Severity.WARNING if misfit.soft else Severity.ERROR
    return [Finding(misfit.code, place, f'"{text}"', misfit.expected, misfit.remedy, severity)]


def _entry(key: RecordKey, one: TypedRecord, before: Mapping[str, str]) -> Entry | None:
    if one.removed:
        return Removal(key, one.seen_fact) if before else None
    changed = {n: t or None for n, t in one.values.items() if (t or None) != before.get(n)}
    return Change(key, changed, one.seen_fact) if changed else None


def _after(
    held: Mapping[RecordKey, StandingRecord], entries: Iterable[Entry], fact: int
) -> dict[RecordKey, StandingRecord]:
    records = dict(held)
    for entry in entries:
        before = records.pop(entry.key, None)
        if isinstance(entry, Change):
            merged = {**(before.values if before else {}), **entry.values}
            values = {name: text for name, text in merged.items() if text is not None}
            records[entry.key] = StandingRecord(entry.key, values, fact)
    return records


def _derived(form: Form, one: TypedRecord, standing: Iterable[StandingRecord], place: RecordKey) -> TypedRecord:
    """The record with the values of its derived items; what was typed for them does not count."""
    group = next((g for g in form.groups if g.id == one.group), None)
    derived = [item for item in group.items if item.derive] if group else []
    if not derived or one.removed:
        return one
    key = place._replace(group=one.group, group_repeat=one.repeat)
    mine = [r for r in standing if r.key._replace(group="", group_repeat=0) == place]
    held = next((dict(r.values) for r in mine if r.key == key), {})
    row: dict[str, object] = {}
    for other in mine:
        row |= other.values if other.key.group != one.group else {}
    row |= {**held, **one.values}
    values = dict(one.values)
    for item in derived:
        expression = parse_expression(item.derive)
        if isinstance(expression, Expression):
            values[item.id] = render_derived(item, evaluate(expression, row, item_types(form)))
            row[item.id] = values[item.id]
    return replace(one, values=values)


def render_derived(item: Item, value: object) -> str:
    """A computed value as the text that is stored: whole numbers without a point, decimals as the item asks."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Y" if value else "N"
    if isinstance(value, float | int):
        decimals = 0 if item.type == "integer" else item.decimals
        return f"{value:.{decimals}f}" if decimals is not None else f"{value:.15g}"
    return value.isoformat() if isinstance(value, date) else str(value)


def _stops(run: EditCheckRun, place: RecordKey, unseen: frozenset[str]) -> list[Finding]:
    """A check of severity `stop` that speaks on this form."""
    found = []
    for one in run.runs:
        if one.check.severity != "stop" or one.check.form != place.form or one.check.id in unseen:
            continue
        for row in one.hits.iter_rows(named=True):
            if (row["event"], row["event_repeat"], row["form_repeat"]) == (*place[2:4], place.form_repeat):
                path = f"{one.group}[{row['group_repeat']}].{one.check.item or ''}"
                found.append(Finding("CAP-310", Place(path=path), row["values"], "", one.check.message))
    return found
