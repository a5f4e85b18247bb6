"""The working model behind standardized estimates: fitted once, predicted under every arm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opencro.stats.generalized.binomial import fit_logistic
from opencro.stats.generalized.counts import fit_negative_binomial, fit_poisson
from opencro.stats.generalized.families import IDENTITY, Array, Link
from opencro.stats.generalized.firth import fit_firth_logistic
from opencro.stats.generalized.fits import GeneralizedFit
from opencro.stats.generalized.inputs import read_model
from opencro.stats.generalized.sandwich import with_robust_errors
from opencro.stats.generalized.scoring import inverse
from opencro.stats.result import Note, StatsError

Outcome = Literal["normal", "binomial", "poisson", "negative_binomial"]


@dataclass(frozen=True)
class WorkingModel:
    """Predictions (n, arms), their slopes, the design under every arm, covariances by kind, constant arms."""

    predicted: Array
    slopes: Array
    designs: tuple[Array, ...]
    covariances: Mapping[str, Array]
    constant: Mapping[int, float]
    notes: tuple[Note, ...]


def fit_working_model(
    y: Array, codes: NDArray[np.intp], z: ArrayLike | None, outcome: Outcome, interaction: bool
) -> WorkingModel:
    """Fits y to arm and covariates, each arm with slopes of its own if asked for.

    An arm whose outcomes are all 0 (or, binary, all 1) stays so for everybody: the limit of the likelihood.
    """
    n, arms = len(y), int(codes.max()) + 1
    covariates = np.zeros((n, 0)) if z is None else np.asarray(z, dtype=np.float64).reshape(n, -1)
    covariates = covariates - covariates.mean(0)
    constant = _constant_arms(y, codes, arms, outcome)
    fitted = [a for a in range(arms) if a not in constant]
    notes: tuple[Note, ...] = ()
    place = np.array([fitted.index(a) if a in fitted else -1 for a in range(arms)])
    designs = [_design(np.full(n, place[a]), covariates, len(fitted), interaction) for a in range(arms)]
    predicted, slopes = np.zeros((n, arms)), np.zeros((n, arms))
    covariances: Mapping[str, Array] = {}
    if fitted:
        rows = place[codes] >= 0
        observed = _design(place[codes], covariates, len(fitted), interaction)[rows]
        beta, link, covariances, more = (_normal if outcome == "normal" else _generalized)(y[rows], observed, outcome)
        notes += more
        for a in fitted:
            eta = designs[a] @ beta
            predicted[:, a], slopes[:, a] = link.inverse(eta), link.slope(eta)
    for a, value in constant.items():
        predicted[:, a] = value
    return WorkingModel(predicted, slopes, tuple(designs), covariances, constant, notes)


def _constant_arms(y: Array, codes: NDArray[np.intp], arms: int, outcome: Outcome) -> dict[int, float]:
    if outcome == "normal":
        return {}
    means = {a: float(y[codes == a].mean()) for a in range(arms)}
    return {a: m for a, m in means.items() if m == 0 or (m == 1 and outcome == "binomial")}


def _design(codes: NDArray[np.intp], covariates: Array, arms: int, interaction: bool) -> Array:
    dummies = (codes[:, None] == np.arange(arms)).astype(np.float64)
    parts = [dummies, covariates]
    if interaction:
        parts += [dummies[:, a, None] * covariates for a in range(1, arms)]
    return np.concatenate(parts, axis=1)


def _generalized(y: Array, x: Array, outcome: Outcome) -> tuple[Array, Link, dict[str, Array], tuple[Note, ...]]:
    fit: GeneralizedFit
    notes: tuple[Note, ...] = ()
    if outcome == "binomial":
        fit = fit_logistic(y, x)
        if not np.isfinite(fit.estimate).all():
            notes = (Note("STA-215", "the working model is separated: fitted by Firth's penalized likelihood"),)
            fit = fit_firth_logistic(y, x)
    else:
        fit = fit_poisson(y, x) if outcome == "poisson" else fit_negative_binomial(y, x)
        if not np.isfinite(fit.estimate).all():
            raise StatsError("STA-205", "an arm or covariate group without events", "events in each",
                             "Drop the covariate, or compare rates by `rates`.")  # fmt: skip
    covariances = {"delta": fit.covariance}
    covariances |= {f"delta_{kind}": with_robust_errors(fit, kind=kind).covariance for kind in ("HC0", "HC3")}
    return fit.estimate, fit.link, covariances, notes


def _normal(y: Array, x: Array, _outcome: Outcome) -> tuple[Array, Link, dict[str, Array], tuple[Note, ...]]:
    data = read_model(y, x)
    bread = inverse((x.T @ x)[None])[0]
    beta = bread @ x.T @ data.y
    residual = data.y - x @ beta
    leverage = ((x @ bread) * x).sum(1)
    n, p = x.shape
    rest = np.maximum(1 - leverage, 1e-300)  # a row of leverage 1 is fitted exactly

    def sandwich(r: Array) -> Array:
        return np.asarray(bread @ ((x * r[:, None]).T @ (x * r[:, None])) @ bread)

    model = bread * (float(residual @ residual) / (n - p) if n > p else np.nan)
    kinds = {
        "delta": model,
        "delta_HC0": sandwich(residual),
        "delta_HC3": sandwich(np.where(leverage < 1 - 1e-10, residual / rest, 0.0)),
    }
    return beta, IDENTITY, kinds, ()
