"""Exact unconditional tests and intervals: the probability of a tail is maximized over the unknown common rate.

All (n1+1)(n2+1) tables are ordered by a statistic; the tail's probability is a polynomial in the nuisance rate,
evaluated on a grid of rates by matrix products and refined around its highest points. Work and memory grow with n1 n2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.special import gammaln, xlog1py, xlogy
from scipy.stats import hypergeom

from opencro.stats.binary.interval import Alternative, Floats, Interval, check_alpha, check_counts, normal_p_value
from opencro.stats.binary.score_core import difference_mle
from opencro.stats.result import Result, StatsError

TEST_LIMIT = 1_000_000
INTERVAL_LIMIT = 50_000
_GRID = 400


@dataclass(frozen=True)
class UnconditionalTest(Result):
    """An exact unconditional test; `rate` is the common rate at which the tail is most probable."""

    title: ClassVar[str] = "Exact unconditional test"
    method: str
    statistic: float
    p_value: float
    rate: float
    alternative: str


def barnard(x1: int, n1: int, x2: int, n2: int, *, alternative: Alternative = "two-sided") -> UnconditionalTest:
    """Barnard's exact unconditional test of p1 = p2, tables ordered by the pooled z statistic.

    Args:
        x1, n1: events and persons in arm 1.
        x2, n2: events and persons in arm 2.
        alternative: side; "greater" is p1 > p2. Two-sided orders by |z|.

    Returns:
        z (pooled standard error, no correction), the p-value and the rate at which it is reached.

    Raises:
        StatsError: STA-501 impossible counts, STA-502 alternative, STA-504 more than 1,000,000 tables.

    Formula: max over p of sum of b(a; n1, p) b(b; n2, p) over the tables with a statistic at least the observed one.

    Source: Barnard, Biometrika 1947;34:123-138; Suissa and Shuster, JRSS A 1985;148:317-327.

    Example:
        >>> barnard(7, 12, 8, 15).alternative
        'two-sided'
    """
    x1, n1, x2, n2 = _whole(x1, n1, x2, n2, TEST_LIMIT, "pearson_chi_square() or miettinen_nurminen()")
    normal_p_value(0.0, alternative)
    z = score_table(n1, n2, 0.0)
    order = np.abs(z) if alternative == "two-sided" else (z if alternative == "greater" else -z)
    p, rate = _worst_tail(order >= order[x1, x2] - 1e-9, n1, n2, 0.0)
    return UnconditionalTest("Barnard", float(z[x1, x2]), p, rate, alternative)


def boschloo(x1: int, n1: int, x2: int, n2: int, *, alternative: Alternative = "two-sided") -> UnconditionalTest:
    """Boschloo's exact unconditional test of p1 = p2, tables ordered by Fisher's one-sided p-value.

    Args:
        x1, n1: events and persons in arm 1.
        x2, n2: events and persons in arm 2.
        alternative: side; "greater" is p1 > p2. Two-sided is twice the smaller one-sided p-value, at most 1.

    Returns:
        Fisher's p-value of the side as the statistic, the p-value and the rate at which it is reached. It is never
        larger than Fisher's one-sided p-value.

    Raises:
        StatsError: STA-501 impossible counts, STA-502 alternative, STA-504 more than 1,000,000 tables.

    Source: Boschloo, Statistica Neerlandica 1970;24:1-35.

    Example:
        >>> boschloo(7, 12, 8, 15).alternative
        'two-sided'
    """
    x1, n1, x2, n2 = _whole(x1, n1, x2, n2, TEST_LIMIT, "fisher_exact()")
    normal_p_value(0.0, alternative)
    if alternative == "two-sided":
        sides = [boschloo(x1, n1, x2, n2, alternative=side) for side in ("less", "greater")]
        best = min(sides, key=lambda t: t.p_value)
        return UnconditionalTest("Boschloo", best.statistic, min(1.0, 2 * best.p_value), best.rate, alternative)
    a, b = np.indices((n1 + 1, n2 + 1))
    tail = hypergeom.sf(a - 1, n1 + n2, a + b, n1) if alternative == "greater" else hypergeom.cdf(a, n1 + n2, a + b, n1)
    p, rate = _worst_tail(tail <= tail[x1, x2] * (1 + 1e-9), n1, n2, 0.0)
    return UnconditionalTest("Boschloo", float(tail[x1, x2]), p, rate, alternative)


def chan_zhang(x1: int, n1: int, x2: int, n2: int, *, alpha: float = 0.05) -> Interval:
    """Chan and Zhang's exact interval for p1 - p2: two one-sided unconditional score tests inverted.

    Args:
        x1, n1: events and persons in arm 1.
        x2, n2: events and persons in arm 2.
        alpha: 1 minus the confidence level.

    Returns:
        The interval; its coverage is not below 1 - alpha (SAS `EXACT RISKDIFF(METHOD=SCORE)`).

    Raises:
        StatsError: STA-501 impossible counts, STA-502 alpha, STA-504 more than 50,000 tables.

    Formula: the lower limit is the smallest d whose p-value max_p P(Z_d >= z_d | p1 - p2 = d) exceeds alpha/2, Z_d the
    statistic of `farrington_manning`; the upper limit is mirrored.

    Source: Chan and Zhang, Biometrics 1999;55:1202-1209.

    Example:
        >>> chan_zhang(7, 12, 3, 12).lower < 0.34 < chan_zhang(7, 12, 3, 12).upper
        True
    """
    return _exact_interval("Chan-Zhang", (x1, n1, x2, n2), alpha, score_table)


def santner_snell(x1: int, n1: int, x2: int, n2: int, *, alpha: float = 0.05) -> Interval:
    """Santner and Snell's exact interval for p1 - p2: as Chan-Zhang with the plain difference as statistic.

    Args:
        x1, n1: events and persons in arm 1.
        x2, n2: events and persons in arm 2.
        alpha: 1 minus the confidence level.

    Returns:
        The interval (the default of SAS `EXACT RISKDIFF`), wider than `chan_zhang` in most tables.

    Raises:
        StatsError: STA-501 impossible counts, STA-502 alpha, STA-504 more than 50,000 tables.

    Source: Santner and Snell, JASA 1980;75:386-394, tail method.

    Example:
        >>> santner_snell(7, 12, 3, 12).lower < 0.34 < santner_snell(7, 12, 3, 12).upper
        True
    """

    def plain(m1: int, m2: int, _d: float) -> Floats:
        return np.arange(m1 + 1)[:, None] / m1 - np.arange(m2 + 1)[None, :] / m2

    return _exact_interval("Santner-Snell", (x1, n1, x2, n2), alpha, plain)


def _whole(x1: int, n1: int, x2: int, n2: int, limit: int, instead: str) -> tuple[int, int, int, int]:
    """The counts as plain whole numbers, if there are not too many tables."""
    check_counts(x1, n1)
    check_counts(x2, n2)
    tables = (int(n1) + 1) * (int(n2) + 1)
    if tables > limit:
        raise StatsError("STA-504", f"{tables} tables", f"at most {limit}", f"With so many persons use {instead}.")
    return int(x1), int(n1), int(x2), int(n2)


def _exact_interval(
    method: str, counts: tuple[int, int, int, int], alpha: float, order: Callable[[int, int, float], Floats]
) -> Interval:
    x1, n1, x2, n2 = _whole(*counts, INTERVAL_LIMIT, "miettinen_nurminen()")
    half = check_alpha(alpha) / 2
    estimate = x1 / n1 - x2 / n2
    lower = _lower_limit(x1, n1, x2, n2, half, estimate, order)
    upper = -_lower_limit(x2, n2, x1, n1, half, -estimate, order)
    return Interval(method, estimate, lower, upper, alpha)


def _lower_limit(
    x1: int, n1: int, x2: int, n2: int, half: float, estimate: float, order: Callable[[int, int, float], Floats]
) -> float:
    """The first difference from below whose p-value exceeds alpha/2: a coarse walk, then bisection of its last step."""

    def kept(d: float) -> bool:
        values = order(n1, n2, d)
        return _worst_tail(values >= values[x1, x2] - 1e-9, n1, n2, d)[0] > half

    points = np.linspace(-1.0, estimate, 42)
    low, high = -1.0, float(estimate)
    for d in points[1:-1]:
        if kept(float(d)):
            high = float(d)
            break
        low = float(d)
    if high == -1.0:
        return -1.0
    while high - low > 1e-8:
        middle = (low + high) / 2
        low, high = (low, middle) if kept(middle) else (middle, high)
    return high if high > -1 + 1e-7 else -1.0


@njit(cache=True)
def score_table(n1: int, n2: int, d: float) -> NDArray[np.float64]:
    """The statistic of `farrington_manning` for every table; 0 where both it and its variance are 0."""
    out = np.empty((n1 + 1, n2 + 1))
    for a in range(n1 + 1):
        for b in range(n2 + 1):
            p1, p2 = difference_mle(float(a), float(n1), float(b), float(n2), d)
            variance = p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2
            gap = a / n1 - b / n2 - d
            if variance > 1e-15:
                out[a, b] = gap / np.sqrt(variance)
            else:
                out[a, b] = 0.0 if abs(gap) < 1e-12 else np.sign(gap) * np.inf
    return out


def _worst_tail(tail: NDArray[np.bool_], n1: int, n2: int, d: float) -> tuple[float, float]:
    """The highest probability of the tables in `tail` under p1 - p2 = d, and the p2 where it is reached."""
    low, high = max(0.0, -d), min(1.0, 1.0 - d)
    members = tail.astype(np.float64)
    rates = np.linspace(low, high, _GRID + 1)
    values = _tail_probability(members, n1, n2, rates, d)
    width = (high - low) / _GRID
    for _ in range(4):
        top = np.argsort(values)[-3:]
        near = rates[top, None] + width * np.linspace(-1, 1, 21)[None, :]
        rates = np.unique(np.clip(near, low, high))
        values = _tail_probability(members, n1, n2, rates, d)
        width /= 10
    best = int(np.argmax(values))
    return float(min(1.0, values[best])), float(rates[best])


def _tail_probability(members: Floats, n1: int, n2: int, rates: Floats, d: float) -> Floats:
    first = _binomial(n1, np.clip(rates + d, 0.0, 1.0))
    return np.asarray(((first @ members) * _binomial(n2, rates)).sum(axis=1), dtype=np.float64)


def _binomial(n: int, p: Floats) -> Floats:
    k = np.arange(n + 1)
    log_choose = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return np.asarray(np.exp(log_choose + xlogy(k, p[:, None]) + xlog1py(n - k, -p[:, None])), dtype=np.float64)
