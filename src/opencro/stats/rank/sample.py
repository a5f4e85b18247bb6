"""What the rank methods take and give: checked samples, their midranks, null distributions of rank sums."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm, rankdata

from opencro.stats.result import StatsError

Floats = NDArray[np.float64]
Alternative = Literal["two-sided", "less", "greater"]
EXACT_LIMIT = 2_000_000_000


class RankTests(NamedTuple):
    """What a `_batch` function gives: arrays of z (or chi-square) statistics and p-values, one value a trial."""

    statistic: Floats
    p_value: Floats


def check_sample(values: ArrayLike, name: str, least: int = 1) -> Floats:
    """One finite sample with at least `least` values."""
    sample = np.asarray(values, dtype=np.float64)
    if sample.ndim != 1 or sample.size < least or not np.isfinite(sample).all():
        raise StatsError(
            "STA-541",
            f"{name} of shape {sample.shape}" + ("" if np.isfinite(sample).all() else " with missing values"),
            f"one axis with at least {least} finite values",
            "Leave missing values out first, and say how many.",
        )
    return sample


def check_side(alternative: Alternative) -> None:
    """Raises for an unknown side."""
    if alternative not in ("two-sided", "less", "greater"):
        raise StatsError(
            "STA-543",
            f"alternative={alternative!r}",
            '"two-sided", "less" or "greater"',
            "Name the side as given here.",
        )


def check_alpha(alpha: float) -> float:
    """`alpha` if it lies between 0 and 1."""
    if not 0.0 < alpha < 1.0:
        raise StatsError("STA-543", f"alpha={alpha}", "0 < alpha < 1", "A 95 % interval has alpha=0.05.")
    return float(alpha)


def normal_test(gap: Floats, spread: Floats, alternative: Alternative, correct: float) -> tuple[Floats, Floats]:
    """z and p of statistics less their means; `correct` shrinks the gap towards 0. Without spread z is NaN."""
    check_side(alternative)
    if alternative == "two-sided":
        shift = np.sign(gap) * np.minimum(np.abs(gap), correct)
    else:
        shift = np.full_like(gap, correct if alternative == "greater" else -correct)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(spread > 0, (gap - shift) / np.sqrt(spread), np.nan)
    if alternative == "two-sided":
        return z, np.minimum(1.0, 2 * norm.sf(np.abs(z)))
    return z, np.asarray(norm.cdf(z) if alternative == "less" else norm.sf(z), dtype=np.float64)


def midranks(values: Floats) -> Floats:
    """Midranks along the last axis."""
    return np.asarray(rankdata(values, axis=-1), dtype=np.float64)


def subset_sum_chances(ranks: Floats, number: int) -> tuple[Floats, Floats]:
    """Possible sums of `number` of the midranks with their probabilities when all subsets are equally likely."""
    doubled = np.rint(2 * ranks).astype(np.int64)
    top = int(np.sort(doubled)[::-1][:number].sum())
    _check_work(len(doubled) * number * (top + 1))
    ways: Floats = _subset_sums(doubled, number, top)
    used = np.flatnonzero(ways)
    return np.asarray(used / 2.0, dtype=np.float64), np.asarray(ways[used] / ways[used].sum(), dtype=np.float64)


def signed_sum_chances(ranks: Floats) -> tuple[Floats, Floats]:
    """Possible sums of the midranks with a plus sign, with their probabilities when each sign is a fair coin."""
    doubled = np.rint(2 * ranks).astype(np.int64)
    _check_work(len(doubled) * (int(doubled.sum()) + 1))
    ways = _signed_sums(doubled)
    used = np.flatnonzero(ways)
    return used / 2.0, np.asarray(ways[used], dtype=np.float64)


def tail(sums: Floats, chances: Floats, seen: float, alternative: Alternative) -> float:
    """The exact p-value; two-sided adds up all sums at least as far from the mean."""
    check_side(alternative)
    if alternative == "two-sided":
        mean = float((sums * chances).sum())
        keep = np.abs(sums - mean) >= abs(seen - mean) - 1e-9 * max(1.0, mean)
    else:
        keep = sums <= seen + 1e-9 if alternative == "less" else sums >= seen - 1e-9
    return float(min(1.0, chances[keep].sum()))


def _check_work(steps: int) -> None:
    if steps > EXACT_LIMIT:
        raise StatsError(
            "STA-542",
            f"{steps:.1e} steps",
            f"at most {EXACT_LIMIT:.0e}",
            "With so many values use the normal approximation.",
        )


@njit(cache=True)
def _subset_sums(ranks: NDArray[np.int64], number: int, top: int) -> Floats:
    ways = np.zeros((number + 1, top + 1))
    ways[0, 0] = 1.0
    for i in range(len(ranks)):
        for k in range(min(i + 1, number), 0, -1):
            for s in range(top, ranks[i] - 1, -1):
                ways[k, s] += ways[k - 1, s - ranks[i]]
    wanted: Floats = ways[number]
    return wanted


@njit(cache=True)
def _signed_sums(ranks: NDArray[np.int64]) -> Floats:
    chances = np.zeros(ranks.sum() + 1)
    chances[0] = 1.0
    reach = 0
    for r in ranks:
        reach += r
        for s in range(reach, -1, -1):
            chances[s] = 0.5 * chances[s] + (0.5 * chances[s - r] if s >= r else 0.0)
    return chances
