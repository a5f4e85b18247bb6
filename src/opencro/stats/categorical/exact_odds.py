"""The odds ratio of one 2 x 2 table or of strata, conditional on all margins: estimate, exact interval, exact test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import gammaln, logsumexp

from opencro.stats.categorical.table import Alternative, Floats, check_alpha, check_side
from opencro.stats.result import Note, Result, StatsError

POINTS_LIMIT = 20_000


@dataclass(frozen=True)
class ExactOddsRatio(Result):
    """A conditional maximum likelihood odds ratio with exact limits and test."""

    title: ClassVar[str] = "Exact conditional odds ratio"
    estimate: float
    lower: float
    upper: float
    alpha: float
    null: float
    p_value: float
    alternative: str
    notes: tuple[Note, ...] = ()


def exact_odds_ratio(
    x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike, *,
    alpha: float = 0.05, null: float = 1.0, alternative: Alternative = "two-sided", mid_p: bool = False,
) -> ExactOddsRatio:  # fmt: skip
    """Exact conditional inference for an odds ratio that is the same in all strata (one table is one stratum).

    Args:
        x1, n1, x2, n2: events and persons of both arms, one value a stratum or scalars.
        alpha: 1 minus the confidence level.
        null: the odds ratio of the hypothesis, above 0.
        alternative: side of test and interval; a one-sided interval puts all of alpha on its side, as R does.
        mid_p: count half of the probability of the observed total, in the limits and the p-value.

    Returns:
        The conditional maximum likelihood estimate, limits and p-value; two-sided p adds up all totals at most as
        probable as the observed one. At the end of the range the estimate is 0 or infinite (note STA-524).

    Raises:
        StatsError: STA-521 impossible counts, STA-522 more than 20,000 possible totals, STA-526 options.

    Formula: given the margins sum(x1) has probability c(t) psi^t / sum c(u) psi^u, c the convolution of the strata's
    hypergeometric coefficients; lower limit: P(T >= t; psi) = alpha/2.

    Source: Cornfield 1956; Gart, Biometrika 1970;57:471-475; Vollset, Hirji and Elashoff, JASA 1991;86:404-409.

    Example:
        >>> exact_odds_ratio(9, 10, 3, 10).lower
        1.38...
    """
    check_alpha(alpha)
    check_side(alternative)
    if not 0 < null < np.inf:
        raise StatsError("STA-526", f"null={null}", "0 < null < infinity", "No effect is null=1.")
    chances = _Chances(*_distribution(*_counts(x1, n1, x2, n2)), 0.5 if mid_p else 1.0)
    lower, upper = chances.limits(alpha, alternative)
    (estimate, notes), p = chances.estimate(), chances.p_value(null, alternative)
    return ExactOddsRatio(estimate, lower, upper, alpha, null, p, alternative, notes)


@dataclass(frozen=True)
class _Chances:
    """The distribution of the total for any odds ratio, and what is asked of it."""

    totals: Floats
    logs: Floats
    seen: float
    share: float

    def at(self, log_odds: float) -> Floats:
        powers = self.logs + self.totals * log_odds
        return np.asarray(np.exp(powers - logsumexp(powers)), dtype=np.float64)

    def at_least(self, log_odds: float) -> float:
        p = self.at(log_odds)
        return float(p[self.totals > self.seen].sum() + self.share * p[self.totals == self.seen].sum())

    def at_most(self, log_odds: float) -> float:
        p = self.at(log_odds)
        return float(p[self.totals < self.seen].sum() + self.share * p[self.totals == self.seen].sum())

    def mean(self, log_odds: float) -> float:
        return float((self.at(log_odds) * self.totals).sum())

    def limits(self, alpha: float, alternative: Alternative) -> tuple[float, float]:
        each = alpha / 2 if alternative == "two-sided" else alpha
        open_below = alternative == "less" or self.seen == self.totals[0]
        open_above = alternative == "greater" or self.seen == self.totals[-1]
        lower = 0.0 if open_below else self.solve(self.at_least, each)
        return lower, float("inf") if open_above else self.solve(self.at_most, each)

    def estimate(self) -> tuple[float, tuple[Note, ...]]:
        if len(self.totals) == 1:
            return float("nan"), (Note("STA-524", "the margins allow one table only: no information"),)
        if self.seen in (self.totals[0], self.totals[-1]):
            end = Note("STA-524", "the total is at the end of its range: the estimate is 0 or infinite")
            return 0.0 if self.seen == self.totals[0] else float("inf"), (end,)
        return self.solve(self.mean, self.seen), ()

    def solve(self, what: Callable[[float], float], wanted: float) -> float:
        reach = 1.0
        while (what(-reach) - wanted) * (what(reach) - wanted) > 0:
            reach *= 2
            if reach > 1e6:
                return float("nan")
        return float(np.exp(brentq(lambda t: what(t) - wanted, -reach, reach, xtol=1e-13)))

    def p_value(self, null: float, alternative: Alternative) -> float:
        if alternative != "two-sided":
            return self.at_most(np.log(null)) if alternative == "less" else self.at_least(np.log(null))
        p = self.at(float(np.log(null)))
        seen = p[self.totals == self.seen][0]
        tied = np.isclose(p, seen, rtol=1e-7, atol=0)
        return float(min(1.0, p[(p < seen) & ~tied].sum() + self.share * p[tied].sum()))


def _counts(x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike) -> tuple[Floats, Floats, Floats, Floats]:
    values = np.broadcast_arrays(*(np.atleast_1d(np.asarray(v, dtype=np.float64)) for v in (x1, n1, x2, n2)))
    a, m, b, k = values
    whole = all((v == np.floor(v)).all() for v in values)
    if a.ndim != 1 or not (whole and ((a >= 0) & (a <= m) & (b >= 0) & (b <= k)).all()):
        raise StatsError(
            "STA-521", "impossible counts", "0 <= events <= persons, one value a stratum", "Check the counts."
        )
    return a, m, b, k


def _distribution(x1: Floats, n1: Floats, x2: Floats, n2: Floats) -> tuple[Floats, Floats, float]:
    """Possible totals of x1 and the log coefficients c(t), by convolution of the strata's hypergeometric ones."""
    low = 0.0
    weights: Floats = np.ones(1)
    for a, m, b, k in zip(x1, n1, x2, n2, strict=True):
        events = a + b
        first, last = max(0.0, events - k), min(m, events)
        t = np.arange(first, last + 1)
        logs = gammaln(m + 1) - gammaln(t + 1) - gammaln(m - t + 1)
        logs += gammaln(k + 1) - gammaln(events - t + 1) - gammaln(k - events + t + 1)
        if len(weights) + len(t) > POINTS_LIMIT:
            raise StatsError(
                "STA-522",
                f"more than {POINTS_LIMIT} possible totals",
                "fewer",
                "With so many persons binary.stratified_miettinen_nurminen_odds() is accurate.",
            )
        weights = np.convolve(weights, np.exp(logs - logs.max()))
        weights /= weights.max()
        low += first
    with np.errstate(divide="ignore"):
        logs = np.log(weights)
    return np.asarray(low + np.arange(len(weights)), dtype=np.float64), logs, float(x1.sum())
