"""Mixed models for repeated measures: the arm's difference at the last visit of small trials with dropout."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.stats import t as student

from benchmarks.coverage.row import ALPHA, LEVEL, Floats, Row, covers, covers_by_se, simulated
from opencro.stats import mmrm

TRIALS = 5_000
SINGLE = 3_000
VISITS = 4
EFFECT = 0.5
DROPOUT = 0.1
"""Of those who are still there, at each visit after the first."""


def measure() -> Iterator[Row]:
    """Satterthwaite's degrees of freedom in batches, Kenward and Roger's in single fits."""
    rng = np.random.default_rng(20_240_106)
    for n in (20, 60):
        x, subject, visit, effect = _design(n)
        y = _responses(rng, n, TRIALS) + EFFECT * effect
        found = mmrm.fit_mmrm_batch(x, y, subject, visit, combinations=_last(x))
        half = student.isf(ALPHA / 2, found.df[:, 0])
        hits = covers_by_se(found.estimate[:, 0], found.se[:, 0], half, EFFECT)
        yield simulated("mmrm.fit_mmrm, unstructured, Satterthwaite", f"n {n}, 4 visits: interval", LEVEL, hits)
        for method in ("kenward-roger", "kenward-roger-linear"):
            hits = np.array([_single(x, y[t], subject, visit, method) for t in range(SINGLE)])
            yield simulated(f"mmrm.fit_mmrm, unstructured, {method}", f"n {n}, 4 visits: interval", LEVEL, hits)
        hits = np.array(
            [_single(x, y[t], subject, visit, "between-within", "empirical-bias-reduced") for t in range(SINGLE)]
        )
        yield simulated("mmrm.fit_mmrm, unstructured, between-within, CR2", f"n {n}, 4 visits: interval", LEVEL, hits)


def _design(n: int) -> tuple[Floats, np.ndarray, np.ndarray, Floats]:
    subject, visit = np.repeat(np.arange(n), VISITS), np.tile(np.arange(VISITS), n)
    at = np.eye(VISITS)[visit]
    arm = (subject % 2)[:, None]
    return np.hstack([at, at * arm]), subject, visit, (at * arm)[:, -1]


def _last(x: Floats) -> Floats:
    return np.eye(x.shape[1])[-1:]


def _responses(rng: np.random.Generator, n: int, trials: int) -> Floats:
    """Errors of a random intercept and slope, monotone dropout."""
    time = np.arange(VISITS) / (VISITS - 1)
    level, slope = rng.normal(size=(2, trials, n, 1))
    y = level + slope * time + 0.7 * rng.normal(size=(trials, n, VISITS))
    stays = rng.random((trials, n, VISITS)) >= DROPOUT
    stays[..., 0] = True
    y[~np.logical_and.accumulate(stays, axis=-1)] = np.nan
    return y.reshape(trials, n * VISITS)


def _single(x: Floats, y: Floats, subject: np.ndarray, visit: np.ndarray, df: str, vcov: str = "asymptotic") -> bool:
    fit = mmrm.fit_mmrm_arrays(x, y, subject, visit, df=df, vcov=vcov)
    return bool(covers(fit.lower, fit.upper, EFFECT)[-1])
