"""Stratified proportions: simulated trials of three strata with unequal sizes and proportions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.coverage.row import ALPHA, LEVEL, Row, covers, each, simulated
from opencro.stats import binary, categorical

TRIALS = 20_000
SINGLE = 2_000
N1, N2 = np.array([20, 30, 10]), np.array([20, 15, 15])
P2 = np.array([0.1, 0.3, 0.5])
DIFFERENCE, ODDS, RATIO = 0.15, 2.0, 1.5


def measure() -> Iterator[Row]:
    """Common differences, ratios and odds ratios; tests without an effect."""
    rng = np.random.default_rng(20_240_101)
    y = rng.binomial(N2, P2, (TRIALS, 3))
    odds = ODDS * P2 / (1 - P2)
    by_difference, by_ratio, by_odds = (
        rng.binomial(N1, p, (TRIALS, 3)) for p in (P2 + DIFFERENCE, P2 * RATIO, odds / (1 + odds))
    )
    scenario = "3 strata, n 60 and 50"
    for name, x, truth in (
        ("mantel_haenszel_difference", by_difference, DIFFERENCE),
        ("stratified_miettinen_nurminen", by_difference, DIFFERENCE),
        ("mantel_haenszel_ratio", by_ratio, RATIO),
        ("stratified_miettinen_nurminen_ratio", by_ratio, RATIO),
        ("mantel_haenszel_odds", by_odds, ODDS),
        ("stratified_miettinen_nurminen_odds", by_odds, ODDS),
    ):
        limits = getattr(binary, f"{name}_batch")(x, N1, y, N2, alpha=ALPHA)
        yield simulated(f"binary.{name}", f"{scenario}, true {truth}", LEVEL, covers(limits.lower, limits.upper, truth))
    found = [
        binary.stratified_newcombe(x, N1, z, N2, alpha=ALPHA) for x, z in zip(by_difference[:SINGLE], y, strict=False)
    ]
    hits = covers([f.lower for f in found], [f.upper for f in found], DIFFERENCE)
    yield simulated("binary.stratified_newcombe", f"{scenario}, true {DIFFERENCE}", LEVEL, hits)
    yield from _tests(rng)


def _tests(rng: np.random.Generator) -> Iterator[Row]:
    x, y = rng.binomial(N1, P2, (TRIALS, 3)), rng.binomial(N2, P2, (TRIALS, 3))
    tables = np.stack([np.stack([x, N1 - x], -1), np.stack([y, N2 - y], -1)], -2)
    scenario = "3 strata, n 60 and 50, no effect"
    for what, correct in (("", False), (", corrected", True)):
        p = categorical.mantel_haenszel_test_batch(tables, correct=correct).p_value
        yield simulated(f"categorical.mantel_haenszel_test{what}", scenario, ALPHA, p <= ALPHA)
    odds = ODDS * P2 / (1 - P2)
    x = rng.binomial(N1, odds / (1 + odds), (SINGLE, 3))
    for name, tarone in (("breslow_day", False), ("breslow_day, Tarone", True)):
        hits = each(
            range(SINGLE),
            lambda t, tarone=tarone: binary.breslow_day(x[t], N1, y[t], N2, tarone=tarone).p_value <= ALPHA,
        )  # type: ignore[misc]
        yield simulated(f"binary.{name}", f"3 strata, n 60 and 50, odds ratio {ODDS} in all", ALPHA, hits)
    doses = np.array([25, 25, 25, 25])
    counts = rng.binomial(doses, 0.3, (SINGLE, 4))
    for name in ("cochran_armitage", "cochran_armitage_exact"):
        test = getattr(categorical, name)
        hits = each(range(SINGLE), lambda t, test=test: test(counts[t], doses).p_value <= ALPHA)  # type: ignore[misc]
        yield simulated(f"categorical.{name}", "4 groups of 25, p 0.3", ALPHA, hits)
    pairs = rng.multinomial(60, [0.5, 0.15, 0.15, 0.2], SINGLE).reshape(SINGLE, 2, 2)
    matched = {
        "mcnemar": lambda table: categorical.mcnemar(table).p_value,
        "mcnemar, corrected": lambda table: categorical.mcnemar(table, correct=True).p_value,
        "mcnemar_exact": lambda table: categorical.mcnemar_exact(table).p_value,
        "mcnemar_exact, mid-P": lambda table: categorical.mcnemar_exact(table, mid_p=True).p_value,
    }
    for name, decide in matched.items():
        hits = each(range(SINGLE), lambda t, decide=decide: decide(pairs[t]) <= ALPHA)  # type: ignore[misc]
        yield simulated(f"categorical.{name}", "60 pairs, 30 % discordant", ALPHA, hits)
