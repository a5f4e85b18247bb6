"""Tests of intersection hypotheses against a shared control, as tables of the inverse normal of 1 - p by Z.

Dunnett, Bonferroni and Sidak look at the largest Z of an intersection only, Simes at all of them in order. Equal
numbers a group. Sources: Dunnett (1955), JASA 50, 1096-1121; Simes (1986), Biometrika 73, 751-754.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtr, ndtri

from opencro.design.streams import inlined

Floats = NDArray[np.float64]
Intersection = Literal["dunnett", "bonferroni", "sidak", "simes"]
LOWEST, STEP, COUNT, EXTREME = -8.0, 0.01, 1801, 8.2
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(120)


def tabulate_intersections(kind: Intersection, arms: int) -> Floats:
    """Table [k, j]: for k arms, the inverse normal of 1 - p that the j-th largest Z gives; EXTREME is its limit."""
    z: Floats = LOWEST + STEP * np.arange(COUNT, dtype=np.float64)
    table = np.full((arms + 1, arms + 1, COUNT), -EXTREME)
    for k in range(1, arms + 1):
        for j in range(1, (k if kind == "simes" else 1) + 1):
            p, rest = _p_value(kind, z, k, j)
            table[k, j] = np.where(p < 0.5, -ndtri(p), ndtri(rest)).clip(-EXTREME, EXTREME)
    return table


def _p_value(kind: Intersection, z: Floats, k: int, j: int) -> tuple[Floats, Floats]:
    """p and 1 - p, each without cancellation."""
    single = ndtr(-z)
    if kind == "dunnett":
        below = k * log_ndtr(np.sqrt(2) * z[:, None] + _NODES)
        weight = _WEIGHTS / _WEIGHTS.sum()
        return -np.expm1(below) @ weight, np.exp(below) @ weight
    if kind == "sidak":
        return -np.expm1(k * log_ndtr(z)), np.exp(k * log_ndtr(z))
    p = np.minimum(single * k / (j if kind == "simes" else 1), 1.0)
    return p, 1 - p


@inlined
def look_up(row: Floats, z: float) -> float:
    """A table's value at Z, between its points on a straight line."""
    at = (z - LOWEST) / STEP
    if at <= 0.0:
        return float(row[0])
    if at >= COUNT - 1:
        return float(row[COUNT - 1])
    i = np.int64(at)
    return float(row[i] + (at - i) * (row[i + 1] - row[i]))
