"""Imports: a file becomes a plan with one line per row, then one append to the ledger, or nothing.

Source: ICH E6(R3) 4.2.5; docs/import.md. Nothing here reads the text of a ledger's refusal: it is handed on.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace

import polars as pl

from opencro.capture.address import address_rows, check_participants, check_schedule
from opencro.capture.check_values import check_required, check_values
from opencro.capture.columns import check_columns, find_group, select_rows, text_frame
from opencro.capture.compare import compare_rows, make_changes
from opencro.capture.model import (
    ADDRESS,
    LINE,
    PARTICIPANT,
    SITE,
    STATUS,
    ImportPlan,
    ImportReport,
    ImportState,
    IncomingRecord,
    Notes,
)
from opencro.capture.records import gather_records
from opencro.capture.repeats import number_repeats
from opencro.capture.state import LedgerState
from opencro.kernel.finding import Findings, Refused
from opencro.kernel.partial_date import parse_partial_date
from opencro.ledger import Act, Actor, Change, DataImported, Ledger, ParticipantEnrolled, RecordKey, Source
from opencro.study import Form, ItemGroup, Study, Transfer

__all__ = ["import_data", "import_records", "plan_import", "plan_records", "text_frame"]

_ROWS = {LINE: pl.Int64, STATUS: pl.String, SITE: pl.String, PARTICIPANT: pl.String, "_event": pl.String}
_ROWS |= dict.fromkeys(("_event_repeat", "_form_repeat", "_group_repeat"), pl.Int64)


def plan_import(
    study: Study,
    transfer: Transfer,
    frame: pl.DataFrame,
    state: ImportState,
    *,
    file: str = "",
    reason: str | None = None,
    partial: bool = False,
) -> ImportPlan:
    """What the rows of a transfer file would do.

    `frame` has text columns and `_line` (`parse_delimited`, `text_frame`); `state` is what stands in the ledger.
    `reason` is needed where saved values change; `partial` takes the sound rows although others are refused.
    """
    notes = Notes(file or transfer.file)
    rows = text_frame(frame)
    target = find_group(study, transfer, notes)
    if target is None:
        return _finish(notes, rows, [], [], [], partial)
    form, group = target
    items = check_columns(transfer, group, rows, notes)
    taken = rows if notes.whole_file else select_rows(transfer, rows, notes)
    if notes.whole_file:
        return _finish(notes, rows, [], [], [], partial)
    placed = address_rows(study, transfer, taken, notes)
    filled = placed.select(
        LINE, "_site", "_participant", "_event", *(pl.col(c).fill_null("").alias(i) for i, c in items.items())
    )
    existing = _existing(state, form, group, list(items))
    keys = tuple(next(i for i, c in items.items() if c == name) for name in transfer.key)
    numbered = number_repeats(form, group, filled, existing, keys, notes)
    fresh = check_participants(state, numbered, notes, enrols=transfer.enrols)
    compared, changes = _judge(study, form, group, numbered, existing, notes, reason)
    return _finish(notes, rows, [(form, group, compared)], _enrolments(group, compared, fresh), changes, partial)


def plan_records(
    study: Study,
    records: Iterable[IncomingRecord],
    state: ImportState,
    *,
    file: str = "",
    reason: str | None = None,
    partial: bool = False,
    enrols: bool = False,
) -> ImportPlan:
    """What records with their whole addresses (as ODM gives them) would do; see `plan_import`."""
    notes = Notes(file)
    rows, frames = gather_records(study, records, notes)
    everyone = (
        pl.concat([f.select(LINE, SITE, PARTICIPANT) for _, _, f in frames])
        if frames
        else rows.select(LINE, SITE, PARTICIPANT)
    )
    fresh = check_participants(state, everyone.sort(LINE), notes, enrols=enrols)
    judged = []
    acts: list[Act] = []
    changes: list[Change] = []
    for form, group, frame in frames:
        existing = _existing(state, form, group, [i.id for i in group.items if i.id in frame.columns])
        compared, new = _judge(study, form, group, frame, existing, notes, reason)
        mine = {
            p: fresh.pop(p)
            for p in compared.get_column(PARTICIPANT).unique(maintain_order=True).drop_nulls()
            if p in fresh
        }
        acts += _enrolments(group, compared, mine)
        judged.append((form, group, compared))
        changes += new
    return _finish(notes, rows, judged, acts, changes, partial)


def import_data(
    study: Study,
    transfer: Transfer,
    frame: pl.DataFrame,
    ledger: Ledger,
    *,
    actor: Actor,
    digest: str,
    file: str = "",
    reason: str | None = None,
    dry_run: bool = False,
    partial: bool = False,
    request_id: str | None = None,
) -> ImportReport:
    """Import a transfer file: all of it in one append, or nothing.

    `digest` is the SHA-256 of the file's bytes. A file with an error in any row is refused as a whole unless `partial`;
    the report says so (`plan.findings`), nothing is raised. A file that was imported before appends nothing.
    """
    started = time.perf_counter()
    plan = plan_import(study, transfer, frame, LedgerState(ledger), file=file, reason=reason, partial=partial)
    imported = DataImported(file=file or transfer.file, format=transfer.format, sha256=digest, rows=plan.rows.height)
    return _append(study, plan, imported, ledger, actor, reason, dry_run, request_id, started)


def import_records(
    study: Study,
    records: Iterable[IncomingRecord],
    ledger: Ledger,
    *,
    actor: Actor,
    digest: str,
    file: str,
    format: str = "odm",
    reason: str | None = None,
    dry_run: bool = False,
    partial: bool = False,
    enrols: bool = False,
    request_id: str | None = None,
    source: Source = Source.IMPORT,
    restores: bool = False,
) -> ImportReport:
    """Import records that carry their whole address (ODM clinical data); as `import_data`.

    `restores` says that a record which a person removed may come back; otherwise the import is refused.
    """
    started = time.perf_counter()
    state = LedgerState(ledger)
    plan = plan_records(study, records, state, file=file, reason=reason, partial=partial, enrols=enrols)
    if restores:
        back = tuple(replace(c, expected_fact=c.expected_fact or None) for c in plan.changes)
        plan = replace(plan, changes=back)
    imported = DataImported(file=file, format=format, sha256=digest, rows=plan.rows.height)
    return _append(study, plan, imported, ledger, actor, reason, dry_run, request_id, started, source)


def _existing(state: ImportState, form: Form, group: ItemGroup, items: list[str]) -> pl.DataFrame:
    found = state.records(form.id, group.id)
    absent = [pl.lit(None, pl.String).alias(i) for i in items if i not in found.columns]
    return found.with_columns(absent)


def _judge(
    study: Study,
    form: Form,
    group: ItemGroup,
    frame: pl.DataFrame,
    existing: pl.DataFrame,
    notes: Notes,
    reason: str | None,
) -> tuple[pl.DataFrame, list[Change]]:
    items = [i.id for i in group.items if i.id in frame.columns]
    check_schedule(study, form.id, frame, notes)
    check_values(group, frame, study.codelists, notes)
    check_required(group, frame, notes)
    compared = compare_rows(frame, existing, items, notes)
    if not reason:
        for line in compared.filter(pl.col(STATUS) == "changed").get_column(LINE):
            notes.row("CAP-401", line, "", "a saved value changes", "a reason", "Say why the values change.")
    sound = compared.filter(~pl.col(LINE).is_in(list(notes.lines)))
    return compared, make_changes(sound, form.id, group.id, items, reason)


def _enrolments(group: ItemGroup, frame: pl.DataFrame, fresh: dict[str, tuple[str, int]]) -> list[Act]:
    """One act for each new participant, dated by the first date item of the first row that is taken."""
    dates = [i.id for i in group.items if i.type == "date" and i.id in frame.columns]
    text = pl.coalesce([pl.when(pl.col(d) != "").then(pl.col(d)) for d in dates]) if dates else pl.lit(None, pl.String)
    first = frame.unique(PARTICIPANT, keep="first", maintain_order=True)
    days = dict(first.select(PARTICIPANT, text.alias("_day")).iter_rows())
    acts = []
    for participant, (site, _) in fresh.items():
        day = parse_partial_date(days.get(participant) or "")
        enrolled = ParticipantEnrolled(enrolled_on="" if day is None else str(day))
        acts.append(Act(enrolled, RecordKey(site, participant)))
    return acts


def _finish(
    notes: Notes,
    rows: pl.DataFrame,
    judged: list[tuple[Form, ItemGroup, pl.DataFrame]],
    acts: list[Act],
    changes: list[Change],
    partial: bool,
) -> ImportPlan:
    parts = [
        frame.select(LINE, STATUS, *ADDRESS).with_columns(
            pl.lit(form.id).alias("form"), pl.lit(group.id).alias("group")
        )
        for form, group, frame in judged
    ]
    empty = pl.DataFrame(schema={**_ROWS, "form": pl.String, "group": pl.String})
    known = pl.concat([empty, *parts], how="diagonal_relaxed")
    status = (
        pl.when(pl.col(LINE).is_in(list(notes.lines)) | pl.lit(notes.whole_file))
        .then(pl.lit("refused"))
        .otherwise(pl.col(STATUS).fill_null("not taken"))
    )
    report = (
        rows.select(LINE).join(known, on=LINE, how="left", maintain_order="left").with_columns(status.alias(STATUS))
    )
    report = report.rename({name: name.removeprefix("_") for name in (LINE, *ADDRESS)})
    taken = notes.findings.ok or (partial and not notes.whole_file)
    if not taken:
        return ImportPlan(report, notes.findings)
    standing = {c.key.participant for c in changes}
    wanted = tuple(a for a in acts if a.place.participant in standing)
    return ImportPlan(report, notes.findings, wanted, tuple(changes))


def _append(
    study: Study,
    plan: ImportPlan,
    imported: DataImported,
    ledger: Ledger,
    actor: Actor,
    reason: str | None,
    dry_run: bool,
    request_id: str | None,
    started: float,
    source: Source = Source.IMPORT,
) -> ImportReport:
    planned = time.perf_counter()
    receipt = None
    if plan.changes or plan.acts:
        try:
            receipt = ledger.append(
                [Act(imported, reason=reason), *plan.acts, *plan.changes],
                actor=actor,
                source=source,
                definition_version=study.file.version,
                request_id=request_id,
                dry_run=dry_run,
            )
        except Refused as refused:
            plan = ImportPlan(plan.rows, Findings((*plan.findings, *refused.findings)))
    seconds = {"plan": planned - started, "append": time.perf_counter() - planned}
    return ImportReport(imported.file, plan, dry_run, None if dry_run else receipt, seconds)
