"""Confidence intervals for one proportion from the binomial and beta distributions, and the exact binomial test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize.elementwise import find_root
from scipy.special import betainc, betaincinv
from scipy.stats import binom

from opencro.stats.binary.interval import (
    Alternative,
    Floats,
    Interval,
    Limits,
    check_alpha,
    check_counts,
    normal_p_value,
    single,
)
from opencro.stats.result import Result, StatsError

_MIRRORED = Callable[[Floats, Floats, float], Floats]


def clopper_pearson_batch(x: ArrayLike, n: ArrayLike, *, alpha: float = 0.05) -> Limits:
    """Clopper-Pearson limits for arrays of counts; see `clopper_pearson`."""
    return _mirrored(x, n, check_alpha(alpha), _clopper_pearson_lower)


def clopper_pearson(x: int, n: int, *, alpha: float = 0.05) -> Interval:
    """Clopper and Pearson's exact interval: both one-sided binomial tests at alpha/2 inverted.

    Args:
        x: events, a whole number from 0 to n.
        n: persons, at least 1.
        alpha: 1 minus the confidence level.

    Returns:
        The interval; its coverage is never below 1 - alpha.

    Raises:
        StatsError: STA-501 for impossible counts, STA-502 for alpha outside (0, 1).

    Formula: quantiles alpha/2 of Beta(x, n-x+1) and 1-alpha/2 of Beta(x+1, n-x).

    Source: Clopper and Pearson, Biometrika 1934;26:404-413.

    Example:
        >>> clopper_pearson(0, 20).upper
        0.16843...
    """
    return single("Clopper-Pearson", clopper_pearson_batch(x, n, alpha=alpha), alpha)


def jeffreys_batch(x: ArrayLike, n: ArrayLike, *, alpha: float = 0.05) -> Limits:
    """Jeffreys limits for arrays of counts; see `jeffreys`."""
    return _mirrored(x, n, check_alpha(alpha), _jeffreys_lower)


def jeffreys(x: int, n: int, *, alpha: float = 0.05) -> Interval:
    """Jeffreys' interval: equal-tailed posterior under the prior Beta(1/2, 1/2), with 0 at x = 0 and 1 at x = n.

    Args:
        x: events, a whole number from 0 to n.
        n: persons, at least 1.
        alpha: 1 minus the confidence level.

    Returns:
        The interval; the change at the boundary is Brown, Cai and DasGupta's (section 4.1.2), as in SAS and R.

    Raises:
        StatsError: STA-501 for impossible counts, STA-502 for alpha outside (0, 1).

    Source: Brown, Cai and DasGupta, Statistical Science 2001;16:101-133.

    Example:
        >>> jeffreys(0, 20).upper
        0.11663...
    """
    return single("Jeffreys", jeffreys_batch(x, n, alpha=alpha), alpha)


def mid_p_batch(x: ArrayLike, n: ArrayLike, *, alpha: float = 0.05) -> Limits:
    """Mid-P limits for arrays of counts; see `mid_p`."""
    return _mirrored(x, n, check_alpha(alpha), _mid_p_lower)


def mid_p(x: int, n: int, *, alpha: float = 0.05) -> Interval:
    """The mid-P interval: as Clopper-Pearson, with half of the probability of the observed count.

    Args:
        x: events, a whole number from 0 to n.
        n: persons, at least 1.
        alpha: 1 minus the confidence level.

    Returns:
        The interval; its coverage is near 1 - alpha and may fall below it.

    Raises:
        StatsError: STA-501 for impossible counts, STA-502 for alpha outside (0, 1).

    Formula: lower limit p with P(X > x; p) + P(X = x; p)/2 = alpha/2; the upper one mirrored.

    Source: Berry and Armitage, The Statistician 1995;44:417-423.

    Example:
        >>> mid_p(0, 20).upper
        0.13910...
    """
    return single("Mid-P", mid_p_batch(x, n, alpha=alpha), alpha)


def blaker_batch(x: ArrayLike, n: ArrayLike, *, alpha: float = 0.05) -> Limits:
    """Blaker limits for arrays of counts; see `blaker`."""
    return _mirrored(x, n, check_alpha(alpha), _blaker_lower)


def blaker(x: int, n: int, *, alpha: float = 0.05) -> Interval:
    """Blaker's exact interval, never longer than Clopper-Pearson's and nested in alpha.

    Args:
        x: events, a whole number from 0 to n.
        n: persons, at least 1.
        alpha: 1 minus the confidence level.

    Returns:
        The smallest interval that holds every p whose acceptability exceeds alpha.

    Raises:
        StatsError: STA-501 for impossible counts, STA-502 for alpha outside (0, 1).

    Formula: acceptability = the smaller tail probability of x plus the largest opposite tail that doesn't exceed it.
    The limit is found from the jumps of that function, not by steps of a fixed size.

    Source: Blaker, Canadian Journal of Statistics 2000;28:783-798; Klaschka, COMPSTAT 2010, p. 1199.

    Example:
        >>> blaker(3, 10).lower
        0.08726...
    """
    return single("Blaker", blaker_batch(x, n, alpha=alpha), alpha)


@dataclass(frozen=True)
class BinomialTest(Result):
    """An exact binomial test."""

    title: ClassVar[str] = "Exact binomial test"
    estimate: float
    null: float
    p_value: float
    alternative: str


def binomial_test(x: int, n: int, *, null: float = 0.5, alternative: Alternative = "two-sided") -> BinomialTest:
    """Exact test that a proportion is `null`.

    Args:
        x: events, a whole number from 0 to n.
        n: persons, at least 1.
        null: the proportion of the hypothesis, from 0 to 1.
        alternative: side; two-sided adds up all outcomes that are at most as probable as the observed one.

    Returns:
        The p-value. SAS doubles the smaller tail instead: `min(1, 2 * p)` of the one-sided tests.

    Raises:
        StatsError: STA-501 for impossible counts, STA-502 for a null outside [0, 1].

    Source: Clopper and Pearson, Biometrika 1934;26:404-413.

    Example:
        >>> round(binomial_test(7, 10).p_value, 5)
        0.34375
    """
    (events, totals) = check_counts(x, n)
    if not 0 <= null <= 1:
        raise StatsError("STA-502", f"null={null}", "0 <= null <= 1", "Give the proportion of the hypothesis.")
    normal_p_value(0.0, alternative)
    if alternative == "less":
        p = binom.cdf(x, n, null)
    elif alternative == "greater":
        p = binom.sf(x - 1, n, null)
    else:
        chances = binom.pmf(np.arange(n + 1), n, null)
        p = chances[chances <= chances[x] * (1 + 1e-7)].sum()
    return BinomialTest(float(events / totals), null, float(min(p, 1.0)), alternative)


def _mirrored(x: ArrayLike, n: ArrayLike, alpha: float, lower: _MIRRORED) -> Limits:
    events, totals = check_counts(x, n)
    return Limits(events / totals, lower(events, totals, alpha), 1 - lower(totals - events, totals, alpha))


def _clopper_pearson_lower(x: Floats, n: Floats, alpha: float) -> Floats:
    return np.where(x == 0, 0.0, betaincinv(np.maximum(x, 1), n - x + 1, alpha / 2))


def _jeffreys_lower(x: Floats, n: Floats, alpha: float) -> Floats:
    return np.where(x == 0, 0.0, betaincinv(x + 0.5, n - x + 0.5, alpha / 2))


def _upper_tail(p: Floats, x: Floats, n: Floats) -> Floats:
    return np.where(x <= 0, 1.0, np.where(x > n, 0.0, betainc(np.clip(x, 1, n), np.maximum(n - x + 1, 1), p)))


def _mid_p_lower(x: Floats, n: Floats, alpha: float) -> Floats:
    def excess(p: Floats, k: Floats, m: Floats) -> Floats:
        return (_upper_tail(p, k, m) + _upper_tail(p, k + 1, m)) / 2 - alpha / 2

    at_least_one = np.maximum(x, 1)
    found = find_root(excess, (np.zeros_like(x), np.ones_like(x)), args=(at_least_one, np.maximum(n, at_least_one)))
    # With x = n the upper tail beyond x is empty and the equation is p^n / 2 = alpha / 2.
    return np.where(x == 0, 0.0, found.x)


def _blaker_lower(x: Floats, n: Floats, alpha: float) -> Floats:
    """The limit is a jump p_k, where P(X <= k) = P(X >= x), or lies on the rise just before it.

    p_k grows with k, the acceptability there is 2 P(X >= x), so the first k that counts is the alpha/2 quantile of
    the distribution at the Clopper-Pearson limit.
    """
    count = np.maximum(x, 1)
    start = betaincinv(count, n - count + 1, alpha / 2)
    k = np.clip(binom.ppf(alpha / 2, n, start), 0, count - 1)

    def gap(p: Floats, j: Floats, c: Floats, m: Floats) -> Floats:
        return 1 - _upper_tail(p, j + 1, m) - _upper_tail(p, c, m)

    def accepted(p: Floats, j: Floats, c: Floats, m: Floats) -> Floats:
        return np.where(j < 0, 0.0, 1 - _upper_tail(p, j + 1, m)) + _upper_tail(p, c, m) - alpha

    zeros, ones = np.zeros_like(count), np.ones_like(count)
    jump = find_root(gap, (zeros, ones), args=(k, count, n)).x
    before = find_root(gap, (zeros, ones), args=(np.maximum(k - 1, 0), count, n)).x
    before = np.where(k == 0, 0.0, before)
    rises = (accepted(jump, k - 1, count, n) > 0) & (accepted(before, k - 1, count, n) < 0)
    rise = find_root(
        accepted,
        (np.where(rises, before, 0.0), np.where(rises, jump, 1.0)),
        args=(np.where(rises, k - 1, -1), count, n),
    ).x
    return np.where(x == 0, 0.0, np.where(rises, rise, jump))
