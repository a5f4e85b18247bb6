"""Trials of two proportions without looks: normal approximations by the variance that the test uses."""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from opencro.design.fixed.sizes import (
    SampleSize,
    check_distance,
    check_positive,
    check_probability,
    normal_sum,
    solve_size,
    two_arms,
)


def _size(null_variance: float, variance: float, distance: float, alpha: float, sided: int, power: float) -> float:
    """Controls for a statistic whose variance times n is `null_variance` in the test and `variance` in truth."""
    normal_sum(alpha, sided, power)
    top = ndtri(1 - alpha / sided) * math.sqrt(null_variance) + ndtri(power) * math.sqrt(variance)
    return float((top / distance) ** 2)


def restricted_rates(p1: float, p2: float, ratio: float, difference: float) -> tuple[float, float]:
    """The most likely proportions under p1 - p2 = difference, for expected data of `ratio` to 1.

    Source: Farrington CP, Manning G. Stat Med 1990; 9:1447-1454.
    """

    def score(q: float) -> float:
        one = q + difference
        return ratio * (p1 - one) / (one * (1 - one)) + (p2 - q) / (q * (1 - q))

    low, high = max(0.0, -difference), min(1.0, 1.0 - difference)
    edge = 1e-10 * (high - low)
    if score(low + edge) <= 0 or score(high - edge) >= 0:  # without events, or with nothing else: on the edge
        q = low if score(low + edge) <= 0 else high
    else:
        q = float(brentq(score, low + edge, high - edge, xtol=1e-14))
    return q + difference, q


def restricted_rates_ratio(p1: float, p2: float, ratio: float, risk_ratio: float) -> tuple[float, float]:
    """The most likely proportions under p1 / p2 = risk_ratio, for expected data of `ratio` to 1 (same source)."""
    a, b = (1 + ratio) * risk_ratio, -(ratio * risk_ratio + ratio * p1 + 1 + p2 * risk_ratio)
    q = (-b - math.sqrt(b * b - 4 * a * (ratio * p1 + p2))) / (2 * a)
    return q * risk_ratio, q


def sample_size_proportions(
    p_treatment: float, p_control: float, *, null: float = 0.0, alpha: float = 0.025, sided: int = 1,
    power: float = 0.9, ratio: float = 1.0,
) -> SampleSize:  # fmt: skip
    """Sample size for a difference of proportions by the score test (pooled variance where `null` is 0).

    `null`: the difference under the null hypothesis, minus the margin for non-inferiority; `ratio`: treated for each
    control. Errors DES-201 to DES-204. Source: Farrington CP, Manning G. Stat Med 1990; 9:1447-1454.

    >>> sample_size_proportions(0.3, 0.5, alpha=0.05, sided=2, power=0.8).rounded
    (93, 93)
    """
    check_probability(p_treatment=p_treatment, p_control=p_control)
    check_positive(ratio=ratio)
    distance = check_distance(p_treatment - p_control, null, "difference")
    if null == 0:
        one = zero = (ratio * p_treatment + p_control) / (1 + ratio)
    else:
        one, zero = restricted_rates(p_treatment, p_control, ratio, null)
    tested = one * (1 - one) / ratio + zero * (1 - zero)
    true = p_treatment * (1 - p_treatment) / ratio + p_control * (1 - p_control)
    n = _size(tested, true, distance, alpha, sided, power)
    return two_arms(n, ratio, "difference of proportions, score test", alpha, sided, power)


def sample_size_proportions_wald(
    p_treatment: float, p_control: float, *, null: float = 0.0, alpha: float = 0.025, sided: int = 1,
    power: float = 0.9, ratio: float = 1.0,
) -> SampleSize:  # fmt: skip
    """Sample size for a difference of proportions with the unpooled variance. Arguments as `sample_size_proportions`.

    Source: Fleiss JL, Levin B, Paik MC. Statistical Methods for Rates and Proportions, 2003, chapter 4.
    """
    check_probability(p_treatment=p_treatment, p_control=p_control)
    check_positive(ratio=ratio)
    distance = check_distance(p_treatment - p_control, null, "difference")
    true = p_treatment * (1 - p_treatment) / ratio + p_control * (1 - p_control)
    n = _size(true, true, distance, alpha, sided, power)
    return two_arms(n, ratio, "difference of proportions, Wald test", alpha, sided, power)


def sample_size_risk_ratio(
    p_treatment: float, p_control: float, *, null: float = 1.0, alpha: float = 0.025, sided: int = 1,
    power: float = 0.9, ratio: float = 1.0,
) -> SampleSize:  # fmt: skip
    """Sample size for a ratio of proportions by the score test of p1 - null p0.

    Arguments as `sample_size_proportions`, `null` the ratio under the null hypothesis. Errors DES-201 to DES-204.
    Source: Farrington CP, Manning G. Stat Med 1990; 9:1447-1454.
    """
    check_probability(p_treatment=p_treatment, p_control=p_control)
    check_positive(ratio=ratio, null=null)
    check_distance(p_treatment / p_control, null, "ratio")
    one, zero = restricted_rates_ratio(p_treatment, p_control, ratio, null)
    tested = one * (1 - one) / ratio + null**2 * zero * (1 - zero)
    true = p_treatment * (1 - p_treatment) / ratio + null**2 * p_control * (1 - p_control)
    n = _size(tested, true, p_treatment - null * p_control, alpha, sided, power)
    return two_arms(n, ratio, "ratio of proportions, score test", alpha, sided, power)


def _log_odds_variance(p1: float, p2: float, ratio: float) -> float:
    return 1 / (ratio * p1 * (1 - p1)) + 1 / (p2 * (1 - p2))


def sample_size_odds_ratio(
    p_treatment: float, p_control: float, *, alpha: float = 0.025, sided: int = 1, power: float = 0.9,
    ratio: float = 1.0,
) -> SampleSize:  # fmt: skip
    """Sample size for a log odds ratio against 0 with the Wald variance, under the truth in test and power alike.

    The confidence interval of a logistic regression decides by this variance. Errors DES-201 to DES-204. Source: Wang
    H, Chow SC, Li G. J Biopharm Stat 2002; 12:355-372.
    """
    check_probability(p_treatment=p_treatment, p_control=p_control)
    check_positive(ratio=ratio)
    odds = p_treatment * (1 - p_control) / (p_control * (1 - p_treatment))
    distance = check_distance(math.log(odds), 0.0, "log odds ratio")
    true = _log_odds_variance(p_treatment, p_control, ratio)
    n = _size(true, true, distance, alpha, sided, power)
    return two_arms(n, ratio, "odds ratio, Wald variance", alpha, sided, power)


def sample_size_odds_ratio_null(
    p_treatment: float, p_control: float, *, alpha: float = 0.025, sided: int = 1, power: float = 0.9,
    ratio: float = 1.0,
) -> SampleSize:  # fmt: skip
    """Sample size for a log odds ratio with the variance under the null hypothesis (pooled) in the test.

    Arguments and errors as `sample_size_odds_ratio`. Source: Miettinen O, Nurminen M. Stat Med 1985; 4:213-226.
    """
    check_probability(p_treatment=p_treatment, p_control=p_control)
    check_positive(ratio=ratio)
    odds = p_treatment * (1 - p_control) / (p_control * (1 - p_treatment))
    distance = check_distance(math.log(odds), 0.0, "log odds ratio")
    pooled = (ratio * p_treatment + p_control) / (1 + ratio)
    tested = _log_odds_variance(pooled, pooled, ratio)
    n = _size(tested, _log_odds_variance(p_treatment, p_control, ratio), distance, alpha, sided, power)
    return two_arms(n, ratio, "odds ratio, null variance", alpha, sided, power)


def sample_size_arcsine(
    p1: float, p2: float, *, alpha: float = 0.025, sided: int = 1, power: float = 0.9, ratio: float = 1.0
) -> SampleSize:
    """Sample size for two proportions on the arcsine scale: h = 2 asin sqrt p1 - 2 asin sqrt p2.

    Errors DES-201 to DES-204. Source: Cohen J. Statistical Power Analysis, 1988, chapter 6.
    """
    check_probability(p1=p1, p2=p2)
    check_positive(ratio=ratio)
    h = check_distance(float(2 * np.arcsin(math.sqrt(p1)) - 2 * np.arcsin(math.sqrt(p2))), 0.0, "arcsine difference")
    n = (normal_sum(alpha, sided, power) / h) ** 2 * (1 + 1 / ratio)
    return two_arms(n, ratio, "arcsine transformation", alpha, sided, power)


def sample_size_proportions_equivalence(
    p_treatment: float, p_control: float, *, margin: float, alpha: float = 0.05, power: float = 0.8, ratio: float = 1.0
) -> SampleSize:
    """Sample size of two one-sided Wald tests for |difference| < margin.

    Errors DES-201 to DES-204. Source: Chow SC, Shao J, Wang H. Sample Size Calculations in Clinical Research, 2008,
    section 4.2.
    """
    check_probability(p_treatment=p_treatment, p_control=p_control)
    check_positive(margin=margin, ratio=ratio)
    variance = p_treatment * (1 - p_treatment) / ratio + p_control * (1 - p_control)
    n = equivalence_size(p_treatment - p_control, variance, -margin, margin, alpha, power)
    return two_arms(n, ratio, "two one-sided Wald tests", alpha, 1, power)


def equivalence_size(effect: float, variance: float, lower: float, upper: float, alpha: float, power: float) -> float:
    """n for which two one-sided z tests both reject: P(lower + z se < estimate < upper - z se), se^2 = variance / n."""
    normal_sum(alpha, 1, power)
    check_distance(effect, lower, "effect")
    z = float(ndtri(1 - alpha))

    def at(n: float) -> float:
        root = math.sqrt(n / variance)
        both = ndtr((upper - effect) * root - z) + ndtr((effect - lower) * root - z) - 1
        return max(float(both), 0.0)

    return solve_size(at, power, start=1.0)


def sample_size_mcnemar(
    p10: float, p01: float, *, alpha: float = 0.025, sided: int = 1, power: float = 0.9
) -> SampleSize:
    """Pairs for McNemar's test, unconditional: `p10`, `p01` are the probabilities of the two kinds of discordant pairs.

    Errors DES-201, DES-202, DES-204. Source: Miettinen OS. Biometrics 1968; 24:339-352.
    """
    check_probability(p10=p10, p01=p01)
    d, s = check_distance(p10 - p01, 0.0, "difference"), p10 + p01
    n = _size(s, s - d * d, d, alpha, sided, power)
    return SampleSize(("pairs",), (n,), "McNemar's test", alpha, sided, power)
