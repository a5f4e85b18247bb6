"""Rank tests of more than two groups: Kruskal-Wallis, Friedman and Jonckheere-Terpstra."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2

from opencro.stats.rank.sample import Alternative, Floats, RankTests, check_sample, midranks, normal_test
from opencro.stats.result import Note, Result, StatsError


@dataclass(frozen=True)
class RankChiSquare(Result):
    """A rank test with a chi-square statistic."""

    title: ClassVar[str] = "Rank test of several groups"
    method: str
    chi_square: float
    df: int
    p_value: float
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class JonckheereTest(Result):
    """A test for ordered groups: `j` counts the pairs that rise from an earlier to a later group, ties half."""

    title: ClassVar[str] = "Jonckheere-Terpstra test"
    j: float
    z: float
    p_value: float
    alternative: str
    notes: tuple[Note, ...] = ()


def kruskal_wallis_batch(values: ArrayLike, sizes: Sequence[int]) -> RankTests:
    """Kruskal-Wallis tests for values of shape (trials, N), the groups side by side with `sizes` columns each."""
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or sum(sizes) != table.shape[1] or min(sizes, default=0) < 1 or not np.isfinite(table).all():
        got = f"shape {table.shape} for groups of {list(sizes)}"
        raise StatsError("STA-541", got, "(trials, sum of sizes), all finite", "Put the groups side by side.")
    ranks, size = midranks(table), table.shape[1]
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    sums = np.add.reduceat(ranks, starts, axis=1)
    between = (sums**2 / np.asarray(sizes)).sum(axis=1) - size * (size + 1) ** 2 / 4
    whole = (ranks**2).sum(axis=1) - size * (size + 1) ** 2 / 4
    with np.errstate(divide="ignore", invalid="ignore"):
        h = np.where(whole > 1e-9 * size, (size - 1) * between / whole, np.nan)
    return RankTests(h, np.asarray(chi2.sf(h, len(sizes) - 1), dtype=np.float64))


def kruskal_wallis(groups: Sequence[ArrayLike]) -> RankChiSquare:
    """The Kruskal-Wallis test that all groups have the same distribution.

    Args:
        groups: two or more samples, finite.

    Returns:
        H with correction for ties, degrees of freedom and p-value; all values tied: NaN (note STA-544).

    Raises:
        StatsError: STA-541 for fewer than two groups, an empty one or missing values.

    Formula: H = (N-1) sum n (mean rank - (N+1)/2)² / sum (r - (N+1)/2)².

    Source: Kruskal and Wallis, JASA 1952;47:583-621.

    Example:
        >>> kruskal_wallis([[1, 2, 3], [4, 5, 6], [7, 8, 9]]).chi_square
        7.2
    """
    samples = _groups(groups)
    tests = kruskal_wallis_batch(np.concatenate(samples)[None], [s.size for s in samples])
    h = float(tests.statistic[0])
    notes = (Note("STA-544", "all values are tied: nothing to test"),) if np.isnan(h) else ()
    return RankChiSquare("Kruskal-Wallis", h, len(samples) - 1, float(tests.p_value[0]), notes)


def friedman(values: ArrayLike) -> RankChiSquare:
    """Friedman's test that treatments don't differ within blocks.

    Args:
        values: finite, of shape (blocks, treatments), at least two of each.

    Returns:
        Chi-square with correction for ties, degrees of freedom and p-value; all blocks tied: NaN (note STA-544).

    Raises:
        StatsError: STA-541 for another shape or missing values.

    Formula: (k-1) sum (R_j - b(k+1)/2)² / (sum r² - b k (k+1)²/4), R_j the rank sum of a treatment.

    Source: Friedman, JASA 1937;32:675-701; ties: Conover, Practical Nonparametric Statistics 1999, section 5.8.

    Example:
        >>> friedman([[1, 2, 3], [1, 3, 2], [1, 2, 3], [2, 1, 3]]).chi_square
        4.5
    """
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or min(table.shape) < 2 or not np.isfinite(table).all():
        raise StatsError(
            "STA-541", f"shape {table.shape}", "(blocks, treatments), all finite", "Leave blocks with gaps out."
        )
    blocks, k = table.shape
    ranks = midranks(table)
    spread = float((ranks**2).sum() - blocks * k * (k + 1) ** 2 / 4)
    if spread <= 1e-9 * blocks:
        lost = float("nan")
        return RankChiSquare("Friedman", lost, k - 1, lost, (Note("STA-544", "all blocks are tied"),))
    value = float((k - 1) * ((ranks.sum(axis=0) - blocks * (k + 1) / 2) ** 2).sum() / spread)
    return RankChiSquare("Friedman", value, k - 1, float(chi2.sf(value, k - 1)))


def jonckheere_terpstra(groups: Sequence[ArrayLike], *, alternative: Alternative = "two-sided") -> JonckheereTest:
    """The Jonckheere-Terpstra test that values rise (or fall) from group to group.

    Args:
        groups: two or more samples in their order, finite.
        alternative: side; "greater" is values that rise.

    Returns:
        J, z (no continuity correction, variance with ties) and p-value; all values tied: NaN (note STA-544).

    Raises:
        StatsError: STA-541 for fewer than two groups, an empty one or missing values, STA-543 unknown side.

    Formula: J = sum over pairs of groups of the Mann-Whitney counts; mean (N² - sum n²)/4; variance with ties as below.

    Source: Jonckheere, Biometrika 1954;41:133-145; ties: Hollander, Wolfe and Chicken 2014, section 6.2, eq. 6.19.

    Example:
        >>> jonckheere_terpstra([[1, 2, 3], [2, 4, 6], [7, 8, 9]]).j
        25.5
    """
    samples = _groups(groups)
    j = 0.0
    for later in range(1, len(samples)):
        before, after = np.sort(np.concatenate(samples[:later])), samples[later]
        j += float(np.searchsorted(before, after, "left").sum() + np.searchsorted(before, after, "right").sum()) / 2
    sizes = np.array([s.size for s in samples], dtype=np.float64)
    ties = np.unique(np.concatenate(samples), return_counts=True)[1].astype(np.float64)
    size = float(sizes.sum())
    spread = _spread_with_ties(size, sizes, ties)
    gap = j - (size**2 - float((sizes**2).sum())) / 4
    z, p = (float(v[0]) for v in normal_test(np.array([gap]), np.array([spread]), alternative, 0.0))
    notes = (Note("STA-544", "all values are tied: nothing to test"),) if np.isnan(z) else ()
    return JonckheereTest(j, z, p, alternative, notes)


def _spread_with_ties(size: float, groups: Floats, ties: Floats) -> float:
    if ties.size == 1:
        return 0.0

    def cubic(v: Floats) -> float:
        return float((v * (v - 1) * (2 * v + 5)).sum())

    def triple(v: Floats) -> float:
        return float((v * (v - 1) * (v - 2)).sum())

    def double(v: Floats) -> float:
        return float((v * (v - 1)).sum())

    first = (size * (size - 1) * (2 * size + 5) - cubic(groups) - cubic(ties)) / 72
    second = triple(groups) * triple(ties) / (36 * size * (size - 1) * (size - 2)) if size > 2 else 0.0
    return first + second + double(groups) * double(ties) / (8 * size * (size - 1))


def _groups(groups: Sequence[ArrayLike]) -> list[Floats]:
    samples = [check_sample(g, f"group {i}") for i, g in enumerate(groups, 1)]
    if len(samples) < 2:
        raise StatsError("STA-541", f"{len(samples)} groups", "at least 2", "Compare groups.")
    return samples
