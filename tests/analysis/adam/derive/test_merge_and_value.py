"""Merged values, values within a row, flags: the rules on frames of a few rows."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from opencro.analysis import derive

ONE = pl.DataFrame({"USUBJID": ["1", "2", "3"]})
DOSES = pl.DataFrame(
    {
        "USUBJID": ["1", "1", "2"],
        "SEQ": [1.0, 2.0, 1.0],
        "DOSE": [54.0, 81.0, None],
        "DTC": ["2020-01", None, "2020-03"],
    }
)


def test_a_merge_takes_the_record_with_the_same_key_and_leaves_others_missing() -> None:
    made = derive.derive_merged(ONE, DOSES, ["USUBJID"], {"LAST": "DOSE"}, order=["SEQ"], pick="last")
    assert made["LAST"].to_list() == [81.0, None, None]
    assert derive.derive_merged(ONE, DOSES, ["USUBJID"], {"D": "DOSE"}, where="SEQ == 2")["D"].to_list() == [
        81,
        None,
        None,
    ]


def test_a_merge_never_adds_rows_and_missing_keys_match_nothing() -> None:
    holes = pl.DataFrame({"USUBJID": ["1", None]})
    made = derive.derive_merged(holes, pl.concat([DOSES, DOSES]), ["USUBJID"], {"D": "DOSE"})
    assert made["D"].to_list() == [54.0, None]


def test_missing_values_are_the_least_in_either_direction() -> None:
    rows = pl.DataFrame({"USUBJID": ["1", "1"], "V": [None, 3.0]})
    up = derive.derive_extreme_flag(rows, ["USUBJID"], ["V"], "F")
    down = derive.derive_extreme_flag(rows, ["USUBJID"], ["-V"], "F")
    assert (up["F"].to_list(), down["F"].to_list()) == (["Y", None], [None, "Y"])


def test_a_merged_flag_says_whether_there_is_a_record() -> None:
    made = derive.derive_merged_flag(ONE, DOSES, ["USUBJID"], "TREATED", "DOSE > 0", absent="N")
    assert made["TREATED"].to_list() == ["Y", "N", "N"]
    assert derive.derive_merged_flag(ONE, DOSES, ["USUBJID"], "ANY")["ANY"].to_list() == ["Y", "Y", None]


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [("total", [135.0, None, None]), ("mean", [67.5, None, None]), ("least", [54.0, None, None]),
     ("greatest", [81.0, None, None]), ("count", [2.0, 0.0, 0.0])],
)  # fmt: skip
def test_a_merged_summary_passes_over_missing_values(statistic: str, expected: list[float | None]) -> None:
    made = derive.derive_merged_summary(ONE, DOSES, ["USUBJID"], "S", value="DOSE", statistic=statistic)
    assert made["S"].to_list() == expected


def test_supplemental_values_come_by_the_number_of_the_record() -> None:
    events = pl.DataFrame({"USUBJID": ["1", "1"], "AESEQ": [1.0, 2.0]})
    more = pl.DataFrame(
        {"USUBJID": ["1", "1"], "IDVARVAL": ["  2", "2"], "QNAM": ["AETRTEM", "OTHER"], "QVAL": ["Y", "X"]}
    )
    made = derive.derive_supplemental(events, more, {"TE": "AETRTEM"}, sequence="AESEQ")
    assert made["TE"].to_list() == [None, "Y"]


def test_computed_values_and_constants_obey_their_condition() -> None:
    rows = pl.DataFrame({"A": [1.0, None, 3.0]})
    assert derive.derive_computed(rows, "B", "A > 1", value="A * 2")["B"].to_list() == [None, None, 6.0]
    assert derive.derive_constant(rows, {"C": "x"}, "A is missing")["C"].to_list() == [None, "x", None]


def test_the_first_category_that_holds_counts() -> None:
    rows = pl.DataFrame({"AGE": [64.0, 65.0, 81.0, None]})
    cases = {"<65": "AGE < 65", "65-80": "AGE <= 80", ">80": "AGE > 80"}
    assert derive.derive_category(rows, "G", cases=cases)["G"].to_list() == ["<65", "65-80", ">80", None]


def test_codes_of_numbers_and_texts() -> None:
    rows = pl.DataFrame({"V": [3.0, 4.0, None], "S": ["M", "F", "X"]})
    assert derive.derive_mapped(rows, "N", value="V", codes={"3": 0, "4": 2})["N"].to_list() == [0.0, 2.0, None]
    assert derive.derive_mapped(rows, "N", value="S", codes={"M": "male"}, otherwise="?")["N"].to_list() == [
        "male",
        "?",
        "?",
    ]


def test_texts_are_missing_where_a_part_is() -> None:
    rows = pl.DataFrame({"T": ["Sodium", "HCT"], "U": ["mmol/L", None], "N": [4.0, 2.5]})
    assert derive.derive_text(rows, "P", template="{T} ({U})")["P"].to_list() == ["Sodium (mmol/L)", None]
    assert derive.derive_text(rows, "P", template="Week {N}")["P"].to_list() == ["Week 4", "Week 2.5"]
    assert derive.derive_aligned(rows, "P", value="T", width=8)["P"].to_list() == ["  Sodium", "     HCT"]
    assert derive.derive_cut(rows, "P", value="T", width=2)["P"].to_list() == ["So", "HC"]
    assert derive.derive_first_present(rows, "P", values=["U", "T"])["P"].to_list() == ["mmol/L", "HCT"]


def test_flags_criteria_and_queries() -> None:
    rows = pl.DataFrame({"A": [2.0, 1.0, None]})
    assert derive.derive_flag(rows, "F", value="A > 1.5", otherwise="N")["F"].to_list() == ["Y", "N", "N"]
    made = derive.derive_criterion(rows, "CRIT1", "A is present", text="A > 1.5", value="A > 1.5", number="CRIT1FN")
    assert made.select("CRIT1", "CRIT1FL", "CRIT1FN").rows() == [
        ("A > 1.5", "Y", 1.0),
        ("A > 1.5", "N", 0.0),
        (None,) * 3,
    ]
    terms = pl.DataFrame({"AEDECOD": ["RASH", "COUGH"]})
    assert derive.derive_query_name(terms, "CQ01NAM", name="SKIN", value='AEDECOD == "RASH"')["CQ01NAM"].to_list() == [
        "SKIN",
        None,
    ]


def test_a_condition_may_be_an_expression_of_polars() -> None:
    rows = pl.DataFrame({"K": ["a", "a"], "V": [1.0, 2.0]})
    assert derive.derive_extreme_flag(rows, ["K"], ["V"], "F", pl.col("V") > 1)["F"].to_list() == [None, "Y"]


def test_records_are_chosen() -> None:
    assert derive.derive_chosen(DOSES, "DOSE > 60").height == 1
    assert derive.derive_extreme_records(DOSES, ["USUBJID"], ["SEQ"], pick="last")["DOSE"].to_list() == [None, 81.0]


def test_consecutive_numbers_follow_the_order_and_keep_the_rows_in_place() -> None:
    rows = pl.DataFrame({"K": ["a", "a", "b"], "D": [date(2020, 2, 1), date(2020, 1, 1), date(2020, 1, 1)]})
    assert derive.derive_rank(rows, ["K"], "ASEQ", values=["D"])["ASEQ"].to_list() == [2.0, 1.0, 1.0]
