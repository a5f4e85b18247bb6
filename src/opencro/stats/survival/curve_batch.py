"""Curves of many simulated trials: RMST, survival at landmarks and quantiles of both arms."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from opencro.stats.result import StatsError
from opencro.stats.survival.curve_pass import area_trials, landmark_trials, quantile_trials
from opencro.stats.survival.sample import Floats
from opencro.stats.survival.trials import take_trials


class RmstBatch(NamedTuple):
    """RMST (trials, 2) of the arms 0 and 1 with standard errors; difference, its se and z (trials,)."""

    rmst: Floats
    se: Floats
    difference: Floats
    se_difference: Floats
    z: Floats


class SurvivalAtBatch(NamedTuple):
    """Survival and standard error, (trials, 2, times)."""

    survival: Floats
    se: Floats


def rmst_batch(time: ArrayLike, event: ArrayLike, arm: ArrayLike, *, tau: float) -> RmstBatch:
    """RMST of both arms of each of many trials and their difference, arm 1 minus arm 0.

    `time`, `event` (trials, n); `arm` (trials, n) or (n,), 0 and 1; `tau` > 0. Formula and source: `rmst`; the curve is
    held at its last value up to tau. StatsError STA-402 to STA-406, STA-424, STA-430. z is NaN without an event.

    >>> rmst_batch([[1, 2, 3, 4]], [[1, 1, 1, 1]], [0, 0, 1, 1], tau=4).difference.tolist()
    [2.0]
    """
    if not (np.isfinite(tau) and tau > 0):
        raise StatsError("STA-430", f"tau {tau}", "a time above 0", "Give the end of the interval.")
    t = take_trials(time, event, arm)
    out = np.zeros((t.time.shape[0], 2, 2))
    area_trials(t.time, t.event, t.arm, 2, float(tau), out)
    difference, variance = out[:, 1, 0] - out[:, 0, 0], out[:, :, 1].sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(variance > 0, difference / np.sqrt(variance), np.nan)
    return RmstBatch(out[..., 0], np.sqrt(out[..., 1]), difference, np.sqrt(variance), z)


def kaplan_meier_at_batch(time: ArrayLike, event: ArrayLike, arm: ArrayLike, times: ArrayLike) -> SurvivalAtBatch:
    """Kaplan-Meier survival of both arms of each of many trials at landmark times.

    `times` (m,), in any order; the rest as in `rmst_batch`. Formula and source: `kaplan_meier`; beyond the last
    follow-up the last value is held.

    >>> kaplan_meier_at_batch([[1, 2, 3, 4]], [[1, 1, 1, 1]], [0, 0, 1, 1], [1.5]).survival.tolist()
    [[[0.5], [1.0]]]
    """
    t = take_trials(time, event, arm)
    at = np.atleast_1d(np.asarray(times, dtype=np.float64))
    order = np.argsort(at)
    out = np.zeros((t.time.shape[0], 2, at.size, 2))
    landmark_trials(t.time, t.event, t.arm, 2, at[order], out)
    back = np.argsort(order)
    return SurvivalAtBatch(out[:, :, back, 0], out[:, :, back, 1])


def kaplan_meier_quantile_batch(time: ArrayLike, event: ArrayLike, arm: ArrayLike, *, p: float = 0.5) -> Floats:
    """Quantile of the time to event of both arms of each of many trials, (trials, 2); NaN where not reached.

    `p` in (0, 1), StatsError STA-410; the rest as in `rmst_batch`. The midpoint of a plateau as in
    `kaplan_meier_quantile`, an open one up to the last follow-up of the arm.

    >>> kaplan_meier_quantile_batch([[1, 2, 3, 4]], [[1, 1, 1, 1]], [0, 0, 1, 1]).tolist()
    [[1.5, 3.5]]
    """
    if not 0 < p < 1:
        raise StatsError("STA-410", f"p = {p}", "a proportion between 0 and 1", "Use p=0.5 for the median.")
    t = take_trials(time, event, arm)
    out = np.zeros((t.time.shape[0], 2))
    quantile_trials(t.time, t.event, t.arm, 2, 1 - p, out)
    return out
