"""Time to event: curves, log-rank tests, Cox regression, restricted means; censoring by dropout and by the cut-off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.stats import norm

from benchmarks.coverage.row import ALPHA, LEVEL, Floats, Row, covers, covers_by_se, each, simulated
from opencro.stats import survival
from opencro.stats.survival.limits import Scale

TRIALS = 10_000
SINGLE = 4_000
CUT_OFF, DROPOUT = 2.0, 0.2
HAZARDS = np.array([0.5, 1.0, 2.0])
"""Of three strata of equal size."""
LOG_RATIO = float(np.log(0.7))
Z = float(norm.isf(ALPHA / 2))


class Simulated(NamedTuple):
    """Trials of two equal arms: times and events (trials, n), arms and strata (n,)."""

    time: Floats
    event: Floats
    arm: np.ndarray
    stratum: np.ndarray


def simulate_events(
    rng: np.random.Generator, n: int, log_ratio: float, *, strata: bool, trials: int = TRIALS
) -> Simulated:
    """Exponential times, `log_ratio` the log hazard ratio of arm 1, three baseline hazards or one."""
    arm, stratum = np.arange(n) % 2, (np.arange(n) // 2) % 3
    hazard = (HAZARDS[stratum] if strata else np.ones(n)) * np.exp(log_ratio * arm)
    death = rng.exponential(size=(trials, n)) / hazard
    censored = np.minimum(rng.exponential(size=(trials, n)) / DROPOUT, CUT_OFF)
    return Simulated(np.minimum(death, censored), (death <= censored).astype(float), arm, stratum)


def measure() -> Iterator[Row]:
    """Tests, hazard ratios, curves, restricted means."""
    rng = np.random.default_rng(20_240_104)
    for n in (60, 300):
        s = simulate_events(rng, n, 0.0, strata=True)
        scenario = f"n {n}, 3 strata, no effect"
        z = survival.stratified_log_rank_batch(*s).z
        yield simulated("survival.log_rank, stratified", scenario, ALPHA, abs(z) > Z)
        yield simulated(
            "survival.log_rank, strata ignored", scenario, ALPHA, abs(survival.log_rank_batch(*s[:3]).z) > Z
        )
        z = survival.weighted_log_rank_batch(*s[:3], survival.FlemingHarrington(0, 1), stratum=s.stratum).z
        yield simulated("survival.weighted_log_rank, stratified, Fleming-Harrington 0, 1", scenario, ALPHA, abs(z) > Z)
        hits = each(range(SINGLE), lambda t, s=s: _rejects_max_combo(s, t))  # type: ignore[misc]
        yield simulated("survival.max_combo, stratified", scenario, ALPHA, hits)
        s = simulate_events(rng, n, LOG_RATIO, strata=True)
        for ties in ("efron", "breslow"):
            fit = survival.cox_batch(*s[:3], stratum=s.stratum, ties=ties)
            hits = covers_by_se(fit.coef, fit.se, Z, LOG_RATIO)
            yield simulated(f"survival.cox, {ties}", f"n {n}, 3 strata, hazard ratio 0.7: interval", LEVEL, hits)
    yield from _adjusted(rng)
    yield from _curves(rng)


def _adjusted(rng: np.random.Generator) -> Iterator[Row]:
    n = 120
    x = rng.normal(size=(TRIALS, n, 1))
    arm = np.arange(n) % 2
    death = rng.exponential(size=(TRIALS, n)) / np.exp(LOG_RATIO * arm + 0.5 * x[:, :, 0])
    time, event = np.minimum(death, CUT_OFF), death <= CUT_OFF
    fit = survival.cox_batch(time, event, arm, covariates=x)
    scenario = f"n {n}, one covariate, hazard ratio 0.7: interval"
    yield simulated("survival.cox, adjusted", scenario, LEVEL, covers_by_se(fit.coef, fit.se, Z, LOG_RATIO))


def _curves(rng: np.random.Generator) -> Iterator[Row]:
    tau = 1.5
    s = simulate_events(rng, 100, LOG_RATIO, strata=False)
    found = survival.rmst_batch(*s[:3], tau=tau)
    ratio = float(np.exp(LOG_RATIO))
    truth = (1 - np.exp(-ratio * tau)) / ratio - (1 - np.exp(-tau))
    hits = covers_by_se(found.difference, found.se_difference, Z, truth)
    yield simulated("survival.compare_rmst", f"n 50 and 50, up to {tau}, hazard ratio 0.7: interval", LEVEL, hits)
    s = simulate_events(rng, 50, 0.0, strata=False, trials=SINGLE)
    for limits in ("plain", "log", "log-log", "logit", "arcsine"):
        for at in (0.2, 1.5):
            hits = each(range(SINGLE), lambda t, at=at, limits=limits: _covers_at(s, t, limits, at))  # type: ignore[misc]
            yield simulated(f"survival.kaplan_meier, {limits}", f"n 50, S {np.exp(-at):.2f}", LEVEL, hits)
    hits = each(range(SINGLE), lambda t: _covers_median(s, t))
    yield simulated("survival.kaplan_meier_quantile", "n 50, median", LEVEL, hits)


def _rejects_max_combo(s: Simulated, trial: int) -> bool:
    return survival.max_combo(s.time[trial], s.event[trial], s.arm, stratum=s.stratum).p <= ALPHA


def _covers_at(s: Simulated, trial: int, limits: Scale, at: float) -> bool:
    found = survival.kaplan_meier_at(survival.kaplan_meier(s.time[trial], s.event[trial], limits=limits), [at])
    return bool(covers(found.lower, found.upper, float(np.exp(-at)))[0])


def _covers_median(s: Simulated, trial: int) -> bool:
    found = survival.kaplan_meier_quantile(survival.kaplan_meier(s.time[trial], s.event[trial]))
    upper = np.where(np.isnan(found.upper), np.inf, found.upper)
    return bool(covers(found.lower, upper, float(np.log(2)))[0])
