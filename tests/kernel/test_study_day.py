"""There is no day 0."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencro.kernel.study_day import StudyDay, Window, compute_study_day

DAYS = st.dates(date(1990, 1, 1), date(2050, 1, 1))


@given(DAYS, DAYS)
def test_a_study_day_leads_back_to_its_date(day: date, reference: date) -> None:
    assert compute_study_day(day, reference).on(reference) == day


def test_the_reference_is_day_1_and_the_day_before_is_day_minus_1() -> None:
    reference = date(2014, 1, 2)
    assert compute_study_day(reference, reference) == StudyDay(1)
    assert compute_study_day(date(2014, 1, 1), reference) == StudyDay(-1)
    with pytest.raises(ValueError, match="no study day 0"):
        StudyDay(0)


def test_a_window_holds_its_ends() -> None:
    assert Window(-3, 3).holds(-3)
    assert Window(-3, 3).holds(3)
    assert not Window(-3, 3).holds(4)
    with pytest.raises(ValueError, match="before it starts"):
        Window(3, -3)
