"""Poisson and negative binomial regression against statsmodels, scaling of the offset, limits of dispersion."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as some

from opencro.stats import StatsError
from opencro.stats import generalized as gen


def _sample(seed: int, n: int = 150, size: float = 1.5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(n), np.arange(n) % 2, rng.normal(size=n)])
    time = rng.uniform(0.3, 2, n)
    mu = time * np.exp(x @ [0.3, -0.4, 0.3])
    return rng.negative_binomial(size, size / (size + mu)), x, np.log(time)


def test_poisson_agrees_with_statsmodels() -> None:
    y, x, offset = _sample(1)
    ours = gen.fit_poisson(y, x, offset=offset)
    theirs = sm.GLM(y, x, family=sm.families.Poisson(), offset=offset).fit()
    np.testing.assert_allclose(ours.estimate, theirs.params, rtol=1e-7)
    np.testing.assert_allclose(ours.se, theirs.bse, rtol=1e-6)
    assert ours.deviance == pytest.approx(theirs.deviance)
    assert ours.null_deviance == pytest.approx(theirs.null_deviance)


@pytest.mark.parametrize("seed", range(4))
def test_observed_errors_are_those_of_statsmodels(seed: int) -> None:
    y, x, offset = _sample(seed)
    ours = gen.fit_negative_binomial(y, x, offset=offset, information="observed")
    theirs = sm.NegativeBinomial(y, x, offset=offset).fit(disp=0, method="newton", maxiter=200)
    np.testing.assert_allclose([*ours.estimate, ours.dispersion], theirs.params, rtol=1e-5)
    np.testing.assert_allclose([*ours.se, ours.dispersion_se], theirs.bse, rtol=1e-4)
    assert ours.log_likelihood == pytest.approx(theirs.llf)


def test_expected_errors_are_those_of_a_glm_at_the_estimated_k() -> None:
    y, x, offset = _sample(5)
    ours = gen.fit_negative_binomial(y, x, offset=offset)
    family = sm.families.NegativeBinomial(alpha=ours.dispersion)
    theirs = sm.GLM(y, x, family=family, offset=offset).fit(tol=1e-13)
    np.testing.assert_allclose(ours.estimate, theirs.params, rtol=1e-6)
    np.testing.assert_allclose(ours.se, theirs.bse, rtol=1e-6)
    assert ours.deviance == pytest.approx(theirs.deviance)


@settings(max_examples=15, deadline=None)
@given(some.integers(0, 10**6), some.floats(1e-3, 1e3), some.sampled_from([gen.fit_poisson, gen.fit_negative_binomial]))
def test_a_unit_of_time_moves_the_intercept_only(seed: int, unit: float, model) -> None:
    y, x, offset = _sample(seed)
    one, other = model(y, x, offset=offset), model(y, x, offset=offset + np.log(unit))
    np.testing.assert_allclose(other.estimate[1:], one.estimate[1:], atol=1e-7)
    np.testing.assert_allclose(other.estimate[0] + np.log(unit), one.estimate[0], atol=1e-7)
    np.testing.assert_allclose(other.se, one.se, rtol=1e-6)
    assert other.log_likelihood == pytest.approx(one.log_likelihood)


@settings(max_examples=10, deadline=None)
@given(some.integers(0, 10**6))
def test_arms_and_rows_are_conventions(seed: int) -> None:
    y, x, offset = _sample(seed)
    order = np.random.default_rng(seed).permutation(len(y))
    fit = gen.fit_negative_binomial(y, x, offset=offset)
    swapped = x.copy()
    swapped[:, 1] = 1 - swapped[:, 1]
    other = gen.fit_negative_binomial(y[order], swapped[order], offset=offset[order])
    assert other.estimate[1] == pytest.approx(-fit.estimate[1], abs=1e-7)
    assert other.dispersion == pytest.approx(fit.dispersion, rel=1e-5)


def test_no_overdispersion_is_poisson_and_says_so() -> None:
    y, x = np.tile([1, 2], 40), np.column_stack([np.ones(80), np.repeat([0, 1], 40)])
    fit, poisson = gen.fit_negative_binomial(y, x), gen.fit_poisson(y, x)
    assert fit.dispersion == 0
    assert fit.notes[0].code == "STA-207"
    np.testing.assert_allclose(fit.se, poisson.se)
    assert fit.log_likelihood == pytest.approx(poisson.log_likelihood)
    both = gen.fit_negative_binomial(y, x, information="observed")
    np.testing.assert_allclose(both.se, poisson.se)


def test_few_uneven_counts_where_steps_in_turn_run_in_circles() -> None:
    y = [0, 0, 0, 0, 0, 8, 0, 1, 0, 0, 0, 6, 7]
    arm, dose = [1, 0, 1, 1, 0, 0, 1, 0, 0, 1, 0, 1, 1], [0, -1, 1, -1, 0, 2, 0, 2, 0, 0, 2, -2, -1]
    x = np.column_stack([np.ones(13), arm, dose])
    ours = gen.fit_negative_binomial(y, x)
    theirs = sm.NegativeBinomial(y, x).fit(disp=0, maxiter=500, method="bfgs")
    assert not ours.notes
    np.testing.assert_allclose(ours.estimate, theirs.params[:3], atol=1e-3)
    assert ours.log_likelihood == pytest.approx(theirs.llf, abs=1e-6)
    assert gen.negative_binomial_batch([y, y], x).converged.all()


def test_large_counts_and_tiny_dispersion_stay_accurate() -> None:
    rng = np.random.default_rng(8)
    y, x = rng.poisson(rng.gamma(1e4, 0.5, 300)), np.ones((300, 1))
    ours = gen.fit_negative_binomial(y, x)
    k = ours.dispersion
    assert 0 < k < 1e-3
    steps = np.array([-1e-2, 0, 1e-2]) * k
    likelihood = [_log_likelihood(y, float(ours.fitted[0]), k + step) for step in steps]
    assert likelihood[1] > max(likelihood[0], likelihood[2])


def _log_likelihood(y: np.ndarray, mu: float, k: float) -> float:
    from scipy.stats import nbinom

    return float(nbinom.logpmf(y, 1 / k, 1 / (1 + k * mu)).sum())


def test_fractions_and_negatives_are_refused() -> None:
    for y in ([0.5, 1], [-1, 1]):
        with pytest.raises(StatsError, match="STA-203"):
            gen.fit_poisson(y, np.ones((2, 1)))


@pytest.mark.parametrize("kind", ["logistic", "poisson", "negative_binomial"])
def test_a_batch_is_its_trials_one_by_one(kind: str) -> None:
    rng = np.random.default_rng(3)
    x = np.column_stack([np.ones(60), np.arange(60) % 2, rng.normal(size=60)])
    y = rng.negative_binomial(1, 0.6, (12, 60))
    y[3, ::2] = 0
    y[4] = 0
    y[5] = np.tile([0, 1], 30)
    y = np.minimum(y, 1) if kind == "logistic" else y
    batch, single = getattr(gen, f"{kind}_batch"), getattr(gen, f"fit_{kind}")
    shared, own = batch(y, x), batch(y, np.broadcast_to(x, (12, 60, 3)))
    np.testing.assert_allclose(shared.estimate, own.estimate, rtol=1e-6, atol=1e-8)
    for t in range(12):
        fit = single(y[t], x)
        if np.isfinite(fit.estimate).all():
            np.testing.assert_allclose(shared.estimate[t], fit.estimate, rtol=1e-6, atol=1e-8)
            np.testing.assert_allclose(shared.se[t], fit.se, rtol=1e-6)
            assert shared.converged[t]
        else:
            np.testing.assert_array_equal(shared.estimate[t][:2], fit.estimate[:2])
            assert not shared.converged[t]
            assert np.isnan(shared.se[t]).all()


def test_observed_errors_of_a_batch() -> None:
    y, x, offset = _sample(21)
    batch = gen.negative_binomial_batch(np.array([y, y[::-1]]), x, offset=offset, information="observed")
    single = gen.fit_negative_binomial(y, x, offset=offset, information="observed")
    np.testing.assert_allclose(batch.se[0], single.se, rtol=1e-7)
    assert batch.dispersion[0] == pytest.approx(single.dispersion)


def test_a_batch_of_another_shape_is_refused() -> None:
    with pytest.raises(StatsError, match="STA-201"):
        gen.poisson_batch(np.ones((3, 10)), np.ones((9, 1)))
