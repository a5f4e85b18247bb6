"""Collected text read as number or date: one meaning for a single value and for a column.

Source: docs/expressions.md, "Reading text"; dates as in `kernel.partial_date`.
"""

from __future__ import annotations

import math
import re
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
    trimmed = text.str.strip_chars(BLANKS)
    plain = pl.when(trimmed.str.contains(_NUMBER)).then(trimmed.str.strip_prefix("+"))
    return finite_column(plain.cast(pl.Float64, strict=False))


def finite_column(number: pl.Expr) -> pl.Expr:
    """`finite` over a column."""
    return pl.when(number.is_finite()).then(number)


def date_column(text: pl.Expr) -> pl.Expr:
    """`read_date` over a text column; each different text is read once."""
    return text.map_batches(_dates, return_dtype=pl.Date, is_elementwise=True)


def year_column(text: pl.Expr) -> pl.Expr:
    """`read_year` over a text column; each different text is read once."""
    return text.map_batches(_years, return_dtype=pl.Float64, is_elementwise=True)


def _dates(column: pl.Series) -> pl.Series:
    found = {text: read_date(text) for text in column.unique().to_list()}
    return pl.Series(column.name, [found[text] for text in column.to_list()], dtype=pl.Date)


def _years(column: pl.Series) -> pl.Series:
    found = {text: read_year(text) for text in column.unique().to_list()}
    return pl.Series(column.name, [found[text] for text in column.to_list()], dtype=pl.Float64)
