"""Interval-censored times: Turnbull's estimate of survival and a log-rank test.

An event is known to lie in (lower, upper]; equal bounds are an exact time, an infinite upper bound right-censored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, stats

from opencro.stats.result import Note, Result, StatsError
from opencro.stats.survival.sample import Floats, Ints, take_labels


@dataclass(frozen=True)
class Turnbull(Result):
    """The nonparametric maximum likelihood estimate: one row per interval that may hold probability.

    Within an interval (`left`, `right`] the estimate does not say where the probability lies; `left` = `right` is a
    point. `survival` is that after `right`.
    """

    title: ClassVar[str] = "Turnbull estimate"
    aside: ClassVar[frozenset[str]] = frozenset({"loglik", "iterations"})

    left: Floats
    right: Floats
    probability: Floats
    survival: Floats
    loglik: float
    iterations: int
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class IntervalLogRank(Result):
    """A log-rank test of interval-censored times: one row per arm with its score (observed minus expected)."""

    title: ClassVar[str] = "Log-rank test for interval-censored times"
    aside: ClassVar[frozenset[str]] = frozenset({"covariance"})

    arm: list[Any]
    n: Ints
    score: Floats
    chi2: float
    df: int
    z: float
    p: float
    covariance: Floats
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class _Cells:
    """Candidate intervals (m,) and, for each distinct observation, the range [first, last) of those inside it."""

    left: Floats
    right: Floats
    first: Ints
    last: Ints
    count: Floats
    place: Ints


def turnbull(lower: ArrayLike, upper: ArrayLike) -> Turnbull:
    """Nonparametric maximum likelihood estimate of survival from interval-censored times.

    `lower`, `upper` (n,): the event lies in (lower, upper]; lower = upper is exact, upper = inf right-censored, lower
    = 0 left-censored (StatsError STA-470). Maximizes sum log P(lower_i < T <= upper_i) over probabilities of the
    innermost intervals by the constrained Newton method, until none could gain more than 1e-9 n of log likelihood.
    Source: Turnbull (1976), JRSS B 38, 290; Wang (2007), JRSS B 69, 185. R icenReg `ic_np`; SAS ICLIFETEST.

    >>> turnbull([0, 1, 2], [2, 3, np.inf]).probability.round(4).tolist()
    [0.5, 0.5]
    """
    cells = _find_cells(*_take_bounds(lower, upper))
    p, iterations = _maximize(cells)
    survival = np.maximum(1 - p.cumsum(), 0.0)
    survival[np.abs(survival) < 1e-12] = 0.0
    loglik = float(cells.count @ np.log(_probabilities(cells, p)))
    wide = (cells.left < cells.right) & (p > 0)
    note = Note("STA-471", "Within an interval of positive width the estimate does not say where the probability lies.")
    return Turnbull(cells.left, cells.right, p, survival, loglik, iterations, (note,) if wide.any() else ())


def interval_log_rank(lower: ArrayLike, upper: ArrayLike, arm: ArrayLike) -> IntervalLogRank:
    """Sun's generalized log-rank test of equal distributions of interval-censored times.

    `lower`, `upper` as in `turnbull`; `arm` (n,) labels. Scores c_i = {-S(l) L(l) + S(u) L(u)}/{S(l) - S(u)} with the
    pooled Turnbull estimate S and L = sum p_j/S_{j-1}: for right-censored times, event minus cumulative hazard, so that
    the arms' sums are observed minus expected events. Their variance is that over permutations of the arms. Source: Sun
    (1996), Stat Med 15, 1387; Fay and Shaw (2010), J Stat Softw 36(2), whose R `interval::ictest` this is (SAS
    ICLIFETEST has other variances). With one arm or no spread of scores there is no test (note STA-422).

    >>> interval_log_rank([0, 1, 2, 4], [2, 3, np.inf, 5], [0, 0, 1, 1]).df
    1
    """
    low, high = _take_bounds(lower, upper)
    codes, levels = take_labels(arm, low.size, "arm")
    cells = _find_cells(low, high)
    c = _scores(cells, _maximize(cells)[0])[cells.place]
    members = np.eye(len(levels))[codes]
    score = members.T @ c
    centred = members - members.mean(axis=0)
    cov = np.asarray(((c - c.mean()) ** 2).sum() / max(c.size - 1, 1) * centred.T @ centred)
    used = cov[1:, 1:]
    if len(levels) < 2 or not np.trace(used) > 0:
        note = Note("STA-422", "One arm only, or all scores equal: there is no test.")
        return IntervalLogRank(levels, np.bincount(codes), score, np.nan, 0, np.nan, np.nan, cov, (note,))
    chi2 = float(score[1:] @ np.linalg.pinv(used, hermitian=True) @ score[1:])
    z = float(score[1] / np.sqrt(cov[1, 1])) if len(levels) == 2 else np.nan
    df = len(levels) - 1
    return IntervalLogRank(levels, np.bincount(codes), score, chi2, df, z, float(stats.chi2.sf(chi2, df)), cov)


def _take_bounds(lower: ArrayLike, upper: ArrayLike) -> tuple[Floats, Floats]:
    low, high = np.asarray(lower, dtype=np.float64), np.asarray(upper, dtype=np.float64)
    if low.ndim != 1 or low.shape != high.shape or not low.size:
        raise StatsError("STA-470", f"bounds of shapes {low.shape} and {high.shape}", "two vectors of one length",
                         "Give both bounds of every row; inf for a right-censored one.")  # fmt: skip
    if np.isnan(low).any() or np.isnan(high).any() or np.isinf(low).any() or (low < 0).any() or (low > high).any():
        raise StatsError("STA-470", "a missing, negative or reversed bound", "0 <= lower <= upper",
                         "lower = 0 is left-censored, upper = inf right-censored.")  # fmt: skip
    return low, high


def _find_cells(low: Floats, high: Floats) -> _Cells:
    """The innermost intervals: a left bound directly followed by a right bound."""
    exact = low == high
    # at one time: an exact time begins, then intervals end (they hold it), then intervals begin (they don't)
    values = np.concatenate([low, high])
    kind = np.concatenate([np.where(exact, -1, 1), np.zeros(low.size, np.int64)])
    keys, rank = np.unique(np.column_stack([values, kind]), axis=0, return_inverse=True)
    begins, ends = rank[: low.size], rank[low.size :]
    is_end = keys[:, 1] == 0
    inner = np.flatnonzero(~is_end[:-1] & is_end[1:])
    pairs, place, count = np.unique(
        np.column_stack([np.searchsorted(inner, begins), np.searchsorted(inner + 1, ends, side="right")]), axis=0,
        return_inverse=True, return_counts=True,
    )  # fmt: skip
    return _Cells(keys[inner, 0], keys[inner + 1, 0], pairs[:, 0], pairs[:, 1], count.astype(np.float64), place)


def _probabilities(cells: _Cells, p: Floats) -> Floats:
    total = np.concatenate(([0.0], p.cumsum()))
    return np.asarray(np.maximum(total[cells.last] - total[cells.first], 1e-300))


def _gradient(cells: _Cells, u: Floats) -> Floats:
    """For each cell: the sum of 1/P_i over observations that hold it."""
    change = np.zeros(cells.left.size + 1)
    np.add.at(change, cells.first, cells.count / u)
    np.add.at(change, cells.last, -cells.count / u)
    return np.asarray(change[:-1].cumsum())


def _maximize(cells: _Cells) -> tuple[Floats, int]:
    n, m = cells.count.sum(), cells.left.size
    p = np.full(m, 1 / m)
    for _ in range(20):
        p = p * _gradient(cells, _probabilities(cells, p)) / n
        p /= p.sum()
    steps = 0
    while steps < 500:
        u = _probabilities(cells, p)
        gradient = _gradient(cells, u)
        if gradient.max() - n <= 1e-9 * n:
            break
        p, steps = _climb(cells, p, u, gradient, n), steps + 1
    p[p < 1e-12] = 0.0
    return p / p.sum(), steps


def _climb(cells: _Cells, p: Floats, u: Floats, gradient: Floats, n: float) -> Floats:
    """One constrained Newton step: least squares of the scaled likelihood over non-negative weights, then a search."""
    column = np.arange(cells.left.size)
    active = np.flatnonzero((p > 1e-14) | (gradient > n))
    inside = (column[active] >= cells.first[:, None]) & (column[active] < cells.last[:, None])
    root = np.sqrt(cells.count)[:, None]
    rows = root * (inside / u[:, None] - 2.0)
    found, _ = optimize.nnls(np.vstack([rows, np.full((1, active.size), np.sqrt(n))]),
                             np.append(np.zeros(u.size), np.sqrt(n)))  # fmt: skip
    goal = np.zeros_like(p)
    goal[active] = found / max(found.sum(), 1e-300)
    here, slope = float(cells.count @ np.log(u)), float(gradient @ (goal - p))
    step = 1.0
    for _ in range(30):
        new = p + step * (goal - p)
        if cells.count @ np.log(_probabilities(cells, new)) >= here + step * slope / 3:
            return np.asarray(new)
        step /= 2
    # rounding hides the gain of a Newton step: a step of self-consistency never loses
    new = p * gradient / n
    return np.asarray(new / new.sum())


def _scores(cells: _Cells, p: Floats) -> Floats:
    """Sun's score of each distinct observation."""
    after = np.concatenate(([1.0], np.maximum(1 - p.cumsum(), 0.0)))
    after[after < 1e-12] = 0.0
    hazard = np.concatenate(
        ([0.0], np.cumsum(np.where(after[:-1] > 0, p / np.where(after[:-1] > 0, after[:-1], 1), 0)))
    )
    product = -after * hazard
    return np.asarray((product[cells.first] - product[cells.last]) / (after[cells.first] - after[cells.last]))
