"""Hodges and Lehmann's estimates of a shift, between two samples and of one, with asymptotic and exact intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from opencro.stats.rank.sample import (
    Floats,
    check_alpha,
    check_sample,
    signed_sum_chances,
    subset_sum_chances,
)
from opencro.stats.result import Note, Result, StatsError

PAIRS_LIMIT = 100_000_000


@dataclass(frozen=True)
class Shift(Result):
    """A shift with its interval; `level` is the confidence level reached where ties don't matter."""

    title: ClassVar[str] = "Hodges-Lehmann estimate"
    method: str
    estimate: float
    lower: float
    upper: float
    alpha: float
    notes: tuple[Note, ...] = ()


def hodges_lehmann(x: ArrayLike, y: ArrayLike, *, alpha: float = 0.05) -> Shift:
    """Hodges and Lehmann's shift x - y with Moses' interval by the normal approximation.

    Args:
        x, y: the two samples, finite.
        alpha: 1 minus the confidence level.

    Returns:
        The median of all differences and two of them as limits; infinite limits if the samples are too small for the
        level (note STA-546).

    Raises:
        StatsError: STA-541 for an empty sample or missing values, STA-542 more than 100,000,000 differences.

    Formula: lower limit = C-th smallest difference, upper = C-th largest, C the whole part of
    n1 n2/2 - z sqrt(n1 n2 (n1+n2+1)/12), as SAS NPAR1WAY HL. R `wilcox.test` solves for the shift instead and differs
    in the third digit.

    Source: Hodges and Lehmann, Annals of Mathematical Statistics 1963;34:598-611; Hollander, Wolfe and Chicken,
    Nonparametric Statistical Methods, 3rd ed. 2014, sections 4.2-4.3.

    Example:
        >>> hodges_lehmann([1.1, 2.2, 3.3], [2.5, 3.5, 4.5, 5.5]).estimate
        -1.8
    """
    differences = _differences(x, y)
    n1, n2 = np.size(x), np.size(y)
    spread = n1 * n2 * (n1 + n2 + 1) / 12
    place = int(np.floor(n1 * n2 / 2 - norm.isf(check_alpha(alpha) / 2) * np.sqrt(spread)))
    return _shift("Moses, asymptotic", differences, place, alpha)


def hodges_lehmann_exact(x: ArrayLike, y: ArrayLike, *, alpha: float = 0.05) -> Shift:
    """Hodges and Lehmann's shift x - y with the exact interval: rank-sum tests inverted.

    Args:
        x, y: the two samples, finite.
        alpha: 1 minus the confidence level.

    Returns:
        As `hodges_lehmann`; coverage is at least 1 - alpha for continuous data, and with ties.

    Raises:
        StatsError: STA-541 for an empty sample or missing values, STA-542 too large for an exact distribution.

    Formula: C is the largest number with P(U < C) <= alpha/2, U the Mann-Whitney statistic without ties.

    Source: as `hodges_lehmann`; SAS EXACT HL, R `wilcox.test(exact = TRUE, conf.int = TRUE)`.

    Example:
        >>> hodges_lehmann_exact([1, 2, 3, 4, 5], [4, 6, 7, 8, 9]).estimate
        -4.0
    """
    differences = _differences(x, y)
    n1, n2 = np.size(x), np.size(y)
    small = min(n1, n2)
    sums, chances = subset_sum_chances(np.arange(1.0, n1 + n2 + 1), small)
    place = _exact_place(sums - small * (small + 1) / 2, chances, check_alpha(alpha))
    return _shift("exact", differences, place, alpha)


def hodges_lehmann_paired(x: ArrayLike, *, alpha: float = 0.05) -> Shift:
    """The centre of one sample (or of paired differences): median of the Walsh averages with Tukey's interval.

    Args:
        x: the sample, or the differences of pairs, finite.
        alpha: 1 minus the confidence level.

    Returns:
        The median of (x_i + x_j)/2, i <= j, and two of these averages as limits by the normal approximation; infinite
        if the sample is too small for the level (note STA-546).

    Raises:
        StatsError: STA-541 for an empty sample or missing values, STA-542 more than 100,000,000 averages.

    Formula: C the whole part of n(n+1)/4 - z sqrt(n(n+1)(2n+1)/24).

    Source: Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, 3rd ed. 2014, sections 3.2-3.3.

    Example:
        >>> hodges_lehmann_paired([1, 2, 4, 8]).estimate
        3.5
    """
    n = np.size(x)
    spread = n * (n + 1) * (2 * n + 1) / 24
    place = int(np.floor(n * (n + 1) / 4 - norm.isf(check_alpha(alpha) / 2) * np.sqrt(spread)))
    return _shift("Tukey, asymptotic", _walsh_averages(x), place, alpha)


def hodges_lehmann_paired_exact(x: ArrayLike, *, alpha: float = 0.05) -> Shift:
    """The centre of one sample with the exact interval: signed-rank tests inverted.

    Args:
        x: the sample, or the differences of pairs, finite.
        alpha: 1 minus the confidence level.

    Returns:
        As `hodges_lehmann_paired`, coverage at least 1 - alpha for a symmetric distribution.

    Raises:
        StatsError: STA-541 for an empty sample or missing values, STA-542 too large for an exact distribution.

    Formula: C is the largest number with P(T < C) <= alpha/2, T the signed-rank statistic without ties.

    Source: as `hodges_lehmann_paired`; R `wilcox.test(exact = TRUE, conf.int = TRUE)`.

    Example:
        >>> hodges_lehmann_paired_exact([1, 2, 4, 8, 9, 11]).lower
        1.0
    """
    averages = _walsh_averages(x)
    place = _exact_place(*signed_sum_chances(np.arange(1.0, np.size(x) + 1)), check_alpha(alpha))
    return _shift("exact", averages, place, alpha)


def _differences(x: ArrayLike, y: ArrayLike) -> Floats:
    first, second = check_sample(x, "x"), check_sample(y, "y")
    _check_pairs(first.size * second.size)
    return np.sort(np.subtract.outer(first, second).ravel())


def _walsh_averages(x: ArrayLike) -> Floats:
    sample = check_sample(x, "x")
    _check_pairs(sample.size**2)
    rows, columns = np.triu_indices(sample.size)
    return np.sort((sample[rows] + sample[columns]) / 2)


def _check_pairs(pairs: int) -> None:
    if pairs > PAIRS_LIMIT:
        raise StatsError(
            "STA-542", f"{pairs} pairs", f"at most {PAIRS_LIMIT}", "Estimate from a random subset, and say so."
        )


def _exact_place(sums: Floats, chances: Floats, alpha: float) -> int:
    """The largest whole C with P(statistic < C) <= alpha/2; the statistic takes every whole value from 0."""
    below = np.concatenate([[0.0], np.cumsum(chances)])
    return int(np.searchsorted(below, alpha / 2 * (1 + 1e-12), side="right")) - 1 + int(sums[0])


def _shift(method: str, ordered: Floats, place: int, alpha: float) -> Shift:
    estimate = float(np.median(ordered))
    if place < 1:
        note = Note("STA-546", f"too few values for an interval at alpha={alpha:g}")
        return Shift(method, estimate, float("-inf"), float("inf"), alpha, (note,))
    return Shift(method, estimate, float(ordered[place - 1]), float(ordered[-place]), alpha)
