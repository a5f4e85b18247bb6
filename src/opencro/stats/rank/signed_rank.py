"""Wilcoxon's signed-rank test of one sample or of paired differences: asymptotic and exact with ties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from opencro.stats.rank.sample import (
    Alternative,
    Floats,
    check_sample,
    midranks,
    normal_test,
    signed_sum_chances,
    tail,
)
from opencro.stats.result import Note, Result


@dataclass(frozen=True)
class SignedRankTest(Result):
    """A signed-rank test: `positive` is the sum of the ranks of the values above `null` (R's V)."""

    title: ClassVar[str] = "Wilcoxon signed-rank test"
    method: str
    n: int
    positive: float
    z: float
    p_value: float
    alternative: str
    null: float
    notes: tuple[Note, ...] = ()


def signed_rank(
    x: ArrayLike, *, null: float = 0.0, alternative: Alternative = "two-sided", correct: bool = True
) -> SignedRankTest:
    """Wilcoxon's signed-rank test with the normal approximation.

    Args:
        x: the sample, or the differences of pairs, finite.
        null: the centre of the hypothesis; values equal to it are left out (Wilcoxon's way; note STA-547).
        alternative: side; "greater" is a centre above null.
        correct: with the continuity correction 1/2, as R does by default. SAS UNIVARIATE uses a t distribution.

    Returns:
        Values used, the sum of positive ranks, z and p-value; without values z is NaN (note STA-544).

    Raises:
        StatsError: STA-541 for an empty sample or missing values, STA-543 for an unknown side.

    Formula: z = (V - n(n+1)/4 -+ 1/2) / sqrt(sum r²/4), r the midranks of |x - null|: the variance holds with ties.

    Source: Wilcoxon, Biometrics Bulletin 1945;1:80-83.

    Example:
        >>> signed_rank([1.5, -0.5, 2.5, 3.5]).positive
        9.0
    """
    ranks, positive, notes = _ranks(x, null)
    mean, spread = ranks.sum() / 2, (ranks**2).sum() / 4
    z, p = normal_test(np.array([positive - mean]), np.array([spread]), alternative, 0.5 if correct else 0.0)
    method = "normal approximation" + (", continuity corrected" if correct else "")
    return SignedRankTest(method, ranks.size, positive, float(z[0]), float(p[0]), alternative, null, notes)


def signed_rank_exact(x: ArrayLike, *, null: float = 0.0, alternative: Alternative = "two-sided") -> SignedRankTest:
    """Wilcoxon's signed-rank test with the exact distribution over the signs, with ties too.

    Args:
        x: the sample, or the differences of pairs, finite.
        null: the centre of the hypothesis; values equal to it are left out (note STA-547).
        alternative: side; two-sided adds up all sums at least as far from their mean.

    Returns:
        As `signed_rank`, z without correction; without values p is 1 (note STA-544).

    Raises:
        StatsError: STA-541 for an empty sample or missing values, STA-543 for an unknown side, STA-542 where n times
            the sum of ranks exceeds 2e9 (about 1,500 values).

    Source: Wilcoxon 1945; with ties: Streitberg and Röhmel, Statistical Software Newsletter 1986;12:10-18.

    Example:
        >>> signed_rank_exact([1.5, -0.5, 2.5, 3.5]).p_value
        0.25
    """
    ranks, positive, notes = _ranks(x, null)
    p = tail(*signed_sum_chances(ranks), positive, alternative)
    z, _ = normal_test(np.array([positive - ranks.sum() / 2]), np.array([(ranks**2).sum() / 4]), "two-sided", 0.0)
    return SignedRankTest("exact", ranks.size, positive, float(z[0]), p, alternative, null, notes)


def _ranks(x: ArrayLike, null: float) -> tuple[Floats, float, tuple[Note, ...]]:
    sample = check_sample(x, "x") - null
    used = sample[sample != 0]
    ranks = midranks(np.abs(used))
    notes = []
    if used.size < sample.size:
        notes.append(Note("STA-547", f"{sample.size - used.size} values equal to {null:g} are left out"))
    if not used.size:
        notes.append(Note("STA-544", "no value differs from the hypothesis: nothing to test"))
    return ranks, float(ranks[used > 0].sum()), tuple(notes)
