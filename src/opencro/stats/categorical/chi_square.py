"""Pearson's and the likelihood-ratio chi-square of one table, singly and in batches."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import xlogy
from scipy.stats import chi2

from opencro.stats.categorical.table import ChiSquareTest, Floats, Tests, check_table
from opencro.stats.result import Note, StatsError


def pearson_chi_square_batch(tables: ArrayLike, *, correct: bool = False) -> Tests:
    """Pearson's chi-square for tables of shape (trials, rows, columns); see `pearson_chi_square`."""
    return _tests(check_table(tables, 3), lambda seen, expected: _pearson(seen, expected, correct))


def pearson_chi_square(table: ArrayLike, *, correct: bool = False) -> ChiSquareTest:
    """Pearson's chi-square test of independence.

    Args:
        table: counts, rows x columns. Rows and columns without persons are left out (note STA-523).
        correct: Yates' continuity correction, for 2 x 2 tables only.

    Returns:
        Chi-square, degrees of freedom and p-value; NaN with note STA-524 if fewer than two rows or columns remain. A
        note (STA-525) says when more than a fifth of the expected counts are below 5, as SAS warns.

    Raises:
        StatsError: STA-521 for what is no table of counts, STA-526 for a correction of a larger table.

    Formula: sum (O - E)²/E, E = row total x column total / N; Yates: max(|O - E| - 1/2, 0) instead of |O - E|.

    Source: Pearson, Philosophical Magazine 1900;50:157-175; Yates, Suppl. JRSS 1934;1:217-235.

    Example:
        >>> pearson_chi_square([[10, 20], [20, 10]]).p_value
        0.00982...
    """
    counts = check_table(table, 2)
    method = "Pearson, continuity corrected" if correct else "Pearson"
    return _single(method, counts, pearson_chi_square_batch(counts[None], correct=correct))


def likelihood_ratio_chi_square_batch(tables: ArrayLike) -> Tests:
    """Likelihood-ratio chi-square for tables of shape (trials, rows, columns); see `likelihood_ratio_chi_square`."""
    return _tests(check_table(tables, 3), _likelihood_ratio)


def likelihood_ratio_chi_square(table: ArrayLike) -> ChiSquareTest:
    """The likelihood-ratio chi-square test of independence (G²).

    Args:
        table: counts, rows x columns. Rows and columns without persons are left out (note STA-523).

    Returns:
        Chi-square, degrees of freedom and p-value, with the notes of `pearson_chi_square`.

    Raises:
        StatsError: STA-521 for what is no table of counts.

    Formula: 2 sum O log(O/E), empty cells adding 0.

    Source: Wilks, Annals of Mathematical Statistics 1935;6:190-196.

    Example:
        >>> likelihood_ratio_chi_square([[10, 20], [20, 10]]).df
        1
    """
    counts = check_table(table, 2)
    return _single("Likelihood ratio", counts, likelihood_ratio_chi_square_batch(counts[None]))


def _tests(tables: Floats, statistic: Callable[[Floats, Floats], Floats]) -> Tests:
    rows, columns = tables.sum(axis=2), tables.sum(axis=1)
    size = tables.sum(axis=(1, 2))
    expected = rows[:, :, None] * columns[:, None, :] / np.maximum(size, 1)[:, None, None]
    df = ((rows > 0).sum(axis=1) - 1) * ((columns > 0).sum(axis=1) - 1)
    df = np.maximum(df, 0).astype(np.float64)
    value = np.where(df > 0, statistic(tables, expected), np.nan)
    return Tests(value, df, np.where(df > 0, chi2.sf(value, np.maximum(df, 1)), np.nan))


def _pearson(seen: Floats, expected: Floats, correct: bool) -> Floats:
    gap = np.abs(seen - expected)
    if correct:
        if seen.shape[1:] != (2, 2):
            raise StatsError("STA-526", f"correct=True for {seen.shape[1:]}", "a 2 x 2 table", "Leave it out.")
        gap = np.maximum(gap - 0.5, 0.0)
    return np.asarray((gap**2 / np.where(expected > 0, expected, 1.0)).sum(axis=(1, 2)), dtype=np.float64)


def _likelihood_ratio(seen: Floats, expected: Floats) -> Floats:
    ratio = seen / np.where(expected > 0, expected, 1.0)
    return np.asarray(2 * xlogy(seen, np.where(seen > 0, ratio, 1.0)).sum(axis=(1, 2)), dtype=np.float64)


def _single(method: str, counts: Floats, tests: Tests) -> ChiSquareTest:
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    notes = []
    if (rows == 0).any() or (columns == 0).any():
        notes.append(Note("STA-523", f"{int((rows == 0).sum() + (columns == 0).sum())} empty rows or columns left out"))
    if not tests.df[0]:
        notes.append(Note("STA-524", "fewer than two rows or columns with persons: nothing to test"))
    else:
        expected = np.outer(rows[rows > 0], columns[columns > 0]) / counts.sum()
        share = float((expected < 5).mean())
        if share > 0.2:
            notes.append(
                Note("STA-525", f"{share:.0%} of the expected counts are below 5; fisher_exact() may be better")
            )
    values = float(tests.statistic[0]), int(tests.df[0]), float(tests.p_value[0])
    return ChiSquareTest(method, *values, tuple(notes))
