"""The p-value of Fisher's exact test for large counts in few cells: walking around the likeliest table.

A table is filled cell by cell, column by column; given the cells before it each cell is hypergeometric, and the product
of all is the probability of the table. The tables more probable than a bound have no holes: along every cell they are
an interval, found by walking away from the peak. What lies beyond its ends is a tail that is added up at once, so that
only the tables inside are visited, not all of them.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

NEGLIGIBLE = 1e-13


def predict_walk(rows: Whole, columns: Whole, factorials: Floats, observed: float) -> tuple[float, float]:
    """About how many tables are more probable than exp(observed), and twice the log of how much the likeliest one is.

    The first is the volume of an ellipsoid, the second nearly a chi-square.
    """
    capacity = _capacities(rows, columns)
    top = float(_peak(0, columns[0], capacity, columns, factorials))
    half, free = max(top - observed, 0.0), (len(rows) - 1) * (len(columns) - 1)
    return math.exp(min(free / 2 * math.log(half or 1e-9) - math.lgamma(free / 2 + 1) - top, 700.0)), 2 * half


def walk_tables(rows: Whole, columns: Whole, factorials: Floats, observed: float, outside: bool, limit: int) -> float:
    """The probability of all tables at most as probable as exp(observed); NaN where that needs more than `limit` steps.

    Margins are ascending and above 0, no more columns than rows; `factorials` holds log k! up to their sum. With
    `outside` those tables are added up (right where p is small), else the others are taken from 1.
    """
    capacity, work = _capacities(rows, columns), np.array([limit], dtype=np.int64)
    top = _peak(0, columns[0], capacity, columns, factorials)
    bound = math.exp(observed + 1e-7)
    found = _descend(0, columns[0], 1.0, top, bound, capacity, columns, factorials, outside, work)
    if work[0] < 0:
        return float("nan")
    return float(found) if outside else max(0.0, 1.0 - float(found))


def _capacities(rows: Whole, columns: Whole) -> Whole:
    """What is left in each row before each column; the first is the rows themselves."""
    capacity = np.zeros((len(columns), len(rows)), dtype=np.int64)
    capacity[0] = rows
    return capacity


@njit(cache=True)
def _mode(a: int, b: int, t: int) -> int:
    """The likeliest number of `t` drawn that are among `a`, not among `b`."""
    return min(max((a + 1) * (t + 1) // (a + b + 2), max(0, t - b)), min(a, t))


@njit(cache=True)
def _log_chance(a: int, b: int, t: int, k: int, factorials: Floats) -> float:
    """The log of the hypergeometric probability that `k` of `t` drawn are among `a`, not among `b`."""
    drawn: float = factorials[t] + factorials[a + b - t] - factorials[a + b]
    first: float = factorials[a] - factorials[k] - factorials[a - k]
    second: float = factorials[b] - factorials[t - k] - factorials[b - t + k]
    return drawn + first + second


@njit(cache=True)
def _below(f: int, t: int, k: int, capacity: Whole, columns: Whole) -> int:
    """Put `k` into cell `f` and say how many are left for its column, or how many the next column has."""
    height = capacity.shape[1] - 1
    j, i = f // height, f % height
    if j + 1 < len(capacity):
        capacity[j + 1, i] = capacity[j, i] - k
        if i == height - 1:
            capacity[j + 1, height] = capacity[j, height] - (t - k)
    return t - k if i < height - 1 else columns[j + 1]


@njit(cache=True)
def _peak(f: int, t: int, capacity: Whole, columns: Whole, factorials: Floats) -> float:
    """The log of the greatest probability that the cells from `f` on can have together, by climbing cell by cell.

    The log of the probability is concave over tables, so that there is one summit along each cell.
    """
    height = capacity.shape[1] - 1
    j, i = f // height, f % height
    a, b = capacity[j, i], capacity[j, i + 1 :].sum()
    k = _mode(a, b, t)
    best = _log_chance(a, b, t, k, factorials)
    if f == height * (len(columns) - 1) - 1:
        return best
    best += _peak(f + 1, _below(f, t, k, capacity, columns), capacity, columns, factorials)
    low, high = max(0, t - b), min(a, t)
    for step in (1, -1):
        at = k + step
        while low <= at <= high:
            value = _log_chance(a, b, t, at, factorials)
            value += _peak(f + 1, _below(f, t, at, capacity, columns), capacity, columns, factorials)
            if value <= best:
                break
            best, k, at = value, at, at + step
    return best


@njit(cache=True)
def _descend(
    f: int, t: int, weight: float, top: float, bound: float, capacity: Whole, columns: Whole, factorials: Floats,
    outside: bool, work: Whole,
) -> float:  # fmt: skip
    """The probability of the tables outside (or inside) the bound whose cells before `f` are as they are.

    `weight` is the probability of those cells, `top` the log of what the likeliest table of these has beside it.
    """
    if weight * math.exp(top) <= bound:
        return weight if outside else 0.0
    height = capacity.shape[1] - 1
    j, i = f // height, f % height
    a, b = capacity[j, i], capacity[j, i + 1 :].sum()
    if f == height * (len(columns) - 1) - 1:
        return _ends(a, b, t, weight, top, bound, outside, work)
    low, high = max(0, t - b), min(a, t)
    start, total = _mode(a, b, t), 0.0
    value = weight * math.exp(_log_chance(a, b, t, start, factorials))
    peak = _peak(f + 1, _below(f, t, start, capacity, columns), capacity, columns, factorials)
    if value * math.exp(peak) <= bound:
        start, value = _climb(f, t, start, value, capacity, columns, factorials)
    for step in (1, -1):
        k, q = (start, value) if step > 0 else (start - 1, _next(a, b, t, start, value, -1))
        while low <= k <= high:
            left = _below(f, t, k, capacity, columns)
            peak = _peak(f + 1, left, capacity, columns, factorials)
            if q * math.exp(peak) <= bound:
                total += _tail(a, b, t, k, q, step, work) if outside else 0.0
                break
            total += _descend(f + 1, left, q, peak, bound, capacity, columns, factorials, outside, work)
            if work[0] < 0:
                return total
            k, q = k + step, _next(a, b, t, k, q, step)
    return total


@njit(cache=True)
def _climb(
    f: int, t: int, start: int, value: float, capacity: Whole, columns: Whole, factorials: Floats
) -> tuple[int, float]:
    """The place along cell `f` from which the likeliest table is reached, and the probability there."""
    height = capacity.shape[1] - 1
    j, i = f // height, f % height
    a, b = capacity[j, i], capacity[j, i + 1 :].sum()
    best = math.log(value) + _peak(f + 1, _below(f, t, start, capacity, columns), capacity, columns, factorials)
    for step in (1, -1):
        at, q = start + step, _next(a, b, t, start, value, step)
        while max(0, t - b) <= at <= min(a, t):
            here = math.log(q) + _peak(f + 1, _below(f, t, at, capacity, columns), capacity, columns, factorials)
            if here <= best:
                break
            best, start, value = here, at, q
            at, q = at + step, _next(a, b, t, at, q, step)
    return start, value


@njit(cache=True)
def _next(a: int, b: int, t: int, k: int, q: float, step: int) -> float:
    """The probability of k + step, from that of k; 0 where it is impossible."""
    if step > 0:
        return q * (float(a - k) * float(t - k)) / (float(k + 1) * float(b - t + k + 1))
    return q * (float(k) * float(b - t + k)) / (float(a - k + 1) * float(t - k + 1))


@njit(cache=True)
def _tail(a: int, b: int, t: int, k: int, q: float, step: int, work: Whole) -> float:
    """The probability of k and all that lies beyond it; the terms fall ever faster, the last ones are negligible."""
    total = 0.0
    while q > NEGLIGIBLE * total:
        total += q
        k, q = k + step, _next(a, b, t, k, q, step)
        work[0] -= 1
    return total


@njit(cache=True)
def _ends(a: int, b: int, t: int, weight: float, top: float, bound: float, outside: bool, work: Whole) -> float:
    """The last free cell: what lies beyond the bound on either side of the mode (or between)."""
    low, high = max(0, t - b), min(a, t)
    mode = _mode(a, b, t)
    summit = weight * math.exp(top)
    inside, beyond = summit, 0.0
    for step in (1, -1):
        k, q = mode + step, _next(a, b, t, mode, summit, step)
        while low <= k <= high and q > bound:
            inside += q
            k, q = k + step, _next(a, b, t, k, q, step)
        work[0] -= abs(k - mode)
        if outside and low <= k <= high:
            beyond += _tail(a, b, t, k, q, step, work)
    return beyond if outside else inside
