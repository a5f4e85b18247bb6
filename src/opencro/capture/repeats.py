"""Which of several records of a form a row is: the same key always gets the same repeat number."""

from __future__ import annotations

import polars as pl

from opencro.capture.model import EVENT, EVENT_REPEAT, FORM_REPEAT, GROUP_REPEAT, LINE, PARTICIPANT, Notes
from opencro.study import Form, ItemGroup

_OWNER = (PARTICIPANT, EVENT)


def number_repeats(
    form: Form, group: ItemGroup, frame: pl.DataFrame, existing: pl.DataFrame, keys: tuple[str, ...], notes: Notes
) -> pl.DataFrame:
    """The frame with event, form and group repeats.

    `keys` are the items that identify a record of a participant and visit; without them rows count in the order of
    the file. A key that `existing` records hold keeps its repeat, a new key gets the next. Notes CAP-208 where two rows
    claim to be one record.
    """
    ones = frame.with_columns(
        pl.when(pl.col(EVENT) == "").then(0).otherwise(1).cast(pl.Int64).alias(EVENT_REPEAT),
        pl.lit(1, pl.Int64).alias(FORM_REPEAT),
        pl.lit(1, pl.Int64).alias(GROUP_REPEAT),
    )
    column = FORM_REPEAT if form.repeating else GROUP_REPEAT if group.repeating else None
    if column is None:
        _note_duplicates(ones, _OWNER, f"one record of {form.id} per participant and visit", notes)
        return ones
    if not keys:
        return ones.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over(_OWNER).alias(column))
    _note_duplicates(ones, (*_OWNER, *keys), f"each {', '.join(keys)} once per participant and visit", notes)
    return _by_key(ones, existing, keys, column)


def _note_duplicates(frame: pl.DataFrame, by: tuple[str, ...], expected: str, notes: Notes) -> None:
    placed = frame.drop_nulls(list(_OWNER))
    groups = placed.group_by(by, maintain_order=True).agg(pl.col(LINE)).filter(pl.col(LINE).list.len() > 1)
    for *values, lines in groups.iter_rows():
        key = ", ".join(str(v) for v in values if v)
        others = " and ".join(str(n) for n in lines)
        for line in lines:
            got = f"lines {others} have the same key ({key})"
            notes.row("CAP-208", line, "", got, expected, "Take one away, or add a column to the key.")


def _by_key(frame: pl.DataFrame, existing: pl.DataFrame, keys: tuple[str, ...], column: str) -> pl.DataFrame:
    by = [*_OWNER, *keys]
    known = (
        existing.select(
            pl.col("participant").alias(PARTICIPANT),
            pl.col("event").alias(EVENT),
            *(pl.col(k).fill_null("") for k in keys),
            pl.col(column.removeprefix("_")).alias("_known"),
        )
        .sort("_known")
        .unique(by, keep="first", maintain_order=True)
    )
    last = existing.group_by(pl.col("participant").alias(PARTICIPANT), pl.col("event").alias(EVENT)).agg(
        pl.col(column.removeprefix("_")).max().alias("_last")
    )
    joined = frame.join(known, on=by, how="left", maintain_order="left").join(
        last, on=_OWNER, how="left", maintain_order="left"
    )
    fresh = pl.col("_known").is_null()
    first = joined.filter(fresh).unique(by, keep="first", maintain_order=True)
    first = first.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over(_OWNER).alias("_next"))
    numbered = joined.join(first.select(*by, "_next"), on=by, how="left", maintain_order="left")
    number = pl.coalesce("_known", pl.col("_last").fill_null(0) + pl.col("_next"), 1)
    return numbered.with_columns(number.alias(column)).drop("_known", "_last", "_next")
