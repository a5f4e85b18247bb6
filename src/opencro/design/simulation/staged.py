"""Two arms in stages whose sizes may be chosen from the data: a plain Python rule, called once a stage for many trials.

Stages are combined by the inverse normal method with weights fixed beforehand (roots of the planned sizes), so that any
rule keeps the type I error. Level of fidelity: score process for a mean with known standard deviation; for a proportion
the numbers of responders are drawn exactly and tested with the pooled variance. Source: Lehmacher & Wassmer (1999),
Biometrics 55, 1286-1290.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import bdtr, ndtri
from scipy.stats import binom

from opencro.design.errors import DesignError
from opencro.design.simulation.chunks import Workers, run_replicates
from opencro.design.simulation.records import fill_uniforms
from opencro.stats import Result

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# rows of a tally, a column a stage; the last row is of whole trials
REACHED, REJECTED, FUTILE, SIZES, WHOLE = range(5)
TRIALS, ALL, ALL_SQUARES = range(3)


@dataclass(frozen=True)
class Mean:
    """A difference of means, treated less control, with known standard deviation; larger is better."""

    difference: float
    sd: float = 1.0


@dataclass(frozen=True)
class Proportion:
    """Response rates; a higher one is better."""

    treated: float
    control: float


@dataclass(frozen=True)
class Interim:
    """What a rule sees at the end of a stage, of the trials that go on, arrays (trials,) or (trials, stages so far).

    `stage` 1 first; `z` of each stage by itself; `combined` over stages; `size` of each stage; `estimate` of the
    effect, all stages together (difference of means or of proportions).
    """

    stage: int
    z: Floats
    combined: Floats
    size: Floats
    estimate: Floats


Rule = Callable[[Interim], Floats]


@dataclass(frozen=True)
class StagedPlan:
    """Stages of two equal arms: planned `size` of both arms together in each, bounds of the combined Z.

    `efficacy` at each stage; `futility` (fewer by one, or none): below it the trial stops. DesignError DES-525.
    """

    size: tuple[int, ...]
    efficacy: tuple[float, ...]
    futility: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        stages = len(self.size)
        if not (
            stages and min(self.size) >= 2 and len(self.efficacy) == stages and len(self.futility) in (0, stages - 1)
        ):
            raise DesignError(
                "DES-525", f"sizes {self.size}, {len(self.efficacy)} and {len(self.futility)} bounds",
                "a size and a bound a stage, futility for all but the last or none", "Give as many bounds as stages.",
            )  # fmt: skip


@dataclass(frozen=True)
class StagedCharacteristics(Result):
    """By stage: shares of trials that first reject or stop for futility there, mean size in those that reach it."""

    title: ClassVar[str] = "Two arms in stages"
    aside: ClassVar[frozenset[str]] = frozenset({"tally"})

    fidelity: str
    stages: int
    seed: int
    scenario: int
    tally: Ints

    @property
    def trials(self) -> int:
        """The number of trials simulated."""
        return int(self.tally[WHOLE, TRIALS])

    @property
    def power(self) -> float:
        """The share of trials that reject at any stage."""
        return float(self.tally[REJECTED, : self.stages].sum() / self.trials)

    @property
    def sizes(self) -> Floats:
        """The mean size of each stage among the trials that reach it."""
        return np.asarray(self.tally[SIZES, : self.stages] / np.maximum(self.tally[REACHED, : self.stages], 1))

    def columns(self) -> Mapping[str, Any]:
        """One row a stage."""
        reject, futile = (self.tally[row, : self.stages] / self.trials for row in (REJECTED, FUTILE))
        errors = [np.sqrt(share * (1 - share) / self.trials) for share in (reject, futile)]
        return {
            "fidelity": self.fidelity, "stage": list(range(1, self.stages + 1)), "reject": reject,
            "reject_se": errors[0],
            "futile": futile, "futile_se": errors[1], "size": self.sizes,
        }  # fmt: skip

    def summary(self) -> pl.DataFrame:
        """What is true of whole trials: characteristic, estimate, Monte Carlo standard error."""
        n, whole = self.trials, self.tally[WHOLE].astype(float)
        mean = whole[ALL] / n
        error = math.sqrt(max(whole[ALL_SQUARES] / n - mean**2, 0.0) / n)
        rows = [("power", self.power, math.sqrt(self.power * (1 - self.power) / n)), ("participants", mean, error)]
        return pl.DataFrame(rows, schema=["characteristic", "estimate", "se"], orient="row")


def simulate_stages(
    plan: StagedPlan, effect: Mean | Proportion, *, rule: Rule | None = None, trials: int = 20_000, seed: int,
    scenario: int = 0, workers: Workers = 1,
) -> StagedCharacteristics:  # fmt: skip
    """Operating characteristics of two arms in stages.

    `rule(interim)` returns the size of the next stage, both arms together, of each trial that goes on; None keeps the
    planned sizes. It is called once a stage for thousands of trials: NumPy in it is fast. For several workers it must
    be a function of a module. Sizes are rounded up to even numbers. DesignError DES-525.

    >>> plan = StagedPlan((100, 100), (2.963, 1.969))
    >>> simulate_stages(plan, Mean(0.4), trials=2000, seed=1).power > 0.7
    True
    """
    possible = isinstance(effect, Mean) and effect.sd > 0
    if isinstance(effect, Proportion):
        possible = 0 < effect.treated < 1 and 0 < effect.control < 1
    if not possible:
        raise DesignError("DES-525", f"{effect}", "a positive sd, or rates inside 0 to 1", "Change the effect.")
    task = partial(_tally_trials, plan, effect, rule, seed, scenario)
    tally = run_replicates(task, trials, workers=workers)
    level = "score process" if isinstance(effect, Mean) else "responders"
    return StagedCharacteristics(level, len(plan.size), seed, scenario, tally)


def by_conditional_power(
    plan: StagedPlan, *, power: float, smallest: int, largest: int, sd: float = 1.0
) -> Callable[[Interim], Floats]:
    """A rule for two stages and a mean: the second stage that gives this conditional power at the observed effect.

    Never fewer than `smallest` nor more than `largest` participants in the second stage (both arms); `largest` where
    the estimate is not above 0. Source: Wassmer & Brannath (2016), chapter 7.

    >>> rule = by_conditional_power(StagedPlan((100, 100), (2.963, 1.969)), power=0.8, smallest=50, largest=200)
    >>> one = np.array([[2.0]])
    >>> rule(Interim(1, one, one[:, 0], np.array([[100.0]]), np.array([0.4]))).round(1).tolist()
    [66.1]
    """
    return partial(_second_stage, plan.size, plan.efficacy[-1], float(ndtri(power)), smallest, largest, sd)


def _second_stage(
    size: tuple[int, ...], bound: float, quantile: float, smallest: int, largest: int, sd: float, interim: Interim
) -> Floats:
    first, second = math.sqrt(size[0]), math.sqrt(size[1])
    needed = (bound * math.hypot(first, second) - first * interim.z[:, 0]) / second + quantile
    effect = np.maximum(interim.estimate, 1e-9) / sd
    return np.asarray(np.clip(4 * np.maximum(needed, 0) ** 2 / effect**2, smallest, largest))


def _draw_stage(effect: Mean | Proportion, u: Floats, size: Floats) -> tuple[Floats, Floats]:
    """Z and estimate of a stage by itself; `u` (trials, 2), `size` of both arms."""
    half = size / 2
    if isinstance(effect, Mean):
        z = ndtri(u[:, 0]) + effect.difference / effect.sd * np.sqrt(half / 2)
        return z, z * effect.sd / np.sqrt(half / 2)
    y = [_responders(u[:, k], half, p) for k, p in enumerate((effect.treated, effect.control))]
    rate = (y[0] + y[1]) / size
    difference = (y[0] - y[1]) / half
    spread = np.sqrt(rate * (1 - rate) * 2 / half)
    return np.divide(difference, spread, out=np.zeros_like(difference), where=spread > 0), difference


def _responders(u: Floats, n: Floats, p: float) -> Floats:
    """Binomial numbers by inversion; by a table where all trials have one size."""
    if np.ptp(n) == 0:
        return np.searchsorted(bdtr(np.arange(n[0]), int(n[0]), p), u).astype(float)
    return np.asarray(binom.ppf(u, n, p))


def _tally_trials(
    plan: StagedPlan, effect: Mean | Proportion, rule: Rule | None, seed: int, scenario: int, first: int, last: int
) -> Ints:
    stages, count = len(plan.size), last - first
    tally, u = np.zeros((5, max(stages, 3)), np.int64), np.empty((count, 2 * stages))
    fill_uniforms(np.uint64(seed), scenario, first, 0, u)
    weight, z = np.sqrt(plan.size), np.zeros((count, stages))
    size, estimate = np.zeros((count, stages)), np.zeros((count, stages))
    going = np.arange(count)
    size[:, 0] = plan.size[0]
    for k in range(stages):
        z[going, k], estimate[going, k] = _draw_stage(effect, u[going, 2 * k : 2 * k + 2], size[going, k])
        combined = z[going, : k + 1] @ weight[: k + 1] / np.sqrt((weight[: k + 1] ** 2).sum())
        reject = combined >= plan.efficacy[k]
        futile = combined < plan.futility[k] if k < len(plan.futility) else np.zeros(going.size, bool)
        sums = (going.size, reject.sum(), futile.sum(), size[going, k].sum())
        tally[:WHOLE, k] = [int(s) for s in sums]
        combined, going = combined[~(reject | futile)], going[~(reject | futile)]
        if k + 1 == stages or not going.size:
            break
        past = size[going, : k + 1]
        pooled = (estimate[going, : k + 1] * past).sum(axis=1) / past.sum(axis=1)
        planned = np.full(going.size, float(plan.size[k + 1]))
        wanted = rule(Interim(k + 1, z[going, : k + 1], combined, past, pooled)) if rule else planned
        size[going, k + 1] = 2 * np.ceil(np.asarray(wanted) / 2 - 1e-9)
    total = size.sum(axis=1)
    tally[WHOLE, [TRIALS, ALL, ALL_SQUARES]] = [count, int(total.sum()), int((total**2).sum())]
    return tally
