"""Trials of means without looks: t tests with their exact noncentral distribution, and normal approximations."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import special, stats

from opencro.design.fixed.sizes import (
    SampleSize,
    check_distance,
    check_error_rates,
    check_positive,
    normal_sum,
    solve_size,
    two_arms,
)
from opencro.stats import bioequivalence


def _power_t(shift: float, df: float, alpha: float, sided: int) -> float:
    critical = float(special.stdtrit(df, 1 - alpha / sided))
    upper = 1 - float(special.nctdtr(df, shift, critical))
    return upper + (float(special.nctdtr(df, shift, -critical)) if sided == 2 else 0.0)


def power_means_t(
    n_treatment: float, n_control: float, *, delta: float, sd: float, null: float = 0.0, alpha: float = 0.025,
    sided: int = 1,
) -> float:  # fmt: skip
    """Power of the two-sample t test: noncentral t, both tails counted for two sides.

    Sizes may be fractions. `delta`: true difference; `sd`: common standard deviation; `null`: the difference under the
    null hypothesis (minus the margin for non-inferiority). Source: Julious SA. Stat Med 2004; 23:1921-1986.

    >>> round(power_means_t(64, 64, delta=0.5, sd=1, alpha=0.05, sided=2), 4)
    0.8015
    """
    shift = abs(delta - null) / sd * math.sqrt(n_treatment * n_control / (n_treatment + n_control))
    return _power_t(shift, n_treatment + n_control - 2, alpha, sided)


def sample_size_means_t(
    delta: float, sd: float, *, null: float = 0.0, alpha: float = 0.025, sided: int = 1, power: float = 0.9,
    ratio: float = 1.0,
) -> SampleSize:  # fmt: skip
    """Sample size of the two-sample t test. Arguments as `power_means_t`; `ratio`: treated for each control.

    Errors DES-201 to DES-205. Source: Julious SA. Stat Med 2004; 23:1921-1986.

    >>> sample_size_means_t(0.5, 1, alpha=0.05, sided=2, power=0.8).rounded
    (64, 64)
    """
    check_error_rates(alpha, sided, power)
    check_distance(delta, null, "difference")
    check_positive(sd=sd, ratio=ratio)

    def at(n: float) -> float:
        return power_means_t(ratio * n, n, delta=delta, sd=sd, null=null, alpha=alpha, sided=sided)

    n = solve_size(at, power, start=2.02 / min(1 + ratio, 2 * ratio, 2.0) * 1.01)
    return two_arms(n, ratio, "two-sample t test", alpha, sided, power)


def sample_size_means_z(
    delta: float, sd: float, *, null: float = 0.0, alpha: float = 0.025, sided: int = 1, power: float = 0.9,
    ratio: float = 1.0,
) -> SampleSize:  # fmt: skip
    """Sample size of the comparison of two means with known variance: (z_a + z_b)^2 sd^2 (1 + 1/r) / d^2 controls.

    Arguments as `sample_size_means_t`; errors DES-201 to DES-203. Source: Julious SA. Stat Med 2004; 23:1921-1986.
    """
    check_positive(sd=sd, ratio=ratio)
    distance = check_distance(delta, null, "difference")
    n = (normal_sum(alpha, sided, power) * sd / distance) ** 2 * (1 + 1 / ratio)
    return two_arms(n, ratio, "comparison of means, normal approximation", alpha, sided, power)


def sample_size_mean_t(
    delta: float, sd: float, *, null: float = 0.0, alpha: float = 0.025, sided: int = 1, power: float = 0.9
) -> SampleSize:
    """Sample size of the one-sample or paired t test; `sd` of the values or of the differences within pairs.

    Errors DES-201 to DES-205. Source: Julious SA. Stat Med 2004; 23:1921-1986.
    """
    check_error_rates(alpha, sided, power)
    distance = abs(check_distance(delta, null, "mean"))
    check_positive(sd=sd)
    n = solve_size(lambda m: _power_t(distance / sd * math.sqrt(m), m - 1, alpha, sided), power, start=1.05)
    return SampleSize(("all",), (n,), "one-sample t test", alpha, sided, power)


def power_crossover_t(
    n: float, *, delta: float, sd: float, null: float = 0.0, alpha: float = 0.025, sided: int = 1
) -> float:
    """Power of the t test in a 2x2 crossover with n participants, half in each sequence.

    `sd`: within participants; standard error sd sqrt(2 / n), n - 2 degrees of freedom. Ratios: give logarithms. Source:
    Julious SA. Stat Med 2004; 23:1921-1986, section 4.

    >>> round(power_crossover_t(30, delta=0.3, sd=0.4), 4)
    0.8006
    """
    return _power_t(abs(delta - null) / sd * math.sqrt(n / 2), n - 2, alpha, sided)


def sample_size_crossover_t(
    delta: float, sd: float, *, null: float = 0.0, alpha: float = 0.025, sided: int = 1, power: float = 0.9
) -> SampleSize:
    """Participants of a 2x2 crossover. Arguments as `power_crossover_t`; errors DES-201 to DES-205."""
    check_error_rates(alpha, sided, power)
    check_distance(delta, null, "difference")
    check_positive(sd=sd)

    def at(n: float) -> float:
        return power_crossover_t(n, delta=delta, sd=sd, null=null, alpha=alpha, sided=sided)

    n = solve_size(at, power, start=2.05)
    return SampleSize(("sequence 1", "sequence 2"), (n / 2, n / 2), "2x2 crossover, t test", alpha, sided, power)


def sample_size_ratio_of_means(
    ratio_of_means: float, cv: float, *, null: float = 1.0, alpha: float = 0.025, sided: int = 1, power: float = 0.9,
    ratio: float = 1.0,
) -> SampleSize:  # fmt: skip
    """Sample size for mean_1 / mean_0 against `null` on the original scale, known variance.

    `cv`: standard deviation of both arms over the control mean; statistic mean_1 - null mean_0 (Sasabuchi). Errors
    DES-201 to DES-203. Source: Kieser M, Hauschke D. J Biopharm Stat 1999; 9:641-650.
    """
    check_positive(cv=cv, ratio=ratio, null=null)
    distance = check_distance(ratio_of_means, null, "ratio of means")
    n = (normal_sum(alpha, sided, power) * cv / distance) ** 2 * (1 / ratio + null**2)
    return two_arms(n, ratio, "ratio of means, normal approximation", alpha, sided, power)


def sample_size_means_equivalence(
    delta: float, sd: float, *, margin: float, alpha: float = 0.05, power: float = 0.8
) -> SampleSize:
    """Sample size of two one-sided t tests for |difference| < margin, two equal arms, exact.

    `delta`: the true difference, within the margin. Errors DES-201, DES-203; STA-728 where no size suffices. Source:
    Phillips KF. J Pharmacokinet Biopharm 1990; 18:137-144.
    """
    check_error_rates(alpha, 1, power)
    check_positive(sd=sd, margin=margin)
    limits = (math.exp(-margin), math.exp(margin))  # the log scale of bioequivalence is any scale
    cv = math.sqrt(math.expm1(sd**2))
    total = bioequivalence.sample_size_tost(
        cv, ratio=math.exp(delta), power=power, limits=limits, design="parallel", alpha=alpha
    )
    return two_arms(total / 2, 1.0, "two one-sided t tests", alpha, 1, power)


def power_anova(n_per_group: float, means: Sequence[float], sd: float, *, alpha: float = 0.05) -> float:
    """Power of the F test of a one-way analysis of variance with equal groups: noncentral F.

    `means` of the groups; `sd` within them. Source: Cohen J. Statistical Power Analysis, 1988, chapter 8.
    """
    spread = float(np.var(np.asarray(means, dtype=np.float64))) / sd**2
    k = len(means)
    df = k * (n_per_group - 1)
    return float(stats.ncf.sf(stats.f.isf(alpha, k - 1, df), k - 1, df, n_per_group * k * spread))


def sample_size_anova(means: Sequence[float], sd: float, *, alpha: float = 0.05, power: float = 0.8) -> SampleSize:
    """Sample size of a one-way analysis of variance with equal groups. Arguments as `power_anova`.

    Errors DES-201 to DES-203. Source: Cohen J. Statistical Power Analysis, 1988, chapter 8.
    """
    check_error_rates(alpha, 1, power)
    check_positive(sd=sd)
    check_distance(float(np.ptp(means)), 0.0, "range of means")
    n = solve_size(lambda m: power_anova(m, means, sd, alpha=alpha), power, start=1.2)
    arms = tuple(f"group {i + 1}" for i in range(len(means)))
    return SampleSize(arms, (n,) * len(arms), "one-way analysis of variance", alpha, 1, power)


def sample_size_correlation(r: float, *, alpha: float = 0.05, sided: int = 2, power: float = 0.8) -> SampleSize:
    """Sample size of the test that a correlation is 0: Fisher's z with its bias, critical value by t.

    `r`: the true correlation. Errors DES-201, DES-202, DES-204. Source: Cohen J. Statistical Power Analysis, 1988,
    chapter 3 (the variant with the bias r / (2 (n - 1)) of Fisher's z).
    """
    check_error_rates(alpha, sided, power)
    check_distance(r, 0.0, "correlation")

    def at(n: float) -> float:
        t = float(special.stdtrit(n - 2, 1 - alpha / sided))
        critical = t / math.sqrt(t * t + n - 2)
        shift = math.atanh(abs(r)) + abs(r) / (2 * (n - 1))
        upper = special.ndtr((shift - math.atanh(critical)) * math.sqrt(n - 3))
        return float(upper + (special.ndtr((-shift - math.atanh(critical)) * math.sqrt(n - 3)) if sided == 2 else 0.0))

    return SampleSize(("all",), (solve_size(at, power, start=4.0),), "test of a correlation", alpha, sided, power)
