"""Toxicity grades, reference ranges, pooled groups.

Source: ADaMIG 1.3 sections 3.3.6 (ANRIND, A1LO, A1HI), 3.3.7 (ATOXGR); the bands of a grade are data with their source.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from opencro.analysis.adam.derive.derivation import Column, Columns, Condition, New, condition, derivation, formula


class Grade(BaseModel):
    """A grade of a term: an expression over the row; the highest grade that holds counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    grade: float = Field(ge=0, le=5)
    where: str
    parameter: str = Field(default="", description="PARAMCD to which it applies; empty = all")

    @property
    def words(self) -> str:
        """The grade as text."""
        return f"{self.grade:g} ({f'{self.parameter}: ' if self.parameter else ''}{self.where})"


Grades = Annotated[Sequence[Grade | dict[str, Any]], "grades"]
"""Grades with their conditions."""


@derivation("The highest grade of {grades} whose condition holds, else {otherwise}{where}")
def derive_toxicity_grade(
    data: pl.DataFrame,
    new: New,
    where: Condition = None,
    *,
    grades: Grades,
    parameter: Column = "PARAMCD",
    otherwise: float | None = 0,
) -> pl.DataFrame:
    """The toxicity grade as text: the highest whose condition holds ("AVAL > 3 * A1HI"), else `otherwise`.

    Rows whose value the conditions cannot judge need a `where` that leaves them out. Source: ADaMIG 1.3 section 3.3.7
    (ATOXGR); the conditions are those of a published scale (CTCAE) and are handed in.
    """
    declared = [g if isinstance(g, Grade) else Grade.model_validate(g) for g in grades]
    result: pl.Expr = pl.lit(None if otherwise is None else f"{otherwise:g}", dtype=pl.String)
    for one in sorted(declared, key=lambda g: g.grade):
        holds = formula(data, one.where)
        if one.parameter:
            holds = holds & (pl.col(parameter) == one.parameter).fill_null(value=False)
        result = pl.when(holds).then(pl.lit(f"{one.grade:g}")).otherwise(result)
    return data.with_columns(pl.when(condition(data, where)).then(result).alias(new))


@derivation("{low_text} where {value} is below {low}, {high_text} where above {high}, else {normal_text}{where}")
def derive_range_indicator(
    data: pl.DataFrame,
    new: New,
    where: Condition = None,
    *,
    value: Column = "AVAL",
    low: Column = "A1LO",
    high: Column = "A1HI",
    low_factor: float = 1,
    high_factor: float = 1,
    low_text: str = "LOW",
    normal_text: str = "NORMAL",
    high_text: str = "HIGH",
) -> pl.DataFrame:
    """Whether a value is outside its range, or outside so many times its limits; missing without value and limits.

    A limit that is missing cannot be passed. Source: ADaMIG 1.3 section 3.3.6 (ANRIND).
    """
    number, floor, ceiling = pl.col(value), pl.col(low) * low_factor, pl.col(high) * high_factor
    judged = number.is_not_null() & (floor.is_not_null() | ceiling.is_not_null()) & condition(data, where)
    said = pl.when(number < floor).then(pl.lit(low_text)).when(number > ceiling).then(pl.lit(high_text))
    return data.with_columns(pl.when(judged).then(said.otherwise(pl.lit(normal_text))).alias(new))


@derivation("{group}, or {pooled} where any {arm} has fewer than {least} with it{where}", across=True)
def derive_pooled_group(
    data: pl.DataFrame,
    new: New,
    where: Condition = None,
    *,
    group: Column,
    arm: Column,
    least: int,
    pooled: str,
    count: Literal["every", "present"] = "every",
) -> pl.DataFrame:
    """Groups (sites) in which an arm has fewer than `least` participants become one pooled group.

    `count` "every" asks each arm of the study, also those that the group has nobody in; "present" only the arms that
    it has. It looks at all participants. Source: ADaMIG 1.3 section 3.1.4 (SITEGRy).
    """
    rows = data.filter(condition(data, where)).drop_nulls([group, arm])
    counts = rows.group_by(group, arm).len()
    if count == "every":
        arms, groups = rows.select(arm).unique(), rows.select(group).unique()
        counts = groups.join(arms, how="cross").join(counts, on=[group, arm], how="left").fill_null(0)
    small = counts.filter(pl.col("len") < least).get_column(group).unique()
    kept = pl.when(pl.col(group).is_in(small.implode())).then(pl.lit(pooled)).otherwise(pl.col(group))
    return data.with_columns(pl.when(condition(data, where)).then(kept).alias(new))


@derivation("Consecutive number within {by} by {values}", within="by")
def derive_rank(data: pl.DataFrame, by: Columns, new: New, *, values: Columns) -> pl.DataFrame:
    """A consecutive number within `by` in the order of other columns (ASEQ). Source: ADaMIG 1.3 section 3.3.1."""
    keys = [*by, *values]
    order = data.with_row_index("\u00b7at").sort(keys, nulls_last=False, maintain_order=True)
    numbered = order.select("\u00b7at", pl.int_range(1, pl.len() + 1).over(list(by)).cast(pl.Float64).alias(new))
    return data.with_columns(numbered.sort("\u00b7at").get_column(new))
