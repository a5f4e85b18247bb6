"""Win statistics, recurrent events and bioequivalence: simulated trials."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.stats import norm

from benchmarks.coverage.row import ALPHA, LEVEL, Floats, Row, covers_by_se, each, simulated
from opencro.stats import bioequivalence, recurrent, wins

TRIALS = 4_000
SINGLE = 1_000
Z = float(norm.isf(ALPHA / 2))
LOG_RATIO = float(np.log(0.7))
LIMIT = 1.25


def measure() -> Iterator[Row]:
    """Tests without an effect, intervals of a rate ratio, equivalence at the limit."""
    rng = np.random.default_rng(20_240_109)
    yield from _wins(rng)
    yield from _recurrent(rng)
    yield from _crossover(rng)


def _wins(rng: np.random.Generator) -> Iterator[Row]:
    arm = np.tile(["active", "placebo"], 50)
    death, censored = rng.exponential(2.0, (TRIALS, arm.size)), rng.uniform(0.5, 2.0, (TRIALS, arm.size))
    time, event, score = np.minimum(death, censored), death <= censored, rng.normal(size=death.shape)
    endpoints = (wins.TimeToEvent(time, event), wins.Measurement(score))
    found = wins.win_statistics_batch(endpoints, arm, reference="placebo")
    scenario = "n 50 and 50, survival then a score, no effect"
    for name, estimate, se in (
        ("win ratio", found.log_win_ratio, found.log_win_ratio_se),
        ("win odds", found.log_win_odds, found.log_win_odds_se),
        ("net benefit", found.net_benefit, found.net_benefit_se),
    ):
        yield simulated(f"wins.win_statistics, {name}", scenario, ALPHA, abs(estimate) > Z * se)

    def rejects(trial: int) -> bool:
        ranked = (wins.TimeToEvent(time[trial], event[trial]), wins.Measurement(score[trial]))
        return wins.finkelstein_schoenfeld(ranked, arm, reference="placebo").p_value <= ALPHA

    yield simulated("wins.finkelstein_schoenfeld", scenario, ALPHA, each(range(SINGLE), rejects))


def _recurrent(rng: np.random.Generator) -> Iterator[Row]:
    n, variance = 120, 0.8
    treated = np.arange(n) % 2
    covered = {"fit_lwyy": np.zeros(SINGLE, np.bool_), "fit_andersen_gill": np.zeros(SINGLE, np.bool_)}
    for trial in range(SINGLE):
        rows = _counting_rows(rng, treated, variance)
        start, stop, event, subject = rows.T
        for name, hits in covered.items():
            fit = getattr(recurrent, name)(start, stop, event, treated[subject.astype(int)][:, None], subject)
            hits[trial] = covers_by_se(fit.coef, fit.se, Z, LOG_RATIO)[0]
    for name, hits in covered.items():
        scenario = f"n {n}, rates of persons with variance {variance}, rate ratio 0.7: interval"
        yield simulated(f"recurrent.{name}", scenario, LEVEL, hits)


def _counting_rows(rng: np.random.Generator, treated: np.ndarray, variance: float) -> Floats:
    """Start, stop, event and subject: the events of a year at a constant rate, then the end of observation."""
    rate = 1.5 * rng.gamma(1 / variance, variance, treated.size) * np.exp(LOG_RATIO * treated)
    rows = []
    for subject, (count, end) in enumerate(zip(rng.poisson(rate), rng.uniform(0.5, 1.0, treated.size), strict=True)):
        times = np.sort(rng.random(count))
        stops = np.append(times[times < end], end)
        events = np.arange(stops.size) < stops.size - 1
        rows.append(np.column_stack([np.append(0.0, stops[:-1]), stops, events, np.full(stops.size, subject)]))
    return np.concatenate(rows)


def _crossover(rng: np.random.Generator) -> Iterator[Row]:
    for order, n, cv in ((("TR", "RT"), 24, 0.25), (("TRTR", "RTRT"), 24, 0.35)):
        periods = len(order[0])
        sd = float(np.sqrt(np.log(1 + cv**2)))
        subject, period = np.repeat(np.arange(n), periods), np.tile(np.arange(periods), n)
        sequence = np.array(order)[subject % 2]
        given = np.array([word[p] for word, p in zip(sequence, period, strict=True)])
        hits = np.zeros(SINGLE, np.bool_)
        for trial in range(SINGLE):
            log_y = rng.normal(size=n)[subject] + np.log(LIMIT) * (given == "T") + sd * rng.normal(size=subject.size)
            made = bioequivalence.crossover(subject, period, sequence, given, np.exp(log_y))
            hits[trial] = bioequivalence.average_bioequivalence_anova(made).equivalent
        scenario = f"{' and '.join(order)}, n {n}, CV {cv}, true ratio {LIMIT}"
        yield simulated("bioequivalence.average_bioequivalence_anova", scenario, ALPHA, hits)
