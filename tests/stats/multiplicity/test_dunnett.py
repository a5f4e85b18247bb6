"""Dunnett's distribution against a table, against scipy, and two integrations against each other."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from opencro.stats import StatsError
from opencro.stats import multiplicity as mult

TABLE = [(2, 10, 2.57), (3, 20, 2.54), (4, 60, 2.51), (9, 20, 2.95), (5, np.inf, 2.51), (1, 15, 2.13)]
# two-sided 5 %, equal sizes: Dunnett (1964) Biometrics 20:482, table II


@pytest.mark.parametrize(("k", "df", "wanted"), TABLE)
def test_critical_values_are_those_of_the_table(k: int, df: float, wanted: float) -> None:
    assert mult.dunnett_critical_value([7] * k, 7, df) == pytest.approx(wanted, abs=0.0051)


@pytest.mark.parametrize("k", [2, 3, 4, 6])
@pytest.mark.parametrize("df", [np.inf, 9])
def test_two_ways_to_integrate_agree(k: int, df: float) -> None:
    n = np.arange(5, 5 + k)
    loading = np.sqrt(n / (n + 8))
    r = np.outer(loading, loading)
    np.fill_diagonal(r, 1)
    for side, low in (("two-sided", -2.1), ("greater", -np.inf)):
        wanted = mult.compute_dunnett_probability(2.1, n, 8, df, alternative=side)
        got = mult.compute_rectangle_probability([2.1] * k, r, lower=[low] * k, df=df)
        assert got == pytest.approx(wanted, abs=1e-9 if k <= 3 else 4e-5)


def test_orthants_have_closed_forms() -> None:
    r = np.array([[1, 0.5, -0.3], [0.5, 1, 0.2], [-0.3, 0.2, 1]])
    wanted = 1 / 8 + (np.arcsin(0.5) + np.arcsin(-0.3) + np.arcsin(0.2)) / (4 * np.pi)
    assert mult.compute_rectangle_probability([0, 0, 0], r) == pytest.approx(wanted, abs=1e-12)
    assert mult.compute_rectangle_probability([1.5], [[1]]) == pytest.approx(stats.norm.cdf(1.5), abs=1e-15)
    assert mult.compute_rectangle_probability([1.5], [[1]], df=4) == pytest.approx(stats.t.cdf(1.5, 4), abs=1e-12)
    assert mult.compute_rectangle_probability([0], [[1]], lower=[1]) == 0


def test_singular_correlations_are_integrated() -> None:
    r = np.array([[1, 1, -1], [1, 1, -1], [-1, -1, 1.0]])
    wanted = stats.norm.cdf(0.5) - stats.norm.cdf(-1.2)
    assert mult.compute_rectangle_probability([0.5, 0.9, 1.2], r) == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
def test_agrees_with_scipy_within_its_integration_error(alternative: str) -> None:
    rng = np.random.default_rng(5)
    arms, control = [rng.normal(m, 1, n) for m, n in ((0.6, 12), (1.1, 20), (-0.4, 9))], rng.normal(0, 1, 15)
    ours = mult.dunnett(arms, control, alternative=alternative)
    theirs = stats.dunnett(*arms, control=control, alternative=alternative, rng=1)
    np.testing.assert_allclose(ours.adjusted, theirs.pvalue, atol=3e-4)
    np.testing.assert_allclose(ours.t, theirs.statistic, rtol=1e-10)
    interval = theirs.confidence_interval(0.95)
    np.testing.assert_allclose(ours.lower, interval.low, atol=0.01)
    np.testing.assert_allclose(ours.upper, interval.high, atol=0.01)
    assert (ours.adjusted_step_down <= ours.adjusted + 1e-12).all()


def test_intervals_and_adjusted_p_values_tell_the_same() -> None:
    rng = np.random.default_rng(6)
    for shift in (0.0, 0.7, 1.0, 1.3):
        result = mult.dunnett([rng.normal(shift, 1, 10), rng.normal(0, 1, 10)], rng.normal(0, 1, 14))
        assert ((result.adjusted <= 0.05) == ((result.lower > 0) | (result.upper < 0))).all()


def test_mirror_images_swap_the_sides_and_units_do_not_matter() -> None:
    rng = np.random.default_rng(7)
    arms, control = [rng.normal(0.5, 1, 8), rng.normal(1, 1, 11)], rng.normal(0, 1, 9)
    up = mult.dunnett(arms, control, alternative="greater")
    down = mult.dunnett([-1000 * a for a in arms], -1000 * control, alternative="less")
    np.testing.assert_allclose(up.adjusted, down.adjusted, rtol=1e-9)
    np.testing.assert_allclose(up.lower * -1000, down.upper, rtol=1e-9)


def test_step_down_is_the_closed_test_with_the_largest_statistic() -> None:
    t, n = np.array([2.9, 2.2, 1.1]), np.array([10, 14, 6])

    def local(members: tuple[int, ...]) -> float:
        at = list(members)
        return 1 - mult.compute_dunnett_probability(t[at].max(), n[at], 12, 38)

    closed = mult.closed_test([0.5] * 3, local).adjusted
    np.testing.assert_allclose(mult.adjust_dunnett_step_down(t, n, 12, 38).adjusted, closed, rtol=1e-9)


def test_max_t_with_one_shared_control_is_dunnett() -> None:
    r = np.array([[1, 0.5], [0.5, 1]])
    wanted = mult.adjust_dunnett([2.5, -1.8], [20, 20], 20, 57).adjusted
    np.testing.assert_allclose(mult.adjust_max_t([2.5, -1.8], r, 57).adjusted, wanted, rtol=1e-8)
    one = mult.adjust_max_t([2.5, -1.8], r, 57, alternative="less")
    assert one.adjusted[0] > 0.99
    np.testing.assert_allclose(one.p, stats.t.cdf([2.5, -1.8], 57), rtol=1e-10)


def test_impossible_arms_are_refused() -> None:
    for call in (
        lambda: mult.dunnett([[1.0, 1.0]], [1.0, 1.0]),
        lambda: mult.dunnett([[]], [1.0, 2.0]),
        lambda: mult.dunnett([[np.nan, 1]], [1.0, 2.0]),
        lambda: mult.dunnett_critical_value([0, 5], 5, 10),
    ):
        with pytest.raises(StatsError) as caught:
            call()
        assert caught.value.code == "STA-707"
