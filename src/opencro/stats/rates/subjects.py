"""Exposure-adjusted rates from one row per participant, with variances that allow for participants who differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from opencro.stats.rates.comparisons import RateComparison
from opencro.stats.rates.inputs import Alternative, Floats, read_rates, tail_p, tails
from opencro.stats.result import Note, Result, StatsError

Variance = Literal["robust", "poisson"]


@dataclass(frozen=True)
class ExposureAdjustedRates(Result):
    """Events per `per` units of exposure by group, with standard error and limits."""

    title: ClassVar[str] = "Exposure-adjusted event rates"

    group: tuple[str, ...]
    subjects: tuple[int, ...]
    events: Floats
    time: Floats
    rate: Floats
    se: Floats
    lower: Floats
    upper: Floats
    notes: tuple[Note, ...] = ()


def exposure_adjusted_rates(
    events: ArrayLike, time: ArrayLike, group: ArrayLike | None = None, *, variance: Variance = "robust",
    interval: Literal["log", "gamma"] = "log", per: float = 1.0, alpha: float = 0.05,
) -> ExposureAdjustedRates:  # fmt: skip
    """Events per time of exposure, by group, from participants' own counts and times.

    `events`, `time` (n,): per participant; for incidence count the first event and the time until it. `group` (n,):
    labels. `variance`: "robust" = n/(n-1) sum (x - r t)^2 / T^2, which holds when events recur within participants (the
    sandwich of a Poisson model), or "poisson" = sum x / T^2. `interval`: "log", r exp(-+ z se/r), or "gamma", quantiles
    of the gamma distribution with mean r and that variance below, with mean (x + 1)/T above. Groups without events
    get 0 and, above, Garwood's limit. Raises STA-780; a group of one participant has no robust variance (STA-784).
    Sources: Lin, Wei, Yang and Ying 2000, J. Royal Statistical Society B 62:711-730 (robust); Fay and Feuer 1997
    (gamma). Example: `exposure_adjusted_rates([2, 0, 1], [1.0, 0.5, 2.0])`.
    """
    x, t, _ = read_rates(events, time)
    labels, codes = _groups(group, len(x))
    rows = [_one(x[codes == g], t[codes == g], variance) for g in range(len(labels))]
    total, exposure, se = (np.array([row[i] for row in rows]) for i in (1, 2, 3))
    if (exposure == 0).any():
        raise StatsError("STA-780", "a group without time of exposure", "time in every group", "Drop the group.")
    rate = total / exposure
    with np.errstate(divide="ignore", invalid="ignore"):
        lower, upper = (_log_limits if interval == "log" else _gamma_limits)(rate, se, 1 / exposure, alpha)
        lower = np.where(rate > 0, lower, 0.0)
        upper = np.where(rate > 0, upper, -np.log(alpha / 2) / exposure)
    notes = (Note("STA-784", "a group of one participant has no robust variance"),)
    return ExposureAdjustedRates(
        labels, tuple(int(row[0]) for row in rows), total, exposure, per * rate, per * se, per * lower, per * upper,
        notes if np.isnan(se).any() else (),
    )  # fmt: skip


def exposure_adjusted_ratio(
    rates: ExposureAdjustedRates, group: str, reference: str, *, alpha: float = 0.05,
    alternative: Alternative = "two-sided",
) -> RateComparison:  # fmt: skip
    """Ratio of two exposure-adjusted rates with the Wald interval of its logarithm.

    `rates`: from `exposure_adjusted_rates`, with the variance chosen there; `group`, `reference`: labels. A group
    without events leaves no interval (STA-782). Raises STA-780 for an unknown label. Source: the delta method.
    Example: `exposure_adjusted_ratio(rates, "drug", "placebo")`.
    """
    a, b = _find(rates, group), _find(rates, reference)
    low, high = tails(alpha, alternative)
    if rates.rate[a] == 0 or rates.rate[b] == 0:
        ratio = np.nan if rates.rate[a] == rates.rate[b] else (0.0 if rates.rate[a] == 0 else np.inf)
        return RateComparison(
            "Wald, log", "ratio", ratio, 0.0, np.inf, np.nan, (Note("STA-782", "a group without events"),)
        )
    log_ratio = float(np.log(rates.rate[a] / rates.rate[b]))
    se = float(np.hypot(rates.se[a] / rates.rate[a], rates.se[b] / rates.rate[b]))
    limits = np.exp(log_ratio + np.array([-1, 1]) * stats.norm.isf([low, high]) * se)
    p = tail_p(float(stats.norm.cdf(log_ratio / se)), float(stats.norm.sf(log_ratio / se)), alternative)
    return RateComparison("Wald, log", "ratio", float(np.exp(log_ratio)), float(limits[0]), float(limits[1]), p)


def exposure_adjusted_difference(
    rates: ExposureAdjustedRates, group: str, reference: str, *, alpha: float = 0.05,
    alternative: Alternative = "two-sided",
) -> RateComparison:  # fmt: skip
    """Difference of two exposure-adjusted rates, in the units of `rates`, with the Wald interval.

    Arguments and errors as in `exposure_adjusted_ratio`. Source: Liu, Wang, Shen and Liu 2006, J. Biopharmaceutical
    Statistics 16:127-138. Example: `exposure_adjusted_difference(rates, "drug", "placebo")`.
    """
    a, b = _find(rates, group), _find(rates, reference)
    low, high = tails(alpha, alternative)
    difference, se = float(rates.rate[a] - rates.rate[b]), float(np.hypot(rates.se[a], rates.se[b]))
    if se == 0:
        return RateComparison("Wald", "difference", difference, np.nan, np.nan, np.nan, (Note("STA-782", "no events"),))
    limits = difference + np.array([-1, 1]) * stats.norm.isf([low, high]) * se
    p = tail_p(float(stats.norm.cdf(difference / se)), float(stats.norm.sf(difference / se)), alternative)
    return RateComparison("Wald", "difference", difference, float(limits[0]), float(limits[1]), p)


def _groups(group: ArrayLike | None, n: int) -> tuple[tuple[str, ...], Floats]:
    if group is None:
        return ("all",), np.zeros(n)
    array = np.asarray(group)
    if array.shape != (n,):
        raise StatsError("STA-780", f"`group` of shape {array.shape}", f"{n} labels", "One per participant.")
    labels, codes = np.unique(array, return_inverse=True)
    return tuple(str(v) for v in labels.tolist()), codes.astype(np.float64)


def _one(x: Floats, t: Floats, variance: Variance) -> tuple[int, float, float, float]:
    n, total, exposure = len(x), float(x.sum()), float(t.sum())
    if exposure == 0:
        return n, total, exposure, np.nan
    if variance == "poisson":
        return n, total, exposure, float(np.sqrt(total)) / exposure
    if n == 1:
        return n, total, exposure, np.nan
    residual = x - total / exposure * t
    return n, total, exposure, float(np.sqrt(n / (n - 1) * (residual**2).sum())) / exposure


def _log_limits(rate: Floats, se: Floats, _unit: Floats, alpha: float) -> tuple[Floats, Floats]:
    factor = np.exp(stats.norm.isf(alpha / 2) * se / rate)
    return rate / factor, rate * factor


def _gamma_limits(rate: Floats, se: Floats, unit: Floats, alpha: float) -> tuple[Floats, Floats]:
    v, above, wide = se**2, rate + unit, se**2 + unit**2
    lower = v / rate * special.gammaincinv(rate**2 / v, alpha / 2)
    return lower, wide / above * special.gammainccinv(above**2 / wide, alpha / 2)


def _find(rates: ExposureAdjustedRates, label: str) -> int:
    if label not in rates.group:
        raise StatsError("STA-780", f"the group {label!r}", f"one of {list(rates.group)}", "Check the label.")
    return rates.group.index(label)
