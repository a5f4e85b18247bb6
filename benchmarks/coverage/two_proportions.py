"""Intervals and tests for two proportions, by enumeration of both binomial distributions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.coverage.row import ALPHA, LEVEL, Row, chances_of, covers, enumerated, outcomes
from opencro.stats import binary, categorical

DIFFERENCES = {
    "wald_difference": binary.wald_difference_batch,
    "agresti_caffo": binary.agresti_caffo_batch,
    "newcombe": binary.newcombe_batch,
    "miettinen_nurminen": binary.miettinen_nurminen_batch,
    "farrington_manning": binary.farrington_manning_batch,
}
RATIOS = {
    "katz": binary.katz_batch,
    "koopman": binary.koopman_batch,
    "miettinen_nurminen_ratio": binary.miettinen_nurminen_ratio_batch,
}
ODDS = {
    "woolf": binary.woolf_batch,
    "cornfield": binary.cornfield_batch,
    "miettinen_nurminen_odds": binary.miettinen_nurminen_odds_batch,
}
EXACT = {"chan_zhang": binary.chan_zhang, "santner_snell": binary.santner_snell}
UNCONDITIONAL = {"barnard": binary.barnard, "boschloo": binary.boschloo}
SMALL = 10
"""Arms of the exact methods, which solve a problem of its own for each of the (SMALL + 1)**2 tables."""


class Arms(NamedTuple):
    """Two arms and their true proportions."""

    n1: int
    n2: int
    p1: float
    p2: float

    def __str__(self) -> str:
        return f"n {self.n1} and {self.n2}, p {self.p1} and {self.p2}"

    def chances(self) -> NDArray[np.float64]:
        """Of every pair of counts."""
        x1, x2 = outcomes(self.n1, self.n2)
        return chances_of(x1, self.n1, self.p1) * chances_of(x2, self.n2, self.p2)


SCENARIOS = (Arms(30, 30, 0.1, 0.1), Arms(50, 50, 0.5, 0.3), Arms(100, 50, 0.05, 0.02), Arms(200, 200, 0.2, 0.1))
NULLS = (Arms(20, 20, 0.3, 0.3), Arms(50, 50, 0.1, 0.1), Arms(60, 30, 0.5, 0.5))


def measure() -> Iterator[Row]:
    """Differences, ratios, odds ratios, exact intervals, tests."""
    for methods, truth in ((DIFFERENCES, _difference), (RATIOS, _ratio), (ODDS, _odds)):
        for name, method in methods.items():
            for arms in SCENARIOS:
                x1, x2 = outcomes(arms.n1, arms.n2)
                limits = method(x1, arms.n1, x2, arms.n2, alpha=ALPHA)
                hits = covers(limits.lower, limits.upper, truth(arms))
                yield enumerated(f"binary.{name}", str(arms), LEVEL, hits, arms.chances())
    yield from _exact_intervals()
    yield from _tests()
    yield from _unconditional_tests()


def _difference(arms: Arms) -> float:
    return arms.p1 - arms.p2


def _ratio(arms: Arms) -> float:
    return arms.p1 / arms.p2


def _odds(arms: Arms) -> float:
    return arms.p1 / (1 - arms.p1) * (1 - arms.p2) / arms.p2


def _exact_intervals() -> Iterator[Row]:
    x1, x2 = outcomes(SMALL, SMALL)
    for name, method in EXACT.items():
        found = [method(int(a), SMALL, int(b), SMALL, alpha=ALPHA) for a, b in zip(x1, x2, strict=True)]
        lower, upper = np.array([f.lower for f in found]), np.array([f.upper for f in found])
        for arms in (Arms(SMALL, SMALL, 0.3, 0.3), Arms(SMALL, SMALL, 0.8, 0.4)):
            yield enumerated(
                f"binary.{name}", str(arms), LEVEL, covers(lower, upper, _difference(arms)), arms.chances()
            )


def _tests() -> Iterator[Row]:
    tests: dict[str, Callable[[NDArray[np.int64]], NDArray[np.float64]]] = {
        "pearson_chi_square": lambda tables: categorical.pearson_chi_square_batch(tables).p_value,
        "pearson_chi_square, corrected": lambda tables: (
            categorical.pearson_chi_square_batch(tables, correct=True).p_value
        ),
        "likelihood_ratio_chi_square": lambda tables: categorical.likelihood_ratio_chi_square_batch(tables).p_value,
        "fisher_exact": lambda tables: categorical.fisher_exact_batch(tables).p_value,
    }
    for name, test in tests.items():
        for arms in NULLS:
            x1, x2 = outcomes(arms.n1, arms.n2)
            tables = np.stack([np.stack([x1, arms.n1 - x1], -1), np.stack([x2, arms.n2 - x2], -1)], 1)
            informative = (x1 + x2 > 0) & (x1 + x2 < arms.n1 + arms.n2)
            rejected = np.zeros(x1.shape, dtype=np.bool_)
            rejected[informative] = test(tables[informative]) <= ALPHA
            yield enumerated(f"categorical.{name}", str(arms), ALPHA, rejected, arms.chances())


def _unconditional_tests() -> Iterator[Row]:
    x1, x2 = outcomes(SMALL, SMALL)
    for name, test in UNCONDITIONAL.items():
        p = np.array([test(int(a), SMALL, int(b), SMALL).p_value for a, b in zip(x1, x2, strict=True)])
        arms = Arms(SMALL, SMALL, 0.4, 0.4)
        yield enumerated(f"binary.{name}", str(arms), ALPHA, p <= ALPHA, arms.chances())
