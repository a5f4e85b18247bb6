"""Stratified score intervals: one effect for all strata, weighted scores summed before the interval is found."""

from __future__ import annotations

from numpy.typing import ArrayLike

from opencro.stats.binary.interval import Alternative, Limits, ScoreInterval
from opencro.stats.binary.score_core import DIFFERENCE, ODDS, RATIO
from opencro.stats.binary.score_engine import Weights, score_batch, score_interval


def stratified_miettinen_nurminen_batch(
    x1: ArrayLike,
    n1: ArrayLike,
    x2: ArrayLike,
    n2: ArrayLike,
    *,
    alpha: float = 0.05,
    weights: Weights = "mantel-haenszel",
) -> Limits:
    """Limits of p1 - p2 for counts of shape (trials, strata); see `stratified_miettinen_nurminen`."""
    return score_batch(DIFFERENCE, (x1, n1, x2, n2), alpha=alpha, corrected=True, weights=weights)


def stratified_miettinen_nurminen(
    x1: ArrayLike,
    n1: ArrayLike,
    x2: ArrayLike,
    n2: ArrayLike,
    *,
    alpha: float = 0.05,
    null: float = 0.0,
    alternative: Alternative = "two-sided",
    weights: Weights = "mantel-haenszel",
) -> ScoreInterval:
    """Stratified score interval for one difference p1 - p2 in all strata, with the test of p1 - p2 = null.

    Args:
        x1, n1, x2, n2: events and persons of both arms, one value a stratum. Strata with an empty arm are left out.
        alpha: 1 minus the confidence level. null: the value of the hypothesis.
        alternative: side of the test; the interval is always two-sided.
        weights: "mantel-haenszel", "inverse-variance" or "iterated", see the formula.

    Returns:
        Estimate (where the weighted score is 0), limits, z and p-value; notes STA-510, STA-511.

    Raises:
        StatsError: STA-501 impossible counts, STA-502 options, STA-503 not one value a stratum.

    Formula: z(d) = sum w (x1/n1 - x2/n2 - d) / sqrt(sum w² V(d)), V(d) the variance of `miettinen_nurminen` with its
    N/(N-1) per stratum. Weights: "mantel-haenszel" n1 n2/N; "iterated" (Miettinen and Nurminen's own) 1/[p1(1-p1)/n1 +
    p2(1-p2)/n2] at the weighted means of the most likely rates, anew for each d; "inverse-variance" with the rates
    (x+1/2)/(n+1), the same for each d. SAS COMMONRISKDIFF(CL=SCORE) is `summary_score`.

    Source: Miettinen and Nurminen, Statistics in Medicine 1985;4:213-226, section 3.

    Example:
        >>> stratified_miettinen_nurminen([16, 10], [42, 20], [9, 4], [40, 22]).lower > 0
        True
    """
    return score_interval(
        "Stratified Miettinen-Nurminen", DIFFERENCE, (x1, n1, x2, n2),
        alpha=alpha, corrected=True, null=null, alternative=alternative, weights=weights,
    )  # fmt: skip


def stratified_miettinen_nurminen_ratio_batch(
    x1: ArrayLike,
    n1: ArrayLike,
    x2: ArrayLike,
    n2: ArrayLike,
    *,
    alpha: float = 0.05,
    weights: Weights = "mantel-haenszel",
) -> Limits:
    """Limits of p1 / p2 for counts of shape (trials, strata); see `stratified_miettinen_nurminen_ratio`."""
    return score_batch(RATIO, (x1, n1, x2, n2), alpha=alpha, corrected=True, weights=weights)


def stratified_miettinen_nurminen_ratio(
    x1: ArrayLike,
    n1: ArrayLike,
    x2: ArrayLike,
    n2: ArrayLike,
    *,
    alpha: float = 0.05,
    null: float = 1.0,
    alternative: Alternative = "two-sided",
    weights: Weights = "mantel-haenszel",
) -> ScoreInterval:
    """Stratified score interval for one ratio p1 / p2 in all strata, with the test of p1 / p2 = null.

    Args:
        x1, n1, x2, n2: events and persons of both arms, one value a stratum. Strata with an empty arm are left out.
        alpha: 1 minus the confidence level. null: the value of the hypothesis.
        alternative: side of the test; the interval is always two-sided.
        weights: "mantel-haenszel", "inverse-variance" or "iterated", see the formula.

    Returns:
        Estimate (where the weighted score is 0), limits, z and p-value; notes STA-510, STA-511.

    Raises:
        StatsError: STA-501 impossible counts, STA-502 options, STA-503 not one value a stratum.

    Formula: z(r) = sum w (x1/n1 - r x2/n2) / sqrt(sum w² V(r)), V(r) the variance of `miettinen_nurminen_ratio`. The
    weights are those of `stratified_miettinen_nurminen`; "inverse-variance" is that of the log ratio, divided by p2.

    Source: Miettinen and Nurminen, Statistics in Medicine 1985;4:213-226, section 3.

    Example:
        >>> stratified_miettinen_nurminen_ratio([8, 5], [20, 9], [4, 3], [19, 12]).lower > 0
        True
    """
    return score_interval(
        "Stratified Miettinen-Nurminen ratio", RATIO, (x1, n1, x2, n2),
        alpha=alpha, corrected=True, null=null, alternative=alternative, weights=weights,
    )  # fmt: skip


def stratified_miettinen_nurminen_odds_batch(
    x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike, *, alpha: float = 0.05
) -> Limits:
    """Limits of the odds ratio for counts of shape (trials, strata); see `stratified_miettinen_nurminen_odds`."""
    return score_batch(ODDS, (x1, n1, x2, n2), alpha=alpha, corrected=True, weights="mantel-haenszel")


def stratified_miettinen_nurminen_odds(
    x1: ArrayLike,
    n1: ArrayLike,
    x2: ArrayLike,
    n2: ArrayLike,
    *,
    alpha: float = 0.05,
    null: float = 1.0,
    alternative: Alternative = "two-sided",
) -> ScoreInterval:
    """Stratified score interval for one odds ratio in all strata, with the test of odds ratio = null.

    Args:
        x1, n1, x2, n2: events and persons of both arms, one value a stratum. Strata with an empty arm are left out.
        alpha: 1 minus the confidence level. null: the value of the hypothesis.
        alternative: side of the test; the interval is always two-sided.

    Returns:
        Estimate (where the weighted score is 0), limits, z and p-value; notes STA-510, STA-511.

    Raises:
        StatsError: STA-501 impossible counts, STA-502 options, STA-503 not one value a stratum.

    Formula: z(o) = sum (x1 - a) / sqrt(sum W N/(N-1)), a and 1/W = 1/a + 1/(n1-a) + 1/(m-a) + 1/(n2-m+a) those of
    `miettinen_nurminen_odds` in each stratum: inverse-variance weights, so nothing is to be chosen.

    Source: Miettinen and Nurminen, Statistics in Medicine 1985;4:213-226, section 3.

    Example:
        >>> stratified_miettinen_nurminen_odds([8, 5], [20, 9], [4, 3], [19, 12]).lower > 0
        True
    """
    return score_interval(
        "Stratified Miettinen-Nurminen odds ratio", ODDS, (x1, n1, x2, n2),
        alpha=alpha, corrected=True, null=null, alternative=alternative, weights="mantel-haenszel",
    )  # fmt: skip
