"""Bioequivalence in many trials of one design at once: every statistic is a linear map of ln y, found once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from opencro.stats.bioequivalence.crossover import Crossover, Floats
from opencro.stats.bioequivalence.scaled import (
    CANADA_CAP_CV,
    EMA_CAP_CV,
    EMA_K,
    FDA_SWITCH_SD,
    FDA_THETA,
    GCC_LIMITS,
    SWITCH_CV,
)
from opencro.stats.bioequivalence.variability import compute_cv, compute_log_sd
from opencro.stats.result import StatsError


@dataclass(frozen=True)
class BioequivalenceBatch:
    """Vectors (trials,): ratio with its 90 % interval, the reference's CV within subjects, verdicts.

    The CV is NaN where the reference was not repeated.     `average` within 80 to 125 %, `ema`, `canada` and `gcc`
    with expanding limits and a ratio within 80 to 125 %, `fda` reference-scaled (False where the reference was not
    repeated).
    """

    ratio: Floats
    lower: Floats
    upper: Floats
    cv_reference: Floats
    average: NDArray[np.bool_]
    ema: NDArray[np.bool_]
    canada: NDArray[np.bool_]
    gcc: NDArray[np.bool_]
    fda: NDArray[np.bool_]


def bioequivalence_batch(trial: Crossover, log_y: ArrayLike) -> BioequivalenceBatch:
    """Average bioequivalence with fixed, expanding and scaled limits for many complete trials of one design.

    `average_bioequivalence_anova`, `expanding_limits_ema` and its kin, `reference_scaled_fda`, trial by trial.

    `trial` gives the rows of the design (its own measures don't count), `log_y` (trials, rows) ln y in their order,
    without missing values. Raises StatsError STA-720 for another number of rows.

    >>> from opencro.stats.bioequivalence.crossover import crossover
    >>> plan = crossover([1, 1, 2, 2, 3, 3], [1, 2] * 3, ["TR"] * 2 + ["RT"] * 4, list("TRRTRT"), np.ones(6))
    >>> bioequivalence_batch(plan, [[0.1, 0.0, 0.0, 0.1, 0.0, 0.1]]).ratio.round(4)
    array([1.1052])
    """
    y = np.asarray(log_y, dtype=np.float64)
    if y.ndim != 2 or y.shape[1] != len(trial.test) or np.isnan(y).any():
        raise StatsError("STA-720", f"ln y {y.shape}", f"(trials, {len(trial.test)}) without NaN", "Give all rows.")
    difference, variance, df, unit = _within(trial, y)
    half = stats.t.isf(0.05, df) * unit * np.sqrt(variance)
    lower, upper, ratio = np.exp(difference - half), np.exp(difference + half), np.exp(difference)
    reference = ~trial.test
    _, var_r, df_r, _ = _within(trial.only(reference), y[:, reference])
    cv = compute_cv(np.sqrt(var_r)) if df_r > 0 else np.full(len(y), np.nan)
    point = (ratio >= 0.8) & (ratio <= 1.25)
    verdicts = [_within_limits(lower, upper, *limits) & point for limits in _limits(cv)]
    fda = _scaled(trial, y) if df_r > 0 else np.zeros(len(y), dtype=bool)
    return BioequivalenceBatch(
        ratio, lower, upper, cv, _within_limits(lower, upper, 0.8, 1.25), verdicts[0], verdicts[1], verdicts[2], fda
    )


def _within_limits(lower: Floats, upper: Floats, low: float | Floats, high: float | Floats) -> NDArray[np.bool_]:
    return np.asarray((lower >= low) & (upper <= high))


def _limits(cv: Floats) -> list[tuple[Floats, Floats]]:
    """EMA's, Health Canada's and the GCC's limits at these CVs."""
    wide = cv > SWITCH_CV
    found = []
    for cap in (EMA_CAP_CV, CANADA_CAP_CV):
        width = np.where(wide, EMA_K * compute_log_sd(np.minimum(np.nan_to_num(cv), cap)), math.log(1.25))
        found.append((np.exp(-width), np.exp(width)))
    found.append((np.where(wide, GCC_LIMITS[0], 0.8), np.where(wide, GCC_LIMITS[1], 1.25)))
    return found


def _subject_means(trial: Crossover) -> tuple[Floats, Floats]:
    """The matrix (rows, subjects) that takes means of the rows of each subject who is there, and its indicator."""
    here = np.flatnonzero(np.bincount(trial.subject, minlength=len(trial.subjects)))
    indicator = (trial.subject[:, None] == here).astype(np.float64)
    return indicator / indicator.sum(axis=0), indicator


def _within(trial: Crossover, y: Floats) -> tuple[Floats, Floats, int, float]:
    """Difference test - reference, residual variance (trials,), its df, the error of the difference per unit sd."""
    take, indicator = _subject_means(trial)
    periods = np.eye(len(trial.periods))[trial.period][:, 1:]
    x = np.column_stack([periods, trial.test])
    x = x - indicator @ (take.T @ x)
    off = y - (y @ take) @ indicator.T
    u, size, vt = np.linalg.svd(x, full_matrices=False)
    kept = size > 1e-9 * math.sqrt(len(x))
    u, inverse = u[:, kept], vt[kept].T / size[kept]
    along = off @ u
    df = len(x) - indicator.shape[1] - int(kept.sum())
    rss = np.einsum("tn,tn->t", off, off) - np.einsum("tk,tk->t", along, along)
    variance = rss / df if df > 0 else np.full(len(y), np.nan)
    return along @ inverse[-1], np.maximum(variance, 0.0), df, float(np.linalg.norm(inverse[-1]))


def _scaled(trial: Crossover, y: Floats) -> NDArray[np.bool_]:
    """FDA's verdict; `contrasts_by_sequence` for many trials."""
    count, rows = len(trial.subjects), np.arange(len(trial.test))
    middle, apart = np.zeros((len(rows), count)), np.zeros((len(rows), count))
    given = [np.bincount(trial.subject[r], minlength=count) for r in (trial.test, ~trial.test)]
    sign = np.where(trial.test, 1.0, -1.0)
    middle[rows, trial.subject] = sign / np.where(trial.test, given[0][trial.subject], given[1][trial.subject])
    for subject in np.flatnonzero(given[1] == 2):
        own = rows[(trial.subject == subject) & ~trial.test]
        apart[own[np.argsort(trial.period[own])], subject] = (1.0, -1.0)
    sequence = np.zeros(count, dtype=np.intp)
    sequence[trial.subject] = trial.sequence
    whole, twice = (given[0] > 0) & (given[1] > 0), given[1] == 2
    mean, variance, df, factor = _mean_of_sequences(y @ middle[:, whole], sequence[whole])
    _, spread, df_r, _ = _mean_of_sequences(y @ apart[:, twice], sequence[twice])
    se, s2 = np.sqrt(variance) * factor, spread / 2
    half = stats.t.isf(0.05, df) * se
    x, y2 = mean**2 - se**2, -FDA_THETA * s2
    bound = x + y2 + np.hypot((np.abs(mean) + half) ** 2 - x, y2 * df_r / stats.chi2.ppf(0.95, df_r) - y2)
    ratio, lower, upper = np.exp(mean), np.exp(mean - half), np.exp(mean + half)
    passed = (bound <= 0) & _within_limits(ratio, ratio, 0.8, 1.25)
    return np.where(np.sqrt(s2) >= FDA_SWITCH_SD, passed, _within_limits(lower, upper, 0.8, 1.25))


def _mean_of_sequences(values: Floats, sequence: NDArray[np.intp]) -> tuple[Floats, Floats, int, float]:
    """Mean over sequences of equal weight, variance within them (trials,), its df, and the error per unit deviation."""
    _, codes = np.unique(sequence, return_inverse=True)
    n = np.bincount(codes)
    indicator = np.eye(len(n))[codes]
    mean = values @ indicator / n
    off = values - mean @ indicator.T
    df = values.shape[1] - len(n)
    variance = np.einsum("ts,ts->t", off, off) / df if df > 0 else np.full(len(values), np.nan)
    return mean.mean(axis=1), variance, df, math.sqrt(float((1 / n).sum())) / len(n)
