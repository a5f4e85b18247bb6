"""From scaled rows to the maximum of the likelihood, down a ladder of covariances where one cannot be estimated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from opencro.stats.mmrm.cores import Floats
from opencro.stats.mmrm.layout import Layout, build_layout
from opencro.stats.mmrm.maximize import LOST, Optimum, maximize
from opencro.stats.mmrm.rows import Scaled
from opencro.stats.mmrm.structures import Structure, build_structure
from opencro.stats.result import StatsError

LADDER = ("us", "toeph", "ar1h", "csh", "ar1", "cs")
SINGULAR = 1e-8  # smallest eigenvalue of a correlation matrix below which the covariance counts as singular


@dataclass(frozen=True)
class Attempt:
    """A covariance that was tried and what came of it: "converged", or why not."""

    covariance: str
    outcome: str
    iterations: int


@dataclass(frozen=True)
class Solution:
    """The covariance that was estimated, and the way to it."""

    structure: Structure
    layout: Layout = field(repr=False)
    optimum: Optimum = field(repr=False)
    attempts: tuple[Attempt, ...]


def rungs(covariance: str, fallback: Sequence[str] | None) -> tuple[str, ...]:
    """What is tried in which order: by default those that stand below `covariance` on the ladder."""
    first = covariance.lower()
    if fallback is None:
        fallback = LADDER[LADDER.index(first) + 1 :] if first in LADDER else ()
    return (first, *(name.lower() for name in fallback if name.lower() != first))


def search(scaled: Scaled, names: Sequence[str], *, reml: bool, start: Floats | None = None) -> Solution:
    """The first covariance of `names` that can be estimated; raises StatsError STA-310 where none can."""
    layout = build_layout(scaled.cells)
    visits = scaled.cells.values.shape[1]
    structures = [build_structure(name, visits, layout.distance) for name in names]
    attempts: list[Attempt] = []
    for structure in structures:
        gap = find_gap(structure, layout)
        if gap:
            attempts.append(Attempt(structure.name, gap, 0))
            continue
        optimum = _try(structure, layout, start if structure is structures[0] else None, reml=reml)
        outcome = judge(structure, layout, optimum)
        attempts.append(Attempt(structure.name, outcome, int(optimum.iterations[0])))
        if outcome == "converged":
            return Solution(structure, layout, optimum, tuple(attempts))
    tried = "; ".join(f"{a.covariance}: {a.outcome}" for a in attempts)
    remedy = "Give a simpler covariance or a longer `fallback`, or look at the visits with few subjects."
    raise StatsError("STA-310", f"no estimate ({tried})", "a maximum of the likelihood", remedy)


def find_gap(structure: Structure, layout: Layout) -> str:
    """What an unstructured covariance cannot learn: the covariance of visits that nobody has both of; "" if nothing."""
    both = layout.observed[:, :, None] & layout.observed[:, None, :]
    for g in range(layout.groups):
        weight = layout.counts[0] * (layout.group == g)
        missing = np.argwhere(np.tensordot(weight, both, axes=1) == 0)
        if structure.name == "us" and len(missing):
            a, b = sorted(min((abs(int(i - j)), int(i) + 1, int(j) + 1) for i, j in missing)[1:])
            where = f" in group {g + 1}" if layout.groups > 1 else ""
            return f"no subject has both visit {a} and visit {b}{where}" if a < b else f"visit {a} is empty{where}"
    return ""


def start_theta(structure: Structure, layout: Layout) -> Floats:
    """Moments of the least squares residuals by pairs of visits, as parameters, shape (trials, groups, size)."""
    residual = layout.stacks[..., -1]
    both = (layout.observed[:, :, None] & layout.observed[:, None, :]).astype(float)
    trials, _, visits = residual.shape
    out = np.empty((trials, layout.groups, structure.size))
    for g in range(layout.groups):
        mine = residual[:, layout.group[layout.member] == g]
        classes = layout.group == g
        pairs = layout.counts[:, classes] @ both[classes].reshape(-1, visits * visits)
        sums = np.swapaxes(mine, -1, -2) @ mine
        out[:, g] = structure.start(sums / np.maximum(pairs.reshape(sums.shape), 1.0))
    return out


def judge(structure: Structure, layout: Layout, optimum: Optimum) -> str:
    """ "converged", or what is wrong with the first trial of an optimum."""
    if not np.isfinite(optimum.point.value[0]):
        return "the start is no covariance matrix"
    if optimum.point.theta[0, :, : structure.pick.shape[1]].min() < LOST:
        return "the likelihood has no maximum: a variance goes to zero"
    if not optimum.converged[0]:
        lowest = np.linalg.eigvalsh(optimum.slope.hessian[0])
        if lowest[0] <= 1e-8 * max(float(lowest[-1]), 1e-300):
            return "the Hessian is not positive definite: a parameter is not identified or at its bound"
        return f"the gradient did not vanish in {int(optimum.iterations[0])} iterations"
    if not layout.by_class and is_singular(optimum.point.sigma[0]).any():
        return "the covariance matrix is singular"
    return "converged"


def is_singular(sigma: Floats) -> Floats:
    """Whether each covariance matrix (..., m, m) has a correlation matrix with an eigenvalue near zero."""
    scale = 1.0 / np.sqrt(np.diagonal(sigma, 0, -2, -1))
    values = np.linalg.eigvalsh(scale[..., :, None] * sigma * scale[..., None, :])
    return np.asarray(values[..., 0] < SINGULAR)


def _try(structure: Structure, layout: Layout, start: Floats | None, *, reml: bool) -> Optimum:
    """From the given start, else from moments; where that fails, from uncorrelated visits."""
    first = start_theta(structure, layout)
    given = first if start is None or start.shape != first.shape[1:] else start[None]
    optimum = maximize(structure, layout, given, reml=reml)
    if judge(structure, layout, optimum) == "converged":
        return optimum
    deviations = structure.pick.shape[1]
    plain = np.zeros((1, layout.groups, structure.size))
    plain[..., deviations:] = structure.core.guess(np.eye(structure.visits)[None, None])
    second = maximize(structure, layout, plain, reml=reml)
    return second if judge(structure, layout, second) == "converged" else optimum
