"""Agreement of two methods, accuracy of tests, areas under the curve."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy.stats import norm

from benchmarks.coverage.row import ALPHA, LEVEL, Floats, Row, covers, each, simulated
from opencro.stats import agreement

Fit = Callable[[Floats, Floats], agreement.MethodComparison]
TRIALS = 2_000
N = 60
Z = 1.96
ERROR = 4.0
SHIFT, SLOPE = 3.0, 1.04
SEPARATION = 1.0
PREVALENCE, SENSITIVITY, SPECIFICITY = 0.4, 0.85, 0.7


def measure() -> Iterator[Row]:
    """Limits, lines, correlations, areas, tables."""
    rng = np.random.default_rng(20_240_110)
    yield from _limits(rng)
    yield from _lines(rng)
    yield from _correlations(rng)
    yield from _areas(rng)
    yield from _tables(rng)


def _limits(rng: np.random.Generator) -> Iterator[Row]:
    x, y = rng.normal(0, 1, (TRIALS, 30)), rng.normal(1, 1, (TRIALS, 30))
    truths = {"bias": -1.0, "lower limit": -1 - Z * np.sqrt(2), "upper limit": -1 + Z * np.sqrt(2)}
    for limits in ("approximate", "exact"):
        found = [agreement.bland_altman(a, b, limits=limits) for a, b in zip(x, y, strict=True)]  # type: ignore[arg-type]
        for place, (term, truth) in enumerate(truths.items()):
            hits = covers([f.lower[place] for f in found], [f.upper[place] for f in found], float(truth))
            yield simulated(f"agreement.bland_altman, {limits}", f"30 pairs, {term}", LEVEL, hits)


def _lines(rng: np.random.Generator) -> Iterator[Row]:
    truth = rng.uniform(40, 160, (TRIALS, N))
    fits: dict[str, Fit] = {
        "fit_deming": agreement.fit_deming,
        "fit_deming, analytical": lambda x, y: agreement.fit_deming(x, y, interval="analytical"),
        "fit_passing_bablok": agreement.fit_passing_bablok,
    }
    for name, fit in fits.items():
        x, y = truth + rng.normal(0, ERROR, truth.shape), SHIFT + SLOPE * truth + rng.normal(0, ERROR, truth.shape)
        yield from _line(name, f"{N} pairs, errors of constant size", fit, x, y)
    x, y = (line * (1 + 0.05 * rng.normal(size=truth.shape)) for line in (truth, SHIFT + SLOPE * truth))
    yield from _line("fit_weighted_deming", f"{N} pairs, errors of 5 %", agreement.fit_weighted_deming, x, y)


def _line(
    name: str, scenario: str, fit: Callable[..., agreement.MethodComparison], x: Floats, y: Floats
) -> Iterator[Row]:
    found = [fit(a, b) for a, b in zip(x, y, strict=True)]
    for place, (term, truth) in enumerate({"intercept": SHIFT, "slope": SLOPE}.items()):
        hits = covers([f.lower[place] for f in found], [f.upper[place] for f in found], truth)
        yield simulated(f"agreement.{name}", f"{scenario}, {term}", LEVEL, hits)


def _correlations(rng: np.random.Generator) -> Iterator[Row]:
    x = rng.normal(size=(TRIALS, 40))
    y = 0.3 + 0.8 * x + 0.6 * rng.normal(size=x.shape)
    truth = 2 * 0.8 / (1 + 1 + 0.3**2)
    found = [agreement.concordance_correlation(a, b) for a, b in zip(x, y, strict=True)]
    hits = covers([f.lower for f in found], [f.upper for f in found], truth)
    yield simulated("agreement.concordance_correlation", f"40 pairs, true {truth:.3f}", LEVEL, hits)
    raters, persons = 4, 20
    ratings = (
        rng.normal(size=(TRIALS, persons, 1))
        + 0.5 * rng.normal(size=(TRIALS, 1, raters))
        + 0.8 * rng.normal(size=(TRIALS, persons, raters))
    )
    ratios = [agreement.intraclass_correlation(r) for r in ratings]
    for place, form, truth in ((1, "ICC(2,1)", 1 / 1.89), (2, "ICC(3,1)", 1 / 1.64)):
        hits = covers([f.lower[place] for f in ratios], [f.upper[place] for f in ratios], truth)
        scenario = f"{form}, {persons} persons, {raters} random raters"
        yield simulated("agreement.intraclass_correlation", scenario, LEVEL, hits)


def _areas(rng: np.random.Generator) -> Iterator[Row]:
    ill = np.repeat([1, 0], (30, 50))
    truth = float(norm.cdf(SEPARATION / np.sqrt(2)))
    shared = rng.normal(size=(TRIALS, ill.size)) + SEPARATION * ill
    for interval in ("wald", "logit"):
        found = [agreement.area_under_curve(s, ill, interval=interval) for s in shared]  # type: ignore[arg-type]
        hits = covers([f.lower for f in found], [f.upper for f in found], truth)
        yield simulated(f"agreement.area_under_curve, {interval}", f"30 ill, 50 well, true {truth:.3f}", LEVEL, hits)
    none = rng.normal(size=(TRIALS, ill.size))
    hits = each(range(TRIALS), lambda t: agreement.area_under_curve(none[t], ill).p_value <= ALPHA)
    yield simulated("agreement.area_under_curve, test", "30 ill, 50 well, area 0.5", ALPHA, hits)
    noise = [(shared - SEPARATION * ill + rng.normal(size=shared.shape)) / np.sqrt(2) for _ in range(2)]
    first, second = (SEPARATION * ill + part for part in noise)
    hits = each(range(TRIALS), lambda t: agreement.compare_areas_paired(first[t], second[t], ill).p_value <= ALPHA)
    yield simulated("agreement.compare_areas_paired", "30 ill, 50 well, equal areas, correlation 0.5", ALPHA, hits)
    other = none + SEPARATION * ill
    hits = each(range(TRIALS), lambda t: agreement.compare_areas(shared[t], ill, other[t], ill).p_value <= ALPHA)
    yield simulated("agreement.compare_areas", "30 ill, 50 well in each, equal areas", ALPHA, hits)


def _tables(rng: np.random.Generator) -> Iterator[Row]:
    chances = [PREVALENCE * SENSITIVITY, (1 - PREVALENCE) * (1 - SPECIFICITY)]
    chances += [PREVALENCE * (1 - SENSITIVITY), (1 - PREVALENCE) * SPECIFICITY]
    counts = [[int(n) for n in row] for row in rng.multinomial(150, chances, TRIALS)]
    found = [agreement.diagnostic_accuracy(*row) for row in counts]
    positive = SENSITIVITY / (1 - SPECIFICITY)
    truths = {"sensitivity": SENSITIVITY, "specificity": SPECIFICITY, "positive likelihood ratio": positive}
    truths["Youden's index"] = SENSITIVITY + SPECIFICITY - 1
    for measure_name, truth in truths.items():
        place = list(found[0].measure).index(measure_name)
        hits = covers([f.lower[place] for f in found], [f.upper[place] for f in found], truth)
        yield simulated("agreement.diagnostic_accuracy", f"150 persons, {measure_name}", LEVEL, hits)
    given = 0.1
    truth = given * SENSITIVITY / (given * SENSITIVITY + (1 - given) * (1 - SPECIFICITY))
    found = [agreement.predictive_values(*row, prevalence=given) for row in counts]
    hits = covers([f.lower[0] for f in found], [f.upper[0] for f in found], truth)
    yield simulated("agreement.predictive_values", f"150 persons, prevalence {given}, positive", LEVEL, hits)
