"""Regression of binary outcomes and counts: Wald intervals of the arm's coefficient, standardized differences."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.special import expit
from scipy.stats import norm

from benchmarks.coverage.row import ALPHA, LEVEL, Floats, Row, covers, covers_by_se, each, simulated
from opencro.stats import generalized

TRIALS = 5_000
SINGLE = 2_000
EFFECT = 0.5
Z = float(norm.isf(ALPHA / 2))


def measure() -> Iterator[Row]:
    """Logistic, Firth, Poisson, negative binomial, clusters, standardization."""
    rng = np.random.default_rng(20_240_105)
    for n in (60, 200):
        arm, x = np.arange(n) % 2, rng.normal(size=n)
        design = np.column_stack([np.ones(n), arm, x])
        line = -0.7 + EFFECT * arm + 0.5 * x
        y = (rng.random((TRIALS, n)) < expit(line)).astype(float)
        fit = generalized.logistic_batch(y, design)
        yield _interval("logistic", n, fit)
        hits = each(range(SINGLE), lambda t, y=y, design=design: _firth(y[t], design))  # type: ignore[misc]
        yield simulated("generalized.fit_firth_logistic", f"n {n}, true {EFFECT}: interval", LEVEL, hits)
        exposure = rng.uniform(0.5, 1.0, n)
        rate = exposure * np.exp(0.3 + EFFECT * arm + 0.5 * x)
        fit = generalized.poisson_batch(rng.poisson(rate, (TRIALS, n)), design, offset=np.log(exposure))
        yield _interval("poisson", n, fit)
        counts = rng.poisson(rate * rng.gamma(1.25, 0.8, (TRIALS, n)))
        fit = generalized.negative_binomial_batch(counts, design, offset=np.log(exposure))
        yield _interval("negative_binomial", n, fit)
    yield from _standardized(rng)
    yield from _clusters(rng)


def _interval(name: str, n: int, fit: generalized.BatchFit) -> Row:
    hits = covers_by_se(fit.estimate[:, 1], fit.se[:, 1], Z, EFFECT)
    return simulated(f"generalized.fit_{name}", f"n {n}, true {EFFECT}: interval", LEVEL, hits)


def _firth(y: Floats, design: Floats) -> bool:
    fit = generalized.fit_firth_logistic(y, design)
    return bool(covers(fit.lower, fit.upper, EFFECT)[1])


def _standardized(rng: np.random.Generator) -> Iterator[Row]:
    n, grid = 120, np.linspace(-6, 6, 4_001)
    share = norm.pdf(grid) / norm.pdf(grid).sum()
    truth = float(share @ (expit(-0.7 + EFFECT + grid) - expit(-0.7 + grid)))
    hits = np.zeros(SINGLE, dtype=np.bool_)
    for trial in range(SINGLE):
        arm, x = rng.permutation(np.arange(n) % 2), rng.normal(size=n)
        y = (rng.random(n) < expit(-0.7 + EFFECT * arm + x)).astype(float)
        means = generalized.standardized_means(y, arm, x[:, None], outcome="binary")
        found = generalized.standardized_difference(means)
        hits[trial] = covers(found.lower, found.upper, truth)[0]
    yield simulated("generalized.standardized_difference", f"n {n}, logistic working model: interval", LEVEL, hits)


def _clusters(rng: np.random.Generator) -> Iterator[Row]:
    clusters, size = 40, 4
    cluster = np.repeat(np.arange(clusters), size)
    arm = cluster % 2
    design = np.column_stack([np.ones(arm.size), arm])
    hits = np.zeros(SINGLE, dtype=np.bool_)
    for trial in range(SINGLE):
        shared = rng.normal(size=(clusters, 1)) + rng.normal(size=(clusters, size))
        y = (norm.cdf(shared.ravel() / np.sqrt(2)) < expit(-0.7 + EFFECT * arm)).astype(float)
        fit = generalized.fit_gee(y, design, cluster, outcome="binomial", correlation="exchangeable")
        hits[trial] = covers(fit.lower, fit.upper, EFFECT)[1]
    yield simulated("generalized.fit_gee, exchangeable", f"{clusters} clusters of {size}: interval", LEVEL, hits)
