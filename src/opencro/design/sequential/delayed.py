"""Group sequential designs with delayed responses: stop recruitment first, decide when the pipeline has come in.

Source: Hampson LV, Jennison C. J R Stat Soc B 2013; 75:3-54.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.optimize import brentq

from opencro.design.errors import DesignError
from opencro.design.sequential.crossing import Floats, compute_tail, stay
from opencro.design.sequential.plan import GroupSequentialDesign
from opencro.stats import Result

AT_LEAST_NOTHING = 1e-14


@dataclass(frozen=True)
class DelayedResponse(Result):
    """Bounds for stopping recruitment and for the decision after the pipeline; a row a look."""

    title: ClassVar[str] = "Delayed responses"

    look: tuple[int, ...]
    information: Floats
    efficacy: Floats
    futility: Floats
    decision_information: Floats
    decision: Floats
    reject: Floats


def decide_delayed(design: GroupSequentialDesign, pipeline: Sequence[float]) -> DelayedResponse:
    """Decision bounds so that data of the pipeline overturn a stop in either direction equally often, without an
    effect.

    `design` has one side and futility; `pipeline`: the fraction of information still to come when recruitment stops at
    each interim look, 0 at the last. Then the type I error is the design's. `reject`: probabilities of rejecting at
    each look without an effect. Raises DES-115.
    """
    t = design.information
    if design.sided == 2 or design.futility_rule is None or len(pipeline) != t.size - 1 or min(pipeline) <= 0:
        raise DesignError("DES-115", f"pipeline {list(pipeline)}, {design.sided} sides",
        "one side, futility, a positive "
                          "fraction for each interim look",
                          "Add futility bounds, on which the reversal rests.")  # fmt: skip
    looks = t.size
    decision, reject = np.append(np.zeros(looks - 1), design.efficacy[-1]), np.zeros(looks)
    z, mass = np.zeros(1), np.ones(1)
    for k in range(looks - 1):
        later = np.array([*t[:k], t[k], t[k] + pipeline[k]])
        tops = stay(z, mass, later, k, 0.0, float(design.efficacy[k]), math.inf)
        lows = stay(z, mass, later, k, 0.0, -math.inf, float(design.futility[k]))
        decision[k] = _balance(tops, lows, float(t[k]), float(t[k] + pipeline[k]))
        reject[k] = sum(
            compute_tail(*side, float(t[k]), float(t[k] + pipeline[k]), 0.0, float(decision[k]), 1.0)
            for side in (tops, lows)
        )
        z, mass = stay(z, mass, t, k, 0.0, float(design.futility[k]), float(design.efficacy[k]))
    reject[-1] = compute_tail(z, mass, float(t[-2]), float(t[-1]), 0.0, float(decision[-1]), 1.0)
    return DelayedResponse(
        design.look, t, design.efficacy, design.lower, t + np.append(pipeline, 0.0), decision, reject
    )


def _balance(tops: tuple[Floats, Floats], lows: tuple[Floats, Floats], now: float, then: float) -> float:
    """The bound at which as much falls back from above as comes up from below."""

    def excess(bound: float) -> float:
        lost = compute_tail(*tops, now, then, 0.0, bound, -1.0)
        won = compute_tail(*lows, now, then, 0.0, bound, 1.0)
        return math.log(max(lost, AT_LEAST_NOTHING)) - math.log(max(won, AT_LEAST_NOTHING))

    return float(brentq(excess, -6.0, 8.0, xtol=1e-11))
