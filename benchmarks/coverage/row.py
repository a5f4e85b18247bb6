"""A row of the table of coverage, and how it is counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binom

Floats = NDArray[np.float64]
ALPHA = 0.05
LEVEL = 1 - ALPHA
Case = tuple[str, str, float, int, Callable[[np.random.Generator], object]]
"""Method, scenario, nominal share, trials, and whether a trial made from the generator is a hit."""


class Row(NamedTuple):
    """How often a method did what it should: `error` is the Monte Carlo standard error, None for an enumeration."""

    method: str
    scenario: str
    nominal: float
    observed: float
    error: float | None
    trials: int


def simulated(method: str, scenario: str, nominal: float, hits: ArrayLike) -> Row:
    """The share of trials in which the interval covered or the test rejected."""
    share, trials = float(np.mean(hits)), int(np.size(hits))
    return Row(method, scenario, nominal, share, float(np.sqrt(share * (1 - share) / trials)), trials)


def enumerated(method: str, scenario: str, nominal: float, hits: NDArray[np.bool_], chances: Floats) -> Row:
    """The probability of the outcomes in which the interval covers or the test rejects."""
    return Row(method, scenario, nominal, float(np.sum(chances[hits])), None, int(np.size(hits)))


def covers(lower: ArrayLike, upper: ArrayLike, truth: float) -> NDArray[np.bool_]:
    """Whether intervals hold the truth; one with a limit that is not defined does not."""
    slack = 1e-9 * max(1.0, abs(truth))
    result: NDArray[np.bool_] = (np.asarray(lower) <= truth + slack) & (truth - slack <= np.asarray(upper))
    return result


def covers_by_se(estimate: ArrayLike, se: ArrayLike, quantile: ArrayLike, truth: float) -> NDArray[np.bool_]:
    """The same for the interval estimate -+ quantile * se."""
    half = np.asarray(quantile) * np.asarray(se)
    return covers(np.asarray(estimate) - half, np.asarray(estimate) + half, truth)


def outcomes(n1: int, n2: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every pair of event counts of two arms."""
    x1, x2 = np.meshgrid(np.arange(n1 + 1), np.arange(n2 + 1), indexing="ij")
    return x1.ravel(), x2.ravel()


def chances_of(x: ArrayLike, n: int, p: float) -> Floats:
    """Binomial probabilities."""
    result: Floats = binom.pmf(np.asarray(x), n, p)
    return result


def each(trials: Iterable[int], decide: Callable[[int], bool]) -> NDArray[np.bool_]:
    """A decision for each trial, for methods without a batched form."""
    return np.fromiter((decide(trial) for trial in trials), dtype=np.bool_)


def cases(rng: np.random.Generator, table: Iterable[Case]) -> Iterable[Row]:
    """The rows of methods that need no more than a new trial and a decision each time."""
    for method, scenario, nominal, trials, decide in table:
        yield simulated(method, scenario, nominal, each(range(trials), lambda _, decide=decide: bool(decide(rng))))  # type: ignore[misc]
