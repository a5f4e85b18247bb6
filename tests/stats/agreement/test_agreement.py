"""Agreement of methods: laws of lines, limits and correlations; published values; refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as s
from scipy.stats import nct
from scipy.stats import t as student

from opencro.stats import StatsError, agreement

SEEDS = s.integers(0, 10_000)
SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


def _methods(seed: int, n: int = 25) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.uniform(2, 20, n)
    return np.round(truth + rng.normal(0, 0.4, n), 3), np.round(0.5 + 1.1 * truth + rng.normal(0, 0.4, n), 3)


@pytest.mark.parametrize("name", ["fit_deming", "fit_weighted_deming", "fit_passing_bablok"])
@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_swapping_methods_inverts_the_line_and_units_scale_it(name: str, seed: int) -> None:
    x, y = _methods(seed)
    fit = getattr(agreement, name)
    found, swapped = fit(x, y), fit(y, x)
    assert swapped.estimate[1] == pytest.approx(1 / found.estimate[1], rel=1e-8)
    scaled = fit(1000 * x, 1000 * y)
    factors = np.array([1000.0, 1.0])
    for one, other in ((found.estimate, scaled.estimate), (found.lower, scaled.lower), (found.upper, scaled.upper)):
        np.testing.assert_allclose(other, one * factors, rtol=1e-7)
    order = np.random.default_rng(seed).permutation(len(x))
    mixed = fit(x[order], y[order])
    np.testing.assert_allclose(mixed.lower, found.lower, rtol=1e-8)
    assert (found.lower <= found.estimate).all()
    assert (found.estimate <= found.upper).all()


@given(SEEDS, s.floats(0.2, 5))
@settings(max_examples=15, deadline=None)
def test_deming_minimizes_the_weighted_distances(seed: int, ratio: float) -> None:
    x, y = _methods(seed)
    a, b = agreement.fit_deming(x, y, error_ratio=ratio).estimate

    def distances(intercept: float, slope: float) -> float:
        return float(((y - intercept - slope * x) ** 2).sum() / (1 + ratio * slope**2))

    best = distances(a, b)
    for da, db in ((0.01, 0), (-0.01, 0), (0, 0.003), (0, -0.003)):
        assert distances(a + da, b + db) > best
    flat = agreement.fit_deming(x, y, error_ratio=1e-9).estimate[1]
    assert flat == pytest.approx(np.polyfit(x, y, 1)[0], rel=1e-6)


def test_exact_lines_are_found_exactly() -> None:
    x = np.array([1.0, 2.0, 4.0, 7.0, 11.0])
    for fit in (agreement.fit_deming, agreement.fit_weighted_deming, agreement.fit_passing_bablok):
        found = fit(x, 3 + 2 * x)
        np.testing.assert_allclose(found.estimate, [3, 2], rtol=1e-9)
        np.testing.assert_allclose(found.upper - found.lower, 0, atol=1e-6)


def test_passing_bablok_by_hand_and_its_two_kinds_of_places() -> None:
    x, y = np.array([1.0, 2, 3, 4, 6]), np.array([1.2, 1.9, 3.3, 3.9, 6.4])
    slopes = sorted((y[j] - y[i]) / (x[j] - x[i]) for i in range(5) for j in range(i + 1, 5))
    found = agreement.fit_passing_bablok(x, y)
    assert np.arctan(found.estimate[1]) == pytest.approx(np.arctan(slopes[4:6]).mean(), rel=1e-12)
    # C = 1.96 sqrt(5*4*15/18) = 8.0: places (11 -+ 8)/2 = 1.5 and 9.5, or 1 and 10.
    assert np.arctan(found.lower[1]) == pytest.approx(np.arctan(slopes[:2]).mean(), rel=1e-12)
    whole = agreement.fit_passing_bablok(x, y, places="whole")
    assert (whole.lower[1], whole.upper[1]) == pytest.approx((slopes[0], slopes[-1]), rel=1e-12)


def test_passing_bablok_says_when_it_does_not_apply() -> None:
    rng = np.random.default_rng(2)
    found = agreement.fit_passing_bablok(rng.normal(size=20), rng.normal(size=20))
    assert [n.code for n in found.notes] == ["STA-765"]


@given(SEEDS, s.floats(-50, 50), s.floats(0.1, 20))
@settings(max_examples=20, deadline=None)
def test_limits_of_agreement_move_with_bias_and_units(seed: int, shift: float, factor: float) -> None:
    x, y = _methods(seed)
    found, moved = agreement.bland_altman(x, y), agreement.bland_altman(factor * (x + shift), factor * y)
    np.testing.assert_allclose(moved.estimate, factor * (found.estimate + shift), rtol=1e-8, atol=1e-8)
    turned = agreement.bland_altman(y, x, limits="exact")
    kept = agreement.bland_altman(x, y, limits="exact")
    np.testing.assert_allclose(turned.lower[[0, 2, 1]], -kept.upper, rtol=1e-9)


def test_exact_limits_are_tolerance_limits_and_meet_the_approximation() -> None:
    x, y = _methods(5, 12)
    found = agreement.bland_altman(x, y, limits="exact")
    # Solved for a limit, the end of its interval is the mean + k s with k of a one-sided tolerance limit.
    k = (found.upper[2] - found.estimate[0]) / found.sd
    assert nct.cdf(k * np.sqrt(12), 11, 1.96 * np.sqrt(12)) == pytest.approx(0.975, rel=1e-6)
    x, y = _methods(6, 4000)
    near, far = agreement.bland_altman(x, y), agreement.bland_altman(x, y, limits="exact")
    np.testing.assert_allclose(near.upper - near.lower, far.upper - far.lower, rtol=2e-3)
    assert near.upper[0] - near.estimate[0] == pytest.approx(student.isf(0.025, 3999) * near.sd / np.sqrt(4000))


def test_percent_differences_have_no_unit() -> None:
    x, y = _methods(7)
    one, other = (agreement.bland_altman(f * x, f * y, scale="percent") for f in (1, 88.4))
    np.testing.assert_allclose(one.estimate, other.estimate, rtol=1e-10)


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_concordance_is_symmetric_and_below_correlation(seed: int) -> None:
    x, y = _methods(seed)
    found, swapped = agreement.concordance_correlation(x, y), agreement.concordance_correlation(y, x)
    assert swapped.estimate == pytest.approx(found.estimate, rel=1e-12)
    assert (swapped.lower, swapped.upper) == pytest.approx((found.lower, found.upper), rel=1e-10)
    assert found.lower < found.estimate < found.upper
    assert abs(found.estimate) <= abs(found.correlation)
    scaled = agreement.concordance_correlation(7 * x - 3, 7 * y - 3)
    assert scaled.lower == pytest.approx(found.lower, rel=1e-9)


def test_concordance_covers() -> None:
    rng = np.random.default_rng(8)
    hits = 0
    for _ in range(400):
        pairs = rng.multivariate_normal([0, 0.3], [[1, 0.8], [0.8, 1.2]], 60)
        found = agreement.concordance_correlation(*pairs.T)
        hits += found.lower <= 1.6 / (2.2 + 0.09) <= found.upper
    assert 0.92 <= hits / 400 <= 0.98


def test_intraclass_correlations_of_shrout_and_fleiss() -> None:
    found = agreement.intraclass_correlation(SHROUT_FLEISS)
    # Their table 4, and the limits of McGraw and Wong's formulas as R psych prints them for these data.
    np.testing.assert_allclose(found.estimate, [0.17, 0.29, 0.71, 0.44, 0.62, 0.91], atol=5e-3)
    np.testing.assert_allclose(found.lower, [-0.133, 0.019, 0.342, -0.884, 0.071, 0.676], atol=6e-4)
    np.testing.assert_allclose(found.upper, [0.72, 0.76, 0.95, 0.91, 0.93, 0.99], atol=5e-3)


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_intraclass_correlations_ignore_units_and_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(8, 1)) + rng.normal(0, 0.5, (8, 3))
    found = agreement.intraclass_correlation(table)
    again = agreement.intraclass_correlation(5 + 3 * table[rng.permutation(8)][:, rng.permutation(3)])
    for name in ("estimate", "lower", "upper", "p_value"):
        np.testing.assert_allclose(getattr(again, name), getattr(found, name), rtol=1e-7)
    assume(found.estimate[2] > 0)
    shifted = agreement.intraclass_correlation(table + np.array([0, 5, 9]))
    assert shifted.estimate[2] == pytest.approx(found.estimate[2], rel=1e-9)  # consistency ignores raters' levels
    assert shifted.estimate[1] < found.estimate[1]


def test_limits_have_notes() -> None:
    assert [n.code for n in agreement.bland_altman([1, 2, 3.0], [1, 2, 3.0]).notes] == ["STA-763"]
    assert [n.code for n in agreement.concordance_correlation([1, 1, 1, 1.0], [1, 2, 3, 4.0]).notes] == ["STA-763"]
    assert [n.code for n in agreement.intraclass_correlation([[1, 1], [2, 2], [3, 3.0]]).notes] == ["STA-763"]


def test_pictures_have_their_parts() -> None:
    x, y = _methods(1)
    assert len(agreement.bland_altman(x, y).plot().lines) == 3
    assert len(agreement.fit_deming(x, y).plot().lines) == 2
    assert agreement.roc_curve(x, x > 10).plot().get_ylabel() == "sensitivity"


def test_impossible_input_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for x, y in (([1, 2], [1, 2]), ([1, 2, 3], [1, 2]), ([1, 2, float("nan")], [1, 2, 3])):
        with pytest.raises(StatsError, match="STA-760"):
            agreement.bland_altman(x, y)
    with pytest.raises(StatsError, match="STA-760"):
        agreement.fit_weighted_deming([0, 1, 2, 3], [1, 2, 3, 4])
    with pytest.raises(StatsError, match="STA-760"):
        agreement.intraclass_correlation([[1, 2]])
    with pytest.raises(StatsError, match="STA-761"):
        agreement.fit_deming([1, 2, 3, 4], [1, 2, 3, 5], error_ratio=0)
    with pytest.raises(StatsError, match="STA-761"):
        agreement.bland_altman([1, 2, 3], [1, 2, 4], alpha=2)
    with pytest.raises(StatsError, match="STA-766"):
        agreement.bland_altman([1, -1, 3], [1, 1, 4], scale="percent")
    with pytest.raises(StatsError, match="STA-766"):
        agreement.fit_deming([1, 1, 1, 1], [1, 2, 3, 4])
    with pytest.raises(StatsError, match="STA-766"):
        agreement.fit_passing_bablok([1, 1, 1, 1], [2, 2, 2, 2])
    monkeypatch.setattr("opencro.stats.agreement.passing_bablok.PAIRS_LIMIT", 5)
    with pytest.raises(StatsError, match="STA-762"):
        agreement.fit_passing_bablok([1, 2, 3, 4], [1, 2, 3, 5])
