"""Trials of agreement, diagnostic accuracy and ordinal outcomes without looks."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.optimize import linprog
from scipy.special import expit, logit, ndtri

from opencro.design.errors import DesignError
from opencro.design.fixed.sizes import (
    SampleSize,
    check_distance,
    check_error_rates,
    check_positive,
    check_probability,
    normal_sum,
    two_arms,
)


def compute_kappa_variance(kappa: float, rates1: Sequence[float], rates2: Sequence[float]) -> float:
    """n times the largest variance that Cohen's kappa can have with these marginal rates of two raters.

    With kappa and marginals given the variance is linear in the cells of the table; the largest is found by linear
    programming. Raises DES-202 where no table has this kappa. Source: Fleiss JL, Cohen J, Everitt BS. Psychol Bull
    1969; 72:323-327; Flack VF et al. Psychometrika 1988; 53:321-325 (the largest standard error).
    """
    p1, p2 = np.asarray(rates1, dtype=np.float64), np.asarray(rates2, dtype=np.float64)
    chance, k = float(p1 @ p2), p1.size
    agreed = kappa * (1 - chance) + chance
    weight = (1 - kappa) ** 2 * (p2[:, None] + p1[None, :]) ** 2
    np.fill_diagonal(weight, (1 - (p1 + p2) * (1 - kappa)) ** 2)
    rows, columns = np.kron(np.eye(k), np.ones(k)), np.kron(np.ones(k), np.eye(k))
    conditions = np.vstack([rows, columns, np.eye(k).ravel()])
    found = linprog(-weight.ravel(), A_eq=conditions, b_eq=np.concatenate([p1, p2, [agreed]]), bounds=(0, None))
    if not found.success:
        raise DesignError("DES-202", f"kappa {kappa:g}", "agreement that the marginal rates allow", "See the rates.")
    return float(-found.fun - (kappa - chance * (1 - kappa)) ** 2) / (1 - chance) ** 2


def sample_size_kappa(
    kappa: float, null: float, rates1: Sequence[float], rates2: Sequence[float], *, alpha: float = 0.025,
    power: float = 0.9,
) -> SampleSize:  # fmt: skip
    """Subjects rated twice for the test that Cohen's kappa exceeds `null`, one-sided.

    `rates1`, `rates2`: marginal rates of the categories for both raters, the variance the largest
    with them. Errors DES-201, DES-202. Source: Cantor AB.
    Psychol Methods 1996; 1:150-153.
    """
    check_error_rates(alpha, 1, power)
    distance = check_distance(kappa, null, "kappa")
    roots = [math.sqrt(compute_kappa_variance(k, rates1, rates2)) for k in (null, kappa)]
    n = ((ndtri(1 - alpha) * roots[0] + ndtri(power) * roots[1]) / distance) ** 2
    return SampleSize(("subjects",), (float(n),), "agreement of two raters (kappa)", alpha, 1, power)


def sample_size_sensitivity(
    sensitivity: float, null: float, *, prevalence: float, alpha: float = 0.025, power: float = 0.9
) -> SampleSize:
    """Participants of a diagnostic study so that the diseased among them show sensitivity above `null`, one-sided.

    For specificity give it with 1 - prevalence. Errors DES-201 to DES-204. Source: Obuchowski NA. Stat Methods Med Res
    1998; 7:371-392.
    """
    check_error_rates(alpha, 1, power)
    check_probability(sensitivity=sensitivity, null=null, prevalence=prevalence)
    distance = check_distance(sensitivity, null, "sensitivity")
    spread = ndtri(1 - alpha) * math.sqrt(null * (1 - null)) + ndtri(power) * math.sqrt(sensitivity * (1 - sensitivity))
    diseased = float((spread / distance) ** 2)
    arms, n = ("diseased", "not diseased"), (diseased, diseased * (1 - prevalence) / prevalence)
    return SampleSize(arms, n, "one proportion among the diseased", alpha, 1, power)


def sample_size_ordinal(
    rates_control: Sequence[float], odds_ratio: float, *, alpha: float = 0.025, sided: int = 1, power: float = 0.9,
    ratio: float = 1.0,
) -> SampleSize:  # fmt: skip
    """Sample size of a proportional odds model (the rank sum test) with `odds_ratio` of the lower categories.

    `rates_control`: probabilities of the ordered categories. Errors DES-201 to DES-203. Source: Whitehead J. Stat Med
    1993; 12:2257-2271.
    """
    check_positive(odds_ratio=odds_ratio, ratio=ratio)
    distance = check_distance(math.log(odds_ratio), 0.0, "log odds ratio")
    control = np.asarray(rates_control, dtype=np.float64)
    check_probability(**{f"category_{i + 1}": float(p) for i, p in enumerate(control)})
    control = control / control.sum()
    inner = expit(logit(np.cumsum(control)[:-1]) + math.log(odds_ratio))
    treated = np.diff(np.concatenate([[0.0], inner, [1.0]]))
    middle = (ratio * treated + control) / (1 + ratio)
    total = 3 * (1 + ratio) ** 2 / ratio * (normal_sum(alpha, sided, power) / distance) ** 2
    n = total / (1 - float(np.sum(middle**3))) / (1 + ratio)
    return two_arms(n, ratio, "proportional odds", alpha, sided, power)
