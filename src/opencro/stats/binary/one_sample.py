"""Confidence intervals for one proportion: closed forms. The intervals that need roots stand in `one_sample_exact`."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from opencro.stats.binary.interval import Floats, Interval, Limits, check_counts, critical_value, single
from opencro.stats.result import Note


def wald_batch(x: ArrayLike, n: ArrayLike, *, alpha: float = 0.05) -> Limits:
    """Wald limits for arrays of counts; see `wald`."""
    events, totals = check_counts(x, n)
    p = events / totals
    half = critical_value(alpha) * np.sqrt(p * (1 - p) / totals)
    return Limits(p, p - half, p + half)


def wald(x: int, n: int, *, alpha: float = 0.05) -> Interval:
    """Wald interval p +- z sqrt(p(1-p)/n), not clipped to [0, 1].

    Args:
        x: events, a whole number from 0 to n.
        n: persons, at least 1.
        alpha: 1 minus the confidence level.

    Returns:
        The interval. At x = 0 and x = n it has no width, which a note says (STA-512).

    Raises:
        StatsError: STA-501 for impossible counts, STA-502 for alpha outside (0, 1).

    Source: Laplace 1812; its poor coverage: Brown, Cai and DasGupta, Statistical Science 2001;16:101-133.

    Example:
        >>> wald(81, 263).lower
        0.25219...
    """
    notes = (Note("STA-512", "no width: all or none are events; use wilson()"),) if x in (0, n) else ()
    return single("Wald", wald_batch(x, n, alpha=alpha), alpha, notes)


def wilson_batch(x: ArrayLike, n: ArrayLike, *, alpha: float = 0.05, correct: bool = False) -> Limits:
    """Wilson limits for arrays of counts; see `wilson`."""
    events, totals = check_counts(x, n)
    return Limits(events / totals, *wilson_limits(events, totals, critical_value(alpha), correct))


def wilson_limits(x: Floats, n: Floats, z: Floats | float, correct: bool = False) -> tuple[Floats, Floats]:
    """Wilson's limits for a normal quantile z, which may differ from table to table."""
    p = x / n
    if not correct:
        centre = x + z**2 / 2
        half = z * np.sqrt(x * (1 - p) + z**2 / 4)
        lower, upper = (centre - half) / (n + z**2), (centre + half) / (n + z**2)
    else:
        low_root = z * np.sqrt(z**2 - 2 - 1 / n + 4 * p * (n * (1 - p) + 1))
        high_root = z * np.sqrt(z**2 + 2 - 1 / n + 4 * p * (n * (1 - p) - 1))
        lower = (2 * x + z**2 - 1 - low_root) / (2 * (n + z**2))
        upper = (2 * x + z**2 + 1 + high_root) / (2 * (n + z**2))
    return np.where(x == 0, 0.0, np.maximum(lower, 0.0)), np.where(x == n, 1.0, np.minimum(upper, 1.0))


def wilson(x: int, n: int, *, alpha: float = 0.05, correct: bool = False) -> Interval:
    """Wilson's score interval: the p0 that the score test does not reject.

    Args:
        x: events, a whole number from 0 to n.
        n: persons, at least 1.
        alpha: 1 minus the confidence level.
        correct: with the continuity correction 1/(2n) (R `prop.test`, SAS `BINOMIAL(WILSON(CORRECT))`).

    Returns:
        The interval, within [0, 1].

    Raises:
        StatsError: STA-501 for impossible counts, STA-502 for alpha outside (0, 1).

    Formula: (x + z²/2 +- z sqrt(x(n-x)/n + z²/4)) / (n + z²).

    Source: Wilson, JASA 1927;22:209-212; corrected form: Newcombe, Statistics in Medicine 1998;17:857-872, method 4.

    Example:
        >>> wilson(36, 154).lower
        0.17390...
    """
    method = "Wilson, continuity corrected" if correct else "Wilson"
    return single(method, wilson_batch(x, n, alpha=alpha, correct=correct), alpha)


def agresti_coull_batch(x: ArrayLike, n: ArrayLike, *, alpha: float = 0.05) -> Limits:
    """Agresti-Coull limits for arrays of counts; see `agresti_coull`."""
    events, totals = check_counts(x, n)
    z = critical_value(alpha)
    size = totals + z**2
    p = (events + z**2 / 2) / size
    half = z * np.sqrt(p * (1 - p) / size)
    return Limits(events / totals, p - half, p + half)


def agresti_coull(x: int, n: int, *, alpha: float = 0.05) -> Interval:
    """Agresti and Coull's interval: Wald after adding z²/2 events and z²/2 non-events, not clipped to [0, 1].

    Args:
        x: events, a whole number from 0 to n.
        n: persons, at least 1.
        alpha: 1 minus the confidence level.

    Returns:
        The interval around (x + z²/2)/(n + z²); `estimate` is x/n.

    Raises:
        StatsError: STA-501 for impossible counts, STA-502 for alpha outside (0, 1).

    Source: Agresti and Coull, The American Statistician 1998;52:119-126.

    Example:
        >>> agresti_coull(20, 20).upper
        1.02868...
    """
    return single("Agresti-Coull", agresti_coull_batch(x, n, alpha=alpha), alpha)
