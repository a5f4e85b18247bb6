"""Ordinary and weighted least squares.

Source: Searle SR. Linear Models, 1971, chapters 3 and 5. The decomposition is by Householder reflections (LAPACK),
never the normal equations, so that near-collinear covariates cost no digits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import polars as pl
import scipy.linalg
from numpy.typing import ArrayLike, NDArray

from opencro.stats.formula import ModelMatrix, linear_estimates, model_matrix
from opencro.stats.result import Note, Result, StatsError

Floats = NDArray[np.float64]
DegreesOfFreedom = float | Callable[[Floats], float]


@dataclass(frozen=True)
class LinearModel(Result):
    """A linear model that was fitted: its table has a row per column of the model matrix.

    `beta` (p,) and `covariance` (p, p) are NaN at aliased columns; `df` the degrees of freedom of a t test (a number,
    or a function of a combination of the coefficients after `cluster_robust`); `residuals` (n,) and `weights` (n,)
    those of the analysed rows; `leverage` (n,) the diagonal of the hat matrix; `unscaled` (p, p) is (X'WX)^-1; `rss`
    the weighted residual sum of squares, `sigma` the root of rss / df_residual, `total` the weighted sum of squares
    about the mean (about 0 without intercept).
    """

    title: ClassVar[str] = "Linear model"

    matrix: ModelMatrix
    beta: Floats
    covariance: Floats
    df: DegreesOfFreedom
    df_residual: int
    rss: float
    sigma: float
    total: float
    residuals: Floats
    weights: Floats
    leverage: Floats
    unscaled: Floats
    alpha: float = 0.05
    covariance_name: str = "model"
    notes: tuple[Note, ...] = ()

    @property
    def parts(self) -> tuple[ModelMatrix, Floats, Floats]:
        """What `formula.ls_means`, `formula.linear_estimates` and `formula.joint_tests` take first."""
        return self.matrix, self.beta, self.covariance

    @property
    def r_squared(self) -> float:
        """The share of the variation that the model explains."""
        return 1.0 - self.rss / self.total if self.total > 0 else math.nan

    def columns(self) -> Mapping[str, Any]:
        """One row per coefficient; an aliased one is NaN."""
        unit = np.eye(len(self.beta))
        rows = linear_estimates(*self.parts, unit, df=self.df, alpha=self.alpha)
        shown = ("estimate", "se", "df", "lower", "upper", "statistic", "p_value")
        hidden = np.where(self.matrix.aliased, np.nan, 1.0)
        return {"column": list(self.matrix.names), **{name: getattr(rows, name) * hidden for name in shown}}


def fit_linear(
    formula: str | ModelMatrix,
    data: Mapping[str, Any] | pl.DataFrame | None = None,
    *,
    weights: ArrayLike | None = None,
    alpha: float = 0.05,
) -> LinearModel:
    """A linear model by least squares.

    `formula` over the columns of `data`, or a model matrix with a response; `weights` (rows,), above 0, are inverse
    variances up to a factor.

    b = (X'WX)^-1 X'Wy, covariance sigma^2 (X'WX)^-1, sigma^2 = sum w e^2 / (n - rank). As in R, the later of dependent
    columns is aliased and has no coefficient (Note STA-101). Without residual degrees of freedom the standard errors
    are NaN (Note STA-102); an essentially perfect fit is noted (STA-111). Raises StatsError STA-103 for a model
    without a response or unfit weights.

    Source: Searle SR. Linear Models, 1971, chapters 3 and 5.

    >>> fit_linear("y ~ x", {"y": [1.0, 2.0, 4.0], "x": [0.0, 1.0, 2.0]}).beta.round(4)
    array([0.8333, 1.5   ])
    """
    matrix = formula if isinstance(formula, ModelMatrix) else model_matrix(formula, {} if data is None else data)
    if matrix.response is None:
        raise StatsError("STA-103", "a formula without a left side", "a response", 'Write it as "y ~ x".')
    return _solve(matrix, matrix.response, _row_weights(matrix, weights), alpha)


def _row_weights(matrix: ModelMatrix, weights: ArrayLike | None) -> Floats:
    n = len(matrix.x)
    if weights is None:
        return np.ones(n)
    given = np.asarray(weights, dtype=np.float64)
    given = given[matrix.keep] if given.shape == matrix.keep.shape else given
    if given.shape != (n,) or not np.isfinite(given).all() or (given <= 0).any():
        raise StatsError("STA-103", f"weights of shape {given.shape}", f"{n} finite numbers > 0", "One per row.")
    return given


def _solve(matrix: ModelMatrix, y: Floats, weights: Floats, alpha: float) -> LinearModel:
    kept, root = np.flatnonzero(~matrix.aliased), np.sqrt(weights)
    x, z = matrix.x[:, kept] * root[:, None], y * root
    q, r = scipy.linalg.qr(x, mode="economic", check_finite=False)
    beta, unscaled = np.full(len(matrix.names), np.nan), np.full((len(matrix.names),) * 2, np.nan)
    beta[kept] = scipy.linalg.solve_triangular(r, q.T @ z)
    inverse = scipy.linalg.solve_triangular(r, np.eye(len(kept)))
    unscaled[np.ix_(kept, kept)] = inverse @ inverse.T
    residuals = y - matrix.x[:, kept] @ beta[kept]
    rss = float(weights @ residuals**2)
    df = len(y) - len(kept)
    variance = rss / df if df > 0 else math.nan
    centre = weights @ y / weights.sum() if matrix.formula.intercept else 0.0
    return LinearModel(
        *(matrix, beta, variance * unscaled, df if df > 0 else math.nan, df, rss, math.sqrt(variance)),
        total=float(weights @ (y - centre) ** 2),
        residuals=residuals,
        weights=weights,
        leverage=np.einsum("ij,ij->i", q, q),
        unscaled=unscaled,
        alpha=alpha,
        notes=(*matrix.notes, *_limits(matrix, df, variance, y)),
    )


def _limits(matrix: ModelMatrix, df: int, variance: float, y: Floats) -> list[Note]:
    notes = []
    if matrix.aliased.any():
        gone = [n for n, a in zip(matrix.names, matrix.aliased, strict=True) if a]
        notes.append(Note("STA-101", f"aliased with earlier columns: {', '.join(gone)}"))
    if df <= 0:
        notes.append(Note("STA-102", "no residual degrees of freedom: standard errors can't be computed"))
    elif variance < 1e-28 * max(float(y @ y) / len(y), 1e-300):
        notes.append(Note("STA-111", "an essentially perfect fit: tests are of rounding errors"))
    return notes


def predict_linear(fit: LinearModel, grid: Mapping[str, Any], *, alpha: float = 0.05, new: bool = False) -> Prediction:
    """Expected values at given values of all variables of the model, with limits.

    `grid` maps each variable to k values. Limits are of the expected value, or, with `new`, of a new observation with
    weight 1. A row that the data don't determine is NaN with Note STA-010.

    se^2 = x V x', and + sigma^2 for a new observation; limits by t with the model's degrees of freedom.
    Source: Searle SR. Linear Models, 1971, section 3.4.

    >>> fit = fit_linear("y ~ x", {"y": [1.0, 2.0, 4.0], "x": [0.0, 1.0, 2.0]})
    >>> predict_linear(fit, {"x": [3.0]}).estimate.round(4)
    array([5.3333])
    """
    rows = linear_estimates(*fit.parts, fit.matrix.rows_at(grid), df=fit.df, alpha=alpha)
    se = np.sqrt(rows.se**2 + fit.sigma**2) if new else rows.se
    half = (rows.upper - rows.estimate) / rows.se * se
    values = {name: list(grid[name]) for name in fit.matrix.formula.variables}
    return Prediction(values, rows.estimate, se, rows.estimate - half, rows.estimate + half, rows.notes)


@dataclass(frozen=True)
class Prediction(Result):
    """Expected values: vectors (k,) at the values `at`."""

    title: ClassVar[str] = "Prediction"

    at: Mapping[str, list[Any]]
    estimate: Floats
    se: Floats
    lower: Floats
    upper: Floats
    notes: tuple[Note, ...] = ()

    def columns(self) -> Mapping[str, Any]:
        """The values of the variables, then the numbers."""
        shown = ("estimate", "se", "lower", "upper")
        return {**self.at, **{name: getattr(self, name) for name in shown}}
