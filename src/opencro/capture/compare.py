"""What is really new: rows against the records that stand in the ledger."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from opencro.capture.model import (
    ADDRESS,
    EVENT,
    EVENT_REPEAT,
    FORM_REPEAT,
    GROUP_REPEAT,
    LINE,
    PARTICIPANT,
    STATUS,
    Notes,
)
from opencro.ledger import Change, RecordKey

_JOIN = {
    "participant": PARTICIPANT,
    "event": EVENT,
    "event_repeat": EVENT_REPEAT,
    "form_repeat": FORM_REPEAT,
    "group_repeat": GROUP_REPEAT,
}
_FACT = "_fact"


def compare_rows(frame: pl.DataFrame, existing: pl.DataFrame, items: Sequence[str], notes: Notes) -> pl.DataFrame:
    """The frame with `status`, `_fact` (the record's last fact, 0 for none) and `_is.ITEM` (whether an item changes).

    A null item says nothing, an empty one has no value. A row that has no value for a new record is not taken: CAP-402.
    """
    present = existing.select(
        *(pl.col(name).alias(column) for name, column in _JOIN.items()),
        pl.col("fact").alias(_FACT),
        *(pl.col(i).alias(f"_old.{i}") for i in items),
    )
    joined = frame.join(present, on=list(_JOIN.values()), how="left", maintain_order="left", nulls_equal=True)
    old = {i: pl.col(f"_old.{i}").fill_null("") for i in items}
    changes = [(pl.col(i).is_not_null() & (pl.col(i) != old[i])).alias(f"_is.{i}") for i in items]
    compared = joined.with_columns(changes)
    some = pl.any_horizontal([f"_is.{i}" for i in items]) if items else pl.lit(value=False)
    is_new = pl.col(_FACT).is_null()
    status = (
        pl.when(is_new & some)
        .then(pl.lit("new"))
        .when(is_new)
        .then(pl.lit("not taken"))
        .when(some)
        .then(pl.lit("changed"))
        .otherwise(pl.lit("same"))
    )
    result = compared.with_columns(status.alias(STATUS), pl.col(_FACT).fill_null(0)).drop([f"_old.{i}" for i in items])
    for line in result.filter(pl.col(STATUS) == "not taken").get_column(LINE):
        notes.warn("CAP-402", line, "", "a row without any value", "a value", "Ask the sender what it means.")
    return result


def make_changes(frame: pl.DataFrame, form: str, group: str, items: Sequence[str], reason: str | None) -> list[Change]:
    """The changes for rows of status new or changed, in the order of the rows."""
    moving = frame.filter(pl.col(STATUS).is_in(["new", "changed"]))
    addresses = moving.select(ADDRESS).rows()
    facts = moving.get_column(_FACT)
    values = moving.select(items).rows()
    masks = moving.select(f"_is.{i}" for i in items).rows()
    changes = []
    for (site, participant, event, event_repeat, form_repeat, group_repeat), fact, row, mask in zip(
        addresses, facts, values, masks, strict=True
    ):
        key = RecordKey(site, participant, event, event_repeat, form, form_repeat, group, group_repeat)
        given = {i: v or None for i, v, m in zip(items, row, mask, strict=True) if m}
        changes.append(Change(key, given, expected_fact=fact, reason=reason if fact else None))
    return changes
