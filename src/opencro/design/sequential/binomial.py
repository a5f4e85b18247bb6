"""Looks at one arm with a yes-or-no outcome, by enumeration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.stats import binom

from opencro.design.errors import DesignError
from opencro.design.sequential.crossing import Floats
from opencro.stats import Result


@dataclass(frozen=True)
class BinomialLooks(Result):
    """Exact probabilities of stopping; arrays (true rates, looks), the table has a row a rate."""

    title: ClassVar[str] = "Looks at a binomial outcome (exact)"
    aside: ClassVar[frozenset[str]] = frozenset({"stop_above", "stop_below"})

    p: Floats
    above: Floats
    below: Floats
    expected_n: Floats
    stop_above: Floats
    stop_below: Floats


def enumerate_binomial_looks(
    n: Sequence[int], lower: Sequence[int], upper: Sequence[int], p: Sequence[float]
) -> BinomialLooks:
    """Stopping probabilities of one arm with counts at looks, by enumeration.

    `n`: participants at the looks, rising; `lower`: stop with at most so many responses (-1 for never); `upper`: with
    at least so many; `p`: true response rates. Raises DES-116. Source: Jennison & Turnbull (2000), chapter 12.

    >>> enumerate_binomial_looks([50, 100], [-1, -1], [13, 17], [0.1]).above.round(4).tolist()
    [0.0208]
    """
    if not len(n) == len(lower) == len(upper) or (np.diff(n) <= 0).any():
        raise DesignError("DES-116", f"n {list(n)}, {len(lower)} and {len(upper)} bounds",
        "rising sizes, bounds for each",
                          "Use -1 for no lower bound.")  # fmt: skip
    rates = np.asarray(p, dtype=np.float64)
    high, low = np.zeros((rates.size, len(n))), np.zeros((rates.size, len(n)))
    for i, rate in enumerate(rates):
        still, before = np.ones(1), 0
        for k, size in enumerate(n):
            still = np.convolve(still, binom.pmf(np.arange(size - before + 1), size - before, rate))
            counts = np.arange(still.size)
            high[i, k], low[i, k] = still[counts >= upper[k]].sum(), still[counts <= lower[k]].sum()
            still = np.where((counts > lower[k]) & (counts < upper[k]), still, 0.0)
            before = size
    stopped = (high + low)[:, :-1]
    expected = stopped @ np.asarray(n[:-1], dtype=np.float64) + (1 - stopped.sum(axis=1)) * n[-1]
    return BinomialLooks(rates, high.sum(axis=1), low.sum(axis=1), expected, high, low)
