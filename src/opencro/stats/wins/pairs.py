"""All pairs of a treated and a control patient, decided by the first endpoint that decides."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from opencro.stats.wins.endpoints import Encoded, Floats


@dataclass(frozen=True, eq=False)
class PairCounts:
    """Decided pairs: by patient `wins`, `losses` (trials, n) of the treatment in the pairs of that patient; by endpoint
    `endpoint_wins`, `endpoint_losses` (trials, k)."""

    wins: Floats
    losses: Floats
    endpoint_wins: Floats
    endpoint_losses: Floats


@numba.njit(cache=True)
def _compare_value(
    verdict: np.ndarray, a: float, a_seen: bool, b: np.ndarray, b_seen: np.ndarray, threshold: float, sign: int
) -> None:
    if not a_seen:
        return
    for j in range(b.size):
        if verdict[j] == 0 and b_seen[j]:
            gap = a - b[j]
            if abs(gap) >= threshold:
                verdict[j] = sign * ((gap > 0) - (gap < 0))


@numba.njit(cache=True)
def _compare_time(
    verdict: np.ndarray, a: float, a_event: bool, b: np.ndarray, b_event: np.ndarray, threshold: float, sign: int
) -> None:
    for j in range(b.size):
        if verdict[j] == 0:
            gap = a - b[j]
            if b_event[j] and gap >= threshold and (gap > 0 or (gap == 0 and not a_event)):
                verdict[j] = sign
            elif a_event and -gap >= threshold and (gap < 0 or (gap == 0 and not b_event[j])):
                verdict[j] = -sign


@numba.njit(cache=True)
def _compare_recurrent(
    verdict: np.ndarray, a: float, a_times: np.ndarray, b: np.ndarray, b_times: np.ndarray, threshold: float
) -> None:
    for j in range(b.size):
        if verdict[j] == 0:
            shared, gap = min(a, b[j]), 0
            for e in range(a_times.size):
                gap += (b_times[j, e] <= shared) - (a_times[e] <= shared)
            if abs(gap) >= threshold:
                verdict[j] = (gap > 0) - (gap < 0)


@numba.njit(cache=True)
def _compare_one(
    verdict: np.ndarray, level: np.ndarray, i: int, value: np.ndarray, status: np.ndarray, times: np.ndarray,
    others: tuple[np.ndarray, np.ndarray, np.ndarray], kind: np.ndarray, flip: np.ndarray, threshold: np.ndarray,
) -> None:  # fmt: skip
    """Patient i against all others: 1 better, -1 worse, 0 undecided, and the endpoint that decided."""
    verdict[:] = 0
    level[:] = -1
    for k in range(kind.size):
        sign = -1 if flip[k] else 1
        if kind[k] == 0:
            _compare_value(verdict, value[k, i], status[k, i], others[0][k], others[1][k], threshold[k], sign)
        elif kind[k] == 1:
            _compare_time(verdict, value[k, i], status[k, i], others[0][k], others[1][k], threshold[k], sign)
        else:
            _compare_recurrent(verdict, value[k, i], times[k, i], others[0][k], others[2][k], threshold[k])
        for j in range(verdict.size):
            if verdict[j] != 0 and level[j] < 0:
                level[j] = k


@numba.njit(cache=True)
def _count(
    value: np.ndarray, status: np.ndarray, times: np.ndarray, kind: np.ndarray, flip: np.ndarray, threshold: np.ndarray,
    treated: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    trials, n = treated.shape
    wins, losses = np.zeros((trials, n)), np.zeros((trials, n))
    by_win, by_loss = np.zeros((trials, kind.size)), np.zeros((trials, kind.size))
    for trial in range(trials):
        rows = np.flatnonzero(~treated[trial])
        v, c, e = value[:, trial], status[:, trial], times[:, trial]
        others = (v[:, rows].copy(), c[:, rows].copy(), e[:, rows].copy())
        verdict, level = np.zeros(rows.size, np.int64), np.zeros(rows.size, np.int64)
        for i in np.flatnonzero(treated[trial]):
            _compare_one(verdict, level, int(i), v, c, e, others, kind, flip, threshold)
            for j in range(rows.size):
                won, lost = verdict[j] > 0, verdict[j] < 0
                wins[trial, i] += won
                wins[trial, rows[j]] += won
                losses[trial, i] += lost
                losses[trial, rows[j]] += lost
                by_win[trial, level[j]] += won  # level -1, the last endpoint, adds nothing: nobody won or lost
                by_loss[trial, level[j]] += lost
    return wins, losses, by_win, by_loss


@numba.njit(cache=True)
def _score(
    value: np.ndarray, status: np.ndarray, times: np.ndarray, kind: np.ndarray, flip: np.ndarray, threshold: np.ndarray
) -> np.ndarray:
    trials, n = value.shape[1], value.shape[2]
    score = np.zeros((trials, n))
    for trial in range(trials):
        v, c, e = value[:, trial].copy(), status[:, trial].copy(), times[:, trial].copy()
        verdict, level = np.zeros(n, np.int64), np.zeros(n, np.int64)
        for i in range(n):
            _compare_one(verdict, level, i, v, c, e, (v, c, e), kind, flip, threshold)
            score[trial, i] = verdict.sum()
    return score


def count_pairs(encoded: Encoded, treated: NDArray[np.bool_]) -> PairCounts:
    """Compares every treated with every control patient; `treated` (trials, n)."""
    return PairCounts(
        *_count(
            encoded.value, encoded.status, encoded.times, encoded.kind, encoded.flip, encoded.threshold,
            np.ascontiguousarray(treated),
        )
    )  # fmt: skip


def score_patients(encoded: Encoded) -> Floats:
    """Wins minus losses of each patient against all others, whatever their arm: (trials, n)."""
    return np.asarray(
        _score(encoded.value, encoded.status, encoded.times, encoded.kind, encoded.flip, encoded.threshold)
    )
