"""Grades of laboratory values by the terms of a published scale.

Source: CTCAE 5.0 as the `ctcae` pack has it; ADaMIG 1.3 section 3.3.7 (ATOXGRL, ATOXGRH).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

import polars as pl

from opencro.analysis.adam.derive.derivation import Column, Condition, New, condition, derivation
from opencro.terms import GradedTerm, Limit, TermsStore

MaybeColumn = Annotated["str | None", "column"]
"""A column that is read, where there is one."""
NORMAL = "NORMAL"
_TINY = 1e-10
Found = tuple[int, pl.Expr]


@derivation("The CTCAE {version} grade ({direction}) of {value} by the term in {term}{where}")
def derive_ctcae_grade(
    data: pl.DataFrame,
    new: New,
    where: Condition = None,
    *,
    direction: Literal["low", "high"],
    term: Column = "ATOXDSCL",
    value: Column = "AVAL",
    unit: MaybeColumn = None,
    low: MaybeColumn = None,
    high: MaybeColumn = None,
    baseline: MaybeColumn = None,
    baseline_indicator: MaybeColumn = None,
    change_percent: MaybeColumn = None,
    version: str = "5.0",
) -> pl.DataFrame:
    """The grade of each value as text: "0" within the first limit, missing where the value cannot be judged.

    `term` holds names of the scale, in any case; rows with another, or with a unit that the scale does not name for the
    term, have no grade. The highest grade that can be shown counts. Source: ADaMIG 1.3 section 3.3.7; CTCAE 5.0.
    """
    told = {"LLN": low, "ULN": high, "BASE": baseline, "BNRIND": baseline_indicator, "PCHG": change_percent, "": value}
    columns = {name: pl.col(column) if column else pl.lit(None) for name, column in told.items()}
    said, spelled = pl.col(term).str.to_lowercase(), pl.col(unit).str.to_lowercase() if unit else pl.lit("")
    grade: pl.Expr = pl.lit(None, dtype=pl.String)
    for one in TermsStore().grading("ctcae", version).terms.values():
        if one.direction != direction:
            continue
        for name, limits in one.beyond.items():
            here = said == one.term.casefold()
            if name != "any":
                here = here & (spelled == name.lower())
            elif one.or_beyond:
                here = here & spelled.is_in([n.lower() for n in one.or_beyond])
            grade = pl.when(here).then(_grade(one, limits, columns, spelled)).otherwise(grade)
    return data.with_columns(pl.when(condition(data, where)).then(grade).alias(new))


def _grade(term: GradedTerm, limits: tuple[Limit, ...], columns: Mapping[str, pl.Expr], spelled: pl.Expr) -> pl.Expr:
    """The highest grade that holds, else 0 where the first limit is known and was not passed."""
    value = columns[""].cast(pl.Float64)
    numbers = [_number(limit, columns) for limit in limits]
    usual = list(zip(term.grades, numbers, strict=True))
    first = numbers[0]
    if term.abnormal_baseline:
        base = columns["BASE"].cast(pl.Float64)
        normal = columns["BNRIND"] == NORMAL
        usual = [
            (grade, pl.when(normal).then(number).when(~normal).then(base * times))
            for (grade, number), times in zip(usual, term.abnormal_baseline, strict=True)
        ]
        first = usual[0][1]
    holds = [(grade, _beyond(term, value, number)) for grade, number in usual]
    if term.including:
        at = (columns["BNRIND"] != NORMAL) & ((value - first).abs() <= first.abs() * _TINY)
        holds.append((term.grades[0], at))
    holds += _more(term, value, columns, first, spelled)
    judged = pl.when(first.is_not_null() & value.is_not_null()).then(pl.lit("0"))
    result: pl.Expr = judged.otherwise(pl.lit(None, dtype=pl.String))
    for grade, passed in sorted(holds, key=lambda found: found[0]):
        result = pl.when(passed.fill_null(value=False)).then(pl.lit(str(grade))).otherwise(result)
    return result


def _number(limit: Limit, columns: Mapping[str, pl.Expr]) -> pl.Expr:
    return columns[limit.of].cast(pl.Float64) * limit.times + limit.plus if limit.of else pl.lit(limit.plus)


def _beyond(term: GradedTerm, value: pl.Expr, number: pl.Expr) -> pl.Expr:
    """Whether a value lies beyond a limit; what differs by rounding of the product alone does not."""
    room = number.abs() * _TINY
    return value < number - room if term.direction == "low" else value > number + room


def _more(
    term: GradedTerm, value: pl.Expr, columns: Mapping[str, pl.Expr], first: pl.Expr, spelled: pl.Expr
) -> Iterator[Found]:
    """The other ways to a grade: multiples of baseline, change of an abnormal value, numbers."""
    base = columns["BASE"].cast(pl.Float64)
    for grade, times in (term.or_baseline or {}).items():
        yield grade, _beyond(term, value, base * times)
    abnormal = _beyond(term, value, first)
    for grade, percent in (term.or_percent or {}).items():
        yield grade, abnormal & (columns["PCHG"].cast(pl.Float64) <= percent)
    for unit, numbers in (term.or_beyond or {}).items():
        for grade, number in numbers.items():
            yield grade, (spelled == unit.lower()) & _beyond(term, value, pl.lit(number))
