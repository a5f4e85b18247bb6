"""Newton's method on the exact Hessian, many trials at once.

Where the Hessian is not positive definite its eigenvalues are replaced by their absolute values, so that the step still
goes downhill; a step is halved until the likelihood improves. A trial has converged when the expected improvement of
the next step, g'H^-1 g, is below 1e-10 on the scale of -2 log likelihood with a positive definite H.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opencro.stats.mmrm.cores import Floats
from opencro.stats.mmrm.layout import Layout
from opencro.stats.mmrm.likelihood import Point, Slope, differentiate, evaluate
from opencro.stats.mmrm.structures import Structure

ENOUGH = 1e-10
NOISE = 1e-7  # an expected improvement below this may drown in rounding: the step is taken if it does no harm
LONGEST = 2.0  # no parameter (a log standard deviation or a free correlation) moves further in one step
LOST = -16.0  # log standard deviation, where that of the residuals is 1, from which no search comes back
FLAT = 1e-8  # eigenvalue of the Hessian, relative to the largest, below which a direction counts as flat


@dataclass(frozen=True)
class Optimum:
    """Where the search ended. `converged` needs a vanishing gradient and a positive definite Hessian."""

    point: Point
    slope: Slope
    converged: NDArray[np.bool_]  # (trials,)
    iterations: NDArray[np.int64]  # (trials,)
    decrement: Floats  # (trials,): g'H^-1 g at the end


def maximize(structure: Structure, layout: Layout, start: Floats, *, reml: bool, iterations: int = 60) -> Optimum:
    """The maximum of the likelihood from `start`, shape (trials, groups, size)."""
    trials, deviations = len(start), structure.pick.shape[1]
    point = evaluate(structure, layout, start, reml=reml)
    slope = differentiate(structure, layout, point, reml=reml)
    done = ~np.isfinite(point.value)
    converged = np.zeros(trials, dtype=bool)
    used = np.zeros(trials, dtype=np.int64)
    decrement = np.full(trials, np.inf)
    for _ in range(iterations):
        step, gain, definite = _steps(slope)
        decrement = np.where(done, decrement, gain)
        converged |= ~done & (gain < ENOUGH) & definite
        done |= (gain < ENOUGH) | (point.theta[..., :deviations].min(axis=(1, 2)) < LOST)
        if done.all():
            break
        live = np.flatnonzero(~done)
        part = layout if len(live) == trials else layout.pick(live)
        better, moved = _search(structure, part, _take(point, live), step[live], gain[live], reml=reml)
        used[live] += 1
        done[live[~moved]] = True
        fresh = differentiate(structure, part, better, reml=reml)
        if len(live) == trials:
            point, slope = better, fresh
        else:
            point, slope = _put(point, live, better), _put_slope(slope, live, fresh)
    return Optimum(point, slope, converged, used, decrement)


def one_trial(optimum: Optimum, trial: int) -> Optimum:
    """The optimum of a single trial."""
    at = np.array([trial])
    slope = Slope(*(getattr(optimum.slope, name)[at] for name in Slope.__dataclass_fields__))
    return Optimum(
        _take(optimum.point, at), slope, optimum.converged[at], optimum.iterations[at], optimum.decrement[at]
    )


def _steps(slope: Slope) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """The step, the improvement of -2 l that it promises, and whether the Hessian is positive definite."""
    hessian = np.where(np.isfinite(slope.hessian), slope.hessian, 0.0)
    values, vectors = np.linalg.eigh(hessian)
    largest = np.maximum(np.abs(values).max(axis=-1, keepdims=True), 1e-300)
    definite = values[:, 0] > FLAT * largest[:, 0]
    bent = np.maximum(np.abs(values), FLAT * largest)
    along = np.einsum("bij,bi->bj", vectors, slope.gradient)
    step = -np.einsum("bij,bj->bi", vectors, along / bent)
    gain = (along**2 / bent).sum(axis=-1)
    reach = np.abs(step).max(axis=-1, keepdims=True)
    return step * np.minimum(1.0, LONGEST / np.maximum(reach, 1e-300)), gain, definite


def _search(
    structure: Structure, layout: Layout, point: Point, step: Floats, gain: Floats, *, reml: bool
) -> tuple[Point, NDArray[np.bool_]]:
    """The point after the longest of the halved steps that improves each trial; and which trials moved."""
    length = np.ones(len(step))
    best = point
    waiting = np.arange(len(step))
    slack = np.where(gain < NOISE, 1e-9 * (1.0 + np.abs(point.value)), 0.0)
    for _ in range(40):
        part = layout if len(waiting) == len(step) else layout.pick(waiting)
        theta = point.theta[waiting] + (length[waiting, None] * step[waiting]).reshape(-1, *point.theta.shape[1:])
        trial = evaluate(structure, part, theta, reml=reml)
        enough = point.value[waiting] - 1e-4 * length[waiting] * gain[waiting] * (gain[waiting] > NOISE)
        good = trial.value <= enough + slack[waiting]
        if good.all() and len(waiting) == len(step):
            return trial, np.ones(len(step), dtype=bool)
        best = _put(best, waiting[good], _take(trial, np.flatnonzero(good)))
        waiting = waiting[~good]
        if not len(waiting):
            break
        length[waiting] *= 0.5
    moved = np.ones(len(step), dtype=bool)
    moved[waiting] = False
    return best, moved


def _take(point: Point, trials: NDArray[np.int64]) -> Point:
    return Point(*(getattr(point, name)[trials] for name in Point.__dataclass_fields__))


def _put(point: Point, trials: NDArray[np.int64], new: Point) -> Point:
    return Point(*(_replaced(getattr(point, n), trials, getattr(new, n)) for n in Point.__dataclass_fields__))


def _put_slope(slope: Slope, trials: NDArray[np.int64], new: Slope) -> Slope:
    return Slope(*(_replaced(getattr(slope, n), trials, getattr(new, n)) for n in Slope.__dataclass_fields__))


def _replaced(old: Floats, trials: NDArray[np.int64], new: Floats) -> Floats:
    out = old.copy()
    out[trials] = new
    return out
