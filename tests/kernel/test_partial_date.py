"""Dates of which any part may be unknown."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencro.kernel.partial_date import MONTHS, format_partial_date, parse_partial_date


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("02-JAN-2014", "2014-01-02"),
        ("2-jan-2014", "2014-01-02"),
        ("JAN-2014", "2014-01"),
        ("UN-JAN-2014", "2014-01"),
        ("UN-UNK-2014", "2014"),
        ("2014", "2014"),
        ("2014---15", "2014---15"),
        ("--12-15", "--12-15"),
        ("2014-01-02T10:30", "2014-01-02T10:30"),
        ("29-FEB-2012", "2012-02-29"),
    ],
)
def test_whatever_parts_were_collected_become_iso_8601(text: str, iso: str) -> None:
    value = parse_partial_date(text)
    assert value is not None
    assert format_partial_date(value) == iso


@pytest.mark.parametrize(
    "text",
    ["30-FEB-2014", "29-FEB-2013", "2014-13", "2014-00-10", "0000", "12-XYZ-2014", "2014-01-02T25:00", "", "soon"],
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_partial_date(text) is None


@given(st.dates(date(1000, 1, 1)))
def test_every_day_survives_both_ways_of_writing(day: date) -> None:
    for text in (day.isoformat(), f"{day.day:02d}-{MONTHS[day.month - 1]}-{day.year}"):
        value = parse_partial_date(text)
        assert value is not None
        assert value.whole == day
