"""A trial design of a study simulated: no effect, half the planned one, the planned one; beside what integration gives.

Every design as score process. Survival designs with one side also as participants on a grid of days, so that what
accrual, dropout and whole numbers of events do to the plan is seen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np

from opencro.design import fixed, simulation
from opencro.design.simulation import TrialCharacteristics, Workers
from opencro.design.trial.model import Survival
from opencro.design.trial.planned import Floats, PlannedTrial
from opencro.stats import Result

SCENARIOS = {"no effect": 0.0, "half the planned effect": 0.5, "planned effect": 1.0}


@dataclass(frozen=True)
class SimulatedDesign(Result):
    """A row for each scenario and level of fidelity; `_se` are Monte Carlo standard errors (0: not simulated).

    `power` the probability of rejecting, `stopped` of ending at an interim look, `count` the mean number of
    participants or events at the end, `duration` in months (survival).
    """

    title: ClassVar[str] = "Operating characteristics by scenario"
    aside: ClassVar[frozenset[str]] = frozenset({"seed", "trials"})

    design: tuple[str, ...]
    scenario: tuple[str, ...]
    fidelity: tuple[str, ...]
    power: tuple[float, ...]
    power_se: tuple[float, ...]
    stopped: tuple[float, ...]
    stopped_se: tuple[float, ...]
    count: tuple[float, ...]
    count_se: tuple[float, ...]
    duration: tuple[float | None, ...]
    seed: int
    trials: int


Row = tuple[str, str, str, float, float, float, float, float, float, float | None]


def simulate_trial(
    trial: PlannedTrial, *, trials: int, seed: int, workers: Workers = 1, progress: Callable[[str], None] | None = None
) -> SimulatedDesign:
    """The characteristics of a planned trial under `SCENARIOS`, numbered in this order.

    Futility stops are followed, binding or not. `progress` is told what is simulated. The same for any number of
    workers.
    """
    rows: list[Row] = []
    for number, (name, share) in enumerate(SCENARIOS.items()):
        if progress:
            progress(f"{trial.name}: {name}")
        rows.append(_integrated(trial, name, share))
        rows += [
            _row(trial, name, found)
            for found in _simulated(trial, share, trials=trials, seed=seed, scenario=number, workers=workers)
        ]
    names = [f.name for f in fields(SimulatedDesign)]
    columns: dict[str, Any] = dict(zip(names, zip(*rows, strict=True), strict=False))
    return SimulatedDesign(**columns, seed=seed, trials=trials)


def _integrated(trial: PlannedTrial, name: str, share: float) -> Row:
    found = trial.plan.operating(share * trial.plan.drift)
    stopped = float((found.reject + found.futility)[0, :-1].sum())
    count = float(trial.count_total * found.expected_information[0])
    return (trial.name, name, "analytic", float(found.power[0]), 0.0, stopped, 0.0, count, 0.0, None)


def _simulated(
    trial: PlannedTrial, share: float, *, trials: int, seed: int, scenario: int, workers: Workers
) -> Iterator[TrialCharacteristics]:
    plan = trial.plan
    futility = np.nan_to_num(plan.futility, nan=-np.inf) if plan.sided == 1 else np.full(plan.efficacy.size, -np.inf)
    information = plan.information * trial.maximal_information
    effect = share * plan.drift / math.sqrt(trial.maximal_information)
    counts = np.ceil(trial.count_total * plan.information - 1e-6)
    yield simulation.simulate_information(
        information, effect, plan.efficacy, futility, counts, sided=plan.sided, trials=trials, seed=seed,
        scenario=scenario, workers=workers,
    )  # fmt: skip
    endpoint = trial.design.endpoint
    if isinstance(endpoint, Survival) and plan.sided == 1 and endpoint.hazard_ratio < 1:
        days = _days(trial, endpoint, endpoint.hazard_ratio**share, counts, futility)
        yield simulation.simulate_days(days, trials=trials, seed=seed, scenario=scenario, workers=workers)


def _days(
    trial: PlannedTrial, e: Survival, hazard_ratio: float, counts: Floats, futility: Floats
) -> simulation.SurvivalPlan:
    relative = sum(p.rate * p.months for p in e.accrual)
    rates = tuple(p.rate * trial.n_total / relative for p in e.accrual)
    accrual = fixed.Accrual(rates, tuple(p.months for p in e.accrual))
    dropout = fixed.Hazard.from_probability(e.dropout.share, e.dropout.by) if e.dropout else fixed.NEVER
    arms = fixed.trial_of(
        hazard_ratio, fixed.Hazard.from_median(e.control_median), accrual, dropout, trial.design.ratio
    )
    efficacy = tuple(float(b) for b in trial.plan.efficacy)
    return simulation.SurvivalPlan(
        arms, tuple(int(c) for c in counts), efficacy, tuple(float(b) for b in futility[:-1])
    )


def _row(trial: PlannedTrial, name: str, found: TrialCharacteristics) -> Row:
    power, power_se = found.whole["power"]
    stopped = float((found.reject + found.futile)[:-1].sum())
    error = math.sqrt(max(stopped * (1 - stopped), 0.0) / found.trials)
    count, count_se = found.whole["events"]
    duration = found.whole["duration"][0] if found.fidelity == "day-grid participants" else None
    return (trial.name, name, found.fidelity, power, power_se, stopped, error, count, count_se, duration)
