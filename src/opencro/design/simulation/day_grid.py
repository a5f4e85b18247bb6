"""Participants on a grid of days: group sequential log-rank trials without sorting.

The day on which a participant leaves and why (event or dropout) come from one random number and a table of their joint
distribution. At a look everyone followed is counted by day of follow-up in one 64-bit number of four counts, and one
pass over the days gives the log-rank test. Times are whole days, so ties are more frequent than in continuous time;
that moves the mean of Z by less than 0.01 (a test measures it).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opencro.design.fixed.clock import Arm
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
from opencro.design.streams import TO_UNIT, compiled, inlined, philox_block

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Days = NDArray[np.int32]
Words = NDArray[np.uint64]
Halves = NDArray[np.uint32]
Guide = NDArray[np.uint16]
_GUIDE = 4096
_TO_GUIDE, _ZERO = np.uint32(20), np.uint64(0)
_LOW, _HALF = np.uint64(0xFFFF), np.uint64(0xFFFFFFFF)
_S16, _S32, _S48 = np.uint64(16), np.uint64(32), np.uint64(48)


@inlined
def _draw_exits(
    low: Any,
    high: Any,
    scenario: int,
    replicate: int,
    arm: Ints,
    cumulative: Halves,
    guide: Guide,
    words: Halves,
    out: Days,
) -> None:
    """The exit of each participant: 2 x day, plus 1 for a dropout; two steps without a branch, rarely more."""
    blocks = words.shape[0]
    for b in range(blocks):
        w = philox_block(np.uint64(b), _ZERO, np.uint64(replicate), np.uint64(scenario), low, high)
        words[b, 0], words[b, 1], words[b, 2], words[b, 3] = w
    flat = words.reshape(blocks * 4)
    for i in range(out.size):
        word, table = flat[i], arm[i]
        at = np.int64(guide[table, word >> _TO_GUIDE])
        at += cumulative[table, at] < word
        at += cumulative[table, at] < word
        while cumulative[table, at] < word:
            at += 1
        out[i] = at


@inlined
def _draw_entries(low: Any, high: Any, scenario: int, replicate: int, entered: Floats, out: Days) -> None:
    """Days of entry of a Poisson process; `entered` is the expected number by the end of each day."""
    count, day = 0.0, 0
    for b in range(0, out.size, 4):
        w = philox_block(np.uint64(b), np.uint64(1), np.uint64(replicate), np.uint64(scenario), low, high)
        for j in range(min(4, out.size - b)):
            count -= math.log((np.float64(w[j]) + 0.5) * TO_UNIT)
            while day < entered.size - 1 and entered[day] < count:
                day += 1
            out[b + j] = day


@inlined
def _test(
    cut: int, entry: Days, exits: Days, arm: Ints, add: Words, cell: Words, share: Floats
) -> tuple[float, float, int]:
    """The log-rank score (above 0: treated do better), its variance, and how many had entered, at the end of a day."""
    treated: Any = 0
    entered: Any = np.searchsorted(entry, cut, side="right")
    for i in range(entered):
        room, left, a = cut - entry[i], exits[i] >> 1, arm[i]
        treated += a
        cell[min(left, room)] += add[2 * a + ((exits[i] & 1) | (left > room))]
    controls = entered - treated
    score, variance = 0.0, 0.0
    for t in range(cut + 1):
        # without a branch: a day without events adds nothing
        c = cell[t]
        cell[t] = _ZERO
        one, d = np.int64(c >> _S48), np.int64(c >> _S48) + np.int64((c >> _S32) & _LOW)
        n = treated + controls
        p = treated * share[n]
        score += d * p - one
        variance += d * p * (1.0 - p) * (n - d) * share[n - 1]
        treated -= np.int64((c >> _S16) & _LOW)
        controls -= np.int64(c & _LOW)
    return score, variance, entered


@compiled
def _simulate(
    events: Ints, upper: Floats, lower: Floats, days: float, fixed_entry: Days, entered_by: Floats, arm: Ints,
    cumulative: Halves, guide: Guide, add: Words, share: Floats, random_entry: bool, seed: Any, scenario: int,
    first: int,
    last: int, tally: Ints,
) -> None:  # fmt: skip
    n, horizon = arm.size, entered_by.size
    low, high = seed & _HALF, seed >> np.uint64(32)
    words, exits = np.empty(((n + 3) // 4, 4), np.uint32), np.empty(n, np.int32)
    entry = fixed_entry.copy()
    calendar, cell = np.zeros(horizon, np.int32), np.zeros(horizon, np.uint64)
    for replicate in range(first, last):
        _draw_exits(low, high, scenario, replicate, arm, cumulative, guide, words, exits)
        if random_entry:
            _draw_entries(low, high, scenario, replicate, entered_by, entry)
        calendar[:] = 0
        for i in range(n):
            day = entry[i] + (exits[i] >> 1)
            if day < horizon and exits[i] & 1 == 0:
                calendar[day] += 1
        day, known = -1, 0
        for look in range(events.size):
            while known < events[look] and day < horizon - 1:
                day += 1
                known += calendar[day]
            score, variance, entered = _test(day, entry, exits, arm, add, cell, share)
            z = score / math.sqrt(variance) if variance > 0 else 0.0
            time = (day + 1) / days
            count_look(tally, look, z, known, time)
            if z >= upper[look]:
                tally[REJECTED, look] += 1
                break
            if z < lower[look]:
                tally[FUTILE, look] += look < events.size - 1
                break
        count_end(tally, known, time, entered)


def tabulate_exits(arms: list[Arm], days: float, horizon: int) -> tuple[Halves, Guide]:
    """The joint distribution of day and reason of leaving, as thresholds of a 32-bit number, and a guide into it.

    Row a is arm a; threshold 2 d + r is the largest number that means day d or earlier, on day d with reason up to r (0
    event, 1 dropout). Within a day hazards are those of its middle.
    """
    edges = np.arange(horizon + 1) / days
    middles = (edges[:-1] + edges[1:]) / 2
    tables = []
    for arm in arms:
        left = arm.at_risk_share(edges)
        rate, lost = arm.event.at(middles), arm.dropout.at(middles)
        share = np.where(rate + lost > 0, rate / np.maximum(rate + lost, 1e-300), 1.0)
        gone = np.stack([1 - left[:-1] + share * (left[:-1] - left[1:]), 1 - left[1:]], axis=1).ravel()
        tables.append(np.append(np.floor(gone * 2.0**32 - 0.5), 2.0**32 - 1).clip(0, 2.0**32 - 1))
    table = np.array(tables)
    starts = np.arange(_GUIDE) * 2.0**20
    guide = np.array([np.searchsorted(row, starts, side="left") for row in table])
    return table.astype(np.uint32), guide.astype(np.uint16)


def _tally_trials(looks: int, *given: Any) -> Ints:
    *plan, seed, scenario, first, last = given
    tally = empty_tally(looks)
    compute: Callable[..., None] = _simulate
    compute(*plan, np.uint64(seed), scenario, first, last, tally)
    return tally


def simulate_days(
    plan: SurvivalPlan, *, trials: int = 10_000, seed: int, scenario: int = 0, workers: Workers = 1
) -> TrialCharacteristics:
    """Operating characteristics of a group sequential log-rank trial, participants on a grid of days.

    `trials` are replicates 0, 1, ... of `scenario` under `seed`, the same for any number of `workers`. A trial whose
    events do not come within `plan.horizon()` has its look there.

    >>> from opencro.design.fixed.clock import Accrual, Arm, Hazard, TwoArms
    >>> control = Hazard.from_median(12)
    >>> trial = TwoArms(Arm(control.times(0.5)), Arm(control), Accrual((25,), (12,)))
    >>> simulate_days(SurvivalPlan(trial, (50, 100), (2.963, 1.969)), trials=500, seed=1).power > 0.8
    True
    """
    horizon = math.ceil(plan.horizon() * plan.days) + 1
    cumulative, guide = tabulate_exits([plan.trial.control, plan.trial.treatment], plan.days, horizon)
    entry = np.floor(plan.entry_times(np.arange(plan.participants) + 0.5) * plan.days).astype(np.int32)
    entered_by = _entered_by(plan, horizon)
    ones = [np.uint64(1) << s for s in (_ZERO, _S16, _S32, _S48)]
    # of (arm, reason): an event counts as one and as leaving, a dropout or a cut of follow-up as leaving
    add = np.array([ones[0] + ones[2], ones[0], ones[1] + ones[3], ones[1]])
    share = np.concatenate([[0.0], 1 / np.arange(1, plan.participants + 1), [0.0]])
    task = partial(
        _tally_trials, len(plan.events), np.array(plan.events), plan.upper, plan.lower, plan.days, entry, entered_by,
        plan.arms(), cumulative, guide, add, share, plan.random_entry, seed, scenario,
    )  # fmt: skip
    tally = run_replicates(task, trials, workers=workers)
    return summarize(tally, len(plan.events), "day-grid participants", seed, scenario)


def _entered_by(plan: SurvivalPlan, horizon: int) -> Floats:
    """Expected entries by the end of each day, the last rate of the accrual going on."""
    ends = np.arange(1, horizon + 1) / plan.days
    late = np.maximum(ends - plan.trial.accrual.duration, 0) * plan.trial.accrual.rates[-1]
    return np.asarray(plan.trial.accrual.entered(ends) + late)
