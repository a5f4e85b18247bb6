"""How a scheme behaves: how often a guess is right, how even the arms are; and the test that it justifies.

The guess is the arm that lags most behind its ratio (Blackwell & Hodges 1957, Ann Math Stat 28, 449-460), of several
one by chance. A re-randomization test compares the observed statistic with those of other lists of the same scheme,
outcomes and order of participants held fixed (Rosenberger & Lachin, Randomization in Clinical Trials, 2016, chapter 6).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opencro.design.errors import DesignError
from opencro.design.randomization.minimize import Minimization, minimize
from opencro.design.randomization.schemes import Arms, Floats, Scheme
from opencro.design.streams import compiled
from opencro.stats import Result

Statistic = Callable[[Floats, Arms], Floats]


@dataclass(frozen=True)
class SchemeProperties(Result):
    """Means over lists, with standard errors: share of right guesses, imbalance at the end and at its largest.

    Imbalance is the largest less the smallest number of participants of an arm, each divided by its part of the ratio
    (1:1 counts participants).
    """

    title: ClassVar[str] = "Predictability and balance"

    scheme: tuple[str, ...]
    participants: int
    lists: int
    correct_guess: Floats
    correct_guess_se: Floats
    final_imbalance: Floats
    final_imbalance_se: Floats
    largest_imbalance: Floats
    largest_imbalance_se: Floats


def assess_schemes(
    schemes: Mapping[str, Scheme], *, participants: int, lists: int = 2_000, seed: int
) -> SchemeProperties:
    """Predictability and balance of schemes beside each other.

    >>> from opencro.design.randomization import PermutedBlocks
    >>> found = assess_schemes({"blocks of 2": PermutedBlocks(sizes=(2,))}, participants=100, seed=1)
    >>> float(found.correct_guess[0].round(2))
    0.75
    """
    rows = []
    for scheme in schemes.values():
        out = np.empty((lists, participants), np.int64)
        scheme.fill(out, seed=seed, stratum=0, first=1)
        rows.append(_summarize(assess_lists(out, scheme.ratio)))
    mean, error = (np.array(x).T for x in zip(*rows, strict=True))
    return SchemeProperties(
        tuple(schemes), participants, lists, mean[0], error[0], mean[1], error[1], mean[2], error[2]
    )


def assess_lists(lists: Arms, ratio: tuple[int, ...]) -> Floats:
    """By list: the share of right guesses, imbalance at the end, largest imbalance: (3, lists)."""
    found = np.empty((3, lists.shape[0]))
    _assess(np.asarray(lists, np.int64), np.asarray(ratio, float), found)
    return found


def _summarize(found: Floats) -> tuple[Floats, Floats]:
    return found.mean(axis=1), found.std(axis=1, ddof=1) / math.sqrt(found.shape[1])


@compiled
def _assess(lists: Arms, ratio: Floats, found: Floats) -> None:
    counts = np.empty(ratio.size)
    for row in range(lists.shape[0]):
        counts[:] = 0.0
        right, largest = 0.0, 0.0
        for arm in lists[row]:
            least = (counts / ratio).min()
            ties = 0
            for k in range(ratio.size):
                ties += counts[k] / ratio[k] <= least + 1e-9
            right += 1.0 / ties if counts[arm] / ratio[arm] <= least + 1e-9 else 0.0
            counts[arm] += 1.0
            even = counts / ratio
            largest = max(largest, even.max() - even.min())
        even = counts / ratio
        found[0, row], found[1, row], found[2, row] = right / lists.shape[1], even.max() - even.min(), largest


@dataclass(frozen=True)
class RerandomizationTest(Result):
    """The observed statistic, its two-sided p-value and the Monte Carlo standard error of that."""

    title: ClassVar[str] = "Re-randomization test"

    statistic: float
    p_value: float
    se: float
    lists: int


def difference_of_means(outcome: Floats, arm: Arms) -> Floats:
    """Mean of arm 1 less mean of arm 0, for each list (lists, participants); 0 where an arm is empty."""
    one = arm == 1
    n = one.sum(axis=1)
    empty = (n == 0) | (n == arm.shape[1])
    sums = one @ outcome
    with np.errstate(invalid="ignore", divide="ignore"):
        found = sums / n - (outcome.sum() - sums) / (arm.shape[1] - n)
    return np.where(empty, 0.0, found)


def rerandomization_test(
    outcome: ArrayLike, arm: ArrayLike, scheme: Scheme | Minimization, *, levels: ArrayLike | None = None,
    stratum: ArrayLike | None = None, statistic: Statistic = difference_of_means, lists: int = 10_000, seed: int,
) -> RerandomizationTest:  # fmt: skip
    """Two-sided test of no effect on anybody, by other lists that the scheme might have made.

    `outcome` and `arm` (0, 1) in order of randomization; `levels` (participants, factors) for minimization; `stratum`
    of each participant, numbered from 0, where the scheme was used within strata. `statistic(outcome, arms)` takes arms
    (lists, participants) and gives one number a list: a plain NumPy function. p = (1 + lists at least as extreme) / (1
    + lists). DesignError DES-534 for inputs that don't fit.

    >>> from opencro.design.randomization import PermutedBlocks
    >>> test = rerandomization_test([1, 9, 2, 8, 9, 1, 2, 8], [0, 1, 0, 1, 1, 0, 0, 1], PermutedBlocks(), seed=1)
    >>> bool(abs(test.p_value - 2 / 36) < 0.01)
    True
    """
    y, given = np.asarray(outcome, float), np.asarray(arm, np.int64)
    if y.ndim != 1 or y.shape != given.shape or not y.size or (isinstance(scheme, Minimization) and levels is None):
        raise DesignError(
            "DES-534", f"{y.size} outcomes, {given.size} arms", "one of each a participant, levels for minimization",
            "Give participants in the order in which they were randomized.",
        )  # fmt: skip
    others = _draw_lists(scheme, y.size, levels, stratum, lists, seed)
    observed = float(statistic(y, given[None])[0])
    extreme = int((np.abs(statistic(y, others)) >= abs(observed) - 1e-12).sum())
    p = (1 + extreme) / (1 + lists)
    return RerandomizationTest(observed, p, math.sqrt(p * (1 - p) / lists), lists)


def _draw_lists(
    scheme: Scheme | Minimization, n: int, levels: ArrayLike | None, stratum: ArrayLike | None, lists: int, seed: int
) -> Arms:
    if isinstance(scheme, Minimization):
        return minimize(scheme, levels if levels is not None else [], seed=seed, first=1, lists=lists)
    groups: NDArray[np.int64] = np.zeros(n, np.int64) if stratum is None else np.asarray(stratum, np.int64)
    out = np.empty((lists, n), np.int64)
    for number in np.unique(groups):
        inside = groups == number
        part = np.empty((lists, int(inside.sum())), np.int64)
        scheme.fill(part, seed=seed, stratum=int(number), first=1)
        out[:, inside] = part
    return out
