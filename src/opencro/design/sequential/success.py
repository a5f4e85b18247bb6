"""The probability of success of a group sequential design, over what is believed of the effect."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from opencro.design.sequential.crossing import Floats
from opencro.design.sequential.plan import GroupSequentialDesign


def normal_belief(mean: float, sd: float, nodes: int = 40) -> tuple[Floats, Floats]:
    """A normal belief of the drift theta sqrt(I_max) as points and weights (Gauss-Hermite)."""
    x, w = np.polynomial.hermite_e.hermegauss(nodes)
    return mean + sd * x, w / w.sum()


def compute_success(
    design: GroupSequentialDesign, drift: ArrayLike, weight: ArrayLike, *, after_look: int = 0
) -> float:
    """The probability that the design rejects, over beliefs `weight` at drifts; futility stops count.

    `after_look`: given that the trial did not stop up to that look (0: from the start). Source: O'Hagan A et al. Pharm
    Stat 2005; 4:187-201; Spiegelhalter DJ, Abrams KR, Myles JP. Bayesian Approaches to Clinical Trials, 2004, section
    6.5.
    """
    w = np.asarray(weight, dtype=np.float64) / np.sum(weight)
    found = design.operating(drift)
    won = w @ found.reject[:, after_look:].sum(axis=1)
    on = 1 - w @ (found.reject + found.futility)[:, :after_look].sum(axis=1)
    return float(won / on)
