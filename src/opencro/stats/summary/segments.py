"""Values in groups, sorted once: what the quantiles and moments of all groups are computed from without a loop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Segments:
    """The values (m,) that are there, sorted within groups, and `codes` (m,) their group; the rest is by group (k,)."""

    values: Floats
    codes: NDArray[np.intp]
    starts: NDArray[np.intp]
    n: NDArray[np.intp]
    missing: NDArray[np.intp]


def split_rows(rows: Floats) -> Segments:
    """Each row (k, n) is a group; NaN is missing."""
    height, width = rows.shape
    codes = np.repeat(np.arange(height), width)
    here = ~np.isnan(rows)
    n = here.sum(axis=1)
    # NaN sorts to the end of its row
    values = np.sort(rows, axis=1).ravel()
    keep = (np.arange(width) < n[:, None]).ravel()
    return Segments(values[keep], codes[keep], np.cumsum(n) - n, n, width - n)


def split_groups(values: Floats, codes: NDArray[np.intp], count: int) -> Segments:
    """Groups by `codes`, 0 to count - 1; NaN is missing."""
    here = ~np.isnan(values)
    found, labels = values[here], codes[here]
    order = np.lexsort((found, labels))
    n = np.bincount(labels, minlength=count)
    missing = np.bincount(codes[~here], minlength=count)
    return Segments(found[order], labels[order], np.cumsum(n) - n, n, missing)


def central_moments(s: Segments) -> tuple[Floats, Floats, Floats, Floats]:
    """Mean, and sums of squares, cubes and fourth powers about it, of each group (k,); NaN where it is empty."""
    count = len(s.n)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.bincount(s.codes, s.values, minlength=count) / s.n
        # a second pass: the first one's rounding errors are the mean of what is left
        mean = mean + np.bincount(s.codes, s.values - mean[s.codes], minlength=count) / s.n
    off = s.values - mean[s.codes]
    powers = [np.where(s.n > 0, np.bincount(s.codes, off**k, minlength=count), np.nan) for k in (2, 3, 4)]
    return mean, powers[0], powers[1], powers[2]


def order_statistics(s: Segments, rank: NDArray[np.intp]) -> Floats:
    """The `rank`-th smallest value (kept within 1 to n) of each group, rank (k,) or (k, q); NaN where it is empty."""
    n = s.n.reshape(-1, *[1] * (rank.ndim - 1))
    starts = s.starts.reshape(n.shape)
    at = starts + np.clip(rank, 1, np.maximum(n, 1)) - 1
    if len(s.values) == 0:
        return np.full(rank.shape, np.nan)
    return np.where(n > 0, s.values[np.minimum(at, len(s.values) - 1)], np.nan)
