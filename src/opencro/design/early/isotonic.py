"""The maximum tolerated dose at the end: isotonic regression of the observed risks (Liu & Yuan 2015, appendix).

Risks (y + 0.05)/(n + 0.1), weighted by the inverse variance of the beta posterior, are made monotone by pooling
adjacent violators; among doses that were given and are not excluded the one nearest the target is chosen. Of equally
near doses the higher one is chosen where all of them lie below the target and the lower one where they lie above: a
term of 1e-10 a dose.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincc

from opencro.design.early.tally import Ints
from opencro.design.streams import compiled, inlined

Floats = NDArray[np.float64]


@inlined
def fit_isotonic(n: Ints, y: Ints, used: Ints, count: int, risk: Floats, weight: Floats, size: Ints) -> None:
    """Monotone risks of the first `count` doses of `used`, into `risk`; `weight` and `size` are space."""
    blocks = 0
    for i in range(count):
        treated, toxic = n[used[i]], y[used[i]]
        total = treated + 0.1
        r = (toxic + 0.05) / total
        w = total * total * (total + 1.0) / ((toxic + 0.05) * (treated - toxic + 0.05))
        s = 1
        while blocks > 0 and risk[blocks - 1] >= r:
            blocks -= 1
            r = (r * w + risk[blocks] * weight[blocks]) / (w + weight[blocks])
            w += weight[blocks]
            s += size[blocks]
        risk[blocks], weight[blocks], size[blocks] = r, w, s
        blocks += 1
    at = count
    for b in range(blocks - 1, -1, -1):
        value = risk[b]
        for _ in range(size[b]):
            at -= 1
            weight[at] = value
    for i in range(count):
        risk[i] = weight[i] + 1e-10 * (i + 1)


@inlined
def choose_nearest(n: Ints, y: Ints, target: float, excluded_from: int, space: Ints, floats: Floats) -> int:
    """The dose chosen (0 first), -1 where none is admissible.

    `excluded_from`: this dose and those above it are excluded; `space` (2, doses), `floats` (2, doses).
    """
    used, count = space[0], 0
    for j in range(excluded_from):
        if n[j] > 0:
            used[count] = j
            count += 1
    if count == 0:
        return -1
    fit_isotonic(n, y, used, count, floats[0], floats[1], space[1])
    best, distance = -1, 2.0
    for i in range(count):
        d = abs(floats[0, i] - target)
        if d < distance:
            best, distance = used[i], d
    return best


@compiled
def _choose(n: Ints, y: Ints, target: float, excluded_from: int) -> int:
    return choose_nearest(n, y, target, excluded_from, np.empty((2, n.size), np.int64), np.empty((2, n.size)))


def select_dose(treated: ArrayLike, toxic: ArrayLike, target: float, *, exclude: float = 0.95) -> int | None:
    """The maximum tolerated dose of a finished trial, 1 for the lowest; None where every dose is excluded or unused.

    `treated`, `toxic` numbers by dose; `target` the risk aimed at; a dose with 3 or more participants and posterior
    probability above `exclude` of a risk above the target (uniform prior) is excluded with all higher ones.
    Source: Liu & Yuan (2015), J R Stat Soc C 64, 507-523.

    >>> select_dose([3, 3, 15, 9, 0], [0, 0, 4, 4, 0], 0.3)
    3
    """
    from_dose = _find_excluded(np.asarray(treated, np.int64), np.asarray(toxic, np.int64), target, exclude)
    n, y = np.asarray(treated, np.int64), np.asarray(toxic, np.int64)
    found = int(_choose(n, y, target, from_dose))
    return None if found < 0 else found + 1


def _find_excluded(n: Ints, y: Ints, target: float, exclude: float) -> int:
    over = (n >= 3) & (posterior_above(target, y, n) > exclude)
    return int(np.flatnonzero(over)[0]) if over.any() else int(n.size)


def posterior_above(risk: float, toxic: ArrayLike, treated: ArrayLike) -> NDArray[np.float64]:
    """The probability that the risk is above `risk` after `toxic` of `treated`, with a uniform prior."""
    y, n = np.asarray(toxic), np.asarray(treated)
    above: NDArray[np.float64] = betaincc(y + 1.0, n - y + 1.0, risk)
    return above
