"""Rounding and printing as SAS does it."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from opencro.stats import StatsError
from opencro.stats.summary import (
    P_AMA,
    P_PILOT,
    PValueFormat,
    render_count,
    render_fixed,
    render_p,
    round_half_away,
)


@pytest.mark.parametrize(
    ("x", "digits", "expected"),
    [
        (42.65, 1, 42.7), (40.25, 1, 40.3), (0.285, 2, 0.29), (1.005, 2, 1.01), (-0.05, 1, -0.1), (-2.5, 0, -3.0),
        (0.5, 0, 1.0), (2.675, 2, 2.68), (162.85, 1, 162.9), (1250.0, -2, 1300.0), (0.49999999999, 0, 0.0),
        (1e16 + 2, 2, 1e16 + 2), (4503599627370497.0, 0, 4503599627370497.0), (5e-324, 3, 0.0),
    ],
)  # fmt: skip
def test_halves_go_away_from_zero(x: float, digits: int, expected: float) -> None:
    assert round_half_away(x, digits) == expected


@settings(max_examples=300, deadline=None)
@given(whole=some.integers(-10_000_000, 10_000_000), shown=some.integers(0, 6), digits=some.integers(0, 6))
def test_decimal_numbers_are_rounded_as_on_paper(whole: int, shown: int, digits: int) -> None:
    paper = Decimal(whole).scaleb(-shown)
    rounded = paper.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    assert round_half_away(float(paper), digits) == float(rounded)
    text = render_fixed(float(paper), digits, negative_zero="drop")
    assert text == f"{rounded:f}" or (rounded == 0 and text == f"{abs(rounded):f}")


@settings(max_examples=100, deadline=None)
@given(x=some.floats(-1e9, 1e9), digits=some.integers(-3, 8))
@example(x=268435456.76908827, digits=7)
def test_rounding_is_odd_idempotent_and_near(x: float, digits: int) -> None:
    once = round_half_away(x, digits)
    assert round_half_away(once, digits) == once
    assert round_half_away(-x, digits) == -once
    assert abs(once - x) <= 0.5 * 10.0**-digits * (1 + 1e-9) + abs(x) * 2e-14


def test_arrays_missing_values_and_infinities() -> None:
    found = round_half_away([[1.25, np.nan], [np.inf, -1.25]], 1)
    np.testing.assert_array_equal(found, [[1.3, np.nan], [np.inf, -1.3]])
    assert isinstance(round_half_away(1.25, 1), float)
    with pytest.raises(StatsError, match="STA-901"):
        round_half_away(1.0, 16)


def test_fixed_decimals() -> None:
    assert render_fixed(-0.04, 1) == "-0.0"
    assert render_fixed(-0.04, 1, negative_zero="drop") == "0.0"
    assert render_fixed(None, 1, missing=".") == "."
    assert render_fixed([75.2, 1e6, 0.5], 0) == ["75", "1000000", "1"]
    with pytest.raises(StatsError, match="STA-901"):
        render_fixed(1.0, -1)


def test_p_values() -> None:
    assert render_p([0.0, 0.00009999, 0.0001, 0.05005, 1.0]) == ["<.0001", "<.0001", "0.0001", "0.0501", "1.0000"]
    assert render_p([0.0575, 0.0025, 0.2085, 0.9899, 0.991, 1.0], P_PILOT) == [
        "0.058",
        "0.003",
        "0.209",
        "0.990",
        ">0.99",
        ">0.99",
    ]
    assert render_p([0.0004, 0.0123, 0.995], P_AMA) == ["<.001", ".012", ">.99"]
    assert render_p(None, missing="NE") == "NE"
    assert render_p(0.2, PValueFormat(2, 0.01, "<0.01")) == "0.20"
    with pytest.raises(StatsError, match="STA-902"):
        render_p(1.2)


def test_counts() -> None:
    assert render_count(14, 86, digits=0, width=3) == "14 ( 16%)"
    assert render_count(1, 254, digits=0, width=3, least="<1") == "1 ( <1%)"
    assert render_count(0, 86) == "0"
    assert render_count(33, 40, digits=0) == "33 (83%)"
    assert render_count(3) == render_count(3, 0) == "3"
    with pytest.raises(StatsError, match="STA-903"):
        render_count(-1, 3)
