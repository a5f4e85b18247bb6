"""The partial likelihood with Breslow's and Efron's treatment of ties, compiled: value, score and information.

Risk sets grow backwards in time: a row joins at its end and leaves at its entry.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from opencro.stats.survival.cox_data import CoxData, risk_scores
from opencro.stats.survival.sample import Bools, Floats, Ints

compiled = njit(cache=True, error_model="numpy")
inlined = njit(cache=True, error_model="numpy", forceinline=True)
RISK, DEATH = 0, 1


@inlined
def add_row(which: int, theta: float, row: int, x: Floats, s0: Floats, s1: Floats, s2: Floats) -> None:
    """Adds theta, theta x and theta x x' of a row to the sums of the risk set or of the deaths."""
    s0[which] += theta
    for j in range(x.shape[1]):
        part = theta * x[row, j]
        s1[which, j] += part
        for k in range(j + 1):
            s2[which, j, k] += part * x[row, k]


@inlined
def add_death_time(
    deaths: int, weight: float, parts: int, s0: Floats, s1: Floats, s2: Floats, score: Floats, info: Floats
) -> float:
    """Subtracts the denominators of one time with `deaths` rows of mean weight `weight`; gives their log.

    `parts` is the number of denominators: 1, or with Efron's method one for each tied death.
    """
    p, total, w = score.size, 0.0, weight * deaths / parts
    for tie in range(parts):
        part = tie / parts
        scale = 1.0 / (s0[RISK] - part * s0[DEATH])
        total -= w * np.log(s0[RISK] - part * s0[DEATH])
        for j in range(p):
            mean = (s1[RISK, j] - part * s1[DEATH, j]) * scale
            score[j] -= w * mean
            for k in range(j + 1):
                other = (s1[RISK, k] - part * s1[DEATH, k]) * scale
                info[j, k] += w * ((s2[RISK, j, k] - part * s2[DEATH, j, k]) * scale - mean * other)
    return total


@compiled
def partial_likelihood(
    time: Floats, entry: Floats, event: Bools, weight: Floats, x: Floats, eta: Floats, theta: Floats, by_stop: Ints,
    by_start: Ints, bounds: Ints, efron: bool, score: Floats, info: Floats,
) -> float:  # fmt: skip
    """The log partial likelihood; adds the score and the lower triangle of the information to the arrays given."""
    p = x.shape[1]
    total, s0, s1, s2 = 0.0, np.zeros(2), np.zeros((2, p)), np.zeros((2, p, p))
    for s in range(bounds.size - 1):
        s0[:], s1[:], s2[:] = 0.0, 0.0, 0.0
        i, j, end = bounds[s], bounds[s], bounds[s + 1]
        while i < end:
            t, first, deaths, death_weight = time[by_stop[i]], i, 0, 0.0
            while i < end and time[by_stop[i]] == t:
                row = by_stop[i]
                add_row(RISK, weight[row] * theta[row], row, x, s0, s1, s2)
                if event[row] and weight[row] > 0.0:
                    deaths, death_weight = deaths + 1, death_weight + weight[row]
                    total += weight[row] * eta[row]
                    for k in range(p):
                        score[k] += weight[row] * x[row, k]
                i += 1
            while j < end and entry[by_start[j]] >= t:
                add_row(RISK, -weight[by_start[j]] * theta[by_start[j]], by_start[j], x, s0, s1, s2)
                j += 1
            if efron and deaths > 1:
                for q in range(first, i):
                    if event[by_stop[q]]:
                        add_row(DEATH, weight[by_stop[q]] * theta[by_stop[q]], by_stop[q], x, s0, s1, s2)
            if deaths:
                total += add_death_time(deaths, death_weight / deaths, deaths if efron else 1, s0, s1, s2, score, info)
            if efron and deaths > 1:
                s0[DEATH], s1[DEATH], s2[DEATH] = 0.0, 0.0, 0.0
    return total


def evaluate(data: CoxData, beta: Floats, *, efron: bool) -> tuple[float, Floats, Floats]:
    """Log partial likelihood, score (p,) and information (p, p) at `beta` for the scaled covariates.

    Breslow (1974): sum of s_D'beta - d log sum_R theta. Efron (1977): the k-th of d tied deaths has the denominator
    sum_R theta - (k - 1)/d sum_D theta. Weighted deaths share their mean weight, as in R survival.
    """
    s = data.sample
    theta, shift = risk_scores(data, beta)
    p = beta.size
    score, info = np.zeros(p), np.zeros((p, p))
    eta = data.x @ beta + data.offset - shift
    value = partial_likelihood(
        s.time, s.entry, s.event, s.weight, data.x, eta, theta, data.by_stop, data.by_start, data.bounds, efron,
        score, info,
    )  # fmt: skip
    return value, score, info + np.tril(info, -1).T
