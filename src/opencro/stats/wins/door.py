"""Desirability of outcome ranking: the probability that a treated patient has the better outcome, and partial
credit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import expit, logit, ndtr, ndtri

from opencro.stats.linear import t_test_welch
from opencro.stats.result import Note, Result, StatsError
from opencro.stats.wins.endpoints import Measurement
from opencro.stats.wins.statistics import Alternative, win_statistics_batch


@dataclass(frozen=True)
class DoorProbability(Result):
    """The probability of a better outcome plus half that of an equal one."""

    title: ClassVar[str] = "Desirability of outcome ranking"

    probability: float
    lower: float
    upper: float
    z: float
    p_value: float
    better: float
    equal: float
    worse: float
    notes: tuple[Note, ...] = ()


def door_probability(
    treated: ArrayLike,
    control: ArrayLike,
    *,
    higher_is_better: bool = True,
    alternative: Alternative = "two-sided",
    alpha: float = 0.05,
) -> DoorProbability:
    """P(treated better) + P(equal) / 2 for ranked outcomes, with interval and test of 1/2.

    `treated`, `control`: the ranks or categories as numbers; `higher_is_better`; `alternative`, `alpha`. Formula: the
    Mann-Whitney probability p; its variance from the patients' shares by arm (U-statistics), interval and test on the
    logit scale. Where p is 0 or 1 the interval is Newcombe's, with V(p) = p (1 - p) / (n_t n_c) (1 + (N - 1)((1 - p)
    / (2 - p) + p / (1 + p))), N the mean size, and Note STA-742. The DOOR application of Evans et al. uses Halperin's
    interval instead. Error: STA-730. Source: Evans et al. (2015) Clin Infect Dis 61:800; Newcombe (2006) Stat Med
    25:559, method 5. Example: `door_probability([4, 3, 4, 2], [3, 3, 1, 2])`.
    """
    x, y = np.asarray(treated, dtype=np.float64).ravel(), np.asarray(control, dtype=np.float64).ravel()
    if x.size < 2 or y.size < 2 or not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise StatsError(
            "STA-730", f"{x.size} and {y.size} outcomes, or missing ones", "two or more in each arm, none missing",
            "Rank a missing outcome by what is known of it.",
        )  # fmt: skip
    arm = np.repeat([1, 0], [x.size, y.size])
    batch = win_statistics_batch([Measurement(np.concatenate([x, y])[None], higher_is_better)], arm, reference=0)
    win, loss = float(batch.win[0]), float(batch.loss[0])
    p, se = (1 + win - loss) / 2, float(batch.net_benefit_se[0]) / 2
    notes: tuple[Note, ...] = ()
    tail = alpha / 2 if alternative == "two-sided" else alpha
    if 0 < p < 1 and se > 0:
        scaled = se / (p * (1 - p))
        z, low, high = float(logit(p) / scaled), logit(p) + ndtri(tail) * scaled, logit(p) - ndtri(tail) * scaled
        lower, upper = float(expit(low)), float(expit(high))
    else:
        notes = (Note("STA-742", "no variation between patients: the interval and test are Newcombe's"),)
        lower, upper = _newcombe(p, x.size, y.size, -float(ndtri(tail)))
        z = (p - 0.5) / np.sqrt(_newcombe_variance(0.5, x.size, y.size))
    lower, upper = 0.0 if alternative == "less" else lower, 1.0 if alternative == "greater" else upper
    test = {"two-sided": 2 * ndtr(-abs(z)), "less": ndtr(z), "greater": ndtr(-z)}[alternative]
    return DoorProbability(p, lower, upper, z, float(test), win, 1 - win - loss, loss, notes)


def _newcombe_variance(p: float, m: int, n: int) -> float:
    mean = (m + n) / 2
    return p * (1 - p) / (m * n) * (1 + (mean - 1) * ((1 - p) / (2 - p) + p / (1 + p)))


def _newcombe(p: float, m: int, n: int, z: float) -> tuple[float, float]:
    def excess(theta: float, sign: float) -> float:
        return float(p - theta - sign * z * np.sqrt(_newcombe_variance(theta, m, n)))

    tiny = 1e-12
    lower = 0.0 if p <= tiny else float(brentq(excess, tiny, p - tiny, args=(1.0,)))
    upper = 1.0 if p >= 1 - tiny else float(brentq(excess, p + tiny, 1 - tiny, args=(-1.0,)))
    return lower, upper


@dataclass(frozen=True)
class PartialCredit(Result):
    """Mean credit by arm and their difference."""

    title: ClassVar[str] = "Partial credit"

    treated_mean: float
    control_mean: float
    difference: float
    lower: float
    upper: float
    df: float
    p_value: float
    notes: tuple[Note, ...] = ()


def door_partial_credit(
    treated: Sequence[Any],
    control: Sequence[Any],
    credit: Mapping[Any, float],
    *,
    alternative: Alternative = "two-sided",
    alpha: float = 0.05,
) -> PartialCredit:
    """Compares the mean credit of ranked outcomes: the best category gets 100, the worst 0, those between what is
    agreed.

    `treated`, `control`: categories; `credit`: category to credit; `alternative`, `alpha`. Welch's t test and
    interval of the credits. Error: STA-733 (a category without credit). Source: Evans & Follmann (2016) Stat Biopharm
    Res 8:386. Example: `door_partial_credit("AAB", "ABC", {"A": 100, "B": 60, "C": 0})`.
    """
    unknown = sorted({str(c) for c in (*treated, *control) if c not in credit})
    if unknown:
        raise StatsError(
            "STA-733", f"no credit for {', '.join(unknown)}", "a number for every category", "Add it to `credit`."
        )
    x, y = ([float(credit[c]) for c in arm] for arm in (treated, control))
    test = t_test_welch(x, y, alternative=alternative, alpha=alpha)
    return PartialCredit(
        float(np.mean(x)), float(np.mean(y)), test.estimate, test.lower, test.upper, test.df, test.p_value, test.notes
    )
