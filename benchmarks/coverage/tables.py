"""Further methods for tables, ranks, rates, pairs, bioequivalence and several hypotheses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.stats import norm

from benchmarks.coverage.row import ALPHA, LEVEL, Case, Floats, Row, cases, covers
from opencro.stats import binary, bioequivalence, categorical, multiplicity, rank, rates, wins

Generator = np.random.Generator
MANY, SOME, FEW = 5_000, 2_000, 500
N1, N2 = np.array([20, 30, 10]), np.array([20, 15, 15])
P2 = np.array([0.1, 0.3, 0.5])
LIMIT = 1.25


def measure() -> Iterator[Row]:
    """One table of cases for each family."""
    rng = np.random.default_rng(20_240_116)
    for table in (_proportions(), _categories(), _rates(), _pairs(), _equivalence(), _hypotheses()):
        yield from cases(rng, table)


def _inside(found: Any, truth: float, place: int = 0) -> bool:
    return bool(np.ravel(covers(found.lower, found.upper, truth))[place])


def _proportions() -> list[Case]:
    def score(rng: Generator) -> bool:
        return _inside(binary.summary_score(rng.binomial(N1, P2 + 0.15), N1, rng.binomial(N2, P2), N2), 0.15)

    def odds(rng: Generator) -> bool:
        o = 2 * P2 / (1 - P2)
        return _inside(categorical.exact_odds_ratio(rng.binomial(N1, o / (1 + o)), N1, rng.binomial(N2, P2), N2), 2.0)

    return [
        (
            "binary.stratified_wilson",
            "3 strata, 60 persons, p 0.3 in all",
            LEVEL,
            SOME,
            lambda r: _inside(binary.stratified_wilson(r.binomial(N1, 0.3), N1), 0.3),
        ),
        ("binary.summary_score", "3 strata, n 60 and 50, true 0.15", LEVEL, SOME, score),
        ("categorical.exact_odds_ratio", "3 strata, n 60 and 50, true 2.0", LEVEL, SOME, odds),
    ]


def _categories() -> list[Case]:
    def association(rng: Generator, place: int) -> bool:
        tables = rng.multinomial(20, [0.3, 0.4, 0.3], (3, 2))
        return bool(categorical.cochran_mantel_haenszel(tables).p_value[place] <= ALPHA)

    def agreed(rng: Generator, hypothesis: bool) -> bool:
        extra = 0.0 if hypothesis else 0.5
        chances = (1 - extra) * np.full((3, 3), 1 / 9) + extra * np.eye(3) / 3
        found = categorical.kappa(rng.multinomial(80, chances.ravel()).reshape(3, 3))
        return bool(found.p_value <= ALPHA) if hypothesis else _inside(found, 0.5)

    def fisher(rng: Generator) -> bool:
        table = rng.multinomial(20, [0.3, 0.4, 0.3], 2)
        return bool(categorical.fisher_exact_simulated(table, 1, replicates=2_000).p_value <= ALPHA)

    def pooled(rng: Generator) -> bool:
        strata = np.repeat([0, 1, 2], (4, 6, 10))
        x, y = rng.normal(size=20) + strata, rng.normal(size=20) + strata
        return bool(rank.stratified_rank_sum(x, y, strata, strata).p_value <= ALPHA)

    kinds = ("correlation", "row means", "general association")
    tests: list[Case] = [
        (
            f"categorical.cochran_mantel_haenszel, {kind}",
            "3 strata of 2 x 3, n 20 a row",
            ALPHA,
            SOME,
            lambda r, i=i: association(r, i),
        )  # type: ignore[misc]
        for i, kind in enumerate(kinds)
    ]
    return [
        *tests,
        ("categorical.kappa", "80 persons, 3 categories, true 0.5: interval", LEVEL, SOME, lambda r: agreed(r, False)),
        (
            "categorical.kappa, test",
            "80 persons, 3 categories, chance agreement",
            ALPHA,
            SOME,
            lambda r: agreed(r, True),
        ),
        ("categorical.fisher_exact_simulated", "2 x 3, n 20 and 20, no effect", ALPHA, FEW, fisher),
        ("rank.stratified_rank_sum", "normal, 3 strata of 8, 12 and 20", ALPHA, SOME, pooled),
    ]


def _rates() -> list[Case]:
    time = np.array([[60.0, 50.0], [30.0, 40.0]])
    base = np.array([0.1, 0.3])

    def common(rng: Generator, name: str) -> bool:
        first = base * 1.5 if name == "ratio" else base + 0.1
        events = np.column_stack([rng.poisson(first * time[:, 0]), rng.poisson(base * time[:, 1])])
        found = getattr(rates, f"rate_{name}_mantel_haenszel")(events, time)
        return _inside(found, 1.5 if name == "ratio" else 0.1)

    def standardized(rng: Generator) -> bool:
        events = rng.poisson(base * time[:, 0])
        return _inside(rates.fay_feuer(events, time[:, 0], [0.5, 0.5]), 0.2)

    def adjusted(rng: Generator) -> rates.ExposureAdjustedRates:
        group = np.repeat(["active", "placebo"], 60)
        years = rng.uniform(0.5, 1.0, group.size)
        events = rng.poisson(years * rng.gamma(1.25, 0.8, group.size) * np.where(group == "active", 1.0, 1.5))
        return rates.exposure_adjusted_rates(events, years, group)

    scenario = "60 and 60 persons of different rates"
    return [
        ("rates.rate_ratio_mantel_haenszel", "2 strata, true 1.5", LEVEL, SOME, lambda r: common(r, "ratio")),
        ("rates.rate_difference_mantel_haenszel", "2 strata, true 0.1", LEVEL, SOME, lambda r: common(r, "difference")),
        ("rates.fay_feuer", "2 strata, 15 events expected", LEVEL, SOME, standardized),
        ("rates.exposure_adjusted_rates", scenario, LEVEL, SOME, lambda r: _inside(adjusted(r), 1.0)),
        (
            "rates.exposure_adjusted_difference",
            scenario,
            LEVEL,
            SOME,
            lambda r: _inside(rates.exposure_adjusted_difference(adjusted(r), "active", "placebo"), -0.5),
        ),
    ]


def _pairs() -> list[Case]:
    truth = float(norm.cdf(0.5 / np.sqrt(2)))
    arm = np.tile([0, 1], 40)

    def credit(rng: Generator) -> bool:
        treated, control = rng.choice(list("ABC"), (2, 40), p=[0.3, 0.4, 0.3])
        return _inside(wins.door_partial_credit(list(treated), list(control), {"A": 100, "B": 60, "C": 0}), 0.0)

    def dong(rng: Generator) -> bool:
        return bool(
            wins.win_ratio_dong_2016([wins.Measurement(rng.normal(size=80))], arm, reference=0).p_value <= ALPHA
        )

    return [
        (
            "wins.door_probability",
            f"n 40 and 40, true {truth:.3f}: interval",
            LEVEL,
            SOME,
            lambda r: _inside(wins.door_probability(r.normal(0.5, 1, 40), r.normal(size=40)), truth),
        ),
        ("wins.door_partial_credit", "n 40 and 40, 3 ranks, no effect: interval", LEVEL, SOME, credit),
        ("wins.win_ratio_dong_2016", "n 40 and 40, a score, no effect", ALPHA, SOME, dong),
    ]


def _replicate(rng: Generator, cv: float, ratio: float) -> bioequivalence.Crossover:
    order, n = ("TRTR", "RTRT"), 24
    sd = float(np.sqrt(np.log(1 + cv**2)))
    subject, period = np.repeat(np.arange(n), 4), np.tile(np.arange(4), n)
    sequence = np.array(order)[subject % 2]
    given = np.array([word[p] for word, p in zip(sequence, period, strict=True)])
    log_y = rng.normal(size=n)[subject] + np.log(ratio) * (given == "T") + sd * rng.normal(size=subject.size)
    return bioequivalence.crossover(subject, period, sequence, given, np.exp(log_y))


def _equivalence() -> list[Case]:
    def parallel(rng: Generator) -> bool:
        test, reference = rng.lognormal(np.log(LIMIT), 0.25, 40), rng.lognormal(0, 0.25, 40)
        return bool(bioequivalence.average_bioequivalence_parallel(test, reference).equivalent)

    def made(rng: Generator) -> bool:
        return bool(bioequivalence.ratio_from_estimate(float(rng.normal(np.log(LIMIT), 0.05)), 0.05, 1e9).equivalent)

    def ratio(rng: Generator) -> bool:
        found = bioequivalence.within_subject_variability(_replicate(rng, 0.35, 1.0), alpha=ALPHA)
        return bool(found.ratio_lower <= 1 <= found.ratio_upper)

    at_limit = "TRTR and RTRT, n 24, CV 0.3, at the limit 1.25"
    scaled = ("expanding_limits_ema", "expanding_limits_gcc", "expanding_limits_health_canada", "reference_scaled_fda")
    return [
        (
            "bioequivalence.average_bioequivalence_mixed",
            at_limit,
            ALPHA,
            FEW,
            lambda r: bioequivalence.average_bioequivalence_mixed(_replicate(r, 0.3, LIMIT)).equivalent,
        ),
        ("bioequivalence.average_bioequivalence_parallel", "n 40 and 40, at the limit 1.25", ALPHA, SOME, parallel),
        ("bioequivalence.ratio_from_estimate", "normal estimate, at the limit 1.25", ALPHA, SOME, made),
        *(
            (
                f"bioequivalence.{name}",
                at_limit,
                ALPHA,
                FEW,
                lambda r, name=name: getattr(bioequivalence, name)(_replicate(r, 0.3, LIMIT)).equivalent,
            )
            for name in scaled
        ),
        (
            "bioequivalence.narrow_index_fda",
            "TRTR and RTRT, n 24, CV 0.1, at the limit 1.111",
            ALPHA,
            FEW,
            lambda r: bioequivalence.narrow_index_fda(_replicate(r, 0.1, 1 / 0.9)).equivalent,
        ),
        (
            "bioequivalence.within_subject_variability",
            "TRTR and RTRT, n 24, equal spread: interval of the ratio",
            1 - 2 * ALPHA,
            FEW,
            ratio,
        ),
    ]


def _dunnett(rng: Generator) -> Floats:
    n, treated = 10, 3
    df = (treated + 1) * (n - 1)
    means = rng.normal(size=treated + 1) / np.sqrt(n)
    result: Floats = (means[1:] - means[0]) / np.sqrt(rng.chisquare(df) / df * 2 / n)
    return result


def _hypotheses() -> list[Case]:
    df, correlation = 36, np.full((3, 3), 0.5) + 0.5 * np.eye(3)

    def p_values(rng: Generator) -> Floats:
        result: Floats = norm.sf(np.sqrt(0.5) * rng.normal() + np.sqrt(0.5) * rng.normal(size=3))
        return result

    def many(rng: Generator, name: str) -> bool:
        found = getattr(multiplicity, name)(_dunnett(rng), [10, 10, 10], 10, df)
        return bool(np.min(found.adjusted) <= ALPHA)

    def closed(rng: Generator) -> bool:
        p = p_values(rng)
        found = multiplicity.closed_test(p, lambda which: min(1.0, len(which) * min(p[i] for i in which)))
        return bool(np.min(found.adjusted) <= ALPHA)

    def graph(rng: Generator) -> bool:
        whole = multiplicity.holm_graph(3)
        groups = [multiplicity.GroupTest(whole.names, "simes")]
        return bool(np.min(multiplicity.graph_closure(whole, p_values(rng), groups=groups).adjusted) <= ALPHA)

    def max_t(rng: Generator) -> bool:
        t = _dunnett(rng)
        return bool(np.min(multiplicity.adjust_max_t(t, correlation, df).adjusted) <= ALPHA)

    scenario, shared = "3 arms and control, n 10 each, no effect", "3 hypotheses, correlation 0.5, all true"
    rest = ("adjust_benjamini_hochberg", "adjust_benjamini_yekutieli")
    return [
        ("multiplicity.adjust_dunnett", scenario, ALPHA, FEW, lambda r: many(r, "adjust_dunnett")),
        ("multiplicity.adjust_dunnett_step_down", scenario, ALPHA, FEW, lambda r: many(r, "adjust_dunnett_step_down")),
        ("multiplicity.adjust_max_t", scenario, ALPHA, FEW, max_t),
        ("multiplicity.closed_test", f"{shared}, Bonferroni", ALPHA, SOME, closed),
        ("multiplicity.graph_closure", f"{shared}, Simes", ALPHA, SOME, graph),
        ("multiplicity.simes", shared, ALPHA, MANY, lambda r: multiplicity.simes(p_values(r)).p_value <= ALPHA),
        *(
            (
                f"multiplicity.{name}",
                f"{shared}: any rejected",
                ALPHA,
                MANY,
                lambda r, name=name: np.min(getattr(multiplicity, name)(p_values(r)).adjusted) <= ALPHA,
            )
            for name in rest
        ),
    ]
