"""Standard results, range indicators, baseline flags."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencro.kernel.finding import Finding
from opencro.tabulation.algorithms.finding_class import converted, number_in_words, split_censored
from opencro.tabulation.model import UnitConversion

Made = Callable[..., list[Any]]
POUND = UnitConversion(unit="LB", standard="kg", factor="0.4536", decimals=2)
INCH = UnitConversion(unit="IN", standard="cm", decimals=2)
FAHRENHEIT = UnitConversion(unit="F", standard="C", decimals=2)
SUGAR = UnitConversion(unit="mg/dL", standard="mmol/L", tests=("GLUC",), factor="0.05551", range_decimals=1)
OTHERS = UnitConversion(unit="mg/dL", standard="g/L", decimals=3)
CELLS = UnitConversion(unit="", standard="")


def _rows(*results: tuple[str | None, str | None, str]) -> dict[str, list[str | None]]:
    return {n: [r[i] for r in results] for i, n in enumerate(("RES", "UNIT", "TEST"))}


BODY = {"standard": "RES", "unit": "UNIT", "test": "TEST"}


def test_results_come_to_the_standard_unit_by_a_declared_factor_or_exactly(made: Made) -> None:
    rows = _rows(("119.0", "LB", "WEIGHT"), ("58.0", "IN", "HEIGHT"), ("212", "F", "TEMP"), ("96.9", "F", "TEMP"))
    assert made(BODY, rows, conversions=[POUND, INCH, FAHRENHEIT]) == ["53.98", "147.32", "100", "36.06"]


def test_a_conversion_that_names_the_test_goes_before_one_for_all_tests(made: Made) -> None:
    rows = _rows(("100", "mg/dL", "GLUC"), ("100", "mg/dL", "PROT"))
    assert made(BODY, rows, conversions=[OTHERS, SUGAR]) == ["5.551", "1"]


def test_limits_are_rounded_to_their_own_decimals(made: Made) -> None:
    rows = _rows(("70", "mg/dL", "GLUC"))
    assert made({**BODY, "give": "range"}, rows, conversions=[SUGAR]) == ["3.9"]
    assert made(BODY, rows, conversions=[SUGAR]) == ["3.8857"]


def test_censored_results_keep_their_sign_and_text_stays_text(made: Made) -> None:
    rows = _rows(("<40", "mg/dL", "GLUC"), ("TRACE", "mg/dL", "GLUC"), (None, "mg/dL", "GLUC"))
    assert made(BODY, rows, conversions=[SUGAR]) == ["<2.2204", "TRACE", None]


def test_the_standard_unit_is_that_of_a_result_that_is_there(made: Made) -> None:
    rows = _rows(("119.0", "LB", "WEIGHT"), (None, "LB", "WEIGHT"), ("1", None, "CELLS"))
    assert made({**BODY, "give": "unit"}, rows, conversions=[POUND, CELLS]) == ["kg", None, ""]


def test_a_width_rounds_decimals_away(made: Made) -> None:
    rows = _rows(("1504", "pg/mL", "VITB12"))
    vitamin = UnitConversion(unit="pg/mL", standard="pmol/L", factor="0.7378")
    assert made({**BODY, "width": 8}, rows, conversions=[vitamin]) == ["1109.651"]


def test_a_unit_without_a_conversion_is_found_once_and_gives_nothing(made: Made, findings: list[Finding]) -> None:
    assert made(BODY, _rows(("1", "stone", "WEIGHT"), ("2", "stone", "WEIGHT")), conversions=[POUND]) == [None, None]
    assert [f.code for f in findings] == ["TAB-104"]


@given(st.decimals(min_value=-(10**6), max_value=10**6, places=6), st.integers(0, 5))
def test_rounding_is_half_away_from_zero_in_exact_arithmetic(number: Decimal, decimals: int) -> None:
    expected = number.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP).normalize() + 0
    assert Decimal(number_in_words(Fraction(number), decimals)) == expected


@given(st.decimals(min_value=-(10**6), max_value=10**6, places=3))
def test_the_text_of_a_number_is_the_shortest_that_gives_it_back(number: Decimal) -> None:
    text = number_in_words(Fraction(number))
    assert Fraction(text) == Fraction(number)
    assert "." not in text or not text.endswith(("0", "."))
    assert text != "-0"


@given(st.decimals(min_value=0, max_value=10**5, places=3))
def test_converting_there_and_back_is_the_identity(number: Decimal) -> None:
    back = UnitConversion(unit="C", standard="F")
    assert converted(converted(Fraction(number), FAHRENHEIT), back) == Fraction(number)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<40", ("<", 40)),
        (">= 3.5", (">=", Fraction(7, 2))),
        ("-2", ("", -2)),
        ("NEG", ("", None)),
        ("", ("", None)),
        ("<", ("", None)),
    ],
)
def test_censored_results_are_split(text: str, expected: tuple[str, Fraction | None]) -> None:
    assert split_censored(text) == expected


def test_results_outside_their_range_are_marked(made: Made) -> None:
    rows = {
        "RES": ["2", "5", "9", "3", "7", "<3", "<2", ">7", ">9", "POS", None, "5"],
        "LO": ["3"] * 11 + [None],
        "HI": ["7"] * 11 + [None],
    }
    marks = made({"range_indicator": "RES", "low": "LO", "high": "HI"}, rows)
    assert marks == ["LOW", "NORMAL", "HIGH", "NORMAL", "NORMAL", None, "LOW", None, "HIGH", None, None, None]


def test_one_limit_is_enough(made: Made) -> None:
    rows = {"RES": ["2", "9"], "LO": [None, None], "HI": ["7", "7"]}
    assert made({"range_indicator": "RES", "low": "LO", "high": "HI"}, rows) == ["NORMAL", "HIGH"]


def test_baseline_is_the_last_result_on_or_before_the_reference(made: Made) -> None:
    rows = {
        "USUBJID": ["1"] * 5 + ["2"],
        "_participant": ["1"] * 5 + ["2"],
        "TEST": ["A", "A", "A", "A", "B", "A"],
        "RES": ["1", "2", None, "4", "5", "6"],
        "DTC": ["2014-01-01", "2014-01-02T08:00", "2014-01-02", "2014-01-03", "2014-01", "2014-01-02"],
    }
    dm = {"_participant": ["1", "2"], "RFSTDTC": ["2014-01-02", None]}
    flags = made({"baseline": "RES", "by": ("TEST",), "date": "DTC"}, rows, {"DM": dm})
    assert flags == [None, "Y", None, None, None, None]


def test_of_two_results_on_a_day_the_declared_order_tells_the_last(made: Made) -> None:
    rows = {
        "USUBJID": ["1", "1"],
        "_participant": ["1", "1"],
        "TEST": ["A", "A"],
        "RES": ["1", "2"],
        "DTC": ["2014-01-02", "2014-01-02"],
        "TPT": [2, 1],
    }
    dm = {"_participant": ["1"], "RFSTDTC": ["2014-01-02"]}
    body = {"baseline": "RES", "by": ("TEST",), "date": "DTC", "order": ("TPT",)}
    assert made(body, rows, {"DM": dm}) == ["Y", None]


def test_baseline_at_a_visit_needs_a_result(made: Made) -> None:
    rows = {"_event": ["BL", "BL", "UNS"], "RES": ["1", None, "3"]}
    assert made({"baseline": "RES", "by": ("TEST",), "at": "BL"}, rows) == ["Y", None, None]
