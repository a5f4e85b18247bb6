"""Hazard ratios of many simulated two-arm trials."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from opencro.stats.result import StatsError
from opencro.stats.survival.cox_trials import fit_covariates, fit_two_arms
from opencro.stats.survival.sample import Floats
from opencro.stats.survival.trials import Trials, take_trials


class CoxBatch(NamedTuple):
    """Log hazard ratio of arm 1, its standard error and z, (trials,); those of covariates (trials, q)."""

    coef: Floats
    se: Floats
    z: Floats
    covariate_coef: Floats
    covariate_se: Floats


def cox_batch(
    time: ArrayLike, event: ArrayLike, arm: ArrayLike, *, stratum: ArrayLike | None = None,
    covariates: ArrayLike | None = None, ties: Literal["efron", "breslow"] = "efron",
) -> CoxBatch:  # fmt: skip
    """Cox regression on the arm for each of many two-arm trials, stratified and adjusted where asked.

    `time`, `event` (trials, n); `arm`, `stratum` (trials, n) or (n,), arms 0 and 1, strata from 0 on; `covariates`
    (trials, n, q). Returns `CoxBatch`. The model is that of `fit_cox` with ties exactly equal. Without covariates the
    estimate is -inf or inf where only one arm has events while both are at risk, and NaN where nothing is compared;
    with covariates it is NaN wherever the likelihood has no maximum. StatsError STA-402 to STA-406, STA-424, STA-440.

    >>> cox_batch([[1, 2, 3, 4]], [[1, 1, 1, 1]], [1, 0, 1, 0]).coef.round(4).tolist()
    [0.9406]
    """
    if ties not in ("efron", "breslow"):
        raise StatsError("STA-441", f"ties {ties!r}", '"efron" or "breslow"', "Fit one trial with fit_cox.")
    t = take_trials(time, event, arm, stratum)
    trials = t.time.shape[0]
    if covariates is not None:
        return _adjusted(t, np.asarray(covariates, dtype=np.float64), efron=ties == "efron")
    out = np.empty((trials, 2))
    fit_two_arms(t.time, t.event, t.arm, t.stratum, t.strata, ties == "efron", out)
    with np.errstate(divide="ignore", invalid="ignore"):
        se = np.where(out[:, 1] > 0, 1 / np.sqrt(out[:, 1]), np.where(np.isnan(out[:, 0]), np.nan, np.inf))
        z = out[:, 0] / se
    return CoxBatch(out[:, 0], se, z, np.empty((trials, 0)), np.empty((trials, 0)))


def _adjusted(t: Trials, covariates: Floats, *, efron: bool) -> CoxBatch:
    if covariates.ndim != 3 or covariates.shape[:2] != t.time.shape or not np.isfinite(covariates).all():
        raise StatsError(
            "STA-440", f"covariates of shape {covariates.shape}", f"finite, ({t.time.shape[0]}, {t.time.shape[1]}, q)",
            "Give every covariate of every row of every trial.",
        )  # fmt: skip
    shape = (t.time.shape[0], covariates.shape[2] + 1)
    beta, variance = np.empty(shape), np.empty(shape)
    fit_covariates(t.time, t.event, t.arm, t.stratum, np.ascontiguousarray(covariates), t.strata, efron, beta, variance)
    se = np.sqrt(variance)
    return CoxBatch(beta[:, 0], se[:, 0], beta[:, 0] / se[:, 0], beta[:, 1:], se[:, 1:])
