"""Intervals and the test for one proportion, by enumeration of the binomial distribution."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.coverage.row import ALPHA, LEVEL, Row, chances_of, covers, enumerated
from opencro.stats import binary

METHODS = {
    "wald": binary.wald_batch,
    "wilson": binary.wilson_batch,
    "agresti_coull": binary.agresti_coull_batch,
    "jeffreys": binary.jeffreys_batch,
    "mid_p": binary.mid_p_batch,
    "clopper_pearson": binary.clopper_pearson_batch,
    "blaker": binary.blaker_batch,
}
GRID = np.linspace(0.01, 0.99, 99)


def measure() -> Iterator[Row]:
    """Coverage at some proportions, and the mean and the least over a grid of them."""
    for name, method in METHODS.items():
        for n in (20, 100):
            x = np.arange(n + 1)
            limits = method(x, n, alpha=ALPHA)
            for p in (0.05, 0.2, 0.5):
                hits = covers(limits.lower, limits.upper, p)
                yield enumerated(f"binary.{name}", f"n {n}, p {p}", LEVEL, hits, chances_of(x, n, p))
            shares = [float(np.sum(chances_of(x, n, p)[covers(limits.lower, limits.upper, p)])) for p in GRID]
            for what, share in (("mean", np.mean(shares)), ("least", np.min(shares))):
                scenario = f"n {n}, {what} over p 0.01 to 0.99"
                yield Row(f"binary.{name}", scenario, LEVEL, float(share), None, (n + 1) * len(GRID))
    for n, p in ((20, 0.2), (100, 0.5)):
        x = np.arange(n + 1)
        rejected = np.array([binary.binomial_test(int(count), n, null=p).p_value <= ALPHA for count in x])
        yield enumerated("binary.binomial_test", f"n {n}, p {p}", ALPHA, rejected, chances_of(x, n, p))
