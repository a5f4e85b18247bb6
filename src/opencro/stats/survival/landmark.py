"""Survival of two arms compared at landmark times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from opencro.stats.result import Note, Result, StatsError
from opencro.stats.survival.kaplan_meier import kaplan_meier_at, kaplan_meier_by
from opencro.stats.survival.log_rank import Alternative, tail_p
from opencro.stats.survival.sample import Floats, check_alternative


@dataclass(frozen=True)
class LandmarkContrast(Result):
    """Difference of survival at landmark times with limits at level 1 - alpha: one row per time.

    `p` tests the difference itself, `p_log_log` the difference of log(-log S).
    """

    title: ClassVar[str] = "Difference of survival at landmark times"
    aside: ClassVar[frozenset[str]] = frozenset({"arms"})

    time: Floats
    survival_0: Floats
    survival_1: Floats
    difference: Floats
    se: Floats
    lower: Floats
    upper: Floats
    z: Floats
    p: Floats
    p_log_log: Floats
    arms: tuple[Any, Any]
    notes: tuple[Note, ...] = ()


def compare_kaplan_meier_at(
    time: ArrayLike, event: ArrayLike, arm: ArrayLike, times: ArrayLike, *, alpha: float = 0.05,
    alternative: Alternative = "two-sided",
) -> LandmarkContrast:  # fmt: skip
    """Difference of the Kaplan-Meier survival of two arms, later minus earlier label in sorted order, at given times.

    `time`, `event`, `arm` (n,) as in `log_rank`, two arms (StatsError STA-421); `times` (m,); `alternative`: "greater",
    the later label survives more. D = S1 - S0, var D = Greenwood's variances added; the second test compares log(-log
    S), var = V/(S log S)^2 each, and keeps its level better in small samples. Both are NaN where a curve is at 0 or
    both are at 1. Notes as in `kaplan_meier_at`. Source: Klein, Logan, Harhoff and Andersen (2007), Stat Med 26, 4505.

    >>> compare_kaplan_meier_at([1, 2, 3, 4], [1, 1, 1, 1], [0, 0, 1, 1], [3]).difference.tolist()
    [0.5]
    """
    check_alternative(alternative)
    curves = kaplan_meier_by(time, event, arm, alpha=alpha)
    if len(curves) != 2:
        raise StatsError("STA-421", f"{len(curves)} arms", "two arms", "Compare two arms at a time.")
    zero, one = (kaplan_meier_at(curve, times) for curve in curves.values())
    difference = one.survival - zero.survival
    with np.errstate(divide="ignore", invalid="ignore"):
        se = np.sqrt(zero.se**2 + one.se**2)
        z = np.where(se > 0, difference / se, np.nan)
        logs = [np.log(-np.log(s.survival)) for s in (zero, one)]
        spread = [s.se / (s.survival * np.log(s.survival)) for s in (zero, one)]
        # log(-log S) falls as S rises
        z_logs = (logs[0] - logs[1]) / np.sqrt(spread[0] ** 2 + spread[1] ** 2)
    z_logs = np.where(np.isfinite(z_logs), z_logs, np.nan)
    half = stats.norm.isf(alpha / 2) * se
    first, second = curves
    notes = tuple(Note(n.code, f"{label}: {n.text}")
                  for label, s in zip(curves, (zero, one), strict=True) for n in s.notes)  # fmt: skip
    return LandmarkContrast(
        zero.time, zero.survival, one.survival, difference, se, difference - half, difference + half, z,
        tail_p(z, alternative), tail_p(z_logs, alternative), (first, second), notes,
    )  # fmt: skip
