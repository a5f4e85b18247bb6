"""The conditional Dunnett test: arms are dropped at one look, the rest is tested at the conditional error of Dunnett.

Source: König F, Brannath W, Bretz F, Posch M. Stat Med 2008; 27:1612-1625.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtri

from opencro.design.adaptive.closed import intersections_of
from opencro.design.adaptive.families import ArmMeans
from opencro.design.errors import DesignError
from opencro.stats import Result, multiplicity

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ConditionalDunnett(Result):
    """A row an arm: whether it is rejected and its p-value; aside: conditional error and stage-two p of every
    intersection.
    """

    title: ClassVar[str] = "Conditional Dunnett test"
    aside: ClassVar[frozenset[str]] = frozenset({"intersections", "conditional_error", "second_p"})

    names: tuple[str, ...]
    rejected: NDArray[np.bool_]
    p_value: Floats
    intersections: tuple[tuple[int, ...], ...]
    conditional_error: Floats
    second_p: Floats

    def columns(self) -> Mapping[str, Any]:
        """One row for each arm."""
        return {"arm": self.names, "rejected": self.rejected, "p_value": self.p_value}


def conditional_dunnett(arms: ArmMeans, *, information: float, alpha: float = 0.025) -> ConditionalDunnett:
    """The closed conditional Dunnett test after two stages, variances taken as known.

    `information`: the planned fraction of the first stage. The p-value of an arm is the smallest alpha at which all its
    intersections are rejected; NaN for an arm without a second stage. Raises DES-409 unless there are two stages.
    """
    if arms.stages != 2 or not 0 < information < 1:
        raise DesignError("DES-409", f"{arms.stages} stages, information {information:g}", "two stages, a fraction",
                          "Use closed_combination_test for more stages.")  # fmt: skip
    family = replace(arms, known_variance=True)
    sets, m = intersections_of(len(family.names)), len(family.names)
    z = np.array([-ndtri(family.p_value(0, j, 0.0)) for j in range(m)])
    error = np.array([_conditional_error(family, s, z, information, alpha) for s in sets])
    second = np.array([_second_p(family, s, z, information) for s in sets])
    level = np.array([_level(family, s, z, information, float(p)) for s, p in zip(sets, second, strict=True)])
    with np.errstate(invalid="ignore"):
        hit = second <= error
    inside = [[i for i, s in enumerate(sets) if j in s] for j in range(m)]
    p_value = np.array([level[i].max() if j in family.active(1) else math.nan for j, i in enumerate(inside)])
    return ConditionalDunnett(family.names, np.array([hit[i].all() for i in inside]), p_value, sets, error, second)


def _conditional_error(family: ArmMeans, members: Sequence[int], z: Floats, information: float, alpha: float) -> float:
    sizes, control = [family.n[0][j] for j in members], family.n[0][-1]
    critical = multiplicity.dunnett_critical_value(sizes, control, np.inf, alpha=alpha, alternative="greater")
    bound = (critical - math.sqrt(information) * z[list(members)]) / math.sqrt(1 - information)
    return 1 - multiplicity.compute_dunnett_probability(bound, sizes, control, np.inf, alternative="greater")


def _second_p(family: ArmMeans, members: Sequence[int], z: Floats, information: float) -> float:
    """P(the largest combined statistic reaches the observed one, given the first stage); NaN if all are dropped."""
    here = [j for j in members if j in family.active(1)]
    if not here:
        return math.nan
    early, late = math.sqrt(information) * z[here], math.sqrt(1 - information)
    observed = float(max(early + late * np.array([-ndtri(family.p_value(1, j, 0.0)) for j in here])))
    sizes, control = [family.n[1][j] for j in here], family.n[1][-1]
    bound = (observed - early) / late
    return 1 - multiplicity.compute_dunnett_probability(bound, sizes, control, np.inf, alternative="greater")


def _level(family: ArmMeans, members: Sequence[int], z: Floats, information: float, p: float) -> float:
    """The alpha at which the conditional error of an intersection is p."""
    if math.isnan(p):
        return math.nan

    def excess(log_alpha: float) -> float:
        return _conditional_error(family, members, z, information, math.exp(log_alpha)) - p

    low, high = math.log(1e-9), math.log(0.4999)
    if excess(low) > 0:
        return math.exp(low)
    return math.exp(float(brentq(excess, low, high, xtol=1e-9))) if excess(high) > 0 else math.exp(high)
