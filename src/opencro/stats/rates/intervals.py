"""Events per time at risk of one group: rates with exact, mid-P, score and approximate intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from opencro.stats.rates.inputs import Alternative, Floats, read_rates, tails
from opencro.stats.rates.roots import find_roots
from opencro.stats.result import Note, Result


@dataclass(frozen=True)
class RateIntervals(Result):
    """Rates per `per` units of time with their limits, one row per group."""

    title: ClassVar[str] = ""

    method: str
    events: Floats
    time: Floats
    rate: Floats
    lower: Floats
    upper: Floats
    notes: tuple[Note, ...] = ()


def garwood(
    events: ArrayLike, time: ArrayLike, *, per: float = 1.0, alpha: float = 0.05, alternative: Alternative = "two-sided"
) -> RateIntervals:
    """Exact interval of a Poisson rate: each limit has alpha / 2 beyond it.

    `events`: counts, one or several groups. `time`: their time at risk. `per`: units of time of the rate, e.g. 100
    years. `alternative`: "less" gives an upper, "greater" a lower limit alone. lower = chi2(alpha/2; 2x) / 2 / T,
    upper = chi2(1 - alpha/2; 2x + 2) / 2 / T. Never covers less than 1 - alpha. Raises STA-780; no time gives the
    note STA-781. Source: Garwood 1936, Biometrika 28:437-442. R poisson.test, SAS PROC STDRATE cl=... Example:
    `garwood(5, 120.5)`.
    """
    x, t, notes = read_rates(events, time)
    low, high = tails(alpha, alternative)
    lower = np.where(x > 0, special.gammaincinv(np.maximum(x, 1e-300), low), 0.0) if low > 0 else np.zeros_like(x)
    upper = special.gammainccinv(x + 1, high) if high > 0 else np.full_like(x, np.inf)
    return _intervals("Garwood", x, t, lower, upper, per, notes)


def byar(
    events: ArrayLike, time: ArrayLike, *, per: float = 1.0, alpha: float = 0.05, alternative: Alternative = "two-sided"
) -> RateIntervals:
    """Byar's approximation of the exact interval of a Poisson rate.

    Arguments and errors as in `garwood`. lower = x (1 - 1/(9x) - z / (3 sqrt x))^3, upper the same with x + 1 and + z.
    Source: Breslow and Day 1987, Statistical Methods in Cancer Research II, p. 69, eq. 2.13. Example: `byar(5, 120.5)`.
    """
    x, t, notes = read_rates(events, time)
    low, high = tails(alpha, alternative)
    some, more = np.maximum(x, 1.0), x + 1
    lower = np.where(x > 0, some * np.maximum(1 - 1 / (9 * some) - _z(low) / (3 * np.sqrt(some)), 0) ** 3, 0.0)
    upper = more * (1 - 1 / (9 * more) + _z(high) / (3 * np.sqrt(more))) ** 3
    return _intervals("Byar", x, t, lower, upper, per, notes)


def poisson_mid_p(
    events: ArrayLike, time: ArrayLike, *, per: float = 1.0, alpha: float = 0.05, alternative: Alternative = "two-sided"
) -> RateIntervals:
    """Mid-P interval of a Poisson rate: half of the observed count's probability counts as beyond it.

    Arguments and errors as in `garwood`. Solves P(X > x) + P(X = x)/2 = alpha/2 for the lower limit, the mirror for the
    upper. Covers 1 - alpha on average. Source: Cohen and Yang 1994, Statistics in Medicine 13:2189-2203.
    Example: `poisson_mid_p(5, 120.5)`.
    """
    x, t, notes = read_rates(events, time)
    low, high = tails(alpha, alternative)
    exact = garwood(x, np.ones_like(x), alpha=alpha, alternative=alternative)

    def above(mu: Floats) -> Floats:
        return np.asarray(stats.poisson.sf(x, mu) + stats.poisson.pmf(x, mu) / 2)

    center = np.maximum(x, 0.5)
    lower, upper = exact.lower, exact.upper
    if low > 0:
        start = np.where(x > 0, exact.lower * 0.999, 0.0)
        lower = np.where(x > 0, find_roots(lambda mu: above(mu) - low, start, center), 0.0)
    if high > 0:
        upper = find_roots(lambda mu: 1 - above(mu) - high, np.zeros_like(x), exact.upper * 1.001 + 1e-9)
    return _intervals("mid-P", x, t, lower, upper, per, notes)


def poisson_score(
    events: ArrayLike, time: ArrayLike, *, per: float = 1.0, alpha: float = 0.05, alternative: Alternative = "two-sided"
) -> RateIntervals:
    """Score interval of a Poisson rate: the values mu with |x - mu| <= z sqrt(mu).

    Arguments and errors as in `garwood`. x + z^2/2 -+ z sqrt(x + z^2/4). Source: Rao 1948, Proc. Cambridge
    Philosophical Society 44:50-57; Barker 2002, The American Statistician 56:85-89. Example: `poisson_score(5, 120.5)`.
    """
    x, t, notes = read_rates(events, time)
    low, high = tails(alpha, alternative)
    z0, z1 = _z(low), _z(high)
    lower = x + z0**2 / 2 - z0 * np.sqrt(x + z0**2 / 4) if low > 0 else np.zeros_like(x)
    upper = x + z1**2 / 2 + z1 * np.sqrt(x + z1**2 / 4) if high > 0 else np.full_like(x, np.inf)
    return _intervals("score", x, t, lower, upper, per, notes)


def poisson_wald_log(
    events: ArrayLike, time: ArrayLike, *, per: float = 1.0, alpha: float = 0.05, alternative: Alternative = "two-sided"
) -> RateIntervals:
    """Wald interval of the logarithm of a Poisson rate, log(x/T) -+ z / sqrt(x).

    Arguments and errors as in `garwood`. It is what a Poisson model without covariates gives. Without events there is
    no interval (0 to infinity, STA-782). Source: Breslow and Day 1987, p. 61. Example: `poisson_wald_log(5, 120.5)`.
    """
    x, t, notes = read_rates(events, time)
    low, high = tails(alpha, alternative)
    some = np.maximum(x, 1.0)
    lower = np.where(x > 0, x * np.exp(-_z(low) / np.sqrt(some)), 0.0)
    upper = np.where(x > 0, some * np.exp(_z(high) / np.sqrt(some)), np.inf)
    if (x == 0).any():
        notes += (Note("STA-782", "without events this method has no interval; see garwood"),)
    return _intervals("Wald, log", x, t, lower, upper, per, notes)


def _z(tail: float) -> float:
    return float(stats.norm.isf(tail))


def _intervals(
    method: str, x: Floats, t: Floats, lower: Floats, upper: Floats, per: float, notes: tuple[Note, ...]
) -> RateIntervals:
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(t > 0, per / t, np.nan)
    return RateIntervals(method, x, t, x * scale, lower * scale, upper * scale, notes)
