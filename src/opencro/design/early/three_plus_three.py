"""The 3+3 design, exactly: every path has a probability, so nothing needs to be simulated; the simulator checks that.

Three participants at a dose; none toxic: one dose up; one: three more, and up if none of these is toxic; else the dose
is too high and the next lower one is the maximum tolerated. With `expand`, a dose becomes it only with six participants
and at most one toxic: going down, and at the top, three more are treated where there were three. Source: Storer (1989),
Biometrics 45, 925-937; rules as in Lin & Shih (2001), Biostatistics 2, 203-215.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opencro.design.early.tally import DoseFinding, Ints, check_counts, count_trial, empty_tally, take_truth
from opencro.design.simulation.chunks import Workers, run_replicates
from opencro.design.streams import SIZE, compiled, draw_uniform, inlined, open_stream
from opencro.stats import Result

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ThreePlusThree(Result):
    """Exact operating characteristics: by dose the probability of its choice, expected numbers treated and toxic."""

    title: ClassVar[str] = "3+3, exactly"

    truth: tuple[float, ...]
    selected: Floats
    treated: Floats
    toxic: Floats
    none_selected: float
    expand: bool

    @property
    def expected_treated(self) -> float:
        """The expected number of participants."""
        return float(self.treated.sum())

    @property
    def expected_toxic(self) -> float:
        """The expected number of dose-limiting toxicities."""
        return float(self.toxic.sum())

    def columns(self) -> Mapping[str, Any]:
        """One row a dose."""
        return {
            "dose": list(range(1, len(self.truth) + 1)), "truth": list(self.truth), "selected": self.selected,
            "treated": self.treated, "toxic": self.toxic,
        }  # fmt: skip


def three_plus_three(truth: ArrayLike, *, expand: bool = False) -> ThreePlusThree:
    """Exact operating characteristics of 3+3 when the true risks are `truth`, lowest dose first.

    `expand`: whether a dose needs six participants to be chosen. DesignError DES-501.

    >>> round(three_plus_three([0.05, 0.1, 0.2, 0.35, 0.5, 0.7]).expected_treated, 4)
    14.5796
    """
    p, _ = take_truth(truth, 0.5)
    none, one = (1 - p) ** 3, 3 * p * (1 - p) ** 2
    up_three, up_six = none, one * none
    up = up_three + up_six
    reached = np.concatenate([[1.0], np.cumprod(up)])
    treated = reached[:-1] * (3 + 3 * one)
    fails = np.concatenate([reached[:-1] * (1 - up), reached[-1:]])
    if not expand:
        return ThreePlusThree(tuple(p), fails[1:], treated, treated * p, float(fails[0]), expand)
    selected, coming = np.zeros(p.size), 0.0
    for j in range(p.size - 1, -1, -1):
        coming += fails[j + 1]
        with_three = coming * up_three[j] / up[j] if up[j] > 0 else 0.0
        treated[j] += 3 * with_three
        lost = with_three * (1 - none[j] - one[j])
        selected[j], coming = coming - lost, lost
    return ThreePlusThree(tuple(p), selected, treated, treated * p, float(coming + fails[0]), expand)


@inlined
def _add_three(state: NDArray[np.uint64], truth: Floats, dose: int, n: Ints, y: Ints) -> None:
    for _ in range(3):
        y[dose] += draw_uniform(state) < truth[dose]
    n[dose] += 3


@compiled
def _simulate(
    truth: Floats, expand: bool, top_safe: int, seed: Any, scenario: int, first: int, last: int, tally: Ints
) -> None:
    doses = truth.size
    state = np.empty(SIZE, np.uint64)
    n, y = np.empty(doses, np.int64), np.empty(doses, np.int64)
    for replicate in range(first, last):
        open_stream(state, seed, scenario, replicate, 0)
        n[:] = 0
        y[:] = 0
        dose = 0
        while dose < doses:
            _add_three(state, truth, dose, n, y)
            if y[dose] == 1:
                _add_three(state, truth, dose, n, y)
            if y[dose] > 1:
                break
            dose += 1
        chosen = dose - 1
        while expand and chosen >= 0 and n[chosen] == 3:
            _add_three(state, truth, chosen, n, y)
            if y[chosen] <= 1:
                break
            chosen -= 1
        count_trial(tally, n, y, chosen, chosen < 0, top_safe)


def _tally_trials(truth: Floats, expand: bool, top_safe: int, seed: int, scenario: int, first: int, last: int) -> Ints:
    tally = empty_tally(truth.size)
    _simulate(truth, expand, top_safe, np.uint64(seed), scenario, first, last, tally)
    return tally


def simulate_three_plus_three(
    truth: ArrayLike, *, target: float = 0.3, expand: bool = False, trials: int = 10_000, seed: int, scenario: int = 0,
    workers: Workers = 1,
) -> DoseFinding:  # fmt: skip
    """Operating characteristics of 3+3 by simulation, beside those of other designs; `target` counts as safe.

    The rest as in `three_plus_three` and `simulate_interval`. DesignError DES-501 to DES-503.
    """
    risks, top_safe = take_truth(truth, target)
    check_counts(trials=trials)
    task = partial(_tally_trials, risks, expand, top_safe, seed, scenario)
    tally = run_replicates(task, trials, workers=workers)
    return DoseFinding("3+3", target, tuple(risks.tolist()), seed, scenario, tally)
