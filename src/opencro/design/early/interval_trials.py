"""Trials of a design that looks up a table, simulated; the dose is chosen by isotonic regression at the end."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtr

from opencro.design.early.interval import DEESCALATE, ESCALATE, EXCLUDE, IntervalDesign
from opencro.design.early.isotonic import choose_nearest
from opencro.design.early.tally import DoseFinding, Ints, check_counts, count_trial, empty_tally, take_truth
from opencro.design.errors import DesignError
from opencro.design.simulation.chunks import Workers, run_replicates
from opencro.design.streams import SIZE, compiled, draw_uniform, open_stream

Floats = NDArray[np.float64]


@compiled
def _simulate(
    decisions: NDArray[np.int8], cumulative: Floats, target: float, cohorts: int, cohort: int, start: int, enough: int,
    top_safe: int, seed: Any, scenario: int, first: int, last: int, tally: Ints,
) -> None:  # fmt: skip
    doses, largest = cumulative.shape[0], decisions.shape[1]
    state = np.empty(SIZE, np.uint64)
    n, y = np.empty(doses, np.int64), np.empty(doses, np.int64)
    space, floats = np.empty((2, doses), np.int64), np.empty((2, doses))
    for replicate in range(first, last):
        open_stream(state, seed, scenario, replicate, 0)
        n[:] = 0
        y[:] = 0
        dose, closed = start, doses
        for _ in range(cohorts):
            u, toxic = draw_uniform(state), 0
            while toxic < cohort and u > cumulative[dose, toxic]:
                toxic += 1
            n[dose] += cohort
            y[dose] += toxic
            said = decisions[y[dose], min(n[dose], largest) - 1]
            if said == EXCLUDE:
                closed = dose
                if dose == 0:
                    break
            if said >= DEESCALATE and dose > 0:
                dose -= 1
            elif said == ESCALATE and dose + 1 < closed:
                dose += 1
            elif n[dose] >= enough:
                break
        selected = choose_nearest(n, y, target, closed, space, floats)
        count_trial(tally, n, y, selected, closed == 0, top_safe)


def _tally_trials(*given: Any) -> Ints:
    """The tally of replicates `first` to `last`, the last two arguments; before them those of `_simulate`."""
    *design, seed, scenario, first, last = given
    tally = empty_tally(design[1].shape[0])
    compute: Callable[..., None] = _simulate
    compute(*design, np.uint64(seed), scenario, first, last, tally)
    return tally


def simulate_interval(
    design: IntervalDesign, truth: ArrayLike, *, cohorts: int, cohort_size: int = 3, start: int = 1,
    enough: int | None = None, trials: int = 10_000, seed: int, scenario: int = 0, workers: Workers = 1,
) -> DoseFinding:  # fmt: skip
    """Operating characteristics of BOIN, Keyboard or mTPI-2 when the true risks are `truth`.

    `cohorts` of `cohort_size` participants at most; `start` the first dose, 1 the lowest; `enough`: the trial ends when
    so many were treated at a dose and the table says stay there. `trials` are replicates 0, 1, ... of `scenario` under
    `seed`, the same for any number of `workers`. DesignError DES-501 to DES-503, DES-506 where the table is too small.

    >>> from opencro.design.early import boin
    >>> int(simulate_interval(boin(0.3), [0.1, 0.3, 0.5], cohorts=10, trials=4000, seed=1).selected.argmax())
    1
    """
    risks, top_safe = take_truth(truth, design.target)
    check_counts(cohorts=cohorts, cohort_size=cohort_size, start=start, trials=trials)
    if design.largest < cohorts * cohort_size or start > risks.size:
        raise DesignError(
            "DES-506", f"a table up to {design.largest}, {cohorts} cohorts of {cohort_size}, start {start}",
            "a table for all participants at one dose, a start among the doses",
            "Make the design with a larger `largest`.",
        )  # fmt: skip
    cumulative = bdtr(np.arange(cohort_size + 1.0), cohort_size, risks[:, None])

    task = partial(
        _tally_trials, design.decisions, cumulative, design.target, cohorts, cohort_size, start - 1, enough or 10**9,
        top_safe, seed, scenario,
    )  # fmt: skip
    tally = run_replicates(task, trials, workers=workers)
    return DoseFinding(design.name, design.target, tuple(risks.tolist()), seed, scenario, tally)
