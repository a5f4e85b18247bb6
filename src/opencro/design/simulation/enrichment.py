"""Enrichment: all participants or a subgroup, chosen between two stages, both hypotheses in a closed test.

The full population is the subgroup and the rest, stratified: its Z joins theirs by the roots of their shares. The test
of the intersection is that of Spiessens & Debois (2010, Contemp Clin Trials 31, 647-656), from the correlation of both
Z, or Bonferroni's. After the first stage the population with the higher estimate goes on; if it is the subgroup, all
further participants are of it. Stages are combined by the inverse normal method. Level of fidelity: score process, two
equal arms.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from opencro.design.errors import DesignError
from opencro.design.simulation.chunks import Workers, run_replicates
from opencro.design.simulation.records import fill_uniforms
from opencro.stats import Result

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
POPULATIONS = ("subgroup", "all")
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(160)
_LOW, _HIGH, _STEP = -8.0, 8.0, 0.01


@dataclass(frozen=True)
class EnrichmentPlan:
    """Two stages: `size` of both arms together in each, `bounds` of the combined Z, `prevalence` of the subgroup.

    `intersection` the test of both hypotheses together. DesignError DES-527.
    """

    prevalence: float
    size: tuple[int, int]
    bounds: tuple[float, float]
    intersection: Literal["spiessens-debois", "bonferroni"] = "spiessens-debois"

    def __post_init__(self) -> None:
        if not (0 < self.prevalence < 1 and len(self.size) == len(self.bounds) == 2 and min(self.size) > 0):
            raise DesignError(
                "DES-527", f"prevalence {self.prevalence:g}, sizes {self.size}, bounds {self.bounds}",
                "a prevalence inside 0 to 1, two sizes and two bounds", "Give both stages.",
            )  # fmt: skip

    def intersect(self, largest: Floats) -> Floats:
        """The inverse normal of 1 - p of the intersection by the larger of both Z."""
        grid = np.arange(_LOW, _HIGH + _STEP / 2, _STEP)
        if self.intersection == "bonferroni":
            p = np.minimum(2 * ndtr(-grid), 1.0)
        else:
            p = 1 - _both_below(grid, math.sqrt(self.prevalence))
        return np.asarray(np.interp(largest, grid, -ndtri(p.clip(1e-16, 1 - 1e-16))))


@dataclass(frozen=True)
class EnrichmentCharacteristics(Result):
    """By population: shares of trials that reject it at each stage, and in which it goes on to the second.

    `summary()`: `any` rejects at least one, `false` one without an effect.
    """

    title: ClassVar[str] = "Enrichment"
    aside: ClassVar[frozenset[str]] = frozenset({"counts"})

    effects: tuple[float, float]
    seed: int
    scenario: int
    trials: int
    counts: Ints

    @property
    def rejected(self) -> Floats:
        """The share of trials that first reject each population at each stage: (populations, stages)."""
        return np.asarray(self.counts[:4].reshape(2, 2) / self.trials)

    def columns(self) -> Mapping[str, Any]:
        """One row a population."""
        total = self.rejected.sum(axis=1)
        return {
            "fidelity": "score process", "population": list(POPULATIONS), "effect": list(self.effects),
            "rejected": total,
            "rejected_se": np.sqrt(total * (1 - total) / self.trials), "rejected_1": self.rejected[:, 0],
            "rejected_2": self.rejected[:, 1], "selected": self.counts[4:6] / self.trials,
        }  # fmt: skip

    def summary(self) -> pl.DataFrame:
        """What is true of whole trials: characteristic, estimate, Monte Carlo standard error."""
        shares = [("any", self.counts[6] / self.trials), ("false", self.counts[7] / self.trials)]
        rows = [(name, float(p), math.sqrt(p * (1 - p) / self.trials)) for name, p in shares]
        return pl.DataFrame(rows, schema=["characteristic", "estimate", "se"], orient="row")


def simulate_enrichment(
    plan: EnrichmentPlan, *, subgroup: float, rest: float, trials: int = 20_000, seed: int, scenario: int = 0,
    workers: Workers = 1,
) -> EnrichmentCharacteristics:  # fmt: skip
    """Operating characteristics of choosing between a subgroup and all participants.

    `subgroup` and `rest`: effects, differences of means in standard deviations; the effect on all is their mean,
    weighted by prevalence. The other arguments as in `simulate_days`. DesignError DES-527.

    >>> plan = EnrichmentPlan(0.4, (100, 100), (2.963, 1.969))
    >>> simulate_enrichment(plan, subgroup=0.5, rest=0.0, trials=5000, seed=1).rejected[0, 1].round(1).tolist()
    0.7
    """
    if not (math.isfinite(subgroup) and math.isfinite(rest)):
        raise DesignError("DES-527", f"effects {subgroup} and {rest}", "two numbers", "Give differences of means.")
    counts = run_replicates(partial(_count, plan, subgroup, rest, seed, scenario), trials, workers=workers)
    whole = plan.prevalence * subgroup + (1 - plan.prevalence) * rest
    return EnrichmentCharacteristics((subgroup, whole), seed, scenario, trials, counts)


def _both_below(z: Floats, correlation: float) -> Floats:
    """P(both standard normal numbers with this correlation <= z), by quadrature over one of them."""
    low = -9.0
    half = (z - low) / 2
    x = low + half[:, None] * (_NODES + 1)
    other = ndtr((z[:, None] - correlation * x) / math.sqrt(1 - correlation**2))
    density = np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    return np.asarray(half * ((other * density) @ _WEIGHTS))


def _count(plan: EnrichmentPlan, subgroup: float, rest: float, seed: int, scenario: int, first: int, last: int) -> Ints:
    u = np.empty((last - first, 4))
    fill_uniforms(np.uint64(seed), scenario, first, 0, u)
    normal, share = ndtri(u), math.sqrt(plan.prevalence)
    other = math.sqrt(1 - plan.prevalence)
    roots = [math.sqrt(n / 4) for n in plan.size]
    part = normal[:, 0] + subgroup * roots[0] * share
    z1 = np.stack([part, share * part + other * (normal[:, 1] + rest * roots[0] * other)], axis=1)
    both = plan.intersect(z1.max(axis=1))
    rejected = (z1 >= plan.bounds[0]) & (both >= plan.bounds[0])[:, None]
    enrich = z1[:, 0] / share > z1[:, 1]
    # the chosen population alone in the second stage: all its participants of the subgroup, or a mixture
    mixed = share * (normal[:, 2] + subgroup * roots[1] * share) + other * (normal[:, 3] + rest * roots[1] * other)
    z2 = np.where(enrich, normal[:, 2] + subgroup * roots[1], mixed)
    chosen = np.stack([enrich, ~enrich], axis=1) & ~rejected
    later = chosen & _second(plan, z1, both, z2, chosen)
    null = [subgroup <= 0, plan.prevalence * subgroup + (1 - plan.prevalence) * rest <= 1e-12]
    every = rejected | later
    counts = [*np.stack([rejected, later], axis=2).sum(axis=0).ravel(), *chosen.sum(axis=0)]
    return np.array([*counts, every.any(axis=1).sum(), every[:, null].any(axis=1).sum()], dtype=np.int64)


def _second(plan: EnrichmentPlan, z1: Floats, both: Floats, z2: Floats, chosen: Bools) -> Bools:
    """Which of the chosen hypotheses the closed test rejects at the second stage; an intersection stays rejected."""
    w1, w2 = (math.sqrt(n / sum(plan.size)) for n in plan.size)
    alone = (w1 * z1 + w2 * z2[:, None] >= plan.bounds[1]) | (z1 >= plan.bounds[0])
    together = (w1 * both + w2 * z2 >= plan.bounds[1]) | (both >= plan.bounds[0])
    return alone & together[:, None] & chosen
