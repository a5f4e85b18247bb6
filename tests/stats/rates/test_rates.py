"""Rates: coverage by enumeration, statsmodels as second witness, units, relabelling, and groups without events."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import stats
from statsmodels.stats import rates as witness

from opencro.stats import StatsError, generalized, rates

ONE_GROUP = [rates.garwood, rates.byar, rates.poisson_mid_p, rates.poisson_score, rates.poisson_wald_log]
RATIOS = [
    rates.rate_ratio_wald_log,
    rates.rate_ratio_exact,
    rates.rate_ratio_mid_p,
    rates.rate_ratio_miettinen_nurminen,
]
DIFFERENCES = [rates.rate_difference_wald, rates.rate_difference_miettinen_nurminen]
counts = some.integers(0, 40)
times = some.floats(0.5, 200)


@pytest.mark.parametrize(
    ("method", "name"), [(rates.garwood, "exact-c"), (rates.poisson_score, "score"), (rates.poisson_mid_p, "midp-c")]
)
@pytest.mark.parametrize("x", [1, 4, 60])
def test_one_group_agrees_with_statsmodels(method, name: str, x: int) -> None:
    found = method(x, 3.7)
    np.testing.assert_allclose(
        [found.lower[0], found.upper[0]], witness.confint_poisson(x, 3.7, method=name), rtol=1e-6
    )


def test_two_groups_agree_with_statsmodels() -> None:
    args = (8, 120.5, 15, 118.0)
    for method, compare in (
        (rates.rate_ratio_miettinen_nurminen, "ratio"),
        (rates.rate_difference_miettinen_nurminen, "diff"),
    ):
        found = method((8, 15), (120.5, 118.0))
        wanted = witness.confint_poisson_2indep(*args, method="score", compare=compare)
        np.testing.assert_allclose([found.lower, found.upper], wanted, rtol=1e-6)
        p = witness.test_poisson_2indep(*args, method="score", compare=compare).pvalue
        assert found.p == pytest.approx(p, rel=1e-6)


def test_byar_is_near_the_exact_limits_and_garwood_never_covers_too_little() -> None:
    x = np.arange(0, 200)
    exact, near = rates.garwood(x, np.ones(200)), rates.byar(x, np.ones(200))
    np.testing.assert_allclose(near.upper[2:], exact.upper[2:], rtol=1e-3)
    np.testing.assert_allclose(near.lower[5:], exact.lower[5:], rtol=1e-2)
    for mu in np.linspace(0.05, 30, 117):
        weight = stats.poisson.pmf(x, mu)
        assert weight[(exact.lower <= mu) & (mu <= exact.upper)].sum() >= 0.95 - 1e-9


def test_mid_p_covers_what_it_says_on_average() -> None:
    x = np.arange(0, 120)
    found = rates.poisson_mid_p(x, np.ones(120))
    grid = np.linspace(2, 40, 200)
    covered = [stats.poisson.pmf(x, mu)[(found.lower <= mu) & (mu <= found.upper)].sum() for mu in grid]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.007)


@settings(max_examples=20, deadline=None)
@pytest.mark.filterwarnings("error")
@given(counts, times, some.floats(0.01, 100), some.sampled_from(ONE_GROUP))
def test_units_of_time_and_one_sided_limits(x: int, t: float, unit: float, method) -> None:
    one = method(x, t)
    other = method(x, t * unit, per=unit)
    np.testing.assert_allclose(
        [one.rate, one.lower, one.upper], [other.rate, other.lower, other.upper], rtol=1e-9, atol=1e-12
    )
    np.testing.assert_allclose(method(x, t, alpha=0.025, alternative="less").upper, one.upper, rtol=1e-9)
    np.testing.assert_allclose(method(x, t, alpha=0.025, alternative="greater").lower, one.lower, rtol=1e-9, atol=1e-12)
    assert one.lower[0] <= one.rate[0] <= one.upper[0]


@settings(max_examples=40, deadline=None)
@given(counts, counts, times, times, some.sampled_from(RATIOS))
def test_swapping_groups_inverts_the_ratio(x1: int, x2: int, t1: float, t2: float, method) -> None:
    one, other = method((x1, x2), (t1, t2)), method((x2, x1), (t2, t1))
    np.testing.assert_allclose(other.p, one.p, rtol=1e-6)
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(1 / np.array([other.upper, other.lower]), [one.lower, one.upper], rtol=1e-6)
        if np.isfinite(one.p) and x1 + x2:
            assert (one.p < 0.05) == (one.lower > 1 or one.upper < 1)


@settings(max_examples=40, deadline=None)
@given(counts, counts, times, times, some.sampled_from(DIFFERENCES))
def test_swapping_groups_negates_the_difference(x1: int, x2: int, t1: float, t2: float, method) -> None:
    one, other = method((x1, x2), (t1, t2)), method((x2, x1), (t2, t1))
    np.testing.assert_allclose([-other.upper, -other.lower], [one.lower, one.upper], rtol=1e-6, atol=1e-10)
    halves = [method((x1, x2), (t1, t2), alternative=a).p for a in ("less", "greater")]
    if np.isfinite(one.p):
        assert one.p == pytest.approx(2 * min(halves))


@settings(max_examples=20, deadline=None)
@given(some.integers(1, 30), some.integers(1, 30), times, times)
def test_exact_ratio_inverts_binomial_tests(x1: int, x2: int, t1: float, t2: float) -> None:
    found = rates.rate_ratio_exact((x1, x2), (t1, t2))
    limits = stats.binomtest(x1, x1 + x2).proportion_ci(method="exact")
    shares = np.array([limits.low, limits.high])
    np.testing.assert_allclose([found.lower, found.upper], shares / (1 - shares) * t2 / t1, rtol=1e-7)
    share = t1 / (t1 + t2)
    tails = stats.binom.cdf(x1, x1 + x2, share), stats.binom.sf(x1 - 1, x1 + x2, share)
    assert found.p == pytest.approx(min(1, 2 * min(tails)))


@pytest.mark.parametrize("method", [*RATIOS, rates.rate_ratio_mantel_haenszel])
def test_no_events_anywhere_is_said(method) -> None:
    shape = [[0, 0]] if method is rates.rate_ratio_mantel_haenszel else (0, 0)
    found = method(shape, [[5.0, 7.0]] if shape == [[0, 0]] else (5.0, 7.0))
    assert np.isnan(found.estimate)
    assert (found.lower, found.upper) == (0, np.inf)
    assert found.notes[-1].code == "STA-782"


def test_score_difference_without_events_is_the_score_interval_of_zero() -> None:
    found = rates.rate_difference_miettinen_nurminen((0, 0), (50.0, 80.0))
    z2 = stats.norm.isf(0.025) ** 2
    np.testing.assert_allclose([found.lower, found.upper], [-z2 / 80, z2 / 50], rtol=1e-6)


def test_one_stratum_is_no_stratification_and_split_strata_add_nothing() -> None:
    x, t = np.array([[8, 15]]), np.array([[120.5, 118.0]])
    crude = rates.rate_ratio_wald_log((8, 15), (120.5, 118.0))
    mantel = rates.rate_ratio_mantel_haenszel(x, t)
    assert mantel.estimate == pytest.approx(crude.estimate)
    assert mantel.lower == pytest.approx(crude.lower)
    difference = rates.rate_difference_mantel_haenszel(x, t)
    assert difference.upper == pytest.approx(rates.rate_difference_wald((8, 15), (120.5, 118.0)).upper)
    assert mantel.p == pytest.approx(rates.rate_ratio_miettinen_nurminen((8, 15), (120.5, 118.0)).p)
    for method in (rates.rate_ratio_miettinen_nurminen, rates.rate_difference_miettinen_nurminen):
        one, ten = method(x * 10, t * 10), method(np.repeat(x, 10, axis=0), np.repeat(t, 10, axis=0))
        np.testing.assert_allclose(
            [ten.estimate, ten.lower, ten.upper], [one.estimate, one.lower, one.upper], rtol=1e-7
        )


def test_strata_with_one_group_are_left_out_with_a_note() -> None:
    x, t = np.array([[8, 15], [0, 2]]), np.array([[120.5, 118.0], [0.0, 12.0]])
    for method in (rates.rate_ratio_mantel_haenszel, rates.rate_difference_mantel_haenszel):
        found = method(x, t)
        assert found.notes[0].code == "STA-783"
        assert found.estimate == method(x[:1], t[:1]).estimate


def test_a_standard_population() -> None:
    single = rates.fay_feuer([5], [100.0], [7.0], per=100)
    exact = rates.garwood(5, 100.0, per=100)
    np.testing.assert_allclose([single.lower, single.upper], [exact.lower[0], exact.upper[0]], rtol=1e-10)
    found = rates.fay_feuer([5, 9, 0], [100.0, 80.0, 30.0], [3, 1, 1])
    assert found.rate == pytest.approx(0.6 * 0.05 + 0.2 * 9 / 80)
    assert found.se == pytest.approx(np.sqrt(0.6**2 * 5 / 1e4 + 0.2**2 * 9 / 6400))
    scaled = rates.fay_feuer([5, 9, 0], [100.0, 80.0, 30.0], [300, 100, 100])
    assert scaled.upper == pytest.approx(found.upper)
    own = rates.fay_feuer([5, 9], [100.0, 80.0], [100, 80])
    assert own.rate == pytest.approx(own.crude)
    with pytest.raises(StatsError, match="STA-780"):
        rates.fay_feuer([5, 0], [100.0, 0.0], [1, 1])


def test_robust_rates_are_a_poisson_model_with_sandwich_errors() -> None:
    rng = np.random.default_rng(1)
    group, time = np.arange(80) % 2, rng.uniform(0.2, 2, 80)
    y = rng.negative_binomial(1, 0.4, 80)
    found = rates.exposure_adjusted_rates(y, time, group)
    model = generalized.fit_poisson(y, np.column_stack([np.ones(80), group]), offset=np.log(time))
    robust = generalized.with_robust_errors(model)
    assert found.rate[0] == pytest.approx(np.exp(model.estimate[0]))
    assert found.se[0] / found.rate[0] == pytest.approx(robust.se[0] * np.sqrt(40 / 39))
    ratio = rates.exposure_adjusted_ratio(found, "1", "0")
    assert ratio.estimate == pytest.approx(np.exp(model.estimate[1]))
    half = np.log(ratio.upper / ratio.estimate) / stats.norm.isf(0.025)
    assert half == pytest.approx(robust.se[1] * np.sqrt(40 / 39))
    difference = rates.exposure_adjusted_difference(found, "1", "0")
    assert difference.estimate == pytest.approx(found.rate[1] - found.rate[0])


def test_poisson_variance_with_gamma_limits_is_garwood() -> None:
    found = rates.exposure_adjusted_rates([3, 0, 2], [1.0, 2.0, 4.0], variance="poisson", interval="gamma")
    exact = rates.garwood(5, 7.0)
    np.testing.assert_allclose([found.lower, found.upper], [exact.lower, exact.upper], rtol=1e-10)
    none = rates.exposure_adjusted_rates([0, 0], [1.0, 2.0])
    assert none.lower[0] == 0
    assert none.upper[0] == pytest.approx(rates.garwood(0, 3.0).upper[0])
    alone = rates.exposure_adjusted_rates([1, 2, 0], [1.0, 2.0, 1.0], ["a", "b", "b"])
    assert alone.notes[0].code == "STA-784"


@pytest.mark.parametrize(
    ("events", "time"), [([1, -1], [1.0, 1.0]), ([1, 2], [1.0]), ([1], [0.0]), ([np.nan], [1.0]), ([], [])]
)
def test_impossible_input_is_refused(events, time) -> None:
    with pytest.raises(StatsError, match="STA-780"):
        rates.garwood(events, time)


def test_a_group_without_time_has_no_rate() -> None:
    found = rates.garwood([3, 0], [2.0, 0.0])
    assert np.isnan(found.rate[1])
    assert found.notes[0].code == "STA-781"
