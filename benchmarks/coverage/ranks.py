"""Rank tests and Hodges-Lehmann limits on normal, skewed and tied data."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.coverage.row import ALPHA, LEVEL, Floats, Row, covers, each, simulated
from opencro.stats import rank

TRIALS = 20_000
SINGLE = 10_000
SHIFT = 0.5
STRATA = np.repeat([0, 1, 2], (4, 6, 10))


def measure() -> Iterator[Row]:
    """Two samples, pairs, several samples."""
    rng = np.random.default_rng(20_240_102)
    samples = {
        "normal, n 20 and 20": (rng.normal(size=(TRIALS, 20)), rng.normal(size=(TRIALS, 20))),
        "lognormal, n 15 and 30": (rng.lognormal(size=(TRIALS, 15)), rng.lognormal(size=(TRIALS, 30))),
        "5 ordered values, n 20 and 20": (rng.integers(5, size=(TRIALS, 20)), rng.integers(5, size=(TRIALS, 20))),
    }
    for scenario, (x, y) in samples.items():
        for what, correct in (("", True), (", not corrected", False)):
            p = rank.rank_sum_batch(x, y, correct=correct).p_value
            yield simulated(f"rank.rank_sum{what}", scenario, ALPHA, p <= ALPHA)
        hits = each(range(SINGLE), lambda t, x=x, y=y: rank.rank_sum_exact(x[t], y[t]).p_value <= ALPHA)  # type: ignore[misc]
        yield simulated("rank.rank_sum_exact", scenario, ALPHA, hits)
    yield from _shifts(*samples["normal, n 20 and 20"])
    yield from _several(rng)


def _shifts(x: Floats, y: Floats) -> Iterator[Row]:
    for name in ("hodges_lehmann", "hodges_lehmann_exact"):
        method = getattr(rank, name)
        found = [method(x[t] + SHIFT, y[t], alpha=ALPHA) for t in range(SINGLE)]
        hits = covers([f.lower for f in found], [f.upper for f in found], SHIFT)
        yield simulated(f"rank.{name}", f"normal, n 20 and 20, shift {SHIFT}", LEVEL, hits)
    for name in ("hodges_lehmann_paired", "hodges_lehmann_paired_exact"):
        method = getattr(rank, name)
        found = [method(x[t] - y[t] + SHIFT, alpha=ALPHA) for t in range(SINGLE)]
        hits = covers([f.lower for f in found], [f.upper for f in found], SHIFT)
        yield simulated(f"rank.{name}", f"normal, 20 pairs, shift {SHIFT}", LEVEL, hits)
    for name in ("signed_rank", "signed_rank_exact"):
        test = getattr(rank, name)
        hits = each(range(SINGLE), lambda t, test=test: test(x[t] - y[t]).p_value <= ALPHA)  # type: ignore[misc]
        yield simulated(f"rank.{name}", "normal, 20 pairs", ALPHA, hits)


def _several(rng: np.random.Generator) -> Iterator[Row]:
    values = rng.normal(size=(TRIALS, 45))
    p = rank.kruskal_wallis_batch(values, (15, 15, 15)).p_value
    yield simulated("rank.kruskal_wallis", "normal, 3 groups of 15", ALPHA, p <= ALPHA)
    groups = np.split(values[:SINGLE], 3, axis=1)
    hits = each(range(SINGLE), lambda t: rank.jonckheere_terpstra([g[t] for g in groups]).p_value <= ALPHA)
    yield simulated("rank.jonckheere_terpstra", "normal, 3 groups of 15", ALPHA, hits)
    hits = each(range(SINGLE), lambda t: rank.friedman(values[t].reshape(15, 3)).p_value <= ALPHA)
    yield simulated("rank.friedman", "normal, 15 blocks of 3", ALPHA, hits)
    x, y = (rng.normal(size=(SINGLE, STRATA.size)) + STRATA for _ in range(2))
    hits = each(range(SINGLE), lambda t: rank.van_elteren(x[t], y[t], STRATA, STRATA).p_value <= ALPHA)
    yield simulated("rank.van_elteren", "normal, 3 strata of 8, 12 and 20", ALPHA, hits)
