"""Log-rank tests: plain, stratified and weighted, of two or more arms."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from opencro.stats.result import Note, Result, StatsError
from opencro.stats.survival.k_sample import score_arms
from opencro.stats.survival.sample import (
    Floats,
    Ints,
    Sample,
    check_alternative,
    take_labels,
    take_sample,
    take_strata,
)  # fmt: skip
from opencro.stats.survival.score import score_trials
from opencro.stats.survival.weights import Weight, encode_weights

Alternative = Literal["two-sided", "less", "greater"]


@dataclass(frozen=True)
class LogRank(Result):
    """A log-rank test: one row per arm. `z` is that of the last arm against the first, where there are two."""

    title: ClassVar[str] = "Log-rank test"
    aside: ClassVar[frozenset[str]] = frozenset({"covariance", "weight", "alternative"})

    arm: list[Any]
    n: Ints
    observed: Floats
    expected: Floats
    chi2: float
    df: int
    z: float
    p: float
    covariance: Floats
    weight: Weight
    alternative: Alternative
    notes: tuple[Note, ...] = ()


def log_rank(
    time: ArrayLike, event: ArrayLike, arm: ArrayLike, *, stratum: ArrayLike | None = None,
    alternative: Alternative = "two-sided",
) -> LogRank:  # fmt: skip
    """Log-rank test of equal hazards, within strata where these are given.

    `time` (n,) from 0 on; `event` (n,), 1 = event, 0 = censored; `arm` (n,), two or more labels; `stratum` (n,) or
    (n, factors), whose levels are crossed; `alternative`, of two arms: "less" = the hazard of the later label in
    sorted order is the lower. Raises StatsError STA-401 to STA-408, STA-421. Returns `LogRank`.
    O - E = sum (d_1 - d n_1/n), var = sum d (n_0 n_1/n^2) (n - d)/(n - 1), summed over strata; z = (O - E)/sqrt var of
    the later arm. Source: Mantel (1966); Peto and Peto (1972). R `survdiff`; SAS LIFETEST `strata s / group=arm`.

    >>> round(log_rank([1, 2, 3, 4], [1, 1, 1, 1], ["a", "a", "b", "b"]).p, 4)
    0.0896
    """
    return weighted_log_rank(time, event, arm, Weight(), stratum=stratum, alternative=alternative)


def weighted_log_rank(
    time: ArrayLike, event: ArrayLike, arm: ArrayLike, weight: Weight, *, stratum: ArrayLike | None = None,
    alternative: Alternative = "two-sided",
) -> LogRank:  # fmt: skip
    """Log-rank test in which each event time has a weight.

    `weight`: `FlemingHarrington(rho, gamma)`, `Gehan()`, `TaroneWare()`, `PetoPeto()`, `ModifiedPetoPeto()` or
    `ModestlyWeighted(t_star)`; its curve and numbers are those of the stratum, both arms pooled. The rest as in
    `log_rank`. U = sum w (d_1 - d n_1/n), var = sum w^2 d (n_0 n_1/n^2) (n - d)/(n - 1).

    >>> round(weighted_log_rank([1, 2, 3, 4], [1, 1, 1, 1], ["a", "a", "b", "b"], Gehan()).p, 4)
    0.1025
    """
    check_alternative(alternative)
    sample = take_sample(time, event)
    codes, levels = take_labels(arm, sample.n, "arm")
    if len(levels) > 2 and alternative != "two-sided":
        raise StatsError("STA-421", f"a side with {len(levels)} arms", "two arms", 'Use alternative="two-sided".')
    strata = take_strata(stratum, sample.n)
    if len(levels) == 2:
        observed, expected, cov = _two_arms(sample, codes, strata, weight)
    else:
        observed, expected, cov = score_arms(sample, codes, len(levels), strata, weight)
    chi2, df = _quadratic(observed - expected, cov)
    z = float("nan")
    if len(levels) == 2 and df:
        z = float((observed - expected)[1] / np.sqrt(cov[1, 1]))
    p = float(stats.chi2.sf(chi2, df)) if alternative == "two-sided" else float(tail_p(np.float64(z), alternative))
    result = LogRank(levels, np.bincount(codes), observed, expected, chi2, df, z, p, cov, weight, alternative)
    return result if df else replace(result, p=float("nan"), notes=(_no_information(levels),))


def tail_p(z: Floats | np.float64, alternative: Alternative) -> Floats:
    """p-values of standard normal statistics."""
    tails = {"two-sided": lambda x: 2 * stats.norm.sf(np.abs(x)), "less": stats.norm.cdf, "greater": stats.norm.sf}
    return np.asarray(tails[alternative](z), dtype=np.float64)


def _two_arms(sample: Sample, arm: Ints, stratum: Ints, weight: Weight) -> tuple[Floats, Floats, Floats]:
    kinds, parameters = encode_weights([weight])
    sums, cov = np.zeros((1, 1, 3)), np.zeros((1, 1, 1))
    score_trials(
        sample.time[None], sample.event[None], arm[None], stratum[None], int(stratum.max()) + 1, kinds, parameters,
        sums, cov,
    )  # fmt: skip
    observed, expected, events = sums[0, 0]
    variance = float(cov[0, 0, 0])
    return (
        np.array([events - observed, observed]), np.array([events - expected, expected]),
        variance * np.array([[1.0, -1.0], [-1.0, 1.0]]),
    )  # fmt: skip


def _quadratic(difference: Floats, cov: Floats) -> tuple[float, int]:
    """chi2 and its degrees of freedom: arms that were never at risk with others beside them do not count."""
    scale = np.diag(cov)
    used = np.flatnonzero(scale > 1e-12 * max(scale.max(initial=0.0), 1e-300))
    if used.size < 2:
        return float("nan"), 0
    used = used[1:]
    part = cov[np.ix_(used, used)]
    df = int(np.linalg.matrix_rank(part, hermitian=True))
    return float(difference[used] @ np.linalg.pinv(part, hermitian=True) @ difference[used]), df


def _no_information(levels: list[Any]) -> Note:
    if len(levels) < 2:
        return Note("STA-422", "There is one arm only: nothing is compared.")
    return Note("STA-422", "No event happened while both arms were at risk in a stratum: there is no test.")
