"""Dose-response: the family-wise error of contrasts, intervals of curves and target doses."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.coverage.row import LEVEL, Floats, Row, covers, each, simulated
from opencro.stats import dose_response as dr

TRIALS = 20_000
SINGLE = 500
DOSE = np.array([0.0, 5.0, 20.0, 60.0, 100.0])
N = 20
ALPHA = 0.025
TRUTH = {"e0": 0.3, "emax": 1.5, "ed50": 15.0}
SD = 0.4
WANTED = 0.6


def measure() -> Iterator[Row]:
    """Tests without an effect, then an Emax curve."""
    rng = np.random.default_rng(20_240_112)
    yield from _tests(rng)
    yield from _curves(rng)
    yield from _assays(rng)


def _tests(rng: np.random.Generator) -> Iterator[Row]:
    candidates = {
        "linear": dr.candidate(dr.LINEAR),
        "emax": dr.candidate(dr.EMAX, 20),
        "logistic": dr.candidate(dr.LOGISTIC, 40, 9),
    }
    n, df = np.full(DOSE.size, N), DOSE.size * (N - 1)
    mean = rng.normal(size=(TRIALS, DOSE.size)) / np.sqrt(N)
    sigma = np.sqrt(rng.chisquare(df, TRIALS) / df)
    batch = dr.multiple_contrast_test_batch(mean, sigma, DOSE, n, candidates, alpha=ALPHA)
    scenario = f"5 doses, {N} persons each, no effect"
    yield simulated("dose_response.multiple_contrast_test", f"{scenario}, 3 candidates", ALPHA, batch.signal)
    p = dr.trend_test_batch(mean, sigma, n, DOSE)
    yield simulated("dose_response.trend_test", scenario, ALPHA, p <= ALPHA)
    contrasts = {"top - 0": [-1, 0, 0, 0, 1], "all - 0": [-1, 0.25, 0.25, 0.25, 0.25]}

    def rejects(t: int) -> bool:
        means = dr.dose_means(DOSE, mean[t], sigma[t] ** 2 * np.eye(DOSE.size) / N, df=df)
        return bool(np.min(dr.contrast_tests(means, contrasts).adjusted_p) <= ALPHA)

    yield simulated("dose_response.contrast_tests", f"{scenario}, 2 contrasts", ALPHA, each(range(2_000), rejects))


def _curves(rng: np.random.Generator) -> Iterator[Row]:
    dose = np.repeat(DOSE, N)
    truth = dr.EMAX.mean(dose, *TRUTH.values())
    fits = [_fit(dose, truth + rng.normal(0, SD, dose.size)) for _ in range(SINGLE)]
    scenario = f"Emax curve, {dose.size} persons, ED50 {TRUTH['ed50']:g}"
    for place, (name, value) in enumerate(TRUTH.items()):
        limits = [_interval(f, place) for f in fits]
        hits = covers([a for a, _ in limits], [b for _, b in limits], value)
        yield simulated("dose_response.fit_dose_response", f"{scenario}: {name}", LEVEL, hits)
    wanted = TRUTH["ed50"] * WANTED / (TRUTH["emax"] - WANTED)
    found = [dr.target_dose(f, WANTED) for f in fits]
    hits = covers([float(np.ravel(f.lower)[0]) for f in found], [float(np.ravel(f.upper)[0]) for f in found], wanted)
    yield simulated("dose_response.target_dose", f"{scenario}: dose of effect {WANTED}", LEVEL, hits)
    half = TRUTH["emax"] * DOSE[-1] / (TRUTH["ed50"] + DOSE[-1]) / 2
    middle = TRUTH["ed50"] * half / (TRUTH["emax"] - half)
    found = [dr.effective_dose(f, 0.5) for f in fits]
    hits = covers([float(np.ravel(f.lower)[0]) for f in found], [float(np.ravel(f.upper)[0]) for f in found], middle)
    yield simulated("dose_response.effective_dose", f"{scenario}: half of the effect", LEVEL, hits)


def _fit(dose: Floats, y: Floats) -> dr.DoseFit:
    return dr.fit_dose_response(dr.compute_dose_means(dose, y), dr.EMAX)


def _interval(fit: dr.DoseFit, place: int) -> tuple[float, float]:
    columns = fit.columns()
    return float(columns["lower"][place]), float(columns["upper"][place])


def _assays(rng: np.random.Generator) -> Iterator[Row]:
    dose = np.repeat([0, 1, 2, 4, 8, 16.0], 4)
    truth = np.array([1.8, 0.4, 7.8, 3.1])
    line = dr.LOG_LOGISTIC_4.mean(dose, truth)
    fits = [dr.fit_assay_curve(dose, line + rng.normal(0, 0.3, dose.size), dr.LOG_LOGISTIC_4) for _ in range(200)]
    hits = covers([float(f.columns()["lower"][3]) for f in fits], [float(f.columns()["upper"][3]) for f in fits], 3.1)
    yield simulated("dose_response.fit_assay_curve", "log-logistic, 24 measures: middle dose", LEVEL, hits)
    found = [dr.assay_dose(f, 0.5) for f in fits]
    hits = covers([float(np.ravel(f.lower)[0]) for f in found], [float(np.ravel(f.upper)[0]) for f in found], 3.1)
    yield simulated("dose_response.assay_dose", "log-logistic, 24 measures: ED50", LEVEL, hits)
    given, total = np.array([1.0, 2.0, 4.0, 8.0, 16.0]), np.full(5, 40)
    share = dr.LOG_LOGISTIC_2.mean(given, np.array([1.8, 4.0]))
    fits = [dr.fit_assay_counts(given, rng.binomial(total, share), total, dr.LOG_LOGISTIC_2) for _ in range(200)]
    hits = covers([float(f.columns()["lower"][1]) for f in fits], [float(f.columns()["upper"][1]) for f in fits], 4.0)
    yield simulated("dose_response.fit_assay_counts", "log-logistic, 5 doses of 40: middle dose", LEVEL, hits)
