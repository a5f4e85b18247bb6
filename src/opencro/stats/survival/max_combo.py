"""MaxCombo: the largest of several weighted log-rank statistics, with their joint distribution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from opencro.stats.result import Note, Result, StatsError
from opencro.stats.survival.log_rank import Alternative, tail_p
from opencro.stats.survival.normal_rectangle import normal_rectangle
from opencro.stats.survival.sample import Floats, check_alternative, take_labels, take_sample, take_strata
from opencro.stats.survival.score import score_trials
from opencro.stats.survival.weights import FlemingHarrington, Weight, encode_weights

STANDARD = (
    FlemingHarrington(0, 0), FlemingHarrington(0, 1), FlemingHarrington(1, 0), FlemingHarrington(1, 1),
)  # fmt: skip


@dataclass(frozen=True)
class MaxCombo(Result):
    """A MaxCombo test: one row per weight, and the statistic and p-value of their maximum in every row."""

    title: ClassVar[str] = "MaxCombo test"
    aside: ClassVar[frozenset[str]] = frozenset({"correlation", "alternative"})

    weight: list[str]
    z: Floats
    p_single: Floats
    statistic: float
    p: float
    correlation: Floats
    alternative: Alternative
    notes: tuple[Note, ...] = ()


def max_combo(
    time: ArrayLike, event: ArrayLike, arm: ArrayLike, *, weights: Sequence[Weight] = STANDARD,
    stratum: ArrayLike | None = None, alternative: Alternative = "two-sided",
) -> MaxCombo:  # fmt: skip
    """Maximum of weighted log-rank statistics of two arms, its p-value from their joint normal distribution.

    `weights`: by default FH(0,0), FH(0,1), FH(1,0), FH(1,1); the rest as in `log_rank`, two arms only (StatsError
    STA-421). cov(U_v, U_w) = sum v w d (n_0 n_1/n^2) (n - d)/(n - 1). p = 1 - P(|Z_w| < max |z| for all w), or with
    max z or min z for a side, integrated numerically by `normal_rectangle`: the same p-value at every call, where R
    `nph::logrank.maxtest` samples. Source: Lee (2007), CSDA 51, 6557; Karrison (2016), Stata Journal 16, 678.

    >>> round(max_combo([1, 2, 3, 4, 5, 6], [1] * 6, [1, 0, 1, 0, 0, 0]).p, 3)
    0.186
    """
    check_alternative(alternative)
    sample = take_sample(time, event)
    codes, levels = take_labels(arm, sample.n, "arm")
    if len(levels) != 2:
        raise StatsError("STA-421", f"{len(levels)} arms", "two arms", "Compare two arms at a time.")
    strata = take_strata(stratum, sample.n)
    kinds, parameters = encode_weights(weights)
    sums, cov = np.zeros((1, kinds.size, 3)), np.zeros((1, kinds.size, kinds.size))
    score_trials(
        sample.time[None], sample.event[None], codes[None], strata[None], int(strata.max()) + 1, kinds, parameters,
        sums, cov,
    )  # fmt: skip
    variance = np.diag(cov[0])
    names = [w.name for w in weights]
    if not (variance > 0).all():
        nothing = np.full(kinds.size, np.nan)
        lost = ", ".join(n for n, v in zip(names, variance, strict=True) if not v > 0)
        note = Note("STA-422", f"No information for {lost}: there is no test.")
        return MaxCombo(names, nothing, nothing, np.nan, np.nan, np.diag(nothing), alternative, (note,))
    z = (sums[0, :, 0] - sums[0, :, 1]) / np.sqrt(variance)
    half = cov[0] / np.sqrt(np.outer(variance, variance))
    correlation = half + np.tril(half, -1).T
    statistic, p = _joint(z, correlation, alternative)
    return MaxCombo(names, z, tail_p(z, alternative), statistic, p, correlation, alternative)


def _joint(z: Floats, correlation: Floats, alternative: Alternative) -> tuple[float, float]:
    m = z.size
    if alternative == "two-sided":
        largest = float(np.abs(z).max())
        return largest, 1 - normal_rectangle(np.full(m, -largest), np.full(m, largest), correlation)
    # by symmetry P(min Z < c) = P(max Z > -c)
    extreme = float(z.min() if alternative == "less" else z.max())
    bound = -extreme if alternative == "less" else extreme
    return extreme, 1 - normal_rectangle(np.full(m, -np.inf), np.full(m, bound), correlation)
