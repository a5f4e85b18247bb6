"""Many fits at once: bootstrap and jackknife weights of the subjects, or many simulated responses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opencro.stats.mmrm.cores import Floats
from opencro.stats.mmrm.inference import Spread, adjust_kenward_roger, satterthwaite_df
from opencro.stats.mmrm.layout import Layout
from opencro.stats.mmrm.maximize import Optimum, maximize, one_trial
from opencro.stats.mmrm.rows import Rows, check_rows, scale_rows
from opencro.stats.mmrm.search import is_singular, start_theta
from opencro.stats.mmrm.structures import Structure, build_structure
from opencro.stats.mmrm.trials import Trials, find_bases, lay_responses, weigh_subjects
from opencro.stats.result import StatsError

ROOM = 1_500_000  # numbers that a chunk of trials may hold, so that it stays near the processor


@dataclass(frozen=True)
class Plan:
    """What all trials of a batch share."""

    structure: Structure
    kept: NDArray[np.bool_]
    combinations: Floats
    reml: bool
    df: str


@dataclass(frozen=True)
class MmrmBatch:
    """Arrays with the trial as first axis; NaN where a trial has no estimate, which `converged` says.

    `beta` (trials, p), `beta_covariance` (trials, p, p), `sigma` (trials, groups, visits, visits),
    `neg2_log_likelihood` (trials,), and for the `combinations` (k, p) asked for: `estimate`, `se` and `df`
    (trials, k).
    """

    beta: Floats = field(repr=False)
    beta_covariance: Floats = field(repr=False)
    sigma: Floats = field(repr=False)
    neg2_log_likelihood: Floats = field(repr=False)
    converged: NDArray[np.bool_]
    estimate: Floats = field(repr=False)
    se: Floats = field(repr=False)
    df: Floats = field(repr=False)


def fit_mmrm_batch(
    x: ArrayLike, y: ArrayLike, subject: ArrayLike, visit: ArrayLike, *, covariance: str = "us",
    group: ArrayLike | None = None, weights: ArrayLike | None = None, reml: bool = True,
    combinations: ArrayLike | None = None, df: str = "satterthwaite",
) -> MmrmBatch:  # fmt: skip
    """`fit_mmrm_arrays` for many responses `y` (trials, rows), NaN where not observed.

    `x` is (rows, p), or (trials, rows, p) where every trial has covariates of its own. `combinations` (k, p) of the
    coefficients get a standard error and degrees of freedom, `df` "satterthwaite", "kenward-roger" or
    "kenward-roger-linear". Other options: see `fit_mmrm`; coordinates and fallbacks there are none: a trial without an
    estimate is NaN and not `converged`. Raises StatsError as `fit_mmrm_arrays`.

    >>> x, who, y = np.tile(np.eye(2), (3, 1)), [1, 1, 2, 2, 3, 3], np.array([[1.0, 2, 4, 3, 2, 5]])
    >>> fit_mmrm_batch(x, y, who, [0, 1] * 3).beta.round(3)
    array([[2.333, 3.333]])
    """
    design, values = np.asarray(x, dtype=float), np.atleast_2d(np.asarray(y, dtype=float))
    first = design[0] if design.ndim == 3 else design
    rows = check_rows(first, np.zeros(values.shape[1]), subject, visit, group=group, weights=weights, coordinates=None)
    plan = _plan(build_structure(covariance, len(rows.visits)), rows, combinations, reml, df)
    parts = []
    for part in _chunks(len(values), len(rows.subjects) * len(rows.visits), int(rows.kept.sum()) + 1, plan.structure):
        some = design[part] if design.ndim == 3 else design
        trials = lay_responses(
            some[..., rows.kept], values[part], rows.subject, rows.visit, rows.group, rows.weight, len(rows.visits)
        )
        parts.append(_fit_trials(plan, trials))
    return _join(parts)


def refit_mmrm_batch(
    x: ArrayLike, y: ArrayLike, subject: ArrayLike, visit: ArrayLike, subject_weights: ArrayLike, *,
    covariance: str = "us", group: ArrayLike | None = None, weights: ArrayLike | None = None,
    coordinates: ArrayLike | None = None, reml: bool = True, combinations: ArrayLike | None = None,
    df: str = "satterthwaite",
) -> MmrmBatch:  # fmt: skip
    """`fit_mmrm_arrays` for many weightings of the subjects: a bootstrap, a jackknife.

    `subject_weights` (trials, subjects), subjects in their sorted order, say how often the likelihood of a subject
    counts: its number in a bootstrap sample, zero if it is left out. `combinations` (k, p) get a standard error and
    degrees of freedom. Other options: see `fit_mmrm`. The search begins at the estimate of the whole data; a trial
    without an estimate is NaN and not `converged`. Raises StatsError as `fit_mmrm_arrays`; STA-315 for weights of a
    wrong shape.

    >>> x, who = np.tile(np.eye(2), (3, 1)), [1, 1, 2, 2, 3, 3]
    >>> refit_mmrm_batch(x, [1.0, 2, 4, 3, 2, 5], who, [0, 1] * 3, np.ones((1, 3))).beta.round(3)
    array([[2.333, 3.333]])
    """
    rows = check_rows(x, y, subject, visit, group=group, weights=weights, coordinates=coordinates)
    shares = np.atleast_2d(np.asarray(subject_weights, dtype=float))
    if shares.shape[1] != len(rows.subjects) or not (shares >= 0).all():
        got, remedy = f"weights {shares.shape}", "Give one number from 0 per trial and subject that has a value."
        raise StatsError("STA-315", got, f"(trials, {len(rows.subjects)})", remedy)
    scaled = scale_rows(rows)
    bases = find_bases(scaled.cells)
    logs = np.asarray(np.bincount(rows.subject, np.log(rows.weight)), dtype=np.float64)
    whole = weigh_subjects(scaled, bases, np.ones((1, shares.shape[1])), logs)
    structure = build_structure(covariance, len(rows.visits), whole.layout.distance)
    plan = _plan(structure, rows, combinations, reml, df)
    start = start_theta(structure, whole.layout)
    optimum = maximize(structure, whole.layout, start, reml=reml)
    begin = optimum.point.theta if optimum.converged[0] else start
    width = whole.layout.stacks.shape[1] * len(rows.visits)
    parts = [
        _fit_trials(plan, weigh_subjects(scaled, bases, shares[part], logs), begin)
        for part in _chunks(len(shares), width, int(rows.kept.sum()) + 1, structure)
    ]
    return _join(parts)


def _plan(structure: Structure, rows: Rows, combinations: ArrayLike | None, reml: bool, df: str) -> Plan:
    methods = ("satterthwaite", "kenward-roger", "kenward-roger-linear")
    if df not in methods:
        raise StatsError("STA-309", f"df={df!r}", "one of " + ", ".join(methods), "Choose one of these.")
    wanted = np.zeros((0, len(rows.kept)))
    if combinations is not None:
        wanted = np.atleast_2d(np.asarray(combinations, dtype=float))
    return Plan(structure, rows.kept, wanted, reml, df)


def _chunks(trials: int, width: int, columns: int, structure: Structure) -> Iterator[slice]:
    """Parts of the trials whose arrays stay small; `width` is the number of stacked rows."""
    each = 4 * width * columns + 2 * (structure.visits * columns) ** 2 + structure.size * structure.visits**2
    step = int(np.clip(ROOM // each, 1, trials))
    return (slice(begin, begin + step) for begin in range(0, trials, step))


def _fit_trials(plan: Plan, trials: Trials, start: Floats | None = None) -> MmrmBatch:
    layout, kept = trials.layout, plan.kept
    count, p = len(layout.stacks), len(kept)
    begin = start_theta(plan.structure, layout) if start is None else np.repeat(start, count, axis=0)
    optimum = maximize(plan.structure, layout, begin, reml=plan.reml)
    point, good = optimum.point, optimum.converged
    inner = trials.shift + trials.size[:, None] * np.linalg.solve(trials.triangle, point.beta[..., None])[..., 0]
    root = trials.size[:, None, None] * np.linalg.solve(trials.triangle, point.root)
    beta, covariance = np.full((count, p), np.nan), np.full((count, p, p), np.nan)
    beta[:, kept] = inner
    covariance[:, kept[:, None] & kept] = (root @ np.swapaxes(root, -1, -2)).reshape(count, -1)
    sigma = np.zeros((count, 0, 0, 0))
    if not layout.by_class:
        sigma = point.sigma * trials.size[:, None, None, None] ** 2
        good = good & ~is_singular(point.sigma).any(axis=1)
    wanted = plan.combinations[:, kept]
    estimate = inner @ wanted.T
    se, df = _combine(plan, layout, optimum, root, wanted)
    value = point.value + _constant(trials, reml=plan.reml)
    for array in (beta, covariance, sigma, value, estimate, se, df):
        array[~good] = np.nan
    return MmrmBatch(beta, covariance, sigma, value, good, estimate, se, df)


def _constant(trials: Trials, *, reml: bool) -> Floats:
    """What the scaling takes from -2 log likelihood."""
    per_row = np.log(2 * np.pi) + 2 * np.log(trials.size)
    if not reml:
        return np.asarray(trials.rows * per_row - trials.log_weight)
    width = trials.triangle.shape[-1]
    log_x = 2.0 * np.log(np.abs(np.diagonal(trials.triangle, 0, -2, -1))).sum(axis=-1)
    return np.asarray((trials.rows - width) * per_row + log_x - trials.log_weight)


def _combine(plan: Plan, layout: Layout, optimum: Optimum, root: Floats, wanted: Floats) -> tuple[Floats, Floats]:
    """Standard errors and degrees of freedom of combinations, (trials, k) each."""
    se, df = np.full((2, len(root), len(wanted)), np.nan)
    for t in np.flatnonzero(optimum.converged) if len(wanted) else ():
        one = one_trial(optimum, int(t))
        theta_covariance = 2.0 * np.linalg.inv(one.slope.hessian[0])
        middle: Floats = np.eye(root.shape[-1])
        if plan.df != "satterthwaite":
            middle = adjust_kenward_roger(
                plan.structure, layout.pick(np.array([t])), one.point, one.slope, theta_covariance,
                linear=plan.df == "kenward-roger-linear",
            )  # fmt: skip
        spread = Spread(root[t], middle, one.slope.moments[0, :, :-1, :-1], theta_covariance)
        se[t] = np.sqrt(np.einsum("ki,ij,kj->k", wanted, spread.covariance(), wanted))
        df[t] = satterthwaite_df(spread, wanted)
    return se, df


def _join(parts: list[MmrmBatch]) -> MmrmBatch:
    return MmrmBatch(*(np.concatenate([getattr(p, n) for p in parts]) for n in MmrmBatch.__dataclass_fields__))
