"""Probabilities of rectangles under multivariate normal and t distributions, without random numbers.

Genz's transformation (1992) turns the probability into an integral over the unit cube: two and three dimensions by
products of Gauss-Legendre rules (error below 1e-8), more by a lattice with fixed shifts (error about 1e-5 up to ten
dimensions).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaincinv, ndtr, ndtri

from opencro.stats.multiplicity.pvalues import Floats
from opencro.stats.result import StatsError

LATTICE_POINTS = 16381  # a prime
SHIFTS = 4
REACH = 7.5  # standard deviations: 6e-14 lies outside
PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71)


def check_correlation(correlation: ArrayLike, m: int) -> Floats:
    """The correlation as an (m, m) array.

    Raises STA-704 unless it has a row, is symmetric with ones on the diagonal and positive semidefinite.
    """
    r = np.asarray(correlation, dtype=np.float64)
    if r.size == m * m:
        r = r.reshape(m, m)
    good = m > 0 and r.shape == (m, m) and np.isfinite(r).all() and np.allclose(r, r.T, atol=1e-8)
    if not good or not np.allclose(np.diag(r), 1.0) or np.linalg.eigvalsh(r)[0] < -1e-8:
        raise StatsError(
            "STA-704", f"the correlation {r.tolist()}",
            f"a symmetric positive semidefinite matrix of {m} rows with ones on the diagonal",
            "Correlations follow from the design, e.g. 0.5 for two arms against a shared control of the same size.",
        )  # fmt: skip
    return r


def compute_rectangle_probability(
    upper: ArrayLike, correlation: ArrayLike, *, lower: ArrayLike | None = None, df: float = np.inf
) -> float:
    """P(lower < X < upper) for X standard multivariate normal, or t with `df` degrees of freedom.

    `upper`, `lower` (-inf unless given): (m,) bounds; `correlation`: (m, m), singular ones allowed; `df`: positive,
    inf for the normal. Error: STA-704. The same input always gives the same number. Source: Genz (1992) J Comput
    Graph Stat 1:141; Genz & Bretz (2009), section 4.1. Example: `compute_rectangle_probability([0, 0], [[1, 0.5],
    [0.5, 1]])` is 1/3.
    """
    high = np.atleast_1d(np.asarray(upper, dtype=np.float64))
    low = np.full(high.size, -np.inf) if lower is None else np.atleast_1d(np.asarray(lower, dtype=np.float64))
    low, high, r = _merge_twins(low, high, check_correlation(correlation, high.size))
    if (high <= low).any():
        return 0.0
    order = np.argsort(ndtr(high) - ndtr(low), kind="stable")  # the narrowest first: the rest varies least
    factor = _factor(r[np.ix_(order, order)])
    points, mass = _rule(high.size - 1, np.isfinite(df))
    scale = np.ones(len(points))
    if np.isfinite(df):
        scale = np.sqrt(2 * gammaincinv(df / 2, points[:, -1]) / df)
    values = _separate(low[order], high[order], factor, points, scale)
    return min(max(float(mass @ values), 0.0), 1.0)


def _merge_twins(low: Floats, high: Floats, r: Floats) -> tuple[Floats, Floats, Floats]:
    """Variables with the correlation 1 or -1 are one variable within both bounds."""
    low, high = low.copy(), high.copy()
    kept: list[int] = []
    for i in range(len(r)):
        twin = next((j for j in kept if abs(r[i, j]) > 1 - 1e-10), None)
        if twin is None:
            kept.append(i)
        elif r[i, twin] > 0:
            low[twin], high[twin] = max(low[twin], low[i]), min(high[twin], high[i])
        else:
            low[twin], high[twin] = max(low[twin], -high[i]), min(high[twin], -low[i])
    return low[kept], high[kept], r[np.ix_(kept, kept)]


def _factor(r: Floats) -> Floats:
    """Lower triangular factor; a zero on its diagonal where a variable is a combination of earlier ones."""
    m = len(r)
    factor = np.zeros((m, m))
    for i in range(m):
        for j in range(i):
            if factor[j, j] > 0:
                factor[i, j] = (r[i, j] - factor[i, :j] @ factor[j, :j]) / factor[j, j]
        rest = r[i, i] - factor[i, :i] @ factor[i, :i]
        factor[i, i] = np.sqrt(rest) if rest > 1e-10 else 0.0
    return factor


def _separate(low: Floats, high: Floats, factor: Floats, points: Floats, scale: Floats) -> Floats:
    y = np.zeros((len(factor), len(points)))
    product = np.ones(len(points))
    for i, row in enumerate(factor):
        mean = row[:i] @ y[:i]
        above, below = high[i] * scale - mean, low[i] * scale - mean
        if row[i] == 0:  # decided by the earlier variables
            product *= (below <= 1e-12) & (above >= -1e-12)
            continue
        end, start = ndtr(above / row[i]), ndtr(below / row[i])
        product *= np.maximum(end - start, 0.0)
        if i + 1 < len(factor):
            inside = start + points[:, i] * (end - start)
            y[i] = ndtri(np.clip(inside, 1e-300, 1 - 1e-16))
    return product


@cache
def _rule(inner: int, with_scale: bool) -> tuple[Floats, Floats]:
    """Points in the unit cube (one column a dimension, the scale of a t last) and their weights."""
    dimensions = inner + with_scale
    if dimensions == 0:
        return np.zeros((1, 1)), np.ones(1)
    if dimensions <= 3:
        x, w = np.polynomial.legendre.leggauss((160, 80, 44)[dimensions - 1])
        v = REACH * x  # even steps on the normal scale: the integrand is analytic there
        density = REACH * w * np.exp(-(v**2) / 2) / np.sqrt(2 * np.pi)
        grid = np.meshgrid(*[ndtr(v)] * dimensions, indexing="ij")
        mass = np.meshgrid(*[density] * dimensions, indexing="ij")
        return np.column_stack([g.ravel() for g in grid]), np.prod([g.ravel() for g in mass], axis=0)
    step = np.sqrt(np.array(PRIMES[:dimensions]))
    shifts = np.random.default_rng(20090101).random((SHIFTS, 1, dimensions))
    lattice = (np.arange(1, LATTICE_POINTS + 1)[None, :, None] * step + shifts) % 1.0
    points = np.abs(2 * lattice - 1).reshape(-1, dimensions)  # folded, so that the integrand is periodic
    points = np.clip(points, 1e-12, 1 - 1e-12)
    return points, np.full(len(points), 1 / len(points))
