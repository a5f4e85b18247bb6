"""The p-value of Fisher's exact test for larger tables: meeting in the middle.

The probability of a table is a product over its columns. Cut into a left and a right part that share only the vector
of row sums at the cut, all tables are pairs of parts, and the pairs below a bound are counted without being visited.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


def sum_less_probable_tables(
    rows: Whole, columns: Whole, factorials: Floats, observed: float, limit: int
) -> tuple[float, int]:
    """The probability of all tables at most as probable as exp(observed), and their number; NaN beyond `limit` parts.

    Margins are ascending and above 0; `factorials` holds log k! for every k up to their sum.
    """
    if len(rows) > len(columns):
        rows, columns = columns, rows
    cut = len(columns) - len(columns) // 2
    right, left = columns[:cut], columns[cut:]
    constant = float(factorials[rows].sum() + factorials[columns].sum() - factorials[rows.sum()])
    states = count_vectors(rows, int(left.sum()), limit)
    if states > limit:
        return float("nan"), 0
    vectors = np.empty((states, len(rows)), dtype=np.int64)
    _fill_vectors(rows, int(left.sum()), vectors)
    p, pairs = _meet(rows, left, right, vectors, factorials, constant - observed - 1e-7, constant, limit)
    return float(p), int(pairs)


@njit(cache=True)
def count_vectors(rows: Whole, total: int, limit: int) -> int:
    """How many vectors below `rows` have this total (convolution of ranges); `limit` + 1 if more."""
    ways = np.zeros(total + 1)
    ways[0] = 1.0
    for r in rows:
        sums = np.cumsum(ways)
        for k in range(total, -1, -1):
            ways[k] = sums[k] - (sums[k - r - 1] if k > r else 0.0)
    return int(min(ways[total], limit + 1.0))


@njit(cache=True)
def _fill_vectors(rows: Whole, total: int, out: Whole) -> None:
    last = len(rows) - 1
    current, rest = np.zeros(last + 1, np.int64), np.zeros(last + 2, np.int64)
    rest[0] = total
    i, count, down = 0, 0, True
    while i >= 0:
        if i == last:
            current[last] = rest[last]
            out[count] = current
            count += 1
            i, down = i - 1, False
            continue
        current[i] = max(0, rest[i] - rows[i + 1 :].sum()) if down else current[i] + 1
        if current[i] > min(rows[i], rest[i]):
            i, down = i - 1, False
            continue
        rest[i + 1] = rest[i] - current[i]
        i, down = i + 1, True


@njit(cache=True)
def _list_parts(rows: Whole, columns: Whole, factorials: Floats, out: Floats) -> int:
    """Writes the sums of log x! of all tables with these margins, as many as `out` holds; gives their number."""
    height, free = len(rows) - 1, (len(rows) - 1) * (len(columns) - 1)
    left, room = rows.copy(), columns.copy()
    cell, top, spent = np.zeros(free + 1, np.int64), np.zeros(free + 1, np.int64), np.zeros(free + 1)
    count, f, down = 0, 0, True
    while f >= 0:
        if down and f == free:
            value = spent[f]
            for r in left:
                value += factorials[r]
            if count < len(out):
                out[count] = value
            count, f, down = count + 1, f - 1, False
            continue
        j, i = f // height, f % height
        if down:
            cell[f], top[f] = max(0, room[j] - left[i + 1 :].sum()), min(left[i], room[j])
        else:
            if i == height - 1:
                left[height] += room[j]
            left[i] += cell[f]
            room[j] += cell[f]
            if cell[f] == top[f]:
                f -= 1
                continue
            cell[f] += 1
        left[i] -= cell[f]
        room[j] -= cell[f]
        spent[f + 1] = spent[f] + factorials[cell[f]]
        if i == height - 1:
            left[height] -= room[j]
            spent[f + 1] += factorials[room[j]]
        f, down = f + 1, True
    return count


@njit(cache=True)
def _meet(
    rows: Whole,
    left: Whole,
    right: Whole,
    vectors: Whole,
    factorials: Floats,
    bound: float,
    constant: float,
    limit: int,
) -> tuple[float, float]:
    """Sums exp(constant - a - b) over all pairs of parts with a + b >= bound, vector by vector."""
    first, second = np.empty(1024), np.empty(1024)
    total, pairs, work = 0.0, 0.0, 0
    for v in range(len(vectors)):
        number = _list_parts(vectors[v], left, factorials, first)
        if number > len(first):
            first = np.empty(2 * number)
            _list_parts(vectors[v], left, factorials, first)
        others = _list_parts(rows - vectors[v], right, factorials, second)
        work += number + others
        if work > limit:
            return np.nan, 0.0
        if others > len(second):
            second = np.empty(2 * others)
            _list_parts(rows - vectors[v], right, factorials, second)
        total += _pair(first[:number], second[:others], bound, constant)
        pairs += number * others
    return total, pairs


@njit(cache=True)
def _pair(first: Floats, second: Floats, bound: float, constant: float) -> float:
    """Sums exp(constant - a - b) over the pairs with a + b >= bound; sorts only where not all or none of them count."""
    low, high, total = second.min(), second.max(), 0.0
    if first.max() + high < bound:
        return 0.0
    everything = first.min() + low >= bound
    ordered = second if everything else np.sort(second)
    tails = np.zeros(len(second) + 1)
    for k in range(len(second) - 1, -1, -1):
        tails[k] = tails[k + 1] + math.exp(low - ordered[k])
    for a in first:
        place = 0 if everything else np.searchsorted(ordered, bound - a)
        total += math.exp(constant - a - low) * tails[place]
    return total
