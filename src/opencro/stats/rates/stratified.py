"""Stratified comparisons of rates after Mantel and Haenszel, and rates standardized to a reference population."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from opencro.stats.rates.comparisons import RateComparison
from opencro.stats.rates.inputs import Alternative, Floats, read_rates, tail_p, tails
from opencro.stats.result import Note, Result, StatsError


@dataclass(frozen=True)
class StandardizedRate(Result):
    """A directly standardized rate per `per` units of time, with the gamma interval."""

    title: ClassVar[str] = "Directly standardized rate"

    events: float
    time: float
    crude: float
    rate: float
    se: float
    lower: float
    upper: float
    notes: tuple[Note, ...] = ()


def rate_ratio_mantel_haenszel(
    events: ArrayLike, time: ArrayLike, *, alpha: float = 0.05, alternative: Alternative = "two-sided"
) -> RateComparison:
    """Mantel-Haenszel ratio of rates over strata.

    `events` and `time` (k, 2): group 1 and reference, one row per stratum. Ratio = sum(x1 T2/T) / sum(x2 T1/T); the
    variance of its logarithm is sum(m T1 T2 / T^2) / (sum(x1 T2/T) sum(x2 T1/T)), m = x1 + x2. The p-value is that of
    the Mantel-Haenszel test, (sum x1 - m T1/T)^2 / sum(m T1 T2/T^2). Strata without time in a group say nothing
    (STA-783). Raises STA-780. Source: Greenland and Robins 1985, Biometrics 41:55-68. Example:
    `rate_ratio_mantel_haenszel(x, t)`.
    """
    x, t, notes = _table(events, time)
    total, m = t.sum(1), x.sum(1)
    top, bottom = float((x[:, 0] * t[:, 1] / total).sum()), float((x[:, 1] * t[:, 0] / total).sum())
    spread = float((m * t[:, 0] * t[:, 1] / total**2).sum())
    low, high = tails(alpha, alternative)
    z = float((x[:, 0] - m * t[:, 0] / total).sum()) / np.sqrt(spread) if spread > 0 else np.nan
    p = tail_p(float(stats.norm.cdf(z)), float(stats.norm.sf(z)), alternative)
    if top == 0 or bottom == 0:
        ratio = np.inf if top > 0 else (0.0 if bottom > 0 else np.nan)
        note = Note("STA-782", "a group without events leaves no interval; see rate_ratio_miettinen_nurminen")
        return RateComparison("Mantel-Haenszel", "ratio", ratio, 0.0, np.inf, p, (*notes, note))
    se = np.sqrt(spread / (top * bottom))
    limits = np.exp(np.log(top / bottom) + np.array([-1, 1]) * stats.norm.isf([low, high]) * se)
    return RateComparison("Mantel-Haenszel", "ratio", top / bottom, float(limits[0]), float(limits[1]), p, notes)


def rate_difference_mantel_haenszel(
    events: ArrayLike, time: ArrayLike, *, alpha: float = 0.05, alternative: Alternative = "two-sided"
) -> RateComparison:
    """Mantel-Haenszel difference of rates over strata.

    Arguments and errors as in `rate_ratio_mantel_haenszel`. Difference = sum w (x1/T1 - x2/T2) / sum w, w = T1 T2/T,
    with the variance sum w^2 (x1/T1^2 + x2/T2^2) / (sum w)^2; the p-value is Wald's.
    Source: Greenland and Robins 1985, Biometrics 41:55-68. Example: `rate_difference_mantel_haenszel(x, t)`.
    """
    x, t, notes = _table(events, time)
    w = t[:, 0] * t[:, 1] / t.sum(1)
    difference = float((w * (x[:, 0] / t[:, 0] - x[:, 1] / t[:, 1])).sum() / w.sum())
    se = float(np.sqrt((w**2 * (x / t**2).sum(1)).sum()) / w.sum())
    low, high = tails(alpha, alternative)
    if se == 0:
        note = Note("STA-782", "no events in either group: the data say nothing of the comparison")
        return RateComparison("Mantel-Haenszel", "difference", difference, np.nan, np.nan, np.nan, (*notes, note))
    p = tail_p(float(stats.norm.cdf(difference / se)), float(stats.norm.sf(difference / se)), alternative)
    limits = difference + np.array([-1, 1]) * stats.norm.isf([low, high]) * se
    return RateComparison("Mantel-Haenszel", "difference", difference, float(limits[0]), float(limits[1]), p, notes)


def fay_feuer(
    events: ArrayLike, time: ArrayLike, standard: ArrayLike, *, per: float = 1.0, alpha: float = 0.05
) -> StandardizedRate:
    """Directly standardized rate with the gamma interval of Fay and Feuer.

    `events`, `time`, `standard` (k,): counts, time at risk and standard population by stratum. Rate y = sum w x with
    w = standard / (time sum standard), variance v = sum w^2 x, W = max w. lower = v/(2y) chi2(alpha/2; 2y^2/v), upper =
    (v + W^2)/(2(y + W)) chi2(1 - alpha/2; 2(y + W)^2/(v + W^2)). With one stratum it is Garwood's interval.
    A standard stratum without time raises STA-780. Source: Fay and Feuer 1997, Statistics in Medicine 16:791-801.
    SAS PROC STDRATE cl=gamma, R epitools::ageadjust.direct. Example: `fay_feuer([5, 9], [100, 80], [3, 1])`.
    """
    x, t, _ = read_rates(events, time)
    weights = np.asarray(standard, dtype=np.float64)
    if weights.shape != x.shape or (weights < 0).any() or not weights.sum() > 0 or (weights[t == 0] > 0).any():
        raise StatsError(
            "STA-780", f"a standard {weights.tolist()}", "one share per stratum that has time", "Pool strata."
        )
    here = (t > 0) & (weights > 0)
    w = weights[here] / (t[here] * weights.sum())
    y, v, most = float((w * x[here]).sum()), float((w**2 * x[here]).sum()), float(w.max())
    lower = v / y * float(special.gammaincinv(y**2 / v, alpha / 2)) if y > 0 else 0.0
    wide = v + most**2
    upper = wide / (y + most) * float(special.gammainccinv((y + most) ** 2 / wide, alpha / 2))
    crude, se = float(x.sum() / t.sum()), float(np.sqrt(v))
    return StandardizedRate(float(x.sum()), float(t.sum()), per * crude, per * y, per * se, per * lower, per * upper)


def _table(events: ArrayLike, time: ArrayLike) -> tuple[Floats, Floats, tuple[Note, ...]]:
    shape = np.shape(events)
    if len(shape) != 2 or shape[1] != 2 or np.shape(time) != shape:
        raise StatsError("STA-780", f"events of shape {shape}", "(strata, 2)", "One row per stratum.")
    x, t, _ = read_rates(np.ravel(events), np.ravel(time))
    x, t = x.reshape(shape), t.reshape(shape)
    both = (t > 0).all(1)
    if not both.any():
        raise StatsError("STA-780", "no stratum with both groups", "time at risk in both", "Check the strata.")
    note = (Note("STA-783", f"{int((~both).sum())} stratum(s) hold one group only and say nothing"),)
    return x[both], t[both], () if both.all() else note
