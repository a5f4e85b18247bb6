"""Dates, study days, sequence numbers, visits, epochs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opencro.kernel.finding import Finding
from opencro.kernel.study_day import compute_study_day

Made = Callable[..., list[Any]]


def test_dates_keep_what_is_known(made: Made) -> None:
    rows = {"raw.D": ["16-JAN-2014", "MAY-2013", "2003", None, "2014-01-02T08:30"]}
    assert made({"date": "D"}, rows) == ["2014-01-16", "2013-05", "2003", None, "2014-01-02T08:30"]


def test_a_time_is_added_to_a_whole_date_only(made: Made) -> None:
    rows = {"raw.D": ["16-JAN-2014", "MAY-2013", "17-JAN-2014"], "raw.T": ["08:30", "08:30", None]}
    assert made({"date": ("D", "T")}, rows) == ["2014-01-16T08:30", "2013-05", "2014-01-17"]


def test_what_is_no_date_is_found_and_missing(made: Made, findings: list[Finding]) -> None:
    assert made({"date": "D"}, {"raw.D": ["30-FEB-2014", "soon"]}) == [None, None]
    assert [f.code for f in findings] == ["TAB-102", "TAB-102"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(-400, 400))
def test_study_days_agree_with_the_kernel_and_are_never_zero(made: Made, distance: int) -> None:
    reference = date(2014, 1, 2)
    day = reference + timedelta(days=distance)
    rows = {"_participant": ["1"], "DTC": [day.isoformat() + "T10:00"]}
    dm = {"_participant": ["1"], "RFSTDTC": [reference.isoformat()]}
    assert made({"study_day": "DTC"}, rows, {"DM": dm}) == [compute_study_day(day, reference).number]


def test_no_study_day_without_a_whole_date_and_a_reference(made: Made) -> None:
    rows = {"_participant": ["1", "2", "1"], "DTC": ["2014-01", "2014-01-02", None]}
    dm = {"_participant": ["1", "2"], "RFSTDTC": ["2014-01-02", None]}
    assert made({"study_day": "DTC"}, rows, {"DM": dm}) == [None, None, None]


def test_sequence_numbers_run_within_a_participant_ties_in_order_of_entry(made: Made) -> None:
    rows = {"USUBJID": ["2", "1", "1", "1"], "TERM": ["A", "B", "A", "A"], "AT": ["x", "b", "first", "second"]}
    assert made({"sequence": ("TERM",)}, rows) == [1, 3, 1, 2]
    assert made({"sequence": ("-TERM",)}, rows) == [1, 1, 2, 3]


def test_missing_values_come_first_in_a_sequence(made: Made) -> None:
    assert made({"sequence": ("D",)}, {"USUBJID": ["1", "1"], "D": ["2014", None]}) == [2, 1]


def test_the_schedule_tells_number_name_and_day_of_a_visit(made: Made) -> None:
    rows = {"_event": ["BL", "UNS", None]}
    assert made({"visit": "number"}, rows) == [3, 3.1, None]
    assert made({"visit": "name"}, rows) == ["BASELINE", "UNSCHEDULED 3.1", None]
    assert made({"visit": "day"}, rows) == [1, None, None]


def test_an_epoch_is_that_of_the_element_in_which_a_day_falls(made: Made) -> None:
    elements = {
        "USUBJID": ["1", "1"],
        "ETCD": ["SCRN", "DRUG"],
        "SESTDTC": ["2014-01-01", "2014-01-10"],
        "SEENDTC": ["2014-01-10", "2014-02-01"],
    }
    rows = {"USUBJID": ["1"] * 4 + ["2"], "DTC": ["2014-01-05", "2014-01-10", "2013-12-31", "2014", "2014-01-05"]}
    assert made({"epoch": "DTC"}, rows, {"SE": elements}) == ["Screening", "Treatment", None, None, None]
