"""The score process of two arms, compiled: observed and expected events of arm 1 and their covariance.

One pass over the ordered times serves the log-rank test, its weighted and stratified forms, MaxCombo and all batched
forms. `k_sample.py` says the same in array expressions for any number of arms.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from opencro.stats.survival.ordering import make_space, order_times
from opencro.stats.survival.sample import Bools, Floats, Ints

UNIT, FLEMING_HARRINGTON, GEHAN, TARONE_WARE, PETO, MODIFIED_PETO, MODEST = range(7)
compiled = njit(cache=True, error_model="numpy")
inlined = njit(cache=True, error_model="numpy", forceinline=True)


@inlined
def power(x: float, exponent: float) -> float:
    """x to the exponent, without a call for the usual 0 and 1."""
    if exponent == 0.0:
        return 1.0
    return x if exponent == 1.0 else x**exponent


@inlined
def weigh(kind: int, a: float, b: float, n: float, survival: float, peto: float, frozen: float) -> float:
    """The weight of an event time: n at risk, `survival` just before, Peto's estimate at it, survival at t*."""
    if kind == FLEMING_HARRINGTON:
        return power(survival, a) * power(1.0 - survival, b)
    if kind == GEHAN:
        return n
    if kind == TARONE_WARE:
        return math.sqrt(n)
    if kind == PETO:
        return peto
    if kind == MODIFIED_PETO:
        return peto * n / (n + 1.0)
    if kind == MODEST:
        return 1.0 / frozen
    return 1.0


@inlined
def gather(
    time: Floats, event: Bools, arm: Ints, stratum: Ints, order: Ints, times: Floats, cell: Ints, n: Floats
) -> None:
    """The trial in order: its times, and (stratum, arm, event) in one number; `n` counts (stratum, arm)."""
    n[:] = 0.0
    for i in range(order.size):
        row = order[i]
        place = 2 * stratum[row] + arm[row]
        times[i], cell[i] = time[row], 2 * place + event[row]
        n[place] += 1.0


@inlined
def add_plain(base: int, d: float, d1: float, n: Floats, sums: Floats, cov: Floats) -> None:
    """One event time of the stratum that begins at `base`, weight 1: d events, d1 of them in arm 1."""
    total = n[base] + n[base + 1]
    share = n[base + 1] / total
    sums[0, 0] += d1
    sums[0, 1] += d * share
    sums[0, 2] += d
    if d > 1.0:
        cov[0, 0] += share * (1.0 - share) * d * (total - d) / max(total - 1.0, 1.0)
    else:
        cov[0, 0] += share * (1.0 - share)


@inlined
def add_weighted(
    base: int, t: float, d: float, d1: float, n: Floats, curve: Floats, frozen: Floats, kinds: Ints, ab: Floats,
    weights: Floats, sums: Floats, cov: Floats,
) -> None:  # fmt: skip
    """The same with the weights of several tests, whose curves are then moved on."""
    total = n[base] + n[base + 1]
    share, s = n[base + 1] / total, base // 2
    spread = share * (1.0 - share) * (d * (total - d) / max(total - 1.0, 1.0) if d > 1.0 else 1.0)
    peto = curve[s, 1] * (1.0 - d / (total + 1.0))
    for w in range(kinds.size):
        weight = weigh(kinds[w], ab[w, 0], ab[w, 1], total, curve[s, 0], peto, frozen[s, w])
        weights[w] = weight
        sums[w, 0] += weight * d1
        sums[w, 1] += weight * d * share
        sums[w, 2] += weight * d
        for v in range(w + 1):
            cov[w, v] += weight * weights[v] * spread
    curve[s, 0] *= (total - d) / total
    curve[s, 1] = peto
    for w in range(kinds.size):
        if t <= ab[w, 0]:
            frozen[s, w] = curve[s, 0]


@compiled
def score_plain(times: Floats, cell: Ints, n: Floats, d: Floats, sums: Floats, cov: Floats) -> None:
    """One trial in order with weight 1; `n` counts those at risk, `d` is empty work space, by (stratum, arm)."""
    i, rows = 0, times.size
    while i < rows:
        stop = i + 1
        while stop < rows and times[stop] == times[i]:
            stop += 1
        if stop == i + 1:
            place = cell[i] >> 1
            if cell[i] & 1:
                add_plain(place & ~1, 1.0, float(place & 1), n, sums, cov)
            n[place] -= 1.0
            i = stop
            continue
        for j in range(i, stop):
            d[cell[j] >> 1] += cell[j] & 1
        for j in range(i, stop):
            base = (cell[j] >> 1) & ~1
            if d[base] + d[base + 1] > 0.0:
                add_plain(base, d[base] + d[base + 1], d[base + 1], n, sums, cov)
                d[base] = d[base + 1] = 0.0
        for j in range(i, stop):
            n[cell[j] >> 1] -= 1.0
        i = stop


@compiled
def score_weighted(
    times: Floats, cell: Ints, n: Floats, d: Floats, curve: Floats, frozen: Floats, kinds: Ints, ab: Floats,
    weights: Floats, sums: Floats, cov: Floats,
) -> None:  # fmt: skip
    """One trial in order with the weights of several tests; arrays as in `score_plain`."""
    i, rows = 0, times.size
    while i < rows:
        t, stop = times[i], i
        while stop < rows and times[stop] == t:
            d[cell[stop] >> 1] += cell[stop] & 1
            stop += 1
        for j in range(i, stop):
            base = (cell[j] >> 1) & ~1
            events = d[base] + d[base + 1]
            if events > 0.0:
                add_weighted(base, t, events, d[base + 1], n, curve, frozen, kinds, ab, weights, sums, cov)
                d[base] = d[base + 1] = 0.0
        for j in range(i, stop):
            n[cell[j] >> 1] -= 1.0
        i = stop


@compiled
def score_trials(
    time: Floats, event: Bools, arm: Ints, stratum: Ints, strata: int, kinds: Ints, ab: Floats, sums: Floats,
    cov: Floats,
) -> None:  # fmt: skip
    """All trials, one after the other: (trials, n) in; (trials, tests, 3) and (trials, tests, tests) out."""
    trials, rows = time.shape
    order, other, keys, counts = make_space(rows)
    times, cell = np.empty(rows), np.empty(rows, np.int64)
    n, d, curve = np.empty(2 * strata), np.zeros(2 * strata), np.empty((strata, 2))
    frozen, weights = np.empty((strata, kinds.size)), np.empty(kinds.size)
    for k in range(trials):
        order_times(time[k], order, other, keys, counts)
        gather(time[k], event[k], arm[k], stratum[k], order, times, cell, n)
        if kinds.size == 1 and kinds[0] == UNIT:
            score_plain(times, cell, n, d, sums[k], cov[k])
        else:
            curve[:], frozen[:] = 1.0, 1.0
            score_weighted(times, cell, n, d, curve, frozen, kinds, ab, weights, sums[k], cov[k])
