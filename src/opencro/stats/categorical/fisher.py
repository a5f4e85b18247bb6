"""Fisher's exact test: 2 x 2 (singly and in batches), larger tables by enumeration or by simulation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln
from scipy.stats import random_table

from opencro.stats.categorical.fisher_core import sum_less_probable_tables
from opencro.stats.categorical.table import Alternative, Floats, Tests, check_side, check_table
from opencro.stats.result import Note, Result, StatsError

WORK_LIMIT = 200_000_000
_SIDES = {"two-sided": 0, "less": -1, "greater": 1}


@dataclass(frozen=True)
class FisherTest(Result):
    """Fisher's exact test: `probability` is that of the table itself given its margins."""

    title: ClassVar[str] = "Fisher's exact test"
    p_value: float
    probability: float
    alternative: str
    tables: int
    notes: tuple[Note, ...] = ()


def fisher_exact_batch(tables: ArrayLike, *, alternative: Alternative = "two-sided") -> Tests:
    """Fisher's exact test for 2 x 2 tables of shape (trials, 2, 2); `statistic` holds the tables' probabilities."""
    check_side(alternative)
    counts = check_table(tables, 3)
    if counts.shape[1:] != (2, 2):
        raise StatsError("STA-521", f"shape {counts.shape}", "(trials, 2, 2)", "Larger tables go one by one.")
    factorials = gammaln(np.arange(int(counts.sum(axis=(1, 2)).max(initial=0)) + 2) + 1.0)
    chances, p = _two_by_two(np.ascontiguousarray(counts), factorials, _SIDES[alternative])
    return Tests(chances, np.full(len(counts), np.nan), p)


def fisher_exact(table: ArrayLike, *, alternative: Alternative = "two-sided") -> FisherTest:
    """Fisher's exact test of independence given the margins, for any number of rows and columns.

    Args:
        table: counts, rows x columns.
        alternative: side, for 2 x 2 tables; "greater" is an odds ratio above 1. Two-sided adds up all tables that
            are at most as probable as the observed one (as R and SAS do, with a relative fuzz of 1e-7).

    Returns:
        The p-value, the table's probability and the number of tables with these margins. With an empty margin the
        table is the only one and p is 1 (note STA-523).

    Raises:
        StatsError: STA-521 no table of counts, STA-526 a side for a larger table, STA-522 more than 200,000,000 half
            tables (N = 200 in 3 x 5 cells: seconds); `fisher_exact_simulated` then estimates the same p-value.

    Formula: P(table) = prod r! prod c! / (N! prod cells!). A larger table is cut between two columns: for each vector
    of row sums at the cut the halves are listed, one sorted, and each of the other finds its partners by bisection.

    Source: Fisher, JRSS 1935;98:39-54; larger tables: Freeman and Halton, Biometrika 1951;38:141-149.

    Example:
        >>> fisher_exact([[9, 1], [3, 7]]).p_value
        0.01976...
    """
    counts = check_table(table, 2)
    check_side(alternative)
    if counts.shape == (2, 2):
        tests = fisher_exact_batch(counts[None], alternative=alternative)
        low = max(0.0, counts[0].sum() - counts[:, 1].sum())
        number = int(min(counts[0].sum(), counts[:, 0].sum()) - low) + 1
        return FisherTest(float(tests.p_value[0]), float(tests.statistic[0]), alternative, number, _empty(counts))
    if alternative != "two-sided":
        raise StatsError("STA-526", f"alternative={alternative!r}", '"two-sided"', "A larger table has no side.")
    return _larger_table(counts)


def _larger_table(counts: Floats) -> FisherTest:
    rows, columns, observed, factorials = _margins(counts)
    if min(len(rows), len(columns)) < 2:
        return FisherTest(1.0, 1.0, "two-sided", 1, _empty(counts))
    p, number = sum_less_probable_tables(rows, columns, factorials, observed, WORK_LIMIT)
    if np.isnan(p):
        raise StatsError(
            "STA-522",
            f"more than {WORK_LIMIT} half tables with these margins",
            "fewer",
            "Use fisher_exact_simulated(), or pearson_chi_square() where the expected counts are 5 or more.",
        )
    return FisherTest(min(p, 1.0), float(np.exp(observed)), "two-sided", number, _empty(counts))


def fisher_exact_simulated(table: ArrayLike, seed: int, *, replicates: int = 100_000) -> FisherTest:
    """Fisher's exact test from random tables with the observed margins.

    Args:
        table: counts, rows x columns.
        seed: of the random numbers.
        replicates: number of random tables; the standard error of p is sqrt(p(1-p)/replicates).

    Returns:
        p = (1 + tables at most as probable) / (1 + replicates), which is itself a valid p-value.

    Raises:
        StatsError: STA-521 for what is no table of counts.

    Source: Patefield, Applied Statistics 1981;30:91-97 (random tables); Davison and Hinkley 1997, eq. 4.11 (p-value).

    Example:
        >>> fisher_exact_simulated([[9, 1], [3, 7]], 1).p_value < 0.03
        True
    """
    counts = check_table(table, 2)
    rows, columns, observed, factorials = _margins(counts)
    if min(len(rows), len(columns)) < 2:
        return FisherTest(1.0, 1.0, "two-sided", 1, _empty(counts))
    drawn = random_table(rows, columns).rvs(size=replicates, random_state=np.random.default_rng(seed))
    constant = factorials[rows].sum() + factorials[columns].sum() - factorials[rows.sum()]
    logs = constant - factorials[drawn.astype(np.int64)].sum(axis=(1, 2))
    p = (1 + int((logs <= observed + 1e-7).sum())) / (1 + replicates)
    return FisherTest(p, float(np.exp(observed)), "two-sided", replicates, _empty(counts))


def _empty(counts: Floats) -> tuple[Note, ...]:
    empty = int((counts.sum(axis=0) == 0).sum() + (counts.sum(axis=1) == 0).sum())
    return (Note("STA-523", f"{empty} empty rows or columns"),) if empty else ()


def _margins(counts: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64], float, Floats]:
    """Margins above 0, ascending, so that the longest row and column are those without freedom."""
    seen = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0].astype(np.int64)
    rows, columns = np.sort(seen.sum(axis=1)), np.sort(seen.sum(axis=0))
    factorials = gammaln(np.arange(int(seen.sum()) + 1) + 1.0)
    observed = factorials[rows].sum() + factorials[columns].sum() - factorials[seen.sum()] - factorials[seen].sum()
    return rows, columns, float(observed), factorials


@njit(cache=True)
def _two_by_two(tables: Floats, factorials: Floats, side: int) -> tuple[Floats, Floats]:
    chances, ps = np.empty(tables.shape[0]), np.empty(tables.shape[0])
    for t in range(tables.shape[0]):
        a, b, c, d = int(tables[t, 0, 0]), int(tables[t, 0, 1]), int(tables[t, 1, 0]), int(tables[t, 1, 1])
        row, column, size = a + b, a + c, a + b + c + d
        fixed = factorials[row] + factorials[c + d] + factorials[column] + factorials[b + d] - factorials[size]
        seen = fixed - factorials[a] - factorials[b] - factorials[c] - factorials[d]
        total = 0.0
        for k in range(max(0, row + column - size), min(row, column) + 1):
            log = (
                fixed
                - factorials[k]
                - factorials[row - k]
                - factorials[column - k]
                - factorials[size - row - column + k]
            )
            if (side == 0 and log <= seen + 1e-7) or (side > 0 and k >= a) or (side < 0 and k <= a):
                total += np.exp(log)
        chances[t], ps[t] = np.exp(seen), min(total, 1.0)
    return chances, ps
