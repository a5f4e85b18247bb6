"""Values from other datasets: merged, flagged, summed up, supplemental.

Source: ADaMIG 1.3 section 3.1 (variables copied from SDTM and ADSL keep name, label and value), section 2.3.2.
"""

from __future__ import annotations

from typing import Literal

import polars as pl

from opencro.analysis.adam.derive.derivation import (
    Column,
    Columns,
    Condition,
    New,
    Order,
    Source,
    SourceColumn,
    Taken,
    chosen,
    derivation,
    in_order,
)

Pick = Literal["only", "first", "last"]


@derivation("{new} of the {pick} record of {source} with the same {by}{where}{order}")
def derive_merged(
    data: pl.DataFrame,
    source: Source,
    by: Columns,
    new: Taken,
    where: Condition = None,
    *,
    order: Order = (),
    pick: Pick = "only",
) -> pl.DataFrame:
    """Columns of the source's record with the same `by`; missing where there is none.

    `new` maps new names to columns of the source; `where` and `order` are about the source. `pick` "only" takes the
    first where several records match. Source: ADaMIG 1.3 section 3.1.

    >>> dm = pl.DataFrame({"USUBJID": ["1", "2"], "AGE": [63.0, 71.0]})
    >>> derive_merged(pl.DataFrame({"USUBJID": ["2"]}), dm, ["USUBJID"], {"AGE": "AGE"})["AGE"].to_list()
    [71.0]
    """
    keys = list(by)
    rows = in_order(chosen(source, where), order).drop_nulls(keys)
    picked = rows.unique(keys, keep="last" if pick == "last" else "first", maintain_order=True)
    taken = picked.select(*keys, *(pl.col(old).alias(f"\u00b7{name}") for name, old in new.items()))
    joined = data.select(keys).join(taken, on=keys, how="left", maintain_order="left")
    return data.with_columns(joined.get_column(f"\u00b7{name}").alias(name) for name in new)


@derivation("Y where {source} has a record with the same {by}{where}, else {absent}")
def derive_merged_flag(
    data: pl.DataFrame,
    source: Source,
    by: Columns,
    new: New,
    where: Condition = None,
    *,
    present: str = "Y",
    absent: str = "",
) -> pl.DataFrame:
    """A flag where the source has a record with the same `by`; empty `absent` leaves it missing elsewhere.

    Source: ADaMIG 1.3 section 3.1.5 (flags are Y or missing, or Y and N).
    """
    keys = list(by)
    there = (
        chosen(source, where).drop_nulls(keys).select(keys).unique().with_columns(pl.lit(present).alias("\u00b7flag"))
    )
    flags = data.select(keys).join(there, on=keys, how="left", maintain_order="left").get_column("\u00b7flag")
    return data.with_columns((flags.fill_null(absent) if absent else flags).alias(new))


@derivation("{statistic} of {value} over records of {source} with the same {by}{where}")
def derive_merged_summary(
    data: pl.DataFrame,
    source: Source,
    by: Columns,
    new: New,
    where: Condition = None,
    *,
    value: SourceColumn,
    statistic: Literal["total", "mean", "least", "greatest", "count"] = "total",
) -> pl.DataFrame:
    """One number over the source's records with the same `by`; missing where no record has a value (count: 0).

    Source: ADaMIG 1.3 section 3.1 (derived variables of ADSL).
    """
    keys = list(by)
    summed = (
        chosen(source, where).drop_nulls([*keys, value]).group_by(keys).agg(summary(value, statistic).alias("\u00b7"))
    )
    found = data.select(keys).join(summed, on=keys, how="left", maintain_order="left").get_column("\u00b7")
    return data.with_columns((found.fill_null(0.0) if statistic == "count" else found).alias(new))


def summary(value: str, statistic: str) -> pl.Expr:
    """A statistic of a column's present values; missing where there are none."""
    column = pl.col(value)
    return {
        "total": pl.when(column.count() > 0).then(column.sum()),
        "mean": column.mean(),
        "least": column.min(),
        "greatest": column.max(),
        "count": column.count().cast(pl.Float64),
    }[statistic]


@derivation("The values that {source} gives for {new}")
def derive_supplemental(
    data: pl.DataFrame, source: Source, new: Taken, *, by: Column = "USUBJID", sequence: str = ""
) -> pl.DataFrame:
    """Supplemental qualifiers as columns: `new` maps a column to a QNAM of a SUPP-- dataset.

    `sequence` is the column that IDVARVAL names (AESEQ); empty for qualifiers of a participant.
    Source: SDTMIG 3.4 section 8.4.
    """
    keys = [by, *([sequence] if sequence else [])]
    made = data
    for name, qualifier in new.items():
        rows = source.filter(pl.col("QNAM") == qualifier)
        number = pl.col("IDVARVAL").cast(pl.String).str.strip_chars().cast(pl.Float64, strict=False)
        rows = rows.select(by, *([number.alias(sequence)] if sequence else []), pl.col("QVAL").alias("\u00b7"))
        rows = rows.unique(keys, keep="first", maintain_order=True)
        own = data.select(by, *([pl.col(sequence).cast(pl.Float64)] if sequence else []))
        values = own.join(rows, on=keys, how="left", maintain_order="left").get_column("\u00b7")
        made = made.with_columns(values.alias(name))
    return made
