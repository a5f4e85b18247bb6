"""Baseline, change, shift, previous values.

Source: ADaMIG 1.3 sections 3.3.4 (BASE, CHG, PCHG), 3.3.7 (SHIFTy), 3.3.8 (ABLFL).
"""

from __future__ import annotations

import polars as pl

from opencro.analysis.adam.derive.derivation import (
    Column,
    Columns,
    Condition,
    New,
    Order,
    chosen,
    condition,
    derivation,
    in_order,
)
from opencro.analysis.adam.derive.flag import derive_extreme_flag


@derivation(
    "Y on the last record within {by} with a value of {value}, on or before {reference}{order}{where}", within="by"
)
def derive_baseline_flag(
    data: pl.DataFrame,
    by: Columns,
    order: Order,
    new: New,
    where: Condition = None,
    *,
    value: Column = "AVAL",
    date: Column = "ADT",
    reference: Column = "TRTSDT",
) -> pl.DataFrame:
    """A flag on the last record with a value up to the reference date. Source: ADaMIG 1.3 section 3.3.8 (ABLFL)."""
    before = (pl.col(date) <= pl.col(reference)) & pl.col(value).is_not_null() & condition(data, where)
    return derive_extreme_flag(data, by, order, new, before, pick="last")


@derivation("{value} of the record within {by}{where}", carries="value", within="by")
def derive_baseline(
    data: pl.DataFrame, by: Columns, new: New, where: Condition = 'ABLFL == "Y"', *, value: Column = "AVAL"
) -> pl.DataFrame:
    """The value of the baseline record on every record within `by`; the first where several are flagged.

    A missing key (no timepoint) is a key like any. Source: ADaMIG 1.3 section 3.3.4 (BASE, BASETYPE, BNRIND).
    """
    keys = list(by)
    flagged = chosen(data, where).select(*keys, pl.col(value).alias("\u00b7base"))
    base = flagged.unique(keys, keep="first", maintain_order=True)
    found = data.select(keys).join(base, on=keys, how="left", maintain_order="left", nulls_equal=True)
    return data.with_columns(found.get_column("\u00b7base").alias(new))


@derivation("{value} minus {base}{where}")
def derive_change(
    data: pl.DataFrame, new: New = "CHG", where: Condition = None, *, value: Column = "AVAL", base: Column = "BASE"
) -> pl.DataFrame:
    """The change from baseline. Source: ADaMIG 1.3 section 3.3.4 (CHG)."""
    change = pl.col(value) - pl.col(base)
    return data.with_columns(pl.when(condition(data, where)).then(change).alias(new))


@derivation("100 times {value} minus {base}, by {base}{where}")
def derive_percent_change(
    data: pl.DataFrame, new: New = "PCHG", where: Condition = None, *, value: Column = "AVAL", base: Column = "BASE"
) -> pl.DataFrame:
    """The change in percent of the baseline; missing where that is 0. Source: ADaMIG 1.3 section 3.3.4 (PCHG)."""
    change = 100 * ((pl.col(value) - pl.col(base)) / pl.col(base))
    return data.with_columns(pl.when(condition(data, where) & (pl.col(base) != 0)).then(change).alias(new))


@derivation("{value} divided by {by_value}{where}")
def derive_ratio(
    data: pl.DataFrame, new: New, where: Condition = None, *, value: Column, by_value: Column
) -> pl.DataFrame:
    """A value by another; missing where the other is 0. Source: ADaMIG 1.3 section 3.3.4 (R2BASE, R2AyLO)."""
    ratio = pl.when(pl.col(by_value) != 0).then(pl.col(value) / pl.col(by_value))
    return data.with_columns(pl.when(condition(data, where)).then(ratio).alias(new))


@derivation("{start} to {end}{where}")
def derive_shift(
    data: pl.DataFrame, new: New, where: Condition = None, *, start: Column, end: Column, joined: str = " to "
) -> pl.DataFrame:
    """From the category at baseline to the record's: "NORMAL to HIGH". Source: ADaMIG 1.3 section 3.3.7 (SHIFTy)."""
    text = pl.concat_str(pl.col(start).cast(pl.String), pl.lit(joined), pl.col(end).cast(pl.String))
    return data.with_columns(pl.when(condition(data, where)).then(text).alias(new))


@derivation("{value} of the record before within {by}{order}{where}", carries="value", within="by")
def derive_previous(
    data: pl.DataFrame, by: Columns, order: Order, new: New, where: Condition = None, *, value: Column
) -> pl.DataFrame:
    """The value of the record before, of those within `by` for which `where` holds; missing on the first.

    Source: ADaMIG 1.3 section 3.3.4 (analysis values that depend on the record before).
    """
    rows = in_order(chosen(data.with_row_index("\u00b7at"), where), order)
    before = rows.select("\u00b7at", pl.col(value).shift(1).over(list(by)).alias("\u00b7before"))
    found = data.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("\u00b7at"))
    joined = found.join(before, on="\u00b7at", how="left", maintain_order="left")
    return data.with_columns(joined.get_column("\u00b7before").alias(new))


@derivation("{value} of the last record within {by} up to this one{order}{where}", carries="value", within="by")
def derive_carried(
    data: pl.DataFrame, by: Columns, order: Order, new: New, where: Condition = None, *, value: Column
) -> pl.DataFrame:
    """The value of the last record up to this one (itself included) for which `where` holds; missing before the first.

    Carries an observation forward within the records that are there; `derive_locf_records` makes records.
    Source: ADaMIG 1.3 section 4.2.1.
    """
    numbered = data.with_row_index("\u00b7at")
    held = pl.when(condition(numbered, where)).then(pl.col(value)).alias("\u00b7held")
    rows = in_order(numbered.with_columns(held), order)
    filled = rows.select("\u00b7at", pl.col("\u00b7held").forward_fill().over(list(by)).alias(new))
    return data.with_columns(filled.sort("\u00b7at").get_column(new))
