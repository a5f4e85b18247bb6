"""Constrained maximum likelihood and the roots of the score statistic: the compiled core of all score intervals.

A trial is a set of strata (x1, n1, x2, n2); an unstratified trial has one. The parameter runs over a finite range: the
difference d over [-1, 1]; a ratio r as u = r/(1+r) over [0, 1], where every term stays finite. A limit is a root of
numerator(t) +- z sqrt(variance(t)).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

DIFFERENCE, RATIO, ODDS = 0, 1, 2
MANTEL_HAENSZEL, INVERSE_VARIANCE, ITERATED = 0, 1, 2
Floats = NDArray[np.float64]


@njit(cache=True)
def difference_mle(x1: float, n1: float, x2: float, n2: float, d: float) -> tuple[float, float]:
    """Both rates under p1 - p2 = d: the root of Miettinen and Nurminen's cubic (1985, appendix I).

    Rates near 1 are found as rates of non-events near 0, which have more digits.
    """
    if 2 * (x1 + x2) > n1 + n2:
        other1, other2 = _small_difference_mle(n1 - x1, n1, n2 - x2, n2, -d)
        return 1 - other1, 1 - other2
    return _small_difference_mle(x1, n1, x2, n2, d)


@njit(cache=True)
def _small_difference_mle(x1: float, n1: float, x2: float, n2: float, d: float) -> tuple[float, float]:
    n = n1 + n2
    b = ((n1 + 2 * n2) * d - n - x1 - x2) / n
    c = ((n2 * d - n - 2 * x2) * d + x1 + x2) / n
    e = x2 * d * (1 - d) / n
    shift = b / 3
    q = shift**3 - b * c / 6 + e / 2
    r = math.sqrt(max(shift * shift - c / 3, 0.0))
    if q < 0:
        r = -r
    p = -shift
    if r != 0:
        p += 2 * r * math.cos((math.pi + math.acos(min(1.0, max(-1.0, q / r**3)))) / 3)
    slope = (3 * p + 2 * b) * p + c
    if abs(slope) > 1e-6:  # the arc cosine loses digits near a double root; one Newton step gives them back
        p -= (((p + b) * p + c) * p + e) / slope
    p = min(max(p, 0.0, -d), 1.0, 1.0 - d)
    return min(max(p + d, 0.0), 1.0), p


@njit(cache=True)
def ratio_mle(x1: float, n1: float, x2: float, n2: float, u: float) -> tuple[float, float]:
    """Both rates under p1 / p2 = u / (1 - u): the root of a quadratic in its stable form."""
    v = 1 - u
    b = n1 * u + x1 * v + n2 * v + x2 * u
    # b² - 4 N u m v as a sum of squares: rates near 1 would lose half of their digits in the difference.
    root = math.sqrt((u * (n1 + x2) - v * (n2 + x1)) ** 2 + 4 * u * v * (n1 - x1) * (n2 - x2))
    both = 2 * (x1 + x2) / (b + root)
    return min(u * both, 1.0), min(v * both, 1.0)


@njit(cache=True)
def odds_mle(x1: float, n1: float, x2: float, n2: float, u: float) -> float:
    """The expected x1 given the margins under an odds ratio u / (1 - u): Cornfield's quadratic in its stable form."""
    m = x1 + x2
    lead = 2 * u - 1
    b = u * (n1 + m) + (1 - u) * (n2 - m)
    root = math.sqrt(max(b * b - 4 * lead * u * n1 * m, 0.0))
    if b < 0:
        a = (b - root) / (2 * lead)
    elif b + root > 0:
        a = 2 * u * n1 * m / (b + root)
    else:
        a = 0.0
    return min(max(a, 0.0, m - n2), n1, m)


@njit(cache=True)
def _stratum(measure: int, row: Floats, t: float, rate1: float, rate2: float) -> tuple[float, float]:
    """Numerator and variance of one stratum for given constrained rates (for the odds ratio rate1 is a cell)."""
    x1, n1, x2, n2 = row
    if measure == DIFFERENCE:
        return x1 / n1 - x2 / n2 - t, rate1 * (1 - rate1) / n1 + rate2 * (1 - rate2) / n2
    if measure == RATIO:
        v = 1 - t
        return v * x1 / n1 - t * x2 / n2, v * v * rate1 * (1 - rate1) / n1 + t * t * rate2 * (1 - rate2) / n2
    m = x1 + x2
    cells = (rate1, n1 - rate1, m - rate1, n2 - m + rate1)
    if min(cells) <= 0:
        return x1 - rate1, 0.0
    return x1 - rate1, 1 / (1 / cells[0] + 1 / cells[1] + 1 / cells[2] + 1 / cells[3])


@njit(cache=True)
def _iterate_weights(measure: int, rows: Floats, t: float, rates: Floats, weights: Floats) -> None:
    """Miettinen and Nurminen's weights: inverse variances at the weighted means of the constrained rates."""
    for _ in range(50):
        total = weights.sum()
        rate1, rate2 = (weights * rates[:, 0]).sum() / total, (weights * rates[:, 1]).sum() / total
        change = 0.0
        fresh = np.empty_like(weights)
        for k in range(rows.shape[0]):
            _, variance = _stratum(measure, rows[k], t, rate1, rate2)
            if variance <= 0:
                return
            fresh[k] = 1 / variance
        fresh /= fresh.sum()
        change = np.abs(fresh - weights / total).max()
        weights[:] = fresh
        if change < 1e-13:
            return


@njit(cache=True)
def _rates(measure: int, row: Floats, t: float) -> tuple[float, float]:
    """The most likely rates of a stratum under t; for the odds ratio the expected x1, and 0."""
    x1, n1, x2, n2 = row
    if measure == DIFFERENCE:
        return difference_mle(x1, n1, x2, n2, t)
    if measure == RATIO:
        return ratio_mle(x1, n1, x2, n2, t)
    return odds_mle(x1, n1, x2, n2, t), 0.0


@njit(cache=True)
def score_parts(
    measure: int, rows: Floats, fixed: Floats, iterated: bool, corrected: bool, t: float
) -> tuple[float, float]:
    """Numerator and variance of the stratified score statistic at t; `corrected`: each variance times N/(N-1)."""
    weights = fixed
    if iterated and rows.shape[0] > 1:
        rates = np.empty((rows.shape[0], 2))
        for k in range(rows.shape[0]):
            rates[k] = _rates(measure, rows[k], t)
        weights = fixed.copy()
        _iterate_weights(measure, rows, t, rates, weights)
    numerator, variance, total = 0.0, 0.0, 0.0
    for k in range(rows.shape[0]):
        rate1, rate2 = _rates(measure, rows[k], t)
        part, spread = _stratum(measure, rows[k], t, rate1, rate2)
        size = rows[k, 1] + rows[k, 3]
        numerator += weights[k] * part
        variance += weights[k] ** 2 * spread * (size / (size - 1) if corrected else 1.0)
        total += weights[k]
    return numerator / total, variance / total**2


@njit(cache=True)
def _value(measure: int, rows: Floats, fixed: Floats, iterated: bool, corrected: bool, z: float, t: float) -> float:
    numerator, variance = score_parts(measure, rows, fixed, iterated, corrected, t)
    return numerator + z * math.sqrt(variance)


@njit(cache=True)
def _root(
    measure: int, rows: Floats, fixed: Floats, iterated: bool, corrected: bool, z: float, low: float, high: float
) -> float:
    """Chandrupatla's root of a function that falls from low to high; the end itself where it does not change sign."""
    a, b = high, low
    fa = _value(measure, rows, fixed, iterated, corrected, z, a)
    fb = _value(measure, rows, fixed, iterated, corrected, z, b)
    if fa >= -1e-13:
        return high
    if fb <= 1e-13:
        return low
    c, fc, step = a, fa, 0.5
    for _ in range(200):
        t = a + step * (b - a)
        ft = _value(measure, rows, fixed, iterated, corrected, z, t)
        if (ft > 0) == (fa > 0):
            c, fc = a, fa
        else:
            c, b, fc, fb = b, a, fb, fa
        a, fa = t, ft
        best, value = (b, fb) if abs(fb) < abs(fa) else (a, fa)
        tolerance = 2e-16 * abs(best) + 1e-17
        width = tolerance / abs(b - c) if b != c else 1.0
        if width > 0.5 or value == 0:
            return best
        step = 0.5
        xi, phi = (a - b) / (c - b), (fa - fb) / (fc - fb)
        if phi * phi < xi and (1 - phi) ** 2 < 1 - xi:
            step = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
        step = min(1 - width, max(width, step))
    return a


@njit(cache=True)
def _estimate(measure: int, rows: Floats, fixed: Floats, iterated: bool, corrected: bool) -> float:
    """Where the numerator is 0: a closed form for fixed weights, except the odds ratio of several strata."""
    strata = rows.shape[0]
    if (iterated or measure == ODDS) and strata > 1:
        return _root(measure, rows, fixed, iterated, corrected, 0.0, -1.0 if measure == DIFFERENCE else 0.0, 1.0)
    first, second, total = 0.0, 0.0, 0.0
    for k in range(strata):
        x1, n1, x2, n2 = rows[k]
        total += fixed[k]
        if measure == ODDS:
            first, second = x1 * (n2 - x2), (n1 - x1) * x2
        else:
            first, second = first + fixed[k] * x1 / n1, second + fixed[k] * x2 / n2
    if measure == DIFFERENCE:
        return (first - second) / total
    return first / (first + second) if first + second > 0 else 0.5


@njit(cache=True)
def score_limits(measure: int, tables: Floats, weights: Floats, iterated: bool, corrected: bool, z: float) -> Floats:
    """Estimate and both limits for tables of shape (trials, strata, 4); strata of weight 0 are left out."""
    out = np.empty((tables.shape[0], 3))
    bottom = -1.0 if measure == DIFFERENCE else 0.0
    for i in range(tables.shape[0]):
        used = weights[i] > 0
        rows, fixed = tables[i][used], weights[i][used]
        if rows.shape[0] == 0:
            out[i] = np.nan
            continue
        middle = _estimate(measure, rows, fixed, iterated, corrected)
        if measure == DIFFERENCE:
            middle = min(max(middle, -1.0), 1.0)
        out[i, 0] = middle
        inner_low = _step_off(measure, rows, fixed, iterated, corrected, -z, middle, bottom)
        inner_high = _step_off(measure, rows, fixed, iterated, corrected, z, middle, 1.0)
        out[i, 1] = _root(measure, rows, fixed, iterated, corrected, -z, bottom, inner_low)
        out[i, 2] = _root(measure, rows, fixed, iterated, corrected, z, inner_high, 1.0)
    return out


@njit(cache=True)
def _step_off(
    measure: int, rows: Floats, fixed: Floats, iterated: bool, corrected: bool, z: float, middle: float, end: float
) -> float:
    """The estimate, or a point beside it if the variance is 0 there: the function is too, the limit is further out.

    The point lies as near as the digits of the counts allow.
    """
    noise = 1e-13 + (1e-14 * rows[:, 1::2].sum() if measure == ODDS else 0.0)
    point, step = middle, 1e-10
    while abs(_value(measure, rows, fixed, iterated, corrected, z, point)) <= noise and step < 1e-2:
        point = middle + math.copysign(min(step, abs(end - middle)), end - middle)
        step *= 10
    return point
