"""Dates, imputed and flagged; relative days; durations; treatment-emergent and on-treatment.

Source: ADaMIG 1.3 section 3.3.2 (--DT, --DTF, --DY; there is no day 0); ADaM OCCDS 1.1 section 3.2.6 (TRTEMFL).
"""

from __future__ import annotations

from typing import Literal

import polars as pl

from opencro.analysis.adam.derive.derivation import Column, Condition, New, condition, derivation

Part = Literal["none", "day", "month"]
_DEPTH = {"none": 0, "day": 1, "month": 2}


@derivation(
    "{value} as a date[; what is missing up to the {impute} becomes the {to} possible][, flagged in {flag}]{where}"
)
def derive_date(
    data: pl.DataFrame,
    new: New,
    where: Condition = None,
    *,
    value: Column,
    impute: Part = "none",
    to: Literal["first", "last"] = "first",
    flag: New = "",
    not_before: Column = "",
    not_after: Column = "",
) -> pl.DataFrame:
    """A date out of ISO 8601 text of which parts may be missing.

    `impute` is the greatest part that is imputed ("day": a missing day, "month": a missing month and day), `to` the
    first or the last possible day. `not_before` and `not_after` are date columns: an imputed date is moved to them
    where it would pass them and the collected parts allow it. `flag` is the column of the imputation flag (D, M).
    Source: ADaMIG 1.3 section 3.3.2.3 (--DTF).

    >>> rows = pl.DataFrame({"AESTDTC": ["2013-02", "2013-02-07"]})
    >>> derive_date(rows, "ASTDT", value="AESTDTC", impute="day", flag="ASTDTF")["ASTDTF"].to_list()
    ['D', None]
    """
    text = pl.col(value).str.slice(0, 10)
    known = text.str.len_chars()
    whole = text.str.to_date("%Y-%m-%d", strict=False)
    earliest, latest = _bounds(text)
    guess = earliest if to == "first" else latest
    if not_before:
        guess = pl.when((pl.col(not_before) > guess) & (pl.col(not_before) <= latest)).then(not_before).otherwise(guess)
    if not_after:
        guess = pl.when((pl.col(not_after) < guess) & (pl.col(not_after) >= earliest)).then(not_after).otherwise(guess)
    missing = pl.when(known == 10).then(0).when(known == 7).then(1).when(known == 4).then(2).otherwise(3)
    allowed = (missing > 0) & (missing <= _DEPTH[impute]) & (missing < 3) & condition(data, where)
    made = [pl.when(allowed).then(guess).otherwise(whole).alias(new)]
    if flag:
        letter = pl.when(missing == 1).then(pl.lit("D")).when(missing == 2).then(pl.lit("M"))
        made.append(pl.when(allowed & guess.is_not_null()).then(letter).alias(flag))
    return data.with_columns(made)


def _bounds(text: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """The first and the last day that a date without its day, or without month and day, may be."""
    month = (text.str.slice(0, 7) + "-01").str.to_date("%Y-%m-%d", strict=False)
    year = (text.str.slice(0, 4) + "-01-01").str.to_date("%Y-%m-%d", strict=False)
    by_month = text.str.len_chars() == 7
    return (
        pl.when(by_month).then(month).otherwise(year),
        pl.when(by_month)
        .then(month.dt.month_end())
        .otherwise((text.str.slice(0, 4) + "-12-31").str.to_date(strict=False)),
    )


@derivation("{date} minus {start}, plus 1 on or after it; there is no day 0")
def derive_study_day(data: pl.DataFrame, new: New, *, date: Column, start: Column) -> pl.DataFrame:
    """The relative day of a date: day 1 is `start`, the day before is -1. Source: ADaMIG 1.3 section 3.3.2.1 (ADY).

    >>> from datetime import date
    >>> rows = pl.DataFrame({"ADT": [date(2020, 5, 1), date(2020, 5, 2)], "TRTSDT": [date(2020, 5, 2)] * 2})
    >>> derive_study_day(rows, "ADY", date="ADT", start="TRTSDT")["ADY"].to_list()
    [-1.0, 1.0]
    """
    days = (pl.col(date) - pl.col(start)).dt.total_days()
    return data.with_columns((days + (days >= 0).cast(pl.Int64)).cast(pl.Float64).alias(new))


@derivation("{end} minus {start} plus 1, in days{where}")
def derive_duration(
    data: pl.DataFrame, new: New, where: Condition = None, *, start: Column, end: Column
) -> pl.DataFrame:
    """Days from start to end, both counted. Source: ADaMIG 1.3 section 3.3.2 (ADURN, TRTDURD)."""
    days = (pl.col(end) - pl.col(start)).dt.total_days().cast(pl.Float64) + 1
    return data.with_columns(pl.when(condition(data, where)).then(days).alias(new))


@derivation("Y where {date} is on or after {start}[ and up to {days_after} days after {end}], else {otherwise}")
def derive_treatment_emergent(
    data: pl.DataFrame,
    new: New,
    *,
    date: Column,
    start: Column,
    end: Column = "",
    days_after: int = 0,
    otherwise: str = "",
) -> pl.DataFrame:
    """A flag on events that begin on or after the first dose and, with `end`, up to so many days after the last.

    An event without a known date is not flagged. Source: ADaM OCCDS 1.1 section 3.2.6 (TRTEMFL).
    """
    inside = pl.col(date) >= pl.col(start)
    if end:
        inside = inside & (pl.col(end).is_null() | (pl.col(date) <= pl.col(end) + pl.duration(days=days_after)))
    absent = pl.lit(otherwise or None, dtype=pl.String)
    return data.with_columns(pl.when(inside.fill_null(value=False)).then(pl.lit("Y")).otherwise(absent).alias(new))


@derivation("Y where {date} is from {start} to {end}")
def derive_on_treatment(
    data: pl.DataFrame, new: New, *, date: Column, start: Column, end: Column, days_after: int = 0
) -> pl.DataFrame:
    """A flag on records dated from the first dose to the last dose, or so many days after it; missing elsewhere.

    An open end (the last dose is not known) counts as still on treatment. Source: ADaMIG 1.3 section 3.3.8 (ONTRTFL).
    """
    last = pl.col(end) + pl.duration(days=days_after)
    inside = (pl.col(date) >= pl.col(start)) & (last.is_null() | (pl.col(date) <= last))
    return data.with_columns(pl.when(inside.fill_null(value=False)).then(pl.lit("Y")).alias(new))


@derivation(
    "{value} as date and time[; what is missing up to the {impute} becomes the {to} possible]"
    "[, flagged in {flag}][ and {time_flag}]{where}"
)
def derive_datetime(
    data: pl.DataFrame,
    new: New,
    where: Condition = None,
    *,
    value: Column,
    impute: Part = "none",
    to: Literal["first", "last"] = "first",
    flag: New = "",
    time_flag: New = "",
) -> pl.DataFrame:
    """A date and time out of ISO 8601 text: the date as `derive_date` makes it, missing parts of the time imputed too.

    A time becomes the first (00:00:00) or the last (23:59:59) that the collected hours and minutes allow. `time_flag`
    holds the greatest part of it that was imputed: H, M or S. Source: ADaMIG 1.3 section 3.3.2.3 (--DTM, --TMF).

    >>> rows = pl.DataFrame({"DTC": ["2013-02-07T10:30", "2013-02"]})
    >>> made = derive_datetime(rows, "ADTM", value="DTC", impute="day", to="last", time_flag="ATMF")
    >>> made["ADTM"].dt.to_string().to_list(), made["ATMF"].to_list()
    (['2013-02-07 10:30:59.000000', '2013-02-28 23:59:59.000000'], ['S', 'H'])
    """
    dated = derive_date(data, "\u00b7day", where, value=value, impute=impute, to=to, flag=flag)
    clock = pl.col(value).str.extract(r"T(\d\d(?::\d\d(?::\d\d)?)?)", 1).fill_null("")
    known = clock.str.len_chars()
    filler = pl.lit("00:00:00" if to == "first" else "23:59:59")
    whole = pl.concat_str(clock, filler.str.slice(known)).str.to_time("%H:%M:%S", strict=False)
    letter = pl.when(known == 0).then(pl.lit("H")).when(known == 2).then(pl.lit("M")).when(known == 5).then(pl.lit("S"))
    made = [pl.col("\u00b7day").dt.combine(whole).alias(new)]
    if time_flag:
        made.append(pl.when(pl.col("\u00b7day").is_not_null()).then(letter).alias(time_flag))
    return dated.with_columns(made).drop("\u00b7day")
