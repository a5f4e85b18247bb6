"""Looks at a trial whose hazards are not proportional: the effect itself changes from look to look.

The drift between two looks is that of the average log hazard ratio and the information at both. Source: Mukhopadhyay P
et al. Contemp Clin Trials 2022; 123:106957 (average hazard ratio); bounds as `group_sequential`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from opencro.design.errors import DesignError
from opencro.design.fixed import TwoArms, average_hazard_ratio, information_of_pieces
from opencro.design.sequential.crossing import Floats, cross_path
from opencro.design.sequential.families import Family
from opencro.design.sequential.plan import group_sequential
from opencro.design.sequential.spending import Spending
from opencro.stats import Result


@dataclass(frozen=True)
class ChangingEffect(Result):
    """Looks at calendar times; a row a look. `theta`: minus the average log hazard ratio; `power`: cumulative."""

    title: ClassVar[str] = "Looks under hazards that are not proportional"
    aside: ClassVar[frozenset[str]] = frozenset({"trial"})

    month: Floats
    n: Floats
    events: Floats
    average_hazard_ratio: Floats
    theta: Floats
    information_fraction: Floats
    efficacy: Floats
    power: Floats
    trial: TwoArms


def compute_power_changing(upper: ArrayLike, information: Floats, theta: Floats) -> Floats:
    """Cumulative power of one-sided bounds where Z_k ~ N(theta_k sqrt(I_k), 1) with independent increments of the
    score.
    """
    score = theta * information
    drift = np.diff(score, prepend=0.0) / np.diff(information, prepend=0.0)
    low = np.full(information.size, -math.inf)
    above, _ = cross_path(low, np.asarray(upper, dtype=np.float64), information, drift, 0.0, 0.0)
    return np.asarray(np.cumsum(above))


def plan_changing_effect(
    trial: TwoArms, times: Sequence[float], *, efficacy: Spending | Family | None = None, alpha: float = 0.025,
    power: float = 0.9,
) -> ChangingEffect:  # fmt: skip
    """The accrual rates at which looks at these calendar times reach the power, under any piecewise hazards.

    Bounds for the information without an effect (events r / (1 + r)^2), power for that under the hazards
    (`information_of_pieces`). Raises DES-117 where the average effect at the end is no benefit. Source: see the module.
    """
    when = np.asarray(times, dtype=np.float64)
    ratio = np.array([average_hazard_ratio([trial], t) for t in when])
    theta = -np.log(ratio)
    if theta[-1] <= 0:
        raise DesignError("DES-117", f"an average hazard ratio of {ratio[-1]:.3g}", "one below 1 at the last look",
                          "Look later, or weight late events.")  # fmt: skip
    events = trial.expected_events(when)
    information = np.array([information_of_pieces(trial, t) for t in when])
    plan = group_sequential((events / events[-1]).tolist(), alpha=alpha, power=power, efficacy=efficacy)

    def lack(factor: float) -> float:
        return float(compute_power_changing(plan.efficacy, factor * information, theta)[-1]) - power

    start = (plan.drift / theta[-1]) ** 2 / information[-1]
    factor = float(brentq(lack, start / 8, 8 * start, xtol=1e-10))
    larger = trial.times(factor)
    reached = compute_power_changing(plan.efficacy, factor * information, theta)
    return ChangingEffect(
        when, larger.accrual.entered(when), larger.expected_events(when), ratio, theta, information / information[-1],
        plan.efficacy, reached, larger,
    )  # fmt: skip
