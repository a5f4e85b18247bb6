"""The partial likelihood of discrete time: of all ways to choose d of those at risk, the one that happened.

This is what R calls `ties = "exact"` and SAS `ties=discrete`: a conditional logistic model at each time.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from opencro.stats.survival.cox_data import CoxData, risk_scores
from opencro.stats.survival.sample import Bools, Floats, Ints

compiled = njit(cache=True, error_model="numpy")
inlined = njit(cache=True, error_model="numpy", forceinline=True)


@inlined
def include(theta: float, row: int, k: int, x: Floats, b0: Floats, b1: Floats, b2: Floats) -> None:
    """Adds a member to the symmetric function of order k and to its first and second derivatives."""
    for j in range(x.shape[1]):
        xj = x[row, j]
        for m in range(j + 1):
            xm = x[row, m]
            b2[k, j, m] += theta * (b2[k - 1, j, m] + xj * b1[k - 1, m] + xm * b1[k - 1, j] + xj * xm * b0[k - 1])
    for j in range(x.shape[1]):
        b1[k, j] += theta * (b1[k - 1, j] + x[row, j] * b0[k - 1])
    b0[k] += theta * b0[k - 1]


@compiled
def choose(members: Ints, d: int, theta: Floats, scale: float, x: Floats, b0: Floats, b1: Floats, b2: Floats) -> None:
    """Elementary symmetric functions of the members' risk scores up to order d, with derivatives."""
    b0[: d + 1], b1[: d + 1], b2[: d + 1] = 0.0, 0.0, 0.0
    b0[0] = 1.0
    n = members.size
    for i in range(n):
        row = members[i]
        # orders that can no longer become part of order d are left out
        for k in range(min(d, i + 1), max(0, d - (n - i)), -1):
            include(scale * theta[row], row, k, x, b0, b1, b2)


@compiled
def discrete_likelihood(
    time: Floats, entry: Floats, event: Bools, x: Floats, eta: Floats, theta: Floats, by_stop: Ints, bounds: Ints,
    log_factorial: Floats, most: int, score: Floats, info: Floats,
) -> float:  # fmt: skip
    """The log likelihood; adds the score and the lower triangle of the information; `most` tied deaths at once."""
    p = x.shape[1]
    b0, b1, b2 = np.empty(most + 1), np.empty((most + 1, p)), np.empty((most + 1, p, p))
    total = 0.0
    for s in range(bounds.size - 1):
        i, begin, end = bounds[s], bounds[s], bounds[s + 1]
        while i < end:
            t, d = time[by_stop[i]], 0
            stop = i
            while stop < end and time[by_stop[stop]] == t:
                d += event[by_stop[stop]]
                stop += 1
            members = by_stop[begin:stop][entry[by_stop[begin:stop]] < t]
            if 0 < d < members.size:
                for q in range(i, stop):
                    if event[by_stop[q]]:
                        total += eta[by_stop[q]]
                        score += x[by_stop[q]]
                # scaled so that the function of order d is near 1
                scale = np.exp(log_factorial[d] / d) / theta[members].sum()
                choose(members, d, theta, scale, x, b0, b1, b2)
                total -= np.log(b0[d]) - d * np.log(scale)
                mean = b1[d] / b0[d]
                score -= mean
                for j in range(p):
                    info[j, : j + 1] += b2[d, j, : j + 1] / b0[d] - mean[j] * mean[: j + 1]
            i = stop
    return total


def evaluate_discrete(data: CoxData, beta: Floats) -> tuple[float, Floats, Floats]:
    """Log likelihood, score and information of sum_D x'beta - log sum over all d-subsets of R of exp(sum x'beta).

    Source: Cox (1972), section 6; the recursion of Gail, Lubin and Rubinstein (1981), Biometrika 68, 703.
    """
    s = data.sample
    theta, shift = risk_scores(data, beta)
    p = beta.size
    score, info = np.zeros(p), np.zeros((p, p))
    most = largest_tie(data)
    logs = np.array([math.lgamma(k + 1) for k in range(most + 1)])
    value = discrete_likelihood(
        s.time, s.entry, s.event, data.x, data.x @ beta + data.offset - shift, theta, data.by_stop, data.bounds, logs,
        most, score, info,
    )  # fmt: skip
    return value, score, info + np.tril(info, -1).T


def largest_tie(data: CoxData) -> int:
    """The largest number of deaths at one time of one stratum."""
    s = data.sample
    if not s.event.any():
        return 0
    _, counts = np.unique(np.column_stack([data.stratum[s.event], s.time[s.event]]), axis=0, return_counts=True)
    return int(counts.max())
