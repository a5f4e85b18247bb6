"""Full records: every participant with entry, onset and dropout in continuous time, analysed as the final data will be.

The slowest level and the one without shortcuts: the log-rank test is that of `opencro.stats`, or any function of yours.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from opencro.design.fixed.clock import Hazard
from opencro.design.simulation.characteristics import (
    ENTERED,
    ENTERED_SQUARES,
    EVENTS,
    EVENTS_END,
    EVENTS_SQUARES,
    FUTILE,
    PRECISION,
    REACHED,
    REJECTED,
    TIME,
    TIME_END,
    TIME_END_SQUARES,
    TRIALS,
    WHOLE,
    Z_SQUARES,
    TrialCharacteristics,
    Z,
    empty_tally,
    summarize,
)
from opencro.design.simulation.chunks import Workers, run_replicates
from opencro.design.simulation.plan import SurvivalPlan
from opencro.design.streams import SIZE, compiled, draw_uniform, open_stream
from opencro.stats import survival

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Analysis = Callable[[Floats, Bools, Ints], Floats]
ENTRY, ONSET, DROPOUT = 1, 2, 3
CHUNK = 1000


def log_rank_z(time: Floats, event: Bools, arm: Ints) -> Floats:
    """Z of the log-rank test of each trial, above 0 where the treated do better; 0 without information."""
    return np.nan_to_num(-survival.log_rank_batch(time, event, arm).z)


def simulate_records(
    plan: SurvivalPlan, *, analysis: Analysis = log_rank_z, trials: int = 2_000, seed: int, scenario: int = 0,
    workers: Workers = 1,
) -> TrialCharacteristics:  # fmt: skip
    """Operating characteristics of a group sequential trial from full records in continuous time.

    `analysis(time, event, arm)` gets follow-up times and events (trials, participants) of all trials at a look, and
    arms (participants,), 1 treated; those who have not entered have time 0. It returns Z (trials,), above 0 for a
    benefit. It is called once for up to 1,000 trials, so that NumPy in it is fast. For several workers it must be a
    function of a module.

    >>> from opencro.design.fixed.clock import Accrual, Arm, Hazard, TwoArms
    >>> control = Hazard.from_median(12)
    >>> trial = TwoArms(Arm(control.times(0.5)), Arm(control), Accrual((25,), (12,)))
    >>> simulate_records(SurvivalPlan(trial, (50, 100), (2.963, 1.969)), trials=200, seed=1).power > 0.8
    True
    """
    task = partial(_tally_trials, plan, analysis, seed, scenario)
    tally = run_replicates(task, trials, workers=workers, chunk=CHUNK)
    return summarize(tally, len(plan.events), "full records", seed, scenario)


def draw_records(plan: SurvivalPlan, *, seed: int, scenario: int = 0, replicate: int = 0) -> pl.DataFrame:
    """The participants of one simulated trial: those that `simulate_records` analyses for this replicate.

    Columns `participant`, `arm` (0 control, 1 treated), `entry` (calendar), `onset`, `dropout` (since entry; infinite:
    never), all in the plan's unit of time.
    """
    entry, onset, dropout = (x[0] for x in _draw(plan, seed, scenario, replicate, replicate + 1))
    numbers = np.arange(1, entry.size + 1)
    return pl.DataFrame(
        {"participant": numbers, "arm": plan.arms(), "entry": entry, "onset": onset, "dropout": dropout}
    )


@compiled
def fill_uniforms(seed: Any, scenario: int, first: int, purpose: int, out: Floats) -> None:
    """Uniform numbers of replicates `first`, `first` + 1, ... into `out` (trials, numbers)."""
    state = np.empty(SIZE, np.uint64)
    for i in range(out.shape[0]):
        open_stream(state, seed, scenario, first + i, purpose)
        for j in range(out.shape[1]):
            out[i, j] = draw_uniform(state)


def _draw(plan: SurvivalPlan, seed: int, scenario: int, first: int, last: int) -> tuple[Floats, Floats, Floats]:
    """Entry, onset and dropout, (trials, participants) each."""
    n, arm = plan.participants, plan.arms()
    risk = {}
    for purpose in (ONSET, DROPOUT, *([ENTRY] if plan.random_entry else [])):
        u = np.empty((last - first, n))
        fill_uniforms(np.uint64(seed), scenario, first, purpose, u)
        risk[purpose] = -np.log(u)
    counts = np.cumsum(risk[ENTRY], axis=1) if plan.random_entry else np.tile(np.arange(n) + 0.5, (last - first, 1))
    onset, dropout = np.empty_like(counts), np.empty_like(counts)
    for a, hazards in enumerate((plan.trial.control, plan.trial.treatment)):
        onset[:, arm == a] = invert_hazard(hazards.event, risk[ONSET][:, arm == a])
        dropout[:, arm == a] = invert_hazard(hazards.dropout, risk[DROPOUT][:, arm == a])
    return plan.entry_times(counts), onset, dropout


def invert_hazard(hazard: Hazard, risk: Floats) -> Floats:
    """When the cumulative hazard reaches `risk`; infinite where it never does."""
    starts, rates = np.asarray(hazard.starts), np.asarray(hazard.rates)
    spent = hazard.cumulative(starts)
    # of pieces that start with the same cumulative hazard (a rate of 0) the last one is meant
    piece = np.searchsorted(spent, risk, side="left") - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(starts[piece] + (risk - spent[piece]) / rates[piece])


def _tally_trials(plan: SurvivalPlan, analysis: Analysis, seed: int, scenario: int, first: int, last: int) -> Ints:
    tally, looks = empty_tally(len(plan.events)), len(plan.events)
    entry, onset, dropout = _draw(plan, seed, scenario, first, last)
    event_day = np.where(onset <= dropout, entry + onset, np.inf)
    sorted_days, horizon = np.sort(event_day, axis=1), plan.horizon()
    going, arm = np.arange(last - first), plan.arms()
    for look, wanted in enumerate(plan.events):
        cut = np.minimum(sorted_days[going, wanted - 1], horizon)
        room = np.maximum(cut[:, None] - entry[going], 0.0)
        left = np.minimum(onset[going], dropout[going])
        event = (event_day[going] <= cut[:, None]) & (room > 0)
        z = analysis(np.minimum(left, room), event, arm)
        known = event.sum(axis=1)
        reject, futile = z >= plan.upper[look], (z < plan.lower[look]) & (look < looks - 1)
        _count_look(tally, look, z, known, cut, reject, futile)
        stop = reject | futile | (look == looks - 1)
        _count_end(tally, known[stop], cut[stop], (entry[going] <= cut[:, None]).sum(axis=1)[stop])
        going = going[~stop]
        if not going.size:
            break
    return tally


def _count_look(tally: Ints, look: int, z: Floats, events: Ints, time: Floats, reject: Bools, futile: Bools) -> None:
    score = np.rint(z * PRECISION).astype(np.int64)
    counts = {
        REACHED: z.size, EVENTS: events.sum(), TIME: np.rint(time * PRECISION).sum(), Z: score.sum(),
        Z_SQUARES: (score**2).sum(), REJECTED: reject.sum(), FUTILE: futile.sum(),
    }  # fmt: skip
    for row, count in counts.items():
        tally[row, look] += int(count)


def _count_end(tally: Ints, events: Ints, time: Floats, entered: Ints) -> None:
    end = np.rint(time * 100)
    sums = {
        TRIALS: events.size, EVENTS_END: events.sum(), EVENTS_SQUARES: (events**2).sum(), TIME_END: end.sum(),
        TIME_END_SQUARES: (end**2).sum(), ENTERED: entered.sum(), ENTERED_SQUARES: (entered**2).sum(),
    }  # fmt: skip
    for column, count in sums.items():
        tally[WHOLE, column] += int(count)
