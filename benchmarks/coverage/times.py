"""Further methods for times: parametric models, competing risks, times known between visits, recurrent events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from benchmarks.coverage.row import ALPHA, LEVEL, Case, Floats, Row, cases, covers
from opencro.stats import recurrent, survival

Generator = np.random.Generator
SOME, FEW = 2_000, 500
RATIO = 0.7
EFFECT = float(np.log(RATIO))
N = 120
ARM = np.tile([0, 1], N // 2)
CUT_OFF = 2.0


class Made(NamedTuple):
    """Times, events, causes (0 censored, 1, 2), a covariate."""

    time: Floats
    event: np.ndarray
    cause: np.ndarray
    x: Floats


def measure() -> Iterator[Row]:
    """One table of cases for each kind of method."""
    rng = np.random.default_rng(20_240_115)
    for table in (_curves(), _models(), _competing(), _visits(), _recurrent()):
        yield from cases(rng, table)


def _made(rng: Generator, effect: float = EFFECT) -> Made:
    x = rng.normal(size=N)
    death = rng.exponential(size=N) / np.exp(effect * ARM)
    other = rng.exponential(size=N) / 0.5
    time = np.minimum(np.minimum(death, other), CUT_OFF)
    cause = np.where(time == CUT_OFF, 0, np.where(death <= other, 1, 2))
    return Made(time, cause == 1, cause, x)


def _inside(found: Any, truth: float, place: int = 0) -> bool:
    return bool(np.ravel(covers(found.lower, found.upper, truth))[place])


def _cox(rng: Generator, effect: float = EFFECT) -> survival.CoxFit:
    m = _made(rng, effect)
    return survival.fit_cox(m.time, m.event, np.column_stack([ARM, m.x]))


def _curves() -> list[Case]:
    def landmark(rng: Generator) -> bool:
        m = _made(rng)
        return _inside(survival.compare_kaplan_meier_at(m.time, m.event, ARM, [1.0]), abs(np.exp(-RATIO) - np.exp(-1)))

    def at(rng: Generator) -> bool:
        m = _made(rng, 0.0)
        return _inside(survival.kaplan_meier_at(survival.kaplan_meier(m.time, m.event), [1.0]), float(np.exp(-1)))

    def area(rng: Generator) -> bool:
        m = _made(rng, 0.0)
        return _inside(survival.rmst(m.time, m.event, tau=1.5), float(1 - np.exp(-1.5)))

    def rate(rng: Generator) -> bool:
        m = _made(rng, 0.0)
        return _inside(survival.piecewise_exponential(m.time, m.event, [0.5]), 1.0)

    return [
        ("survival.compare_kaplan_meier_at", "n 60 and 60, hazard ratio 0.7, at 1: interval", LEVEL, SOME, landmark),
        ("survival.kaplan_meier_at", "n 120, S 0.37: interval", LEVEL, SOME, at),
        ("survival.rmst", "n 120, up to 1.5: interval", LEVEL, SOME, area),
        ("survival.piecewise_exponential", "n 120, first piece: interval", LEVEL, SOME, rate),
    ]


def _models() -> list[Case]:
    scenario, nothing = "n 60 and 60, hazard ratio 0.7: interval", "n 60 and 60, no effect"

    def parametric(rng: Generator, name: str) -> bool:
        m = _made(rng)
        fit = getattr(survival, name)(m.time, np.where(m.event, m.time, np.inf), ARM[:, None])
        place = [i for i, term in enumerate(fit.term) if np.isfinite(fit.hazard_ratio[i])][-1]
        return _inside(fit, RATIO, place)

    def pieces(rng: Generator) -> bool:
        m = _made(rng)
        return _inside(survival.fit_piecewise_exponential(m.time, m.event, ARM[:, None], [0.5]), RATIO)

    return [
        ("survival.fit_cox", scenario, LEVEL, SOME, lambda r: _inside(_cox(r), RATIO)),
        (
            "survival.cox_contrast",
            scenario,
            LEVEL,
            SOME,
            lambda r: _inside(survival.cox_contrast(_cox(r), [[1.0, 0.0]]), RATIO),
        ),
        (
            "survival.cox_tests",
            f"{nothing}, 2 terms, likelihood ratio",
            ALPHA,
            SOME,
            lambda r: survival.cox_tests(_cox(r, 0.0)).p[0] <= ALPHA,
        ),
        ("survival.cox_baseline_hazard", "n 120, survival at 1: interval", LEVEL, FEW, _baseline),
        (
            "survival.proportional_hazards_test",
            "n 60 and 60, hazards proportional",
            ALPHA,
            SOME,
            lambda r: survival.proportional_hazards_test(_cox(r)).p[0] <= ALPHA,
        ),
        ("survival.fit_exponential", scenario, LEVEL, SOME, lambda r: parametric(r, "fit_exponential")),
        ("survival.fit_weibull", scenario, LEVEL, SOME, lambda r: parametric(r, "fit_weibull")),
        ("survival.fit_piecewise_exponential", scenario, LEVEL, SOME, pieces),
    ]


def _baseline(rng: Generator) -> bool:
    found = survival.cox_baseline_hazard(_cox(rng, 0.0), [0.0, 0.0])
    place = int(np.searchsorted(found.time, 1.0, side="right")) - 1
    return _inside(found, float(np.exp(-1)), place)


def _competing() -> list[Case]:
    truth = (1 - np.exp(-1.5)) / 1.5

    def incidence(rng: Generator) -> survival.CumulativeIncidence:
        m = _made(rng, 0.0)
        return survival.cumulative_incidence(m.time, m.cause)

    def curve(rng: Generator) -> bool:
        found = incidence(rng)
        return _inside(found, truth, int(np.searchsorted(found.time, 1.0, side="right")) - 1)

    def gray(rng: Generator) -> bool:
        m = _made(rng, 0.0)
        return bool(survival.gray_test(m.time, m.cause, ARM).p <= ALPHA)

    def fine(rng: Generator) -> bool:
        m = _made(rng, 0.0)
        return _inside(survival.fit_fine_gray(m.time, m.cause, ARM[:, None]), 1.0)

    return [
        ("survival.cumulative_incidence", "n 120, two causes, at 1: interval", LEVEL, SOME, curve),
        (
            "survival.cumulative_incidence_at",
            "n 120, two causes, at 1: interval",
            LEVEL,
            SOME,
            lambda r: _inside(survival.cumulative_incidence_at(incidence(r), [1.0]), truth),
        ),
        ("survival.gray_test", "n 60 and 60, two causes, no effect", ALPHA, SOME, gray),
        ("survival.fit_fine_gray", "n 60 and 60, two causes, no effect: interval", LEVEL, SOME, fine),
    ]


def _visits() -> list[Case]:
    def rejects(rng: Generator) -> bool:
        death = rng.exponential(size=N)
        visit = np.cumsum(rng.uniform(0.2, 0.6, (N, 6)), axis=1)
        seen = np.hstack([np.zeros((N, 1)), visit, np.full((N, 1), np.inf)])
        place = (seen <= death[:, None]).sum(axis=1)
        rows = np.arange(N)
        return bool(survival.interval_log_rank(seen[rows, place - 1], seen[rows, place], ARM).p <= ALPHA)

    return [("survival.interval_log_rank", "n 60 and 60, 6 visits, no effect", ALPHA, FEW, rejects)]


def _rows(rng: Generator, effect: float) -> tuple[Floats, Floats, Floats, np.ndarray]:
    """Start, stop, event, subject of persons with a common rate of 2 a year."""
    parts = []
    for subject in range(N):
        times, end = np.sort(rng.random(rng.poisson(2.0 * np.exp(effect * ARM[subject])))), rng.uniform(0.5, 1.0)
        stops = np.append(times[times < end], end)
        events = np.arange(stops.size) < stops.size - 1
        parts.append(np.column_stack([np.append(0.0, stops[:-1]), stops, events, np.full(stops.size, subject)]))
    start, stop, event, who = np.concatenate(parts).T
    return start, stop, event, who.astype(int)


def _recurrent() -> list[Case]:
    def curve(rng: Generator) -> bool:
        found = recurrent.mean_cumulative_function(*_rows(rng, 0.0))
        return _inside(found, 1.0, int(np.searchsorted(found.time, 0.5, side="right")) - 1)

    def compared(rng: Generator) -> bool:
        start, stop, event, who = _rows(rng, 0.0)
        return bool(np.ravel(recurrent.compare_mean_cumulative(start, stop, event, who, ARM[who]).p)[0] <= ALPHA)

    def ordered(rng: Generator) -> bool:
        start, stop, event, who = _rows(rng, EFFECT)
        fit = recurrent.fit_prentice_williams_peterson(start, stop, event, ARM[who][:, None], who, most=3)
        return bool(np.ravel(covers(fit.lower, fit.upper, RATIO))[0])

    return [
        ("recurrent.mean_cumulative_function", "n 120, 1 event expected: interval", LEVEL, FEW, curve),
        ("recurrent.compare_mean_cumulative", "n 60 and 60, no effect", ALPHA, FEW, compared),
        ("recurrent.fit_prentice_williams_peterson", "n 60 and 60, rate ratio 0.7: interval", LEVEL, FEW, ordered),
    ]
