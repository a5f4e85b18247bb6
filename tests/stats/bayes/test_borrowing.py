"""MAP priors, hierarchical models, power priors: published numbers, brute-force integrals, and their limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import integrate, special, stats

from opencro.stats import StatsError, bayes

# Placebo responders of eight trials in ankylosing spondylitis, Baeten et al. 2013, Lancet 382:1705-1713
EVENTS, SIZES = [23, 12, 19, 9, 39, 6, 9, 10], [107, 44, 51, 39, 139, 20, 78, 35]
# Placebo change of the Crohn's Disease Activity Index, sigma = 88, Hueber et al. 2012, Gut 61:1693-1700
CHANGES, PATIENTS = [-51, -49, -36, -47, -90, -54], np.array([74, 166, 328, 20, 25, 58])


@pytest.fixture(scope="module")
def spondylitis() -> bayes.MapPrior:
    return bayes.map_prior_binomial(EVENTS, SIZES, bayes.HalfNormal(1), components=4)


def test_the_map_prior_of_the_spondylitis_trials_is_what_sampling_gives(spondylitis: bayes.MapPrior) -> None:
    """RBesT 1.9 prints, with a sampling error of 1 to 4 %: tau 0.387 (0.215), MAP 0.255 (0.0864), 0.106 to 0.461."""
    np.testing.assert_allclose(spondylitis.mean[[0, 2]], [0.387, 0.255], rtol=0.03)
    np.testing.assert_allclose(spondylitis.sd[[0, 2]], [0.215, 0.0864], rtol=0.03)
    np.testing.assert_allclose(spondylitis.median[[0, 2]], [0.359, 0.247], rtol=0.03)
    np.testing.assert_allclose([spondylitis.lower[2], spondylitis.upper[2]], [0.106, 0.461], rtol=0.06)
    assert spondylitis.divergence < 1e-3
    assert spondylitis.prior.mean == pytest.approx(spondylitis.mean[2], abs=3e-4)
    assert spondylitis.prior.sd == pytest.approx(spondylitis.sd[2], rel=5e-3)
    narrow = bayes.map_prior_binomial(EVENTS, SIZES, bayes.HalfNormal(0.5), components=2)
    np.testing.assert_allclose([narrow.mean[0], narrow.mean[2], narrow.sd[2]], [0.335, 0.259, 0.0776], rtol=0.03)


def test_the_map_prior_of_the_spondylitis_trials_by_plain_sums(spondylitis: bayes.MapPrior) -> None:
    theta = np.linspace(-9, 7, 1601)
    x, n = np.array(EVENTS), np.array(SIZES)
    likelihood = special.expit(theta[:, None]) ** x * special.expit(-theta[:, None]) ** (n - x)
    likelihood /= likelihood.max(0)
    mu = np.linspace(-3.2, 1, 106)
    tau = (np.arange(120) + 0.5) / 40
    total, moments = 0.0, np.zeros(5)
    for t in tau:
        kernel = np.exp(-0.5 * ((theta - mu[:, None]) / t) ** 2)
        kernel /= kernel.sum(1, keepdims=True)
        weight = np.exp(np.log(kernel @ likelihood).sum(1)) * stats.norm.pdf(mu, 0, 2) * stats.norm.pdf(t)
        p, p2 = kernel @ special.expit(theta), kernel @ special.expit(theta) ** 2
        total += weight.sum()
        moments += [weight.sum() * t, weight.sum() * t**2, weight @ mu, weight @ p, weight @ p2]
    moments /= total
    sd = np.sqrt(moments[[1, 4]] - moments[[0, 3]] ** 2)
    np.testing.assert_allclose(spondylitis.mean, moments[[0, 2, 3]], rtol=2e-4)
    np.testing.assert_allclose(spondylitis.sd[[0, 2]], sd, rtol=5e-4)


def test_the_map_prior_of_the_crohn_trials_is_what_sampling_gives() -> None:
    """RBesT 1.9 prints tau 14.0 (9.44), MAP -50.3 (19.1), with a sampling error of a few per cent."""
    found = bayes.map_prior_normal(CHANGES, 88 / np.sqrt(PATIENTS), bayes.HalfNormal(44), mean=(0, 88))
    np.testing.assert_allclose(found.mean, [14.0, -50, -50.3], rtol=0.04)
    np.testing.assert_allclose(found.sd, [9.44, 8.3, 19.1], rtol=0.05)
    np.testing.assert_allclose(found.median, [12.1, -49, -48.7], rtol=0.04)


def test_normal_map_prior_by_adaptive_quadrature() -> None:
    y, se = np.array([0.3, -0.1, 0.6]), np.array([0.2, 0.3, 0.25])

    def joint(tau: float, power: int) -> float:
        w = 1 / (se**2 + tau**2)
        precision = w.sum() + 1 / 4
        mean = (w * y).sum() / precision
        density = stats.multivariate_normal.pdf(y, np.zeros(3), np.diag(1 / w) + 4.0) * stats.halfnorm.pdf(
            tau, scale=0.5
        )
        second = 1 / precision + tau**2 + mean**2
        return density * [1.0, mean, second][power]

    total, first, second = (integrate.quad(joint, 0, 6, args=(k,), limit=200)[0] for k in range(3))
    found = bayes.map_prior_normal(y, se, bayes.HalfNormal(0.5), mean=(0, 2))
    assert found.mean[2] == pytest.approx(first / total, rel=1e-4)
    assert found.sd[2] == pytest.approx(np.sqrt(second / total - (first / total) ** 2), rel=1e-4)
    assert found.exact.mean == pytest.approx(first / total, rel=1e-6)


def test_a_known_tau_of_zero_pools_and_a_large_one_ignores() -> None:
    pooled = bayes.map_prior_normal(CHANGES, 88 / np.sqrt(PATIENTS), bayes.FixedTau(0), components=1)
    assert pooled.prior.mean == pytest.approx(np.average(CHANGES, weights=PATIENTS), abs=1e-3)
    assert pooled.prior.sd == pytest.approx(88 / np.sqrt(PATIENTS.sum()), rel=1e-3)
    binomial = bayes.map_prior_binomial(EVENTS, SIZES, bayes.FixedTau(0), mean=(0, 100), components=1)
    assert binomial.mean[2] == pytest.approx(sum(EVENTS) / sum(SIZES), rel=2e-3)
    apart = bayes.exchangeable_binomial(EVENTS, SIZES, bayes.FixedTau(50), mean=(0, 100))
    np.testing.assert_allclose(apart.mean[:8], np.array(EVENTS) / SIZES, rtol=1e-2)


def test_eight_schools() -> None:
    """Gelman et al., Bayesian Data Analysis, table 5.3: medians 10, 8, 7, 8, 5, 6, 10, 8 from 200 draws."""
    y, se = [28, 8, -3, 7, -1, 1, 18, 12], [15, 10, 16, 11, 9, 11, 10, 18]
    found = bayes.normal_hierarchical(y, se, bayes.UniformTau(1000))
    np.testing.assert_allclose(found.median[:8], [10, 8, 7, 8, 5, 6, 10, 8], atol=0.75)
    assert found.mean[8] == pytest.approx(8, abs=0.5)
    np.testing.assert_allclose(found.above(0), [float(p.sf(0)) for p in found.posteriors])
    pooled = bayes.normal_hierarchical(y, se, bayes.FixedTau(0))
    np.testing.assert_allclose(pooled.mean[:8], np.average(y, weights=1 / np.square(se)), rtol=1e-6)
    separate = bayes.normal_hierarchical(y, se, bayes.FixedTau(1e5))
    np.testing.assert_allclose(separate.mean[:8], y, atol=1e-4)


@settings(max_examples=6, deadline=None)
@given(some.floats(-20, 20), some.floats(0.1, 10))
def test_hierarchies_follow_shifts_and_units(shift: float, unit: float) -> None:
    y, se = np.array([0.3, -0.1, 0.6]), np.array([0.2, 0.3, 0.25])
    one = bayes.normal_hierarchical(y, se, bayes.HalfNormal(0.5))
    other = bayes.normal_hierarchical((y + shift) * unit, se * unit, bayes.HalfNormal(0.5 * unit))
    np.testing.assert_allclose(other.mean[:4], (one.mean[:4] + shift) * unit, rtol=1e-7)
    np.testing.assert_allclose(other.sd, one.sd * unit, rtol=1e-6)
    turned = bayes.normal_hierarchical(y[::-1], se[::-1], bayes.HalfNormal(0.5))
    np.testing.assert_allclose(turned.mean[:3], one.mean[2::-1])


def test_exchangeable_counts_shrink_towards_each_other_and_rates_follow_the_unit() -> None:
    found = bayes.exchangeable_binomial([2, 5, 0, 8], [20, 18, 12, 20], bayes.HalfNormal(1))
    raw = np.array([2 / 20, 5 / 18, 0, 8 / 20])
    middle = special.expit(found.mean[4])
    assert (np.abs(found.mean[:4] - middle) < np.abs(raw - middle) + 0.03).all()
    assert (np.diff(found.above(0.15)[[2, 0, 1, 3]]) > 0).all()
    one = bayes.exchangeable_poisson([7, 11, 3], [20, 40, 11], bayes.HalfNormal(0.5), mean=(-1, 2))
    other = bayes.exchangeable_poisson([7, 11, 3], [2, 4, 1.1], bayes.HalfNormal(0.5), mean=(np.log(10) - 1, 2))
    np.testing.assert_allclose(other.mean[:3], 10 * one.mean[:3], rtol=1e-6)
    rates = bayes.map_prior_poisson([7, 11, 3], [20, 40, 11], bayes.HalfNormal(0.5), mean=(-1, 2))
    assert rates.prior.mean == pytest.approx(rates.mean[2], rel=5e-3)
    no_events = bayes.exchangeable_binomial([0, 0, 0], [10, 12, 9], bayes.HalfCauchy(0.5))
    assert np.isfinite(no_events.mean).all()


def test_power_priors_from_nothing_to_everything() -> None:
    start = bayes.BetaMixture([0.5, 0.5], [1, 2], [1, 5])
    none, whole = (bayes.power_prior_binomial(23, 107, a0, initial=start) for a0 in (0, 1))
    assert none.mean == pytest.approx(start.mean)
    assert whole.mean == pytest.approx(bayes.update_binomial(start, 23, 107).mean)
    wide = bayes.NormalMixture(1, 0, 100)
    assert bayes.power_prior_normal(-50, 8, 0, initial=wide) == wide
    assert bayes.power_prior_normal(-50, 8, 1, initial=wide).mean == bayes.update_normal(wide, -50, 8).mean
    gamma = bayes.GammaMixture(1, 0.5, 0.01)
    assert bayes.power_prior_poisson(10, 20, 0.5, initial=gamma).mean == pytest.approx(5.5 / 10.01)
    for bad in (-0.1, 1.1):
        with pytest.raises(StatsError, match="STA-805"):
            bayes.power_prior_binomial(23, 107, bad)


def test_a_normalized_power_prior_integrates_over_its_discount() -> None:
    prior = bayes.normalized_power_prior_binomial(23, 107, discount=(2, 1))
    for p in (0.1, 0.25, 0.6):
        wanted = integrate.quad(
            lambda a0, p=p: stats.beta.pdf(a0, 2, 1) * stats.beta.pdf(p, 1 + 23 * a0, 1 + 84 * a0), 0, 1
        )[0]
        assert float(prior.mixture.pdf(p)) == pytest.approx(wanted, rel=1e-6)
    assert prior.expected_discount(prior.mixture) == pytest.approx(2 / 3, rel=1e-4)
    agree, clash = (bayes.update_binomial(prior.mixture, x, 100) for x in (21, 60))
    assert prior.expected_discount(agree) > 2 / 3 > prior.expected_discount(clash)
    fixed = bayes.normalized_power_prior_binomial(23, 107, discount=(1e6, 1e6)).mixture
    assert fixed.mean == pytest.approx(bayes.power_prior_binomial(23, 107, 0.5).mean, rel=1e-4)
    normal = bayes.normalized_power_prior_normal(-50, 8, initial=bayes.NormalMixture(1, 0, 100))
    assert normal.mixture.weights.sum() == pytest.approx(1)
    rate = bayes.normalized_power_prior_poisson(10, 20, initial=bayes.GammaMixture(1, 0.5, 0.01))
    assert 0 < rate.expected_discount(bayes.update_poisson(rate.mixture, 50, 20)) < 0.5


def test_a_commensurate_prior_is_normal_with_tau_added() -> None:
    found = bayes.commensurate_prior(-50, 8, bayes.HalfNormal(10))
    assert found.mean == pytest.approx(-50)
    assert found.sd == pytest.approx(np.hypot(8, 10), rel=1e-4)
    assert bayes.commensurate_prior(-50, 8, bayes.FixedTau(0)).sd == pytest.approx(8)
    heavy = bayes.commensurate_prior(-50, 8, bayes.HalfCauchy(10))
    near, far = bayes.update_normal(heavy, -45, 10), bayes.update_normal(heavy, 60, 10)
    assert abs(near.mean + 45) > 1
    assert abs(far.mean - 60) < 3


@pytest.mark.parametrize(
    ("code", "call"),
    [
        ("STA-802", lambda: bayes.map_prior_binomial([5], [4], bayes.HalfNormal(1))),
        ("STA-802", lambda: bayes.map_prior_normal([5], [4], bayes.HalfNormal(1))),
        ("STA-802", lambda: bayes.normal_hierarchical([5, 1], [4, 0], bayes.HalfNormal(1))),
        ("STA-804", lambda: bayes.HalfNormal(-1)),
        ("STA-805", lambda: bayes.normalized_power_prior_binomial(1, 2, discount=(0, 1))),
    ],
)
def test_impossible_input_is_refused(code: str, call) -> None:
    with pytest.raises(StatsError, match=code):
        call()


def test_heavy_tails_and_empty_trials_give_finite_priors() -> None:
    lone = bayes.map_prior_binomial([3], [6], bayes.HalfCauchy(0.5), components=3)
    assert np.isfinite(lone.mean).all()
    assert lone.prior.mean == pytest.approx(lone.mean[2], abs=0.01)
    none = bayes.map_prior_poisson([0, 0], [6, 40], bayes.HalfNormal(0.3), mean=(-2, 2))
    assert none.median[2] < 0.05
