"""One arm watched by Bayesian rules: predictive probability of success, and BOP2's optimal posterior bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc
from scipy.stats import betabinom, binom

from opencro.design.errors import DesignError
from opencro.stats import Result

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class StoppingTable(Result):
    """Stop for futility with at most `stop_at` responses of n (-1: never); `reject_from`: success at the last look."""

    title: ClassVar[str] = "Stopping table"
    aside: ClassVar[frozenset[str]] = frozenset({"success_from"})

    n: tuple[int, ...]
    stop_at: tuple[int, ...]
    success_from: int


@dataclass(frozen=True)
class TableOperating(Result):
    """A stopping table at several true response rates (exact); a row a rate."""

    title: ClassVar[str] = "Stopping table, operating characteristics (exact)"

    p: Floats
    success: Floats
    early_stop: Floats
    expected_n: Floats


def _exceeds(x: NDArray[np.int64], n: int, p0: float, prior: tuple[float, float]) -> Floats:
    """The posterior probability that the response rate exceeds p0."""
    return np.asarray(1 - betainc(prior[0] + x, prior[1] + n - x, p0))


def success_from(n: int, p0: float, threshold: float, prior: tuple[float, float] = (1.0, 1.0)) -> int:
    """The smallest count of n at which P(p > p0) exceeds the threshold; n + 1 where none does."""
    good = np.flatnonzero(_exceeds(np.arange(n + 1), n, p0, prior) > threshold)
    return int(good[0]) if good.size else n + 1


def predict_success(
    x: int, n: int, n_max: int, *, p0: float, threshold: float, prior: tuple[float, float] = (1.0, 1.0)
) -> float:
    """The predictive probability that P(p > p0) will exceed the threshold with n_max, after x responses of n.

    Raises DES-304 for impossible counts. Source: Lee JJ, Liu DD. Clin Trials 2008; 5:93-106.

    >>> round(predict_success(12, 20, 40, p0=0.4, threshold=0.95), 4)
    0.7796
    """
    if not 0 <= x <= n <= n_max:
        raise DesignError("DES-304", f"{x} of {n}, {n_max} in all", "0 <= x <= n <= n_max", "Check the counts.")
    need = success_from(n_max, p0, threshold, prior) - x
    return float(betabinom.sf(need - 1, n_max - n, prior[0] + x, prior[1] + n - x)) if n_max > n else float(need <= 0)


def predictive_probability_table(
    n_max: int,
    looks: Sequence[int],
    *,
    p0: float,
    threshold: float,
    futility: float,
    prior: tuple[float, float] = (1.0, 1.0),
) -> StoppingTable:
    """A stopping table: at each look stop where the predictive probability of success is below `futility`.

    `threshold`: of the posterior probability that p > p0 at the end. Raises DES-304. Source: Lee JJ, Liu DD. Clin
    Trials 2008; 5:93-106.
    """
    stops = []
    for n in looks:
        low = [predict_success(x, n, n_max, p0=p0, threshold=threshold, prior=prior) < futility for x in range(n + 1)]
        stops.append(low.index(False) - 1 if False in low else n)
    return StoppingTable(tuple(looks), tuple(stops), success_from(n_max, p0, threshold, prior))


def compute_table(table: StoppingTable, p: Sequence[float], *, n_max: int | None = None) -> TableOperating:
    """Success, early stops and expected size of a stopping table at true response rates, by enumeration.

    `n_max`: participants in all, the last look unless told.
    """
    rates = np.asarray(p, dtype=np.float64)
    end = table.n[-1] if n_max is None else n_max
    looks = [(n, s) for n, s in zip(table.n, table.stop_at, strict=True) if n < end]
    success, stopped, expected = np.zeros(rates.size), np.zeros(rates.size), np.zeros(rates.size)
    for i, rate in enumerate(rates):
        still, before = np.ones(1), 0
        for n, stop in looks:
            still = np.convolve(still, binom.pmf(np.arange(n - before + 1), n - before, rate))
            lost = float(still[: stop + 1].sum())
            stopped[i] += lost
            expected[i] += lost * n
            still[: stop + 1] = 0.0
            before = n
        still = np.convolve(still, binom.pmf(np.arange(end - before + 1), end - before, rate))
        success[i] = still[table.success_from :].sum()
        expected[i] += (1 - stopped[i]) * end
    return TableOperating(rates, success, stopped, expected)


@dataclass(frozen=True)
class Bop2(Result):
    """BOP2 for a binary endpoint: continue at n while P(p > p0) > lambda (n / n_max)^gamma; a row a look."""

    title: ClassVar[str] = "BOP2"
    aside: ClassVar[frozenset[str]] = frozenset({"rate", "power_of_n", "attained_alpha", "power", "expected_n"})

    n: tuple[int, ...]
    stop_at: tuple[int, ...]
    rate: float
    power_of_n: float
    attained_alpha: float
    power: float
    expected_n: float

    def __str__(self) -> str:
        return (
            f"{super().__str__()}\nlambda {self.rate:g}, gamma {self.power_of_n:g}; type I error "
            f"{self.attained_alpha:.4f}, power {self.power:.4f}, expected size without a response {self.expected_n:.1f}"
        )


def bop2(
    looks: Sequence[int], *, p0: float, p1: float, alpha: float = 0.1, prior: tuple[float, float] | None = None
) -> Bop2:
    """BOP2: lambda (grid of 0.5 to 0.99) and gamma (grid of 0 to 1) with the most power whose type I error is at most
    alpha.

    `looks`: participants at the looks, the last n_max; `prior`: Beta(p0, 1 - p0) unless told. By enumeration. Raises
    DES-305 where no rule keeps alpha. Source: Zhou H, Lee JJ, Yuan Y. Stat Med 2017; 36:3302-3314.
    """
    belief = (p0, 1 - p0) if prior is None else prior
    chances = [_exceeds(np.arange(n + 1), n, p0, belief) for n in looks]
    best: Bop2 | None = None
    seen: set[tuple[int, ...]] = set()
    for rate in np.arange(0.5, 0.9901, 0.01):
        for power_of_n in np.arange(0.0, 1.001, 0.025):
            bars = rate * (np.asarray(looks) / looks[-1]) ** power_of_n
            stops = tuple(int((c <= bar).sum()) - 1 for c, bar in zip(chances, bars, strict=True))
            if stops in seen:
                continue
            seen.add(stops)
            found = compute_table(StoppingTable(tuple(looks), stops, stops[-1] + 1), [p0, p1])
            if found.success[0] <= alpha and (best is None or found.success[1] > best.power):
                best = Bop2(tuple(looks), stops, float(rate), float(power_of_n), float(found.success[0]),
                            float(found.success[1]), float(found.expected_n[0]))  # fmt: skip
    if best is None:
        raise DesignError(
            "DES-305", f"looks {list(looks)}, alpha {alpha:g}", "a rule that keeps alpha", "Enter more participants."
        )
    return best
