"""Perfect and quasi-complete separation: does the likelihood have its maximum at infinity, and where?

A direction d is one of recession when no row fits worse along it: x d >= 0 in rows of events only, x d <= 0 in rows
of non-events (or of zero counts) only, x d = 0 in rows that hold both (or a positive count). Rows with x d != 0 are
then fitted perfectly in the limit. A linear program finds d (Konis 2007, doctoral thesis, Oxford; Correia, Guimaraes
and Zylkin 2019, arXiv 1903.01633, for counts).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from opencro.stats.generalized.families import Array

_FIRM = 1e-6


@dataclass(frozen=True)
class Recession:
    """Where the estimates run: a direction per column, which are infinite, and the rows that still overlap."""

    direction: Array
    infinite: NDArray[np.bool_]
    overlap: NDArray[np.bool_]


def find_recession(x: Array, up: NDArray[np.bool_], down: NDArray[np.bool_]) -> Recession | None:
    """The directions along which a likelihood never falls, or None where the estimates are finite.

    `x` (n, p); `up`: rows whose fit improves as their predictor grows (only events); `down`: as it falls (only
    non-events, zero counts). Rows that are neither hold the predictor fixed.
    """
    scaled = x / np.maximum(np.abs(x).max(0), 1e-300)
    signed = np.where(up[:, None], scaled, -scaled)
    loose = up | down
    overlap = np.ones(len(x), dtype=np.bool_)
    total = np.zeros(x.shape[1])
    while True:
        step = _program(signed[overlap & loose], scaled[overlap & ~loose])
        gain = signed @ step
        moved = overlap & loose & (gain > _FIRM)
        if not moved.any():
            break
        total = np.where(total == 0, np.where(np.abs(step) > _FIRM, step, 0.0), total)  # the first run is the fastest
        overlap &= ~moved
    if overlap.all():
        return None
    return Recession(total, _moving_columns(scaled[overlap], x.shape[1]), overlap)


def _program(signed: Array, fixed: Array) -> Array:
    p = signed.shape[1] if len(signed) else fixed.shape[1]
    if not len(signed):
        return np.zeros(p)
    signed, fixed = np.unique(signed, axis=0), np.unique(fixed, axis=0) if len(fixed) else fixed
    found = linprog(
        -signed.sum(0), A_ub=-signed, b_ub=np.zeros(len(signed)),
        A_eq=fixed if len(fixed) else None, b_eq=np.zeros(len(fixed)) if len(fixed) else None,
        bounds=[(-1, 1)] * p, method="highs",
    )  # fmt: skip
    return np.asarray(found.x) if found.status == 0 else np.zeros(p)


def _moving_columns(x: Array, p: int) -> NDArray[np.bool_]:
    """Columns that the overlapping rows do not determine: those with a part in the null space of their design."""
    if not len(x):
        return np.ones(p, dtype=np.bool_)
    _, values, right = np.linalg.svd(x, full_matrices=True)
    rank = int((values > 1e-9 * max(values[0], 1e-300)).sum())
    null = right[rank:]
    return np.asarray((np.abs(null) > 1e-9).any(0))
