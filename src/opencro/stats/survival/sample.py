"""What a survival method is given: times, events and perhaps entry times, weights and groups; checked once, here.

Times that differ by less than the rounding of their computation are made equal, as R's `timefix` does, because
whether two events are tied changes every estimate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opencro.stats.result import StatsError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
CLOSE = float(np.sqrt(np.finfo(float).eps))


@dataclass(frozen=True)
class Sample:
    """Checked follow-up: a row is at risk in (entry, time] and has its event at `time` or is censored there."""

    time: Floats
    event: Bools
    entry: Floats
    weight: Floats

    @property
    def n(self) -> int:
        return self.time.size


def take_sample(
    time: ArrayLike, event: ArrayLike, *, entry: ArrayLike | None = None, weight: ArrayLike | None = None
) -> Sample:
    """The arrays as a `Sample`; StatsError STA-401 to STA-406 for what cannot be follow-up."""
    times, events = _vector(time, "time"), take_events(event)
    n = times.size
    starts = np.full(n, -np.inf) if entry is None else _vector(entry, "entry")
    weights = np.ones(n) if weight is None else _vector(weight, "weight")
    for name, array in (("event", events), ("entry", starts), ("weight", weights)):
        if array.shape != (n,):
            raise StatsError(
                "STA-402", f"{name} of shape {array.shape}", f"as many as time, {n}", "Give a value a row."
            )
    if n == 0:
        raise StatsError("STA-401", "no rows", "at least one row", "Check the selection of the analysis set.")
    if (times < 0).any():
        raise StatsError("STA-404", f"a time of {times.min()}", "times from 0 on", "Count from the start of follow-up.")
    if (weights < 0).any():
        raise StatsError("STA-404", f"a weight of {weights.min()}", "weights from 0 on", "Give non-negative weights.")
    if entry is None:
        (times,) = tie_close_times(times)
    else:
        times, starts = tie_close_times(times, starts)
    late = starts >= times
    if late.any():
        row = int(np.flatnonzero(late)[0])
        raise StatsError(
            "STA-405", f"row {row} enters at {starts[row]} and leaves at {times[row]}", "entry before time",
            "A row of no length is never at risk: drop it or correct it.",
        )  # fmt: skip
    return Sample(times, events, starts, weights)


def take_events(event: ArrayLike) -> Bools:
    """Event indicators as booleans; StatsError STA-403 for anything other than 0, 1, False and True."""
    array = np.asarray(event)
    if array.dtype != np.bool_ and not (np.issubdtype(array.dtype, np.number) and np.isin(array, (0, 1)).all()):
        raise StatsError("STA-403", f"events {_few(array)}", "0 (censored) and 1 (event), none missing",
                         "Note that ADaM's CNSR counts the other way round: event = CNSR == 0.")  # fmt: skip
    return array.astype(np.bool_)


def take_labels(labels: ArrayLike, n: int, name: str) -> tuple[Ints, list[Any]]:
    """The codes 0, 1, ... of labels in sorted order and the labels; StatsError STA-402 for a wrong length."""
    array = np.asarray(labels)
    if array.shape != (n,):
        raise StatsError("STA-402", f"{name} of shape {array.shape}", f"as many as time, {n}", "Give a label a row.")
    if array.dtype == object:
        missing = any(v is None or v != v for v in array)
    else:
        missing = bool(np.issubdtype(array.dtype, np.floating) and np.isnan(array).any())
    if missing:
        raise StatsError("STA-406", f"a missing {name}", f"a {name} for every row", "Drop or label such rows first.")
    levels, codes = np.unique(array, return_inverse=True)
    return codes.astype(np.int64), levels.tolist()


def take_strata(stratum: ArrayLike | None, n: int) -> Ints:
    """Codes of the strata, all 0 where there are none; a 2-d array (rows, factors) crosses its factors."""
    if stratum is None:
        return np.zeros(n, dtype=np.int64)
    array = np.asarray(stratum)
    if array.ndim == 2 and array.shape[0] == n:
        crossed = np.zeros(n, dtype=np.int64)
        for factor in array.T:
            codes, levels = take_labels(factor, n, "stratum")
            crossed = crossed * len(levels) + codes
        array = crossed
    return take_labels(array, n, "stratum")[0]


def tie_close_times(*times: Floats) -> tuple[Floats, ...]:
    """The times with those made equal that differ only by rounding.

    `times`: arrays in one unit that are compared with each other, e.g. ends and starts of follow-up. Neighbours among
    all distinct values that are closer than 1.5e-8 of the mean absolute value get the smaller value. Returns the
    arrays in their order and shapes. Definition: Therneau, R survival `aeqSurv` (vignette "Roundoff error and tied
    times"); ours has no absolute tolerance, so that hours and years give the same ties.

    >>> tie_close_times(np.array([0.3, 0.1 + 0.2, 0.4]))[0].tolist()
    [0.3, 0.3, 0.4]
    """
    values = np.unique(np.concatenate([np.ravel(t) for t in times]))
    if values.size < 2:
        return times
    new = np.concatenate(([True], np.diff(values) > CLOSE * np.abs(values).mean()))
    if new.all():
        return times
    merged = values[new][np.cumsum(new) - 1]
    return tuple(merged[np.searchsorted(values, t)] for t in times)


def check_alpha(alpha: float) -> None:
    """StatsError STA-407 unless 0 < alpha < 1."""
    if not 0 < alpha < 1:
        raise StatsError("STA-407", f"alpha {alpha}", "0 < alpha < 1", "alpha=0.05 gives 95% limits.")


def check_alternative(alternative: str) -> None:
    """StatsError STA-408 for a side that does not exist."""
    if alternative not in ("two-sided", "less", "greater"):
        raise StatsError("STA-408", f"alternative {alternative!r}", '"two-sided", "less" or "greater"', "Choose one.")


def _vector(values: ArrayLike, name: str) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise StatsError("STA-402", f"{name} of shape {array.shape}", "a vector", "Give one value a row.")
    if not np.isfinite(array).all():
        raise StatsError("STA-406", f"a missing or infinite {name}", f"a finite {name} for every row",
                         "Drop such rows, or impute them, before the analysis.")  # fmt: skip
    return array


def _few(array: NDArray[Any]) -> str:
    return ", ".join(str(v) for v in np.unique(array.astype(str))[:5])
