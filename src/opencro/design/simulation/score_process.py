"""The two levels without participants: exact integration, and the score process with independent normal increments.

Mean and variance of the log-rank score at each look come from the plan's hazards, accrual and dropout
(`compute_moments`: Yung & Liu 2020), so hazards need not be proportional. Looks are at the calendar times at which
their events are expected.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opencro.design.fixed.log_rank import compute_moments
from opencro.design.sequential.crossing import cross_bounds
from opencro.design.simulation.characteristics import (
    FUTILE,
    REJECTED,
    TrialCharacteristics,
    count_end,
    count_look,
    empty_tally,
    summarize,
)
from opencro.design.simulation.chunks import Workers, run_replicates
from opencro.design.simulation.plan import SurvivalPlan
from opencro.design.streams import SIZE, compiled, draw_normals, open_stream

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def _moments(plan: SurvivalPlan) -> tuple[Floats, Floats, Floats]:
    """Calendar times of the looks, means and variances of the score."""
    times = np.array([plan.trial.time_of_events(d) for d in plan.events])
    found = [compute_moments(plan.trial, t) for t in times]
    return times, np.array([m.score for m in found]), np.array([m.variance for m in found])


def compute_characteristics(plan: SurvivalPlan) -> TrialCharacteristics:
    """Operating characteristics by integration: nothing is simulated, nothing has a Monte Carlo error.

    Asymptotic: Z is normal with variance 1, events come when expected. Source: Jennison & Turnbull (2000), chapter 19.

    >>> from opencro.design.fixed.clock import Accrual, Arm, Hazard, TwoArms
    >>> control = Hazard.from_median(12)
    >>> trial = TwoArms(Arm(control), Arm(control), Accrual((25,), (24,)))
    >>> round(compute_characteristics(SurvivalPlan(trial, (150, 300), (2.9626, 1.9686))).power, 4)
    0.025
    """
    times, score, variance = _moments(plan)
    drift = score / np.sqrt(variance)
    # a process with the drift taken out of it crosses the bounds less the drift
    reject, below = cross_bounds(plan.lower - drift, plan.upper - drift, variance / variance[-1], 0.0)
    futile = np.append(below[:-1], 0.0)
    stop = reject + futile
    stop[-1] = 1 - stop[:-1].sum()
    entered = np.minimum(plan.trial.accrual.entered(times), plan.participants)
    whole = {
        "power": (float(reject.sum()), 0.0), "events": (float(stop @ plan.events), 0.0),
        "duration": (float(stop @ times), 0.0), "participants": (float(stop @ entered), 0.0),
    }  # fmt: skip
    mean = np.append(drift[:1], np.full(drift.size - 1, np.nan))  # later looks are reached by a selection of trials
    nothing = np.zeros(times.size)
    return TrialCharacteristics(
        "analytic", 0, 0, 0, reject, futile, np.asarray(plan.events, float), times, mean, nothing, whole
    )


@compiled
def _simulate(
    events: Ints, upper: Floats, lower: Floats, times: Floats, entered: Ints, step: Floats, spread: Floats,
    root: Floats,
    symmetric: bool, seed: Any, scenario: int, first: int, last: int, tally: Ints,
) -> None:  # fmt: skip
    state, looks = np.empty(SIZE, np.uint64), events.size
    for replicate in range(first, last):
        open_stream(state, seed, scenario, replicate, 0)
        score, spare = 0.0, 0.0
        for look in range(looks):
            if look % 2 == 0:
                normal, spare = draw_normals(state)
            else:
                normal = spare
            score += step[look] + spread[look] * normal
            z = score / root[look]
            count_look(tally, look, z, events[look], times[look])
            stop = look == looks - 1
            if z >= upper[look] or (symmetric and z <= -upper[look]):
                tally[REJECTED, look] += 1
                stop = True
            elif z < lower[look] and not stop and not symmetric:
                tally[FUTILE, look] += 1
                stop = True
            if stop:
                count_end(tally, events[look], times[look], entered[look])
                break


def _tally_trials(*given: Any) -> Ints:
    *plan, seed, scenario, first, last = given
    tally = empty_tally(plan[0].size)
    compute: Callable[..., None] = _simulate
    compute(*plan, np.uint64(seed), scenario, first, last, tally)
    return tally


def simulate_score_process(
    plan: SurvivalPlan, *, trials: int = 100_000, seed: int, scenario: int = 0, workers: Workers = 1
) -> TrialCharacteristics:
    """Operating characteristics from the score process: independent normal increments, as many as looks are reached.

    The rest as in `simulate_days`.

    >>> from opencro.design.fixed.clock import Accrual, Arm, Hazard, TwoArms
    >>> control = Hazard.from_median(12)
    >>> trial = TwoArms(Arm(control.times(0.5)), Arm(control), Accrual((25,), (12,)))
    >>> simulate_score_process(SurvivalPlan(trial, (50, 100), (2.963, 1.969)), trials=500, seed=1).power > 0.8
    True
    """
    times, score, variance = _moments(plan)
    entered = np.rint(np.minimum(plan.trial.accrual.entered(times), plan.participants)).astype(np.int64)
    step, spread = np.diff(score, prepend=0.0), np.sqrt(np.diff(variance, prepend=0.0))
    task = partial(
        _tally_trials, np.array(plan.events), plan.upper, plan.lower, times, entered, step, spread, np.sqrt(variance),
        False, seed, scenario,
    )  # fmt: skip
    tally = run_replicates(task, trials, workers=workers, chunk=100_000)
    return summarize(tally, len(plan.events), "score process", seed, scenario)


def simulate_information(
    information: ArrayLike, effect: float, efficacy: ArrayLike, futility: ArrayLike, counts: ArrayLike, *,
    sided: int = 1, times: ArrayLike | None = None, trials: int = 100_000, seed: int, scenario: int = 0,
    workers: Workers = 1,
) -> TrialCharacteristics:  # fmt: skip
    """Operating characteristics of any group sequential trial from its information at the looks.

    `information` on the effect, not as a fraction; `effect` on the same scale, above 0 for a benefit; `efficacy` bounds
    of Z and `futility` (minus infinity: none; of two `sided` designs not used, they reject below minus the efficacy
    bound too); `counts` what has come in by each look (participants or events), `times` when. The rest as in
    `simulate_days`.

    >>> found = simulate_information([50, 100], 0.3, [2.963, 1.969], [0, 1.969], [100, 200], trials=1000, seed=1)
    >>> 0.8 < found.power < 0.9
    True
    """
    i, upper = np.asarray(information, float), np.asarray(efficacy, float)
    given = np.zeros(i.size) if times is None else np.asarray(times, float)
    lower = np.append(np.asarray(futility, float)[: i.size - 1], upper[-1])
    count = np.rint(np.asarray(counts, float)).astype(np.int64)
    step = effect * np.diff(i, prepend=0.0)
    task = partial(
        _tally_trials, count, upper, lower, given, count, step, np.sqrt(np.diff(i, prepend=0.0)), np.sqrt(i),
        sided == 2, seed,
        scenario,
    )  # fmt: skip
    tally = run_replicates(task, trials, workers=workers, chunk=100_000)
    return summarize(tally, i.size, "score process", seed, scenario)
