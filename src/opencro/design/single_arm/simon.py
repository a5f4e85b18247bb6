"""Two-stage trials of one arm with a response: Simon's optimal and minimax designs, admissible ones, and their
analysis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import comb
from scipy.stats import binom

from opencro.design.errors import DesignError
from opencro.stats import Result

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TwoStage(Result):
    """A two-stage design: stop after n1 with at most r1 responses, the treatment fails with at most r of n."""

    title: ClassVar[str] = "Two-stage design of one arm"

    r1: int
    n1: int
    r: int
    n: int
    expected_n: float
    early_stop: float
    attained_alpha: float
    power: float


@dataclass(frozen=True)
class TwoStageOperating(Result):
    """A two-stage design at several true response rates; a row a rate."""

    title: ClassVar[str] = "Two-stage design, operating characteristics (exact)"

    p: Floats
    reject: Floats
    early_stop: Floats
    expected_n: Floats


def compute_two_stage(r1: int, n1: int, r: int, n: int, p: Sequence[float]) -> TwoStageOperating:
    """Probability of success, of an early stop, and expected size at true response rates, by enumeration.

    Raises DES-301 unless 0 <= r1 < n1 < n and r1 <= r < n. Source: Simon R. Control Clin Trials 1989; 10:1-10.
    """
    if not (0 <= r1 < n1 < n and r1 <= r < n):
        raise DesignError("DES-301", f"{r1}/{n1}, {r}/{n}", "r1 < n1 < n and r1 <= r < n", "See Simon's notation.")
    rates = np.asarray(p, dtype=np.float64)
    x = np.arange(r1 + 1, n1 + 1)
    first = binom.pmf(x[:, None], n1, rates)
    success = (first * binom.sf(r - x[:, None], n - n1, rates)).sum(axis=0)
    stop = binom.cdf(r1, n1, rates)
    return TwoStageOperating(rates, success, stop, n1 + (1 - stop) * (n - n1))


def _best_by_n(n: int, p0: float, p1: float, alpha: float, beta: float) -> TwoStage | None:
    """The design of n participants in all with the smallest expected size under p0; none if there is none."""
    best: TwoStage | None = None
    for n1 in range(1, n):
        rates = np.array([p0, p1])
        x1 = np.arange(n1 + 1)
        first = binom.pmf(x1[:, None], n1, rates)  # (responses, rate)
        total = np.arange(n + 1)
        rest = binom.sf(total[None, :, None] - x1[:, None, None], n - n1, rates)  # (x1, r, rate)
        joint = (first[:, None, :] * rest)[::-1].cumsum(axis=0)[::-1]  # success with x1 or more in stage one
        level, power = joint[1:, :, 0], joint[1:, :, 1]  # row i: r1 = i
        allowed = (level <= alpha) & (power >= 1 - beta)
        stop = np.cumsum(first[:, 0])[:-1]
        rows = np.flatnonzero(allowed.any(axis=1))
        if rows.size == 0:
            continue
        r1 = int(rows[-1])  # the more stop early, the smaller the expected size
        expected = float(n1 + (1 - stop[r1]) * (n - n1))
        if best is None or expected < best.expected_n - 1e-12:
            r = int(np.flatnonzero(allowed[r1])[0])
            best = TwoStage(r1, n1, r, n, expected, float(stop[r1]), float(level[r1, r]), float(power[r1, r]))
    return best


def two_stage_designs(
    p0: float, p1: float, *, alpha: float = 0.05, beta: float = 0.2, n_max: int | None = None
) -> list[TwoStage]:
    """For each total size that suffices the two-stage design with the smallest expected size under p0.

    `p0`, `p1`: response rates that are too low and wanted; searched up to `n_max` (one and a half times the single-
    stage size unless told). The first is the minimax design. Raises DES-302, DES-303. Source: Simon R. Control Clin
    Trials 1989; 10:1-10.
    """
    if not 0 < p0 < p1 < 1 or not 0 < alpha < 1 or not 0 < beta < 1:
        raise DesignError(
            "DES-302",
            f"p0 {p0:g}, p1 {p1:g}, alpha {alpha:g}, beta {beta:g}",
            "0 < p0 < p1 < 1, errors in 0 to 1",
            "p1 is the rate that is worth while.",
        )
    last = n_max if n_max is not None else int(1.5 * _single_stage(p0, p1, alpha, beta)) + 3
    found = [d for n in range(2, last + 1) if (d := _best_by_n(n, p0, p1, alpha, beta)) is not None]
    if not found:
        raise DesignError("DES-303", f"at most {last} participants", "a larger trial", "Raise n_max or the errors.")
    return found


def _single_stage(p0: float, p1: float, alpha: float, beta: float) -> int:
    for n in range(2, 1000):
        r = int(binom.ppf(1 - alpha, n, p0))
        if binom.sf(r, n, p1) >= 1 - beta:
            return n
    raise DesignError("DES-303", f"p0 {p0:g}, p1 {p1:g}", "rates further apart", "No trial of 1,000 tells them apart.")


def simon_optimal(p0: float, p1: float, *, alpha: float = 0.05, beta: float = 0.2) -> TwoStage:
    """Simon's optimal design: the smallest expected size under p0. Arguments and errors as `two_stage_designs`.

    >>> simon_optimal(0.1, 0.3).r, simon_optimal(0.1, 0.3).n
    (5, 29)
    """
    return min(two_stage_designs(p0, p1, alpha=alpha, beta=beta), key=lambda d: d.expected_n)


def simon_minimax(p0: float, p1: float, *, alpha: float = 0.05, beta: float = 0.2) -> TwoStage:
    """Simon's minimax design: the smallest largest size. Arguments and errors as `two_stage_designs`.

    >>> simon_minimax(0.1, 0.3).r, simon_minimax(0.1, 0.3).n
    (5, 25)
    """
    return two_stage_designs(p0, p1, alpha=alpha, beta=beta)[0]


def admissible_designs(p0: float, p1: float, *, alpha: float = 0.05, beta: float = 0.2) -> list[TwoStage]:
    """Designs that are best for some weight between largest and expected size: the lower hull, minimax to optimal.

    Source: Jung SH, Lee T, Kim KM, George SL. Stat Med 2004; 23:561-569.
    """
    designs = two_stage_designs(p0, p1, alpha=alpha, beta=beta)
    optimal = min(designs, key=lambda d: d.expected_n)
    hull: list[TwoStage] = []
    for d in (d for d in designs if d.n <= optimal.n):
        while len(hull) > 1 and _turns_up(hull[-2], hull[-1], d):
            hull.pop()
        if not hull or d.expected_n < hull[-1].expected_n:
            hull.append(d)
    return hull


def _turns_up(a: TwoStage, b: TwoStage, c: TwoStage) -> bool:
    return (b.expected_n - a.expected_n) * (c.n - a.n) >= (c.expected_n - a.expected_n) * (b.n - a.n)


@dataclass(frozen=True)
class TwoStageInference(Result):
    """Estimate, p-value and interval after a two-stage trial that did not stop early."""

    title: ClassVar[str] = "Two-stage trial, inference"

    responses: int
    umvue: float
    p_value: float
    lower: float
    upper: float


def infer_two_stage(responses: int, r1: int, n1: int, n: int, *, p0: float, alpha: float = 0.05) -> TwoStageInference:
    """The uniformly minimum variance unbiased estimate, p-value and 1 - 2 alpha interval after stage two.

    `responses` of all n, p-value and interval by the order of the estimate. Raises DES-301. Source: Jung SH, Kim KM.
    Stat Med 2004; 23:881-896; Koyama T, Chen H. Stat Med 2008; 27:3145-3154.
    """
    if not (r1 < responses <= n and 0 <= r1 < n1 < n):
        raise DesignError("DES-301", f"{responses} responses", f"more than {r1}, at most {n}", "See the design.")
    x = np.arange(max(r1 + 1, responses - (n - n1)), min(n1, responses) + 1)
    ways = comb(n1, x) * comb(n - n1, responses - x)
    umvue = float((ways * x / n1).sum() / ways.sum())

    def tail(p: float, at_least: int) -> float:
        first = np.arange(r1 + 1, n1 + 1)
        return float((binom.pmf(first, n1, p) * binom.sf(at_least - 1 - first, n - n1, p)).sum())

    low = brentq(lambda p: tail(p, responses) - alpha, 1e-9, 1 - 1e-9)
    high = 1.0 if responses == n else brentq(lambda p: tail(p, responses + 1) - (1 - alpha), 1e-9, 1 - 1e-9)
    return TwoStageInference(responses, umvue, tail(p0, responses), float(low), float(high))
