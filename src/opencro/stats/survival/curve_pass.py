"""One compiled pass along the curves of the arms: area up to tau, values at landmarks, quantiles.

Tied events of an arm are taken one after the other: (n-1)/n (n-2)/(n-1) = (n-2)/n, and Greenwood's sum telescopes too.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from opencro.stats.survival.ordering import make_space, order_times
from opencro.stats.survival.sample import Bools, Floats, Ints

compiled = njit(cache=True, error_model="numpy")


@compiled
def events_first(time: Floats, event: Bools, order: Ints) -> None:
    """Within ties, puts events ahead of censored rows (who are at risk at that time)."""
    i, rows = 0, order.size
    while i < rows:
        stop = i + 1
        while stop < rows and time[order[stop]] == time[order[i]]:
            stop += 1
        if stop > i + 1:
            front = i
            for j in range(i, stop):
                if event[order[j]]:
                    order[front], order[j] = order[j], order[front]
                    front += 1
        i = stop


@compiled
def areas(time: Floats, event: Bools, arm: Ints, order: Ints, tau: float, n: Floats, out: Floats) -> None:
    """RMST and its variance for each arm into `out` (arms, 2): sum of (area after t_i)^2 d_i/(n_i (n_i - d_i))."""
    arms = n.size
    survival, last, sums = np.ones(arms), np.zeros(arms), np.zeros((arms, 3))
    for i in range(order.size):
        row = order[i]
        t, k = time[row], arm[row]
        if t > tau:
            break
        if event[row]:
            out[k, 0] += survival[k] * (t - last[k])
            last[k] = t
            # the step to 0 has no area behind it and adds nothing
            if n[k] > 1.0:
                g = 1.0 / (n[k] * (n[k] - 1.0))
                sums[k, 0] += g
                sums[k, 1] += g * out[k, 0]
                sums[k, 2] += g * out[k, 0] ** 2
            survival[k] *= (n[k] - 1.0) / n[k]
        n[k] -= 1.0
    for k in range(arms):
        out[k, 0] += survival[k] * (tau - last[k])
        area = out[k, 0]
        out[k, 1] = max(area * area * sums[k, 0] - 2.0 * area * sums[k, 1] + sums[k, 2], 0.0)


@compiled
def landmarks(time: Floats, event: Bools, arm: Ints, order: Ints, at: Floats, n: Floats, out: Floats) -> None:
    """Survival and its standard error at ascending times into `out` (arms, times, 2)."""
    arms, place = n.size, 0
    survival, greenwood = np.ones(arms), np.zeros(arms)
    for i in range(order.size + 1):
        t = time[order[i]] if i < order.size else np.inf
        while place < at.size and at[place] < t:
            for k in range(arms):
                out[k, place, 0] = survival[k]
                out[k, place, 1] = survival[k] * np.sqrt(greenwood[k]) if survival[k] > 0.0 else np.nan
            place += 1
        if i == order.size or place == at.size:
            break
        k = arm[order[i]]
        if event[order[i]]:
            if n[k] > 1.0:
                greenwood[k] += 1.0 / (n[k] * (n[k] - 1.0))
            survival[k] *= (n[k] - 1.0) / n[k]
        n[k] -= 1.0


@compiled
def quantiles(time: Floats, event: Bools, arm: Ints, order: Ints, level: float, n: Floats, out: Floats) -> None:
    """First time with survival below `level`, the middle of a plateau at it, into `out` (arms,); NaN if none."""
    out[:] = np.nan
    survival, plateau, last = np.ones(n.size), np.full(n.size, np.nan), np.zeros(n.size)
    slack = 1e-8 * max(level, 1.0 - level)
    for i in range(order.size):
        row = order[i]
        k = arm[row]
        last[k] = time[row]
        if event[row] and np.isnan(out[k]):
            survival[k] *= (n[k] - 1.0) / n[k]
            if survival[k] < level - slack:
                out[k] = time[row] if np.isnan(plateau[k]) else (plateau[k] + time[row]) / 2.0
            elif survival[k] <= level + slack:
                plateau[k] = time[row]
        n[k] -= 1.0
    for k in range(n.size):
        if np.isnan(out[k]) and not np.isnan(plateau[k]):
            out[k] = (plateau[k] + last[k]) / 2.0


@compiled
def count_arms(arm: Ints, n: Floats) -> None:
    """The numbers at risk at the start, by arm."""
    n[:] = 0.0
    for i in range(arm.size):
        n[arm[i]] += 1.0


@compiled
def area_trials(time: Floats, event: Bools, arm: Ints, arms: int, tau: float, out: Floats) -> None:
    """`areas` of all trials: (trials, n) in, (trials, arms, 2) out."""
    order, other, keys, counts = make_space(time.shape[1])
    n = np.empty(arms)
    for trial in range(time.shape[0]):
        order_times(time[trial], order, other, keys, counts)
        events_first(time[trial], event[trial], order)
        count_arms(arm[trial], n)
        areas(time[trial], event[trial], arm[trial], order, tau, n, out[trial])


@compiled
def landmark_trials(time: Floats, event: Bools, arm: Ints, arms: int, at: Floats, out: Floats) -> None:
    """`landmarks` of all trials: (trials, n) in, (trials, arms, times, 2) out."""
    order, other, keys, counts = make_space(time.shape[1])
    n = np.empty(arms)
    for trial in range(time.shape[0]):
        order_times(time[trial], order, other, keys, counts)
        events_first(time[trial], event[trial], order)
        count_arms(arm[trial], n)
        landmarks(time[trial], event[trial], arm[trial], order, at, n, out[trial])


@compiled
def quantile_trials(time: Floats, event: Bools, arm: Ints, arms: int, level: float, out: Floats) -> None:
    """`quantiles` of all trials: (trials, n) in, (trials, arms) out."""
    order, other, keys, counts = make_space(time.shape[1])
    n = np.empty(arms)
    for trial in range(time.shape[0]):
        order_times(time[trial], order, other, keys, counts)
        events_first(time[trial], event[trial], order)
        count_arms(arm[trial], n)
        quantiles(time[trial], event[trial], arm[trial], order, level, n, out[trial])
