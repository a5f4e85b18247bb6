"""Flags: first, last and extreme records, occurrences, criteria, queries.

Source: ADaMIG 1.3 section 3.3.8 (ANLzzFL, ABLFL), ADaM OCCDS 1.1 section 3.2.7 (AOCCxxFL, CQzzNAM, SMQzzNAM).
"""

from __future__ import annotations

from typing import Literal

import polars as pl

from opencro.analysis.adam.derive.derivation import (
    Columns,
    Condition,
    Formula,
    New,
    Order,
    chosen,
    condition,
    derivation,
    formula,
    in_order,
)

_AT = "\u00b7at"


@derivation("{flag} on the {pick} record within {by}{order}{where}", within="by")
def derive_extreme_flag(
    data: pl.DataFrame,
    by: Columns,
    order: Order,
    new: New,
    where: Condition = None,
    *,
    pick: Literal["first", "last"] = "first",
    flag: str = "Y",
) -> pl.DataFrame:
    """A flag on the first or last record within `by`, of those for which `where` holds; missing elsewhere.

    Occurrence flags (AOCCFL), analysis flags of the record nearest a target, the worst record: the order says which.
    Source: ADaM OCCDS 1.1 section 3.2.7; ADaMIG 1.3 section 3.3.8.

    >>> rows = pl.DataFrame({"USUBJID": ["1", "1"], "ASTDY": [9.0, 2.0]})
    >>> derive_extreme_flag(rows, ["USUBJID"], ["ASTDY"], "AOCCFL")["AOCCFL"].to_list()
    [None, 'Y']
    """
    rows = in_order(chosen(data.with_row_index(_AT), where), order).select(_AT, *by)
    keep: Literal["first", "last"] = pick
    picked = rows.unique(list(by), keep=keep, maintain_order=True).get_column(_AT)
    return data.with_columns(pl.when(pl.int_range(pl.len()).is_in(picked.implode())).then(pl.lit(flag)).alias(new))


@derivation("{flag} where {value}, else {otherwise}{where}")
def derive_flag(
    data: pl.DataFrame, new: New, where: Condition = None, *, value: Formula, flag: str = "Y", otherwise: str = ""
) -> pl.DataFrame:
    """A flag where a condition holds; empty `otherwise` leaves it missing elsewhere, `where` says which rows get one.

    Source: ADaMIG 1.3 section 3.1.5.
    """
    said = pl.when(formula(data, value)).then(pl.lit(flag)).otherwise(pl.lit(otherwise or None, dtype=pl.String))
    return data.with_columns(pl.when(condition(data, where)).then(said).alias(new))


@derivation("Criterion {text}: Y where {value}, N elsewhere{where}", makes=("{new}FL",))
def derive_criterion(
    data: pl.DataFrame, new: New, where: Condition = None, *, text: str, value: Formula, number: New = ""
) -> pl.DataFrame:
    """A criterion: CRIT1 holds its text, CRIT1FL Y or N, and `number` (CRIT1FN) 1 or 0; missing where `where` fails.

    `new` is the criterion's name (CRIT1). Source: ADaMIG 1.3 section 3.3.9 (CRITy, CRITyFL, CRITyFN).
    """
    asked, holds = condition(data, where), formula(data, value)
    columns = [
        pl.when(asked).then(pl.lit(text)).alias(new),
        pl.when(asked).then(pl.when(holds).then(pl.lit("Y")).otherwise(pl.lit("N"))).alias(f"{new}FL"),
    ]
    if number:
        columns.append(pl.when(asked).then(holds.cast(pl.Float64)).alias(number))
    return data.with_columns(columns)


@derivation("{name} where {value}")
def derive_query_name(data: pl.DataFrame, new: New, *, name: str, value: Formula) -> pl.DataFrame:
    """The name of a query (a customized query or an SMQ) on the records that it finds; missing elsewhere.

    Source: ADaM OCCDS 1.1 section 3.2.8 (CQzzNAM, SMQzzNAM).
    """
    return data.with_columns(pl.when(formula(data, value)).then(pl.lit(name)).alias(new))


@derivation("Records{where}", rows="choose")
def derive_chosen(data: pl.DataFrame, where: Condition) -> pl.DataFrame:
    """Only the records for which `where` holds."""
    return chosen(data, where)


@derivation("The {pick} record within {by}{order}{where}", rows="choose", within="by")
def derive_extreme_records(
    data: pl.DataFrame,
    by: Columns,
    order: Order,
    where: Condition = None,
    *,
    pick: Literal["first", "last"] = "first",
) -> pl.DataFrame:
    """Only the first or last record within `by`, of those for which `where` holds. Source: ADaMIG 1.3 section 4.5."""
    rows = in_order(chosen(data, where), order)
    keep: Literal["first", "last"] = pick
    return rows.unique(list(by), keep=keep, maintain_order=True)
