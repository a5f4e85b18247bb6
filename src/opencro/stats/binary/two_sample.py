"""Closed-form intervals for the difference, ratio and odds ratio of two proportions."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from opencro.stats.binary.interval import Floats, Interval, Limits, check_counts, critical_value, single
from opencro.stats.binary.one_sample import wilson_limits
from opencro.stats.result import Note

_INFINITE = Note("STA-510", "zero cells: this measure has no finite estimate or standard error; use a score interval")


def wald_difference_batch(
    x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike, *, alpha: float = 0.05, correct: bool = False
) -> Limits:
    """Wald limits of p1 - p2 for arrays of tables; see `wald_difference`."""
    p1, m1, p2, m2 = _rates(x1, n1, x2, n2)
    half = critical_value(alpha) * np.sqrt(p1 * (1 - p1) / m1 + p2 * (1 - p2) / m2)
    half = half + (0.5 * (1 / m1 + 1 / m2) if correct else 0.0)
    return Limits(p1 - p2, p1 - p2 - half, p1 - p2 + half)


def wald_difference(x1: int, n1: int, x2: int, n2: int, *, alpha: float = 0.05, correct: bool = False) -> Interval:
    """Wald interval for p1 - p2, not clipped to [-1, 1].

    Args:
        x1, n1: events and persons in arm 1.
        x2, n2: events and persons in arm 2.
        alpha: 1 minus the confidence level.
        correct: wider by (1/n1 + 1/n2)/2 on both sides (Yates; SAS `RISKDIFF(CORRECT)`).

    Returns:
        The interval. Where both rates are 0 or 1 it has no width, which a note says (STA-512).

    Raises:
        StatsError: STA-501 for impossible counts, STA-502 for alpha outside (0, 1).

    Source: Fleiss, Statistical Methods for Rates and Proportions, 2nd ed. 1981, p. 29.

    Example:
        >>> wald_difference(36, 154, 12, 77).lower
        -0.02710...
    """
    limits = wald_difference_batch(x1, n1, x2, n2, alpha=alpha, correct=correct)
    flat = x1 in (0, n1) and x2 in (0, n2)
    notes = (Note("STA-512", "the standard error is 0; use miettinen_nurminen()"),) if flat else ()
    return single("Wald, continuity corrected" if correct else "Wald", limits, alpha, notes)


def newcombe_batch(
    x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike, *, alpha: float = 0.05, correct: bool = False
) -> Limits:
    """Newcombe limits of p1 - p2 for arrays of tables; see `newcombe`."""
    (e1, m1), (e2, m2) = check_counts(x1, n1), check_counts(x2, n2)
    z = critical_value(alpha)
    lower1, upper1 = wilson_limits(e1, m1, z, correct)
    lower2, upper2 = wilson_limits(e2, m2, z, correct)
    p1, p2 = e1 / m1, e2 / m2
    d = p1 - p2
    return Limits(d, d - np.hypot(p1 - lower1, upper2 - p2), d + np.hypot(upper1 - p1, p2 - lower2))


def newcombe(x1: int, n1: int, x2: int, n2: int, *, alpha: float = 0.05, correct: bool = False) -> Interval:
    """Newcombe's hybrid score interval for p1 - p2: the Wilson limits of both arms, squared and added.

    Args:
        x1, n1: events and persons in arm 1.
        x2, n2: events and persons in arm 2.
        alpha: 1 minus the confidence level.
        correct: from Wilson limits with continuity correction (Newcombe's method 11), otherwise method 10.

    Returns:
        The interval, within [-1, 1].

    Raises:
        StatsError: STA-501 for impossible counts, STA-502 for alpha outside (0, 1).

    Formula: d - sqrt((p1-l1)² + (u2-p2)²) to d + sqrt((u1-p1)² + (p2-l2)²), l and u the Wilson limits.

    Source: Newcombe, Statistics in Medicine 1998;17:873-890.

    Example:
        >>> newcombe(9, 10, 3, 10).lower
        0.17052...
    """
    method = "Newcombe, continuity corrected" if correct else "Newcombe"
    return single(method, newcombe_batch(x1, n1, x2, n2, alpha=alpha, correct=correct), alpha)


def agresti_caffo_batch(x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike, *, alpha: float = 0.05) -> Limits:
    """Agresti-Caffo limits of p1 - p2 for arrays of tables; see `agresti_caffo`."""
    (e1, m1), (e2, m2) = check_counts(x1, n1), check_counts(x2, n2)
    p1, p2 = (e1 + 1) / (m1 + 2), (e2 + 1) / (m2 + 2)
    half = critical_value(alpha) * np.sqrt(p1 * (1 - p1) / (m1 + 2) + p2 * (1 - p2) / (m2 + 2))
    return Limits(e1 / m1 - e2 / m2, p1 - p2 - half, p1 - p2 + half)


def agresti_caffo(x1: int, n1: int, x2: int, n2: int, *, alpha: float = 0.05) -> Interval:
    """Agresti and Caffo's interval for p1 - p2: Wald after one event and one non-event more in each arm, not clipped.

    Args:
        x1, n1: events and persons in arm 1.
        x2, n2: events and persons in arm 2.
        alpha: 1 minus the confidence level.

    Returns:
        The interval; `estimate` is the observed difference, which isn't its middle.

    Raises:
        StatsError: STA-501 for impossible counts, STA-502 for alpha outside (0, 1).

    Source: Agresti and Caffo, The American Statistician 2000;54:280-288.

    Example:
        >>> agresti_caffo(0, 10, 0, 10).upper
        0.22115...
    """
    return single("Agresti-Caffo", agresti_caffo_batch(x1, n1, x2, n2, alpha=alpha), alpha)


def katz_batch(x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike, *, alpha: float = 0.05) -> Limits:
    """Katz limits of p1 / p2 for arrays of tables; see `katz`."""
    p1, m1, p2, m2 = _rates(x1, n1, x2, n2)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = (1 - p1) / (m1 * p1) + (1 - p2) / (m2 * p2)
    return _from_log(p1, p2, spread, alpha)


def katz(x1: int, n1: int, x2: int, n2: int, *, alpha: float = 0.05) -> Interval:
    """Katz's log interval (Wald on the log scale) for the ratio p1 / p2.

    Args:
        x1, n1: events and persons in arm 1.
        x2, n2: events and persons in arm 2.
        alpha: 1 minus the confidence level.

    Returns:
        The interval; without events in an arm its limits are NaN, with note STA-510.

    Raises:
        StatsError: STA-501 for impossible counts, STA-502 for alpha outside (0, 1).

    Formula: exp(log(p1/p2) +- z sqrt(1/x1 - 1/n1 + 1/x2 - 1/n2)).

    Source: Katz, Baptista, Azen and Pike, Biometrics 1978;34:469-474.

    Example:
        >>> katz(36, 154, 12, 77).upper
        2.71490...
    """
    notes = () if x1 > 0 and x2 > 0 else (_INFINITE,)
    return single("Katz log", katz_batch(x1, n1, x2, n2, alpha=alpha), alpha, notes)


def woolf_batch(
    x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike, *, alpha: float = 0.05, correct: bool = False
) -> Limits:
    """Woolf limits of the odds ratio for arrays of tables; see `woolf`."""
    (e1, m1), (e2, m2) = check_counts(x1, n1), check_counts(x2, n2)
    add = 0.5 if correct else 0.0
    a, b, c, d = e1 + add, m1 - e1 + add, e2 + add, m2 - e2 + add
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = 1 / a + 1 / b + 1 / c + 1 / d
    return _from_log(a * d, b * c, spread, alpha)


def woolf(x1: int, n1: int, x2: int, n2: int, *, alpha: float = 0.05, correct: bool = False) -> Interval:
    """Woolf's log interval (Wald on the log scale) for the odds ratio.

    Args:
        x1, n1: events and persons in arm 1.
        x2, n2: events and persons in arm 2.
        alpha: 1 minus the confidence level.
        correct: 1/2 is added to each cell (Haldane, Anscombe), so that zero cells have a finite interval.

    Returns:
        The interval; with a zero cell and no correction its limits are NaN, with note STA-510.

    Raises:
        StatsError: STA-501 for impossible counts, STA-502 for alpha outside (0, 1).

    Formula: exp(log(ad/bc) +- z sqrt(1/a + 1/b + 1/c + 1/d)).

    Source: Woolf, Annals of Human Genetics 1955;19:251-253; Gart, Biometrika 1966;53:523-537.

    Example:
        >>> woolf(36, 154, 12, 77).upper
        3.39523...
    """
    notes = () if correct or min(x1, n1 - x1, x2, n2 - x2) > 0 else (_INFINITE,)
    method = "Woolf logit, 1/2 added" if correct else "Woolf logit"
    return single(method, woolf_batch(x1, n1, x2, n2, alpha=alpha, correct=correct), alpha, notes)


def _rates(x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike) -> tuple[Floats, Floats, Floats, Floats]:
    (e1, m1), (e2, m2) = check_counts(x1, n1), check_counts(x2, n2)
    return e1 / m1, m1, e2 / m2, m2


def _from_log(top: Floats, bottom: Floats, spread: Floats, alpha: float) -> Limits:
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = top / bottom
        factor = np.exp(critical_value(alpha) * np.sqrt(spread))
        lower, upper = estimate / factor, estimate * factor
    lost = ~np.isfinite(spread)
    return Limits(estimate, np.where(lost, np.nan, lower), np.where(lost, np.nan, upper))
