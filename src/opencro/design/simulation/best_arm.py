"""The posterior probability that each arm has the highest response rate, and what Thompson sampling makes of it.

Beta posteriors; one dimension is left to integrate: the sum over arm a of density times the other arms' distribution
functions. Source: Thompson (1933), Biometrika 25, 285-294; tempering: Thall & Wathen (2007), Eur J Cancer 43, 859-866.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opencro.design.errors import DesignError
from opencro.design.streams import compiled, inlined

Floats = NDArray[np.float64]
NODES = 64
_FINE = 4000
_REACH = 6.0


@inlined
def weigh_arms(a: Floats, b: Floats, active: int, density: Floats, below: Floats, logs: Floats, out: Floats) -> None:
    """P(best) of each active arm with Beta(a, b), into `out`; the others but `active` are space.

    A grid of equal cells over where the posteriors have mass; the distribution function at the middle of a cell is half
    of its own cell and all before it.
    """
    arms, nodes = density.shape
    low, width = _spread(a, b, active, nodes)
    for g in range(nodes):
        x = low + (g + 0.5) * width
        logs[0, g], logs[1, g] = math.log(x), math.log(1.0 - x)
    for k in range(arms):
        if (active >> k) & 1:
            # any constant serves: the one at the peak keeps the exponentials in range
            peak, total, before = -math.inf, 0.0, 0.0
            for g in range(nodes):
                density[k, g] = (a[k] - 1.0) * logs[0, g] + (b[k] - 1.0) * logs[1, g]
                peak = max(peak, density[k, g])
            for g in range(nodes):
                density[k, g] = math.exp(density[k, g] - peak)
                total += density[k, g]
            for g in range(nodes):
                density[k, g] /= total
                below[k, g] = before + 0.5 * density[k, g]
                before += density[k, g]
    whole = 0.0
    for k in range(arms):
        out[k] = _best(k, active, density, below) if (active >> k) & 1 else 0.0
        whole += out[k]
    for k in range(arms):
        out[k] /= whole


@inlined
def _spread(a: Floats, b: Floats, active: int, nodes: int) -> tuple[float, float]:
    """Where the grid begins and how wide its cells are."""
    low, high = 1.0, 0.0
    for k in range(a.size):
        if (active >> k) & 1:
            n = a[k] + b[k]
            mean, sd = a[k] / n, math.sqrt(a[k] * b[k] / (n * n * (n + 1.0)))
            low, high = min(low, mean - _REACH * sd), max(high, mean + _REACH * sd)
    low, high = max(low, 0.0), min(high, 1.0)
    return low, (high - low) / nodes


@inlined
def _best(arm: int, active: int, density: Floats, below: Floats) -> float:
    """The mass of an arm where all others lie below it."""
    found = 0.0
    for g in range(density.shape[1]):
        product = density[arm, g]
        for other in range(density.shape[0]):
            if other != arm and (active >> other) & 1:
                product *= below[other, g]
        found += product
    return found


@compiled
def _weigh(a: Floats, b: Floats, nodes: int) -> Floats:
    out = np.empty(a.size)
    density, below = np.empty((a.size, nodes)), np.empty((a.size, nodes))
    weigh_arms(a, b, (1 << a.size) - 1, density, below, np.empty((2, nodes)), out)
    return out


def probability_best(alpha: ArrayLike, beta: ArrayLike) -> Floats:
    """The probability that each arm has the highest response rate, with independent Beta(alpha, beta) posteriors.

    DesignError DES-522 for parameters that are not above 0.

    >>> probability_best([6, 9, 4], [7, 5, 8]).round(4).tolist()
    [0.1539, 0.812, 0.0341]
    """
    a, b = np.asarray(alpha, float), np.asarray(beta, float)
    if a.shape != b.shape or a.ndim != 1 or not np.all((a > 0) & (b > 0)):
        raise DesignError(
            "DES-522",
            f"alpha {a.tolist()}, beta {b.tolist()}",
            "two numbers above 0 an arm",
            "Give the posteriors' parameters.",
        )
    return np.asarray(_weigh(a, b, _FINE))


def temper(best: ArrayLike, power: float) -> Floats:
    """Allocation in proportion to P(best) to a power: 0 equal, 1 Thompson's own; often n / (2 N) after n of N.

    >>> temper([0.2, 0.8], 0.5).round(3).tolist()
    [0.333, 0.667]
    """
    weight = np.asarray(best, float) ** power
    return np.asarray(weight / weight.sum())
