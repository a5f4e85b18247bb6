"""What a Cox model says at each event time: hazard increments and means of the covariates in the risk set, compiled.

Residuals, robust errors, baseline hazards and the test of proportional hazards are all read from this table.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from opencro.stats.survival.cox_data import CoxData, risk_scores
from opencro.stats.survival.cox_likelihood import DEATH, RISK, add_row
from opencro.stats.survival.sample import Bools, Floats, Ints

compiled = njit(cache=True, error_model="numpy")


@dataclass(frozen=True)
class EventTable:
    """One row per event time of a stratum, by stratum and time.

    `hazard`: increment of the cumulative hazard at x = centre, and its variance at a known beta; `mean` (m, p): mean
    covariate among those at risk, averaged over tied deaths; `pull` (m, p): mean times increment. `tied_hazard` and
    `tied_pull`: the same as a row that dies at this time feels it (Efron's method takes part of the dead out of the
    risk set). `info` (m, p, p): the information of this time, empty unless asked for. Covariates are scaled.
    """

    stratum: Ints
    time: Floats
    deaths: Floats
    hazard: Floats
    hazard_variance: Floats
    mean: Floats
    pull: Floats
    tied_hazard: Floats
    tied_pull: Floats
    info: Floats


@compiled
def describe_time(
    deaths: int, weight: float, efron: bool, s0: Floats, s1: Floats, s2: Floats, m: int, hazard: Floats, mean: Floats,
    pull: Floats, info: Floats,
) -> None:  # fmt: skip
    """Fills row m: `hazard` (m, 3) and `pull` (m, 2, p) hold the plain and the tied form, `hazard` the variance too."""
    p = s1.shape[1]
    for tie in range(deaths if efron else 1):
        part = tie / deaths if efron else 0.0
        w = weight if efron else weight * deaths
        scale = 1.0 / (s0[RISK] - part * s0[DEATH])
        hazard[m, 0] += w * scale
        hazard[m, 1] += w * scale * (1.0 - part)
        hazard[m, 2] += w * scale * scale
        for j in range(p):
            at = (s1[RISK, j] - part * s1[DEATH, j]) * scale
            mean[m, j] += at / deaths if efron else at
            pull[m, 0, j] += at * w * scale
            pull[m, 1, j] += at * w * scale * (1.0 - part)
            if info.size:
                for k in range(j + 1):
                    other = (s1[RISK, k] - part * s1[DEATH, k]) * scale
                    info[m, j, k] += w * ((s2[RISK, j, k] - part * s2[DEATH, j, k]) * scale - at * other)


@compiled
def describe_events(
    time: Floats, entry: Floats, event: Bools, weight: Floats, x: Floats, theta: Floats, by_stop: Ints, by_start: Ints,
    bounds: Ints, efron: bool, place: Floats, hazard: Floats, mean: Floats, pull: Floats, info: Floats,
) -> int:  # fmt: skip
    """One pass as in `partial_likelihood`; `place` (m, 3) takes stratum, time and weighted deaths; gives m."""
    p, m = x.shape[1], 0
    s0, s1, s2 = np.zeros(2), np.zeros((2, p)), np.zeros((2, p, p))
    for s in range(bounds.size - 1):
        s0[:], s1[:], s2[:] = 0.0, 0.0, 0.0
        i, j, end = bounds[s], bounds[s], bounds[s + 1]
        while i < end:
            t, deaths, death_weight = time[by_stop[i]], 0, 0.0
            while i < end and time[by_stop[i]] == t:
                row = by_stop[i]
                w = weight[row]
                add_row(RISK, w * theta[row], row, x, s0, s1, s2)
                if event[row] and w > 0.0:
                    add_row(DEATH, w * theta[row], row, x, s0, s1, s2)
                    deaths, death_weight = deaths + 1, death_weight + w
                i += 1
            while j < end and entry[by_start[j]] >= t:
                add_row(RISK, -weight[by_start[j]] * theta[by_start[j]], by_start[j], x, s0, s1, s2)
                j += 1
            if deaths:
                place[m, 0], place[m, 1], place[m, 2] = s, t, death_weight
                describe_time(deaths, death_weight / deaths, efron, s0, s1, s2, m, hazard, mean, pull, info)
                s0[DEATH], s1[DEATH], s2[DEATH] = 0.0, 0.0, 0.0
                m += 1
    return m


def tabulate_events(data: CoxData, beta: Floats, *, efron: bool, with_info: bool = False) -> EventTable:
    """The event table at `beta` for the scaled covariates."""
    s, p = data.sample, beta.size
    theta, shift = risk_scores(data, beta)
    most = int(s.event.sum())
    place, hazard = np.zeros((most, 3)), np.zeros((most, 3))
    mean, pull = np.zeros((most, p)), np.zeros((most, 2, p))
    info = np.zeros((most if with_info else 0, p, p))
    m = describe_events(
        s.time, s.entry, s.event, s.weight, data.x, theta, data.by_stop, data.by_start, data.bounds, efron, place,
        hazard, mean, pull, info,
    )  # fmt: skip
    stratum = place[:m, 0].astype(np.int64)
    order = np.lexsort((place[:m, 1], stratum))
    # risk scores were divided by exp(shift)
    hazard, pull = hazard[:m][order] * np.exp(-shift), pull[:m][order] * np.exp(-shift)
    full = info[:m][order] if with_info else info
    full = full + np.swapaxes(np.tril(full, -1), 1, 2)
    return EventTable(
        stratum[order], place[:m, 1][order], place[:m, 2][order], hazard[:, 0], hazard[:, 2] * np.exp(-shift),
        mean[:m][order], pull[:, 0], hazard[:, 1], pull[:, 1], full,
    )  # fmt: skip


def accumulated(table: EventTable, values: Floats, data: CoxData) -> tuple[Floats, Ints]:
    """For each row of the data: the sum of `values` (m, ...) over event times in (entry, time] of its stratum, and
    the row of the table at its own time, -1 where nobody in its stratum dies then."""
    s = data.sample
    sums = np.concatenate([np.zeros((1, *values.shape[1:])), values.cumsum(axis=0)])
    first, last, own = (np.zeros(s.n, np.int64) for _ in range(3))
    for stratum in range(data.bounds.size - 1):
        rows = data.by_stop[data.bounds[stratum] : data.bounds[stratum + 1]]
        begin, end = np.searchsorted(table.stratum, [stratum, stratum + 1])
        times = table.time[begin:end]
        first[rows] = begin + np.searchsorted(times, s.entry[rows], side="right")
        last[rows] = begin + np.searchsorted(times, s.time[rows], side="right")
        before = begin + np.searchsorted(times, s.time[rows], side="left")
        own[rows] = np.where(last[rows] > before, before, -1)
    return sums[last] - sums[first], own
