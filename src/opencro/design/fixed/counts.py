"""Trials of event rates without looks: Poisson and negative binomial counts (recurrent events)."""

from __future__ import annotations

import math

from opencro.design.fixed.sizes import SampleSize, check_distance, check_positive, normal_sum, two_arms


def sample_size_counts(
    rate_treatment: float, rate_control: float, *, dispersion: float = 0.0, exposure: float = 1.0, null: float = 1.0,
    alpha: float = 0.025, sided: int = 1, power: float = 0.9, ratio: float = 1.0,
) -> SampleSize:  # fmt: skip
    """Sample size for a ratio of rates, negative binomial (Poisson where `dispersion` is 0), by the Wald test.

    Rates per unit of time; variance of a count = mean + dispersion mean^2; `exposure`: follow-up of each participant;
    `null`: the ratio under the null hypothesis. Errors DES-201 to DES-203. Source: Zhu H, Lakkis H. Stat Med 2014;
    33:376-387 (variance under the alternative).

    >>> sample_size_counts(0.6, 0.8, dispersion=0.4, power=0.8).rounded
    (353, 353)
    """
    check_positive(rate_treatment=rate_treatment, rate_control=rate_control, exposure=exposure, ratio=ratio)
    distance = check_distance(math.log(rate_treatment / rate_control), math.log(null), "log rate ratio")
    treated = 1 / (exposure * rate_treatment) + dispersion
    variance = treated / ratio + 1 / (exposure * rate_control) + dispersion
    n = (normal_sum(alpha, sided, power) / distance) ** 2 * variance
    model = "negative binomial" if dispersion else "Poisson"
    return two_arms(n, ratio, f"ratio of {model} rates, Wald test", alpha, sided, power)
