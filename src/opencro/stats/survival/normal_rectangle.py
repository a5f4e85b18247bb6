"""The probability that a multivariate normal vector lies in a box, by quadrature; its correlation may be singular.

The weighted log-rank statistics of MaxCombo are often linearly dependent (the weights S and 1 - S add up to 1), where
sampling methods and methods that invert the correlation fail.
"""

from __future__ import annotations

import itertools

import numpy as np
from scipy.special import ndtr

from opencro.stats.result import StatsError
from opencro.stats.survival.sample import Floats, Ints

REACH = 8.5
NODES, NODE_WEIGHTS = np.polynomial.legendre.leggauss(12)
OUTER_PANELS = {0: 0, 1: 48, 2: 7, 3: 2}


def normal_rectangle(lower: Floats, upper: Floats, correlation: Floats) -> float:
    """P(lower <= Z <= upper) for Z normal with mean 0 and this correlation matrix, to about 1e-8 up to rank 3
    and 1e-6 beyond.

    `lower`, `upper` (m,), infinite allowed; `correlation` (m, m), positive semidefinite, of rank up to 5 (StatsError
    STA-423). Z = L Y with a pivoted Cholesky factor L (m, rank): the innermost coordinate is integrated in closed
    form, the next one piecewise between the points where a limit changes, those outside by Gauss-Legendre panels.
    Source: the conditioning of Genz (1992), J Comput Graph Stat 1, 141, with quadrature in place of sampling.

    >>> round(normal_rectangle(np.zeros(2), np.full(2, np.inf), np.array([[1, 0.5], [0.5, 1]])), 6)
    0.333333
    """
    factor = _pivoted_cholesky(np.asarray(correlation, dtype=np.float64))
    rank = factor.shape[1]
    if rank > 5:
        raise StatsError("STA-423", f"statistics of rank {rank}", "at most 5", "Combine fewer weights.")
    low, high = np.clip(lower, -40, 40), np.clip(upper, -40, 40)
    if rank == 1:
        factor = np.column_stack([np.zeros(factor.shape[0]), factor])
    outer, density = _outer_nodes(factor, low, high)
    shift = outer @ factor[:, : outer.shape[1]].T
    total = _two_innermost(low - shift, high - shift, factor[:, -2], factor[:, -1])
    return float(np.clip(density @ total, 0.0, 1.0))


def _pivoted_cholesky(matrix: Floats) -> Floats:
    """L (m, rank) with L L' = matrix; the rows are in the given order."""
    rest, columns = matrix.copy(), []
    for _ in range(matrix.shape[0]):
        pivot = int(np.argmax(np.diag(rest)))
        if rest[pivot, pivot] < 1e-10:
            break
        column = rest[:, pivot] / np.sqrt(rest[pivot, pivot])
        columns.append(np.where(np.abs(column) < 1e-10, 0.0, column))
        rest = rest - np.outer(column, column)
    return np.column_stack(columns) if columns else np.zeros((matrix.shape[0], 1))


def _outer_nodes(factor: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Nodes (nodes, rank - 2) and weights for all but the two innermost coordinates, each within its own limits."""
    outer = factor.shape[1] - 2
    last = np.array([np.flatnonzero(row)[-1] if row.any() else -1 for row in factor])
    nodes, weights = np.zeros((1, 0)), np.ones(1)
    for k in range(outer):
        rows = last == k
        shift = nodes @ factor[rows, :k].T
        start, end = _interval(low[rows] - shift, high[rows] - shift, factor[rows, k])
        edges = start[:, None] + np.linspace(0, 1, OUTER_PANELS[outer] + 1) * np.maximum(end - start, 0)[:, None]
        y, w = _panels(edges[:, :-1], edges[:, 1:])
        density = weights[:, None] * w * np.exp(-(y**2) / 2) / np.sqrt(2 * np.pi)
        nodes = np.column_stack([nodes.repeat(y.shape[1], axis=0), y.ravel()])
        weights = density.ravel()
    return nodes, weights


def _panels(left: Floats, right: Floats) -> tuple[Floats, Floats]:
    half = (right - left)[..., None] / 2
    y = (right + left)[..., None] / 2 + half * NODES
    return y.reshape(*left.shape[:-1], -1), (half * NODE_WEIGHTS).reshape(*left.shape[:-1], -1)


def _two_innermost(low: Floats, high: Floats, a: Floats, b: Floats) -> Floats:
    """For each row of limits (nodes, m): the integral over (y1, y2) with low <= a y1 + b y2 <= high."""
    rows: Ints = np.flatnonzero(b)
    free = b == 0
    start, end = _interval(low[:, free & (a != 0)], high[:, free & (a != 0)], a[free & (a != 0)])
    ends = np.maximum(end, start)
    # limits of y2 as lines in y1: (limit - a y1)/b
    constants = np.concatenate([low[:, rows], high[:, rows]], axis=1) / np.tile(b[rows], 2)
    slopes = -np.tile(a[rows] / b[rows], 2)
    breaks = _breaks(constants, slopes, start, ends)
    y, w = _panels(breaks[:, :-1], breaks[:, 1:])
    lines = constants[:, None, :] + slopes * y[:, :, None]
    first, second = lines[..., : rows.size], lines[..., rows.size :]
    bottom, top = np.minimum(first, second).max(axis=-1), np.maximum(first, second).min(axis=-1)
    inner = np.maximum(ndtr(top) - ndtr(bottom), 0.0) * np.exp(-(y**2) / 2) / np.sqrt(2 * np.pi)
    return np.asarray((w * inner).sum(axis=1))


def _interval(low: Floats, high: Floats, a: Floats) -> tuple[Floats, Floats]:
    """The range of y1 that rows without y2 leave."""
    if not a.size:
        return np.full(low.shape[0], -REACH), np.full(low.shape[0], REACH)
    ends = np.stack([low / a, high / a])
    return np.clip(ends.min(axis=0).max(axis=1), -REACH, REACH), np.clip(ends.max(axis=0).min(axis=1), -REACH, REACH)


def _breaks(constants: Floats, slopes: Floats, start: Floats, end: Floats) -> Floats:
    """Sorted ends of panels for y1: a fixed grid and the points where two limits of y2 cross."""
    grid = np.linspace(-REACH, REACH, 9)[None, :].repeat(constants.shape[0], axis=0)
    crossings = [
        (constants[:, j] - constants[:, i]) / (slopes[i] - slopes[j])
        for i, j in itertools.combinations(range(slopes.size), 2)
        if abs(slopes[i] - slopes[j]) > 1e-12
    ]
    # a steep limit passes through the bulk of y2 within 1/slope of where it is 0
    steep = np.flatnonzero(np.abs(slopes) > 0.5) if constants.shape[0] <= 1000 else np.zeros(0, np.int64)
    turns = [(shift - constants[:, i]) / slopes[i] for i in steep for shift in (-3.0, 0.0, 3.0)]
    points = np.column_stack([grid, *crossings, *turns, start, end])
    return np.sort(np.clip(points, start[:, None], end[:, None]), axis=1)
