"""The rows of recurrent events: each at risk in (start, stop], of one subject, without overlap; checked once, here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opencro.stats.result import StatsError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """Checked rows; `subject` (rows,) are codes 0, 1, ... and `subjects` their labels."""

    start: Floats
    stop: Floats
    event: Bools
    subject: Ints
    subjects: list[Any]


def take_rows(start: ArrayLike, stop: ArrayLike, event: ArrayLike, subject: ArrayLike) -> Rows:
    """The arrays as `Rows`; StatsError STA-250 to STA-252."""
    begin, end = np.asarray(start, dtype=np.float64), np.asarray(stop, dtype=np.float64)
    labels, events = np.asarray(subject), np.asarray(event)
    shapes = {a.shape for a in (begin, end, labels, events)}
    if len(shapes) > 1 or begin.ndim != 1 or not begin.size:
        raise StatsError("STA-250", f"arrays of shapes {sorted(shapes)}", "four vectors of one length",
                         "Give start, stop, event and subject of every row.")  # fmt: skip
    if not (np.isfinite(begin) & np.isfinite(end)).all() or (begin < 0).any() or (begin >= end).any():
        raise StatsError("STA-251", "a row that does not start before it stops", "0 <= start < stop, none missing",
                         "Drop rows of no length, complete missing times.")  # fmt: skip
    if events.dtype != np.bool_ and not (np.issubdtype(events.dtype, np.number) and np.isin(events, (0, 1)).all()):
        raise StatsError("STA-250", "events other than 0 and 1", "0 and 1", "Code an event at stop as 1.")
    levels, codes = np.unique(labels, return_inverse=True)
    order = np.lexsort((begin, codes))
    same = codes[order][1:] == codes[order][:-1]
    overlap = same & (begin[order][1:] < end[order][:-1])
    if overlap.any():
        who = levels[codes[order][1:][overlap][0]]
        raise StatsError("STA-252", f"rows of the subject {who} that overlap", "rows one after the other",
                         "A subject is at risk in one row at a time.")  # fmt: skip
    return Rows(begin, end, events.astype(np.bool_), codes.astype(np.int64), levels.tolist())


def number_events(rows: Rows) -> Ints:
    """For each row, which event of its subject it waits for: 1, 2, ...: one more than those before the row."""
    order = np.lexsort((rows.start, rows.subject))
    events, subject = rows.event[order], rows.subject[order]
    before: Ints = np.cumsum(events) - events
    first = np.searchsorted(subject, subject)
    number = np.empty(order.size, np.int64)
    number[order] = before - before[first] + 1
    return number
