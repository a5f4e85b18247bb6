"""The win ratio with its variance under the null hypothesis of equal shares of wins and losses.

With K_ij, L_ij = 1 where treated i wins, loses against control j, t = (wins + losses) / (2 n_t n_c) and pairs n_t n_c:

    S(A, B) = n_c / (n_c - 1) sum_i sum_{j != j'} (A_ij - t) (B_ij' - t) + the same with the arms exchanged
    var(log win ratio) = (S(K, K) + S(L, L) - 2 S(K, L)) / (n_t n_c t)^2

Dong, Li, Ballerstedt & Vandemeulebroecke (2016) Pharm Stat 15:430; strata: Dong et al. (2018) J Biopharm Stat 28:778.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from opencro.stats.result import Note, Result
from opencro.stats.wins.arms import mark_treated, split_strata
from opencro.stats.wins.endpoints import Endpoint, encode
from opencro.stats.wins.pairs import PairCounts, count_pairs
from opencro.stats.wins.statistics import Alternative


@dataclass(frozen=True)
class WinRatio(Result):
    """A win ratio with interval and test."""

    title: ClassVar[str] = "Win ratio, variance under the null"

    win_ratio: float
    log_se: float
    lower: float
    upper: float
    z: float
    p_value: float
    wins: float
    losses: float
    notes: tuple[Note, ...] = ()


def win_ratio_dong_2016(
    endpoints: Sequence[Endpoint],
    arm: Sequence[Any],
    *,
    reference: Any,
    strata: Sequence[Any] | None = None,
    alternative: Alternative = "two-sided",
    alpha: float = 0.05,
) -> WinRatio:
    """The win ratio of `win_statistics` with the variance that Dong et al. centre at the null hypothesis (R WINS).

    Arguments as in `win_statistics`; formula above; strata: sums of wins, losses and S weighted by 1 / n, as in Dong
    (2018). Errors: STA-730 to STA-732. Notes: STA-740 (no wins or no losses), STA-741 (strata with fewer than two in
    an arm are left out). Source: Dong et al. (2016) Pharm Stat 15:430, section 2.2. Example:
    `win_ratio_dong_2016([Measurement([1, 3, 2, 4])], ["P", "P", "T", "T"], reference="P")`.
    """
    encoded = encode(endpoints, batch=False)
    n = encoded.value.shape[2]
    treated = mark_treated(arm, reference, n)
    wins = losses = variance = 0.0
    lost = 0
    for rows in split_strata(strata, n):
        mine = treated[rows]
        if min(mine.sum(), (~mine).sum()) < 2:
            lost += rows.size
            continue
        counts = count_pairs(encoded.take(rows), mine[None])
        wins += counts.wins[0, mine].sum() / rows.size
        losses += counts.losses[0, mine].sum() / rows.size
        variance += _null_variance(counts, mine) / rows.size**2
    note = Note("STA-741", f"{lost} patients are in strata with fewer than two in an arm and were not compared")
    return _conclude(wins, losses, variance, alternative, alpha, (note,) if lost else ())


def _null_variance(counts: PairCounts, treated: NDArray[np.bool_]) -> float:
    """S(K, K) + S(L, L) - 2 S(K, L), that is S of K - L, whose centre under the null is 0."""
    total = 0.0
    for mine, other in ((treated, ~treated), (~treated, treated)):
        size = float(other.sum())
        net = counts.wins[0, mine] - counts.losses[0, mine]
        decided = counts.wins[0, mine] + counts.losses[0, mine]  # sum over j of (K_ij - L_ij)^2
        total += size / (size - 1) * float((net**2 - decided).sum())
    return total


def _conclude(
    wins: float, losses: float, variance: float, alternative: Alternative, alpha: float, notes: tuple[Note, ...]
) -> WinRatio:
    if wins == 0 or losses == 0:
        ratio = np.inf if losses == 0 and wins > 0 else 0.0 if losses > 0 else np.nan
        note = Note("STA-740", "no wins or no losses: the win ratio has no interval")
        return WinRatio(ratio, np.nan, np.nan, np.nan, np.nan, np.nan, wins, losses, (*notes, note))
    log = float(np.log(wins / losses))
    se = float(np.sqrt(max(variance, 0.0))) / ((wins + losses) / 2)
    half = -float(ndtri(alpha / 2 if alternative == "two-sided" else alpha)) * se
    lower = 0.0 if alternative == "less" else float(np.exp(log - half))
    upper = np.inf if alternative == "greater" else float(np.exp(log + half))
    z = log / se if se > 0 else float(np.copysign(np.inf, log)) if log else 0.0
    p = {"two-sided": 2 * ndtr(-abs(z)), "less": ndtr(z), "greater": ndtr(-z)}[alternative]
    return WinRatio(wins / losses, se, lower, upper, z, float(p), wins, losses, notes)
