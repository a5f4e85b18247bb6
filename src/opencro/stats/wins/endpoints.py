"""Outcomes that two patients are compared on, in the order of their importance, and the rules of a single
comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opencro.stats.result import StatsError

Floats = NDArray[np.float64]
MEASUREMENT, TIME, RECURRENT = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Measurement:
    """A number a patient: continuous, ordinal, binary (0, 1) or a count. NaN where missing: undecided.

    `value` (n,), batch (trials, n); `higher_is_better`; `threshold`: the smallest difference that counts, same unit
    (0: any).
    """

    value: ArrayLike
    higher_is_better: bool = True
    threshold: float = 0.0


@dataclass(frozen=True, eq=False)
class TimeToEvent:
    """Time to an event, censored at the end of follow-up.

    `time` (n,), batch (trials, n); `event`: 1 event, 0 censored; `later_is_better`: False for a wished event such as
    recovery; `threshold`: the smallest difference that counts, unit of `time`. A patient is better when the other's
    event is seen while the own event has not happened yet; censoring at the time of the other's event counts as later
    (as in Kaplan-Meier).
    """

    time: ArrayLike
    event: ArrayLike
    later_is_better: bool = True
    threshold: float = 0.0


@dataclass(frozen=True, eq=False)
class RecurrentEvents:
    """Events that may recur: fewer within the follow-up that both patients share are better.

    `times`: for each patient the times of the events (batch: for each trial); `follow_up` (n,), batch (trials, n);
    `threshold`: the smallest difference in counts that counts.
    """

    times: Sequence[Any]
    follow_up: ArrayLike
    threshold: float = 0.0


KINDS = {Measurement: MEASUREMENT, TimeToEvent: TIME, RecurrentEvents: RECURRENT}
Endpoint = Measurement | TimeToEvent | RecurrentEvents


@dataclass(frozen=True, eq=False)
class Encoded:
    """Endpoints (k) as arrays: `value`, `status` (k, trials, n), `times` (k, trials, n, events), rules (k,)."""

    value: Floats
    status: NDArray[np.bool_]
    times: Floats
    kind: NDArray[np.int64]
    flip: NDArray[np.bool_]
    threshold: Floats

    def take(self, rows: NDArray[np.int64]) -> Encoded:
        """The patients at `rows`."""
        return Encoded(
            self.value[:, :, rows],
            self.status[:, :, rows],
            self.times[:, :, rows],
            self.kind,
            self.flip,
            self.threshold,
        )


def encode(endpoints: Sequence[Endpoint], *, batch: bool) -> Encoded:
    """The endpoints as arrays; raises StatsError STA-730 where they don't fit each other."""
    if not endpoints:
        raise StatsError("STA-730", "no endpoint", "one or more", "Give them in the order of importance.")
    parts = [_encode_one(e, batch) for e in endpoints]
    shapes = {value.shape for value, _, _ in parts}
    if len(shapes) > 1 or 0 in next(iter(shapes)):
        raise StatsError(
            "STA-730",
            f"endpoints of the shapes {sorted(shapes)}",
            "one number a patient in each",
            "Keep the same order.",
        )
    width = max(times.shape[-1] for _, _, times in parts)
    padded = [np.pad(t, ((0, 0), (0, 0), (0, width - t.shape[-1])), constant_values=np.inf) for _, _, t in parts]
    return Encoded(
        np.stack([v for v, _, _ in parts]), np.stack([s for _, s, _ in parts]), np.stack(padded),
        np.array([KINDS[type(e)] for e in endpoints]),
        np.array([_flipped(e) for e in endpoints]), np.array([float(e.threshold) for e in endpoints]),
    )  # fmt: skip


def _flipped(endpoint: Endpoint) -> bool:
    if isinstance(endpoint, Measurement):
        return not endpoint.higher_is_better
    return isinstance(endpoint, TimeToEvent) and not endpoint.later_is_better


def _table(values: ArrayLike, batch: bool) -> Floats:
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 1 + batch:
        raise StatsError(
            "STA-730", f"an endpoint of {table.ndim} axes", "trials by patients" if batch else "one number a patient",
            "Use the batch form for many trials.",
        )  # fmt: skip
    return table if batch else table[None]


def _encode_one(endpoint: Endpoint, batch: bool) -> tuple[Floats, NDArray[np.bool_], Floats]:
    if endpoint.threshold < 0:
        raise StatsError(
            "STA-731", f"threshold {endpoint.threshold}", "0 or more", "Give the smallest relevant difference."
        )
    if isinstance(endpoint, Measurement):
        value = _table(endpoint.value, batch)
        return value, np.isfinite(value), np.full((*value.shape, 1), np.inf)
    if isinstance(endpoint, TimeToEvent):
        value, event = _table(endpoint.time, batch), _table(endpoint.event, batch)
        if value.shape != event.shape or not ((event == 0) | (event == 1)).all() or not (value >= 0).all():
            raise StatsError(
                "STA-731", "times negative or missing, or events other than 0 and 1", "time >= 0, event 0 or 1",
                "Censor a patient without follow-up at 0.",
            )  # fmt: skip
        return value, event == 1, np.full((*value.shape, 1), np.inf)
    value = _table(endpoint.follow_up, batch)
    if not (value >= 0).all():
        raise StatsError(
            "STA-731", "follow-up that is negative or missing", "0 or more", "Follow-up 0 decides nothing."
        )
    return value, np.ones(value.shape, dtype=np.bool_), _pad_times(endpoint.times if batch else [endpoint.times], value)


def _pad_times(times: Sequence[Any], follow_up: Floats) -> Floats:
    lists = [[np.sort(np.asarray(t, dtype=np.float64).ravel()) for t in trial] for trial in times]
    if [len(trial) for trial in lists] != [follow_up.shape[1]] * follow_up.shape[0]:
        raise StatsError("STA-730", "times of events for other patients", "a list a patient", "An empty list for none.")
    width = max([1, *(t.size for trial in lists for t in trial)])
    out = np.full((*follow_up.shape, width), np.inf)
    for a, trial in enumerate(lists):
        for b, t in enumerate(trial):
            out[a, b, : t.size] = t
    return out
