"""Trials of the continual reassessment method, simulated: each participant multiplies the likelihood on a grid of b."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opencro.design.early.crm import ReassessmentDesign, switch_points
from opencro.design.early.tally import (
    DoseFinding,
    Ints,
    check_counts,
    count_duration,
    count_trial,
    empty_tally,
    take_truth,
)
from opencro.design.errors import DesignError
from opencro.design.simulation.chunks import Workers, run_replicates
from opencro.design.streams import SIZE, compiled, draw_exponential, draw_uniform, inlined, open_stream

Floats = NDArray[np.float64]
_STEP = 0.12
_LATE = 3.0e38


@inlined
def _weigh_nodes(posterior: Floats, nodes: Floats, unsafe: Floats) -> tuple[float, float]:
    """The posterior mean of b, the probability that the lowest dose is too toxic; four sums at once are faster."""
    a0, a1, a2, a3, m0, m1, m2, m3, bad = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for g in range(0, nodes.size, 4):
        p0, p1, p2, p3 = posterior[g], posterior[g + 1], posterior[g + 2], posterior[g + 3]
        a0, a1, a2, a3 = a0 + p0, a1 + p1, a2 + p2, a3 + p3
        m0, m1 = m0 + p0 * nodes[g], m1 + p1 * nodes[g + 1]
        m2, m3 = m2 + p2 * nodes[g + 2], m3 + p3 * nodes[g + 3]
        bad += p0 * unsafe[g] + p1 * unsafe[g + 1] + p2 * unsafe[g + 2] + p3 * unsafe[g + 3]
    total = (a0 + a1) + (a2 + a3)
    return ((m0 + m1) + (m2 + m3)) / total, bad / total


@inlined
def _nearest(mean: float, switches: Floats) -> int:
    dose = 0
    while dose < switches.size and mean > switches[dose]:
        dose += 1
    return dose


@compiled
def _simulate(
    nodes: Floats, prior: Floats, risks: Floats, unsafe: Floats, switches: Floats, truth: Floats, target: float,
    cohorts: int,
    cohort: int, start: int, stop: float, top_safe: int, seed: Any, scenario: int, first: int, last: int,
    tally: Ints,
) -> None:  # fmt: skip
    doses = truth.size
    state = np.empty(SIZE, np.uint64)
    n, y = np.empty(doses, np.int64), np.empty(doses, np.int64)
    posterior, spared = np.empty(nodes.size), 1.0 - risks
    for replicate in range(first, last):
        open_stream(state, seed, scenario, replicate, 0)
        n[:] = 0
        y[:] = 0
        posterior[:] = prior
        dose, chosen = start, -1
        for _ in range(cohorts):
            toxic = 0
            for _ in range(cohort):
                if draw_uniform(state) < truth[dose]:
                    toxic += 1
                    for g in range(nodes.size):
                        posterior[g] *= risks[dose, g]
                else:
                    for g in range(nodes.size):
                        posterior[g] *= spared[dose, g]
            n[dose] += cohort
            y[dose] += toxic
            mean, bad = _weigh_nodes(posterior, nodes, unsafe)
            chosen = _nearest(mean, switches)
            if bad > stop:
                chosen = -1
                break
            highest = dose if toxic > target * cohort else dose + 1
            dose = min(chosen, highest, doses - 1)
        count_trial(tally, n, y, chosen, chosen < 0, top_safe)


def _tally_trials(*given: Any) -> Ints:
    *design, seed, scenario, first, last = given
    tally = empty_tally(design[5].size)
    compute: Callable[..., None] = _simulate
    compute(*design, np.uint64(seed), scenario, first, last, tally)
    return tally


def simulate_crm(
    design: ReassessmentDesign, truth: ArrayLike, *, cohorts: int, cohort_size: int = 1, start: int = 1,
    stop: float = 1.0,
    trials: int = 10_000, seed: int, scenario: int = 0, workers: Workers = 1,
) -> DoseFinding:  # fmt: skip
    """Operating characteristics of the continual reassessment method when the true risks are `truth`.

    After each cohort the next gets the dose nearest the target, at most one level above the last and not above it where
    the share of toxicities in the last cohort exceeds the target (coherence, Cheung 2005, Biometrika 92, 863-873).
    `stop`: the trial ends without a dose when the probability of a risk above target at the lowest dose exceeds it; 1
    never does. The rest as in `simulate_interval`. DesignError DES-501 to DES-503, DES-506.

    >>> from opencro.design.early import crm
    >>> design = crm([0.05, 0.12, 0.25, 0.4, 0.55], 0.25)
    >>> int(simulate_crm(design, [0.05, 0.1, 0.25, 0.5, 0.6], cohorts=30, trials=2000, seed=1).selected.argmax())
    2
    """
    tables, top_safe = _take_design(design, truth, start)
    check_counts(cohorts=cohorts, cohort_size=cohort_size, start=start, trials=trials)
    task = partial(
        _tally_trials, *tables, design.target, cohorts, cohort_size, start - 1, stop, top_safe, seed, scenario
    )
    tally = run_replicates(task, trials, workers=workers)
    return DoseFinding(f"CRM {design.curve}", design.target, tuple(tables[-1].tolist()), seed, scenario, tally)


def _take_design(design: ReassessmentDesign, truth: ArrayLike, start: int) -> tuple[tuple[Floats, ...], int]:
    """The arrays that a kernel reads, the true risks last, and the highest safe dose."""
    true, top_safe = take_truth(truth, design.target)
    if true.size != len(design.skeleton) or start > true.size:
        raise DesignError(
            "DES-506", f"{true.size} true risks, start {start}",
            f"{len(design.skeleton)}, as the skeleton has, start among them",
            "Give one true risk for each dose of the design.",
        )  # fmt: skip
    nodes, prior = design.nodes(_STEP)
    step = float(nodes[1] - nodes[0])
    spare = -nodes.size % 4
    nodes, prior = np.append(nodes, np.zeros(spare)), np.append(prior, np.zeros(spare))
    # the node at which the lowest dose crosses the target counts by the share of its cell on the toxic side
    edge = _solve_lowest(design)
    unsafe = np.clip((edge - nodes) / step + 0.5, 0.0, 1.0)
    return (nodes, prior, design.risks(nodes), unsafe, switch_points(design), true), top_safe


def _STEP_OF(nodes: Floats) -> float:
    return float(nodes[1] - nodes[0])


def _solve_lowest(design: ReassessmentDesign) -> float:
    low, high = -30.0, 30.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if design.risks(middle)[0, 0] > design.target else (low, middle)
    return (low + high) / 2


@compiled
def _simulate_tite(
    nodes: Floats, prior: Floats, risks: Floats, unsafe: Floats, switches: Floats, truth: Floats, people: int,
    window: float,
    gap: float, start: int, stop: float, top_safe: int, seed: Any, scenario: int, first: int, last: int,
    tally: Ints,
) -> None:  # fmt: skip
    doses = truth.size
    state = np.empty(SIZE, np.uint64)
    n, y = np.empty(doses, np.int64), np.empty(doses, np.int64)
    level, entry, onset = np.empty(people, np.int64), np.empty(people), np.empty(people)
    posterior = np.empty(nodes.size)
    for replicate in range(first, last):
        open_stream(state, seed, scenario, replicate, 0)
        n[:] = 0
        y[:] = 0
        now, dose, chosen, enrolled = 0.0, start, -1, 0
        for i in range(people + 1):
            # the dose of the next participant, or after the last one's window the final choice
            now = now + (draw_exponential(state) * gap if i < people else window) if i > 0 else 0.0
            if i > 0:
                newest = _weigh_followed(level, entry, onset, i, now, window, risks, prior, posterior)
                mean, bad = _weigh_nodes(posterior, nodes, unsafe)
                chosen = _nearest(mean, switches)
                if bad > stop:
                    chosen = -1
                    break
                dose = min(chosen, dose if newest else dose + 1, doses - 1)
            if i < people:
                level[i], entry[i] = dose, now
                onset[i] = draw_uniform(state) * window if draw_uniform(state) < truth[dose] else _LATE
                enrolled += 1
        for i in range(enrolled):
            n[level[i]] += 1
            y[level[i]] += onset[i] < _LATE
        count_trial(tally, n, y, chosen, chosen < 0, top_safe)
        count_duration(tally, now)


@inlined
def _weigh_followed(
    level: Ints, entry: Floats, onset: Floats, count: int, now: float, window: float, risks: Floats, prior: Floats,
    posterior: Floats,
) -> bool:  # fmt: skip
    """The posterior of those followed until now; whether the newest of them has had a toxicity."""
    posterior[:] = prior
    newest = False
    for i in range(count):
        dose, followed = level[i], now - entry[i]
        if onset[i] <= followed:
            newest = i == count - 1
            for g in range(posterior.size):
                posterior[g] *= risks[dose, g]
        else:
            weight = min(followed / window, 1.0)
            for g in range(posterior.size):
                posterior[g] *= 1.0 - weight * risks[dose, g]
    return newest


def _tally_tite(*given: Any) -> Ints:
    *design, seed, scenario, first, last = given
    tally = empty_tally(design[5].size)
    compute: Callable[..., None] = _simulate_tite
    compute(*design, np.uint64(seed), scenario, first, last, tally)
    return tally


def simulate_tite_crm(
    design: ReassessmentDesign, truth: ArrayLike, *, participants: int, window: float, gap: float, start: int = 1,
    stop: float = 1.0, trials: int = 10_000, seed: int, scenario: int = 0, workers: Workers = 1,
) -> DoseFinding:  # fmt: skip
    """Operating characteristics of TITE-CRM: nobody waits, those under observation count by the share of it completed.

    `participants` in all; `window` in which a toxicity counts; `gap` the mean time between arrivals (exponential), in
    the unit of `window`. Toxicities of a dose fall uniformly into the window. A dose is at most one level above the
    last, and not above it where the last participant already had a toxicity. The duration, to the end of the last
    window, is in `summary()`. The rest as in `simulate_crm`.

    >>> from opencro.design.early import crm
    >>> design = crm([0.05, 0.12, 0.25, 0.4, 0.55], 0.25)
    >>> truth = [0.05, 0.1, 0.25, 0.5, 0.6]
    >>> int(simulate_tite_crm(design, truth, participants=24, window=6, gap=1, trials=500, seed=1).selected.argmax())
    2
    """
    tables, top_safe = _take_design(design, truth, start)
    check_counts(participants=participants, start=start, trials=trials)
    if not (window > 0 and gap > 0):
        raise DesignError(
            "DES-511", f"window {window:g}, gap {gap:g}", "times above 0", "Give both in one unit, e.g. weeks."
        )
    task = partial(_tally_tite, *tables, participants, window, gap, start - 1, stop, top_safe, seed, scenario)
    tally = run_replicates(task, trials, workers=workers)
    return DoseFinding(f"TITE-CRM {design.curve}", design.target, tuple(tables[-1].tolist()), seed, scenario, tally)
