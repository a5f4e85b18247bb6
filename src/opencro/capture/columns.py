"""Whether the columns of a file are those that its transfer describes."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from opencro.capture.address import template_columns
from opencro.capture.model import LINE, Notes
from opencro.kernel.expression import Expression, parse_expression, to_polars
from opencro.kernel.finding import Findings, suggest
from opencro.study import Form, ItemGroup, Study, Transfer


def text_frame(frame: pl.DataFrame) -> pl.DataFrame:
    """Any table as text columns with `_line` (its row number if absent); whole numbers lose `.0`, empty is null."""
    columns = []
    for name, dtype in frame.schema.items():
        text = pl.col(name).cast(pl.String)
        if dtype.is_float():
            text = text.str.replace(r"\.0$", "")
        columns.append(pl.when(text != "").then(text).alias(name))
    if LINE in frame.columns:
        return frame.with_columns(c for c, name in zip(columns, frame.columns, strict=True) if name != LINE)
    return frame.select(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias(LINE), *columns)


def find_group(study: Study, transfer: Transfer, notes: Notes) -> tuple[Form, ItemGroup] | None:
    """The form and item group that a transfer fills, or a note CAP-203."""
    form = study.forms.get(transfer.form)
    if form is None:
        remedy = suggest(transfer.form, study.forms) or "Name a form of the study."
        notes.file_error("CAP-203", "form", f'form "{transfer.form}"', "a form of the study", remedy)
        return None
    if transfer.group is None and len(form.groups) == 1:
        return form, form.groups[0]
    names = [group.id for group in form.groups]
    for group in form.groups:
        if group.id == transfer.group:
            return form, group
    remedy = suggest(transfer.group or "", names) or f"Name one of {', '.join(names)}."
    notes.file_error("CAP-203", "group", f'group "{transfer.group or ""}"', f"a group of {form.id}", remedy)
    return None


def map_items(group: ItemGroup, transfer: Transfer, columns: list[str]) -> dict[str, str]:
    """Item -> the column that fills it: as the transfer says, else the column of the same name."""
    by_name = {item.id: item.id for item in group.items if item.id in columns and item.id not in transfer.skip}
    return {**by_name, **{i: c for i, c in transfer.items.items() if c in columns}}


def check_columns(transfer: Transfer, group: ItemGroup, frame: pl.DataFrame, notes: Notes) -> Mapping[str, str]:
    """Notes CAP-201 (missing), CAP-202 (unknown), CAP-209 (key not kept); returns item -> column."""
    columns = [c for c in frame.columns if c != LINE]
    addresses = {c for t in (transfer.site, transfer.participant, transfer.event) for c in template_columns(t)}
    where = _where(transfer)
    tested = set(where.names()) if isinstance(where, Expression) else set()
    needed = addresses | set(transfer.key) | set(transfer.items.values()) | tested
    for name in sorted(needed - set(columns)):
        remedy = suggest(name, columns) or "Ask the sender, or correct the transfer."
        notes.file_error("CAP-201", name, f'no column "{name}"', "the column that the transfer names", remedy)
    items = map_items(group, transfer, columns)
    known = needed | set(items.values()) | set(transfer.skip)
    for name in columns:
        if name not in known:
            near = suggest(name, sorted({i.id for i in group.items} | needed))
            remedy = near or "Add it to `skip`, or map it under `items`."
            notes.file_error("CAP-202", name, f'column "{name}"', "a column that the transfer knows", remedy)
    for name in transfer.key:
        if name not in items.values():
            got = f'key column "{name}" fills no item'
            expected = "a key that stays in the record, so that a later file finds it again"
            notes.file_error("CAP-209", name, got, expected, "Give the form an item for it.")
    return items


def select_rows(transfer: Transfer, frame: pl.DataFrame, notes: Notes) -> pl.DataFrame:
    """The rows that the transfer takes (`where`)."""
    if not transfer.where:
        return frame
    where = _where(transfer)
    if isinstance(where, Findings):
        notes.whole_file = True
        notes.found.extend(where)
        return frame
    return frame.filter(to_polars(where, dict(frame.schema)))


def _where(transfer: Transfer) -> Expression | Findings:
    return parse_expression(transfer.where) if transfer.where else Findings()
