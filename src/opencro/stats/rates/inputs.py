"""Events and time at risk, checked once."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opencro.stats.result import Note, StatsError

Floats = NDArray[np.float64]
Alternative = Literal["two-sided", "less", "greater"]


def read_rates(events: ArrayLike, time: ArrayLike) -> tuple[Floats, Floats, tuple[Note, ...]]:
    """Counts and times as vectors of one length; groups without time at risk are noted."""
    x = np.atleast_1d(np.asarray(events, dtype=np.float64))
    t = np.atleast_1d(np.asarray(time, dtype=np.float64))
    if x.ndim != 1 or x.shape != t.shape or not x.size or not (np.isfinite(x).all() and np.isfinite(t).all()):
        raise StatsError(
            "STA-780", f"events of shape {x.shape} and times of shape {t.shape}", "one finite time per finite count",
            "Remove missing values, give one time per group.",
        )  # fmt: skip
    if (x < 0).any() or (t < 0).any() or ((t == 0) & (x > 0)).any():
        raise StatsError(
            "STA-780", "negative events or time, or events in no time", "counts and times from 0", "Correct."
        )
    empty = (Note("STA-781", f"{int((t == 0).sum())} group(s) without time at risk have no rate"),)
    return x, t, empty if (t == 0).any() else ()


def tails(alpha: float, alternative: Alternative) -> tuple[float, float]:
    """Probability beyond the lower and beyond the upper limit."""
    if not 0 < alpha < 1:
        raise StatsError("STA-780", f"alpha {alpha}", "a number between 0 and 1", "Give e.g. 0.05.")
    if alternative == "two-sided":
        return alpha / 2, alpha / 2
    return (0.0, alpha) if alternative == "less" else (alpha, 0.0)


def tail_p(left: float, right: float, alternative: Alternative) -> float:
    """p-value from P(statistic <= seen) and P(statistic >= seen): two-sided doubles the smaller."""
    if alternative == "two-sided":
        return min(1.0, 2 * min(left, right))
    return left if alternative == "less" else right
