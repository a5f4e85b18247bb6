"""Wilcoxon's rank-sum test (Mann-Whitney): asymptotic, exact with ties, in batches, stratified; van Elteren's test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opencro.stats.rank.sample import (
    Alternative,
    Floats,
    RankTests,
    check_sample,
    midranks,
    normal_test,
    subset_sum_chances,
    tail,
)
from opencro.stats.result import Note, Result, StatsError


@dataclass(frozen=True)
class RankSumTest(Result):
    """A rank-sum test: `u` counts the pairs with x > y, ties half (R prints it as W)."""

    title: ClassVar[str] = "Wilcoxon rank-sum test"
    method: str
    rank_sum: float
    u: float
    z: float
    p_value: float
    alternative: str
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class StratifiedRankTest(Result):
    """A rank-sum test over strata; chi_square is z² with one degree of freedom."""

    title: ClassVar[str] = "Stratified rank-sum test"
    method: str
    z: float
    chi_square: float
    p_value: float
    alternative: str
    strata: int
    notes: tuple[Note, ...] = ()


def rank_sum_batch(
    x: ArrayLike, y: ArrayLike, *, alternative: Alternative = "two-sided", correct: bool = True
) -> RankTests:
    """Asymptotic rank-sum tests for samples of shape (trials, n1) and (trials, n2); see `rank_sum`."""
    first, second = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    fits = first.ndim == second.ndim == 2 and len(first) == len(second) and min(first.shape[1], second.shape[1]) > 0
    if not fits or not (np.isfinite(first).all() and np.isfinite(second).all()):
        got = f"shapes {first.shape} and {second.shape}"
        raise StatsError("STA-541", got, "finite values, (trials, n1) and (trials, n2)", "Give one trial a row.")
    _, gap, spread = _moments(first, second)
    return RankTests(*normal_test(gap, spread, alternative, 0.5 if correct else 0.0))


def rank_sum(
    x: ArrayLike, y: ArrayLike, *, alternative: Alternative = "two-sided", correct: bool = True
) -> RankSumTest:
    """Wilcoxon's rank-sum test with the normal approximation.

    Args:
        x, y: the two samples, finite.
        alternative: side; "greater" is x larger than y.
        correct: with the continuity correction 1/2, as R and SAS do by default.

    Returns:
        The sum of the ranks of x, U, z and p-value; all values tied: z is NaN (note STA-544).

    Raises:
        StatsError: STA-541 for an empty sample or missing values, STA-543 for an unknown side.

    Formula: z = (W - n1(N+1)/2 -+ 1/2) / sqrt(n1 n2 (sum r² - N(N+1)²/4) / (N(N-1))), r the midranks: the
    variance holds with ties too.

    Source: Wilcoxon, Biometrics Bulletin 1945;1:80-83; Mann and Whitney, Ann. Math. Stat. 1947;18:50-60.

    Example:
        >>> rank_sum([1.1, 2.2, 3.3], [2.5, 3.5, 4.5, 5.5]).u
        1.0
    """
    first, second = check_sample(x, "x"), check_sample(y, "y")
    w, gap, spread = _moments(first[None], second[None])
    z, p = normal_test(gap, spread, alternative, 0.5 if correct else 0.0)
    n = first.size
    notes = () if spread[0] > 0 else (Note("STA-544", "all values are tied: nothing to test"),)
    method = "normal approximation" + (", continuity corrected" if correct else "")
    return RankSumTest(method, float(w[0]), float(w[0] - n * (n + 1) / 2), float(z[0]), float(p[0]), alternative, notes)


def rank_sum_exact(x: ArrayLike, y: ArrayLike, *, alternative: Alternative = "two-sided") -> RankSumTest:
    """Wilcoxon's rank-sum test with the permutation distribution of the observed midranks, so exact with ties too.

    Args:
        x, y: the two samples, finite.
        alternative: side; two-sided adds up all rank sums at least as far from their mean (SAS EXACT, R coin).

    Returns:
        The sum of the ranks of x, U, z without correction and the exact p-value.

    Raises:
        StatsError: STA-541 for an empty sample or missing values, STA-543 for an unknown side, STA-542 where
            N n1 sum(ranks) exceeds 2e9 steps (about 300 values); then `rank_sum` is accurate.

    Formula: number of subsets by size and rank sum, built up value by value.

    Source: Streitberg and Röhmel, Statistical Software Newsletter 1986;12:10-18.

    Example:
        >>> rank_sum_exact([1.1, 2.2, 3.3], [2.5, 3.5, 4.5, 5.5]).p_value
        0.11428...
    """
    first, second = check_sample(x, "x"), check_sample(y, "y")
    ranks = midranks(np.concatenate([first, second]))
    w = float(ranks[: first.size].sum())
    if first.size <= second.size:
        p = tail(*subset_sum_chances(ranks, first.size), w, alternative)
    else:
        mirrored: Alternative = {"less": "greater", "greater": "less"}.get(alternative, alternative)  # type: ignore[assignment]
        p = tail(*subset_sum_chances(ranks, second.size), float(ranks.sum()) - w, mirrored)
    _, gap, spread = _moments(first[None], second[None])
    z, _ = normal_test(gap, spread, "two-sided", 0.0)
    notes = () if spread[0] > 0 else (Note("STA-544", "all values are tied: nothing to test"),)
    n = first.size
    return RankSumTest("exact", w, w - n * (n + 1) / 2, float(z[0]), p, alternative, notes)


def van_elteren(
    x: ArrayLike, y: ArrayLike, x_strata: ArrayLike, y_strata: ArrayLike, *, alternative: Alternative = "two-sided"
) -> StratifiedRankTest:
    """Van Elteren's stratified rank-sum test: the strata's rank sums weighted by 1/(N + 1).

    Args:
        x, y: the two samples, finite.
        x_strata, y_strata: the stratum of each value, any labels.
        alternative: side; "greater" is x larger than y.

    Returns:
        z without correction, z² and p-value. Strata without both samples, or with all values tied, add nothing.

    Raises:
        StatsError: STA-541 for samples and strata that don't fit, STA-543 for an unknown side.

    Formula: z = sum (W - n1(N+1)/2)/(N+1) / sqrt(sum V/(N+1)²), V as in `rank_sum` (SAS: CMH2 SCORES=MODRIDIT).

    Source: van Elteren, Bulletin of the International Statistical Institute 1960;37:351-361.

    Example:
        >>> van_elteren([1, 3, 5], [2, 6, 7], ["a", "a", "b"], ["a", "b", "b"]).strata
        2
    """
    samples = _with_strata(x, y, x_strata, y_strata)
    return _stratified("van Elteren", samples, alternative, lambda size: 1 / (size + 1))


def stratified_rank_sum(
    x: ArrayLike,
    y: ArrayLike,
    x_strata: ArrayLike,
    y_strata: ArrayLike,
    *,
    ranks: Literal["strata", "all"] = "strata",
    alternative: Alternative = "two-sided",
) -> StratifiedRankTest:
    """The stratified rank-sum test with the same weight for all ranks.

    Args:
        x, y: the two samples, finite.
        x_strata, y_strata: the stratum of each value, any labels.
        ranks: within each stratum, or over all values and permuted within strata (R coin `wilcox_test(y ~ x | b)`).
        alternative: side; "greater" is x larger than y.

    Returns:
        z without correction, z² and p-value. Strata without both samples, or with all values tied, add nothing.

    Raises:
        StatsError: STA-541 for samples and strata that don't fit, STA-543 for an unknown option.

    Formula: z = sum (W - n1 mean) / sqrt(sum V), V = n1 n2 sum (r - mean)² / (N(N-1)) in each stratum; with ranks
    within strata large ones weigh more than in `van_elteren`.

    Source: Lehmann, Nonparametrics: Statistical Methods Based on Ranks 1975, section 3.3.

    Example:
        >>> stratified_rank_sum([1, 3, 5], [2, 6, 7], ["a", "a", "b"], ["a", "b", "b"]).strata
        2
    """
    first, second, labels, others = _with_strata(x, y, x_strata, y_strata)
    if ranks not in ("strata", "all"):
        raise StatsError("STA-543", f"ranks={ranks!r}", '"strata" or "all"', "Name one of the two.")
    joint = midranks(np.concatenate([first, second])) if ranks == "all" else None
    samples = first, second, labels, others
    return _stratified(f"unweighted, ranks of {ranks}", samples, alternative, lambda _: 1.0, joint)


def _moments(x: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
    """Rank sum of x, its distance from the mean and its permutation variance, one a row."""
    return _score_moments(midranks(np.concatenate([x, y], axis=1)), x.shape[1])


def _score_moments(scores: Floats, n1: int) -> tuple[Floats, Floats, Floats]:
    """The same for any scores, those of x first."""
    size = scores.shape[1]
    total = scores[:, :n1].sum(axis=1)
    mean = scores.mean(axis=1)
    squares = ((scores - mean[:, None]) ** 2).sum(axis=1)
    spread = n1 * (size - n1) * squares / (size * max(size - 1, 1))
    return total, total - n1 * mean, np.where(squares > 1e-9 * size, spread, 0.0)


_Samples = tuple[Floats, Floats, NDArray[Any], NDArray[Any]]


def _with_strata(x: ArrayLike, y: ArrayLike, x_strata: ArrayLike, y_strata: ArrayLike) -> _Samples:
    first, second = check_sample(x, "x"), check_sample(y, "y")
    labels, others = np.asarray(x_strata), np.asarray(y_strata)
    if labels.shape != first.shape or others.shape != second.shape:
        got = f"shapes {first.shape}, {labels.shape}, {second.shape}, {others.shape}"
        raise StatsError("STA-541", got, "a stratum for each value", "Give x_strata for x and y_strata for y.")
    return first, second, labels, others


def _stratified(
    method: str,
    samples: _Samples,
    alternative: Alternative,
    weight: Callable[[int], float],
    joint: Floats | None = None,
) -> StratifiedRankTest:
    first, second, labels, others = samples
    gap, spread, used = 0.0, 0.0, 0
    for label in np.intersect1d(labels, others):
        inside, outside = labels == label, others == label
        n1, size = int(inside.sum()), int(inside.sum() + outside.sum())
        values = np.concatenate([first[inside], second[outside]])
        scores = midranks(values) if joint is None else joint[np.concatenate([inside, outside])]
        _, part, variance = _score_moments(scores[None], n1)
        w = weight(size)
        gap, spread, used = gap + w * float(part[0]), spread + w**2 * float(variance[0]), used + 1
    z, p = (float(v[0]) for v in normal_test(np.array([gap]), np.array([spread]), alternative, 0.0))
    notes = []
    left = np.union1d(labels, others).size - used
    if left:
        notes.append(Note("STA-545", f"{left} strata without both samples add nothing"))
    if spread == 0:
        notes.append(Note("STA-544", "no stratum has both samples and different values: nothing to test"))
    return StratifiedRankTest(method, z, z**2, p, alternative, used, tuple(notes))
