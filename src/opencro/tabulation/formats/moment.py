"""SAS date, datetime and time numbers <-> ISO 8601 text, whole columns at a time.

Source: Dataset-JSON 1.1, "Date/Time Variables" (target data type integer); SAS counts days and seconds from
1960-01-01 and seconds of the day.
"""

from __future__ import annotations

from typing import Literal

import polars as pl

Moment = Literal["date", "datetime", "time"]

_EPOCH_DAYS = 3653
_DAY = 86400
_FIRST_DAY, _LAST_DAY = -715509, 2936549
_PATTERNS = {
    "date": r"^\d{4}-\d{2}-\d{2}$",
    "datetime": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?$",
    "time": r"^\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?$",
}


def moments_to_numbers(text: pl.Series, kind: Moment) -> pl.Series:
    """SAS numbers (Float64) of ISO 8601 text; null where the text is null or no whole date or time."""
    column = pl.col("t")
    whole = pl.when(column.str.contains(_PATTERNS[kind])).then(column)
    days = whole.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False).cast(pl.Int32).cast(pl.Float64) + _EPOCH_DAYS
    day = pl.when(days >= _FIRST_DAY).then(days)
    clock = whole if kind == "time" else whole.str.slice(11)
    second = _seconds(clock)
    value = {"date": day, "time": second, "datetime": day * _DAY + second}[kind]
    return text.to_frame("t").select(value.alias(text.name)).to_series()


def _seconds(clock: pl.Expr) -> pl.Expr:
    hour = clock.str.slice(0, 2).cast(pl.Float64, strict=False)
    minute = clock.str.slice(3, 2).cast(pl.Float64, strict=False)
    second = pl.when(clock.str.len_bytes() > 5).then(clock.str.slice(6).cast(pl.Float64, strict=False)).otherwise(0.0)
    valid = (hour < 24) & (minute < 60) & (second < 60)
    return pl.when(valid).then(hour * 3600 + minute * 60 + second)


def numbers_to_moments(numbers: pl.Series, kind: Moment) -> pl.Series:
    """ISO 8601 text of SAS numbers; null where null or not a moment (a part of a day, beyond the years 1 to 9999)."""
    number = pl.col("n")
    if kind == "date":
        return numbers.to_frame("n").select(_day(number).alias(numbers.name)).to_series()
    micros = (number * 1_000_000).round()
    day = (number / _DAY).floor() if kind == "datetime" else pl.lit(0.0)
    inside = micros - day * (_DAY * 1_000_000)
    fits = (number >= 0) & (inside < _DAY * 1_000_000) if kind == "time" else number.is_between(_first(), _last())
    safe = pl.when(fits & inside.is_between(0, _DAY * 1_000_000 - 1)).then(inside).cast(pl.Int64)
    clock = (safe * 1000).cast(pl.Time).dt.to_string("%H:%M:%S%.f").str.replace(r"(\.\d*?)0+$", "${1}")
    text = clock if kind == "time" else pl.concat_str(_day(day), clock, separator="T")
    return numbers.to_frame("n").select(text.alias(numbers.name)).to_series()


def _first() -> float:
    return float(_FIRST_DAY * _DAY)


def _last() -> float:
    return float((_LAST_DAY + 1) * _DAY - 1)


def _day(number: pl.Expr) -> pl.Expr:
    fits = number.is_between(_FIRST_DAY, _LAST_DAY) & (number == number.floor())
    days = pl.when(fits).then(number - _EPOCH_DAYS)
    return days.cast(pl.Int32).cast(pl.Date).dt.to_string("%Y-%m-%d")
