"""Missing outcomes: each imputation and variance where its assumption holds, and what it does to a test."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.coverage.row import ALPHA, LEVEL, Floats, Row, covers, each, simulated
from opencro.stats import missing

N = 60
TRIALS = 600
POOLED = 2_000
IMPUTATIONS = 20
VISITS = ("1", "2", "3")
EFFECT = np.array([0.3, 0.6, 1.0])
STOP = 0.15
"""Chance to stop before the second and the third visit."""
COVARIANCE = np.ones((3, 3)) + 0.49 * np.eye(3)
WHAT = "drug - placebo"
ASSUMPTIONS = ("MAR", "JR", "CR", "CIR", "LMCF")


def measure() -> Iterator[Row]:
    """Rubin's rules and the jackknife under each assumption, a delta, retrieved dropouts, pooling alone."""
    rng = np.random.default_rng(20_240_113)
    for assumption in ASSUMPTIONS:
        for effect in (EFFECT, 0 * EFFECT):
            yield from _assumed(rng, assumption, effect)
    yield from _monotone(rng)
    yield from _retrieved(rng)
    yield from _tipping(rng)
    yield from _pooled(rng)


def _trial(rng: np.random.Generator, effect: Floats, *, back: float = 0.0) -> tuple[Floats, np.ndarray, np.ndarray]:
    """Outcomes (n, 3), arm, and the visit of stopping; the treated lose `back` of their effect after it."""
    drug = np.arange(N) % 2 == 0
    y = rng.normal(size=(N, 1)) + 0.7 * rng.normal(size=(N, 3)) + drug[:, None] * effect
    stop = np.where(rng.random(N) < STOP, 1, np.where(rng.random(N) < STOP, 2, 3))
    after = np.arange(3) >= stop[:, None]
    return y - after * drug[:, None] * effect * back, drug, stop


def _arranged(y: Floats, drug: np.ndarray, stop: np.ndarray, assumption: str) -> missing.IncompleteData:
    return missing.arrange_outcomes(
        y, np.where(drug, "drug", "placebo"), reference="placebo", visits=VISITS,
        ice_visit=[(*VISITS, None)[s] for s in stop], assumption=assumption,
    )  # fmt: skip


def _truth(assumption: str, effect: Floats) -> float:
    """The difference at the last visit when the assumption holds for all who stop."""
    first, second = STOP, (1 - STOP) * STOP
    kept = 0.0
    for chance, start in ((first, 1), (second, 2)):
        mean = missing.assume_mean(assumption, effect, np.zeros(3), start=start)
        slope = np.linalg.solve(COVARIANCE[:start, :start], COVARIANCE[:start, -1])
        kept += chance * float(mean[-1] + slope @ (effect[:start] - mean[:start]))
    return float((1 - first - second) * effect[-1] + kept)


def _assumed(rng: np.random.Generator, assumption: str, effect: Floats) -> Iterator[Row]:
    """The values after stopping are removed; the truth is that of the assumption."""
    truth = _truth(assumption, effect)
    hits = np.zeros((2, TRIALS), np.bool_)
    for t in range(TRIALS):
        y, drug, stop = _trial(rng, effect)
        y[np.arange(3) >= stop[:, None]] = np.nan
        data = _arranged(y, drug, stop, assumption)
        draws = missing.draw_parameters(data, IMPUTATIONS, seed=t, burn_in=50, thinning=5)
        for place, imputed in enumerate((
            missing.impute_random(data, draws, seed=t),
            missing.impute_conditional_mean(data, missing.jackknife_parameters(data)),
        )):  # fmt: skip
            row = missing.analyse_ancova(imputed).row("3", WHAT)
            hits[place, t] = covers(row["lower"], row["upper"], truth) if effect.any() else row["p_value"] <= ALPHA
    what = f"true {truth:.3f}: interval" if effect.any() else "no effect: test"
    for name, row in zip(("Rubin's variance", "jackknife"), hits, strict=True):
        nominal = LEVEL if effect.any() else ALPHA
        yield simulated(f"missing.analyse_ancova, {assumption}, {name}", f"n {N}, 28 % stop, {what}", nominal, row)


def _monotone(rng: np.random.Generator) -> Iterator[Row]:
    def hit(t: int) -> bool:
        y, drug, stop = _trial(rng, EFFECT)
        y[np.arange(3) >= stop[:, None]] = np.nan
        data = _arranged(y, drug, stop, "MAR")
        row = missing.analyse_ancova(missing.impute_monotone(data, IMPUTATIONS, seed=t)).row("3", WHAT)
        return bool(covers(row["lower"], row["upper"], EFFECT[-1]))

    scenario = f"n {N}, 28 % stop, true 1.000: interval"
    yield simulated(
        "missing.analyse_ancova, monotone regressions, Rubin's variance", scenario, LEVEL, each(range(TRIALS), hit)
    )


def _retrieved(rng: np.random.Generator) -> Iterator[Row]:
    """Half of those who stop stay in the study; their effect is gone."""
    truth = _truth("JR", EFFECT)

    def hit(t: int) -> bool:
        y, drug, stop = _trial(rng, EFFECT, back=1.0)
        stopped = stop < 3
        place = np.where(drug, np.cumsum(stopped & drug), np.cumsum(stopped & ~drug))
        lost = place % 2 == 0
        y[(np.arange(3) >= stop[:, None]) & lost[:, None]] = np.nan
        data = missing.with_off_treatment_shift(_arranged(y, drug, stop, "MAR"))
        draws = missing.draw_parameters(data, IMPUTATIONS, seed=t, burn_in=50, thinning=5)
        row = missing.analyse_ancova(missing.impute_random(data, draws, seed=t)).row("3", WHAT)
        return bool(covers(row["lower"], row["upper"], truth))

    scenario = f"n {N}, half of those who stop return, effect lost after: interval"
    yield simulated(
        "missing.analyse_ancova, retrieved dropout, Rubin's variance", scenario, LEVEL, each(range(TRIALS), hit)
    )


def _tipping(rng: np.random.Generator) -> Iterator[Row]:
    """Gaps of the treated are worse than MAR by a delta, and the analysis says so."""
    delta = -0.5
    truth = float(EFFECT[-1] + delta * (STOP + (1 - STOP) * STOP))

    def hit(t: int) -> bool:
        y, drug, stop = _trial(rng, EFFECT)
        y[np.arange(3) >= stop[:, None]] = np.nan
        data = _arranged(y, drug, stop, "MAR")
        imputed = missing.impute_conditional_mean(data, missing.jackknife_parameters(data))
        grid = missing.tipping_grid(imputed, {"drug": [delta]}, visit="3", what=WHAT)
        return bool(covers(grid.lower, grid.upper, truth).all())

    yield simulated(
        "missing.tipping_grid", f"n {N}, delta {delta}, jackknife: interval", LEVEL, each(range(TRIALS), hit)
    )


def _pooled(rng: np.random.Generator) -> Iterator[Row]:
    """A mean of 30 normal values of which 9 are imputed from their posterior."""
    n, gone = 30, 9
    seen = rng.normal(size=(POOLED, n - gone))
    mean, sd, df = seen.mean(axis=1), seen.std(axis=1, ddof=1), n - gone - 1

    def hit(t: int) -> bool:
        sigma = sd[t] * np.sqrt(df / rng.chisquare(df, (IMPUTATIONS, 1)))
        centre = mean[t] + sigma / np.sqrt(n - gone) * rng.normal(size=(IMPUTATIONS, 1))
        made = centre + sigma * rng.normal(size=(IMPUTATIONS, gone))
        full = np.hstack([np.tile(seen[t], (IMPUTATIONS, 1)), made])
        found = missing.pool_rubin(full.mean(axis=1), full.var(axis=1, ddof=1) / n, df_complete=n - 1)
        return bool(covers(found.lower, found.upper, 0.0).all())

    yield simulated(
        "missing.pool_rubin", f"mean of {n} values, {gone} imputed: interval", LEVEL, each(range(POOLED), hit)
    )
