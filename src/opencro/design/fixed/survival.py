"""Trials of times to an event without looks: events by three formulas, participants by the calendar.

`events_*` say how many events a hazard ratio needs; `sample_size_survival` turns them into participants with accrual,
follow-up, dropout and piecewise hazards. Where hazards are not proportional: `sample_size_weighted_log_rank`,
`sample_size_max_combo`, `sample_size_rmst`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from opencro.design.errors import DesignError
from opencro.design.fixed.clock import NEVER, Accrual, Arm, Hazard, TwoArms, restricted_mean
from opencro.design.fixed.log_rank import LOG_RANK, Weight, compute_moments, covariance_of_scores, expect_risk_sets
from opencro.design.fixed.proportions import equivalence_size
from opencro.design.fixed.sizes import check_distance, check_error_rates, check_positive, normal_sum
from opencro.stats import Result, multiplicity


@dataclass(frozen=True)
class SurvivalSize(Result):
    """Participants and events of a trial with a time to an event; a row an arm and all together."""

    title: ClassVar[str] = "Sample size, time to event"
    aside: ClassVar[frozenset[str]] = frozenset({"trial", "duration", "method", "alpha", "sided", "power"})

    arm: tuple[str, ...]
    n: tuple[float, ...]
    events: tuple[float, ...]
    trial: TwoArms
    duration: float
    method: str
    alpha: float
    sided: int
    power: float

    @property
    def n_total(self) -> float:
        """Participants in all, not rounded."""
        return self.n[-1]

    @property
    def events_total(self) -> float:
        """Events in all, not rounded."""
        return self.events[-1]

    @property
    def n_total_rounded(self) -> int:
        """Participants in all, each arm rounded up."""
        return sum(math.ceil(n - 1e-9) for n in self.n[:-1])

    def columns(self) -> Mapping[str, Any]:
        """Arms and all together, with rounded participants."""
        rounded = [math.ceil(n - 1e-9) for n in self.n[:-1]]
        return {"arm": self.arm, "n": self.n, "rounded": [*rounded, sum(rounded)], "events": self.events}

    def __str__(self) -> str:
        sides = {1: "one-sided", 2: "two-sided"}[self.sided]
        foot = f"{self.method}; {sides} alpha {self.alpha:g}, power {self.power:g}, duration {self.duration:g}"
        return f"{super().__str__()}\n{foot}"


def events_schoenfeld(
    hazard_ratio: float, *, null: float = 1.0, alpha: float = 0.025, sided: int = 1, power: float = 0.9,
    ratio: float = 1.0,
) -> float:  # fmt: skip
    """Events by Schoenfeld: (z_a + z_b)^2 (1 + r)^2 / (r log(HR)^2).

    `ratio`: treated for each control; `null`: the hazard ratio under the null hypothesis. Errors DES-201 to DES-203.
    Source: Schoenfeld DA. Biometrics 1983; 39:499-503.

    >>> round(events_schoenfeld(0.7), 2)
    330.38
    """
    check_positive(hazard_ratio=hazard_ratio, ratio=ratio, null=null)
    distance = check_distance(math.log(hazard_ratio), math.log(null), "log hazard ratio")
    return (normal_sum(alpha, sided, power) / distance) ** 2 * (1 + ratio) ** 2 / ratio


def events_freedman(
    hazard_ratio: float, *, alpha: float = 0.025, sided: int = 1, power: float = 0.9, ratio: float = 1.0
) -> float:
    """Events by Freedman: (z_a + z_b)^2 (1 + r HR)^2 / (r (1 - HR)^2). Arguments as `events_schoenfeld`.

    Source: Freedman LS. Stat Med 1982; 1:121-129.
    """
    check_positive(hazard_ratio=hazard_ratio, ratio=ratio)
    distance = check_distance(hazard_ratio, 1.0, "hazard ratio")
    return (normal_sum(alpha, sided, power) * (1 + ratio * hazard_ratio) / distance) ** 2 / ratio


def events_hsieh_freedman(
    hazard_ratio: float, *, alpha: float = 0.025, sided: int = 1, power: float = 0.9, ratio: float = 1.0
) -> float:
    """Events by Hsieh's variant: ((1 + HR) / (1 - HR))^2 (z_a + z_b)^2 (1 + r)^2 / (4 r). Arguments as above.

    Source: Hsieh FY. Stat Med 1992; 11:1091-1098.
    """
    check_positive(hazard_ratio=hazard_ratio, ratio=ratio)
    distance = check_distance(hazard_ratio, 1.0, "hazard ratio")
    z = normal_sum(alpha, sided, power)
    return ((1 + hazard_ratio) / distance * z) ** 2 * (1 + ratio) ** 2 / (4 * ratio)


def trial_of(
    hazard_ratio: float | Sequence[float], control: Hazard, accrual: Accrual, dropout: Hazard = NEVER,
    ratio: float = 1.0,
) -> TwoArms:  # fmt: skip
    """Two arms by the hazard of the controls and a hazard ratio (or one for each piece of the hazard)."""
    return TwoArms(Arm(control.times(hazard_ratio), dropout), Arm(control, dropout), accrual, ratio)


def sized(
    trial: TwoArms, factor: float, duration: float, method: str, alpha: float, sided: int, power: float
) -> SurvivalSize:
    """The trial with `factor` times as many participants."""
    larger = trial.times(factor)
    one, zero = (float(e) for e in larger.expected_events_by_arm(duration))
    n = float(larger.accrual.entered(duration))
    n_arms = (larger.share * n, (1 - larger.share) * n, n)
    arms = ("treatment", "control", "total")
    return SurvivalSize(arms, n_arms, (one, zero, one + zero), larger, duration, method, alpha, sided, power)


def sample_size_survival(
    events: float, trial: TwoArms, duration: float, *, method: str = "Schoenfeld", alpha: float = 0.025,
    sided: int = 1, power: float = 0.9,
) -> SurvivalSize:  # fmt: skip
    """Participants so that `events` are expected after `duration`: the accrual rates are scaled.

    `events` from an `events_*` function (whose alpha, sides and power are repeated here for the record). Errors
    DES-203, DES-208. Source: Lachin JM, Foulkes MA. Biometrics 1986; 42:507-519 (the calendar).

    >>> trial = trial_of(0.7, Hazard.from_median(12), Accrual((1.0,), (24.0,)))
    >>> round(sample_size_survival(events_schoenfeld(0.7), trial, 36).n_total, 2)
    494.75
    """
    check_positive(events=events, duration=duration)
    expected = float(trial.expected_events(duration))
    if expected <= 0:
        raise DesignError("DES-208", f"{events:g} events", "hazards under which events happen", "See the hazards.")
    return sized(trial, events / expected, duration, f"{method} events", alpha, sided, power)


def sample_size_lachin_foulkes(
    trial: TwoArms, duration: float, *, alpha: float = 0.025, sided: int = 1, power: float = 0.9
) -> SurvivalSize:
    """Participants by the variance of the log hazard ratio under both hypotheses, exponential times.

    The null variance has both arms at the hazard of the mean of both. Errors DES-201. Source: Lachin JM, Foulkes MA.
    Biometrics 1986; 42:507-519, on the scale of the log hazard ratio.
    """
    check_error_rates(alpha, sided, power)
    q1, q0 = trial.share, 1 - trial.share
    arms = (trial.treatment, trial.control)
    if any(len(arm.event.rates) > 1 for arm in arms):
        raise DesignError("DES-209", "hazards in pieces", "constant hazards", "Use sample_size_weighted_log_rank.")
    rates = [arm.event.rates[0] for arm in arms]
    middle = Arm(Hazard((q1 * rates[0] + q0 * rates[1],)), trial.control.dropout)
    events = [float(a.expected_events(trial.accrual, duration)) for a in (*arms, middle)]
    null = 1 / (q1 * events[2]) + 1 / (q0 * events[2])
    true = 1 / (q1 * events[0]) + 1 / (q0 * events[1])
    distance = check_distance(math.log(rates[0] / rates[1]), 0.0, "log hazard ratio")
    root = ndtri(1 - alpha / sided) * math.sqrt(null) + ndtri(power) * math.sqrt(true)
    return sized(trial, float((root / distance) ** 2), duration, "Lachin-Foulkes", alpha, sided, power)


def sample_size_weighted_log_rank(
    trial: TwoArms, duration: float, *, weight: Weight = LOG_RANK, alpha: float = 0.025, sided: int = 1,
    power: float = 0.9,
) -> SurvivalSize:  # fmt: skip
    """Participants of a weighted log-rank test under any piecewise hazards: mean and variance of its own score.

    Accrual rates are scaled. The variance is that which the test estimates, also under the alternative. Errors DES-201,
    DES-205. Source: Yung G, Liu Y. Biometrics 2020; 76:939-950.
    """
    found = compute_moments(trial, duration, weight)
    if found.score <= 0:
        raise DesignError(
            "DES-205", f"an expected score of {found.score:.3g}", "a benefit for this weight", "See the hazard ratios."
        )
    factor = normal_sum(alpha, sided, power) ** 2 * found.variance / found.score**2
    return sized(trial, factor, duration, "weighted log-rank test", alpha, sided, power)


def sample_size_weighted_log_rank_information(
    trial: TwoArms, duration: float, *, weight: Weight = LOG_RANK, alpha: float = 0.025, sided: int = 1,
    power: float = 0.9,
) -> SurvivalSize:  # fmt: skip
    """As `sample_size_weighted_log_rank`, on the scale of information: null information from the mean hazard of both.

    n = (z_a / sqrt(i_0) + z_b / sqrt(i_1))^2 / theta^2 with theta = score / variance. The convention of gsDesign2.
    """
    check_error_rates(alpha, sided, power)
    found = compute_moments(trial, duration, weight)
    arms = (trial.treatment, trial.control)
    rates = [trial.share * a + (1 - trial.share) * b for a, b in zip(*(arm.event.rates for arm in arms), strict=True)]
    middle = Arm(replace(trial.control.event, rates=tuple(rates)), trial.control.dropout)
    null = compute_moments(TwoArms(middle, middle, trial.accrual, trial.ratio), duration, weight)
    theta = found.score / found.variance
    root = ndtri(1 - alpha / sided) / math.sqrt(null.variance) + ndtri(power) / math.sqrt(found.variance)
    return sized(trial, float((root / theta) ** 2), duration, "weighted log-rank, information", alpha, sided, power)


def sample_size_max_combo(
    trial: TwoArms, duration: float, weights: Sequence[Weight], *, alpha: float = 0.025, power: float = 0.9
) -> SurvivalSize:
    """Participants of the largest of several weighted log-rank statistics, one-sided.

    Its critical value and power come from the multivariate normal distribution of the statistics. Errors DES-201.
    Source: Ghosh P et al. Stat Biopharm Res 2022; 14:455-465; Karrison TG. Stata J 2016; 16:678-690.
    """
    check_error_rates(alpha, 1, power)
    covariance = covariance_of_scores(trial, duration, weights)
    roots = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(roots, roots)
    drift = np.array([compute_moments(trial, duration, w).score for w in weights]) / roots

    def below(limit: float, factor: float) -> float:
        bounds = limit - math.sqrt(factor) * drift
        return multiplicity.compute_rectangle_probability(bounds, correlation)

    critical = float(brentq(lambda c: below(c, 0.0) - (1 - alpha), 0.0, 8.0, xtol=1e-8))
    start = (normal_sum(alpha, 1, power) / float(drift.max())) ** 2
    factor = float(brentq(lambda f: below(critical, f) - (1 - power), start / 2, 4 * start, xtol=1e-8))
    return sized(trial, factor, duration, "MaxCombo", alpha, 1, power)


def rmst_variance(trial: TwoArms, duration: float, horizon: float) -> tuple[float, float]:
    """Variance of the restricted mean of each arm (treated, controls), with the accrual as it is.

    Integral of (area under S from t to the horizon)^2 hazard / at risk. Source: Uno H et al. J Clin Oncol 2014;
    32:2380-2385; Luo X et al. Stat Biopharm Res 2019; 11:140-151.
    """
    sets = expect_risk_sets(trial, duration, (horizon,))
    inside = sets.time < horizon
    result = []
    for arm, at_risk, rate in (
        (trial.treatment, sets.treated, sets.rate_treated), (trial.control, sets.controls, sets.rate_control),
    ):  # fmt: skip
        whole = restricted_mean(arm.event, horizon)
        area = np.array([whole - restricted_mean(arm.event, min(t, horizon)) for t in sets.time])
        mass = np.where(inside, area**2 * rate / np.maximum(at_risk, 1e-300), 0.0)
        result.append(float(np.sum(sets.step * mass)))
    return result[0], result[1]


def sample_size_rmst(
    trial: TwoArms, duration: float, horizon: float, *, alpha: float = 0.025, sided: int = 1, power: float = 0.9
) -> SurvivalSize:
    """Participants for a difference of restricted mean survival times up to the horizon, within the duration.

    Errors DES-201 to DES-203. Source: as `rmst_variance`.
    """
    check_positive(horizon=horizon, duration=duration)
    one, zero = rmst_variance(trial, duration, horizon)
    means = [restricted_mean(arm.event, horizon) for arm in (trial.treatment, trial.control)]
    distance = check_distance(means[0], means[1], "restricted mean")
    factor = (normal_sum(alpha, sided, power) / distance) ** 2 * (one + zero)
    return sized(trial, factor, duration, "restricted mean survival time", alpha, sided, power)


def events_equivalence(
    hazard_ratio: float, *, lower: float, upper: float, alpha: float = 0.05, power: float = 0.8, ratio: float = 1.0
) -> float:
    """Events of two one-sided log-rank tests that the hazard ratio lies between two limits.

    Errors DES-201 to DES-203. Source: Wellek S. Testing Statistical Hypotheses of Equivalence, 2010, chapter 6.
    """
    check_positive(hazard_ratio=hazard_ratio, lower=lower, upper=upper, ratio=ratio)
    effect, variance = math.log(hazard_ratio), (1 + ratio) ** 2 / ratio
    return equivalence_size(effect, variance, math.log(lower), math.log(upper), alpha, power)


def power_survival(
    events: float, hazard_ratio: float, *, null: float = 1.0, alpha: float = 0.025, sided: int = 1, ratio: float = 1.0
) -> float:
    """Power of the log-rank test with so many events, by Schoenfeld's approximation.

    Source: Schoenfeld DA. Biometrics 1983; 39:499-503.
    """
    drift = abs(math.log(hazard_ratio / null)) * math.sqrt(events * ratio) / (1 + ratio)
    upper = float(ndtr(drift - ndtri(1 - alpha / sided)))
    return upper + (float(ndtr(-drift - ndtri(1 - alpha / sided))) if sided == 2 else 0.0)
