"""What the methods for proportions take and give: checked counts in, an interval or arrays of limits out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from opencro.stats.result import Note, Result, StatsError

Floats = NDArray[np.float64]
Alternative = Literal["two-sided", "less", "greater"]


class Limits(NamedTuple):
    """What a `_batch` function gives: arrays of estimates and of both limits, one value a trial."""

    estimate: Floats
    lower: Floats
    upper: Floats


@dataclass(frozen=True)
class Interval(Result):
    """A confidence interval for one proportion or for the comparison of two."""

    title: ClassVar[str] = "Confidence interval"
    method: str
    estimate: float
    lower: float
    upper: float
    alpha: float
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class ScoreInterval(Result):
    """A score interval and the test of the same statistic against `null`."""

    title: ClassVar[str] = "Score interval and test"
    method: str
    estimate: float
    lower: float
    upper: float
    alpha: float
    null: float
    z: float
    p_value: float
    alternative: str
    notes: tuple[Note, ...] = ()


def check_counts(x: ArrayLike, n: ArrayLike, *, empty: bool = False) -> tuple[Floats, Floats]:
    """Events and totals as float arrays of one shape; whole numbers with 0 <= x <= n, and n > 0 unless `empty`."""
    events, totals = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(n, dtype=np.float64))
    smallest = 0 if empty else 1
    wrong = ~((events >= 0) & (events <= totals) & (totals >= smallest))
    wrong |= (events != np.floor(events)) | (totals != np.floor(totals))
    if wrong.any():
        first = tuple(np.argwhere(wrong)[0])
        raise StatsError(
            "STA-501",
            f"{events[first]:g} events of {totals[first]:g}",
            f"whole numbers with 0 <= events <= total and total >= {smallest}",
            "Count each person once, and drop arms without persons.",
        )
    return events, totals


def check_alpha(alpha: float) -> float:
    """`alpha` if it lies between 0 and 1."""
    if not 0.0 < alpha < 1.0:
        raise StatsError("STA-502", f"alpha={alpha}", "0 < alpha < 1", "A 95 % interval has alpha=0.05.")
    return float(alpha)


def critical_value(alpha: float) -> float:
    """The standard normal quantile at 1 - alpha/2."""
    return float(norm.isf(check_alpha(alpha) / 2))


def normal_p_value(z: float, alternative: Alternative) -> float:
    """The p-value of a standard normal statistic; NaN stays NaN."""
    if alternative == "two-sided":
        return float(2 * norm.sf(abs(z)))
    if alternative in ("less", "greater"):
        return float(norm.cdf(z) if alternative == "less" else norm.sf(z))
    raise StatsError(
        "STA-502", f"alternative={alternative!r}", '"two-sided", "less" or "greater"', "Name the side as given here."
    )


def single(method: str, limits: Limits, alpha: float, notes: tuple[Note, ...] = ()) -> Interval:
    """The one trial of a batch of size one as a result."""
    if limits.estimate.size != 1:
        raise StatsError(
            "STA-503",
            f"arrays of {limits.estimate.size} values",
            "one table",
            "For many tables use the function's _batch form; for strata its stratified form.",
        )
    estimate, lower, upper = (float(v.reshape(-1)[0]) for v in limits)
    return Interval(method, estimate, lower, upper, alpha, notes)
