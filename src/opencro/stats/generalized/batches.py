"""Many trials at once, for the simulator: the same scoring as the single fits, arrays instead of results."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opencro.stats.generalized.dispersion import k_information, score_negative_binomial
from opencro.stats.generalized.families import BINOMIAL, LOG, LOGIT, NEGATIVE_BINOMIAL, POISSON, Array, Family, Link
from opencro.stats.generalized.fits import Engine, Information, beyond, recession, suspicious
from opencro.stats.generalized.inputs import ModelData
from opencro.stats.generalized.scoring import Problem, Scored, inverse, observed_information, score
from opencro.stats.result import StatsError

_CELLS = 200_000  # outcomes fitted together: what stays in a processor's cache


@dataclass(frozen=True)
class BatchFit:
    """Coefficients of many trials: `estimate` and `se` (t, p), `converged` (t,), `dispersion` k (t,).

    Where a trial's estimates are infinite (separation, a group without events) or do not settle, `converged` is False
    and its errors are NaN; its estimates are those of the single fit.
    """

    estimate: Array
    se: Array
    converged: NDArray[np.bool_]
    dispersion: Array


def logistic_batch(
    y: ArrayLike, x: ArrayLike, *, trials: ArrayLike | None = None, offset: ArrayLike | None = None
) -> BatchFit:
    """Logistic regressions of many simulated trials.

    `y` (t, n): 0/1 or events of `trials`; `x`: one design (n, p) for all or (t, n, p); `offset`, `trials`: (n,) or
    (t, n). Returns arrays over trials, equal to `fit_logistic` trial by trial. Raises STA-201 (shapes).
    Example: `logistic_batch(rng.random((1000, 200)) < 0.3, x).estimate[:, 1]`.
    """
    return _fit(_stack(BINOMIAL, LOGIT, y, x, offset, trials), score, "expected")


def poisson_batch(y: ArrayLike, x: ArrayLike, *, offset: ArrayLike | None = None) -> BatchFit:
    """Poisson regressions of many simulated trials.

    `y` (t, n): counts; `x`: one design (n, p) for all or (t, n, p); `offset`: log time at risk, (n,) or (t, n).
    Returns arrays over trials, equal to `fit_poisson` trial by trial. Raises STA-201 (shapes).
    Example: `poisson_batch(rng.poisson(1.2, (1000, 200)), x).se[:, 1]`.
    """
    return _fit(_stack(POISSON, LOG, y, x, offset, None), score, "expected")


def negative_binomial_batch(
    y: ArrayLike, x: ArrayLike, *, offset: ArrayLike | None = None, information: Information = "expected"
) -> BatchFit:
    """Negative binomial regressions of many simulated trials.

    `y` (t, n): counts; `x`: one design (n, p) for all or (t, n, p); `offset`: log time at risk, (n,) or (t, n);
    `information`: as in `fit_negative_binomial`, to which the arrays are equal trial by trial. Raises STA-201 (shapes).
    Example: `negative_binomial_batch(counts, x, offset=log_years).dispersion`.
    """
    return _fit(_stack(NEGATIVE_BINOMIAL, LOG, y, x, offset, None), score_negative_binomial, information)


def _stack(
    family: Family, link: Link, y: ArrayLike, x: ArrayLike, offset: ArrayLike | None, trials: ArrayLike | None
) -> Problem:
    outcome, design = np.asarray(y, dtype=np.float64), np.asarray(x, dtype=np.float64)
    shape = outcome.shape
    if outcome.ndim != 2 or design.shape[:-1] not in (shape, shape[1:]) or not np.isfinite(outcome).all():
        raise StatsError(
            "STA-201", f"y of shape {shape} and x of shape {design.shape}", "y (t, n) and x (n, p) or (t, n, p)",
            "Put the trial on the first axis.",
        )  # fmt: skip
    shift = np.atleast_2d(np.zeros(shape[1]) if offset is None else np.asarray(offset, dtype=np.float64))
    counts = np.atleast_2d(np.ones(shape[1]) if trials is None else np.asarray(trials, dtype=np.float64))
    return Problem(
        family, link, outcome / counts, design, shift, counts, np.ones((1, shape[1])), np.zeros((1, 1))
    )  # fmt: skip


def _fit(problem: Problem, engine: Engine, information: Information) -> BatchFit:
    trials, n = problem.y.shape
    size = max(1, _CELLS // n)
    starts = range(0, trials, size)
    with np.errstate(
        over="ignore", invalid="ignore", divide="ignore"
    ):  # where it leads is judged, not how it got there
        parts = [_fit_part(problem.take(np.arange(a, min(a + size, trials))), engine, information) for a in starts]
    return BatchFit(
        np.concatenate([p.estimate for p in parts]), np.concatenate([p.se for p in parts]),
        np.concatenate([p.converged for p in parts]), np.concatenate([p.dispersion for p in parts]),
    )  # fmt: skip


def _fit_part(problem: Problem, engine: Engine, information: Information) -> BatchFit:
    scored = engine(problem)
    estimate, converged = scored.beta.copy(), scored.converged.copy()
    variance = np.einsum("tii->ti", _covariances(problem, scored, information)).copy()
    for t in np.flatnonzero(suspicious(problem.family, scored.mu, converged)):
        data = _single(problem, int(t))
        away = recession(data, problem.family, problem.link)
        if away is not None:
            estimate[t] = beyond(data, problem.family, problem.link, away, information, engine).beta
            converged[t] = False
    variance[~converged] = np.nan
    with np.errstate(invalid="ignore"):
        return BatchFit(estimate, np.sqrt(variance), converged, scored.k)


def _covariances(problem: Problem, scored: Scored, information: Information) -> Array:
    if information == "expected":
        return inverse(scored.information)
    part = Problem(
        problem.family, problem.link, problem.y, problem.x, problem.offset, problem.trials, problem.weights,
        scored.k[:, None],
    )  # fmt: skip
    block = observed_information(part, scored.beta)
    bend, cross = k_information(part, scored.beta)
    inner = np.where((scored.k > 0) & (bend > 0), 1 / np.where(bend > 0, bend, 1.0), 0.0)
    return inverse(block - inner[:, None, None] * cross[:, :, None] * cross[:, None, :])  # Schur complement of k


def _single(problem: Problem, t: int) -> ModelData:
    part = problem.take(np.array([t]))
    x = part.x[0] if part.x.ndim == 3 else part.x
    names = tuple(f"x{j}" for j in range(x.shape[1]))
    return ModelData(part.y[0], x, part.offset[0], part.trials[0], part.weights[0], names)
