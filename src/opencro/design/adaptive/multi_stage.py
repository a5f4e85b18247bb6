"""Several arms against one control over several stages (MAMS): bounds and size by integration over the control.

Given the control the arms are independent, each a path with bounds that the control moves; so the family-wise error is
an integral over the control's stages alone. The trial stops when an arm crosses its upper bound, and the best is taken.

Source: Magirr D, Jaki T, Whitehead J. Biometrika 2012; 99:494-501.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtri

from opencro.design.errors import DesignError
from opencro.design.sequential.crossing import carry_density, compute_tail, panel_width, spread_nodes
from opencro.stats import Result

Floats = NDArray[np.float64]
Shape = Callable[[Floats], Floats]  # information fractions -> bounds for the constant 1
ROUGH = {1: 40, 2: 24, 3: 14, 4: 9}  # Gauss-Hermite points of each stage of the control


@dataclass(frozen=True)
class MultiStage(Result):
    """Bounds and sizes of a trial of several arms; a row a stage. Sizes: per arm and for the control, cumulative."""

    title: ClassVar[str] = "Several arms, several stages"
    aside: ClassVar[frozenset[str]] = frozenset({"arms", "alpha", "power", "n_total_max"})

    stage: tuple[int, ...]
    upper: Floats
    lower: Floats
    n_arm: Floats
    n_control: Floats
    arms: int
    alpha: float
    power: float
    n_total_max: int


def obrien_fleming_shape(t: Floats) -> Floats:
    """Bounds c / sqrt t."""
    return np.asarray(1 / np.sqrt(t))


def pocock_shape(t: Floats) -> Floats:
    """The same bound at every stage."""
    return np.ones(t.size)


def triangular_upper(t: Floats) -> Floats:
    """The upper arm of the triangular test: c (1 + t) / sqrt t. Source: Whitehead J. The Design and Analysis of
    Sequential Clinical Trials, 1997, chapter 4."""
    return np.asarray((1 + t) / np.sqrt(t))


def triangular_lower(t: Floats) -> Floats:
    """The lower arm of the triangular test: -c (1 - 3 t) / sqrt t, which meets the upper one at t = 1."""
    return np.asarray(-(1 - 3 * t) / np.sqrt(t))


@njit(cache=True)
def _follow(
    low: Floats, high: Floats, info: Floats, drift: float, others_low: Floats, others_high: Floats, others: int
) -> tuple[float, float]:
    """For one path of the control: P(an arm without effect crosses), P(the arm with effect is taken as the best).

    Bounds are those of the standardized sums of the arms; the arm with effect has `low`, `high` and the drift.
    """
    looks = info.size
    z1, m1, z0, m0 = np.zeros(1), np.ones(1), np.zeros(1), np.ones(1)
    crossed, dropped, taken = 0.0, 0.0, 0.0
    for k in range(looks):
        before = info[k - 1] if k > 0 else 0.0
        width = panel_width(info, k, 0.0)
        above, w = spread_nodes(high[k], np.inf, drift * math.sqrt(info[k]), width)
        density = carry_density(z1, m1, before, info[k], drift, above)
        for i in range(above.size):
            smaller = compute_tail(z0, m0, before, info[k], 0.0, above[i], -1.0)
            taken += w[i] * density[i] * (dropped + smaller) ** others
        crossed += compute_tail(z0, m0, before, info[k], 0.0, others_high[k], 1.0)
        dropped += compute_tail(z0, m0, before, info[k], 0.0, others_low[k], -1.0)
        if k + 1 < looks:
            to, w1 = spread_nodes(low[k], high[k], drift * math.sqrt(info[k]), width)
            m1 = carry_density(z1, m1, before, info[k], drift, to) * w1
            z1 = to
            to0, w0 = spread_nodes(others_low[k], others_high[k], 0.0, width)
            m0 = carry_density(z0, m0, before, info[k], 0.0, to0) * w0
            z0 = to0
    return crossed, taken


def _paths(ratio_control: Floats) -> tuple[Floats, Floats]:
    """Sums of the control after each stage and their mass (Gauss-Hermite in the increments)."""
    points, mass = np.polynomial.hermite_e.hermegauss(ROUGH.get(ratio_control.size, 7))
    mass = mass / mass.sum()
    steps = np.sqrt(np.diff(ratio_control, prepend=0.0))
    grid = np.array(list(itertools.product(points, repeat=steps.size)))
    weights = np.prod(np.array(list(itertools.product(mass, repeat=steps.size))), axis=1)
    keep = weights > 1e-12
    return np.cumsum(grid[keep] * steps, axis=1), weights[keep]


def _integrate(
    upper: Floats, lower: Floats, r: Floats, r0: Floats, arms: int, effect: float, other: float
) -> tuple[float, float]:
    """Family-wise error without effects, and P(arm 1 is taken) with effects in units of sd at one unit of n."""
    sums, weights = _paths(r0)
    root = np.sqrt(1 / r + 1 / r0)
    error, taken = 0.0, 0.0
    for control, weight in zip(sums, weights, strict=True):
        moved = control / r0
        high, low = (np.sqrt(r) * (b * root + moved) for b in (upper, lower))
        high_other, low_other = high - other * np.sqrt(r), low - other * np.sqrt(r)
        crossed, best = _follow(low_other, high_other, r, effect - other, low_other, high_other, arms - 1)
        error += weight * (1 - (1 - crossed) ** arms)
        taken += weight * best
    return error, taken


def multi_stage(
    arms: int, ratio: Sequence[float], *, ratio_control: Sequence[float] | None = None, alpha: float = 0.025,
    power: float = 0.9, effect: float, uninteresting: float = 0.0, upper: Shape = obrien_fleming_shape,
    lower: Shape | float = 0.0,
) -> MultiStage:  # fmt: skip
    """A multi-arm multi-stage design that keeps the family-wise error and selects a good arm.

    `ratio`: cumulative sizes of each arm at the stages over those of the control at the first; `ratio_control` the
    same for the control (as `ratio` unless told); `effect`, `uninteresting`: standardized effects of the good arm and
    of all others in the least favourable configuration; `upper`, `lower`: shapes scaled by one constant, or a fixed
    lower bound. Raises DES-408. Source: Magirr D, Jaki T, Whitehead J. Biometrika 2012; 99:494-501.
    """
    r = np.asarray(ratio, dtype=np.float64)
    r0 = r if ratio_control is None else np.asarray(ratio_control, dtype=np.float64)
    if arms < 1 or r.shape != r0.shape or r.size > 5 or (np.diff(r, prepend=0) <= 0).any() or effect <= uninteresting:
        raise DesignError("DES-408", f"{arms} arms, ratios {r.tolist()}, effect {effect:g}", "an arm, up to 5 rising "
                          "stages, an effect above the uninteresting one", "Check the stages.")  # fmt: skip
    t = r / r[-1]

    def bounds(c: float) -> tuple[Floats, Floats]:
        high = c * upper(t)
        low = c * lower(t) if callable(lower) else np.full(t.size, float(lower))
        return high, np.append(low[:-1], high[-1])

    def excess(c: float) -> float:
        return _integrate(*bounds(c), r, r0, arms, 0.0, 0.0)[0] - alpha

    high, low = bounds(float(brentq(excess, 0.6, 4.5, xtol=1e-7)))
    n = _smallest(lambda m: _integrate(high, low, r, r0, arms, effect * math.sqrt(m), uninteresting * math.sqrt(m))[1],
                  power, 2 * ((ndtri(1 - alpha / arms) + ndtri(power)) / effect) ** 2 / float(r[-1]))  # fmt: skip
    total = int(n * (arms * r[-1] + r0[-1]))
    return MultiStage(tuple(range(1, r.size + 1)), high, low, n * r, n * r0, arms, alpha, power, total)


def _smallest(power_at: Callable[[int], float], power: float, guess: float) -> int:
    """The smallest whole n with the power, near a guess."""
    n = max(int(guess), 1)
    while power_at(n) < power:
        n += max(n // 16, 1)
    while n > 1 and power_at(n - 1) >= power:
        n -= 1
    return n
