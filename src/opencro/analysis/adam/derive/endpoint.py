"""Records that an endpoint needs and nobody collected: carried forward, summed up, totals, computed parameters.

Source: ADaMIG 1.3 sections 4.2 (derived records), 4.5 (analysis records), 3.3.10 (DTYPE).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import polars as pl

from opencro.analysis.adam.derive.derivation import (
    Column,
    Columns,
    Condition,
    Given,
    Kept,
    New,
    Order,
    chosen,
    derivation,
    formula,
    in_order,
)
from opencro.analysis.adam.derive.merge import summary

Statistic = Literal["total", "mean", "least", "greatest", "count"]


@derivation(
    "For each of {visits} without a record within {by}: a copy of the last record of an earlier visit{order}{where}",
    rows="make",
    within="by",
    makes=("AVISIT", "AVISITN", "DTYPE"),
)
def derive_locf_records(
    data: pl.DataFrame,
    by: Columns,
    order: Order,
    where: Condition = None,
    *,
    visits: Mapping[str, float],
    dtype: str = "LOCF",
) -> pl.DataFrame:
    """The last observation carried forward: for each visit that has no record, a copy of the last one before it.

    `visits` maps AVISIT to AVISITN; `where` says which records count as observations, both as being there and to be
    carried. A copy keeps all columns but AVISIT, AVISITN and DTYPE. Source: ADaMIG 1.3 sections 3.3.10 and 4.2.1.

    >>> rows = pl.DataFrame({"USUBJID": ["1"], "AVISIT": ["Week 8"], "AVISITN": [8.0], "AVAL": [4.0]})
    >>> made = derive_locf_records(rows, ["USUBJID"], ["AVISITN"], visits={"Week 8": 8, "Week 16": 16})
    >>> made.select("AVISIT", "AVAL", "DTYPE").rows()
    [('Week 8', 4.0, None), ('Week 16', 4.0, 'LOCF')]
    """
    keys = list(by)
    observed = in_order(chosen(data, where), order)
    base = data if "DTYPE" in data.columns else data.with_columns(pl.lit(None, dtype=pl.String).alias("DTYPE"))
    made = [base]
    for visit, number in visits.items():
        there = observed.filter(pl.col("AVISITN") == number).select(keys).unique()
        before = observed.filter(pl.col("AVISITN") < number)
        last = before.unique(keys, keep="last", maintain_order=True).join(
            there, on=keys, how="anti", maintain_order="left", nulls_equal=True
        )
        made.append(_as_made(last, {"AVISIT": visit, "AVISITN": float(number), "DTYPE": dtype}))
    return pl.concat(made, how="diagonal_relaxed")


@derivation(
    "For each of {visits} without a record within {by}: a copy of the baseline record{where}",
    rows="make",
    within="by",
    makes=("AVISIT", "AVISITN", "DTYPE"),
)
def derive_bocf_records(
    data: pl.DataFrame,
    by: Columns,
    where: Condition = 'ABLFL == "Y"',
    *,
    visits: Mapping[str, float],
    dtype: str = "BOCF",
) -> pl.DataFrame:
    """The baseline observation carried forward: for each visit that has no record, a copy of the baseline record.

    `where` says which record is the baseline. Source: ADaMIG 1.3 sections 3.3.10 and 4.2.1.
    """
    return _carried_into(data, list(by), chosen(data, where), data, visits, dtype)


@derivation(
    "For each of {visits} without a record within {by}: a copy of the first record by {order}{where}",
    rows="make",
    within="by",
    makes=("AVISIT", "AVISITN", "DTYPE"),
)
def derive_wocf_records(
    data: pl.DataFrame,
    by: Columns,
    order: Order,
    where: Condition = None,
    *,
    visits: Mapping[str, float],
    dtype: str = "WOCF",
) -> pl.DataFrame:
    """The worst observation carried forward: for each visit that has no record, a copy of the worst record of all.

    `order` puts the worst first (`[-AVAL]` where high is bad). Source: ADaMIG 1.3 sections 3.3.10 and 4.2.1.
    """
    counted = chosen(data, where)
    return _carried_into(data, list(by), in_order(counted, order), counted, visits, dtype)


def _carried_into(
    data: pl.DataFrame,
    keys: list[str],
    carried: pl.DataFrame,
    counted: pl.DataFrame,
    visits: Mapping[str, float],
    dtype: str,
) -> pl.DataFrame:
    """A copy of the first carried record of each, for each visit of which nothing counts."""
    made = [data if "DTYPE" in data.columns else data.with_columns(pl.lit(None, dtype=pl.String).alias("DTYPE"))]
    first = carried.unique(keys, keep="first", maintain_order=True)
    for visit, number in visits.items():
        there = counted.filter(pl.col("AVISITN") == number).select(keys).unique()
        lacking = first.join(there, on=keys, how="anti", maintain_order="left", nulls_equal=True)
        made.append(_as_made(lacking, {"AVISIT": visit, "AVISITN": float(number), "DTYPE": dtype}))
    return pl.concat(made, how="diagonal_relaxed")


def _as_made(rows: pl.DataFrame, given: Mapping[str, object]) -> pl.DataFrame:
    """Rows that were made: fixed values given, bookkeeping of the caller (columns with a leading `_`) taken off."""
    fixed = [pl.lit(float(v) if isinstance(v, int) else v).alias(name) for name, v in given.items()]
    return rows.drop([c for c in rows.columns if c.startswith("_")]).with_columns(fixed)


@derivation("A copy of the {pick} record within {by}{order}{where}, with {given}", rows="make", within="by")
def derive_endpoint_records(
    data: pl.DataFrame,
    by: Columns,
    order: Order,
    given: Given,
    where: Condition = None,
    *,
    pick: Literal["first", "last"] = "last",
) -> pl.DataFrame:
    """A copy of the first or last record within `by` with other fixed values: end of treatment, worst value.

    Source: ADaMIG 1.3 section 4.2.1.
    """
    keep: Literal["first", "last"] = pick
    picked = in_order(chosen(data, where), order).unique(list(by), keep=keep, maintain_order=True)
    return pl.concat([data, _as_made(picked, given)], how="diagonal_relaxed")


@derivation("A copy of each record{where}, with {given}", rows="make")
def derive_copied_records(data: pl.DataFrame, given: Given, where: Condition = None) -> pl.DataFrame:
    """A copy of records with other fixed values: the same results under a second parameter or visit.

    Source: ADaMIG 1.3 section 4.2.1.
    """
    return pl.concat([data, _as_made(chosen(data, where), given)], how="diagonal_relaxed")


@derivation("{value}: {statistic} over records within {by}{where}, with {given}", rows="make", within="by")
def derive_summary_records(
    data: pl.DataFrame,
    by: Columns,
    given: Given,
    where: Condition = None,
    *,
    value: Column = "AVAL",
    statistic: Statistic = "mean",
    keep: Kept = (),
) -> pl.DataFrame:
    """A new record within each `by` whose value sums the records up: mean, total, least, greatest or count.

    `keep` names columns that are the same within `by` and stay. Source: ADaMIG 1.3 section 4.2.1 (DTYPE AVERAGE).
    """
    rows = chosen(data, where)
    first = [pl.col(c).first() for c in keep]
    made = rows.group_by(list(by), maintain_order=True).agg(*first, summary(value, statistic).alias(value))
    return pl.concat([data, _as_made(made, given)], how="diagonal_relaxed")


@derivation("{into}: {gives}, over {value} of the parameters within {by}, with {given}", rows="make", within="by")
def derive_parameter_records(
    data: pl.DataFrame,
    by: Columns,
    given: Given,
    where: Condition = None,
    *,
    parameters: Sequence[str],
    gives: str,
    value: Column = "AVAL",
    into: New = "AVAL",
    parameter: Column = "PARAMCD",
    keep: Kept = (),
) -> pl.DataFrame:
    """A parameter computed from others of the same `by`: `gives` is an expression over their codes (`WEIGHT / HEIGHT`).

    A condition (`ALT > 1.5 or AST > 1.5`) gives 1 or 0. The result is missing where all the parameters are missing.
    Source: ADaMIG 1.3 section 4.2.2.
    """
    keys, codes = list(by), list(parameters)
    rows = chosen(data, where).filter(pl.col(parameter).is_in(codes))
    values = [pl.col(value).filter(pl.col(parameter) == code).first().alias(code) for code in codes]
    wide = rows.group_by(keys, maintain_order=True).agg(*(pl.col(c).first() for c in keep), *values)
    some = pl.any_horizontal(pl.col(codes).is_not_null())
    made = wide.with_columns(pl.when(some).then(formula(wide, gives).cast(pl.Float64)).alias(into))
    return pl.concat([data, _as_made(made.select(*keys, *keep, into), given)], how="diagonal_relaxed")


@derivation(
    "Total of {value} over {items} within {by}; up to {most_missing} missing items are replaced by {missing}",
    rows="make",
    within="by",
)
def derive_total_records(
    data: pl.DataFrame,
    by: Columns,
    given: Given,
    where: Condition = None,
    *,
    items: Mapping[str, float],
    most_missing: int = 0,
    missing: Literal["mean", "share", "zero"] = "mean",
    decimals: int = 10,
    value: Column = "AVAL",
    parameter: Column = "PARAMCD",
    keep: Kept = (),
) -> pl.DataFrame:
    """A questionnaire's total as a new record; missing where more items are missing than the rule allows.

    `items` maps each item to its highest score. "mean" gives a missing item the mean of those answered, "share" the
    share of the highest score that those answered have (the total is scaled up), "zero" nothing. The total is rounded
    to `decimals`, halves away from zero. Source: ADaMIG 1.3 section 4.2.2; the rule is the instrument's.
    """
    keys = list(by)
    rows = chosen(data, where).filter(pl.col(parameter).is_in(list(items)) & pl.col(value).is_not_null())
    empty = chosen(data, where).filter(pl.col(parameter).is_in(list(items))).select(*keys, *keep).unique(keys)
    reach = pl.col(parameter).replace_strict(dict(items), return_dtype=pl.Float64)
    summed = rows.group_by(keys).agg(
        pl.col(value).sum().alias("\u00b7sum"), pl.len().alias("\u00b7count"), reach.sum().alias("\u00b7reach")
    )
    found = empty.sort(keys).join(summed, on=keys, how="left", maintain_order="left", nulls_equal=True)
    factor = {
        "mean": len(items) / pl.col("\u00b7count"),
        "share": sum(items.values()) / pl.col("\u00b7reach"),
        "zero": pl.lit(1.0),
    }[missing]
    enough = len(items) - pl.col("\u00b7count").cast(pl.Int64) <= most_missing
    made = found.with_columns(pl.when(enough).then(pl.col("\u00b7sum") * factor).alias(value))
    rounded = made.with_columns(formula(made, f"round({value}, {decimals})").alias(value)).select(*keys, *keep, value)
    return pl.concat([data, _as_made(rounded, given)], how="diagonal_relaxed")
