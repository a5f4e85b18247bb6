"""Response-adaptive randomization of a binary outcome: better arms get more participants, poor ones are dropped.

Looks after every block of participants; allocation until the next look is P(best) tempered by n / (2 N), never below a
minimum. An arm is chosen when P(best) reaches a bound and dropped when it falls below another. Level of fidelity:
participants, their outcomes known at the next look. A drift of the response over calendar time can be added, because it
is what response-adaptive allocation is sensitive to. Sources: Thall & Wathen (2007); Villar, Bowden & Wason (2018),
Stat Med 37, 3413-3426.
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
from opencro.design.simulation.best_arm import NODES, weigh_arms
from opencro.design.simulation.chunks import Workers, run_replicates
from opencro.design.streams import SIZE, compiled, draw_uniform, inlined, open_stream
from opencro.stats import Result

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
CHOSEN, DROPPED, TREATED, TREATED_SQUARES, WHOLE = range(5)
TRIALS, ALL, ALL_SQUARES, RESPONSES, RESPONSES_SQUARES = range(5)


@dataclass(frozen=True)
class AdaptivePlan:
    """Response-adaptive randomization: participants by the end of each look, bounds of P(best), allocation.

    `superior`: an arm is chosen and the trial ends at this P(best); `inferior`: an arm is dropped below it; `minimum`
    share of each active arm; `temper`: allocation is tempered by n / (2 N), otherwise plain Thompson; `adaptive` False:
    equal allocation, for comparison. `prior` (alpha, beta) of every arm. DesignError DES-523.
    """

    arms: int
    looks: tuple[int, ...]
    superior: float = 0.99
    inferior: float = 0.01
    minimum: float = 0.1
    temper: bool = True
    adaptive: bool = True
    prior: tuple[float, float] = (1.0, 1.0)

    def __post_init__(self) -> None:
        rising = len(self.looks) > 0 and min(np.diff([0, *self.looks])) > 0
        bounds = 0 <= self.inferior < self.superior <= 1 and min(self.prior) > 0
        if not (rising and bounds and 2 <= self.arms <= 10 and 0 <= self.minimum <= 1 / self.arms):
            raise DesignError(
                "DES-523", f"{self.arms} arms, looks {self.looks}, bounds {self.inferior:g} and {self.superior:g}",
                "2 to 10 arms, rising looks, inferior < superior, a minimum share of at most one an arm",
                "Correct the one that stands outside.",
            )  # fmt: skip


@dataclass(frozen=True)
class AdaptiveCharacteristics(Result):
    """By arm: share of trials that choose it and that drop it, mean number treated; standard errors.

    `summary()`: share of trials that choose any arm, mean participants and responses.
    """

    title: ClassVar[str] = "Response-adaptive randomization"
    aside: ClassVar[frozenset[str]] = frozenset({"tally"})

    truth: tuple[float, ...]
    seed: int
    scenario: int
    tally: Ints

    @property
    def trials(self) -> int:
        """The number of trials simulated."""
        return int(self.tally[WHOLE, TRIALS])

    @property
    def chosen(self) -> Floats:
        """The share of trials that choose each arm."""
        return np.asarray(self.tally[CHOSEN, : len(self.truth)] / self.trials)

    def columns(self) -> Mapping[str, Any]:
        """One row an arm."""
        k, n = len(self.truth), self.trials
        chosen, dropped, treated, squares = (self.tally[row, :k] / n for row in range(4))
        return {
            "fidelity": "participants", "arm": list(range(1, k + 1)), "truth": list(self.truth), "chosen": chosen,
            "chosen_se": np.sqrt(chosen * (1 - chosen) / n), "dropped": dropped, "treated": treated,
            "treated_se": np.sqrt(np.maximum(squares - treated**2, 0) / n),
        }  # fmt: skip

    def summary(self) -> pl.DataFrame:
        """What is true of whole trials: characteristic, estimate, Monte Carlo standard error."""
        n, whole = self.trials, self.tally[WHOLE] / self.trials
        any_arm = float(self.chosen.sum())
        rows = [("any chosen", any_arm, math.sqrt(any_arm * (1 - any_arm) / n))]
        for name, total, squares in (("participants", ALL, ALL_SQUARES), ("responses", RESPONSES, RESPONSES_SQUARES)):
            mean = float(whole[total])
            rows.append((name, mean, math.sqrt(max(float(whole[squares]) - mean**2, 0.0) / n)))
        return pl.DataFrame(rows, schema=["characteristic", "estimate", "se"], orient="row")


@inlined
def _allocate(best: Floats, active: int, power: float, minimum: float, share: Floats) -> None:
    """Shares of active arms: P(best) to a power, raised to the minimum, the others lowered in proportion."""
    total, count = 0.0, 0
    for k in range(best.size):
        share[k] = best[k] ** power if (active >> k) & 1 else 0.0
        total += share[k]
        count += (active >> k) & 1
    free = 1.0 - minimum * count
    for k in range(best.size):
        share[k] = minimum + free * share[k] / total if (active >> k) & 1 else 0.0


@inlined
def _treat(state: Any, people: int, share: Floats, rates: Floats, n: Ints, y: Ints) -> None:
    """Randomize and observe a block of participants."""
    for _ in range(people):
        u, arm = draw_uniform(state), 0
        while arm < share.size - 1 and (u >= share[arm] or share[arm] == 0.0):
            u -= share[arm]
            arm += 1
        while share[arm] == 0.0:
            arm -= 1
        n[arm] += 1
        y[arm] += draw_uniform(state) < rates[arm]


@inlined
def _count_trial(tally: Ints, n: Ints, y: Ints, chosen: int) -> None:
    treated, responses = 0, 0
    for k in range(n.size):
        tally[TREATED, k] += n[k]
        tally[TREATED_SQUARES, k] += n[k] * n[k]
        treated += n[k]
        responses += y[k]
    if chosen >= 0:
        tally[CHOSEN, chosen] += 1
    tally[WHOLE, TRIALS] += 1
    tally[WHOLE, ALL] += treated
    tally[WHOLE, ALL_SQUARES] += treated * treated
    tally[WHOLE, RESPONSES] += responses
    tally[WHOLE, RESPONSES_SQUARES] += responses * responses


@compiled
def _simulate(
    truth: Floats, looks: Ints, superior: float, inferior: float, minimum: float, temper: bool, adaptive: bool,
    alpha: float, beta: float, drift: float, seed: Any, scenario: int, first: int, last: int, tally: Ints,
) -> None:  # fmt: skip
    arms, state = truth.size, np.empty(SIZE, np.uint64)
    n, y = np.empty(arms, np.int64), np.empty(arms, np.int64)
    density, below = np.empty((arms, NODES)), np.empty((arms, NODES))
    logs, a, b = np.empty((2, NODES)), np.empty(arms), np.empty(arms)
    best, share, rates = np.empty(arms), np.empty(arms), np.empty(arms)
    for replicate in range(first, last):
        open_stream(state, seed, scenario, replicate, 0)
        n[:] = 0
        y[:] = 0
        active, past, chosen = (1 << arms) - 1, 0, -1
        best[:] = 1.0 / arms
        for look in range(looks.size):
            power = past / (2.0 * looks[-1]) if temper else 1.0
            _allocate(best, active, power if adaptive else 0.0, minimum, share)
            for k in range(arms):
                odds = truth[k] / (1.0 - truth[k]) * math.exp(drift * past / looks[-1])
                rates[k] = odds / (1.0 + odds)
            _treat(state, looks[look] - past, share, rates, n, y)
            past = looks[look]
            for k in range(arms):
                a[k], b[k] = alpha + y[k], beta + n[k] - y[k]
            weigh_arms(a, b, active, density, below, logs, best)
            for k in range(arms):
                if best[k] >= superior:
                    chosen = k
            if chosen >= 0:
                break
            for k in range(arms):
                if (active >> k) & 1 and best[k] < inferior:
                    active &= ~(1 << k)
                    tally[DROPPED, k] += 1
        _count_trial(tally, n, y, chosen)


def _tally_trials(*given: Any) -> Ints:
    *plan, seed, scenario, first, last = given
    tally = np.zeros((5, max(plan[0].size, 5)), np.int64)
    compute: Callable[..., None] = _simulate
    compute(*plan, np.uint64(seed), scenario, first, last, tally)
    return tally


def simulate_adaptive_allocation(
    plan: AdaptivePlan, truth: ArrayLike, *, drift: float = 0.0, trials: int = 10_000, seed: int, scenario: int = 0,
    workers: Workers = 1,
) -> AdaptiveCharacteristics:  # fmt: skip
    """Operating characteristics of response-adaptive randomization when the response rates are `truth`.

    `drift`: how much the log odds of response rise in every arm from the first participant to the last. The rest as in
    `simulate_days`. DesignError DES-523 for rates outside 0 to 1.

    >>> plan = AdaptivePlan(3, tuple(range(100, 501, 100)))
    >>> int(simulate_adaptive_allocation(plan, [0.2, 0.2, 0.4], trials=500, seed=1).chosen.argmax())
    2
    """
    rates = np.asarray(truth, float)
    if rates.shape != (plan.arms,) or not np.all((rates > 0) & (rates < 1)):
        raise DesignError(
            "DES-523", f"response rates {rates.tolist()}", f"{plan.arms} rates inside 0 to 1", "Give one an arm."
        )
    task = partial(
        _tally_trials, rates, np.array(plan.looks), plan.superior, plan.inferior, plan.minimum, plan.temper,
        plan.adaptive,
        *plan.prior, drift, seed, scenario,
    )  # fmt: skip
    tally = run_replicates(task, trials, workers=workers)
    return AdaptiveCharacteristics(tuple(rates.tolist()), seed, scenario, tally)
