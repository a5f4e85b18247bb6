"""Many trials at once: the arrays of the batched forms, checked, and in the types that the compiled code reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from opencro.stats.result import StatsError
from opencro.stats.survival.sample import Bools, Floats, Ints, take_events


@dataclass(frozen=True)
class Trials:
    """Follow-up of many two-arm trials of one size; all arrays (trials, n)."""

    time: Floats
    event: Bools
    arm: Ints
    stratum: Ints
    strata: int


def take_trials(time: ArrayLike, event: ArrayLike, arm: ArrayLike, stratum: ArrayLike | None = None) -> Trials:
    """The arrays as `Trials`; `arm` and `stratum` may be (n,) where all trials share them.

    Times are compared exactly: `tie_close_times` first, where they were computed by adding and subtracting.
    Raises StatsError STA-402 to STA-406 and STA-424.
    """
    times = np.ascontiguousarray(time, dtype=np.float64)
    if times.ndim != 2 or not times.size:
        raise StatsError("STA-402", f"time of shape {times.shape}", "(trials, n)", "Give the trial as the first axis.")
    if not np.isfinite(times).all():
        raise StatsError("STA-406", "a missing or infinite time", "finite times", "Drop or censor such rows first.")
    if times.min() < 0:
        raise StatsError("STA-404", f"a time of {times.min()}", "times from 0 on", "Count from the start of follow-up.")
    arms, strata = _codes(arm, times.shape, "arm"), _codes(0 if stratum is None else stratum, times.shape, "stratum")
    if arms.max() > 1:
        raise StatsError(
            "STA-424", f"an arm {arms.max()}", "arms coded 0 and 1", "Code the control arm 0, the other 1."
        )
    events = np.ascontiguousarray(np.broadcast_to(take_events(event), times.shape))
    return Trials(times, events, arms, strata, int(strata.max()) + 1)


def _codes(values: ArrayLike, shape: tuple[int, ...], name: str) -> Ints:
    array = np.asarray(values)
    if array.dtype != np.bool_ and not np.issubdtype(array.dtype, np.integer):
        raise StatsError("STA-424", f"{name} of type {array.dtype}", "whole numbers from 0 on", f"Code the {name}.")
    try:
        codes = np.ascontiguousarray(np.broadcast_to(array, shape), dtype=np.int64)
    except ValueError:
        raise StatsError("STA-402", f"{name} of shape {array.shape}", f"{shape}", "Give a value a row.") from None
    if codes.min() < 0:
        raise StatsError("STA-424", f"{name} {codes.min()}", "whole numbers from 0 on", f"Code the {name} from 0.")
    return codes
