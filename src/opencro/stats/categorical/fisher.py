"""Fisher's exact test: 2 x 2 (singly and in batches), larger tables in one of two exact ways, or by simulation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numba import njit
from numpy.typing import ArrayLike
from scipy.special import gammaln
from scipy.stats import chi2, random_table

from opencro.stats.categorical.fisher_core import count_vectors, sum_less_probable_tables
from opencro.stats.categorical.fisher_walk import Whole, predict_walk, walk_tables
from opencro.stats.categorical.table import Alternative, Floats, Tests, check_side, check_table
from opencro.stats.result import Note, Result, StatsError

WORK_LIMIT = 200_000_000
"""Half tables that are listed: seconds."""
FEW = 2_000_000
"""So many half tables are listed without asking whether walking is less work."""
WALK_LIMIT = 1_000_000_000
"""Tables that are walked over: seconds."""
BOUND = 1e-6
"""An upper limit of p that is below stands for p where p itself would take too long."""
SMALL = 1e-3
"""A p below is added up from its tables, a larger one is taken from 1."""
LEAST_LOG = -690.0
"""The log of what a float can still hold."""
_COUNTED = 2**50
_GUESSED = 20
_SIDES = {"two-sided": 0, "less": -1, "greater": 1}


@dataclass(frozen=True)
class FisherTest(Result):
    """Fisher's exact test: `probability` is that of the table itself given its margins.

    `tables` is the number of tables with these margins, 0 where they were not counted.
    """

    title: ClassVar[str] = "Fisher's exact test"
    p_value: float
    probability: float
    alternative: str
    tables: int
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class SimulatedFisherTest(Result):
    """Fisher's exact test by simulation: `standard_error` is that of p, which `replicates` random tables estimate."""

    title: ClassVar[str] = "Fisher's exact test, simulated"
    p_value: float
    standard_error: float
    probability: float
    replicates: int
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
        table is the only one and p is 1 (note STA-523). Where p would take too long and is surely below 1e-6, an
        upper limit of p stands for it (note STA-527): the table's probability times a bound for the number of tables.

    Raises:
        StatsError: STA-521 no table of counts, STA-526 a side for a larger table, STA-522 where p would take longer
            than some seconds; `fisher_exact_simulated` then estimates the same p-value and its standard error.

    Formula: P(table) = prod r! prod c! / (N! prod cells!). A larger table is cut between two columns: for each vector
    of row sums at the cut the halves are listed, one sorted, and each of the other finds its partners by bisection;
    up to 200,000,000 halves (N = 200 in 3 x 5 cells). Large counts in few cells are walked over instead: only tables
    more probable than the observed are visited, up to 1,000,000,000 (N = 25,000 in 2 x 2 to 2 x 5 cells, and in 3 x 3
    unless both categories and effect are large), with a relative error below 1e-7.

    Source: Fisher, JRSS 1935;98:39-54; larger tables: Freeman and Halton, Biometrika 1951;38:141-149; leaving out
    what lies beyond a longest path: Mehta and Patel, JASA 1983;78:427-434.

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
    if len(columns) > len(rows):
        rows, columns = columns, rows
    p, number = _exact(rows, columns, observed, factorials)
    notes = _empty(counts)
    if math.isnan(p):
        p = math.exp(min(_log_tables(rows, columns) + observed, 0.0))
        if p > BOUND:
            raise StatsError(
                "STA-522",
                f"too many tables with the margins {rows.tolist()} and {columns.tolist()}",
                f"{WORK_LIMIT} half tables or {WALK_LIMIT} tables more probable than the observed",
                "Use fisher_exact_simulated(), which gives p with its standard error, or pearson_chi_square().",
            )
        notes = (*notes, Note("STA-527", f"p is at most {p:.2g}, at least {math.exp(observed):.2g}"))
    return FisherTest(min(p, 1.0), math.exp(observed), "two-sided", number, notes)


def _exact(rows: Whole, columns: Whole, observed: float, factorials: Floats) -> tuple[float, int]:
    """The p-value and the number of tables, 0 where they are not counted; NaN where that is too much work."""
    halves = _count_halves(rows, columns)
    if halves <= FEW:
        return sum_less_probable_tables(rows, columns, factorials, observed, WORK_LIMIT)
    inside, deviance = predict_walk(rows, columns, factorials, observed)
    p, number = math.nan, 0
    for walks in sorted((True, False), reverse=inside <= halves):
        if not math.isnan(p):
            break
        if walks and inside <= WALK_LIMIT and observed > LEAST_LOG:
            small = chi2.sf(deviance, (len(rows) - 1) * (len(columns) - 1)) < SMALL
            p = walk_tables(rows, columns, factorials, observed, small, WALK_LIMIT)
            number = count_vectors(rows, int(columns[0]), _COUNTED) if len(columns) == 2 else 0
        elif not walks and halves <= _GUESSED * WORK_LIMIT:
            p, number = sum_less_probable_tables(rows, columns, factorials, observed, WORK_LIMIT)
    return p, number if number <= _COUNTED else 0


def _count_halves(rows: Whole, columns: Whole) -> float:
    """No fewer half tables than there are: as if each column went its own way within the rows."""
    short, long = (columns, rows) if len(rows) > len(columns) else (rows, columns)
    ways = [float(count_vectors(short, int(total), _COUNTED)) for total in long]
    cut = len(long) - len(long) // 2
    return math.prod(ways[:cut]) + math.prod(ways[cut:])


def _log_tables(rows: Whole, columns: Whole) -> float:
    """The log of a number that is no less than that of the tables with these margins."""
    return min(
        sum(math.log(count_vectors(others, int(c), _COUNTED)) for c in margin[:-1])
        for margin, others in ((columns, rows), (rows, columns))
    )


def fisher_exact_simulated(table: ArrayLike, seed: int, *, replicates: int = 100_000) -> SimulatedFisherTest:
    """Fisher's exact test from random tables with the observed margins.

    Args:
        table: counts, rows x columns.
        seed: of the random numbers.
        replicates: number of random tables.

    Returns:
        p = (1 + tables at most as probable) / (1 + replicates), which is itself a valid p-value, and its standard
        error sqrt(p(1-p)/replicates).

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
        return SimulatedFisherTest(1.0, 0.0, 1.0, replicates, _empty(counts))
    drawn = random_table(rows, columns).rvs(size=replicates, random_state=np.random.default_rng(seed))
    constant = factorials[rows].sum() + factorials[columns].sum() - factorials[rows.sum()]
    logs = constant - factorials[drawn.astype(np.int64)].sum(axis=(1, 2))
    p = (1 + int((logs <= observed + 1e-7).sum())) / (1 + replicates)
    error = math.sqrt(p * (1 - p) / replicates)
    return SimulatedFisherTest(p, error, math.exp(observed), replicates, _empty(counts))


def _empty(counts: Floats) -> tuple[Note, ...]:
    empty = int((counts.sum(axis=0) == 0).sum() + (counts.sum(axis=1) == 0).sum())
    return (Note("STA-523", f"{empty} empty rows or columns"),) if empty else ()


def _margins(counts: Floats) -> tuple[Whole, Whole, float, Floats]:
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
