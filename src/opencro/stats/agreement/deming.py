"""Deming regression, plain and weighted: a line between two methods that both have measurement error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t

from opencro.stats.agreement.pairs import Floats, check_alpha, check_choice, check_pairs
from opencro.stats.result import Note, Result, StatsError

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class MethodComparison(Result):
    """A line y = intercept + slope x between two methods of measurement."""

    title: ClassVar[str] = "Comparison of two methods"
    aside: ClassVar[frozenset[str]] = frozenset({"x", "y"})
    method: str
    term: tuple[str, str]
    estimate: Floats
    se: Floats
    lower: Floats
    upper: Floats
    n: int
    alpha: float
    x: Floats
    y: Floats
    notes: tuple[Note, ...] = ()

    def plot(self) -> Axes:
        """The measurements, the fitted line and the line of identity."""
        from matplotlib.figure import Figure  # noqa: PLC0415  a picture is rarely wanted, its library is heavy

        axes = Figure(figsize=(5, 5), layout="constrained").subplots()
        ends = np.array([self.x.min(), self.x.max()])
        axes.scatter(self.x, self.y, s=12, color="black")
        axes.plot(ends, self.estimate[0] + self.estimate[1] * ends, color="black", label=self.method)
        axes.plot(ends, ends, color="grey", linestyle="--", label="identity")
        axes.set_xlabel("x")
        axes.set_ylabel("y")
        axes.legend()
        return axes


def fit_deming(
    x: ArrayLike,
    y: ArrayLike,
    *,
    error_ratio: float = 1.0,
    alpha: float = 0.05,
    interval: Literal["jackknife", "analytical"] = "jackknife",
) -> MethodComparison:
    """Deming's regression of y on x, both measured with error.

    Args:
        x, y: measurements of the same persons by two methods.
        error_ratio: variance of the errors of x over that of y, above 0; 1 is orthogonal regression.
        alpha: 1 minus the confidence level.
        interval: Linnet's jackknife, or the analytical standard error of the normal model.

    Returns:
        Intercept and slope with standard errors and t intervals (n - 2 degrees of freedom).

    Raises:
        StatsError: STA-760 for samples that don't fit, STA-761 options, STA-766 without covariance of x and y.

    Formula: slope = [k Syy - Sxx + sqrt((Sxx - k Syy)² + 4 k Sxy²)] / (2 k Sxy), k the error ratio; analytical
    se(slope) = slope sqrt((1-r²)/(r²(n-2))), se(intercept) = se(slope) sqrt(mean x²), as R `mcr::mcreg`.

    Source: Deming, Statistical Adjustment of Data 1943; Linnet, Clinical Chemistry 1993;39:424-432.

    Example:
        >>> fit_deming([1, 2, 3, 4], [1.1, 1.9, 3.2, 3.8]).estimate.round(3).tolist()
        [0.129, 0.948]
    """
    check_choice("interval", interval, ("jackknife", "analytical"))
    first, second = _checked(x, y, error_ratio)
    b = _lines(first, second, np.ones((1, first.size)), error_ratio)[0]
    if interval == "jackknife":
        left_out = _lines(first, second, 1 - np.eye(first.size), error_ratio)
        return _comparison("Deming, jackknife", first, second, b, _jackknife(left_out), alpha)
    r2 = np.corrcoef(first, second)[0, 1] ** 2
    slope_se = abs(b[1]) * np.sqrt((1 - r2) / r2 / (first.size - 2))
    return _comparison("Deming, analytical", first, second, b, slope_se * np.sqrt([(first**2).mean(), 1]), alpha)


def fit_weighted_deming(
    x: ArrayLike, y: ArrayLike, *, error_ratio: float = 1.0, alpha: float = 0.05
) -> MethodComparison:
    """Linnet's weighted Deming regression for errors proportional to the size of what is measured.

    Args:
        x, y: measurements above 0 of the same persons by two methods.
        error_ratio: squared coefficient of variation of the errors of x over that of y, above 0.
        alpha: 1 minus the confidence level.

    Returns:
        Intercept and slope with jackknife standard errors and t intervals (n - 2 degrees of freedom).

    Raises:
        StatsError: STA-760 for samples that don't fit or aren't positive, STA-761 options, STA-766 without covariance
            or weights that don't settle.

    Formula: weights 1/[(X + k Y)/(1 + k)]², X and Y the points of the line nearest to (x, y), iterated to 1e-12.
    R `mcr::mcreg(method.reg="WDeming")` stops at 1e-6.

    Source: Linnet, Statistics in Medicine 1990;9:1463-1473, Clinical Chemistry 1993;39:424-432.

    Example:
        >>> fit_weighted_deming([1, 2, 3, 4], [1.1, 1.9, 3.2, 3.8]).n
        4
    """
    first, second = _checked(x, y, error_ratio)
    if (first <= 0).any() or (second <= 0).any():
        raise StatsError("STA-760", "values of 0 or below", "values above 0", "Use fit_deming().")
    b = _weighted_lines(first, second, np.ones((1, first.size)), error_ratio)[0]
    left_out = _weighted_lines(first, second, 1 - np.eye(first.size), error_ratio)
    return _comparison("weighted Deming, jackknife", first, second, b, _jackknife(left_out), alpha)


def _checked(x: ArrayLike, y: ArrayLike, error_ratio: float) -> tuple[Floats, Floats]:
    if not 0 < error_ratio < np.inf:
        raise StatsError("STA-761", f"error_ratio={error_ratio}", "above 0", "Equal errors have error_ratio=1.")
    return check_pairs(x, y, 4)


def _lines(x: Floats, y: Floats, weights: Floats, ratio: float) -> Floats:
    """Intercepts and slopes for rows of weights."""
    total = weights.sum(axis=1, keepdims=True)
    mean_x, mean_y = weights @ x[:, None] / total, weights @ y[:, None] / total
    dx, dy = x - mean_x, y - mean_y
    sxx, syy, sxy = ((weights * p).sum(axis=1) for p in (dx * dx, dy * dy, dx * dy))
    if (np.abs(sxy) <= 1e-14 * np.sqrt(sxx * syy)).any():
        raise StatsError(
            "STA-766", "no covariance of x and y", "methods that go together", "Look at the scatter first."
        )
    root = np.sqrt((sxx - ratio * syy) ** 2 + 4 * ratio * sxy**2)
    slope = (ratio * syy - sxx + root) / (2 * ratio * sxy)
    return np.stack([mean_y[:, 0] - slope * mean_x[:, 0], slope], axis=1)


def _weighted_lines(x: Floats, y: Floats, used: Floats, ratio: float) -> Floats:
    lines = _lines(x, y, used / ((x + ratio * y) / (1 + ratio)) ** 2, ratio)
    for _ in range(500):
        a, b = lines[:, :1], lines[:, 1:]
        gap = y - a - b * x
        share = 1 + ratio * b**2
        near_x, near_y = x + ratio * b * gap / share, y - gap / share
        fresh = _lines(x, y, used / ((near_x + ratio * near_y) / (1 + ratio)) ** 2, ratio)
        change = np.abs(fresh - lines).max()
        lines = fresh
        if change <= 1e-12 * max(1.0, float(np.abs(lines).max())):
            return lines
    raise StatsError("STA-766", "weights that don't settle", "a line near all points", "Look for outliers near 0.")


def _jackknife(left_out: Floats) -> Floats:
    """Standard errors from the estimates without each pair in turn."""
    n = len(left_out)
    return np.asarray((n - 1) * left_out.std(axis=0, ddof=1) / np.sqrt(n), dtype=np.float64)


def _comparison(method: str, x: Floats, y: Floats, b: Floats, se: Floats, alpha: float) -> MethodComparison:
    half = t.isf(check_alpha(alpha) / 2, x.size - 2) * se
    return MethodComparison(method, ("intercept", "slope"), b, se, b - half, b + half, x.size, alpha, x, y)
