"""Mixtures, conjugate updates and predictions: they integrate to one, add up, and agree with plain quadrature."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import integrate, special, stats

from opencro.stats import StatsError, bayes

shapes = some.floats(0.3, 60)
BETA = bayes.BetaMixture([0.6, 0.3, 0.1], [11, 2, 1], [32, 9, 1])
NORMAL = bayes.NormalMixture([0.7, 0.3], [-49, -40], [8, 30])
GAMMA = bayes.GammaMixture([0.8, 0.2], [12, 1.5], [6, 1])


@pytest.mark.parametrize(
    ("prior", "posterior", "low", "high"),
    [
        (BETA, bayes.update_binomial(BETA, 9, 24), 0, 1),
        (NORMAL, bayes.update_normal(NORMAL, -29, 12), -400, 400),
        (GAMMA, bayes.update_poisson(GAMMA, 7, 5.5), 0, 60),
    ],
)
def test_a_posterior_is_prior_times_likelihood(prior, posterior, low: float, high: float) -> None:
    likelihood = {
        bayes.BetaMixture: lambda x: x**9 * (1 - x) ** 15,
        bayes.NormalMixture: lambda x: stats.norm.pdf(-29, x, 12),
        bayes.GammaMixture: lambda x: x**7 * np.exp(-5.5 * x),
    }[type(prior)]
    points = [prior.quantile(p) for p in (0.01, 0.3, 0.5, 0.7, 0.99)]
    options = {"points": points, "limit": 400}
    assert integrate.quad(posterior.pdf, low, high, **options)[0] == pytest.approx(1)
    total = integrate.quad(lambda x: float(prior.pdf(x)) * likelihood(x), low, high, **options)[0]
    for x in points:
        assert float(posterior.pdf(x)) == pytest.approx(float(prior.pdf(x)) * likelihood(x) / total, rel=1e-6)
    mean = integrate.quad(lambda x: x * float(posterior.pdf(x)), low, high, **options)[0]
    assert posterior.mean == pytest.approx(mean)


@settings(max_examples=30, deadline=None)
@given(some.integers(0, 30), some.integers(0, 30), some.integers(0, 30))
def test_data_may_come_in_any_order_and_in_parts(x: int, more: int, other: int) -> None:
    n = 30
    once = bayes.update_binomial(BETA, x + min(more, n), 2 * n)
    twice = bayes.update_binomial(bayes.update_binomial(BETA, x, n), min(more, n), n)
    np.testing.assert_allclose(twice.weights, once.weights, rtol=1e-8, atol=1e-300)
    assert twice.mean == pytest.approx(once.mean)
    rate = bayes.update_poisson(bayes.update_poisson(GAMMA, other, 3), x, 4)
    assert rate.mean == pytest.approx(bayes.update_poisson(GAMMA, x + other, 7).mean)


@settings(max_examples=30, deadline=None)
@given(shapes, shapes, some.integers(0, 20))
def test_events_and_non_events_are_names(a: float, b: float, x: int) -> None:
    one = bayes.update_binomial(bayes.BetaMixture([0.5, 0.5], [a, 1], [b, 1]), x, 20)
    other = bayes.update_binomial(bayes.BetaMixture([0.5, 0.5], [b, 1], [a, 1]), 20 - x, 20)
    assert other.mean == pytest.approx(1 - one.mean)
    assert other.quantile(0.9) == pytest.approx(1 - one.quantile(0.1), abs=1e-9)


@pytest.mark.parametrize("prior", [BETA, NORMAL, GAMMA])
def test_quantiles_invert_the_distribution(prior) -> None:
    for p in (1e-6, 0.025, 0.5, 0.8, 0.999999):
        assert float(prior.cdf(prior.quantile(p))) == pytest.approx(p, rel=1e-9)
    summary = bayes.summarize(prior, alpha=0.2)
    assert (summary.lower, summary.upper) == (prior.quantile(0.1), prior.quantile(0.9))


def test_predictions_sum_to_one_and_average_the_likelihood() -> None:
    chance = bayes.predict_binomial(BETA, 12)
    assert chance.sum() == pytest.approx(1)
    five = integrate.quad(lambda p: float(BETA.pdf(p)) * stats.binom.pmf(5, 12, p), 0, 1, points=[0.2, 0.3])[0]
    assert chance[5] == pytest.approx(five)
    counts = bayes.predict_poisson(GAMMA, 3.0, 400)
    assert counts.sum() == pytest.approx(1)
    assert counts @ np.arange(401) == pytest.approx(3 * GAMMA.mean)
    ahead = bayes.predict_normal(NORMAL, 10.0)
    assert ahead.sd == pytest.approx(np.hypot(NORMAL.sd, 10))


def test_an_unknown_variance_with_a_vague_prior_is_the_t_interval() -> None:
    y = np.array([1.2, 0.4, 2.2, 1.9, 0.1])
    posterior = bayes.update_normal_unknown_variance(bayes.NormalInverseGamma(0, 1e-12, -0.5, 0), y)
    low, high = stats.t.interval(0.95, 4, y.mean(), stats.sem(y))
    np.testing.assert_allclose([posterior.quantile(0.025), posterior.quantile(0.975)], [low, high])
    assert posterior.sf(0) == pytest.approx(1 - stats.ttest_1samp(y, 0, alternative="greater").pvalue)
    start = bayes.NormalInverseGamma(1, 3, 2, 2)
    once = bayes.update_normal_unknown_variance(start, y)
    parts = bayes.update_normal_unknown_variance(bayes.update_normal_unknown_variance(start, y[:2]), y[2:])
    np.testing.assert_allclose([once.location, once.n, once.shape, once.rate],
                               [parts.location, parts.n, parts.shape, parts.rate])  # fmt: skip


def _finite_sum(a1: float, b1: float, a2: int, b2: float) -> float:
    """P(p2 > p1) for a whole a2: sum over i < a2 of B(a1 + i, b1 + b2) / ((b2 + i) B(1 + i, b2) B(a1, b1))."""
    i = np.arange(a2)
    terms = special.betaln(a1 + i, b1 + b2) - np.log(b2 + i) - special.betaln(1 + i, b2) - special.betaln(a1, b1)
    return float(np.exp(terms).sum())


@settings(max_examples=25, deadline=None)
@given(some.integers(1, 60), shapes, shapes, shapes)
def test_one_probability_above_another(a2: int, b2: float, a1: float, b1: float) -> None:
    first, second = bayes.BetaMixture(1, a1, b1), bayes.BetaMixture(1, a2, b2)
    above = bayes.probability_greater(second, first)
    assert above == pytest.approx(_finite_sum(a1, b1, a2, b2), abs=1e-9)
    assert above + bayes.probability_greater(first, second) == pytest.approx(1, abs=1e-9)


def test_published_two_arm_probability() -> None:
    """The R package RBesT's vignette of the ankylosing spondylitis trial prints 0.9917197."""
    weights, a = [0.3690331, 0.1534249, 0.1515117, 0.1260303, 0.2], [33.9513487, 19.4400089, 12.2692310, 2.2521243, 1]
    control = bayes.BetaMixture(weights, a, [103.0146367, 41.5205219, 55.9202833, 5.4812202, 1])
    drug = bayes.update_binomial(bayes.BetaMixture(1, 0.5, 1), 14, 24)
    assert bayes.probability_greater(drug, bayes.update_binomial(control, 1, 6)) == pytest.approx(0.9917197, abs=1e-7)


@pytest.mark.parametrize("margin", [-0.3, -0.05, 0.0, 0.1, 0.6])
def test_a_margin_and_the_batch(margin: float) -> None:
    other = bayes.BetaMixture([0.5, 0.5], [4, 20], [4, 11])
    found = bayes.probability_greater(other, BETA, margin=margin)
    wanted = integrate.quad(
        lambda x: float(other.pdf(x)) * float(BETA.cdf(x - margin)), 0, 1,
        points=[max(margin, 0), 0.5, min(1, 1 + margin)],
        limit=500, epsabs=1e-12,
    )[0]  # fmt: skip
    assert found == pytest.approx(wanted, abs=1e-9)
    batch = bayes.probability_greater_batch([other, BETA], [BETA, other, other], margin=margin)
    assert batch.shape == (2, 3)
    assert batch[0, 0] == pytest.approx(found, abs=1e-9)
    assert bayes.probability_greater(other, BETA, margin=1.0) == 0
    assert bayes.probability_greater(other, BETA, margin=-1.0) == 1


def test_normal_and_gamma_comparisons() -> None:
    rng = np.random.default_rng(1)
    shifted = bayes.NormalMixture(1, -55, 9)
    a = rng.choice(NORMAL.location, 400_000, p=NORMAL.weights)
    spread = np.where(a == -49, 8, 30)
    draws = a + spread * rng.normal(size=a.size) - (-55 + 9 * rng.normal(size=a.size)) > 3
    assert bayes.probability_greater(NORMAL, shifted, margin=3) == pytest.approx(draws.mean(), abs=4e-3)
    plain = bayes.GammaMixture(1, 5, 4)
    near = bayes.probability_greater(plain, GAMMA, margin=1e-9)
    assert bayes.probability_greater(plain, GAMMA) == pytest.approx(near, abs=1e-6)
    ratio = bayes.probability_ratio_greater(plain, GAMMA, ratio=0.5)
    half = bayes.GammaMixture(GAMMA.weights, GAMMA.shape, GAMMA.rate / 0.5)
    assert ratio == pytest.approx(bayes.probability_greater(plain, half))
    assert bayes.probability_ratio_greater(plain, plain) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("code", "call"),
    [
        ("STA-801", lambda: bayes.BetaMixture([1, 1], [1], [1])),
        ("STA-801", lambda: bayes.BetaMixture(1, 0, 1)),
        ("STA-801", lambda: bayes.NormalMixture([-1, 2], [0, 0], [1, 1])),
        ("STA-801", lambda: bayes.robustify(BETA, BETA, weight=2)),
        ("STA-802", lambda: bayes.update_binomial(BETA, 5, 4)),
        ("STA-802", lambda: bayes.update_normal(NORMAL, 0, 0)),
        ("STA-802", lambda: bayes.update_poisson(GAMMA, -1, 1)),
        ("STA-802", lambda: bayes.update_normal_unknown_variance(bayes.NormalInverseGamma(0, 1, 1, 1), [np.nan])),
        ("STA-803", lambda: bayes.probability_greater(BETA, GAMMA)),
    ],
)
def test_impossible_input_is_refused(code: str, call) -> None:
    with pytest.raises(StatsError, match=code):
        call()


def test_a_mixture_is_drawn_with_its_components() -> None:
    assert len(BETA.plot().lines) == 4
    many = bayes.NormalMixture(np.ones(20), np.arange(20), np.ones(20))
    assert len(many.plot().lines) == 1
