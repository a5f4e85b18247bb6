"""Trials of Bayesian logistic regression with overdose control, simulated on a coarse grid of its two parameters."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from opencro.design.early.blrm import COARSE, LogisticDesign
from opencro.design.early.tally import DoseFinding, Ints, check_counts, count_trial, empty_tally, take_truth
from opencro.design.errors import DesignError
from opencro.design.simulation.chunks import Workers, run_replicates
from opencro.design.streams import SIZE, compiled, draw_uniform, inlined, open_stream

Floats = NDArray[np.float64]


@inlined
def _choose(posterior: Floats, over: Floats, wanted: Floats, limit: float, reach: int, n: Ints, given: bool) -> int:
    """The allowed dose below `reach` likeliest to be in the target interval; with `given`, among those given."""
    total, best, likeliest = posterior.sum(), -1, -1.0
    for j in range(reach):
        if given and n[j] == 0:
            continue
        above, inside = 0.0, 0.0
        for g in range(posterior.size):
            above += posterior[g] * over[j, g]
            inside += posterior[g] * wanted[j, g]
        if above < limit * total and inside > likeliest:
            best, likeliest = j, inside
    return best


@compiled
def _simulate(
    prior: Floats, risks: Floats, over: Floats, wanted: Floats, truth: Floats, limit: float, cohorts: int, cohort: int,
    start: int, top_safe: int, seed: Any, scenario: int, first: int, last: int, tally: Ints,
) -> None:  # fmt: skip
    doses = truth.size
    state = np.empty(SIZE, np.uint64)
    n, y = np.empty(doses, np.int64), np.empty(doses, np.int64)
    posterior, spared = np.empty(prior.size), 1.0 - risks
    for replicate in range(first, last):
        open_stream(state, seed, scenario, replicate, 0)
        n[:] = 0
        y[:] = 0
        posterior[:] = prior
        dose = start
        for _ in range(cohorts):
            for _ in range(cohort):
                toxic = draw_uniform(state) < truth[dose]
                y[dose] += toxic
                for g in range(prior.size):
                    posterior[g] *= risks[dose, g] if toxic else spared[dose, g]
            n[dose] += cohort
            found = _choose(posterior, over, wanted, limit, min(dose + 2, doses), n, False)
            if found < 0:
                break
            dose = found
        chosen = _choose(posterior, over, wanted, limit, doses, n, True)
        count_trial(tally, n, y, chosen, found < 0, top_safe)


def _tally_trials(*given: Any) -> Ints:
    *design, seed, scenario, first, last = given
    tally = empty_tally(design[4].size)
    compute: Callable[..., None] = _simulate
    compute(*design, np.uint64(seed), scenario, first, last, tally)
    return tally


def simulate_blrm(
    design: LogisticDesign, truth: ArrayLike, *, cohorts: int, cohort_size: int = 3, start: int = 1,
    trials: int = 10_000,
    seed: int, scenario: int = 0, workers: Workers = 1,
) -> DoseFinding:  # fmt: skip
    """Operating characteristics of Bayesian logistic regression with overdose control when the true risks are `truth`.

    After each cohort the allowed dose likeliest to be in the target interval is next, at most one above the last; where
    none is allowed the trial stops. At the end the same rule chooses among the doses given. The rest as in
    `simulate_interval`. DesignError DES-501, DES-503, DES-506.

    >>> from opencro.design.early import blrm
    >>> design = blrm([1, 2, 4, 8], 8, mean=(-0.85, 0), sd=(2, 1))
    >>> int(simulate_blrm(design, [0.02, 0.05, 0.25, 0.5], cohorts=10, trials=500, seed=1).selected.argmax())
    2
    """
    true, top_safe = take_truth(truth, design.target)
    check_counts(cohorts=cohorts, cohort_size=cohort_size, start=start, trials=trials)
    if true.size != len(design.doses) or start > true.size:
        raise DesignError(
            "DES-506", f"{true.size} true risks, start {start}",
            f"{len(design.doses)}, one for each dose, start among them",
            "Give one true risk for each dose of the design.",
        )  # fmt: skip
    a, b, prior = design.nodes(COARSE)
    below = design.shares(COARSE)
    kept = prior > 1e-9 * prior.max()
    risks, over, wanted = (
        np.ascontiguousarray(x[:, kept]) for x in (expit(design.line(a, b)), 1 - below[1], below[1] - below[0])
    )
    task = partial(
        _tally_trials, prior[kept], risks, over, wanted, true, design.limit, cohorts, cohort_size, start - 1, top_safe,
        seed,
        scenario,
    )  # fmt: skip
    tally = run_replicates(task, trials, workers=workers)
    return DoseFinding("BLRM", design.target, tuple(true.tolist()), seed, scenario, tally)
