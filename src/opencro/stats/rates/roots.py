"""Zeros of many monotone curves at once, by bisection that ends at the precision of the number."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from opencro.stats.rates.inputs import Floats


def find_roots(curve: Callable[[Floats], Floats], low: Floats, high: Floats) -> Floats:
    """Where each curve changes sign between low and high; the nearer end where it does not."""
    low, high = low.astype(np.float64).copy(), high.astype(np.float64).copy()
    rising = curve(high) > 0
    for _ in range(200):
        middle = (low + high) / 2
        if ((middle == low) | (middle == high)).all():
            break
        upper_half = (curve(middle) < 0) == rising
        low, high = np.where(upper_half, middle, low), np.where(upper_half, high, middle)
    return (low + high) / 2


def find_root_outward(curve: Callable[[float], float], start: float, step: float, limit: float) -> float:
    """The zero of a curve on one side of `start`, where it is positive; `limit` where it stays so."""
    reach, inner = abs(step), start
    outer = start + step
    while True:
        outer = max(outer, limit) if step < 0 else min(outer, limit)
        if not curve(outer) > 0:
            break
        if outer == limit or reach > 1e12 * abs(step):
            return limit
        inner, reach = outer, 2 * reach
        outer = start + float(np.sign(step)) * reach
    for _ in range(200):
        middle = (inner + outer) / 2
        if middle in (inner, outer):
            break
        if curve(middle) > 0:
            inner = middle
        else:
            outer = middle
    return (inner + outer) / 2
