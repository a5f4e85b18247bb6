"""Fisher's combination of p-values of independent stages, with early stops; levels by exact integration.

With s_k = -log p_k the trial rejects at stage k where s_1 + ... + s_k >= -log c_k. Those still in the trial have the
density exp(-u) g(u) of the sum with g a piecewise polynomial, so that all probabilities are exact.

Source: Bauer P, Köhne K. Biometrics 1994; 50:1029-1041; Wassmer G. Biom J 1999; 41:279-293.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PPoly
from scipy.optimize import brentq
from scipy.stats import chi2

from opencro.design.errors import DesignError
from opencro.stats import Result

Floats = NDArray[np.float64]
NODES, WEIGHTS = np.polynomial.legendre.leggauss(20)


@dataclass(frozen=True)
class FisherDesign(Result):
    """Critical values of products of stage p-values; a row a stage. `futility`: stop above this stage p-value."""

    title: ClassVar[str] = "Fisher combination"
    aside: ClassVar[frozenset[str]] = frozenset({"alpha", "rule", "binding"})

    stage: tuple[int, ...]
    critical: Floats
    futility: Floats
    alpha_spent: Floats
    alpha: float
    rule: str
    binding: bool

    @property
    def stages(self) -> int:
        """The number of stages."""
        return len(self.stage)


def compute_fisher_levels(critical: Sequence[float], futility: Sequence[float]) -> Floats:
    """P(rejecting at each stage) when all stage p-values are uniform.

    `critical`: bounds of the products; `futility`: the trial stops above these stage p-values (1: never), one for each
    stage but the last.
    """
    bounds = -np.log(np.asarray(critical, dtype=np.float64))
    least = np.append(-np.log(np.asarray(futility, dtype=np.float64)), 0.0)
    levels = [math.exp(-max(bounds[0], 0.0))]
    low, high = least[0], bounds[0]
    if high <= low:
        return np.array([*levels, *[0.0] * (bounds.size - 1)])
    g = PPoly(np.array([[1.0]]), np.array([low, high]))
    for k in range(1, bounds.size):
        levels.append(_reject_mass(g, float(bounds[k])))
        if k + 1 < bounds.size:
            following = _carry(g, float(bounds[k]), float(least[k]))
            if following is None:
                levels += [0.0] * (bounds.size - k - 1)
                break
            g = following
    return np.array(levels)


def _reject_mass(g: PPoly, bound: float) -> float:
    """The integral of g(u) exp(-u) P(s >= bound - u): the product decides, futility comes after it."""
    start, end = float(g.x[0]), float(g.x[-1])
    cut = min(max(bound, start), end)
    total = math.exp(-bound) * float(g.integrate(start, cut))
    for a, b in zip(g.x[:-1], g.x[1:], strict=True):
        low = max(float(a), cut)
        if b > low:  # already beyond the next bound: any p-value rejects
            half = (b - low) / 2
            u = low + half * (NODES + 1)
            total += half * float(WEIGHTS @ (g(u) * np.exp(-u)))
    return total


def _carry(g: PPoly, bound: float, least: float) -> PPoly | None:
    """g of the next stage: the integral of g up to S - least, for S below the next bound; None where nobody goes on."""
    start, end = float(g.x[0]) + least, float(g.x[-1]) + least
    if bound <= start:
        return None
    area = g.antiderivative()
    offset = float(area(g.x[0]))
    shifted = PPoly(area.c.copy(), area.x + least)
    shifted.c[-1] -= offset
    if bound > end:
        flat = np.zeros((shifted.c.shape[0], 1))
        flat[-1, 0] = float(area(g.x[-1])) - offset
        shifted.extend(flat, np.array([bound]))
        return shifted
    keep = int(np.searchsorted(shifted.x, bound, side="left"))
    return PPoly(shifted.c[:, :keep], np.append(shifted.x[:keep], bound))


def _product_bound(k: int, level: float) -> float:
    """The c with P(p_1 ... p_k <= c) = level."""
    return math.exp(-float(chi2.isf(level, 2 * k)) / 2)


def _checked(stages: int, alpha: float, futility: Sequence[float] | float) -> tuple[float, ...]:
    values = (futility,) * (stages - 1) if isinstance(futility, int | float) else tuple(futility)
    if stages < 1 or not 0 < alpha < 1 or len(values) != stages - 1 or not all(alpha < a <= 1 for a in values):
        raise DesignError("DES-401", f"{stages} stages, alpha {alpha:g}, futility {values}", "futility above alpha for "
                          "each stage but the last", "1 never stops for futility.")  # fmt: skip
    return values


def _solve(
    stages: int, alpha: float, futility: tuple[float, ...], binding: bool, rule: str,
    critical_of: Callable[[float], list[float]], low: float, high: float,
) -> FisherDesign:  # fmt: skip
    counted = futility if binding else (1.0,) * len(futility)

    def excess(x: float) -> float:
        return float(compute_fisher_levels(critical_of(x), counted).sum()) - alpha

    at_least = excess(low)
    if at_least > 1e-12:
        raise DesignError("DES-404", f"{rule}, futility {futility}", "later stages that leave alpha for the first",
                          "Stop for futility earlier, or use equal levels.")  # fmt: skip
    x = low if at_least > -1e-12 else float(brentq(excess, low, high, xtol=1e-15))
    critical = np.array(critical_of(x))
    spent = np.cumsum(compute_fisher_levels(critical.tolist(), counted))
    return FisherDesign(tuple(range(1, stages + 1)), critical, np.append(futility, 1.0), spent, alpha, rule, binding)


def fisher_equal_levels(
    stages: int, *, alpha: float = 0.025, futility: Sequence[float] | float = 1.0, binding: bool = False
) -> FisherDesign:
    """Fisher's combination with the same level a of each product test by itself: c_k = exp(-chi2_{2k, 1 - a} / 2).

    `futility`: stop above this stage p-value (one, or one for each stage but the last); `binding`: alpha counts on
    these stops. Raises DES-401, DES-404. Source: Wassmer G. Biom J 1999; 41:279-293.

    >>> fisher_equal_levels(3).critical.round(6).tolist()
    [0.012309, 0.001664, 0.000291]
    """
    stops = _checked(stages, alpha, futility)

    def products(level: float) -> list[float]:
        return [_product_bound(k, level) for k in range(1, stages + 1)]

    return _solve(stages, alpha, stops, binding, "equal levels", products, alpha / (2 * stages), alpha)


def fisher_full_level(
    stages: int, *, alpha: float = 0.025, futility: Sequence[float] | float = 1.0, binding: bool = True
) -> FisherDesign:
    """Every product from the second stage on is tested at the full alpha; the first stage takes what keeps alpha.

    Arguments and errors as `fisher_equal_levels`. Source: Bauer P, Köhne K. Biometrics 1994; 50:1029-1041.
    """
    stops = _checked(stages, alpha, futility)
    later = [_product_bound(k, alpha) for k in range(2, stages + 1)]
    least = later[0] if later else alpha
    return _solve(stages, alpha, stops, binding, "full level", lambda a: [a, *later], least, alpha)


def fisher_no_interaction(
    stages: int, *, alpha: float = 0.025, futility: Sequence[float] | float = 0.5, binding: bool = True
) -> FisherDesign:
    """The last product at the full alpha, c_k = c_{k+1} / futility_k before it; the first stage takes what keeps alpha.

    So no stage p-value that goes on could have rejected before. Arguments and errors as `fisher_equal_levels`. Source:
    Wassmer G. Biom J 1999; 41:279-293.
    """
    stops = _checked(stages, alpha, futility)
    later = [_product_bound(stages, alpha)]
    for stop in reversed(stops[1:]):
        later.insert(0, later[0] / stop)
    return _solve(stages, alpha, stops, binding, "no interaction", lambda a: [a, *later], later[0], alpha)


def compute_critical(design: FisherDesign, stage: int, alpha: float) -> float:
    """The critical value after a stage (1, 2, ...) of a design of the same rule at another alpha.

    Those of later stages have closed forms; that of the first is solved and may not exist (DES-404).
    """
    stops = design.futility[:-1].tolist()
    if design.rule == "full level" and stage > 1:
        return _product_bound(stage, alpha)
    if design.rule == "no interaction" and stage > 1:
        return _product_bound(design.stages, alpha) / float(math.prod(stops[stage - 1 :]))
    rules: dict[str, Callable[..., FisherDesign]] = {
        "equal levels": fisher_equal_levels,
        "full level": fisher_full_level,
        "no interaction": fisher_no_interaction,
    }
    other: FisherDesign = rules[design.rule](design.stages, alpha=alpha, futility=stops, binding=design.binding)
    return float(other.critical[stage - 1])
