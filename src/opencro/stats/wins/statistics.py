"""Win ratio, net benefit and win odds of prioritized endpoints, with the variance of U-statistics, and strata."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from opencro.stats.result import Note, Result, StatsError
from opencro.stats.wins.arms import mark_treated, split_strata
from opencro.stats.wins.endpoints import Encoded, Endpoint, Floats, encode
from opencro.stats.wins.pairs import PairCounts, count_pairs, score_patients
from opencro.stats.wins.picture import draw_decisions

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Alternative = Literal["two-sided", "less", "greater"]


@dataclass(frozen=True)
class WinBatch:
    """Arrays with the trial as the first axis: shares of pairs, the three statistics and their standard errors.

    `log_win_ratio` and `log_win_odds` with standard errors on that scale, `net_benefit`; not finite where there are
    no wins or no losses. `endpoint_wins`, `endpoint_losses` (trials, k): shares decided by each endpoint.
    """

    win: Floats = field(repr=False)
    loss: Floats = field(repr=False)
    log_win_ratio: Floats
    log_win_ratio_se: Floats
    net_benefit: Floats
    net_benefit_se: Floats
    log_win_odds: Floats
    log_win_odds_se: Floats
    endpoint_wins: Floats = field(repr=False)
    endpoint_losses: Floats = field(repr=False)


@dataclass(frozen=True)
class WinStatistics(Result):
    """The three statistics with intervals and tests, and how the pairs were decided."""

    title: ClassVar[str] = "Pairwise comparisons of prioritized endpoints"
    aside: ClassVar[frozenset[str]] = frozenset(
        {"pairs", "win", "loss", "tie", "endpoint", "endpoint_wins", "endpoint_losses"}
    )

    statistic: tuple[str, ...]
    estimate: Floats
    lower: Floats
    upper: Floats
    z: Floats
    p_value: Floats
    pairs: int
    win: float
    loss: float
    tie: float
    endpoint: tuple[str, ...]
    endpoint_wins: Floats
    endpoint_losses: Floats
    notes: tuple[Note, ...] = ()

    def __str__(self) -> str:
        first, rest = super().__str__().split("\n", 1)
        share = f"{self.pairs} pairs: {self.win:.4f} won, {self.loss:.4f} lost, {self.tie:.4f} undecided"
        return f"{first}\n{share}\n{rest}"

    def decisions(self) -> Decisions:
        """The shares of all pairs that each endpoint decided, in the order of importance."""
        left = 1 - np.cumsum(self.endpoint_wins + self.endpoint_losses)
        return Decisions(self.endpoint, self.endpoint_wins, self.endpoint_losses, np.maximum(left, 0.0))


@dataclass(frozen=True)
class Decisions(Result):
    """Shares of all pairs by endpoint: won, lost, still undecided after it."""

    title: ClassVar[str] = "Pairs decided by endpoint"

    endpoint: tuple[str, ...]
    won: Floats
    lost: Floats
    undecided_after: Floats
    notes: tuple[Note, ...] = ()

    def plot(self, *, axes: Axes | None = None) -> Axes:
        """Shares of all pairs won and lost, in all and by endpoint, as bars."""
        return draw_decisions(self.endpoint, self.won, self.lost, axes)


@dataclass(frozen=True)
class _Moments:
    """Weighted sums over strata: `weight` (trials,), `win`, `loss` and their (co)variances, all already weighted."""

    weight: Floats
    win: Floats
    loss: Floats
    win_var: Floats
    loss_var: Floats
    cov: Floats
    endpoint_wins: Floats
    endpoint_losses: Floats
    pairs: float


def _moments(counts: PairCounts, treated: NDArray[np.bool_]) -> _Moments:
    """One stratum, weighted by n_t n_c / (n_t + n_c)."""
    n_t = treated.sum(axis=1).astype(float)
    n_c = treated.shape[1] - n_t
    pairs, weight = n_t * n_c, n_t * n_c / (n_t + n_c)
    win, loss = (np.where(treated, h, 0.0).sum(axis=1) / pairs for h in (counts.wins, counts.losses))
    variance = np.zeros((3, len(treated)))
    for mine, own, other in ((treated, n_t, n_c), (~treated, n_c, n_t)):
        x, y = (
            np.where(mine, h / other[:, None] - theta[:, None], 0.0)
            for h, theta in ((counts.wins, win), (counts.losses, loss))
        )
        free = np.maximum(own - 1, 1) * own
        variance += np.stack([(x * x).sum(axis=1), (y * y).sum(axis=1), (x * y).sum(axis=1)]) / free
    by, spread = (weight / pairs)[:, None], weight**2 * variance
    return _Moments(
        weight, weight * win, weight * loss, spread[0], spread[1], spread[2], by * counts.endpoint_wins,
        by * counts.endpoint_losses, float(pairs[0]),
    )  # fmt: skip


def _statistics(parts: Sequence[_Moments]) -> tuple[WinBatch, int]:
    total = {name: sum(getattr(p, name) for p in parts) for name in _Moments.__dataclass_fields__}
    weight, win, loss = total["weight"], total["win"] / total["weight"], total["loss"] / total["weight"]
    win_var, loss_var, cov = (total[name] / weight**2 for name in ("win_var", "loss_var", "cov"))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(win) - np.log(loss)
        ratio_var = win_var / win**2 + loss_var / loss**2 - 2 * cov / (win * loss)
        benefit, benefit_var = win - loss, np.maximum(win_var + loss_var - 2 * cov, 0.0)
        odds = np.log1p(benefit) - np.log1p(-benefit)
        odds_se = 2 * np.sqrt(benefit_var) / (1 - benefit**2)
    ratio_se = np.where((win > 0) & (loss > 0), np.sqrt(np.maximum(ratio_var, 0.0)), np.nan)
    batch = WinBatch(
        win, loss, ratio, ratio_se, benefit, np.sqrt(benefit_var), odds, odds_se,
        total["endpoint_wins"] / weight[:, None], total["endpoint_losses"] / weight[:, None],
    )  # fmt: skip
    return batch, round(total["pairs"])


def _parts(encoded: Encoded, treated: NDArray[np.bool_], strata: list[NDArray[np.int64]]) -> tuple[list[_Moments], int]:
    """The strata with both arms, and how many patients are in others."""
    parts, lost = [], 0
    for rows in strata:
        mine = treated[:, rows]
        if not (mine.any(axis=1) & ~mine.all(axis=1)).all():
            lost += rows.size
            continue
        parts.append(_moments(count_pairs(encoded.take(rows), mine), mine))
    if not parts:
        raise StatsError("STA-732", "no stratum with both arms", "one or more", "Use coarser strata.")
    return parts, lost


def win_statistics_batch(
    endpoints: Sequence[Endpoint], arm: ArrayLike, *, reference: Any, strata: Sequence[Any] | None = None
) -> WinBatch:
    """`win_statistics` for many trials: endpoints of shape (trials, n), `arm` (n,) or (trials, n), `strata` (n,).

    Errors: STA-730 to STA-732. Example: `win_statistics_batch([Measurement(rng.normal(size=(100, 40)))], [0, 1] * 20,
    reference=0)`.
    """
    encoded = encode(endpoints, batch=True)
    _, trials, n = encoded.value.shape
    treated = np.broadcast_to(mark_treated(arm, reference, n), (trials, n))
    return _statistics(_parts(encoded, treated, split_strata(strata, n))[0])[0]


def win_statistics(
    endpoints: Sequence[Endpoint],
    arm: Sequence[Any],
    *,
    reference: Any,
    strata: Sequence[Any] | None = None,
    names: Sequence[str] | None = None,
    alternative: Alternative = "two-sided",
    alpha: float = 0.05,
) -> WinStatistics:
    """Compares every treated with every control patient and gives win ratio, net benefit and win odds.

    `endpoints`: in the order of importance; a pair undecided on one goes on to the next; `arm` (n,): two arms,
    `reference`: the control; `strata` (n,): compared within, weighted by n_t n_c / n; `names`: of the endpoints.
    Formula with w, l the shares of pairs won and lost: w / l, w - l, (1 + w - l) / (1 - w + l); var(w), var(l),
    cov(w, l) from the sample covariance of the patients' shares, by arm (U-statistics); intervals on the log scale
    for the ratios. Errors: STA-730 to STA-732. Notes: STA-740 (no wins or no losses), STA-741 (patients in strata
    without the other arm). With the variance centred at the null hypothesis (R WINS): `win_ratio_dong_2016`. Source:
    Pocock et al. (2012) Eur Heart J 33:176; Buyse (2010) Stat Med 29:3245; Luo et al. (2015) Biometrics 71:139; Bebu
    & Lachin (2016) Biostatistics 17:178; strata: Dong et al. (2018) J Biopharm Stat 28:778. Example:
    `win_statistics([TimeToEvent([5, 9], [1, 0])], ["P", "T"], reference="P")`.
    """
    encoded = encode(endpoints, batch=False)
    n = encoded.value.shape[2]
    parts, lost = _parts(encoded, mark_treated(arm, reference, n)[None], split_strata(strata, n))
    batch, pairs = _statistics(parts)
    label = tuple(names) if names is not None else tuple(f"endpoint {k + 1}" for k in range(len(endpoints)))
    notes = _notes(batch, lost)
    columns = _intervals(batch, alternative, alpha)
    win, loss = float(batch.win[0]), float(batch.loss[0])
    return WinStatistics(
        ("win ratio", "net benefit", "win odds"), *columns, pairs, win, loss, max(1 - win - loss, 0.0), label,
        batch.endpoint_wins[0], batch.endpoint_losses[0], notes,
    )  # fmt: skip


def _notes(batch: WinBatch, lost: int) -> tuple[Note, ...]:
    notes = []
    if not (batch.win[0] > 0 and batch.loss[0] > 0):
        notes.append(Note("STA-740", "no wins or no losses: the win ratio has no interval"))
    if lost:
        notes.append(Note("STA-741", f"{lost} patients are in strata without the other arm and were not compared"))
    return tuple(notes)


def _intervals(
    batch: WinBatch, alternative: Alternative, alpha: float
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    center = np.array([batch.log_win_ratio[0], batch.net_benefit[0], batch.log_win_odds[0]])
    se = np.array([batch.log_win_ratio_se[0], batch.net_benefit_se[0], batch.log_win_odds_se[0]])
    half = -ndtri(alpha / 2 if alternative == "two-sided" else alpha) * se
    lower = np.full(3, -np.inf) if alternative == "less" else center - half
    upper = np.full(3, np.inf) if alternative == "greater" else center + half
    with np.errstate(divide="ignore", invalid="ignore"):
        z = center / se
    p = {"two-sided": 2 * ndtr(-np.abs(z)), "less": ndtr(z), "greater": ndtr(-z)}[alternative]
    log = np.array([True, False, True])
    center, lower, upper = (np.where(log, np.exp(v), v) for v in (center, lower, upper))
    lower[1], upper[1] = np.clip([lower[1], upper[1]], -1, 1)
    return center, lower, upper, z, np.asarray(p)


@dataclass(frozen=True)
class FinkelsteinSchoenfeld(Result):
    """The test of Finkelstein and Schoenfeld: sum of the treated patients' scores, its variance under the null, z and
    p."""

    title: ClassVar[str] = "Finkelstein-Schoenfeld test"

    score: float
    variance: float
    z: float
    p_value: float
    notes: tuple[Note, ...] = ()


def finkelstein_schoenfeld(
    endpoints: Sequence[Endpoint],
    arm: Sequence[Any],
    *,
    reference: Any,
    strata: Sequence[Any] | None = None,
    alternative: Alternative = "two-sided",
) -> FinkelsteinSchoenfeld:
    """Tests whether the arms differ in the prioritized endpoints, by the permutation variance of the scores.

    Arguments as in `win_statistics`. Formula: U_i = wins minus losses of patient i against all others; T = sum of U_i
    over the treated; V = n_t n_c / (n (n - 1)) sum U_i^2; T and V summed over strata; z = T / sqrt(V). Errors:
    STA-730 to STA-732. Note STA-740: all pairs undecided. Source: Finkelstein & Schoenfeld (1999) Stat Med 18:1341.
    Example: `finkelstein_schoenfeld([Measurement([1, 2, 3, 4])], ["P", "P", "T", "T"], reference="P")`.
    """
    encoded = encode(endpoints, batch=False)
    n = encoded.value.shape[2]
    treated = mark_treated(arm, reference, n)
    score = variance = 0.0
    for rows in split_strata(strata, n):
        mine, size = treated[rows], rows.size
        if size < 2:
            continue
        u = score_patients(encoded.take(rows))[0]
        score += float(u[mine].sum())
        variance += float(mine.sum() * (~mine).sum() / (size * (size - 1)) * (u**2).sum())
    if variance == 0:
        return FinkelsteinSchoenfeld(score, 0.0, 0.0, 1.0, (Note("STA-740", "no pair is decided"),))
    z = score / np.sqrt(variance)
    p = {"two-sided": 2 * ndtr(-abs(z)), "less": ndtr(z), "greater": ndtr(-z)}[alternative]
    return FinkelsteinSchoenfeld(score, variance, float(z), float(p))
