"""Estimates of the imputation model: REML for all subjects, with each left out in turn, and for bootstrap samples."""

from __future__ import annotations

import numpy as np

from opencro.stats.missing.imputation import Parameters
from opencro.stats.missing.incomplete import Floats, IncompleteData
from opencro.stats.mmrm import refit_mmrm_batch
from opencro.stats.result import StatsError


def fit_parameters(data: IncompleteData, *, same_covariance: bool = True) -> Parameters:
    """Fits the imputation model: a repeated measures model with unstructured covariance, by REML.

    The means are those of `IncompleteData.design`: one an arm and visit, covariates by visit. `same_covariance`: one
    for all arms or one an arm. Values after an event that is not MAR are left out. Errors: STA-605, those of
    `fit_mmrm`. Source: Wolbers et al. (2022) Pharm Stat 21:1246, section 2. Example: `fit_parameters(data)`.
    """
    return _fit_sets(data, np.ones((1, len(data.outcome))), same_covariance, "estimate")


def jackknife_parameters(data: IncompleteData, *, same_covariance: bool = True) -> Parameters:
    """`fit_parameters` for all subjects, then with each subject left out: n + 1 sets.

    Errors: STA-605, STA-609 (no estimate). Source: Wolbers et al. (2022) Pharm Stat 21:1246, section 3.3.
    Example: `impute_conditional_mean(data, jackknife_parameters(data))`.
    """
    n = len(data.outcome)
    return _fit_sets(data, np.vstack([np.ones((1, n)), 1 - np.eye(n)]), same_covariance, "jackknife")


def bootstrap_parameters(data: IncompleteData, samples: int, *, seed: int, same_covariance: bool = True) -> Parameters:
    """`fit_parameters` for all subjects, then for `samples` samples with replacement within arm.

    `seed`: of the samples. With `impute_conditional_mean` the spread of the estimates over the samples is the
    standard error; with `impute_random` the samples stand in for draws of the posterior (approximate Bayes). Errors:
    STA-605, STA-609 (no estimate). Source: Little & Rubin (2002), section 10.2.3; R rbmi, `method_approxbayes`.
    Example: `impute_random(data, bootstrap_parameters(data, 20, seed=1), seed=2)`.
    """
    rng = np.random.default_rng(seed)
    n = len(data.outcome)
    counts = np.zeros((samples + 1, n))
    counts[0] = 1.0
    for arm in range(len(data.groups)):
        rows = np.flatnonzero(data.group == arm)
        counts[1:, rows] = rng.multinomial(rows.size, np.full(rows.size, 1 / rows.size), size=samples)
    return _fit_sets(data, counts, same_covariance, "bootstrap")


def _fit_sets(data: IncompleteData, weights: Floats, same_covariance: bool, kind: str) -> Parameters:
    known = data.informative
    design = data.design()
    rank = np.linalg.matrix_rank(design[known])
    if rank < design.shape[2]:
        raise StatsError(
            "STA-605", f"{design.shape[2]} means and slopes, of which the data fix {rank}",
            "observed values for each", "Leave out covariates or shifts that no observed value speaks of.",
        )  # fmt: skip
    at, visit = np.nonzero(known)
    fit = refit_mmrm_batch(
        design[at, visit], data.outcome[at, visit], at, visit, weights[:, known.any(axis=1)],
        group=None if same_covariance else data.group[at],
    )  # fmt: skip
    lost = int((~fit.converged).sum())
    if lost:
        raise StatsError(
            "STA-609", f"{lost} of {len(weights)} sets of subjects without an estimate", "an estimate for each",
            "Use one covariance for all arms, fewer visits or covariates, or `draw_parameters`.",
        )  # fmt: skip
    sigma = np.repeat(fit.sigma, len(data.groups), axis=1) if same_covariance else fit.sigma
    return Parameters(fit.beta, sigma, weights, kind)
