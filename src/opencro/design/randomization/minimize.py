"""Minimization: each participant goes, with a bias, where the margins of the factors become most even.

Source: Pocock & Simon (1975), Biometrics 31, 103-115; the default bias is theirs for two arms in practice. For each arm
the imbalance if the participant went there is the weighted sum over factors of the range (or variance) over arms of the
numbers with the participant's level, each divided by the arm's share of the ratio. Arms with the least imbalance share
the probability `bias` in proportion to the ratio, the others the rest; where all are equal the ratio alone decides. One
number each, from the stream of `schemes` with stratum 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opencro.design.errors import DesignError
from opencro.design.randomization.schemes import PURPOSE, Arms, Floats, check_ratio, pick
from opencro.design.streams import SIZE, compiled, draw_uniform, inlined, open_stream

Levels = NDArray[np.int64]


@dataclass(frozen=True)
class Minimization:
    """Pocock and Simon's minimization: `bias` for arms with least imbalance, `weights` of factors (None: equal).

    `measure`: range or variance of the numbers over arms. DesignError DES-530, DES-532.
    """

    ratio: tuple[int, ...] = (1, 1)
    bias: float = 0.8
    weights: tuple[float, ...] | None = None
    measure: Literal["range", "variance"] = "range"

    def __post_init__(self) -> None:
        check_ratio(self.ratio)
        if not 1 / len(self.ratio) <= self.bias <= 1:
            raise DesignError(
                "DES-532", f"bias {self.bias:g}", f"a probability from 1/{len(self.ratio)} to 1", "Common is 0.8."
            )


def minimize(scheme: Minimization, levels: ArrayLike, *, seed: int, first: int = 0, lists: int = 1) -> Arms:
    """The arm of each participant in order of arrival: (lists, participants).

    `levels` (participants, factors) whole numbers from 0; `first` the number of the first list (0 is the one in use).
    DesignError DES-533 for levels or weights that don't fit.

    >>> minimize(Minimization(bias=1.0), [[0], [0], [1], [1]], seed=1).sum(axis=1).tolist()
    [2]
    """
    given = np.asarray(levels, dtype=np.int64)
    factors = given.shape[1] if given.ndim == 2 else 0
    weights = np.ones(factors) if scheme.weights is None else np.asarray(scheme.weights, float)
    if given.ndim != 2 or not given.size or given.min() < 0 or weights.size != factors or weights.min() < 0:
        raise DesignError(
            "DES-533", f"levels of shape {given.shape}, {weights.size} weights",
            "a row a participant, a column and weight a factor",
            "Number the levels of each factor from 0.",
        )  # fmt: skip
    out = np.empty((lists, given.shape[0]), np.int64)
    share = np.array(scheme.ratio) / sum(scheme.ratio)
    _minimize(given, share, scheme.bias, weights, scheme.measure == "variance", np.uint64(seed), first, out)
    return out


@inlined
def _imbalance(row: Levels, counts: Any, share: Floats, arm: int, weights: Floats, variance: bool) -> float:
    """The weighted imbalance of the margins if the participant went to `arm`."""
    found, arms = 0.0, share.size
    for f in range(row.size):
        low, high, total, squares = np.inf, -np.inf, 0.0, 0.0
        for k in range(arms):
            n = (counts[f, row[f], k] + (k == arm)) / (share[k] * arms)
            low, high, total, squares = min(low, n), max(high, n), total + n, squares + n * n
        spread = (squares - total * total / arms) / (arms - 1.0) if variance else high - low
        found += weights[f] * spread
    return found


@inlined
def _shares(score: Floats, share: Floats, bias: float, cumulative: Floats) -> None:
    """Cumulative probabilities of the arms by their imbalance."""
    least, preferred = score.min(), 0.0
    for k in range(share.size):
        preferred += share[k] if score[k] <= least + 1e-9 else 0.0
    total = 0.0
    for k in range(share.size):
        if preferred > 1.0 - 1e-9:
            total += share[k]
        elif score[k] <= least + 1e-9:
            total += bias * share[k] / preferred
        else:
            total += (1.0 - bias) * share[k] / (1.0 - preferred)
        cumulative[k] = total


@compiled
def _minimize(
    levels: Levels, share: Floats, bias: float, weights: Floats, variance: bool, seed: Any, first: int, out: Arms
) -> None:
    state, arms = np.empty(SIZE, np.uint64), share.size
    counts = np.empty((levels.shape[1], levels.max() + 1, arms), np.int64)
    score, cumulative = np.empty(arms), np.empty(arms)
    for number in range(out.shape[0]):
        open_stream(state, seed, 0, first + number, PURPOSE)
        counts[:] = 0
        for i in range(levels.shape[0]):
            for k in range(arms):
                score[k] = _imbalance(levels[i], counts, share, k, weights, variance)
            _shares(score, share, bias, cumulative)
            arm = pick(draw_uniform(state), cumulative)
            out[number, i] = arm
            for f in range(levels.shape[1]):
                counts[f, levels[i, f], arm] += 1
