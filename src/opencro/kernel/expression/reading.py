"""Collected text read as number or date: one meaning for a single value and for a column.

Source: docs/expressions.md, "Reading text"; dates as in `kernel.partial_date`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Literal

import polars as pl

from opencro.kernel.partial_date import PartialDate, parse_partial_date

ValueType = Literal["text", "number", "boolean", "date"]

BLANKS = " \t\r\n\u00a0"
"""What `trim` takes away and what may surround a number."""

_NUMBER = r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?$"
_NUMBER_PATTERN = re.compile(_NUMBER.replace("$", r"\Z"))


def read_number(value: object) -> float | None:
    """A value as a finite number; None when it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return finite(float(value))
    if isinstance(value, str):
        text = value.strip(BLANKS)
        return finite(float(text)) if _NUMBER_PATTERN.match(text) else None
    return None


def finite(number: float) -> float | None:
    """A number, or None where a computation left the numbers (infinite, undefined)."""
    return number if math.isfinite(number) else None


def read_partial(value: object) -> PartialDate | None:
    """A value as a date of which parts may be unknown."""
    if isinstance(value, date):
        return PartialDate(value.year, value.month, value.day)
    return parse_partial_date(value) if isinstance(value, str) else None


def read_date(value: object) -> date | None:
    """A value as a calendar date; None unless year, month and day are known and exist."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    partial = read_partial(value)
    if partial is None or not partial.year or not partial.month or not partial.day:
        return None
    return partial.whole


def read_year(value: object) -> float | None:
    """The year of a date of which parts may be unknown."""
    partial = read_partial(value)
    return None if partial is None or partial.year is None else float(partial.year)


def number_column(text: pl.Expr) -> pl.Expr:
    """`read_number` over a text column."""
    return once(_numbers, pl.Float64, text)


def finite_column(number: pl.Expr) -> pl.Expr:
    """`finite` over a column."""
    return once(_finite, pl.Float64, number)


def date_column(text: pl.Expr) -> pl.Expr:
    """`read_date` over a text column; each different text is read once."""
    return once(_dates, pl.Date, text)


def year_column(text: pl.Expr) -> pl.Expr:
    """`read_year` over a text column; each different text is read once."""
    return once(_years, pl.Float64, text)


def once(function: Callable[..., pl.Series], dtype: type[pl.DataType], *parts: pl.Expr) -> pl.Expr:
    """A function of whole columns that computes each part once.

    A Polars expression that mentions a part twice computes it twice, and so on at every level: a sum of forty terms
    would never end.
    """
    return pl.map_batches(
        list(parts), lambda columns: function(*_as_long(columns)), return_dtype=dtype, is_elementwise=True
    )


def _as_long(columns: Sequence[pl.Series]) -> list[pl.Series]:
    """Literals come with one row; they are made as long as the columns beside them, which may have none."""
    length = min(len(column) for column in columns) and max(len(column) for column in columns)
    return [column if len(column) == length else column.new_from_index(0, length) for column in columns]


def _finite(number: pl.Series) -> pl.Series:
    return number if number.is_finite().all() else number.set(~number.is_finite(), None)


def _numbers(text: pl.Series) -> pl.Series:
    trimmed = text.str.strip_chars(BLANKS)
    plain = trimmed.set(~trimmed.str.contains(_NUMBER), None)
    return _finite(plain.str.strip_prefix("+").cast(pl.Float64, strict=False))


def _dates(column: pl.Series) -> pl.Series:
    found = {text: read_date(text) for text in column.unique().to_list()}
    return pl.Series(column.name, [found[text] for text in column.to_list()], dtype=pl.Date)


def _years(column: pl.Series) -> pl.Series:
    found = {text: read_year(text) for text in column.unique().to_list()}
    return pl.Series(column.name, [found[text] for text in column.to_list()], dtype=pl.Float64)
