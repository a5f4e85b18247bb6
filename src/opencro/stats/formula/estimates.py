"""Linear combinations of coefficients: estimates, limits and tests for any model with coefficients and covariance."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from opencro.stats.formula.columns import Floats
from opencro.stats.formula.matrix import ModelMatrix
from opencro.stats.formula.rank import is_estimable
from opencro.stats.result import Note, Result, StatsError

Alternative = Literal["two-sided", "less", "greater"]
DegreesOfFreedom = float | Callable[[Floats], float]


@dataclass(frozen=True)
class Fit:
    """What a model hands to this family.

    The matrix, the coefficients `beta` (p,), their `covariance` (p, p), and degrees of freedom. `df` is a number,
    infinite for normal quantiles, or a function of one combination (p,) of the coefficients, or of several (k, p) in
    joint tests, e.g. Satterthwaite's.
    """

    matrix: ModelMatrix
    beta: Floats
    covariance: Floats
    df: DegreesOfFreedom = math.inf


@dataclass(frozen=True)
class LinearEstimates(Result):
    """Combinations of coefficients: vectors (k,); NaN where not estimable. `combinations` (k, p) are their weights."""

    title: ClassVar[str] = "Linear combinations of coefficients"
    aside: ClassVar[frozenset[str]] = frozenset({"combinations"})

    estimate: Floats
    se: Floats
    df: Floats
    lower: Floats
    upper: Floats
    statistic: Floats
    p_value: Floats
    combinations: Floats
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class JointTests(Result):
    """One F test per hypothesis: vectors (k,)."""

    title: ClassVar[str] = "Joint tests"

    term: tuple[str, ...]
    numerator_df: Floats
    denominator_df: Floats
    f: Floats
    p_value: Floats
    notes: tuple[Note, ...] = ()


def as_fit(matrix: ModelMatrix, beta: Floats, covariance: Floats, df: DegreesOfFreedom) -> Fit:
    """Coefficients of full length: aliased ones, left out or NaN, become zero.

    Raises StatsError STA-012 for coefficients that don't fit the matrix.
    """
    beta, covariance = np.asarray(beta, dtype=np.float64), np.asarray(covariance, dtype=np.float64)
    width, kept = len(matrix.names), ~matrix.aliased
    if beta.shape == (matrix.rank,) and covariance.shape == (matrix.rank,) * 2 and matrix.rank < width:
        whole, spread = np.zeros(width), np.zeros((width, width))
        whole[kept], spread[np.ix_(kept, kept)] = beta, covariance
        return Fit(matrix, whole, spread, df)
    if beta.shape != (width,) or covariance.shape != (width, width):
        raise StatsError(
            "STA-012",
            f"coefficients {beta.shape} with covariance {covariance.shape}",
            f"({width},) or ({matrix.rank},) and the square of it",
            "Use the coefficients that were fitted to this matrix.",
        )
    # a solution that gives aliased columns a coefficient is as good as any other
    left_out = np.isnan(covariance) & ~np.outer(kept, kept)
    return Fit(matrix, np.where(np.isnan(beta) & ~kept, 0.0, beta), np.where(left_out, 0.0, covariance), df)


def linear_estimates(
    matrix: ModelMatrix,
    beta: Floats,
    covariance: Floats,
    combinations: Floats,
    *,
    df: DegreesOfFreedom = math.inf,
    alpha: float = 0.05,
    null: float = 0.0,
    alternative: Alternative = "two-sided",
) -> LinearEstimates:
    """Estimates combinations @ beta with limits and tests, for combinations `combinations` (k, p) or one (p,).

    `beta` (p,) and `covariance` (p, p) belong to `matrix` (aliased coefficients may be NaN or left out). `df`: a
    number or a function of one combination. `null` is the value tested; "less" and "greater" give one-sided limits
    too.

    estimate = L b; se = sqrt(L V L'); (estimate - null) / se follows t with df degrees of freedom.
    A combination that the data don't determine is NaN with Note STA-010. Raises StatsError STA-012.

    Source: Searle SR. Linear Models, 1971, chapter 5.

    >>> m = model_matrix("~ x", {"x": [0, 1]})
    >>> linear_estimates(m, np.array([1.0, 2.0]), np.eye(2), np.array([1, 3])).estimate
    array([7.])
    """
    fit = as_fit(matrix, beta, covariance, df)
    return estimate_rows(fit, np.atleast_2d(np.asarray(combinations, dtype=np.float64)), alpha, null, alternative)


def estimate_rows(
    fit: Fit, combinations: Floats, alpha: float = 0.05, null: float = 0.0, alternative: Alternative = "two-sided"
) -> LinearEstimates:
    """`linear_estimates` for a fit of full length."""
    known = is_estimable(combinations, fit.matrix.basis)
    estimate = np.where(known, combinations @ fit.beta, np.nan)
    se = np.where(
        known, np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", combinations, fit.covariance, combinations), 0.0)), np.nan
    )
    df = np.array([_df_of(fit.df, row) if ok else np.nan for row, ok in zip(combinations, known, strict=True)])
    lower, upper = t_limits(estimate, se, df, alpha, alternative)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = (estimate - null) / se
    p = t_p_value(statistic, df, alternative)
    notes = (
        ()
        if known.all()
        else (Note("STA-010", f"{int((~known).sum())} of {len(combinations)} combinations not estimable"),)
    )
    return LinearEstimates(estimate, se, df, lower, upper, statistic, p, combinations, notes)


def _df_of(df: DegreesOfFreedom, combination: Floats) -> float:
    return float(df(combination)) if callable(df) else float(df)


def t_limits(estimate: Floats, se: Floats, df: Floats, alpha: float, alternative: Alternative) -> tuple[Floats, Floats]:
    """Confidence limits at 1 - alpha; the open side of a one-sided interval is infinite."""
    tail = alpha / 2 if alternative == "two-sided" else alpha
    half = stats.t.isf(tail, df) * se
    lower = np.full_like(estimate, -np.inf) if alternative == "less" else estimate - half
    upper = np.full_like(estimate, np.inf) if alternative == "greater" else estimate + half
    return lower, upper


def t_p_value(statistic: Floats, df: Floats, alternative: Alternative) -> Floats:
    """The p value of a t statistic; with infinite df, of a normal one."""
    if alternative == "two-sided":
        return np.asarray(2 * stats.t.sf(np.abs(statistic), df))
    return np.asarray(stats.t.sf(statistic, df) if alternative == "greater" else stats.t.cdf(statistic, df))


def joint_tests(
    matrix: ModelMatrix,
    beta: Floats,
    covariance: Floats,
    hypotheses: Mapping[str, Floats],
    *,
    df: DegreesOfFreedom = math.inf,
) -> JointTests:
    """An F test of each hypothesis combinations @ beta = 0, `hypotheses` mapping a name to `combinations` (q, p).

    F = (Lb)' (L V L')^- (Lb) / rank(L V L') with that rank and `df` degrees of freedom, `df` a number or a function of
    the matrix combinations. A hypothesis without rows (an effect that nothing is left to say about) is NaN with Note
    STA-010.

    Source: Searle SR. Linear Models, 1971, section 3.6.
    """
    fit = as_fit(matrix, beta, covariance, df)
    rows = np.array([_wald_f(fit, np.atleast_2d(combinations)) for combinations in hypotheses.values()]).reshape(-1, 4)
    empty = [name for name, row in zip(hypotheses, rows, strict=True) if row[0] == 0]
    notes = tuple(Note("STA-010", f"{name} can't be told from the other terms") for name in empty)
    return JointTests(tuple(hypotheses), rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3], notes)


def _wald_f(fit: Fit, combinations: Floats) -> tuple[float, float, float, float]:
    if not len(combinations):
        return 0.0, math.nan, math.nan, math.nan
    spread = combinations @ fit.covariance @ combinations.T
    if not np.isfinite(spread).all():
        return float(np.linalg.matrix_rank(combinations)), _df_of(fit.df, combinations), math.nan, math.nan
    size = np.sqrt(np.maximum(np.diag(spread), 1e-300))
    values, vectors = np.linalg.eigh(spread / np.outer(size, size))
    kept = values > 1e-10 * values[-1]
    along = vectors[:, kept].T @ ((combinations @ fit.beta) / size)
    q = float(kept.sum())
    f = float((along**2 / values[kept]).sum() / q)
    df = _df_of(fit.df, combinations)
    p = stats.f.sf(f, q, df) if math.isfinite(df) else stats.chi2.sf(f * q, q)
    return q, df, f, float(p)


def expand_mask(kept: NDArray[np.bool_], values: Floats) -> Floats:
    """Values of the columns that are kept, NaN for the others."""
    whole = np.full(len(kept), np.nan)
    whole[kept] = values
    return whole
