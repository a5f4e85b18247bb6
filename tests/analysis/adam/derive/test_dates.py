"""Imputed dates, relative days, durations, treatment-emergent and on-treatment."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencro.analysis import derive


@pytest.mark.parametrize(
    ("text", "impute", "to", "expected", "flag"),
    [
        ("2012-02-03", "month", "first", date(2012, 2, 3), None),
        ("2012-02-03T10:30", "none", "first", date(2012, 2, 3), None),
        ("2012-02", "none", "first", None, None),
        ("2012-02", "day", "first", date(2012, 2, 1), "D"),
        ("2012-02", "day", "last", date(2012, 2, 29), "D"),
        ("2012", "day", "first", None, None),
        ("2012", "month", "last", date(2012, 12, 31), "M"),
        (None, "month", "first", None, None),
        ("2012-13", "day", "first", None, None),
    ],
)
def test_a_date_is_imputed_as_far_as_allowed_and_flagged(
    text: str | None, impute: str, to: str, expected: date | None, flag: str | None
) -> None:
    rows = pl.DataFrame({"DTC": [text]}, schema={"DTC": pl.String})
    made = derive.derive_date(rows, "DT", value="DTC", impute=impute, to=to, flag="DTF")
    assert (made["DT"].item(), made["DTF"].item()) == (expected, flag)


def test_an_imputed_date_is_moved_to_the_first_dose_where_the_collected_month_allows_it() -> None:
    rows = pl.DataFrame({"DTC": ["2012-02", "2012-03"], "TRTSDT": [date(2012, 2, 10)] * 2})
    made = derive.derive_date(rows, "DT", value="DTC", impute="day", not_before="TRTSDT")
    assert made["DT"].to_list() == [date(2012, 2, 10), date(2012, 3, 1)]
    late = derive.derive_date(rows, "DT", value="DTC", impute="day", to="last", not_after="TRTSDT")
    assert late["DT"].to_list() == [date(2012, 2, 10), date(2012, 3, 31)]


@given(st.dates(date(2000, 1, 1), date(2030, 1, 1)), st.dates(date(2000, 1, 1), date(2030, 1, 1)))
def test_there_is_no_day_zero_and_days_follow_each_other(start: date, at: date) -> None:
    rows = pl.DataFrame({"ADT": [at], "TRTSDT": [start]})
    day = derive.derive_study_day(rows, "ADY", date="ADT", start="TRTSDT")["ADY"].item()
    assert day != 0
    assert day - (1 if day > 0 else 0) == (at - start).days


def test_a_duration_counts_both_ends() -> None:
    rows = pl.DataFrame({"S": [date(2020, 1, 1)], "E": [date(2020, 1, 1)]})
    assert derive.derive_duration(rows, "D", start="S", end="E")["D"].item() == 1.0


def test_treatment_emergent_begins_with_the_first_dose_and_may_end_after_the_last() -> None:
    days = [date(2020, 1, 1), date(2020, 1, 2), date(2020, 2, 1), None]
    rows = pl.DataFrame({"ASTDT": days, "S": [date(2020, 1, 2)] * 4, "E": [date(2020, 1, 20)] * 4})
    assert derive.derive_treatment_emergent(rows, "F", date="ASTDT", start="S", otherwise="N")["F"].to_list() == [
        "N",
        "Y",
        "Y",
        "N",
    ]
    ended = derive.derive_treatment_emergent(rows, "F", date="ASTDT", start="S", end="E", days_after=7)
    assert ended["F"].to_list() == [None, "Y", None, None]
    assert derive.derive_on_treatment(rows, "F", date="ASTDT", start="S", end="E")["F"].to_list() == [
        None,
        "Y",
        None,
        None,
    ]


def test_an_open_end_counts_as_still_on_treatment() -> None:
    rows = pl.DataFrame(
        {"D": [date(2020, 5, 1)], "S": [date(2020, 1, 2)], "E": [None]}, schema_overrides={"E": pl.Date}
    )
    assert derive.derive_on_treatment(rows, "F", date="D", start="S", end="E")["F"].item() == "Y"


@pytest.mark.parametrize(
    ("text", "to", "expected", "flags"),
    [
        ("2012-02-03T10:30:15", "first", "2012-02-03T10:30:15", (None, None)),
        ("2012-02-03T10:30", "first", "2012-02-03T10:30:00", (None, "S")),
        ("2012-02-03T10", "last", "2012-02-03T10:59:59", (None, "M")),
        ("2012-02-03", "last", "2012-02-03T23:59:59", (None, "H")),
        ("2012-02", "first", "2012-02-01T00:00:00", ("D", "H")),
        ("2012", "first", None, (None, None)),
    ],
)
def test_a_time_is_imputed_and_flagged(
    text: str, to: str, expected: str | None, flags: tuple[str | None, str | None]
) -> None:
    rows = pl.DataFrame({"DTC": [text]})
    made = derive.derive_datetime(rows, "ADTM", value="DTC", impute="day", to=to, flag="ADTF", time_flag="ATMF")
    assert (made["ADTM"].item() and made["ADTM"].item().isoformat()) == expected
    assert made.select("ADTF", "ATMF").row(0) == flags
