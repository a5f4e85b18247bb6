"""Log-rank tests of many simulated trials: one pass of the same compiled code over each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from opencro.stats.survival.sample import Floats
from opencro.stats.survival.score import score_trials
from opencro.stats.survival.trials import take_trials
from opencro.stats.survival.weights import Weight, encode_weights


class LogRankBatch(NamedTuple):
    """Statistics of many trials, (trials,) or with a last axis for several weights; z is NaN without information."""

    z: Floats
    observed: Floats
    expected: Floats
    variance: Floats


def log_rank_batch(time: ArrayLike, event: ArrayLike, arm: ArrayLike) -> LogRankBatch:
    """Log-rank test of each of many two-arm trials.

    `time`, `event` (trials, n); `arm` (trials, n) or (n,), 0 and 1. Returns arrays (trials,) of `LogRankBatch`:
    z = (O - E)/sqrt(variance) of arm 1, below 0 where arm 1 has fewer events. Formula and source: `log_rank`; ties are
    exact equality (`tie_close_times` first where times carry rounding). StatsError STA-402 to STA-406, STA-424.

    >>> log_rank_batch([[1, 2, 3, 4]], [[1, 1, 1, 1]], [1, 1, 0, 0]).z.round(4).tolist()
    [1.6977]
    """
    return _one_weight(time, event, arm, None, Weight())


def stratified_log_rank_batch(time: ArrayLike, event: ArrayLike, arm: ArrayLike, stratum: ArrayLike) -> LogRankBatch:
    """Stratified log-rank test of each of many two-arm trials.

    `stratum` (trials, n) or (n,), whole numbers from 0 on; the rest as in `log_rank_batch`.

    >>> stratified_log_rank_batch([[1, 2, 3, 4]], [[1, 1, 1, 1]], [1, 0, 1, 0], [0, 0, 1, 1]).z.round(4).tolist()
    [1.4142]
    """
    return _one_weight(time, event, arm, stratum, Weight())


def weighted_log_rank_batch(
    time: ArrayLike, event: ArrayLike, arm: ArrayLike, weights: Weight | Sequence[Weight],
    *, stratum: ArrayLike | None = None,
) -> LogRankBatch:  # fmt: skip
    """Weighted log-rank tests of each of many two-arm trials.

    `weights`: one weight gives arrays (trials,), several give (trials, weights) and variance (trials, weights,
    weights), the covariance of the numerators, as MaxCombo needs it. The rest as in `log_rank_batch`.

    >>> weighted_log_rank_batch([[1, 2, 3, 4]], [[1, 1, 1, 1]], [1, 1, 0, 0], Weight()).z.round(4).tolist()
    [1.6977]
    """
    if isinstance(weights, Weight):
        return _one_weight(time, event, arm, stratum, weights)
    sums, cov = _scores(time, event, arm, stratum, weights)
    cov = cov + np.swapaxes(np.tril(cov, -1), 1, 2)
    variance = np.einsum("tww->tw", cov)
    return LogRankBatch(_standardize(sums, variance), sums[..., 0], sums[..., 1], cov)


def _one_weight(
    time: ArrayLike, event: ArrayLike, arm: ArrayLike, stratum: ArrayLike | None, weight: Weight
) -> LogRankBatch:
    sums, cov = _scores(time, event, arm, stratum, [weight])
    return LogRankBatch(_standardize(sums, cov[:, 0])[:, 0], sums[:, 0, 0], sums[:, 0, 1], cov[:, 0, 0])


def _scores(
    time: ArrayLike, event: ArrayLike, arm: ArrayLike, stratum: ArrayLike | None, weights: Sequence[Weight]
) -> tuple[Floats, Floats]:
    t = take_trials(time, event, arm, stratum)
    kinds, parameters = encode_weights(weights)
    sums = np.zeros((t.time.shape[0], kinds.size, 3))
    cov = np.zeros((t.time.shape[0], kinds.size, kinds.size))
    score_trials(t.time, t.event, t.arm, t.stratum, t.strata, kinds, parameters, sums, cov)
    return sums, cov


def _standardize(sums: Floats, variance: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(variance > 0, (sums[..., 0] - sums[..., 1]) / np.sqrt(variance), np.nan)
