"""Combination tests of the stages of a trial: decisions, repeated p-values and intervals, what the rest may still do.

A design is a group sequential one, whose bounds are used for the weighted inverse normal combination (weights from its
information fractions, whatever the stages became), or a Fisher design. `pooled=True` takes a group sequential design
without adaptation instead: bounds for all data together.

Source: Wassmer G, Brannath W. Group Sequential and Confirmatory Adaptive Designs in Clinical Trials, 2016, chapters
6-7.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from opencro.design.adaptive.fisher import FisherDesign, compute_critical, compute_fisher_levels
from opencro.design.adaptive.stages import Stages
from opencro.design.errors import DesignError
from opencro.design.sequential import (
    GroupSequentialDesign,
    compute_conditional_error,
    compute_repeated_p,
    compute_stagewise_p,
)
from opencro.design.sequential.crossing import cross_path
from opencro.stats import Result

Floats = NDArray[np.float64]
Design = GroupSequentialDesign | FisherDesign
LEAST, MOST = 1e-300, 1 - 1e-16
POWER_NODES, POWER_WEIGHTS = np.polynomial.hermite_e.hermegauss(80)


@dataclass(frozen=True)
class StageAnalysis(Result):
    """A combination test, a row a stage. `statistic`: Z of the inverse normal combination, or the product of p-values.

    `lower`, `upper`: repeated confidence interval of the effect; `conditional_error`: the probability of still
    rejecting without an effect.
    """

    title: ClassVar[str] = "Combination test"

    stage: tuple[int, ...]
    stage_p: Floats
    statistic: Floats
    critical: Floats
    decision: tuple[str, ...]
    estimate: Floats
    lower: Floats
    upper: Floats
    repeated_p: Floats
    conditional_error: Floats


def combine_normal(design: GroupSequentialDesign, p: Sequence[float] | Floats) -> Floats:
    """Z of the weighted inverse normal combination after each stage; squared weights are the planned information.

    Source: Lehmacher W, Wassmer G. Biometrics 1999; 55:1286-1290.
    """
    values = np.clip(np.asarray(p, dtype=np.float64), LEAST, MOST)
    weights = np.sqrt(np.diff(design.information, prepend=0.0))[: values.size]
    return np.asarray(np.cumsum(weights * -ndtri(values)) / np.sqrt(design.information[: values.size]))


def combine(design: Design, p: Sequence[float] | Floats) -> Floats:
    """The statistic after each stage: Z for a group sequential design, the product for Fisher's."""
    if isinstance(design, FisherDesign):
        return np.asarray(np.cumprod(np.asarray(p, dtype=np.float64)), dtype=np.float64)
    return combine_normal(design, p)


def rejects(design: Design, stage: int, statistic: float) -> bool:
    """Whether the statistic after a stage (1, 2, ...) rejects."""
    if isinstance(design, FisherDesign):
        return bool(statistic <= design.critical[stage - 1])
    return bool(statistic >= design.efficacy[stage - 1])


def compute_repeated_p_combined(design: Design, stage: int, statistic: float) -> float:
    """The smallest alpha at which a design of the same rule rejects after this stage.

    Source: Wassmer & Brannath (2016), section 8.1.
    """
    if isinstance(design, FisherDesign):

        def excess(alpha: float) -> float:
            return math.log(compute_critical(design, stage, alpha)) - math.log(max(statistic, LEAST))

        most = float(min([0.5, *(design.futility[:-1] * (1 - 1e-9))]))
        if excess(most) < 0:
            return most
        return float(brentq(excess, 1e-10, most, xtol=1e-12)) if excess(1e-10) < 0 else 1e-10
    return compute_repeated_p(design, design.information[:stage], statistic, stage == design.information.size)


def compute_conditional_error_combined(design: Design, stage: int, statistic: float) -> float:
    """The conditional probability of a later rejection without an effect; 1 where the test rejects already.

    Source: Müller HH, Schäfer H. Biometrics 2001; 57:886-891.
    """
    if isinstance(design, FisherDesign):
        if statistic <= design.critical[stage - 1]:
            return 1.0
        rest = np.minimum(design.critical[stage:] / max(statistic, LEAST), 1.0)
        stops = design.futility[stage:-1] if design.binding else np.ones(rest.size - 1)
        return float(compute_fisher_levels(rest.tolist(), stops.tolist()).sum())
    return compute_conditional_error(design, stage, statistic)


def analyse_stages(design: Design, stages: Stages, *, null: float = 0.0, pooled: bool = False) -> StageAnalysis:
    """The combination test of effect <= `null`, after the stages that there are.

    `stages`: `MeanStages`, `RateStages`, `LogRankStages`, or `Mirrored` for effects that should fall. Raises DES-403
    for more stages than planned or a two-sided design.
    """
    p = stages.pooled_p_values(null) if pooled else stages.p_values(null)
    planned = design.stages if isinstance(design, FisherDesign) else design.information.size
    if p.size > planned or (isinstance(design, GroupSequentialDesign) and design.sided == 2):
        raise DesignError("DES-403", f"{p.size} stages", f"at most {planned}, one side", "Plan the stages first.")

    def statistics(theta: float, upward: bool) -> Floats:
        found = stages.pooled_p_values(theta) if pooled else stages.p_values(theta)
        found = found if upward else 1 - found
        return np.asarray(-ndtri(np.clip(found, LEAST, MOST))) if pooled else combine(design, found)

    value = statistics(null, True)
    critical = design.critical if isinstance(design, FisherDesign) else design.efficacy
    looks = range(1, p.size + 1)
    limits = [_interval(design, k, statistics, stages.range()) for k in looks]
    last = [k for k in looks if k < planned]
    error = [compute_conditional_error_combined(design, k, float(value[k - 1])) for k in last]
    return StageAnalysis(
        tuple(looks), stages.p_values(null), value, critical[: p.size],
        tuple(_decide(design, k, float(value[k - 1]), float(p[k - 1])) for k in looks), stages.estimate(),
        np.array([a for a, _ in limits]), np.array([b for _, b in limits]),
        np.array([compute_repeated_p_combined(design, k, float(value[k - 1])) for k in looks]),
        np.array([*error, *[math.nan] * (p.size - len(error))]),
    )  # fmt: skip


def _decide(design: Design, stage: int, statistic: float, p: float) -> str:
    if rejects(design, stage, statistic):
        return "reject and stop"
    if isinstance(design, FisherDesign):
        if stage == design.stages:
            return "accept"
        return "stop for futility" if p > design.futility[stage - 1] else "continue"
    if stage == design.information.size:
        return "accept"
    return "stop for futility" if statistic <= design.futility[stage - 1] else "continue"


def _interval(
    design: Design, stage: int, statistics: Callable[[float, bool], Floats], search: tuple[float, float]
) -> tuple[float, float]:
    """Effects that the test after this stage just rejects, from below and from above."""
    fisher = isinstance(design, FisherDesign)
    bound = float((design.critical if isinstance(design, FisherDesign) else design.efficacy)[stage - 1])

    def excess(theta: float, upward: bool) -> float:
        value = float(statistics(theta, upward)[stage - 1])
        if fisher:
            return math.log(max(value, LEAST)) - math.log(bound)
        return bound - value

    def limit(upward: bool) -> float:
        ends = [excess(theta, upward) for theta in search]
        if ends[0] * ends[1] >= 0:  # never rejected, as with few participants
            return search[0] if upward else search[1]
        return float(brentq(excess, *search, args=(upward,), xtol=1e-11 * (search[1] - search[0])))

    return limit(True), limit(False)


def compute_conditional_power_stages(design: Design, stage: int, statistic: float, shift: Sequence[float]) -> Floats:
    """The probability of having rejected by each later stage, given the statistic after a stage.

    `shift`: the mean of the standard normal statistic of each stage to come, e.g. theta / sd sqrt(n / 4) for two equal
    arms of n in all. Futility stops count where they bind. Source: Wassmer & Brannath (2016), section 7.4.
    """
    means = np.asarray(shift, dtype=np.float64)
    if isinstance(design, FisherDesign):
        return np.array([_fisher_power(design, stage, statistic, means[: k + 1]) for k in range(means.size)])
    t = design.information
    rest = t[stage:]
    steps = np.sqrt(np.diff(t)[stage - 1 :])
    low = design.lower[stage:] if design.binding else np.full(rest.size, -math.inf)
    above, _ = cross_path(low, design.efficacy[stage:], rest, means / steps, float(t[stage - 1]), statistic)
    return np.cumsum(above)


def _fisher_power(design: FisherDesign, stage: int, product: float, means: Floats) -> float:
    bound = design.critical[stage] / max(product, LEAST)
    now = 1.0 if bound >= 1 else float(ndtr(ndtri(bound) + means[0]))
    if means.size == 1 or bound >= 1:
        return now
    z = POWER_NODES + means[0]
    p = ndtr(-z)
    stop = design.futility[stage] if design.binding else 1.0
    later = [_fisher_power(design, stage + 1, product * q, means[1:]) if bound < q <= stop else 0.0 for q in p]
    return now + float(POWER_WEIGHTS @ np.array(later) / POWER_WEIGHTS.sum())


def compute_final_p(design: Design, stage: int, statistic: float) -> float:
    """The stagewise-ordering p-value of a trial that stopped after a stage, by its combined statistic."""
    k = stage - 1
    if isinstance(design, FisherDesign):
        stops = design.futility[:k] if design.binding else np.ones(k)
        return float(compute_fisher_levels([*design.critical[:k], statistic], stops.tolist()).sum())
    low = design.futility[:k] if design.binding else np.full(k, -math.inf)
    return compute_stagewise_p(design.efficacy[:k], low, design.information[:stage], statistic)


@dataclass(frozen=True)
class StageInference(Result):
    """The inference of a combination test that stopped: stagewise ordering; one row."""

    title: ClassVar[str] = "Combination test, final analysis (stagewise ordering)"

    stage: int
    p_value: float
    median_unbiased: float
    lower: float
    upper: float


def infer_stages(
    design: GroupSequentialDesign, stages: Stages, stage: int, *, null: float = 0.0, pooled: bool = False
) -> StageInference:
    """p-value, median-unbiased estimate and 1 - 2 alpha interval of a trial that stopped after a stage.

    An effect moves the statistics by what the information of the stages says (spread from all data); the p-value is the
    stagewise one at the bounds moved along. `pooled`: information as planned. Source: Brannath W, Mehta CR, Posch M.
    Biometrics 2009; 65:539-546.
    """
    k = stage
    p = np.clip(stages.pooled_p_values(null) if pooled else stages.p_values(null), LEAST, MOST)[:k]
    value = np.asarray(-ndtri(p)) if pooled else combine_normal(design, p)
    roots, root = stages.root_information(k)
    t = design.information[:k]
    by_stage = np.cumsum(np.sqrt(np.diff(t, prepend=0.0)) * roots) / np.sqrt(t)
    slope = root * np.sqrt(t / t[-1]) if pooled else by_stage

    def p_of(theta: float) -> float:
        moved = theta * slope
        upper = design.efficacy[: k - 1] - moved[:-1]
        low = design.futility[: k - 1] - moved[:-1] if design.binding else np.full(k - 1, -math.inf)
        return compute_stagewise_p(upper, low, t, float(value[-1] - moved[-1]))

    middle, width = float(value[-1] / slope[-1]), 12 / float(slope.min())

    def invert(target: float) -> float:
        return null + float(brentq(lambda x: p_of(x) - target, middle - width, middle + width, xtol=1e-11 * width))

    return StageInference(stage, p_of(0.0), invert(0.5), invert(design.alpha), invert(1 - design.alpha))
