"""The precision of a fit under a chosen method: covariance of the coefficients, degrees of freedom, F tests."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from opencro.stats.mmrm.cores import Floats
from opencro.stats.mmrm.inference import (
    Spread,
    adjust_kenward_roger,
    combine_df,
    independent_contrasts,
    kenward_roger_f,
    satterthwaite_df,
)
from opencro.stats.mmrm.rows import Rows, Scaled
from opencro.stats.mmrm.sandwich import POWERS, Sandwich, fill_sandwich, sandwich_df
from opencro.stats.mmrm.search import SINGULAR, Solution
from opencro.stats.result import StatsError

DF_METHODS = ("satterthwaite", "kenward-roger", "kenward-roger-linear", "between-within", "residual")
VCOV_METHODS = ("asymptotic", *POWERS)


@dataclass(frozen=True)
class Precision:
    """Covariance and degrees of freedom of combinations of the coefficients that aren't aliased."""

    method: str
    vcov: str
    spread: Spread = field(repr=False)
    sandwich: Sandwich | None = field(repr=False)
    within: NDArray[np.bool_] = field(repr=False)  # (p,): does the column vary in a subject, or is it the intercept?
    residual_df: float = 0.0
    between_df: float = 0.0
    within_df: float = 0.0

    def single_df(self, combinations: Floats) -> Floats:
        """Degrees of freedom of each row of `combinations`, (k, p) -> (k,)."""
        if self.method == "residual":
            return np.full(len(combinations), self.residual_df)
        if self.method == "between-within":
            return np.array([self._least(row[None]) for row in combinations])
        if self.sandwich is not None:
            return sandwich_df(self.sandwich, combinations @ self.spread.root)
        return satterthwaite_df(self.spread, combinations)

    def f_test(self, combinations: Floats, beta: Floats) -> tuple[float, float, float, float]:
        """F, its degrees of freedom and p for the hypothesis that all rows of `combinations` @ beta are zero.

        NaN where the covariance of their estimates is singular, as a sandwich of few subjects may be.
        """
        rows = _independent_rows(combinations)
        k = len(rows)
        if k == 0:
            return np.nan, 0.0, np.nan, np.nan
        estimate = rows @ beta
        covariance = rows @ self.spread.covariance() @ rows.T
        variance = np.diagonal(covariance)
        size = np.sqrt(np.where(variance > 0, variance, 1.0))
        correlation = covariance / size / size[:, None]
        if not (variance > 0).all() or not np.linalg.eigvalsh(correlation)[0] > SINGULAR:
            return np.nan, float(k), np.nan, np.nan
        f = float(estimate / size @ np.linalg.solve(correlation, estimate / size)) / k
        df, factor = self.joint_df(rows)
        return factor * f, float(k), df, float(stats.f.sf(factor * f, k, df))

    def joint_df(self, rows: Floats) -> tuple[float, float]:
        """Denominator degrees of freedom of several independent rows, and the factor of their F statistic."""
        if self.method == "residual":
            return self.residual_df, 1.0
        if self.method == "between-within":
            return self._least(rows), 1.0
        if self.method.startswith("kenward-roger"):
            return kenward_roger_f(self.spread, rows)
        return combine_df(self.single_df(independent_contrasts(self.spread, rows))), 1.0

    def _least(self, rows: Floats) -> float:
        touched = np.abs(rows).max(axis=0) > 0
        choices = [self.within_df] * bool((touched & self.within).any())
        choices += [self.between_df] * bool((touched & ~self.within).any())
        return min(choices, default=np.nan)


def compute_precision(rows: Rows, scaled: Scaled, solution: Solution, method: str, vcov: str) -> Precision:
    """The precision at a solution; raises StatsError STA-309 for a method that doesn't exist."""
    _refuse_unknown(method, vcov)
    point, slope = solution.optimum.point, solution.optimum.slope
    root = scaled.size * np.linalg.solve(scaled.triangle, point.root[0])
    theta_covariance = 2.0 * np.linalg.inv(slope.hessian[0])
    middle: Floats = np.eye(len(root))
    sandwich = None
    if vcov != "asymptotic":
        sandwich = fill_sandwich(scaled.cells, point, vcov)
        middle = sandwich.middle
    elif method.startswith("kenward-roger"):
        linear = method == "kenward-roger-linear"
        middle = adjust_kenward_roger(
            solution.structure, solution.layout, point, slope, theta_covariance, linear=linear
        )
        _refuse_indefinite(middle, method)
    spread = Spread(root, middle, slope.moments[0, :, :-1, :-1], theta_covariance)
    constant, varying = _classify(rows)
    observations, subjects = len(rows.y), len(rows.subjects)
    return Precision(
        method, vcov, spread, sandwich, constant | varying,
        residual_df=float(observations - len(root)),
        between_df=float(subjects - (~varying).sum()),
        within_df=float(observations - subjects - varying.sum()),
    )  # fmt: skip


def _refuse_unknown(method: str, vcov: str) -> None:
    if method not in DF_METHODS:
        raise StatsError("STA-309", f"df={method!r}", "one of " + ", ".join(DF_METHODS), "Choose one of these.")
    if vcov not in VCOV_METHODS:
        raise StatsError("STA-309", f"vcov={vcov!r}", "one of " + ", ".join(VCOV_METHODS), "Choose one of these.")
    if vcov != "asymptotic" and method.startswith("kenward-roger"):
        remedy = "Kenward-Roger adjusts the model-based covariance; with a sandwich use Satterthwaite."
        raise StatsError("STA-309", f"df={method!r} with vcov={vcov!r}", "vcov='asymptotic'", remedy)


def _refuse_indefinite(middle: Floats, method: str) -> None:
    if not np.linalg.eigvalsh(middle)[0] > 0:
        got, remedy = f"df={method!r}: the adjusted covariance is not positive definite", "Use df='satterthwaite'."
        raise StatsError("STA-318", got, "more subjects for the parameters of the covariance", remedy)


def _classify(rows: Rows) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which columns of x are constant everywhere, and which vary in a subject."""
    first = np.zeros(len(rows.subjects), dtype=np.int64)
    first[rows.subject[::-1]] = np.arange(len(rows.subject))[::-1]
    varying = (rows.x != rows.x[first[rows.subject]]).any(axis=0)
    return (rows.x == rows.x[0]).all(axis=0), varying


def _independent_rows(combinations: Floats) -> Floats:
    """As many rows as the rank, with the same hypothesis."""
    if len(combinations) == 0:
        return combinations
    _, values, right = np.linalg.svd(combinations, full_matrices=False)
    rank = int((values > 1e-9 * max(float(values[0]), 1e-300)).sum())
    if rank == len(combinations):
        return combinations
    return np.asarray(values[:rank, None] * right[:rank])
