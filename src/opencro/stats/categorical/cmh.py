"""Cochran-Mantel-Haenszel tests: 2 x 2 tables with correction, and the three general statistics with scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from opencro.stats.categorical.table import ChiSquareTest, Floats, Tests, check_table
from opencro.stats.result import Note, Result, StatsError

Scores = Literal["table", "rank", "ridit", "modridit"]
STATISTICS = ("correlation", "row mean scores", "general association")


@dataclass(frozen=True)
class CmhTests(Result):
    """The three Cochran-Mantel-Haenszel statistics, one a row."""

    title: ClassVar[str] = "Cochran-Mantel-Haenszel tests"
    statistic: tuple[str, ...]
    chi_square: NDArray[np.float64]
    df: NDArray[np.int64]
    p_value: NDArray[np.float64]
    notes: tuple[Note, ...] = ()


def mantel_haenszel_test_batch(tables: ArrayLike, *, correct: bool = False) -> Tests:
    """Mantel-Haenszel tests for tables of shape (trials, strata, 2, 2); see `mantel_haenszel_test`."""
    counts = check_table(tables, 4)
    if counts.shape[2:] != (2, 2):
        raise StatsError("STA-521", f"shape {counts.shape}", "(trials, strata, 2, 2)", "Use cochran_mantel_haenszel().")
    rows, columns, size = counts.sum(axis=3), counts.sum(axis=2), counts.sum(axis=(2, 3))
    safe = np.maximum(size, 1)
    gap = (counts[..., 0, 0] - rows[..., 0] * columns[..., 0] / safe).sum(axis=1)
    spread = (rows.prod(axis=2) * columns.prod(axis=2) / (safe**2 * np.maximum(size - 1, 1))).sum(axis=1)
    gap = np.maximum(np.abs(gap) - 0.5, 0.0) if correct else np.abs(gap)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(spread > 0, gap**2 / spread, np.nan)
    return Tests(value, np.where(spread > 0, 1.0, 0.0), np.where(spread > 0, chi2.sf(value, 1), np.nan))


def mantel_haenszel_test(tables: ArrayLike, *, correct: bool = False) -> ChiSquareTest:
    """The Mantel-Haenszel test of no association in 2 x 2 tables over strata.

    Args:
        tables: counts of shape (strata, 2, 2).
        correct: with the continuity correction 1/2 (R's default; SAS never).

    Returns:
        Chi-square with one degree of freedom; NaN with note STA-524 where no stratum informs.

    Raises:
        StatsError: STA-521 for what is no such table.

    Formula: (|sum (a - E)| - c)² / sum V, V = r1 r2 c1 c2 / (N² (N-1)), c = 0 or 1/2.

    Source: Mantel and Haenszel, JNCI 1959;22:719-748.

    Example:
        >>> mantel_haenszel_test([[[8, 12], [4, 15]], [[5, 4], [3, 9]]]).df
        1
    """
    tests = mantel_haenszel_test_batch(check_table(tables, 3)[None], correct=correct)
    notes = () if tests.df[0] else (Note("STA-524", "no stratum has both rows and both columns: nothing to test"),)
    method = "Mantel-Haenszel, continuity corrected" if correct else "Mantel-Haenszel"
    return ChiSquareTest(method, float(tests.statistic[0]), int(tests.df[0]), float(tests.p_value[0]), notes)


def cochran_mantel_haenszel_batch(
    tables: ArrayLike,
    *,
    scores: Scores = "table",
    row_scores: ArrayLike | None = None,
    column_scores: ArrayLike | None = None,
) -> Tests:
    """The three statistics for tables of shape (trials, strata, rows, columns), as arrays of shape (trials, 3)."""
    counts = check_table(tables, 4)
    rows = _scores(counts.sum(axis=3), scores, row_scores)
    columns = _scores(counts.sum(axis=2), scores, column_scores)
    height, width = counts.shape[2:]
    # A row or column of each contrast is left out; the statistics don't depend on which.
    pairs = [
        (rows[:, :, None, :], columns[:, :, None, :]),
        (np.eye(height)[None, None, :-1], columns[:, :, None, :]),
        (np.eye(height)[None, None, :-1], np.eye(width)[None, None, :-1]),
    ]
    found = [_statistic(counts, *pair) for pair in pairs]
    values = np.stack([f[0] for f in found], axis=1)
    df = np.stack([f[1] for f in found], axis=1)
    return Tests(values, df, np.where(df > 0, chi2.sf(values, np.maximum(df, 1)), np.nan))


def cochran_mantel_haenszel(
    tables: ArrayLike,
    *,
    scores: Scores = "table",
    row_scores: ArrayLike | None = None,
    column_scores: ArrayLike | None = None,
) -> CmhTests:
    """The generalized Cochran-Mantel-Haenszel tests of association between rows and columns over strata.

    Args:
        tables: counts of shape (strata, rows, columns).
        scores: of rows and columns: "table" 1, 2, ... or those given; "rank" midranks in the stratum; "ridit" midranks
            divided by N; "modridit" by N + 1, which makes the row mean scores van Elteren's test.
        row_scores, column_scores: numbers for scores="table", e.g. doses.

    Returns:
        Correlation (both ordinal), row mean scores (columns ordinal), general association (both nominal). Strata with
        fewer than two persons are left out; the degrees of freedom are the rank of the covariance matrix, so empty
        rows and columns don't count (notes STA-523, STA-524).

    Raises:
        StatsError: STA-521 for what is no such table or scores that don't fit, STA-526 unknown scores.

    Formula: Q = G' V^-1 G, G = sum B (n - E), V = sum B Cov(n) B', Cov(n) hypergeometric, B the products of contrasts.

    Source: Landis, Heyman and Koch, International Statistical Review 1978;46:237-254; SAS/STAT User's Guide, FREQ.

    Example:
        >>> cochran_mantel_haenszel([[[8, 12], [4, 15], [5, 4]]]).df.tolist()
        [1, 2, 2]
    """
    counts = check_table(tables, 3)
    tests = cochran_mantel_haenszel_batch(
        counts[None], scores=scores, row_scores=row_scores, column_scores=column_scores
    )
    notes = _notes(counts, tests.df[0])
    return CmhTests(STATISTICS, tests.statistic[0], tests.df[0].astype(np.int64), tests.p_value[0], notes)


def _notes(counts: Floats, df: Floats) -> tuple[Note, ...]:
    notes = []
    small = int((counts.sum(axis=(1, 2)) < 2).sum())
    if small:
        notes.append(Note("STA-523", f"{small} strata with fewer than two persons are left out"))
    if df[2] < (counts.shape[1] - 1) * (counts.shape[2] - 1):
        notes.append(Note("STA-523", "rows or columns without information: fewer degrees of freedom"))
    if not df.all():
        notes.append(Note("STA-524", "a statistic without information is not computed"))
    return tuple(notes)


def _scores(margin: Floats, kind: Scores, given: ArrayLike | None) -> Floats:
    """Scores of shape (trials, strata, categories) from margins of that shape."""
    if kind == "table":
        values = np.arange(1.0, margin.shape[2] + 1) if given is None else np.asarray(given, dtype=np.float64)
        if values.shape != margin.shape[2:] or not np.isfinite(values).all():
            raise StatsError("STA-521", f"scores {values.tolist()}", f"{margin.shape[2]} numbers", "One a category.")
        return np.broadcast_to(values, margin.shape)
    if kind not in ("rank", "ridit", "modridit"):
        raise StatsError("STA-526", f"scores={kind!r}", '"table", "rank", "ridit" or "modridit"', "Name one of these.")
    ranks = margin.cumsum(axis=2) - (margin - 1) / 2
    size = margin.sum(axis=2, keepdims=True)
    divisor = {"rank": np.ones_like(size), "ridit": np.maximum(size, 1), "modridit": size + 1}[kind]
    return np.asarray(ranks / divisor, dtype=np.float64)


def _statistic(counts: Floats, left: Floats, right: Floats) -> tuple[Floats, Floats]:
    """Quadratic form and its degrees of freedom for contrasts `left` of the rows and `right` of the columns."""
    size = counts.sum(axis=(2, 3))
    counts = np.where((size > 1)[:, :, None, None], counts, 0.0)
    rows, columns = counts.sum(axis=3), counts.sum(axis=2)
    safe = np.where(size > 1, size, 2.0)
    gap = counts - rows[..., :, None] * columns[..., None, :] / safe[..., None, None]
    sums = np.einsum("...ir,...rc,...jc->...ij", left, gap, right).sum(axis=1)
    one = _spread(left, rows, safe)
    two = _spread(right, columns, safe) / (safe - 1)[..., None, None]
    spread = np.einsum("bkip,bkjq->bijpq", one, two)
    number = sums.shape[1] * sums.shape[2]
    spread = spread.reshape(len(counts), number, number)
    flat = sums.reshape(len(counts), number)
    df = np.linalg.matrix_rank(spread, hermitian=True).astype(np.float64)
    inverse = np.linalg.pinv(spread, hermitian=True, rtol=1e-11)
    value = np.einsum("bi,bij,bj->b", flat, inverse, flat)
    return np.where(df > 0, value, np.nan), df


def _spread(contrast: Floats, margin: Floats, size: Floats) -> Floats:
    """B [diag(m) - m m'/N] B' in every stratum."""
    weighted = np.einsum("...ir,...r,...jr->...ij", contrast, margin, contrast)
    means = np.einsum("...ir,...r->...i", contrast, margin)
    return np.asarray(weighted - means[..., :, None] * means[..., None, :] / size[..., None, None], dtype=np.float64)
