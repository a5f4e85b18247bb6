"""Bland and Altman's limits of agreement of two methods of measurement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import nct, t

from opencro.stats.agreement.pairs import Floats, check_alpha, check_choice, check_pairs
from opencro.stats.result import Note, Result, StatsError

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class LimitsOfAgreement(Result):
    """Bias and limits of agreement, one a row, each with its interval."""

    title: ClassVar[str] = "Bland-Altman limits of agreement"
    aside: ClassVar[frozenset[str]] = frozenset({"means", "differences"})
    term: tuple[str, str, str]
    estimate: Floats
    se: Floats
    lower: Floats
    upper: Floats
    n: int
    sd: float
    alpha: float
    means: Floats
    differences: Floats
    notes: tuple[Note, ...] = ()

    def plot(self) -> Axes:
        """Differences against means, with bias, limits and their intervals."""
        from matplotlib.figure import Figure  # noqa: PLC0415  a picture is rarely wanted, its library is heavy

        axes = Figure(figsize=(6, 4), layout="constrained").subplots()
        axes.scatter(self.means, self.differences, s=12, color="black")
        for value, low, high, style in zip(self.estimate, self.lower, self.upper, ("-", "--", "--"), strict=True):
            axes.axhline(value, linestyle=style, color="black", linewidth=1)
            axes.axhspan(low, high, color="grey", alpha=0.2)
        axes.set_xlabel("mean of both methods")
        axes.set_ylabel("difference x - y")
        return axes


def bland_altman(
    x: ArrayLike, y: ArrayLike, *,
    alpha: float = 0.05, multiplier: float = 1.96,
    scale: Literal["absolute", "percent"] = "absolute",
    limits: Literal["approximate", "exact"] = "approximate",
) -> LimitsOfAgreement:  # fmt: skip
    """Bland and Altman's bias and limits of agreement of x - y, with confidence intervals.

    Args:
        x, y: measurements of the same persons by two methods.
        alpha: 1 minus the confidence level of the intervals.
        multiplier: of the standard deviation; 1.96 for limits that hold 95 % of the differences.
        scale: "percent" takes 100 (x - y) / mean of the pair instead of x - y.
        limits: intervals of the limits by their approximate standard error, or exact from the non-central t.

    Returns:
        Bias, lower and upper limit with their intervals; differences that don't vary: intervals of no width (STA-763).

    Raises:
        StatsError: STA-760 for samples that don't fit, STA-761 options, STA-766 a pair with mean 0 for percent.

    Formula: bias +- m s; se(bias) = s/sqrt(n), se(limit) = s sqrt(1/n + m²/(2(n-1))) (1986: s sqrt(3/n)), t quantiles.

    Source: Bland and Altman, Lancet 1986;i:307-310, Stat Methods Med Res 1999;8:135-160; exact: Carkeet, Optometry and
    Vision Science 2015;92:e71-e80.

    Example:
        >>> bland_altman([10.1, 12.3, 9.8, 11.0], [10.0, 12.0, 10.0, 10.6]).estimate.round(3).tolist()
        [0.15, -0.369, 0.669]
    """
    check_choice("limits", limits, ("approximate", "exact"))
    means, d = _differences(x, y, scale)
    points, se = _points(d, multiplier)
    s = float(d.std(ddof=1))
    half = t.isf(check_alpha(alpha) / 2, d.size - 1) * se
    lower, upper = points - half, points + half
    if limits == "exact" and s > 0:
        lower[1:], upper[1:] = _exact_limits(d, multiplier, alpha)
    notes = (Note("STA-763", "the differences don't vary"),) if s == 0 else ()
    return LimitsOfAgreement(_TERMS, points, se, lower, upper, d.size, s, alpha, means, d, notes)


_TERMS = ("bias", "lower limit", "upper limit")


def _points(d: Floats, multiplier: float) -> tuple[Floats, Floats]:
    n, bias, s = d.size, float(d.mean()), float(d.std(ddof=1))
    wide = s * np.sqrt(1 / n + multiplier**2 / (2 * (n - 1)))
    reach = multiplier * s
    return np.array([bias, bias - reach, bias + reach]), np.array([s / np.sqrt(n), wide, wide])


def _exact_limits(d: Floats, multiplier: float, alpha: float) -> tuple[Floats, Floats]:
    """Lower and upper ends of the intervals of both limits, from the non-central t."""
    root = np.sqrt(d.size)
    near, far = nct.ppf([alpha / 2, 1 - alpha / 2], d.size - 1, multiplier * root) * d.std(ddof=1) / root
    bias = d.mean()
    return np.array([bias - far, bias + near]), np.array([bias - near, bias + far])


def _differences(x: ArrayLike, y: ArrayLike, scale: str) -> tuple[Floats, Floats]:
    check_choice("scale", scale, ("absolute", "percent"))
    first, second = check_pairs(x, y)
    means = (first + second) / 2
    if scale == "absolute":
        return means, first - second
    if (means == 0).any():
        raise StatsError("STA-766", "a pair with mean 0", "means other than 0", "Take absolute differences.")
    return means, 100 * (first - second) / means
