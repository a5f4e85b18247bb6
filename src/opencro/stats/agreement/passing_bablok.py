"""Passing and Bablok's regression: the shifted median of all slopes between two points."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import kendalltau, norm

from opencro.stats.agreement.deming import MethodComparison
from opencro.stats.agreement.pairs import Floats, check_alpha, check_choice, check_pairs
from opencro.stats.result import Note, StatsError

PAIRS_LIMIT = 100_000_000


def fit_passing_bablok(
    x: ArrayLike, y: ArrayLike, *, alpha: float = 0.05, places: Literal["halves", "whole"] = "halves"
) -> MethodComparison:
    """Passing and Bablok's robust line between two methods that measure the same.

    Args:
        x, y: measurements of the same persons by two methods.
        alpha: 1 minus the confidence level.
        places: of the limits among the slopes, see the formula; "whole" is the paper's, "halves" that of R mcr.

    Returns:
        Intercept and slope with their intervals; `se` is NaN, the method has none. A note (STA-765) says when Kendall's
        tau isn't significantly above 0, which the method presupposes (for methods that oppose each other fit -x).

    Raises:
        StatsError: STA-760 for samples that don't fit, STA-762 more than 100,000,000 pairs, STA-766 without slopes.

    Formula: the N slopes of pairs of points other than -1, K of them below -1; slope = median shifted by K places. With
    C = z sqrt(n(n-1)(2n+5)/18) the limits have the places (N+1 -+ round(C))/2 + K, or M1 + K and N - M1 + 1 + K with
    M1 = round((N-C)/2); a half place is the mean of two angles. Intercept = median(y - slope x), its limits alike.
    Equal x have an infinite slope. Slopes of -1 are found up to rounding errors, which mcr counts above or below.

    Source: Passing and Bablok, J Clin Chem Clin Biochem 1983;21:709-720. R `mcr::mcreg(method.reg="PaBa")`.

    Example:
        >>> fit_passing_bablok([1, 2, 3, 4, 5], [1.1, 1.9, 3.2, 3.8, 5.3]).estimate[1].round(2).item()
        1.05
    """
    check_choice("places", places, ("halves", "whole"))
    first, second = check_pairs(x, y, 4)
    slope, lower, upper = _slopes(_angles(first, second), first.size, check_alpha(alpha), places)
    ends = sorted(float(np.median(second - b * first)) for b in (lower, upper))
    medians = [float(np.median(second - slope * first)), *ends]
    tau = kendalltau(first, second)
    weak = not (tau.statistic > 0 and tau.pvalue / 2 < 0.05)
    notes = (Note("STA-765", "x and y hardly go together: the method doesn't apply"),) if weak else ()
    estimate, lowers, uppers = (np.array(v) for v in zip(medians, (slope, lower, upper), strict=True))
    shown = ("Passing-Bablok", ("intercept", "slope"), estimate, np.full(2, np.nan), lowers, uppers)
    return MethodComparison(*shown, first.size, alpha, first, second, notes)


def _slopes(angles: Floats, n: int, alpha: float, places: str) -> tuple[float, float, float]:
    count, shift = angles.size, int((angles < -np.pi / 4).sum())
    reach = norm.isf(alpha / 2) * np.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    if places == "halves":
        low, high = ((count + 1 + side * np.floor(reach + 0.5)) / 2 for side in (-1, 1))
    else:
        low = np.floor((count - reach) / 2 + 0.5)
        high = count - low + 1

    def at(place: float) -> float:
        ranks = np.clip([np.floor(place + shift), np.ceil(place + shift)], 1, count).astype(np.int64)
        return float(np.tan(angles[ranks - 1].mean()))

    return at((count + 1) / 2), at(low), at(high)


def _angles(x: Floats, y: Floats) -> Floats:
    """Angles of the slopes of all pairs in (-pi/2, pi/2], ascending, without those of exactly -1."""
    if x.size**2 > 2 * PAIRS_LIMIT:
        raise StatsError("STA-762", f"{x.size**2 // 2} pairs", f"at most {PAIRS_LIMIT}", "Use fit_deming().")
    i, j = np.triu_indices(x.size, 1)
    dx, dy = x[j] - x[i], y[j] - y[i]
    distinct = (dx != 0) | (dy != 0)
    flip = np.where(dx < 0, -1.0, 1.0)
    rise = np.where(dx == 0, np.abs(dy), dy * flip)
    angles = np.sort(np.arctan2(rise[distinct], np.abs(dx)[distinct]))
    angles = angles[np.abs(angles + np.pi / 4) > 1e-12]
    if not angles.size:
        raise StatsError("STA-766", "no slopes: all points are equal", "different points", "Check the measurements.")
    return angles
