"""The functions of the language: what each takes and gives, for one row and for a column.

Source: docs/expressions.md, "Functions". A function whose argument is missing gives missing (a condition: false),
except `min`, `max`, `sum` and `mean`, which pass over missing arguments. `if` has the type of its last two arguments,
so `types`, `rows` and `columns` know it by its name.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial, reduce
from typing import Any

import polars as pl

from opencro.kernel.expression.reading import BLANKS, ValueType, once, read_year, year_column


@dataclass(frozen=True, slots=True)
class Function:
    """A function: types of its parameters and result, its meaning for values and for columns.

    `optional` counts the parameters that may be left out at the end; `several` repeats the last parameter.
    """

    takes: tuple[ValueType, ...]
    gives: ValueType
    row: Callable[..., Any]
    column: Callable[..., pl.Expr]
    optional: int = 0
    several: bool = False
    skips_missing: bool = False

    def parameter(self, index: int) -> ValueType:
        """The type of the argument at an index."""
        return self.takes[min(index, len(self.takes) - 1)]

    def accepts(self, count: int) -> bool:
        """Whether it can be called with so many arguments."""
        least = len(self.takes) - self.optional
        return count >= least if self.several else least <= count <= len(self.takes)


BRANCH = "if"
"""The function that gives one of two values of any type."""

SEPARATOR = ";"
"""Between the answers of a text that holds several."""

_FUZZ = 1e-14
"""Relative distance within which a value counts as a half: 2.675 is stored as 2.67499999999999982."""


def _round(number: float, digits: float = 0.0) -> float:
    scale = math.pow(10.0, digits)
    scaled = abs(number) * scale
    if not math.isfinite(scaled):
        return number
    rounded: float = math.floor(scaled + 0.5 + scaled * _FUZZ) / scale
    return -rounded if number < 0 else rounded


def _round_column(number: pl.Expr, digits: pl.Expr | None = None) -> pl.Expr:
    return once(_rounded, pl.Float64, number, pl.lit(0.0) if digits is None else digits)


def _rounded(number: pl.Series, digits: pl.Series) -> pl.Series:
    scale = math.pow(10.0, digits.item(0) if len(digits) else 0.0)
    scaled = number.abs() * scale
    rounded = (scaled + 0.5 + scaled * _FUZZ).floor() / _for_each(scale, scaled)
    signed = rounded.zip_with(~(number < 0).fill_null(value=False), -rounded)
    return signed.zip_with(scaled.is_finite().fill_null(value=False), number)


def _for_each(scale: float, values: pl.Series) -> pl.Series:
    """A number for each row: by one number Polars divides with its reciprocal, and 328 / 10 would not be 32.8."""
    return pl.Series([scale], dtype=pl.Float64).new_from_index(0, len(values))


def _floor(number: float, digits: float = 0.0) -> float:
    scale = math.pow(10.0, digits)
    scaled = number * scale
    return math.floor(scaled + abs(scaled) * _FUZZ) / scale if math.isfinite(scaled) else number


def _ceiling(number: float, digits: float = 0.0) -> float:
    return -_floor(-number, digits)


def _power(number: float, exponent: float) -> float:
    try:
        return math.pow(number, exponent)
    except (OverflowError, ValueError):
        return math.nan


def _sqrt(number: float) -> float:
    return math.sqrt(number) if number >= 0 else math.nan


def _sum(numbers: list[float]) -> float:
    return reduce(operator.add, numbers)


def _mean(numbers: list[float]) -> float:
    return _sum(numbers) / len(numbers)


def _each(function: Callable[..., float], *parts: pl.Expr) -> pl.Expr:
    """A function of numbers for each row, where Polars has none that gives the same bits."""

    def compute(*columns: pl.Series) -> pl.Series:
        rows = zip(*(column.to_list() for column in columns), strict=True)
        return pl.Series([None if None in row else function(*row) for row in rows], dtype=pl.Float64)

    return once(compute, pl.Float64, *parts)


def _present(function: Callable[[list[float]], float], *parts: pl.Expr) -> pl.Expr:
    """A function of the numbers that are present in each row."""

    def compute(*columns: pl.Series) -> pl.Series:
        rows = zip(*(column.to_list() for column in columns), strict=True)
        present = ([number for number in row if number is not None] for row in rows)
        return pl.Series([function(numbers) if numbers else None for numbers in present], dtype=pl.Float64)

    return once(compute, pl.Float64, *parts)


def _selected(answers: str, code: str) -> bool:
    return code in answers.split(SEPARATOR)


def _selected_column(answers: pl.Series, code: pl.Series) -> pl.Series:
    pairs = zip(answers.to_list(), code.to_list(), strict=True)
    found = [None if a is None or c is None else _selected(a, c) for a, c in pairs]
    return pl.Series(found, dtype=pl.Boolean)


def _years_between(start: date, end: date) -> float:
    before_birthday = (end.month, end.day) < (start.month, start.day)
    return float(end.year - start.year - (1 if before_birthday else 0))


def _days(start: pl.Series, end: pl.Series) -> pl.Series:
    return (end - start).dt.total_days().cast(pl.Float64)


def _contains(text: pl.Series, part: pl.Series) -> pl.Series:
    frame = pl.DataFrame({"text": text, "part": part})
    return frame.select(pl.col("text").str.contains(pl.col("part"), literal=True)).to_series()


def _starts_with(text: pl.Series, part: pl.Series) -> pl.Series:
    frame = pl.DataFrame({"text": text, "part": part})
    return frame.select(pl.col("text").str.starts_with(pl.col("part"))).to_series()


def _years_passed(start: pl.Series, end: pl.Series) -> pl.Series:
    before_birthday = (_day_in_year(end) - _day_in_year(start)) < 0
    return (end.dt.year() - start.dt.year() - before_birthday.cast(pl.Int32)).cast(pl.Float64)


def _day_in_year(day: pl.Series) -> pl.Series:
    return day.dt.month().cast(pl.Int32) * 100 + day.dt.day().cast(pl.Int32)


FUNCTIONS: dict[str, Function] = {
    "length": Function(("text",), "number", lambda t: float(len(t)), lambda t: t.str.len_chars().cast(pl.Float64)),
    "upper": Function(("text",), "text", str.upper, lambda t: t.str.to_uppercase()),
    "lower": Function(("text",), "text", str.lower, lambda t: t.str.to_lowercase()),
    "trim": Function(("text",), "text", lambda t: t.strip(BLANKS), lambda t: t.str.strip_chars(BLANKS)),
    "contains": Function(("text", "text"), "boolean", lambda t, part: part in t, partial(once, _contains, pl.Boolean)),
    "starts_with": Function(
        ("text", "text"), "boolean", lambda t, part: t.startswith(part), partial(once, _starts_with, pl.Boolean)
    ),
    "number": Function(("number",), "number", lambda n: n, lambda n: n),
    "date": Function(("date",), "date", lambda d: d, lambda d: d),
    "year": Function(("text",), "number", read_year, year_column),
    "days_between": Function(
        ("date", "date"),
        "number",
        lambda start, end: float((end - start).days),
        partial(once, _days, pl.Float64),
    ),
    "age_years": Function(("date", "date"), "number", _years_between, partial(once, _years_passed, pl.Float64)),
    "abs": Function(("number",), "number", abs, lambda n: n.abs()),
    "round": Function(("number", "number"), "number", _round, _round_column, optional=1),
    "min": Function(("number",), "number", min, pl.min_horizontal, several=True, skips_missing=True),
    "max": Function(("number",), "number", max, pl.max_horizontal, several=True, skips_missing=True),
    "round_down": Function(("number", "number"), "number", _floor, partial(_each, _floor), optional=1),
    "round_up": Function(("number", "number"), "number", _ceiling, partial(_each, _ceiling), optional=1),
    "sqrt": Function(("number",), "number", _sqrt, partial(_each, _sqrt)),
    "power": Function(("number", "number"), "number", _power, partial(_each, _power)),
    "sum": Function(("number",), "number", _sum, partial(_present, _sum), several=True, skips_missing=True),
    "mean": Function(("number",), "number", _mean, partial(_present, _mean), several=True, skips_missing=True),
    "selected": Function(("text", "text"), "boolean", _selected, partial(once, _selected_column, pl.Boolean)),
    "if": Function(
        ("boolean", "text", "text"),
        "text",
        lambda condition, then, other: then if condition else other,
        partial(once, lambda condition, then, other: then.zip_with(condition, other), pl.String),
    ),
}
