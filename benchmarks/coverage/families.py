"""The family-wise error of procedures for several hypotheses, all of them true, or all but one; correlated normals."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.stats import norm

from benchmarks.coverage.row import ALPHA, Floats, Row, simulated
from opencro.stats import multiplicity

TRIALS = 100_000
COUNT = 4
STRONG = 4.0
"""The mean of the z-value of a hypothesis that is false."""
ADJUSTMENTS = ("bonferroni", "sidak", "holm", "holm_sidak", "hochberg", "hommel")
GATES = (multiplicity.Family((0, 1), "holm", 0.5), multiplicity.Family((2, 3), "holm"))


def measure() -> Iterator[Row]:
    """One-sided p-values of z-values with equal correlation."""
    rng = np.random.default_rng(20_240_107)
    for correlation in (0.0, 0.5):
        for false in (0, 1):
            p = _p_values(rng, correlation, false)
            scenario = f"{COUNT} hypotheses, {false} false, correlation {correlation}"
            for name, adjusted in _adjusted(p).items():
                hits = (adjusted[:, false:] <= ALPHA).any(axis=1)
                yield simulated(f"multiplicity.{name}", scenario, ALPHA, hits)
    yield from _many_to_one(rng)


def _p_values(rng: np.random.Generator, correlation: float, false: int) -> Floats:
    shared = np.sqrt(correlation) * rng.normal(size=(TRIALS, 1))
    z = shared + np.sqrt(1 - correlation) * rng.normal(size=(TRIALS, COUNT))
    z[:, :false] += STRONG
    result: Floats = norm.sf(z)
    return result


def _adjusted(p: Floats) -> dict[str, Floats]:
    found = {f"adjust_{name}": getattr(multiplicity, f"adjust_{name}_batch")(p) for name in ADJUSTMENTS}
    found["adjust_fixed_sequence"] = multiplicity.adjust_fixed_sequence_batch(p)
    found["adjust_fallback"] = multiplicity.adjust_fallback_batch(p)
    found["graph_shortcut, Holm's graph"] = multiplicity.graph_shortcut_batch(multiplicity.holm_graph(COUNT), p)
    found["gate_parallel"] = multiplicity.gate_parallel_batch(GATES, p)
    return found


def _many_to_one(rng: np.random.Generator) -> Iterator[Row]:
    treated, n = 3, 10
    means = rng.normal(size=(TRIALS, treated + 1)) / np.sqrt(n)
    df = (treated + 1) * (n - 1)
    sd = np.sqrt(rng.chisquare(df, TRIALS) / df)
    t = (means[:, 1:] - means[:, :1]) / (sd * np.sqrt(2 / n))[:, None]
    critical = multiplicity.dunnett_critical_value([n] * treated, n, df, alpha=ALPHA)
    hits = (abs(t) > critical).any(axis=1)
    yield simulated("multiplicity.dunnett", "3 arms and control, n 10 each, no effect", ALPHA, hits)
