"""Newton's method with step halving for a concave log likelihood, and the recognition of one without a maximum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from opencro.stats.survival.sample import Bools, Floats

Evaluate = Callable[[Floats], tuple[float, Floats, Floats]]


@dataclass(frozen=True)
class Maximum:
    """Where Newton's method ended. `moving` marks parameters that still move although the likelihood does not."""

    beta: Floats
    value: float
    start_value: float
    score_chi2: float
    info: Floats
    moving: Bools
    iterations: int
    converged: bool


def maximize(evaluate: Evaluate, start: Floats, *, most: int = 60, flat: float = 0.0) -> Maximum:
    """The maximum of a log likelihood from value, score and information.

    A step that lowers the value is halved. Ends when the value gains less than 1e-11 of itself; a parameter whose last
    full step is above 1e-3 (covariates are scaled to a standard deviation of 1), or that takes part in a direction in
    which the information fell below `flat` times that at the start, is `moving`: its estimate is infinite.
    """
    beta = start
    value, score, info = evaluate(beta)
    step = _solve(info, score)
    start_value, score_chi2, start_info = value, float(score @ step), np.diag(info)
    for iteration in range(1, most + 1):
        new, next_value = beta + step, -np.inf
        for _ in range(40):
            next_value, next_score, next_info = evaluate(new)
            if next_value >= value - 1e-10 * (1 + abs(value)):
                break
            new = (beta + new) / 2
        gain = next_value - value
        beta, value, score, info = new, next_value, next_score, next_info
        step = _solve(info, score)
        if abs(gain) <= 1e-11 * (1 + abs(value)):
            moving = (np.abs(step) > 1e-3) | _flat_directions(info, start_info, flat)
            # one more step where it is tiny: Newton doubles the digits
            beta = beta if moving.any() else beta + step
            return Maximum(beta, value, start_value, score_chi2, info, moving, iteration, True)
    return Maximum(beta, value, start_value, score_chi2, info, np.abs(step) > 1e-3, most, False)


def _flat_directions(info: Floats, start_info: Floats, flat: float) -> Bools:
    if not flat or not start_info.size or not (start_info > 0).all():
        return np.zeros(start_info.size, dtype=np.bool_)
    size, directions = np.linalg.eigh(info / np.sqrt(np.outer(start_info, start_info)))
    return np.asarray((np.abs(directions[:, size < flat]) > 0.1).any(axis=1))


def independent_columns(info: Floats) -> Bools:
    """Which parameters an information matrix determines: those that are no combination of the ones before them."""
    rest, kept = info.copy(), np.zeros(info.shape[0], dtype=np.bool_)
    size = np.diag(info).copy()
    for j in range(info.shape[0]):
        if rest[j, j] > 1e-9 * size[j] and size[j] > 1e-9 * size.max():
            kept[j] = True
            rest = rest - np.outer(rest[:, j], rest[j]) / rest[j, j]
    return kept


def _solve(info: Floats, score: Floats) -> Floats:
    try:
        step = np.linalg.solve(info, score)
    except np.linalg.LinAlgError:
        step = np.linalg.lstsq(info, score, rcond=1e-12)[0]
    # far steps come from a nearly flat likelihood and would only overflow
    return np.asarray(step * min(1.0, 10.0 / max(np.abs(step).max(initial=0.0), 1e-300)))
