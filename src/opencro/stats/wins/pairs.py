"""All pairs of a treated and a control patient, decided by the first endpoint that decides."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from opencro.stats.wins.endpoints import Encoded, Floats, compare


@dataclass(frozen=True, eq=False)
class PairCounts:
    """Decided pairs: by patient `wins`, `losses` (trials, n) of the treatment in the pairs of that patient; by endpoint
    `endpoint_wins`, `endpoint_losses` (trials, k)."""

    wins: Floats
    losses: Floats
    endpoint_wins: Floats
    endpoint_losses: Floats


@numba.njit(cache=True)
def _decide(
    value: np.ndarray, status: np.ndarray, times: np.ndarray, kind: np.ndarray, flip: np.ndarray, threshold: np.ndarray,
    trial: int, i: int, j: int,
) -> tuple[int, int]:  # fmt: skip
    for k in range(kind.size):
        verdict = compare(
            kind[k], threshold[k], value[k, trial, i], status[k, trial, i], times[k, trial, i],
            value[k, trial, j], status[k, trial, j], times[k, trial, j],
        )  # fmt: skip
        if verdict != 0:
            return (-verdict if flip[k] else verdict), k
    return 0, -1


@numba.njit(cache=True)
def _count(
    value: np.ndarray, status: np.ndarray, times: np.ndarray, kind: np.ndarray, flip: np.ndarray, threshold: np.ndarray,
    treated: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    trials, n = treated.shape
    wins, losses = np.zeros((trials, n)), np.zeros((trials, n))
    by_win, by_loss = np.zeros((trials, kind.size)), np.zeros((trials, kind.size))
    for trial in range(trials):
        for i in range(n):
            if not treated[trial, i]:
                continue
            for j in range(n):
                if treated[trial, j]:
                    continue
                verdict, k = _decide(value, status, times, kind, flip, threshold, trial, i, j)
                if verdict > 0:
                    wins[trial, i] += 1
                    wins[trial, j] += 1
                    by_win[trial, k] += 1
                elif verdict < 0:
                    losses[trial, i] += 1
                    losses[trial, j] += 1
                    by_loss[trial, k] += 1
    return wins, losses, by_win, by_loss


@numba.njit(cache=True)
def _score(
    value: np.ndarray, status: np.ndarray, times: np.ndarray, kind: np.ndarray, flip: np.ndarray, threshold: np.ndarray
) -> np.ndarray:
    trials, n = value.shape[1], value.shape[2]
    score = np.zeros((trials, n))
    for trial in range(trials):
        for i in range(n):
            for j in range(i + 1, n):
                verdict, _ = _decide(value, status, times, kind, flip, threshold, trial, i, j)
                score[trial, i] += verdict
                score[trial, j] -= verdict
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
