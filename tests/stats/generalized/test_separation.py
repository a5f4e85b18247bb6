"""Infinite estimates are found, named and left where they are; everything else stays estimable."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import stats
from scipy.optimize import minimize

from opencro.stats import generalized as gen


def test_complete_separation() -> None:
    fit = gen.fit_logistic([0, 0, 0, 1, 1, 1], np.column_stack([np.ones(6), range(6)]))
    assert fit.estimate.tolist() == [-np.inf, np.inf]
    assert fit.log_likelihood == 0
    assert fit.notes[0].code == "STA-205"


def test_quasi_separation_leaves_the_other_terms_alone() -> None:
    """An arm without events: the covariate is estimated from the other arm alone."""
    rng = np.random.default_rng(7)
    z = rng.normal(size=80)
    arm = np.repeat([0, 1], 40)
    y = np.where(arm == 0, 0, rng.random(80) < 1 / (1 + np.exp(-z)))
    fit = gen.fit_logistic(y, np.column_stack([np.ones(80), arm, z]))
    alone = gen.fit_logistic(y[arm == 1], np.column_stack([np.ones(40), z[arm == 1]]))
    assert fit.estimate[:2].tolist() == [-np.inf, np.inf]
    assert fit.estimate[2] == pytest.approx(alone.estimate[1])
    assert fit.se[2] == pytest.approx(alone.se[1])
    assert fit.log_likelihood == pytest.approx(alone.log_likelihood)
    without = gen.fit_logistic(y, np.column_stack([np.ones(80), z]))
    assert gen.likelihood_ratio_test(fit, without).p < 1e-3


def test_separation_is_detected_without_a_fit() -> None:
    x = np.column_stack([np.ones(8), np.repeat([0, 1], 4), np.tile([0.5, 1, 2, 4], 2)])
    found = gen.detect_separation([0, 0, 0, 0, 1, 0, 1, 1], x)
    assert found.estimate == ("-infinite", "+infinite", "finite")
    assert (found.separated, found.rows) == (4, 8)
    assert set(gen.detect_separation([0, 1, 0, 0, 1, 0, 1, 1], x).estimate) == {"finite"}


def test_a_forest_leaves_infinite_ratios_out() -> None:
    x = np.column_stack([np.ones(8), np.repeat([0, 1], 4)])
    axes = gen.compute_ratios(gen.fit_logistic([0, 1, 0, 0, 1, 0, 1, 1], x)).plot()
    assert len(axes.lines[0].get_xdata()) == 2
    none = gen.compute_ratios(gen.fit_logistic([0, 0, 0, 0, 1, 0, 1, 1], x)).plot()
    assert len(none.lines[0].get_xdata()) == 0


def test_large_but_finite_estimates_are_not_called_infinite() -> None:
    x = np.column_stack([np.ones(2002), np.r_[np.full(1001, -1.0), np.full(1001, 1.0)]])
    y = np.r_[1, np.zeros(1000), 0, np.ones(1000)]
    fit = gen.fit_logistic(y, x)
    assert not fit.notes
    assert fit.estimate[1] == pytest.approx(np.log(1000))


@pytest.mark.parametrize("model", [gen.fit_poisson, gen.fit_negative_binomial])
def test_a_group_without_counts(model) -> None:
    y, x = [0, 0, 0, 3, 9, 1, 0], np.column_stack([np.ones(7), [0, 0, 0, 1, 1, 1, 1]])
    fit = model(y, x)
    assert fit.estimate.tolist() == [-np.inf, np.inf]
    assert fit.notes[0].code == "STA-205"
    np.testing.assert_allclose(fit.fitted, [0, 0, 0, 3.25, 3.25, 3.25, 3.25])


@settings(max_examples=20, deadline=None)
@given(some.lists(some.tuples(some.booleans(), some.integers(-3, 3)), min_size=4, max_size=25), some.floats(0.01, 100))
def test_firth_is_finite_and_invariant_whatever_the_data(rows, scale: float) -> None:
    y, z = np.array([float(a) for a, _ in rows]), np.array([float(b) for _, b in rows])
    if np.ptp(z) == 0:
        return
    fit = gen.fit_firth_logistic(y, np.column_stack([np.ones(len(y)), z]))
    assert np.isfinite(fit.estimate).all()
    assert np.isfinite(fit.se).all()
    other = gen.fit_firth_logistic(1 - y, np.column_stack([np.ones(len(y)), z * scale]))
    np.testing.assert_allclose(other.estimate[1] * scale, -fit.estimate[1], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(other.p[1], fit.p[1], rtol=1e-4, atol=1e-6)


def test_firth_of_a_two_by_two_table_adds_half_an_event_to_every_cell() -> None:
    x = np.array([[1, 0], [1, 1]], float)
    fit = gen.fit_firth_logistic([0, 6], x, trials=[10, 12])
    assert fit.estimate[1] == pytest.approx(np.log(6.5 / 6.5) - np.log(0.5 / 10.5))


def test_firth_maximizes_the_penalized_likelihood_and_its_profile() -> None:
    rng = np.random.default_rng(11)
    x = np.column_stack([np.ones(30), rng.normal(size=30), rng.random(30) < 0.5])
    y = (rng.random(30) < 0.3).astype(float)

    def loss(b: np.ndarray) -> float:
        eta = x @ b
        p = 1 / (1 + np.exp(-eta))
        information = (x * (p * (1 - p))[:, None]).T @ x
        return -((y * eta - np.logaddexp(0, eta)).sum() + 0.5 * np.linalg.slogdet(information)[1])

    fit = gen.fit_firth_logistic(y, x)
    best = minimize(loss, np.zeros(3), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 9000})
    np.testing.assert_allclose(fit.estimate, best.x, atol=1e-5)
    for limit in (fit.lower[1], fit.upper[1]):
        rest = minimize(lambda b, at=limit: loss(np.array([b[0], at, b[1]])), [0, 0], method="Nelder-Mead",
                        options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 9000})  # fmt: skip
        assert 2 * (rest.fun - best.fun) == pytest.approx(stats.chi2.isf(0.05, 1), rel=1e-5)


@settings(max_examples=25, deadline=None)
@given(some.integers(1, 12), some.integers(1, 12), some.data())
def test_exact_logistic_on_one_binary_covariate_is_fishers_conditional_inference(n0: int, n1: int, data) -> None:
    a, b = data.draw(some.integers(0, n0)), data.draw(some.integers(0, n1))
    if a + b in (0, n0 + n1):
        return
    fit = gen.exact_logistic([a, b], np.array([[1, 0], [1, 1]]), [1], trials=[n0, n1])
    found = stats.contingency.odds_ratio([[b, n1 - b], [a, n0 - a]])
    limits = found.confidence_interval(0.95)
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose([fit.lower[0], fit.upper[0]], np.log([limits.low, limits.high]), atol=1e-6)
        if not fit.median_unbiased[0]:
            assert fit.estimate[0] == pytest.approx(np.log(found.statistic), abs=1e-6)
    assert fit.p_probability[0] == pytest.approx(stats.fisher_exact([[b, n1 - b], [a, n0 - a]]).pvalue)


def test_exact_logistic_counts_every_outcome_vector() -> None:
    """Against plain enumeration, with two nuisance columns, one of them in awkward units."""
    import itertools

    rng = np.random.default_rng(2)
    x = np.column_stack([np.ones(11), rng.integers(0, 3, 11) * 0.37, rng.integers(0, 4, 11)])
    y = (rng.random(11) < 0.5).astype(float)
    vectors = np.array(list(itertools.product([0, 1], repeat=11)), float)
    statistics = vectors @ x
    kept = statistics[np.abs(statistics[:, :2] - y @ x[:, :2]).max(1) < 1e-9, 2]
    values, counts = np.unique(kept, return_counts=True)
    null = counts / counts.sum()
    seen = values == y @ x[:, 2]
    fit = gen.exact_logistic(y, x, [2])
    assert fit.p_probability[0] == pytest.approx(null[null <= null[seen] * (1 + 1e-9)].sum())
    tails = null[values <= y @ x[:, 2]].sum(), null[values >= y @ x[:, 2]].sum()
    assert fit.p[0] == pytest.approx(min(1, 2 * min(tails)))


def test_mid_p_counts_half_of_the_observed_table() -> None:
    x = np.array([[1, 0], [1, 1]])
    exact, mid = (gen.exact_logistic([3, 9], x, [1], trials=[10, 12], mid_p=m) for m in (False, True))
    null = stats.hypergeom(22, 12, 12)
    assert exact.p[0] == pytest.approx(2 * null.sf(8))
    assert mid.p[0] == pytest.approx(2 * (null.sf(9) + null.pmf(9) / 2))
    assert exact.lower[0] < mid.lower[0] < mid.upper[0] < exact.upper[0]


def test_exact_logistic_says_when_nothing_is_left_to_estimate() -> None:
    fit = gen.exact_logistic([1, 0, 1], np.column_stack([np.ones(3), [0.1, 0.27, 0.59], [1, 0, 0]]), [2])
    assert np.isnan(fit.estimate[0])
    assert fit.notes[0].code == "STA-213"
