"""Cox models of many simulated trials, compiled: the hazard ratio of two arms, alone or with covariates.

With the arm alone the likelihood needs four counts an event time, and Newton's method runs on those.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from opencro.stats.survival.cox_likelihood import partial_likelihood
from opencro.stats.survival.ordering import make_space, order_times
from opencro.stats.survival.sample import Bools, Floats, Ints
from opencro.stats.survival.score import gather

compiled = njit(cache=True, error_model="numpy")
inlined = njit(cache=True, error_model="numpy", forceinline=True)


@compiled
def count_events(times: Floats, cell: Ints, n: Floats, d: Floats, table: Floats) -> int:
    """Fills `table` (m, 4) with at risk and events of arms 0 and 1 at times when both are at risk; gives m."""
    i, rows, m = 0, times.size, 0
    while i < rows:
        stop = i
        while stop < rows and times[stop] == times[i]:
            d[cell[stop] >> 1] += cell[stop] & 1
            stop += 1
        for j in range(i, stop):
            base = (cell[j] >> 1) & ~1
            if d[base] + d[base + 1] > 0.0:
                if n[base] > 0.0 and n[base + 1] > 0.0:
                    table[m, 0], table[m, 1], table[m, 2], table[m, 3] = n[base], n[base + 1], d[base], d[base + 1]
                    m += 1
                d[base] = d[base + 1] = 0.0
        for j in range(i, stop):
            n[cell[j] >> 1] -= 1.0
        i = stop
    return m


@inlined
def slope_and_bend(table: Floats, m: int, beta: float, efron: bool) -> tuple[float, float]:
    """Score and information of the log hazard ratio."""
    theta, score, info = np.exp(beta), 0.0, 0.0
    for i in range(m):
        events = table[i, 2] + table[i, 3]
        score += table[i, 3]
        if events == 1.0 or not efron:
            share = theta * table[i, 1] / (table[i, 0] + theta * table[i, 1])
            score -= events * share
            info += events * share * (1.0 - share)
            continue
        for tie in range(int(events)):
            part = tie / events
            high = theta * (table[i, 1] - part * table[i, 3])
            share = high / (table[i, 0] - part * table[i, 2] + high)
            score -= share
            info += share * (1.0 - share)
    return score, info


@compiled
def solve_two_arms(table: Floats, m: int, efron: bool) -> tuple[float, float]:
    """The log hazard ratio and its information; infinite if one arm has no event, NaN if nothing is compared.

    Newton's method inside a bracket: the score falls in beta, so that its sign tells on which side the maximum lies.
    """
    d0, d1 = table[:m, 2].sum(), table[:m, 3].sum()
    if m == 0:
        return np.nan, 0.0
    if d0 == 0.0 or d1 == 0.0:
        return (np.inf if d0 == 0.0 else -np.inf), 0.0
    beta, low, high, info = 0.0, -np.inf, np.inf, 0.0
    for _ in range(100):
        score, info = slope_and_bend(table, m, beta, efron)
        if score > 0.0:
            low = beta
        else:
            high = beta
        step = score / info if info > 0.0 else np.inf
        if abs(step) < 1e-7:
            return beta + step, info
        new = beta + max(-3.0, min(3.0, step))
        if not low < new < high:
            new = (low + high) / 2.0
        beta = new
    return beta, info


@compiled
def fit_two_arms(time: Floats, event: Bools, arm: Ints, stratum: Ints, strata: int, efron: bool, out: Floats) -> None:
    """All trials with the arm alone: (trials, n) in, (trials, 2) with estimate and information out."""
    trials, rows = time.shape
    order, other, keys, counts = make_space(rows)
    times, cell = np.empty(rows), np.empty(rows, np.int64)
    n, d, table = np.empty(2 * strata), np.zeros(2 * strata), np.empty((rows, 4))
    for k in range(trials):
        order_times(time[k], order, other, keys, counts)
        gather(time[k], event[k], arm[k], stratum[k], order, times, cell, n)
        m = count_events(times, cell, n, d, table)
        out[k, 0], out[k, 1] = solve_two_arms(table, m, efron)


@compiled
def invert(matrix: Floats, into: Floats) -> bool:
    """The inverse of a positive definite matrix given by its lower triangle, by sweeping; False if it is not."""
    p = matrix.shape[0]
    for i in range(p):
        for j in range(p):
            into[i, j] = matrix[max(i, j), min(i, j)]
    for k in range(p):
        pivot = into[k, k]
        if not pivot > 1e-10 * matrix[k, k] or pivot <= 0.0:
            return False
        for i in range(p):
            for j in range(p):
                if i != k and j != k:
                    into[i, j] -= into[i, k] * into[k, j] / pivot
        for i in range(p):
            if i != k:
                into[i, k] /= pivot
                into[k, i] /= -pivot
        into[k, k] = 1.0 / pivot
    for i in range(p):
        for j in range(i):
            # sweeping leaves the two triangles with opposite signs
            into[j, i] = into[i, j]
    return True


@compiled
def order_by_stratum(order: Ints, stratum: Ints, bounds: Ints, by_stop: Ints) -> None:
    """The rows by stratum and then latest first, from their ascending order."""
    strata = bounds.size - 1
    bounds[:] = 0
    for i in range(order.size):
        bounds[stratum[i] + 1] += 1
    for s in range(strata):
        bounds[s + 1] += bounds[s]
    place = bounds[:strata].copy()
    for i in range(order.size - 1, -1, -1):
        s = stratum[order[i]]
        by_stop[place[s]] = order[i]
        place[s] += 1


@compiled
def climb(
    time: Floats, entry: Floats, event: Bools, weight: Floats, x: Floats, by_stop: Ints, bounds: Ints, efron: bool,
    beta: Floats, inverse: Floats,
) -> bool:  # fmt: skip
    """Newton's method with step halving for one trial, from 0; False where the likelihood has no maximum."""
    p = beta.size
    score, info = np.zeros(p), np.zeros((p, p))
    beta[:] = 0.0
    new, last = beta.copy(), -np.inf
    for _ in range(60):
        value = -np.inf
        for _half in range(30):
            score[:], info[:] = 0.0, 0.0
            eta = x @ new
            eta -= eta.max()
            value = partial_likelihood(
                time, entry, event, weight, x, eta, np.exp(eta), by_stop, by_stop, bounds, efron, score, info
            )
            if value >= last - 1e-9 * (1.0 + abs(last)) or np.isinf(last):
                break
            new = (beta + new) / 2.0
        if not invert(info, inverse):
            return False
        step = inverse @ score
        largest = np.abs(step).max()
        gain, last = value - last, value
        beta[:] = new
        if largest < 1e-6:
            beta += step
            return True
        if abs(gain) < 1e-11 * (1.0 + abs(value)):
            return False
        new = beta + step * min(1.0, 10.0 / largest)
    return False


@compiled
def standardize(arm: Ints, covariates: Floats, x: Floats, scale: Floats) -> None:
    """The arm and the covariates of a trial, centred and scaled, into `x` (n, p); their scale into `scale` (p,)."""
    n, p = x.shape
    for i in range(n):
        x[i, 0] = arm[i]
        for j in range(1, p):
            x[i, j] = covariates[i, j - 1]
    for j in range(p):
        total, squares = 0.0, 0.0
        for i in range(n):
            total += x[i, j]
        for i in range(n):
            x[i, j] -= total / n
            squares += x[i, j] * x[i, j]
        scale[j] = np.sqrt(squares / n) if squares > 0.0 else 1.0
        for i in range(n):
            x[i, j] /= scale[j]


@compiled
def fit_covariates(
    time: Floats, event: Bools, arm: Ints, stratum: Ints, covariates: Floats, strata: int, efron: bool, beta: Floats,
    variance: Floats,
) -> None:  # fmt: skip
    """All trials with covariates (trials, n, q): estimates and variances (trials, q + 1), NaN if there is none."""
    trials, rows = time.shape
    p = covariates.shape[2] + 1
    order, other, keys, counts = make_space(rows)
    by_stop, bounds = np.empty(rows, np.int64), np.empty(strata + 1, np.int64)
    entry, weight, inverse = np.full(rows, -np.inf), np.ones(rows), np.empty((p, p))
    x, scale = np.empty((rows, p)), np.empty(p)
    for k in range(trials):
        order_times(time[k], order, other, keys, counts)
        order_by_stratum(order, stratum[k], bounds, by_stop)
        standardize(arm[k], covariates[k], x, scale)
        if climb(time[k], entry, event[k], weight, x, by_stop, bounds, efron, beta[k], inverse):
            beta[k] /= scale
            variance[k] = np.diag(inverse) / scale**2
        else:
            beta[k], variance[k] = np.nan, np.nan
