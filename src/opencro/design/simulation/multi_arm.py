"""Several arms against one control in stages: arms are selected between stages, hypotheses tested in a closed test.

Each intersection of hypotheses has a p-value a stage from that stage's participants (Dunnett, Simes, ...); stages are
combined by the inverse normal method with weights fixed beforehand, so that any selection rule keeps the type I error.
Level of fidelity: score process, the stage means of each group are normal with known standard deviation. Sources: Bauer
& Kieser (1999), Stat Med 18, 1833-1848; Lehmacher & Wassmer (1999), Biometrics 55, 1286-1290.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from opencro.design.errors import DesignError
from opencro.design.simulation.chunks import Workers, run_replicates
from opencro.design.simulation.intersections import EXTREME, Intersection, look_up, tabulate_intersections
from opencro.design.streams import SIZE, compiled, draw_normals, inlined, open_stream
from opencro.stats import Result

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MOST_ARMS = 6
# the tally's last row, of whole trials
TRIALS, ANY, FALSE, SIZE_ALL, SIZE_SQUARES = range(5)


@dataclass(frozen=True)
class MultiArmPlan:
    """Arms against a control in stages.

    `arms` (at most 6, without the control); `size` participants a group in each stage; `bounds` of the combined Z at
    each stage, one-sided; `intersection` the test of intersections; `keep` how many arms go on at most, those with the
    highest estimates; `margin` how far below the best estimate an arm may lie, in standard deviations; `floor` the
    estimate that an arm needs to go on. `stop_at_first`: the trial ends with the first rejection; otherwise when all
    arms that go on are rejected. DesignError DES-521.
    """

    arms: int
    size: tuple[int, ...]
    bounds: tuple[float, ...]
    intersection: Intersection = "dunnett"
    keep: int = 1
    margin: float = math.inf
    floor: float = -math.inf
    stop_at_first: bool = False

    def __post_init__(self) -> None:
        fits = len(self.size) == len(self.bounds) > 0 and min(self.size) > 0
        if not (fits and 1 <= self.arms <= MOST_ARMS and self.keep >= 1 and self.margin >= 0):
            raise DesignError(
                "DES-521", f"{self.arms} arms, sizes {self.size}, bounds {self.bounds}, keep {self.keep}",
                f"1 to {MOST_ARMS} arms, one size and bound a stage", "Give as many bounds as stages.",
            )  # fmt: skip


@dataclass(frozen=True)
class MultiArmCharacteristics(Result):
    """By arm: share of trials that reject it, by stage and in all, and that treat it in each stage; standard errors.

    `summary()`: `any` rejects at least one arm, `false` rejects an arm whose effect is 0 or below, mean `participants`.
    """

    title: ClassVar[str] = "Arms against a control in stages"
    aside: ClassVar[frozenset[str]] = frozenset({"tally"})

    effects: tuple[float, ...]
    stages: int
    seed: int
    scenario: int
    tally: Ints

    @property
    def trials(self) -> int:
        """The number of trials simulated."""
        return int(self.tally[-1, TRIALS])

    @property
    def rejected(self) -> Floats:
        """The share of trials that reject each arm first at each stage: (arms, stages)."""
        return np.asarray(self.tally[: self.stages, : len(self.effects)].T / self.trials)

    @property
    def treated(self) -> Floats:
        """The share of trials in which each arm takes part in each stage: (arms, stages)."""
        return np.asarray(self.tally[self.stages : 2 * self.stages, : len(self.effects)].T / self.trials)

    def columns(self) -> Mapping[str, Any]:
        """One row an arm."""
        power = self.rejected.sum(axis=1)
        by_stage = {f"rejected_{k + 1}": self.rejected[:, k] for k in range(self.stages)}
        with_arm = {f"treated_{k + 1}": self.treated[:, k] for k in range(self.stages)}
        error = np.sqrt(power * (1 - power) / self.trials)
        shown = {"fidelity": "score process", "arm": list(range(1, power.size + 1)), "effect": list(self.effects)}
        return {**shown, "rejected": power, "rejected_se": error, **by_stage, **with_arm}

    def summary(self) -> pl.DataFrame:
        """What is true of whole trials: characteristic, estimate, Monte Carlo standard error."""
        whole, n = self.tally[-1].astype(float), self.trials
        shares = [(name, whole[at] / n) for name, at in (("any", ANY), ("false", FALSE))]
        rows = [(name, float(p), float(np.sqrt(p * (1 - p) / n))) for name, p in shares]
        mean = whole[SIZE_ALL] / n
        error = np.sqrt(max(whole[SIZE_SQUARES] / n - mean**2, 0.0) / n)
        rows.append(("participants", float(mean), float(error)))
        return pl.DataFrame(rows, schema=["characteristic", "estimate", "se"], orient="row")


@inlined
def _intersect(subset: int, active: int, z: Floats, order: Ints, table: Floats, simes: bool) -> float:
    """The inverse normal of 1 - p of the active arms of a subset; `order` lists arms by falling Z."""
    both, k = subset & active, 0
    for a in range(z.size):
        k += (both >> a) & 1
    j, best = 0, -EXTREME
    for i in range(z.size):
        a = order[i]
        if (both >> a) & 1:
            j += 1
            best = max(best, look_up(table[k, j], z[a]))
            if not simes:
                break
    return best


@inlined
def _sort_falling(values: Floats, active: int, order: Ints) -> int:
    """Active arms by falling value, into `order`; how many."""
    count = 0
    for a in range(values.size):
        if (active >> a) & 1:
            i = count
            while i > 0 and values[order[i - 1]] < values[a]:
                order[i] = order[i - 1]
                i -= 1
            order[i] = a
            count += 1
    for i in range(count, values.size):
        order[i] = order[0]
    return count


@inlined
def _draw_stage(state: Any, effects: Floats, active: int, size: float, total: Floats, z: Floats) -> None:
    """The Z of each active arm in one stage; adds the stage to `total`, sums of differences to the control."""
    first, spare = draw_normals(state)
    pending = True
    scale = math.sqrt(1.0 / size)
    for a in range(effects.size):
        if (active >> a) & 1:
            if pending:
                draw = spare
            else:
                draw, spare = draw_normals(state)
            pending = not pending
            difference = effects[a] + (draw - first) * scale
            total[a] += difference * size
            z[a] = difference * math.sqrt(size / 2.0)


@inlined
def _close(rejected: int, arms: int) -> Any:
    """The arms all of whose intersections are rejected; bit J of `rejected` is intersection J."""
    found: Any = 0
    for a in range(arms):
        whole = True
        for subset in range(1, 1 << arms):
            if (subset >> a) & 1 and not (rejected >> subset) & 1:
                whole = False
                break
        found |= np.int64(whole) << a
    return found


@inlined
def _select(total: Floats, active: int, order: Ints, past: float, keep: int, margin: float, floor: float) -> int:
    """The arms that go on."""
    count = _sort_falling(total, active, order)
    best, going = total[order[0]] / past, 0
    for i in range(min(keep, count)):
        estimate = total[order[i]] / past
        if estimate >= best - margin and estimate >= floor:
            going |= 1 << order[i]
    return going


@inlined
def _count_trial(whole: Ints, rejects: bool, false: int, treated: int) -> None:
    whole[TRIALS] += 1
    whole[ANY] += rejects
    whole[FALSE] += false
    whole[SIZE_ALL] += treated
    whole[SIZE_SQUARES] += treated * treated


@compiled
def _simulate(
    effects: Floats, sizes: Ints, bounds: Floats, weights: Floats, table: Floats, simes: bool, keep: int, margin: float,
    floor: float, stop_at_first: bool, seed: Any, scenario: int, first: int, last: int, tally: Ints,
) -> None:  # fmt: skip
    arms, stages = effects.size, sizes.size
    state = np.empty(SIZE, np.uint64)
    z, total, order = np.empty(arms), np.empty(arms), np.empty(arms, np.int64)
    combined = np.empty(1 << arms)
    for replicate in range(first, last):
        open_stream(state, seed, scenario, replicate, 0)
        total[:] = 0.0
        combined[:] = 0.0
        active, rejected, known, treated, false, past, squares = (1 << arms) - 1, 0, 0, 0, 0, 0.0, 0.0
        for stage in range(stages):
            _draw_stage(state, effects, active, sizes[stage], total, z)
            count = _sort_falling(z, active, order)
            treated += (count + 1) * sizes[stage]
            past += sizes[stage]
            squares += weights[stage] ** 2
            for subset in range(1, 1 << arms):
                if subset & active:
                    combined[subset] += weights[stage] * _intersect(subset, active, z, order[:count], table, simes)
                    if combined[subset] >= bounds[stage] * math.sqrt(squares):
                        rejected |= 1 << subset
            new = _close(rejected, arms) & active & ~known
            known |= new
            for a in range(arms):
                tally[stages + stage, a] += (active >> a) & 1
                if (new >> a) & 1:
                    tally[stage, a] += 1
                    false |= effects[a] <= 0.0
            if active & ~known == 0 or (stop_at_first and known != 0):
                break
            active = _select(total, active, order, past, keep, margin, floor)
            if active & ~known == 0:
                break
        _count_trial(tally[tally.shape[0] - 1], known != 0, false, treated)


def _tally_trials(arms: int, stages: int, *given: Any) -> Ints:
    *plan, seed, scenario, first, last = given
    tally = np.zeros((2 * stages + 1, max(arms, 5)), np.int64)
    compute: Callable[..., None] = _simulate
    compute(*plan, np.uint64(seed), scenario, first, last, tally)
    return tally


def simulate_multi_arm(
    plan: MultiArmPlan, effects: ArrayLike, *, trials: int = 100_000, seed: int, scenario: int = 0, workers: Workers = 1
) -> MultiArmCharacteristics:
    """Operating characteristics of arms against a control in stages.

    `effects` of the arms, differences of means to the control in standard deviations; larger is better. The rest as in
    `simulate_days`. DesignError DES-521.

    >>> plan = MultiArmPlan(3, (50, 50), (2.9626, 1.9686))
    >>> simulate_multi_arm(plan, [0.4, 0, 0], trials=20_000, seed=1).rejected.sum(axis=1).round(1).tolist()
    [0.7, 0.0, 0.0]
    """
    true = np.asarray(effects, float)
    if true.shape != (plan.arms,) or not np.all(np.isfinite(true)):
        raise DesignError(
            "DES-521", f"effects {true.tolist()}", f"{plan.arms} numbers, one an arm", "Leave the control out."
        )
    sizes = np.array(plan.size)
    task = partial(
        _tally_trials, plan.arms, sizes.size, true, sizes, np.array(plan.bounds), np.sqrt(sizes / sizes.sum()),
        tabulate_intersections(plan.intersection, plan.arms), plan.intersection == "simes", plan.keep, plan.margin,
        plan.floor, plan.stop_at_first, seed, scenario,
    )  # fmt: skip
    tally = run_replicates(task, trials, workers=workers, chunk=100_000)
    return MultiArmCharacteristics(tuple(true.tolist()), sizes.size, seed, scenario, tally)
