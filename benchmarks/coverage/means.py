"""Means: t tests, analysis of variance and covariance, robust errors."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.stats import t as student

from benchmarks.coverage.row import ALPHA, LEVEL, Floats, Row, covers_by_se, each, simulated
from opencro.stats import linear
from opencro.stats.linear.robust import HcKind

TRIALS = 50_000
SINGLE = 2_000
EFFECT = 0.4


def measure() -> Iterator[Row]:
    """Two samples under equal and unequal spread, then models."""
    rng = np.random.default_rng(20_240_103)
    for scenario, n1, n2, sd in (
        ("normal, n 12 and 12, same spread", 12, 12, 1.0),
        ("normal, n 12 and 36, spread 1 and 3", 12, 36, 3.0),
        ("normal, n 36 and 12, spread 1 and 3", 36, 12, 3.0),
    ):
        x, y = rng.normal(EFFECT, 1, (TRIALS, n1)), rng.normal(0, sd, (TRIALS, n2))
        for name in ("t_test_pooled", "t_test_welch"):
            found = getattr(linear, f"{name}_batch")(x, y)
            hits = covers_by_se(found.estimate, found.se, student.isf(ALPHA / 2, found.df), EFFECT)
            yield simulated(f"linear.{name}", f"{scenario}: interval", LEVEL, hits)
            found = getattr(linear, f"{name}_batch")(x - EFFECT, y)
            yield simulated(f"linear.{name}", f"{scenario}: test", ALPHA, found.p_value <= ALPHA)
    yield from _covariance(rng)
    yield from _variance(rng)


def _covariance(rng: np.random.Generator) -> Iterator[Row]:
    arm = np.repeat([0, 1], 20)
    baseline = rng.normal(size=(TRIALS, 40))
    y = EFFECT * arm + 0.8 * baseline + rng.normal(size=(TRIALS, 40))
    found = linear.ancova_batch(y, arm, baseline[:, :, None], null=EFFECT)
    hits = covers_by_se(found.estimate[:, 0], found.se[:, 0], student.isf(ALPHA / 2, found.df), EFFECT)
    yield simulated("linear.ancova", "n 20 and 20, one covariate: interval", LEVEL, hits)
    yield simulated("linear.ancova", "n 20 and 20, one covariate: test", ALPHA, found.p_value[:, 0] <= ALPHA)
    uneven = np.repeat([0.0, 1.0], (40, 20))
    noise = rng.normal(size=(SINGLE, 60)) * np.where(uneven == 1, 3.0, 1.0)
    for kind in ("HC0", "HC1", "HC2", "HC3"):
        hits = each(range(SINGLE), lambda t, kind=kind: _robust(EFFECT * uneven + noise[t], uneven, kind))  # type: ignore[misc]
        yield simulated(f"linear.hc_robust {kind}", "n 40 and 20, spread 1 and 3: interval", LEVEL, hits)


def _robust(y: Floats, arm: Floats, kind: HcKind) -> bool:
    fit = linear.hc_robust(linear.fit_linear("y ~ arm", {"y": y, "arm": arm}), kind=kind)
    half = student.isf(ALPHA / 2, fit.df_residual) * np.sqrt(fit.covariance[1, 1])
    return bool(abs(fit.beta[1] - EFFECT) <= half)


def _variance(rng: np.random.Generator) -> Iterator[Row]:
    group = np.repeat([0, 1, 2], (8, 12, 16))
    noise = rng.normal(size=(SINGLE, group.size))
    hits = each(range(SINGLE), lambda t: linear.one_way_anova(noise[t], group).p_value <= ALPHA)
    yield simulated("linear.one_way_anova", "n 8, 12 and 16, same spread", ALPHA, hits)
    spread = noise * np.array([3.0, 2.0, 1.0])[group]
    for name in ("one_way_anova", "welch_anova"):
        test = getattr(linear, name)
        hits = each(range(SINGLE), lambda t, test=test: test(spread[t], group).p_value <= ALPHA)  # type: ignore[misc]
        yield simulated(f"linear.{name}", "n 8, 12 and 16, spread 3, 2 and 1", ALPHA, hits)
