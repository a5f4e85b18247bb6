"""Ordered categories: cumulative logit models with proportional and partly proportional odds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from opencro.stats.generalized.families import Array
from opencro.stats.generalized.fits import Information, wald_columns
from opencro.stats.generalized.inputs import ModelData, read_labels, read_model
from opencro.stats.generalized.scoring import inverse
from opencro.stats.generalized.term_tests import ChiSquareTest
from opencro.stats.result import Note, Result, StatsError


@dataclass(frozen=True)
class OrdinalFit(Result):
    """A cumulative logit model: thresholds first, then coefficients, each with its Wald test and interval.

    logit P(Y <= j) = threshold_j - x b: a positive coefficient means higher categories. Kept aside: `covariance`,
    `log_likelihood`, `aic`, `probabilities` (n, J) of the categories, `levels`.
    """

    title: ClassVar[str] = "Cumulative logit model"

    term: tuple[str, ...]
    estimate: Array
    se: Array
    z: Array
    p: Array
    lower: Array
    upper: Array
    covariance: Array
    alpha: float
    log_likelihood: float
    aic: float
    probabilities: Array
    levels: tuple[str, ...]
    notes: tuple[Note, ...]

    def columns(self) -> Mapping[str, Any]:
        """Term, estimate, standard error, z, p and interval."""
        return {name: getattr(self, name) for name in ("term", "estimate", "se", "z", "p", "lower", "upper")}


@dataclass(frozen=True)
class _Cumulative:
    """Predictors of the J - 1 cumulative logits, z theta - offset, z (n, J - 1, q); category, weights (n,)."""

    z: Array
    category: NDArray[np.intp]
    weights: Array
    offset: Array

    def cumulative(self, theta: Array) -> Array:
        return np.asarray(self.z @ theta - self.offset[:, None])

    def probabilities(self, theta: Array) -> Array:
        g = special.expit(self.cumulative(theta))
        return np.diff(np.column_stack([np.zeros(len(g)), g, np.ones(len(g))]), axis=1)

    def value(self, theta: Array) -> float:
        all_of = self.probabilities(theta)
        if (all_of < 0).any():  # predictors cross, be it only in a category that the row isn't in
            return -np.inf
        chosen = all_of[np.arange(len(self.category)), self.category]
        with np.errstate(divide="ignore", invalid="ignore"):
            return float((self.weights * np.where(chosen > 0, np.log(chosen), -np.inf)).sum())

    def expected(self, theta: Array) -> tuple[Array, Array]:
        """Score and Fisher information: sum over rows and categories of grad p grad p' / p."""
        eta = self.cumulative(theta)
        d = (special.expit(eta) * special.expit(-eta))[:, :, None] * self.z
        edge = np.zeros((len(d), 1, d.shape[2]))
        slope = np.diff(np.concatenate([edge, d, edge], axis=1), axis=1)
        chance = np.maximum(self.probabilities(theta), 1e-300)
        rows = np.arange(len(d))
        own = slope[rows, self.category] / chance[rows, self.category][:, None]
        flat = (slope * np.sqrt(self.weights[:, None] / chance)[:, :, None]).reshape(-1, d.shape[2])
        return self.weights @ own, flat.T @ flat

    def observed(self, theta: Array) -> Array:
        """Minus the second derivatives of the log-likelihood."""
        eta = self.cumulative(theta)
        n = len(eta)
        rows = np.arange(n)
        grid = np.column_stack([np.full(n, -np.inf), eta, np.full(n, np.inf)])
        z = np.concatenate([np.zeros((n, 1, self.z.shape[2])), self.z, np.zeros((n, 1, self.z.shape[2]))], axis=1)
        hi, lo = grid[rows, self.category + 1], grid[rows, self.category]
        z_hi, z_lo = z[rows, self.category + 1], z[rows, self.category]
        chance = special.expit(hi) - special.expit(lo)
        f_hi, f_lo = special.expit(hi) * special.expit(-hi), special.expit(lo) * special.expit(-lo)
        bend_hi, bend_lo = f_hi * (1 - 2 * special.expit(hi)), f_lo * (1 - 2 * special.expit(lo))
        slope = (f_hi[:, None] * z_hi - f_lo[:, None] * z_lo) / chance[:, None]
        w = self.weights
        curved = (z_hi * (w * bend_hi / chance)[:, None]).T @ z_hi - (z_lo * (w * bend_lo / chance)[:, None]).T @ z_lo
        return np.asarray((slope * w[:, None]).T @ slope - curved)


def fit_proportional_odds(
    y: ArrayLike, x: ArrayLike, *, weights: ArrayLike | None = None, names: Sequence[str] | None = None,
    alpha: float = 0.05, information: Information = "expected",
) -> OrdinalFit:  # fmt: skip
    """Proportional odds model by maximum likelihood: logit P(Y <= j) = threshold_j - x b.

    `y` (n,): ordered categories (their sorted order is the order). `x` (n, p): the design WITHOUT an intercept.
    `weights`: frequencies. exp(b) is the odds ratio of higher categories, as R MASS::polr; SAS PROC LOGISTIC models +
    x b, so its signs are opposite by default. `information`: "expected" as SAS, "observed" as R. Raises STA-201,
    STA-202. Estimates that run away give the note STA-206. Source: McCullagh 1980, J. Royal Statistical Society B
    42:109-142. Example: `fit_proportional_odds([0, 1, 2, 1, 0, 2], arm[:, None])`.
    """
    return fit_partial_proportional_odds(
        y, x, [], weights=weights, names=names, alpha=alpha, information=information
    )  # fmt: skip


def fit_partial_proportional_odds(
    y: ArrayLike, x: ArrayLike, nonproportional: Sequence[int], *, weights: ArrayLike | None = None,
    names: Sequence[str] | None = None, alpha: float = 0.05, information: Information = "expected",
) -> OrdinalFit:  # fmt: skip
    """Cumulative logit model in which some columns have a coefficient of their own at every threshold.

    Arguments as in `fit_proportional_odds`; `nonproportional`: columns of `x` freed from proportionality. Predictors
    that cross (a negative probability) are never entered; a maximum at such a border gives the note STA-206.
    Source: Peterson and Harrell 1990, Applied Statistics 39:205-217. SAS PROC LOGISTIC unequalslopes=(...).
    Example: `fit_partial_proportional_odds(y, x, [0])`.
    """
    data, model, levels, terms = _model(y, x, nonproportional, weights, names)
    theta, settled = _maximize(model, _start(model, data, len(levels)))
    curvature = model.expected(theta)[1] if information == "expected" else model.observed(theta)
    covariance = inverse(curvature[None])[0] if settled else np.full_like(curvature, np.nan)
    with np.errstate(invalid="ignore"):
        se = np.sqrt(np.diag(covariance))
    z, p, lower, upper = wald_columns(theta, se, alpha)
    value = model.value(theta)
    text = "the likelihood has no maximum within reach: a term separates the categories, or predictors cross"
    notes = () if settled else (Note("STA-206", text),)
    return OrdinalFit(
        terms, theta, se, z, p, lower, upper, covariance, alpha, value, -2 * value + 2 * len(theta),
        model.probabilities(theta), levels, notes,
    )  # fmt: skip


def proportional_odds_test(
    y: ArrayLike, x: ArrayLike, columns: Sequence[int] | None = None, *, weights: ArrayLike | None = None
) -> ChiSquareTest:
    """Score test that all thresholds share the coefficients of `columns` (of all columns, if not given).

    Arguments as in `fit_proportional_odds`. The score of the freed model at the proportional fit, with its expected
    information; (J - 2) degrees of freedom per column. SAS PROC LOGISTIC prints the test of all columns; it rejects too
    often where cells are sparse. Source: Peterson and Harrell 1990, Applied Statistics 39:205-217, section 3.
    Example: `proportional_odds_test(y, x, [0])`.
    """
    design = np.asarray(x, dtype=np.float64)
    if design.ndim != 2:
        raise StatsError("STA-201", f"`x` of shape {design.shape}", "(n, p)", "Give one column per term.")
    freed = list(range(design.shape[1])) if columns is None else list(columns)
    data, model, levels, _ = _model(y, x, [], weights, None)
    theta, _ = _maximize(model, _start(model, data, len(levels)))
    _, free, _, _ = _model(y, x, freed, weights, None)
    cuts, p = len(levels) - 1, design.shape[1]
    shared = [j for j in range(p) if j not in freed]
    slopes = theta[cuts:]
    place = np.concatenate([theta[:cuts], slopes[shared], np.repeat(slopes[freed], cuts)])
    gradient, information = free.expected(place)
    statistic = float(gradient @ np.linalg.lstsq(information, gradient, rcond=None)[0])
    df = len(freed) * (cuts - 1)
    return ChiSquareTest("score, proportional odds", statistic, df, float(stats.chi2.sf(statistic, df)) if df else 1.0)


def _model(
    y: ArrayLike, x: ArrayLike, freed: Sequence[int], weights: ArrayLike | None, names: Sequence[str] | None
) -> tuple[ModelData, _Cumulative, tuple[str, ...], tuple[str, ...]]:
    design = np.asarray(x, dtype=np.float64)
    codes, labels = read_labels(y, len(design), "y")
    data = read_model(codes, design, weights=weights, names=names)
    if len(labels) < 2:
        raise StatsError("STA-203", "one category", "at least two", "There is nothing to compare.")
    _check_no_intercept(data)
    cuts, n = len(labels) - 1, len(data.y)
    shared = [j for j in range(design.shape[1]) if j not in freed]
    parts = [np.broadcast_to(np.eye(cuts), (n, cuts, cuts)), np.repeat(-data.x[:, None, shared], cuts, axis=1)]
    parts += [-data.x[:, j, None, None] * np.eye(cuts) for j in freed]
    levels = tuple(str(label) for label in labels.tolist())
    thresholds = [f"{a}|{b}" for a, b in pairwise(levels)]
    terms = [*thresholds, *(data.names[j] for j in shared)]
    terms += [f"{data.names[j]} at {cut}" for j in freed for cut in thresholds]
    model = _Cumulative(np.concatenate(parts, axis=2), data.y.astype(np.intp), data.weights, data.offset)
    return data, model, levels, tuple(terms)


def _check_no_intercept(data: ModelData) -> None:
    coefficients = np.linalg.lstsq(data.x, np.ones(len(data.y)), rcond=None)[0]
    if np.abs(data.x @ coefficients - 1).max() < 1e-8:
        raise StatsError("STA-202", "a design that holds an intercept", "none: the thresholds are the intercepts",
                         "Drop the column of ones, and code factors against a reference level.")  # fmt: skip


def _start(model: _Cumulative, data: ModelData, levels: int) -> Array:
    share = np.bincount(model.category, data.weights, minlength=levels) / data.weights.sum()
    theta = np.zeros(model.z.shape[2])
    theta[: levels - 1] = special.logit(share.cumsum()[:-1])
    return theta


def _maximize(model: _Cumulative, theta: Array) -> tuple[Array, bool]:
    value = model.value(theta)
    for _ in range(200):
        gradient, information = model.expected(theta)
        step = np.linalg.lstsq(information, gradient, rcond=None)[0]
        decrement = float(step @ gradient)
        for halvings in range(40):
            moved = theta + step / 2**halvings
            after = model.value(moved)
            if after >= value - 1e-12 * abs(value):
                break
        else:
            return theta, False
        theta, value = moved, after
        if decrement < 1e-16:
            # At a border the information has no bound, so that a step is small where the gradient is not.
            flat = np.abs(gradient).max() < 1e-4 * max(1.0, float(model.weights.sum()))
            return theta, bool(flat and np.abs(model.cumulative(theta)).max() < 18)
        if np.abs(model.cumulative(theta)).max() > 36:
            return theta, False
    return theta, False
