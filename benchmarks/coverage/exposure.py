"""Rates of events per time at risk, by enumeration of Poisson distributions; clustered events by simulation."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.stats import poisson

from benchmarks.coverage.row import ALPHA, LEVEL, Row, covers, enumerated, simulated
from opencro.stats import rates

METHODS = ("garwood", "byar", "poisson_mid_p", "poisson_score", "poisson_wald_log")
RATIOS = ("rate_ratio_wald_log", "rate_ratio_exact", "rate_ratio_mid_p", "rate_ratio_miettinen_nurminen")
DIFFERENCES = ("rate_difference_wald", "rate_difference_miettinen_nurminen")
TIMES = (100.0, 60.0)
SUBJECTS = 60
TRIALS = 2_000
BEYOND = 1e-8
"""Counts that are together less likely than this are left out."""


def measure() -> Iterator[Row]:
    """One rate, then two, then persons with rates of their own."""
    for name in METHODS:
        for expected in (2.0, 8.0, 40.0):
            x = np.arange(int(poisson.isf(BEYOND, expected)) + 1)
            found = getattr(rates, name)(x, np.ones(x.size), alpha=ALPHA)
            hits = covers(found.lower, found.upper, expected)
            yield enumerated(f"rates.{name}", f"{expected:.0f} events expected", LEVEL, hits, poisson.pmf(x, expected))
    for rate, other in ((0.05, 0.05), (0.12, 0.06), (0.3, 0.2)):
        yield from _two(rate, other)
    yield from _subjects(np.random.default_rng(20_240_108))


def _two(rate: float, other: float) -> Iterator[Row]:
    means = rate * TIMES[0], other * TIMES[1]
    x, y = (np.arange(int(poisson.isf(BEYOND, m)) + 1) for m in means)
    a, b = (grid.ravel() for grid in np.meshgrid(x, y, indexing="ij"))
    chances = poisson.pmf(a, means[0]) * poisson.pmf(b, means[1])
    likely = chances > BEYOND
    scenario = f"{means[0]:g} and {means[1]:g} events expected"
    for names, truth in ((RATIOS, rate / other), (DIFFERENCES, rate - other)):
        for name in names:
            method = getattr(rates, name)
            found = [
                method((float(i), float(j)), TIMES, alpha=ALPHA) for i, j in zip(a[likely], b[likely], strict=True)
            ]
            hits = covers([f.lower for f in found], [f.upper for f in found], truth)
            yield enumerated(f"rates.{name}", scenario, LEVEL, hits, chances[likely])


def _subjects(rng: np.random.Generator) -> Iterator[Row]:
    """Rates that differ from person to person by a gamma distribution of variance 0.8."""
    group = np.repeat(["active", "placebo"], SUBJECTS)
    for variance in ("robust", "poisson"):
        hits = np.zeros(TRIALS, dtype=np.bool_)
        for trial in range(TRIALS):
            time = rng.uniform(0.5, 1.0, group.size)
            events = rng.poisson(time * rng.gamma(1.25, 0.8, group.size) * np.where(group == "active", 1.0, 1.5))
            found = rates.exposure_adjusted_rates(events, time, group, variance=variance)
            ratio = rates.exposure_adjusted_ratio(found, "active", "placebo", alpha=ALPHA)
            hits[trial] = covers(ratio.lower, ratio.upper, 1 / 1.5)
        scenario = f"{SUBJECTS} and {SUBJECTS} persons of different rates"
        yield simulated(f"rates.exposure_adjusted_ratio, {variance}", scenario, LEVEL, hits)
