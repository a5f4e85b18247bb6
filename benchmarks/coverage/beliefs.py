"""Bayesian intervals at fixed true values, and how often a decision is wrong: by enumeration where counts decide."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.stats import poisson

from benchmarks.coverage.row import ALPHA, LEVEL, Row, chances_of, covers, enumerated, simulated
from opencro.stats import bayes

N = 40
EVENTS, SIZES = [23, 12, 19, 9, 39, 6, 9, 10], [107, 44, 51, 39, 139, 20, 78, 35]
HISTORY = sum(EVENTS) / sum(SIZES)
TRUTHS = (0.25, 0.45)
"""A new trial that agrees with the historical ones, and one that does not."""
SEVERAL = ("normal_hierarchical", "exchangeable_binomial", "exchangeable_poisson")
TRIALS = 200
"""Hierarchical models, each integrated anew."""


def measure() -> Iterator[Row]:
    """One arm, two arms, several trials."""
    rng = np.random.default_rng(20_240_111)
    found = bayes.map_prior_binomial(EVENTS, SIZES, bayes.HalfNormal(1))
    vague = bayes.BetaMixture(1, 1, 1)
    priors = {
        "uniform prior": vague,
        "MAP prior": found.prior,
        "robust MAP prior": bayes.robustify(found.prior, vague, weight=0.2),
        "power prior, a0 0.5": bayes.power_prior_binomial(sum(EVENTS), sum(SIZES), 0.5),
        "normalized power prior": bayes.normalized_power_prior_binomial(sum(EVENTS), sum(SIZES)).mixture,
    }
    for name, prior in priors.items():
        yield from _one_arm(name, prior)
    for name, prior in priors.items():
        yield from _two_arms(name, prior)
    yield from _rates()
    yield from _predicted(rng)
    yield from _hierarchies(rng)


def _one_arm(name: str, prior: bayes.BetaMixture) -> Iterator[Row]:
    x = np.arange(N + 1)
    found = [bayes.summarize(bayes.update_binomial(prior, int(count), N)) for count in x]
    lower, upper = np.array([f.lower for f in found]), np.array([f.upper for f in found])
    for p in TRUTHS:
        scenario = f"n {N}, true {p}, history {HISTORY:.2f}"
        yield enumerated(f"bayes.summarize, {name}", scenario, LEVEL, covers(lower, upper, p), chances_of(x, N, p))


def _two_arms(name: str, prior: bayes.BetaMixture) -> Iterator[Row]:
    """The control arm has the prior; the new arm is twice as large and has a uniform one."""
    table = bayes.decision_table_two_arms(bayes.BetaMixture(1, 1, 1), N, prior, N // 2, bayes.Criterion(1 - ALPHA))
    outcomes = (N + 1) * (N // 2 + 1)
    for p in TRUTHS:
        share = float(bayes.success_probability(table, [p], [p])[0])
        scenario = f"P(new > control) > {1 - ALPHA}, n {N} and {N // 2}, both {p}, history {HISTORY:.2f}"
        yield Row(f"bayes.decision_table_two_arms, control with {name}", scenario, ALPHA, share, None, outcomes)


def _rates() -> Iterator[Row]:
    prior = bayes.GammaMixture(1, 0.5, 1e-6)
    for expected in (4.0, 20.0):
        x = np.arange(int(poisson.isf(1e-10, expected)) + 1)
        found = [bayes.summarize(bayes.update_poisson(prior, int(count), 1.0)) for count in x]
        hits = covers([f.lower for f in found], [f.upper for f in found], expected)
        scenario = f"{expected:g} events expected"
        yield enumerated("bayes.summarize, Jeffreys prior of a rate", scenario, LEVEL, hits, poisson.pmf(x, expected))


def _predicted(rng: np.random.Generator) -> Iterator[Row]:
    """The parameter of a trial to come, drawn as those of the earlier ones were."""
    tau, trials = 0.3, 6
    new = -1.0 + tau * rng.normal(size=TRIALS)
    true = -1.0 + tau * rng.normal(size=(TRIALS, trials))
    hits = np.zeros((3, TRIALS), np.bool_)
    prior = bayes.HalfNormal(1)
    for t in range(TRIALS):
        p = 1 / (1 + np.exp(-true[t]))
        by_count = bayes.map_prior_binomial(rng.binomial(60, p), [60] * trials, prior, components=1)
        by_rate = bayes.map_prior_poisson(rng.poisson(60 * np.exp(true[t])), [60] * trials, prior, components=1)
        by_mean = bayes.map_prior_normal(rng.normal(true[t], 0.3), [0.3] * trials, prior, mean=(0, 10), components=1)
        truths = 1 / (1 + np.exp(-new[t])), np.exp(new[t]), new[t]
        for place, (f, truth) in enumerate(zip((by_count, by_rate, by_mean), truths, strict=True)):
            hits[place, t] = covers(f.lower[-1], f.upper[-1], truth)
    for name, row in zip(("binomial", "poisson", "normal"), hits, strict=True):
        scenario = f"{trials} earlier trials, tau {tau}: parameter of a new one"
        yield simulated(f"bayes.map_prior_{name}", scenario, LEVEL, row)


def _hierarchies(rng: np.random.Generator) -> Iterator[Row]:
    prior, se, n = bayes.HalfNormal(1), 0.5, 20
    cases = {"all alike": np.full(4, -1.0), "one apart": np.array([1.0, -1.0, -1.0, -1.0])}
    for what, true in cases.items():
        p, rate = 1 / (1 + np.exp(-true)), np.exp(true)
        hits = np.zeros((3, TRIALS), np.bool_)
        for t in range(TRIALS):
            fits = (
                bayes.normal_hierarchical(rng.normal(true, se), [se] * 4, prior),
                bayes.exchangeable_binomial(rng.binomial(n, p), [n] * 4, prior),
                bayes.exchangeable_poisson(rng.poisson(n * rate), [n] * 4, prior),
            )
            for place, (fit, truth) in enumerate(zip(fits, (true, p, rate), strict=True)):
                hits[place, t] = covers(fit.lower[0], fit.upper[0], float(truth[0]))
        for name, row in zip(
            ("normal_hierarchical", "exchangeable_binomial", "exchangeable_poisson"), hits, strict=True
        ):
            yield simulated(f"bayes.{name}", f"4 trials, {what}: the first", LEVEL, row)
