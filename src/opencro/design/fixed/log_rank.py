"""Weighted log-rank statistics, average hazard ratios and information under any piecewise hazards."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from opencro.design.fixed.clock import Floats, TwoArms

NODES, WEIGHTS = np.polynomial.legendre.leggauss(24)
Survival = Callable[[Floats], Floats]
Weight = Callable[[Floats, Survival], Floats]  # (times since entry, pooled survival function) -> weights


def fleming_harrington(rho: float, gamma: float) -> Weight:
    """Weights S^rho (1 - S)^gamma of the pooled survival. Source: Fleming & Harrington (1991), chapter 7."""

    def weight(time: Floats, survival: Survival) -> Floats:
        s = survival(time)
        return np.asarray(s**rho * (1 - s) ** gamma)

    return weight


def magirr_burman(delay: float) -> Weight:
    """Modest weights 1 / S(min(t, delay)). Source: Magirr D, Burman CF. Stat Med 2019; 38:3782-3790."""
    return lambda time, survival: np.asarray(1 / survival(np.minimum(time, delay)))


LOG_RANK = fleming_harrington(0, 0)


@dataclass(frozen=True)
class Moments:
    """Expected weighted log-rank score, its variance (as estimated), and events, at a calendar time."""

    score: float
    variance: float
    events: float


@dataclass(frozen=True)
class RiskSets:
    """Times since entry with their quadrature weights, and both arms there: at risk and hazard."""

    time: Floats
    step: Floats
    treated: Floats
    controls: Floats
    rate_treated: Floats
    rate_control: Floats


def expect_risk_sets(trial: TwoArms, time: float, also: Sequence[float] = ()) -> RiskSets:
    """The expected risk sets at a calendar time, on nodes between all points where a rate changes (and `also`)."""
    edges = np.cumsum([0.0, *trial.accrual.durations])
    arms = (trial.treatment, trial.control)
    breaks = {0.0, time, *also, *(time - e for e in edges)}
    breaks |= {s for arm in arms for s in (*arm.event.starts, *arm.dropout.starts)}
    cuts = np.array(sorted(b for b in breaks if 0 <= b <= time))
    half = np.diff(cuts) / 2
    s = (cuts[:-1, None] + half[:, None] * (NODES + 1)).ravel()
    step = (half[:, None] * WEIGHTS).ravel()
    entered = trial.accrual.entered(time - s)
    one, zero = (entered * arm.at_risk_share(s) for arm in arms)
    rates = [arm.event.at(s) for arm in arms]
    return RiskSets(s, step, trial.share * one, (1 - trial.share) * zero, rates[0], rates[1])


def compute_moments(trial: TwoArms, time: float, weight: Weight = LOG_RANK) -> Moments:
    """The expected score (controls minus treated: positive for a benefit), its variance and events at a calendar time.

    Source: Yung G, Liu Y. Biometrics 2020; 76:939-950.
    """
    r = expect_risk_sets(trial, time)
    w = weight(r.time, trial.pooled_survival)
    both = np.maximum(r.treated + r.controls, 1e-300)
    one, zero = r.treated * r.rate_treated, r.controls * r.rate_control
    score = float(np.sum(r.step * w * (r.treated * zero - r.controls * one) / both))
    variance = float(np.sum(r.step * w**2 * r.treated * r.controls / both**2 * (one + zero)))
    return Moments(score, variance, float(np.sum(r.step * (one + zero))))


def covariance_of_scores(trial: TwoArms, time: float, weights: Sequence[Weight]) -> Floats:
    """The covariance matrix of several weighted scores at a calendar time."""
    r = expect_risk_sets(trial, time)
    w = np.array([weight(r.time, trial.pooled_survival) for weight in weights])
    both = np.maximum(r.treated + r.controls, 1e-300)
    mass = r.step * r.treated * r.controls / both**2 * (r.treated * r.rate_treated + r.controls * r.rate_control)
    return np.asarray((w * mass) @ w.T)


def average_hazard_ratio(trials: Sequence[TwoArms], time: float) -> float:
    """exp of the mean log hazard ratio, weighted by the expected events; `trials` are strata.

    Source: Mukhopadhyay P et al. Contemp Clin Trials 2022; 123:106957 (average hazard ratio by piecewise events).
    """
    total, events = 0.0, 0.0
    for trial in trials:
        r = expect_risk_sets(trial, time)
        d = r.step * (r.treated * r.rate_treated + r.controls * r.rate_control)
        total += float(np.sum(d * np.log(r.rate_treated / r.rate_control)))
        events += float(d.sum())
    return math.exp(total / events)


def score_hazard_ratio(trials: Sequence[TwoArms], time: float) -> float:
    """The hazard ratio at which the expected (stratified) Cox score is 0: what a Cox model estimates."""
    sets = [expect_risk_sets(trial, time) for trial in trials]

    def score_at(log_ratio: float) -> float:
        ratio, total = math.exp(log_ratio), 0.0
        for r in sets:
            one, zero = r.treated * r.rate_treated, r.controls * r.rate_control
            share = ratio * r.treated / np.maximum(ratio * r.treated + r.controls, 1e-300)
            total += float(np.sum(r.step * (one - share * (one + zero))))
        return total

    return math.exp(float(brentq(score_at, -10, 10, xtol=1e-13)))


def information_of_pieces(trial: TwoArms, time: float) -> float:
    """Information on the log hazard ratio: over pieces of the hazards, 1 / (1 / events treated + 1 / events controls).

    Source: as `average_hazard_ratio`.
    """
    r = expect_risk_sets(trial, time)
    one, zero = r.step * r.treated * r.rate_treated, r.step * r.controls * r.rate_control
    starts = np.array(sorted({*trial.treatment.event.starts, *trial.control.event.starts}))
    piece = np.searchsorted(starts, r.time, side="right")
    total = 0.0
    for k in np.unique(piece):
        a, b = float(one[piece == k].sum()), float(zero[piece == k].sum())
        total += a * b / (a + b)
    return total
