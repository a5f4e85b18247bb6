"""Intervals that combine the intervals of strata: Wilson and Newcombe after Yan and Su, and the summary score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opencro.stats.binary.interval import Floats, Interval, check_counts, critical_value
from opencro.stats.binary.one_sample import wilson_limits
from opencro.stats.binary.score import miettinen_nurminen_batch
from opencro.stats.result import Note, Result, StatsError


@dataclass(frozen=True)
class StratifiedWilson(Result):
    """A stratified Wilson interval: `estimate` is the weighted rate, `pooled` the rate of all strata together."""

    title: ClassVar[str] = "Stratified Wilson interval"
    aside: ClassVar[frozenset[str]] = frozenset({"weights"})
    estimate: float
    lower: float
    upper: float
    pooled: float
    alpha: float
    weights: NDArray[np.float64]
    notes: tuple[Note, ...] = ()


def stratified_wilson(
    x: ArrayLike, n: ArrayLike, *,
    alpha: float = 0.05,
    weights: ArrayLike | None = None,
    quantile_weights: ArrayLike | None = None,
    correct: bool = False,
) -> StratifiedWilson:  # fmt: skip
    """Yan and Su's stratified Wilson interval for one rate.

    Args:
        x, n: events and persons, one value a stratum; strata without persons are left out. alpha: 1 - level.
        weights: of the strata; by default the shortest interval's, (1 + z'²/n)² / (v + z'²/(4n²)), iterated.
        quantile_weights: the w of z' below, by default `weights`. R tern and cicalc take equal ones there, so theirs
            is `quantile_weights=[1] * strata`.
        correct: from Wilson limits with continuity correction.

    Returns:
        The weighted rate, its limits and the weights; `pooled` is what R cicalc and tern print as the estimate.

    Raises:
        StatsError: STA-501 impossible counts, STA-503 weights that don't fit.

    Formula: sum w L(z') to sum w U(z'), L and U Wilson's limits at z' = z sqrt(sum w² v)/sum(w sqrt(v)), v = p(1-p)/n.

    Source: Yan and Su, Statistics in Biopharmaceutical Research 2010;2:329-335.

    Example:
        >>> stratified_wilson([8, 5], [20, 9]).pooled
        0.44827...
    """
    every_x, every_n = (np.atleast_1d(v) for v in check_counts(x, n, empty=True))
    events, totals, left = _with_persons(every_x, every_n)
    rates, z = events / totals, critical_value(alpha)
    spread = rates * (1 - rates) / totals
    chosen = _shortest(spread, totals, z) if weights is None else _given(weights, every_n)
    at = chosen if quantile_weights is None else _given(quantile_weights, every_n)
    limits = wilson_limits(events, totals, _common_quantile(spread, totals, at, z), correct)
    notes = (Note("STA-511", f"{left} strata without persons are left out"),) if left else ()
    rate, lower, upper = (float((chosen * v).sum()) for v in (rates, *limits))
    return StratifiedWilson(rate, lower, upper, float(events.sum() / totals.sum()), alpha, chosen, notes)


def stratified_newcombe(
    x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike, *, alpha: float = 0.05, correct: bool = False
) -> Interval:
    """Yan and Su's stratified Newcombe interval for p1 - p2 with Mantel-Haenszel weights.

    Args:
        x1, n1, x2, n2: events and persons of both arms, one value a stratum. Strata with an empty arm are left out.
        alpha: 1 minus the confidence level.
        correct: from Wilson limits with continuity correction.

    Returns:
        The weighted difference and its limits (SAS COMMONRISKDIFF(CL=NEWCOMBE), R tern `strat_newcombe`).

    Raises:
        StatsError: STA-501 impossible counts or no stratum with both arms.

    Formula: d - z sqrt(c1 L1(1-L1) + c2 U2(1-U2)) to d + z sqrt(c1 U1(1-U1) + c2 L2(1-L2)), L and U the stratified
    Wilson limits of an arm with the weights w = n1 n2/N and c = sum(w²/n)/(sum w)².

    Source: Yan and Su, Statistics in Biopharmaceutical Research 2010;2:329-335, section 3.

    Example:
        >>> stratified_newcombe([8, 5], [20, 9], [4, 3], [19, 12]).lower
        -0.00952...
    """
    counts, w, notes = _both_arms(x1, n1, x2, n2)
    z = critical_value(alpha)
    rates, limits, spreads = [], [], []
    for events, totals in (counts[:2], counts[2:]):
        p = events / totals
        quantile = _common_quantile(p * (1 - p) / totals, totals, w, z)
        rates.append(float((w * p).sum()))
        limits.append([float((w * v).sum()) for v in wilson_limits(events, totals, quantile, correct)])
        spreads.append(float((w**2 / totals).sum()))
    (low1, high1), (low2, high2) = limits
    d = rates[0] - rates[1]
    below = z * np.sqrt(spreads[0] * low1 * (1 - low1) + spreads[1] * high2 * (1 - high2))
    above = z * np.sqrt(spreads[0] * high1 * (1 - high1) + spreads[1] * low2 * (1 - low2))
    return Interval("Stratified Newcombe (Yan-Su)", d, float(d - below), float(d + above), alpha, notes)


def summary_score(x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike, *, alpha: float = 0.05) -> Interval:
    """The summary score interval for p1 - p2: inverse-variance mean of the strata's Miettinen-Nurminen intervals.

    Args:
        x1, n1, x2, n2: events and persons of both arms, one value a stratum. Strata with an empty arm are left out.
        alpha: 1 minus the confidence level.

    Returns:
        The weighted mean of the midpoints and its Wald interval (SAS COMMONRISKDIFF(CL=SCORE)); the midpoint isn't
        the observed difference.

    Raises:
        StatsError: STA-501 impossible counts or no stratum with both arms.

    Formula: in each stratum midpoint (L+U)/2 and s = (U-L)/(2z); weights 1/s², standard error 1/sqrt(sum 1/s²).

    Source: Agresti, Categorical Data Analysis, 3rd ed. 2013, p. 231; SAS/STAT User's Guide, FREQ, summary score.

    Example:
        >>> summary_score([8, 5], [20, 9], [4, 3], [19, 12]).lower
        -0.02099...
    """
    counts, _, notes = _both_arms(x1, n1, x2, n2)
    z = critical_value(alpha)
    limits = miettinen_nurminen_batch(*counts, alpha=alpha)
    weights = (2 * z / (limits.upper - limits.lower)) ** 2
    middle = float((weights * (limits.lower + limits.upper) / 2).sum() / weights.sum())
    half = float(z / np.sqrt(weights.sum()))
    return Interval("Summary score", middle, middle - half, middle + half, alpha, notes)


def _with_persons(x: Floats, n: Floats) -> tuple[Floats, Floats, int]:
    used = n > 0
    if not used.any():
        raise StatsError("STA-501", "no persons in any stratum", "at least one", "Check how the strata were counted.")
    return x[used], n[used], int((~used).sum())


def _both_arms(
    x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike
) -> tuple[tuple[Floats, Floats, Floats, Floats], Floats, tuple[Note, ...]]:
    values = (*check_counts(x1, n1, empty=True), *check_counts(x2, n2, empty=True))
    e1, m1, e2, m2 = (np.atleast_1d(v) for v in np.broadcast_arrays(*values))
    used = (m1 > 0) & (m2 > 0)
    if not used.any():
        raise StatsError("STA-501", "no stratum with persons in both arms", "at least one", "Pool the strata.")
    e1, m1, e2, m2 = e1[used], m1[used], e2[used], m2[used]
    w = m1 * m2 / (m1 + m2)
    left = int((~used).sum())
    notes = (Note("STA-511", f"{left} strata without persons in one arm are left out"),) if left else ()
    return (e1, m1, e2, m2), w / w.sum(), notes


def _given(weights: ArrayLike, n: Floats) -> Floats:
    given = np.atleast_1d(np.asarray(weights, dtype=np.float64))
    if given.shape != n.shape or (given < 0).any() or not given[n > 0].sum() > 0:
        raise StatsError(
            "STA-503", f"weights {given.tolist()}", f"{n.size} weights, none negative", "Give one weight a stratum."
        )
    used = given[n > 0]
    return np.asarray(used / used.sum(), dtype=np.float64)


def _common_quantile(variances: Floats, n: Floats, weights: Floats, z: float) -> float:
    """z' of Yan and Su. Where no stratum varies (all rates 0 or 1), Wilson's own variance at z stands in."""
    if not (weights**2 * variances).any():
        variances = (variances + z**2 / (4 * n**2)) / (1 + z**2 / n) ** 2
    return float(z * np.sqrt((weights**2 * variances).sum()) / (weights * np.sqrt(variances)).sum())


def _shortest(variances: Floats, n: Floats, z: float) -> Floats:
    weights = np.full(n.size, 1 / n.size)
    for _ in range(200):
        quantile = _common_quantile(variances, n, weights, z)
        fresh = (1 + quantile**2 / n) ** 2 / (variances + quantile**2 / (4 * n**2))
        fresh /= fresh.sum()
        change = float(np.abs(fresh - weights).max())
        weights = fresh
        if change < 1e-14:
            break
    return weights
