"""Models whose tests and intervals share one simulated trial: linear, generalized, ordinal, adjusted means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.special import expit

from benchmarks.coverage.row import ALPHA, LEVEL, Case, Floats, Row, cases, covers
from opencro.stats import formula, generalized, linear, summary

Generator = np.random.Generator
MANY, SOME, FEW = 5_000, 2_000, 1_000
EFFECT = 0.5
ARM = np.tile([0.0, 1.0], 30)
"""Of 60 persons."""
GROUP = np.repeat(["a", "b", "c"], (12, 20, 28))


def measure() -> Iterator[Row]:
    """One table of cases for each kind of outcome."""
    rng = np.random.default_rng(20_240_114)
    for table in (_means(), _linear(), _binary(), _counts(), _ordered(), _standardized()):
        yield from cases(rng, table)


def _inside(found: Any, truth: float, place: int = 0) -> bool:
    return bool(np.ravel(covers(found.lower, found.upper, truth))[place])


def _means() -> list[Case]:
    five = "normal, n 15, true 0.5: interval"
    return [
        (
            "linear.t_test_one_sample",
            five,
            LEVEL,
            MANY,
            lambda r: _inside(linear.t_test_one_sample(r.normal(0.5, 1, 15)), 0.5),
        ),
        (
            "linear.t_test_paired",
            five,
            LEVEL,
            MANY,
            lambda r: _inside(linear.t_test_paired(r.normal(0.5, 1, 15), r.normal(size=15)), 0.5),
        ),
        (
            "summary.mean_interval",
            five,
            LEVEL,
            MANY,
            lambda r: _inside(summary.mean_interval(r.normal(0.5, 1, 15)), 0.5),
        ),
        ("summary.describe", five, LEVEL, MANY, lambda r: _inside(summary.describe(r.normal(0.5, 1, 15)), 0.5)),
        (
            "summary.describe_geometric",
            "lognormal, n 15: interval",
            LEVEL,
            MANY,
            lambda r: _inside(summary.describe_geometric(r.lognormal(0.5, 1, 15)), float(np.exp(0.5))),
        ),
    ]


def _fit(rng: Generator, arm_effect: float = EFFECT) -> linear.LinearModel:
    """Three unequal groups without differences and an arm."""
    arm = rng.permutation(ARM)
    y = arm_effect * arm + rng.normal(size=arm.size)
    return linear.fit_linear("y ~ group + arm", {"y": y, "group": GROUP, "arm": arm})


def _means_of(rng: Generator) -> formula.LsMeans:
    fit = _fit(rng)
    return formula.ls_means(*fit.parts, "group", df=fit.df_residual)


def _linear() -> list[Case]:
    nothing, interval = "3 groups of 12, 20 and 28, no effect", "3 groups of 12, 20 and 28: interval"

    def covered(rng: Generator) -> bool:
        columns = _fit(rng).columns()
        return bool(covers(columns["lower"], columns["upper"], EFFECT)[-1])

    def joint(rng: Generator) -> bool:
        fit = _fit(rng)
        rows = {"group": np.array([[0.0, 1, 0, 0], [0, 0, 1, 0]])}
        return bool(formula.joint_tests(*fit.parts, rows, df=fit.df_residual).p_value[0] <= ALPHA)

    def rows(rng: Generator) -> bool:
        fit = _fit(rng)
        return _inside(formula.linear_estimates(*fit.parts, np.array([[0.0, 0, 0, 1]]), df=fit.df_residual), EFFECT)

    def clustered(rng: Generator) -> bool:
        cluster = np.repeat(np.arange(20), 3)
        arm = np.repeat(np.tile([0.0, 1.0], 10), 3)
        y = EFFECT * arm + rng.normal(size=20)[cluster] + rng.normal(size=60)
        columns = linear.cluster_robust(linear.fit_linear("y ~ arm", {"y": y, "arm": arm}), cluster).columns()
        return bool(covers(columns["lower"], columns["upper"], EFFECT)[-1])

    tests = ("anova_type_i", "anova_type_ii", "anova_type_iii")
    return [
        ("linear.fit_linear", interval, LEVEL, SOME, covered),
        (
            "linear.predict_linear",
            interval,
            LEVEL,
            SOME,
            lambda r: _inside(linear.predict_linear(_fit(r), {"group": ["a"], "arm": [1.0]}), EFFECT),
        ),
        ("linear.cluster_robust", "20 clusters of 3: interval", LEVEL, SOME, clustered),
        *(
            (f"linear.{t}", nothing, ALPHA, SOME, lambda r, t=t: getattr(linear, t)(_fit(r)).p_value[0] <= ALPHA)
            for t in tests
        ),
        ("formula.joint_tests", nothing, ALPHA, SOME, joint),
        ("formula.linear_estimates", interval, LEVEL, SOME, rows),
        ("formula.ls_means", interval, LEVEL, SOME, lambda r: _inside(_means_of(r), EFFECT / 2)),
        (
            "formula.pairwise_differences",
            interval,
            LEVEL,
            SOME,
            lambda r: _inside(formula.pairwise_differences(_means_of(r)), 0.0),
        ),
        (
            "formula.differences_from",
            interval,
            LEVEL,
            SOME,
            lambda r: _inside(formula.differences_from(_means_of(r), "a"), 0.0),
        ),
        (
            "formula.contrast_means",
            interval,
            LEVEL,
            SOME,
            lambda r: _inside(formula.contrast_means(_means_of(r), {"c - a": [-1, 0, 1]}), 0.0),
        ),
    ]


def _design(rng: Generator) -> Floats:
    return np.column_stack([np.ones(120), np.tile([0.0, 1.0], 60), rng.normal(size=120)])


def _drawn(rng: Generator, effect: float) -> tuple[Floats, Floats]:
    x = _design(rng)
    return (rng.random(120) < expit(x @ [-0.5, effect, 0.5])).astype(float), x


def _binary() -> list[Case]:
    scenario, nothing = "n 120, true 0.5: interval", "n 120, no effect"

    def shares(rng: Generator, link: str) -> bool:
        arm = np.tile([0.0, 1.0], 60)
        y = (rng.random(120) < np.where(arm == 1, 0.5, 0.3)).astype(float)
        fit = getattr(generalized, f"fit_{link}_binomial")(y, np.column_stack([np.ones(120), arm]))
        return _inside(fit, 0.2 if link == "identity" else float(np.log(5 / 3)), 1)

    def probit(rng: Generator) -> bool:
        x = _design(rng)
        y = (x @ [-0.3, EFFECT, 0.3] + rng.normal(size=120) > 0).astype(float)
        return _inside(generalized.fit_probit(y, x), EFFECT, 1)

    def compared(rng: Generator, how: str) -> bool:
        y, x = _drawn(rng, 0.0)
        full = generalized.fit_logistic(y, x)
        if how == "wald":
            return bool(generalized.wald_test(full, [[0.0, 1, 0]]).p <= ALPHA)
        reduced = generalized.fit_logistic(y, x[:, [0, 2]])
        if how == "score":
            return bool(generalized.score_test(reduced, x[:, [1]]).p <= ALPHA)
        return bool(generalized.likelihood_ratio_test(full, reduced).p <= ALPHA)

    def exact(rng: Generator) -> bool:
        arm = np.tile([0.0, 1.0], 15)
        y = (rng.random(30) < expit(-0.5 + EFFECT * arm)).astype(float)
        found = generalized.exact_logistic(y, np.column_stack([np.ones(30), arm]), [1])
        return _inside(found, EFFECT)

    return [
        ("generalized.fit_probit", scenario, LEVEL, SOME, probit),
        (
            "generalized.fit_log_binomial",
            "n 120, shares 0.5 and 0.3: interval",
            LEVEL,
            SOME,
            lambda r: shares(r, "log"),
        ),
        (
            "generalized.fit_identity_binomial",
            "n 120, shares 0.5 and 0.3: interval",
            LEVEL,
            SOME,
            lambda r: shares(r, "identity"),
        ),
        ("generalized.exact_logistic", "n 30, true 0.5: interval", LEVEL, FEW, exact),
        (
            "generalized.compute_ratios",
            scenario,
            LEVEL,
            SOME,
            lambda r: _inside(
                generalized.compute_ratios(generalized.fit_logistic(*_drawn(r, EFFECT))), float(np.exp(EFFECT)), 1
            ),
        ),
        (
            "generalized.with_robust_errors",
            scenario,
            LEVEL,
            SOME,
            lambda r: _inside(generalized.with_robust_errors(generalized.fit_logistic(*_drawn(r, EFFECT))), EFFECT, 1),
        ),
        ("generalized.wald_test", nothing, ALPHA, SOME, lambda r: compared(r, "wald")),
        ("generalized.score_test", nothing, ALPHA, SOME, lambda r: compared(r, "score")),
        ("generalized.likelihood_ratio_test", nothing, ALPHA, SOME, lambda r: compared(r, "ratio")),
    ]


def _counts() -> list[Case]:
    def clustered(rng: Generator) -> bool:
        cluster = np.repeat(np.arange(60), 3)
        arm = np.repeat(np.tile([0.0, 1.0], 30), 3)
        y = rng.poisson(np.exp(0.3 + EFFECT * arm) * rng.gamma(4, 0.25, 60)[cluster])
        fit = generalized.fit_poisson(y, np.column_stack([np.ones(180), arm]))
        return _inside(generalized.with_cluster_errors(fit, cluster), EFFECT, 1)

    return [("generalized.with_cluster_errors", "counts, 60 clusters of 3: interval", LEVEL, SOME, clustered)]


def _ordered() -> list[Case]:
    cuts = np.array([-1.0, 0.2, 1.2])

    def drawn(rng: Generator) -> tuple[np.ndarray, Floats]:
        x = _design(rng)[:, 1:]
        return np.searchsorted(cuts, x @ [-EFFECT, EFFECT] + rng.logistic(size=120)), x

    def fitted(rng: Generator) -> bool:
        fit = generalized.fit_proportional_odds(*drawn(rng))
        return _inside(fit, -EFFECT, fit.term.index("x0"))

    def partial(rng: Generator, freed: int, truth: float) -> bool:
        fit = generalized.fit_partial_proportional_odds(*drawn(rng), [freed])
        return _inside(fit, truth, fit.term.index(f"x{freed} at 1|2"))

    scenario = "4 categories, n 120: interval"
    return [
        ("generalized.fit_proportional_odds", scenario, LEVEL, FEW, fitted),
        (
            "generalized.fit_partial_proportional_odds",
            "4 categories, n 120, arm freed: interval",
            LEVEL,
            FEW,
            lambda r: partial(r, 0, -EFFECT),
        ),
        (
            "generalized.fit_partial_proportional_odds",
            "4 categories, n 120, continuous covariate freed: interval",
            LEVEL,
            FEW,
            lambda r: partial(r, 1, EFFECT),
        ),
        (
            "generalized.proportional_odds_test",
            "4 categories, n 120, odds proportional",
            ALPHA,
            FEW,
            lambda r: generalized.proportional_odds_test(*drawn(r)).p <= ALPHA,
        ),
    ]


def _standardized() -> list[Case]:
    grid = np.linspace(-6, 6, 2_001)
    share = np.exp(-(grid**2) / 2) / np.exp(-(grid**2) / 2).sum()
    p0, p1 = (float(share @ expit(-0.5 + effect + grid)) for effect in (0.0, EFFECT))

    def means(rng: Generator) -> generalized.StandardizedMeans:
        arm, x = rng.permutation(np.tile([0, 1], 60)), rng.normal(size=120)
        y = (rng.random(120) < expit(-0.5 + EFFECT * arm + x)).astype(float)
        return generalized.standardized_means(y, arm, x[:, None], outcome="binary")

    def prognostic(rng: Generator) -> bool:
        arm, score = rng.permutation(np.tile([0, 1], 30)), rng.normal(size=60)
        return _inside(generalized.procova(EFFECT * arm + score + rng.normal(size=60), arm, score), EFFECT)

    scenario = "n 120, logistic working model: interval"
    return [
        ("generalized.standardized_means", scenario, LEVEL, SOME, lambda r: _inside(means(r), p0)),
        (
            "generalized.standardized_ratio",
            scenario,
            LEVEL,
            SOME,
            lambda r: _inside(generalized.standardized_ratio(means(r)), p1 / p0),
        ),
        (
            "generalized.standardized_odds_ratio",
            scenario,
            LEVEL,
            SOME,
            lambda r: _inside(generalized.standardized_odds_ratio(means(r)), p1 / (1 - p1) * (1 - p0) / p0),
        ),
        ("generalized.procova", "n 60, score that explains half: interval", LEVEL, SOME, prognostic),
    ]
