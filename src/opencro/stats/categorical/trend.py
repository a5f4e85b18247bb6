"""Cochran and Armitage's test for a trend of proportions over ordered groups, asymptotic and exact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln
from scipy.stats import norm

from opencro.stats.categorical.table import Alternative, Floats, check_side
from opencro.stats.result import Note, Result, StatsError

STATES_LIMIT = 4_000_000


@dataclass(frozen=True)
class TrendTest(Result):
    """A test for trend; a positive z is a rate that grows with the score."""

    title: ClassVar[str] = "Cochran-Armitage test for trend"
    method: str
    z: float
    p_value: float
    alternative: str
    notes: tuple[Note, ...] = ()


def cochran_armitage(
    x: ArrayLike, n: ArrayLike, *, scores: ArrayLike | None = None, alternative: Alternative = "two-sided"
) -> TrendTest:
    """The Cochran-Armitage test for a linear trend of proportions.

    Args:
        x, n: events and persons, one value a group, in order.
        scores: of the groups, e.g. doses; 1, 2, ... by default.
        alternative: side; "greater" is a rate that grows with the score.

    Returns:
        z and p-value; NaN with note STA-524 if all or none are events or the scores don't differ.

    Raises:
        StatsError: STA-521 impossible counts or scores, STA-526 unknown side.

    Formula: sum s (x - n p) / sqrt(p(1-p) sum n (s - mean)²), p the rate of all: SAS `TREND`. The correlation statistic
    of `cochran_mantel_haenszel` is z² (N-1)/N.

    Source: Cochran, Biometrics 1954;10:417-451; Armitage, Biometrics 1955;11:375-386.

    Example:
        >>> cochran_armitage([1, 4, 8], [20, 20, 20]).z
        2.6865...
    """
    check_side(alternative)
    events, totals, s = _groups(x, n, scores)
    z = _z(events, totals, s)
    if np.isnan(z):
        return TrendTest("asymptotic", z, z, alternative, (Note("STA-524", "no variation: nothing to test"),))
    p = 2 * norm.sf(abs(z)) if alternative == "two-sided" else norm.cdf(z) if alternative == "less" else norm.sf(z)
    return TrendTest("asymptotic", z, float(p), alternative)


def cochran_armitage_exact(
    x: ArrayLike, n: ArrayLike, *, scores: ArrayLike | None = None, alternative: Alternative = "two-sided"
) -> TrendTest:
    """The exact conditional Cochran-Armitage test: all tables with the same margins, ordered by sum of scores.

    Args:
        x, n: events and persons, one value a group, in order.
        scores: of the groups; 1, 2, ... by default.
        alternative: side; two-sided adds up all tables whose |sum s x - its mean| is at least the observed one (SAS).

    Returns:
        z as `cochran_armitage` and the exact p-value.

    Raises:
        StatsError: STA-521 impossible counts or scores, STA-526 unknown side, STA-522 more than 4,000,000 states (pairs
            of total and score sum); then use `cochran_armitage`.

    Formula: P(x | sum x) = prod C(n, x) / C(N, sum x), convolved group by group.

    Source: Agresti, Categorical Data Analysis, 3rd ed. 2013, section 16.5; SAS/STAT User's Guide, FREQ, exact tests.

    Example:
        >>> round(cochran_armitage_exact([1, 4, 8], [20, 20, 20]).p_value, 4)
        0.0115
    """
    check_side(alternative)
    events, totals, s = _groups(x, n, scores)
    sums, chances = _distribution(totals, s, int(events.sum()))
    seen, mean = float((s * events).sum()), float((sums * chances).sum())
    fuzz = 1e-9 * max(1.0, float(np.abs(sums).max()))
    if alternative == "two-sided":
        p = chances[np.abs(sums - mean) >= abs(seen - mean) - fuzz].sum()
    else:
        p = chances[sums <= seen + fuzz].sum() if alternative == "less" else chances[sums >= seen - fuzz].sum()
    return TrendTest("exact", _z(events, totals, s), float(min(p, 1.0)), alternative)


def _groups(x: ArrayLike, n: ArrayLike, scores: ArrayLike | None) -> tuple[Floats, Floats, Floats]:
    events, totals = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(n, dtype=np.float64))
    s = np.arange(1.0, events.size + 1) if scores is None else np.asarray(scores, dtype=np.float64)
    whole = (events == np.floor(events)).all() and (totals == np.floor(totals)).all()
    if events.ndim != 1 or s.shape != events.shape or not np.isfinite(s).all():
        raise StatsError(
            "STA-521", f"shapes {events.shape}, {s.shape}", "one value a group", "Give x, n and scores alike."
        )
    if not (whole and ((events >= 0) & (events <= totals)).all()):
        raise StatsError("STA-521", "impossible counts", "whole numbers with 0 <= x <= n", "Check the counts.")
    return events, totals, s


def _z(x: Floats, n: Floats, s: Floats) -> float:
    size = n.sum()
    if size == 0:
        return float("nan")
    p, mean = x.sum() / size, (n * s).sum() / size
    spread = p * (1 - p) * (n * (s - mean) ** 2).sum()
    return float((s * (x - n * p)).sum() / np.sqrt(spread)) if spread > 0 else float("nan")


def _distribution(n: Floats, s: Floats, total: int) -> tuple[Floats, Floats]:
    """Possible score sums given the total of events, with their probabilities."""
    counts: Floats = np.zeros(1)
    sums: Floats = np.zeros(1)
    weights: Floats = np.ones(1)
    for size, score in zip(n, s, strict=True):
        k = np.arange(min(size, total) + 1)
        chance = np.exp(gammaln(size + 1) - gammaln(k + 1) - gammaln(size - k + 1) - size * np.log(2.0))
        if counts.size * k.size > STATES_LIMIT:
            raise StatsError("STA-522", "too many states", f"at most {STATES_LIMIT}", "Use cochran_armitage().")
        both = np.stack([np.add.outer(counts, k).ravel(), np.add.outer(sums, k * score).round(9).ravel()])
        mass = np.multiply.outer(weights, chance).ravel()
        fits = both[0] <= total
        states, place = np.unique(both[:, fits], axis=1, return_inverse=True)
        merged = np.bincount(place.ravel(), weights=mass[fits])
        weights = merged / merged.max()
        counts, sums = states
    last = counts == total
    return sums[last], weights[last] / weights[last].sum()
