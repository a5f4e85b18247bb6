"""Two groups: ratio and difference of rates by score, exact conditional and Wald methods, stratified or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from opencro.stats.rates.inputs import Alternative, Floats, read_rates, tail_p, tails
from opencro.stats.rates.roots import find_root_outward
from opencro.stats.result import Note, Result, StatsError

_FAR = 50.0  # a log ratio beyond which a limit is 0 or infinite


@dataclass(frozen=True)
class RateComparison(Result):
    """One comparison of two groups: estimate, limits and the p-value of no difference."""

    title: ClassVar[str] = ""

    method: str
    measure: str
    estimate: float
    lower: float
    upper: float
    p: float
    notes: tuple[Note, ...] = ()


def rate_ratio_wald_log(
    events: tuple[float, float], time: tuple[float, float], *, alpha: float = 0.05,
    alternative: Alternative = "two-sided",
) -> RateComparison:  # fmt: skip
    """Ratio of two rates with the Wald interval of its logarithm, variance 1/x1 + 1/x2.

    `events` and `time`: of group 1 and of the reference. `alternative`: "less" tests ratio < 1 and gives an upper
    limit. A group without events leaves no interval (STA-782). Raises STA-780. It is what a Poisson model with log
    link gives. Source: Breslow and Day 1987, p. 107. Example: `rate_ratio_wald_log((8, 15), (120.5, 118.0))`.
    """
    x, t, notes = _pair(events, time)
    low, high = tails(alpha, alternative)
    ratio = _ratio(x, t)
    if (x == 0).any():
        note = Note("STA-782", "without events this method has no interval; see rate_ratio_exact")
        return RateComparison("Wald, log", "ratio", ratio, 0.0, np.inf, np.nan, (*notes, note))
    se = float(np.sqrt((1 / x).sum()))
    z = np.log(ratio) / se
    limits = np.exp(np.log(ratio) + np.array([-1, 1]) * stats.norm.isf([low, high]) * se)
    p = tail_p(float(stats.norm.cdf(z)), float(stats.norm.sf(z)), alternative)
    return RateComparison("Wald, log", "ratio", ratio, float(limits[0]), float(limits[1]), p, notes)


def rate_ratio_exact(
    events: tuple[float, float], time: tuple[float, float], *, alpha: float = 0.05,
    alternative: Alternative = "two-sided",
) -> RateComparison:  # fmt: skip
    """Ratio of two rates with the exact conditional interval: x1 given x1 + x2 is binomial.

    Arguments and errors as in `rate_ratio_wald_log`. Clopper-Pearson limits q of the share give q/(1 - q) T2/T1. The
    two-sided p doubles the smaller tail, as the interval does (R poisson.test sums the probabilities not above the
    observed one instead). No events at all: 0 to infinity, STA-782.
    Source: Przyborowski and Wilenski 1940, Biometrika 31:313-323. Example: `rate_ratio_exact((8, 15), (120.5, 118.0))`.
    """
    return _conditional("exact conditional", events, time, alpha, alternative, weight=1.0)


def rate_ratio_mid_p(
    events: tuple[float, float], time: tuple[float, float], *, alpha: float = 0.05,
    alternative: Alternative = "two-sided",
) -> RateComparison:  # fmt: skip
    """Ratio of two rates with the mid-P conditional interval: the observed split counts half in each tail.

    Arguments and errors as in `rate_ratio_exact`. Source: Rothman and Boice 1979, Epidemiologic Analysis with a
    Programmable Calculator, p. 11. Example: `rate_ratio_mid_p((8, 15), (120.5, 118.0))`.
    """
    return _conditional("mid-P conditional", events, time, alpha, alternative, weight=0.5)


def rate_ratio_miettinen_nurminen(
    events: ArrayLike, time: ArrayLike, *, alpha: float = 0.05, alternative: Alternative = "two-sided"
) -> RateComparison:
    """Ratio of two rates with the score interval, stratified by rows.

    `events` and `time`: (2,) of group 1 and of the reference, or (k, 2) with one row per stratum. Limits solve
    sum w (r1 - R r2) = -+ z sqrt(sum w^2 (m1/T1 + R^2 m2/T2)), m the rates estimated under R, w = T1 T2 / (T1 + T2) as
    in R ratesci scoreci(distrib = "poi") with weighting = "MH", without its skewness correction. Raises STA-780.
    Source: Miettinen and Nurminen 1985, Statistics in Medicine 4:213-226, section 4.
    Example: `rate_ratio_miettinen_nurminen((8, 15), (120.5, 118.0))`.
    """
    x, t, w, notes = _strata(events, time)
    r1, r2 = x / t

    def score(log_ratio: float) -> float:
        ratio = np.exp(log_ratio)
        m2 = x.sum(0) / (t[0] * ratio + t[1])
        spread = (w**2 * (ratio * m2 / t[0] + ratio**2 * m2 / t[1])).sum()
        return float((w * (r1 - ratio * r2)).sum() / np.sqrt(spread)) if spread > 0 else 0.0

    top, bottom = float((w * r1).sum()), float((w * r2).sum())
    estimate = top / bottom if bottom > 0 else (np.inf if top > 0 else np.nan)
    center = float(np.clip(np.log(max(top, 1e-300) / max(bottom, 1e-300)), -_FAR, _FAR))
    low, high = tails(alpha, alternative)
    lower, upper = _score_limits(score, center, 0.5, (low, high), (-_FAR, _FAR))
    if not x.sum():
        return RateComparison("score", "ratio", np.nan, 0.0, np.inf, np.nan, (*notes, _no_events()))
    p = tail_p(*_normal_tails(score(0.0)), alternative)
    low_end, high_end = (
        (0.0 if lower <= -_FAR else float(np.exp(lower))),
        (np.inf if upper >= _FAR else float(np.exp(upper))),
    )
    return RateComparison("score", "ratio", estimate, low_end, high_end, p, notes)


def rate_difference_miettinen_nurminen(
    events: ArrayLike, time: ArrayLike, *, alpha: float = 0.05, alternative: Alternative = "two-sided"
) -> RateComparison:
    """Difference of two rates with the score interval, stratified by rows.

    Arguments, weights and errors as in `rate_ratio_miettinen_nurminen`. Limits solve sum w (r1 - r2 - D) =
    -+ z sqrt(sum w^2 (m1/T1 + m2/T2)), m2 the positive root of N m^2 + (N D - x1 - x2) m - x2 D = 0 with N = T1 + T2
    and m1 = m2 + D. Source: Miettinen and Nurminen 1985, Statistics in Medicine 4:213-226, section 4.
    Example: `rate_difference_miettinen_nurminen((8, 15), (120.5, 118.0))`.
    """
    x, t, w, notes = _strata(events, time)
    r1, r2 = x / t
    n = t.sum(0)

    def score(difference: float) -> float:
        b = n * difference - x.sum(0)
        m2 = np.maximum((-b + np.sqrt(np.maximum(b**2 + 4 * n * x[1] * difference, 0))) / (2 * n), 0.0)
        m1 = np.maximum(m2 + difference, 0.0)
        spread = (w**2 * (m1 / t[0] + m2 / t[1])).sum()
        gap = (w * (r1 - r2 - difference)).sum()
        return float(gap / np.sqrt(spread)) if spread > 0 else float(np.sign(gap) * (0.0 if gap == 0 else np.inf))

    estimate = float((w * (r1 - r2)).sum() / w.sum())
    step = float(np.sqrt((w**2 * ((x[0] + 0.5) / t[0] ** 2 + (x[1] + 0.5) / t[1] ** 2)).sum()) / w.sum())
    low, high = tails(alpha, alternative)
    lower, upper = _score_limits(score, estimate, step, (low, high), (-np.inf, np.inf))
    p = tail_p(*_normal_tails(score(0.0)), alternative)
    return RateComparison("score", "difference", estimate, lower, upper, p, notes)


def rate_difference_wald(
    events: ArrayLike, time: ArrayLike, *, alpha: float = 0.05, alternative: Alternative = "two-sided"
) -> RateComparison:
    """Difference of two rates with the Wald interval, variance x1/T1^2 + x2/T2^2.

    Arguments and errors as in `rate_ratio_wald_log`. Needs many events. Source: Rothman, Greenland and Lash 2008,
    Modern Epidemiology, p. 245. Example: `rate_difference_wald((8, 15), (120.5, 118.0))`.
    """
    x, t, notes = _pair(events, time)
    low, high = tails(alpha, alternative)
    difference, se = float(x[0] / t[0] - x[1] / t[1]), float(np.sqrt((x / t**2).sum()))
    if se == 0:
        return RateComparison("Wald", "difference", difference, np.nan, np.nan, np.nan, (*notes, _no_events()))
    z = difference / se
    p = tail_p(float(stats.norm.cdf(z)), float(stats.norm.sf(z)), alternative)
    limits = difference + np.array([-1, 1]) * stats.norm.isf([low, high]) * se
    return RateComparison("Wald", "difference", difference, float(limits[0]), float(limits[1]), p, notes)


def _no_events() -> Note:
    return Note("STA-782", "no events in either group: the data say nothing of the comparison")


def _normal_tails(z: float) -> tuple[float, float]:
    return float(stats.norm.cdf(z)), float(stats.norm.sf(z))


def _ratio(x: Floats, t: Floats) -> float:
    if x[1] > 0:
        return float(x[0] / t[0] / (x[1] / t[1]))
    return np.inf if x[0] > 0 else np.nan


def _pair(events: ArrayLike, time: ArrayLike) -> tuple[Floats, Floats, tuple[Note, ...]]:
    x, t, notes = read_rates(events, time)
    if x.shape != (2,) or (t == 0).any():
        raise StatsError(
            "STA-780", f"{len(x)} groups, times {t.tolist()}", "two groups with time at risk", "Give both."
        )
    return x, t, notes


def _strata(events: ArrayLike, time: ArrayLike) -> tuple[Floats, Floats, Floats, tuple[Note, ...]]:
    """Events and times (2, k), Mantel-Haenszel weights (k,); strata that hold one group only leave with a note."""
    shape = np.shape(events)
    if shape[-1:] != (2,) or np.shape(time) != shape or len(shape) > 2:
        raise StatsError("STA-780", f"events of shape {shape}", "(2,) or (strata, 2)", "One row per stratum.")
    x, t, _ = read_rates(np.ravel(events), np.ravel(time))
    x, t = x.reshape(-1, 2).T, t.reshape(-1, 2).T
    both = (t > 0).all(0)
    if not both.any():
        raise StatsError("STA-780", "no stratum with both groups", "time at risk in both", "Check the strata.")
    note = (Note("STA-783", f"{int((~both).sum())} stratum(s) hold one group only and say nothing"),)
    x, t = x[:, both], t[:, both]
    return x, t, t[0] * t[1] / t.sum(0), () if both.all() else note


def _conditional(
    method: str, events: ArrayLike, time: ArrayLike, alpha: float, alternative: Alternative, *, weight: float
) -> RateComparison:
    x, t, notes = _pair(events, time)
    total, first = float(x.sum()), float(x[0])
    if total == 0:
        return RateComparison(method, "ratio", np.nan, 0.0, np.inf, 1.0, (*notes, _no_events()))
    low, high = tails(alpha, alternative)

    def beyond(log_odds: float) -> tuple[float, float]:
        """P(X1 <= x1) and P(X1 >= x1) at the log ratio, the observed split weighted."""
        share = float(special.expit(log_odds + np.log(t[0] / t[1])))
        seen = float(stats.binom.pmf(first, total, share)) * (1 - weight)
        return float(stats.binom.cdf(first, total, share)) - seen, float(stats.binom.sf(first - 1, total, share)) - seen

    center = float(np.log((first + 0.5) / (total - first + 0.5) * t[1] / t[0]))
    bottom = (
        -np.inf if first == 0 or low == 0 else find_root_outward(lambda b: beyond(b)[1] - low, center, -1.0, -700.0)
    )
    top = (
        np.inf if first == total or high == 0 else find_root_outward(lambda b: beyond(b)[0] - high, center, 1.0, 700.0)
    )
    p = tail_p(*beyond(0.0), alternative)
    return RateComparison(method, "ratio", _ratio(x, t), float(np.exp(bottom)), float(np.exp(top)), p, notes)


def _score_limits(
    score: Callable[[float], float], center: float, step: float, sides: tuple[float, float],
    ends: tuple[float, float],
) -> tuple[float, float]:  # fmt: skip
    low, high = sides
    lower, upper = -np.inf, np.inf
    if low > 0:
        cut = float(stats.norm.isf(low))
        lower = find_root_outward(lambda b: cut - score(b), center, -step, ends[0])
    if high > 0:
        cut_high = float(stats.norm.isf(high))
        upper = find_root_outward(lambda b: cut_high + score(b), center, step, ends[1])
    return lower, upper
