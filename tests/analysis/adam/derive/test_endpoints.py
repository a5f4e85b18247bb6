"""Baseline and change, visits and windows, records that are made, time to event, grades, pooled groups."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencro.analysis import derive

RESULTS = pl.DataFrame(
    {
        "USUBJID": ["1"] * 4,
        "PARAMCD": ["ALT"] * 4,
        "AVISITN": [0.0, 2.0, 4.0, 4.0],
        "AVISIT": ["Baseline", "Week 2", "Week 4", "Week 4"],
        "AVAL": [10.0, 15.0, None, 5.0],
        "ABLFL": ["Y", None, None, None],
    }
)
WINDOWS = [
    {"visit": "Baseline", "number": 0, "target": 1, "high": 1},
    {"visit": "Week 8", "number": 8, "target": 56, "low": 2, "high": 84},
    {"visit": "Week 24", "number": 24, "target": 168, "low": 85, "range": ">84"},
]


def test_baseline_change_and_percent_change() -> None:
    made = derive.derive_baseline(RESULTS, ["USUBJID", "PARAMCD"], "BASE")
    made = derive.derive_percent_change(derive.derive_change(made, "CHG", "AVISITN > 0"))
    assert made["BASE"].to_list() == [10.0] * 4
    assert made["CHG"].to_list() == [None, 5.0, None, -5.0]
    assert made["PCHG"].to_list() == [0.0, 50.0, None, -50.0]


def test_a_baseline_of_zero_has_no_percent_change() -> None:
    rows = pl.DataFrame({"AVAL": [1.0], "BASE": [0.0]})
    assert derive.derive_percent_change(rows)["PCHG"].item() is None
    assert derive.derive_ratio(rows, "R", value="AVAL", by_value="BASE")["R"].item() is None


def test_a_missing_timepoint_is_a_timepoint_like_any() -> None:
    rows = pl.DataFrame({"K": ["1", "1"], "T": [None, None], "AVAL": [1.0, 2.0], "ABLFL": ["Y", None]})
    assert derive.derive_baseline(rows.cast({"T": pl.Float64}), ["K", "T"], "BASE")["BASE"].to_list() == [1.0, 1.0]


def test_the_baseline_flag_is_on_the_last_value_up_to_the_first_dose() -> None:
    rows = pl.DataFrame(
        {
            "K": ["1"] * 3,
            "ADT": [date(2020, 1, d) for d in (1, 2, 3)],
            "AVAL": [1.0, None, 3.0],
            "TRTSDT": [date(2020, 1, 2)] * 3,
        }
    )
    assert derive.derive_baseline_flag(rows, ["K"], ["ADT"], "ABLFL")["ABLFL"].to_list() == ["Y", None, None]


def test_previous_and_carried_values() -> None:
    by, order = ["USUBJID", "PARAMCD"], ["AVISITN"]
    before = derive.derive_previous(RESULTS, by, order, "B", "AVAL is present", value="AVAL")
    assert before["B"].to_list() == [None, 10.0, None, 15.0]
    held = derive.derive_carried(RESULTS, by, order, "C", "AVISITN < 4", value="AVAL")
    assert held["C"].to_list() == [10.0, 15.0, 15.0, 15.0]


def test_shift_says_from_where_to_where() -> None:
    rows = pl.DataFrame({"B": ["NORMAL", None], "A": ["HIGH", "LOW"]})
    assert derive.derive_shift(rows, "SHIFT1", start="B", end="A")["SHIFT1"].to_list() == ["NORMAL to HIGH", None]


@given(st.integers(-30, 400).filter(lambda d: d != 0))
def test_every_day_falls_in_exactly_one_window_and_within_its_limits(day: int) -> None:
    rows = pl.DataFrame({"ADY": [float(day)]})
    made = derive.derive_windows(rows, windows=WINDOWS).row(0, named=True)
    assert made["AVISIT"] is not None
    assert made["AWLO"] is None or day >= made["AWLO"]
    assert made["AWHI"] is None or day <= made["AWHI"]
    assert made["AWTDIFF"] == abs(day - made["AWTARGET"])
    assert made["AWU"] == "DAYS"


def test_ranges_of_windows_are_shown_as_text_and_missing_days_have_no_visit() -> None:
    made = derive.derive_windows(pl.DataFrame({"ADY": [1.0, 60.0, 90.0, None]}), windows=WINDOWS)
    assert made["AWRANGE"].to_list() == ["<=1", "2-84", ">84", None]
    assert made["AWU"].to_list() == ["DAYS"] * 3 + [None]


def test_a_carried_record_gets_the_window_of_its_visit() -> None:
    rows = pl.DataFrame({"AVISITN": [24.0], "ADY": [60.0]})
    made = derive.derive_window_of_visit(rows, windows=WINDOWS).row(0, named=True)
    assert (made["AVISIT"], made["AWTARGET"], made["AWTDIFF"]) == ("Week 24", 168.0, 108.0)


def test_the_last_observation_is_carried_into_visits_without_one_and_never_backwards() -> None:
    rows = pl.DataFrame({"K": ["1", "2"], "AVISIT": ["W2", "W4"], "AVISITN": [2.0, 4.0], "AVAL": [1.0, 9.0]})
    made = derive.derive_locf_records(rows, ["K"], ["AVISITN"], visits={"W2": 2, "W4": 4, "W6": 6})
    assert set(made.select("K", "AVISIT", "AVAL", "DTYPE").rows()) == {
        ("1", "W2", 1.0, None), ("2", "W4", 9.0, None), ("1", "W4", 1.0, "LOCF"), ("1", "W6", 1.0, "LOCF"),
        ("2", "W6", 9.0, "LOCF"),
    }  # fmt: skip


def test_the_baseline_and_the_worst_observation_are_carried_forward() -> None:
    visits = {"Week 2": 2, "Week 6": 6}
    base = derive.derive_bocf_records(RESULTS, ["USUBJID", "PARAMCD"], visits=visits)
    assert base.tail(1).select("AVISIT", "AVAL", "DTYPE").row(0) == ("Week 6", 10.0, "BOCF")
    worst = derive.derive_wocf_records(RESULTS, ["USUBJID", "PARAMCD"], ["-AVAL"], "AVISITN > 0", visits=visits)
    assert worst.height == 5
    assert worst.tail(1).select("AVISIT", "AVAL", "DTYPE").row(0) == ("Week 6", 15.0, "WOCF")


def test_bookkeeping_of_the_caller_is_not_copied() -> None:
    rows = pl.DataFrame({"K": ["1"], "_row": [7]})
    assert derive.derive_copied_records(rows, {"A": 1})["_row"].to_list() == [7, None]


def test_summary_and_endpoint_records() -> None:
    made = derive.derive_summary_records(RESULTS, ["USUBJID"], {"AVISIT": "Mean", "DTYPE": "AVERAGE"}, "AVISITN > 0")
    assert made.tail(1).select("AVAL", "AVISIT", "DTYPE").row(0) == (10.0, "Mean", "AVERAGE")
    last = derive.derive_endpoint_records(RESULTS, ["USUBJID"], ["AVISITN", "AVAL"], {"AVISIT": "End"})
    assert last.tail(1).select("AVAL", "AVISIT", "AVISITN").row(0) == (5.0, "End", 4.0)


def test_a_parameter_out_of_others_is_missing_where_all_are_missing() -> None:
    rows = pl.DataFrame({"K": ["1", "1", "2", "2"], "PARAMCD": ["W", "H", "W", "H"], "AVAL": [80.0, 2.0, None, None]})
    made = derive.derive_parameter_records(rows, ["K"], {"PARAMCD": "BMI"}, parameters=["W", "H"], gives="W / (H * H)")
    assert made.tail(2).select("K", "AVAL").rows() == [("1", 20.0), ("2", None)]
    high = derive.derive_parameter_records(rows, ["K"], {"PARAMCD": "HIGH"}, parameters=["W"], gives="W > 70")
    assert high.tail(2)["AVAL"].to_list() == [1.0, None]


@pytest.mark.parametrize(
    ("answers", "most", "missing", "expected"),
    [
        ([1.0, 2.0, 3.0], 0, "mean", 6.0),
        ([1.0, None, 3.0], 0, "mean", None),
        ([1.0, None, 3.0], 1, "mean", 6.0),
        ([1.0, None, 3.0], 1, "zero", 4.0),
        ([1.0, None, 3.0], 1, "share", 5.0),
        ([None, None, 3.0], 1, "mean", None),
        ([None, None, None], 3, "mean", None),
    ],
)
def test_a_total_replaces_as_many_missing_items_as_the_rule_allows(
    answers: list[float | None], most: int, missing: str, expected: float | None
) -> None:
    rows = pl.DataFrame(
        {"K": ["1"] * 3, "PARAMCD": ["I1", "I2", "I3"], "AVAL": answers}, schema_overrides={"AVAL": pl.Float64}
    )
    made = derive.derive_total_records(
        rows, ["K"], {"PARAMCD": "TOT"}, items={"I1": 4, "I2": 2, "I3": 4}, most_missing=most, missing=missing
    )
    assert made.tail(1)["AVAL"].item() == expected


def test_an_item_without_a_record_is_missing_too() -> None:
    rows = pl.DataFrame({"K": ["1"], "PARAMCD": ["I1"], "AVAL": [2.0]})
    made = derive.derive_total_records(rows, ["K"], {"PARAMCD": "TOT"}, items={"I1": 4, "I2": 4}, most_missing=1)
    assert made.tail(1)["AVAL"].item() == 4.0


def test_time_to_the_first_event_or_to_censoring() -> None:
    people = pl.DataFrame({"K": ["1", "2"], "END": [date(2020, 3, 1)] * 2})
    events = pl.DataFrame({"K": ["2", "2"], "D": [date(2020, 2, 2), date(2020, 2, 1)], "N": [1.0, 2.0]})
    made = derive.derive_time_to_event(
        people, events, ["K"],
        events=[{"dataset": "ADAE", "date": "D", "description": "rash", "sequence": "N"}],
        censorings=[{"dataset": "ADSL", "date": "END", "description": "end", "censored": 1}],
    )  # fmt: skip
    assert made.select("ADT", "CNSR", "SRCDOM", "SRCVAR", "SRCSEQ").rows() == [
        (date(2020, 3, 1), 1.0, "ADSL", "END", None), (date(2020, 2, 1), 0.0, "ADAE", "D", 2.0),
    ]  # fmt: skip


def test_the_earliest_of_several_events_and_the_latest_of_several_ends() -> None:
    day = [date(2020, 1, d) for d in range(1, 32)]
    people = pl.DataFrame(
        {
            "K": ["1", "2", "3"],
            "DTHDT": [day[9], day[4], None],
            "LAST": [day[20], day[20], day[20]],
            "RAND": [day[0]] * 3,
        }
    )
    scans = pl.DataFrame({"K": ["1", "2"], "D": [day[9], day[7]], "R": ["PD", "PD"]})
    made = derive.derive_time_to_event(
        people, scans, ["K"],
        events=[
            {"dataset": "ADRS", "date": "D", "description": "progression", "where": 'R == "PD"'},
            {"dataset": "ADSL", "date": "DTHDT", "description": "death", "own": True},
        ],
        censorings=[
            {"dataset": "ADSL", "date": "RAND", "description": "no assessment", "censored": 2},
            {"dataset": "ADSL", "date": "LAST", "description": "last assessment", "censored": 1},
        ],
    )  # fmt: skip
    assert made.select("ADT", "CNSR", "EVNTDESC").rows() == [
        (day[9], 0.0, "progression"), (day[4], 0.0, "death"), (day[20], 1.0, "last assessment"),
    ]  # fmt: skip


def test_the_highest_grade_that_holds_counts() -> None:
    rows = pl.DataFrame({"PARAMCD": ["ALT"] * 3 + ["K"], "AVAL": [50.0, 130.0, None, 500.0], "A1HI": [40.0] * 4})
    grades = [
        {"grade": 1, "where": "AVAL > A1HI", "parameter": "ALT"},
        {"grade": 2, "where": "AVAL > 3 * A1HI", "parameter": "ALT"},
    ]
    made = derive.derive_toxicity_grade(rows, "ATOXGR", "AVAL is present", grades=grades)
    assert made["ATOXGR"].to_list() == ["1", "2", None, "0"]


@given(st.floats(-100, 100), st.floats(0.1, 50), st.floats(0.1, 50))
def test_a_range_indicator_does_not_depend_on_the_unit(value: float, low: float, width: float) -> None:
    rows = pl.DataFrame({"AVAL": [value], "A1LO": [low], "A1HI": [low + width]})
    scaled = rows.select(pl.all() * 1024.0)
    assert (
        derive.derive_range_indicator(rows, "I")["I"].item() == derive.derive_range_indicator(scaled, "I")["I"].item()
    )


def test_a_range_without_limits_says_nothing_and_one_limit_can_be_passed() -> None:
    rows = pl.DataFrame({"AVAL": [5.0, 5.0, None], "A1LO": [None, None, 1.0], "A1HI": [None, 4.0, 4.0]})
    assert derive.derive_range_indicator(rows, "I")["I"].to_list() == [None, "HIGH", None]


def test_small_groups_are_pooled_also_where_an_arm_has_nobody() -> None:
    rows = pl.DataFrame({"SITE": ["A", "A", "B", "B", "C"], "ARM": ["x", "y", "x", "y", "x"]})
    made = derive.derive_pooled_group(rows, "G", group="SITE", arm="ARM", least=1, pooled="900")
    assert made["G"].to_list() == ["A", "A", "B", "B", "900"]
    present = derive.derive_pooled_group(rows, "G", group="SITE", arm="ARM", least=1, pooled="900", count="present")
    assert present["G"].to_list() == ["A", "A", "B", "B", "C"]


@given(st.permutations(range(4)))
def test_the_order_of_rows_does_not_matter(places: list[int]) -> None:
    rows = RESULTS.with_columns(pl.int_range(4).cast(pl.Float64).alias("N"))
    mixed = rows[places]

    def derived(data: pl.DataFrame) -> pl.DataFrame:
        data = derive.derive_baseline(data, ["USUBJID"], "BASE")
        data = derive.derive_extreme_flag(data, ["USUBJID", "AVISITN"], ["N"], "ANL01FL")
        return derive.derive_previous(data, ["USUBJID"], ["N"], "BEFORE", value="AVAL").sort("N")

    assert derived(mixed).equals(derived(rows))
