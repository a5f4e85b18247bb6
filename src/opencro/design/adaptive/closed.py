"""Closed combination tests: several hypotheses over stages, with hypotheses dropped in between for any reason.

Every intersection is combined over the stages; a hypothesis is rejected when all intersections with it are, so that
the family-wise error holds. Source: Bretz F, Schmidli H, König F, Racine A, Maurer W. Biom J 2006; 48:623-634; Posch M
et al. Stat Med 2005; 24:3697-3714; conditional Dunnett: König F, Brannath W, Bretz F, Posch M. Stat Med 2008;
27:1612-1625.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from opencro.design.adaptive.combination import Design, combine, compute_repeated_p_combined, rejects
from opencro.design.adaptive.families import StageFamily
from opencro.design.adaptive.fisher import FisherDesign
from opencro.stats import Result

Floats = NDArray[np.float64]
Intersection = Literal["parametric", "bonferroni", "sidak", "simes"]


@dataclass(frozen=True)
class ClosedTest(Result):
    """A closed test after the stages that there are. Arrays (stages, hypotheses); the table has a row for each pair.

    `repeated_p`, `lower`, `upper`: NaN for what a stage has no data of; aside: `stage_p` and `statistic` of every
    intersection (stages, intersections), in the order of `intersections`.
    """

    title: ClassVar[str] = "Closed combination test"
    aside: ClassVar[frozenset[str]] = frozenset({"intersections", "stage_p", "statistic"})

    names: tuple[str, ...]
    rejected: NDArray[np.bool_]
    repeated_p: Floats
    lower: Floats
    upper: Floats
    intersections: tuple[tuple[int, ...], ...]
    stage_p: Floats
    statistic: Floats

    def columns(self) -> Mapping[str, Any]:
        """One row for each stage and hypothesis."""
        k, m = self.rejected.shape
        stage = np.repeat(np.arange(1, k + 1), m)
        values = {"rejected": self.rejected, "repeated_p": self.repeated_p, "lower": self.lower, "upper": self.upper}
        return {"stage": stage, "hypothesis": self.names * k} | {key: v.ravel() for key, v in values.items()}


def intersections_of(count: int) -> tuple[tuple[int, ...], ...]:
    """All sets of hypotheses, the largest first."""
    sizes = range(count, 0, -1)
    return tuple(s for size in sizes for s in itertools.combinations(range(count), size))


def adjust(kind: Intersection, family: StageFamily, stage: int, members: Sequence[int], theta: float = 0.0) -> float:
    """The p-value of an intersection at a stage, by the members that the stage has; NaN for none."""
    here = [j for j in members if j in family.active(stage)]
    if not here:
        return math.nan
    p = np.sort([family.p_value(stage, j, theta) for j in here])
    if len(here) == 1:
        return float(p[0])
    if kind == "simes":
        return float(min(np.min(len(here) * p / np.arange(1, len(here) + 1)), 1.0))
    return _single_step(kind, family, stage, here, float(p[0]))


def _single_step(kind: Intersection, family: StageFamily, stage: int, here: Sequence[int], p: float) -> float:
    if kind == "parametric":
        return family.joint_p(stage, here, p)
    if kind == "sidak":
        return 1.0 if p >= 1 else float(-np.expm1(len(here) * np.log1p(-p)))
    return min(len(here) * p, 1.0)


def closed_combination_test(
    design: Design, family: StageFamily, *, intersection: Intersection = "parametric"
) -> ClosedTest:
    """The closed test of all hypotheses of a family, intersections combined by the design.

    Intersections: "parametric" (Dunnett for arms, Spiessens and Debois for nested populations), "bonferroni", "sidak",
    "simes". Intervals are single-step (Bonferroni's for Simes). Source: see the module.
    """
    sets, m, k = intersections_of(len(family.names)), len(family.names), family.stages
    p = np.array([[adjust(intersection, family, stage, s) for s in sets] for stage in range(k)])
    statistic = np.full(p.shape, np.nan)
    repeated, hit = np.full(p.shape, np.nan), np.zeros(p.shape, bool)
    for i in range(len(sets)):
        there = int(np.argmax(np.isnan(p[:, i]))) if np.isnan(p[:, i]).any() else k
        statistic[:there, i] = combine(design, p[:there, i])
        for stage in range(there):
            hit[stage, i] = rejects(design, stage + 1, float(statistic[stage, i]))
            repeated[stage, i] = compute_repeated_p_combined(design, stage + 1, float(statistic[stage, i]))
    hit = np.logical_or.accumulate(hit, axis=0)
    shape = (k, m)
    rejected, worst = np.zeros(shape, bool), np.full(shape, np.nan)
    lower, upper = np.full(shape, np.nan), np.full(shape, np.nan)
    for j, stage in itertools.product(range(m), range(k)):
        inside = [i for i, s in enumerate(sets) if j in s]
        rejected[stage, j] = hit[stage, inside].all()
        if j in family.active(stage):
            worst[stage, j] = repeated[stage, inside].max()
            lower[stage, j], upper[stage, j] = _limits(design, family, intersection, stage, j)
    return ClosedTest(family.names, rejected, worst, lower, upper, sets, p, statistic)


def _limits(
    design: Design, family: StageFamily, kind: Intersection, stage: int, hypothesis: int
) -> tuple[float, float]:
    """Effects that the single-step test of one hypothesis just rejects, from below and from above."""
    fisher = isinstance(design, FisherDesign)
    bound = float((design.critical if isinstance(design, FisherDesign) else design.efficacy)[stage])
    start, end = family.range(hypothesis)

    def excess(theta: float, upward: bool) -> float:
        p = []
        for k in range(stage + 1):
            raw = family.p_value(k, hypothesis, theta)
            one = raw if upward else 1 - raw
            p.append(_single_step(kind, family, k, family.active(k), max(one, 1e-300)))
        value = float(combine(design, p)[-1])
        return math.log(max(value, 1e-300)) - math.log(bound) if fisher else bound - value

    def limit(upward: bool) -> float:
        ends = (excess(start, upward), excess(end, upward))
        if ends[0] * ends[1] >= 0:
            return start if upward else end
        return float(brentq(excess, start, end, args=(upward,), xtol=1e-11 * (end - start)))

    return limit(True), limit(False)
