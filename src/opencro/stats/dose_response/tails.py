"""The tail of the largest of correlated t statistics, accurate where it is small and where the correlation is singular.

Contrasts of k dose means have rank k - 1 at most, so that their correlation is singular as soon as there are k
candidates. Write the normal vector behind the statistics as length times direction u, uniform on the sphere of that
rank r. With M(u) the largest contrast in direction u, P(max T > q) is the average over u of P(F(r, df) > q^2 / (r
M(u)^2)): no digits cancel.

Source: Somerville PN. Numerical computation of multivariate normal and multivariate-t probabilities over convex
regions. J Comput Graph Stat 1998; 7:529-544.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import stats
from scipy.special import ndtri
from scipy.stats import qmc

from opencro.stats.dose_response.shapes import Floats

DIRECTIONS_LOG2 = 19
BINS = 4096


@dataclass(frozen=True)
class Maxima:
    """The distribution of M(u): equally likely values (BINS,), and the rank r."""

    value: Floats
    rank: int


def directional_maxima(correlation: Floats, *, two_sided: bool) -> Maxima:
    """M(u), or with `two_sided` the largest absolute contrast, over directions u that are always the same."""
    loading = factor_of(correlation)
    rank = loading.shape[1]
    parts = [part @ loading.T for part in np.array_split(_directions(rank), 16)]
    found = np.concatenate([(np.abs(part) if two_sided else part).max(axis=1) for part in parts])
    # neighbours in order are alike: their mean stands for them with an error of second order
    return Maxima(np.sort(found).reshape(BINS, -1).mean(axis=1), rank)


def factor_of(correlation: Floats) -> Floats:
    """The Cholesky factor (m, rank) of independent columns; eigenvectors would turn with the library."""
    m = len(correlation)
    factor = np.zeros((m, m))
    rank = 0
    for i in range(m):
        rest = correlation[:, i] - factor[:, :rank] @ factor[i, :rank]
        if rest[i] > 1e-9:
            factor[i:, rank] = rest[i:] / math.sqrt(rest[i])
            rank += 1
    return factor[:, :rank]


@cache
def _directions(rank: int) -> Floats:
    n = 2**DIRECTIONS_LOG2
    if rank == 1:
        return np.repeat([[1.0], [-1.0]], n // 2, axis=0)
    if rank == 2:
        angle = 2 * math.pi * (np.arange(n) + 0.5) / n
        return np.column_stack([np.cos(angle), np.sin(angle)])
    points = qmc.Sobol(rank, scramble=True, rng=20050901).random_base2(DIRECTIONS_LOG2 - 1)
    normal = ndtri(np.clip(points, 1e-12, 1 - 1e-12))
    half = normal / np.sqrt(np.einsum("ij,ij->i", normal, normal))[:, None]
    return np.concatenate([half, -half])


def maximum_tail(q: float, maxima: Maxima, df: float) -> float:
    """P(max T > q)."""
    if not math.isfinite(q):
        return math.nan if math.isnan(q) else float(q < 0)
    m, r = maxima.value, maxima.rank
    with np.errstate(divide="ignore"):
        ratio = (q / m) ** 2
    law = stats.f(r, df) if math.isfinite(df) else stats.chi2(r, scale=1 / r)
    if q >= 0:
        return float(np.where(m > 0, law.sf(ratio / r), 0.0).mean())
    return float(np.where(m >= 0, 1.0, law.cdf(ratio / r)).mean())
