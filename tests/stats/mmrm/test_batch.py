"""A batch gives what single fits give."""

from __future__ import annotations

import numpy as np
import pytest

from opencro.stats import StatsError
from opencro.stats.mmrm import fit_mmrm_arrays, fit_mmrm_batch, refit_mmrm_batch
from tests.stats.mmrm.made import make_trial


@pytest.mark.parametrize("covariance", ["us", "ar1h"])
@pytest.mark.parametrize("reml", [True, False])
def test_a_bootstrap_weight_is_a_subject_repeated(covariance: str, reml: bool) -> None:
    made = make_trial(1, subjects=50)
    counts = np.random.default_rng(1).multinomial(50, np.full(50, 0.02), size=3)
    c = np.eye(made.x.shape[1])[-1]
    batch = refit_mmrm_batch(
        made.x, made.y, made.subject, made.visit, counts, covariance=covariance, reml=reml, combinations=c
    )
    for trial, count in enumerate(counts):
        copies = [(np.flatnonzero(made.subject == s), k) for s in range(50) for k in range(count[s])]
        rows = np.concatenate([r for r, _ in copies])
        who = np.concatenate([np.full(len(r), 100 * k) + made.subject[r] for r, k in copies])
        fit = fit_mmrm_arrays(
            made.x[rows], made.y[rows], who, made.visit[rows], covariance=covariance, reml=reml, fallback=()
        )
        assert batch.converged[trial]
        assert batch.neg2_log_likelihood[trial] == pytest.approx(fit.neg2_log_likelihood, rel=1e-10)
        np.testing.assert_allclose(batch.beta[trial], fit.estimate, rtol=1e-6, atol=1e-7)
        np.testing.assert_allclose(batch.beta_covariance[trial], fit.beta_covariance, rtol=1e-5, atol=1e-9)
        np.testing.assert_allclose(batch.sigma[trial], fit.sigma, rtol=1e-5)
        single = fit.contrast(c)
        assert batch.estimate[trial, 0] == pytest.approx(single.estimate[0], rel=1e-6)
        assert batch.df[trial, 0] == pytest.approx(single.df[0], rel=1e-5)


def test_a_zero_weight_leaves_a_subject_out() -> None:
    made = make_trial(2, subjects=30)
    weights = 1.0 - np.eye(30)
    batch = refit_mmrm_batch(made.x, made.y, made.subject, made.visit, weights, group=made.arm)
    for out in (0, 17):
        kept = made.subject != out
        fit = fit_mmrm_arrays(
            made.x[kept], made.y[kept], made.subject[kept], made.visit[kept], group=made.arm[kept], fallback=()
        )
        np.testing.assert_allclose(batch.sigma[out], fit.sigma, rtol=1e-4)
        np.testing.assert_allclose(batch.beta[out], fit.estimate, rtol=1e-5, atol=1e-6)


def test_coordinates_of_ones_own() -> None:
    made = make_trial(3)
    weights = np.ones((2, 40))
    batch = refit_mmrm_batch(
        made.x, made.y, made.subject, made.visit, weights, covariance="sp_exp", coordinates=made.place
    )
    fit = fit_mmrm_arrays(made.x, made.y, made.subject, made.visit, covariance="sp_exp", coordinates=made.place)
    np.testing.assert_allclose(batch.neg2_log_likelihood, fit.neg2_log_likelihood, rtol=1e-12)
    assert batch.sigma.shape == (2, 0, 0, 0)


@pytest.mark.parametrize("own_covariates", [True, False])
@pytest.mark.parametrize("reml", [True, False])
def test_many_responses(own_covariates: bool, reml: bool) -> None:
    rng = np.random.default_rng(4)
    made = make_trial(4, missing=0.0)
    y = made.y + rng.normal(size=(4, len(made.y)))
    y[rng.random(y.shape) < 0.2] = np.nan
    x = np.repeat(made.x[None], 4, axis=0) if own_covariates else made.x
    if own_covariates:
        x[:, :, 1] += np.repeat(rng.normal(size=(4, 40)), 4, axis=1)
    c = np.eye(made.x.shape[1])[-1]
    batch = fit_mmrm_batch(x, y, made.subject, made.visit, combinations=c, reml=reml, group=made.arm)
    for trial in range(4):
        mine = x[trial] if own_covariates else x
        fit = fit_mmrm_arrays(mine, y[trial], made.subject, made.visit, reml=reml, group=made.arm, fallback=())
        assert batch.neg2_log_likelihood[trial] == pytest.approx(fit.neg2_log_likelihood, rel=1e-10)
        np.testing.assert_allclose(batch.beta[trial], fit.estimate, rtol=1e-6, atol=1e-7)
        np.testing.assert_allclose(batch.sigma[trial], fit.sigma, rtol=1e-5)
        assert batch.se[trial, 0] == pytest.approx(fit.contrast(c).se[0], rel=1e-6)


@pytest.mark.parametrize("df", ["kenward-roger", "kenward-roger-linear"])
def test_methods_and_weights_of_rows(df: str) -> None:
    rng = np.random.default_rng(7)
    made = make_trial(7)
    weights = rng.uniform(0.5, 2.0, len(made.y))
    arrays = (made.x, made.y, made.subject, made.visit)
    c = rng.normal(size=(2, made.x.shape[1]))
    single = fit_mmrm_arrays(*arrays, weights=weights, df=df)
    wanted = single.contrast(c)
    one = refit_mmrm_batch(*arrays, np.ones((1, 40)), weights=weights, df=df, combinations=c)
    two = fit_mmrm_batch(*arrays, weights=weights, df=df, combinations=c)
    for batch in (one, two):
        assert batch.neg2_log_likelihood[0] == pytest.approx(single.neg2_log_likelihood, rel=1e-10)
        np.testing.assert_allclose(batch.se[0], wanted.se, rtol=1e-6)
        np.testing.assert_allclose(batch.df[0], wanted.df, rtol=1e-5)
    with pytest.raises(StatsError, match="STA-309"):
        fit_mmrm_batch(*arrays, df="residual")


def test_a_trial_without_an_estimate_is_nan_and_says_so() -> None:
    made = make_trial(5, subjects=30)
    weights = np.ones((3, 30))
    weights[1, 5:] = 0.0  # five subjects for nine coefficients and a covariance
    batch = refit_mmrm_batch(made.x, made.y, made.subject, made.visit, weights)
    assert batch.converged.tolist() == [True, False, True]
    assert np.isnan(batch.beta[1]).all()
    assert np.isnan(batch.sigma[1]).all()
    assert np.isfinite(batch.beta[[0, 2]]).all()


def test_weights_of_a_wrong_shape_are_refused() -> None:
    made = make_trial(6)
    with pytest.raises(StatsError, match="STA-315"):
        refit_mmrm_batch(made.x, made.y, made.subject, made.visit, np.ones((2, 3)))
