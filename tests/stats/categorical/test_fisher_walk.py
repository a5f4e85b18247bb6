"""Fisher's exact test of large counts: the walk against listing every table, direct enumeration and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as s
from scipy import stats

from opencro.stats import StatsError
from opencro.stats import categorical as cat
from opencro.stats.categorical.fisher import _margins
from opencro.stats.categorical.fisher_core import sum_less_probable_tables
from opencro.stats.categorical.fisher_walk import predict_walk, walk_tables

COUNTS = s.tuples(s.integers(2, 4), s.integers(2, 3)).flatmap(
    lambda shape: s.lists(
        s.lists(s.integers(0, 6), min_size=shape[1], max_size=shape[1]), min_size=shape[0], max_size=shape[0]
    )
)
RARE = [[92, 7721, 520], [69, 7795, 469], [79, 7770, 484]]


def _walk(table: list[list[int]], outside: bool, limit: int = 10**8) -> float:
    rows, columns, observed, factorials = _margins(np.array(table, float))
    if len(columns) > len(rows):
        rows, columns = columns, rows
    return walk_tables(rows, columns, factorials, observed, outside, limit)


@given(COUNTS)
@settings(max_examples=150, deadline=None)
def test_walking_finds_what_listing_every_table_finds(table: list[list[int]]) -> None:
    rows, columns, observed, factorials = _margins(np.array(table, float))
    if min(len(rows), len(columns)) < 2:
        return
    wanted, _ = sum_less_probable_tables(rows, columns, factorials, observed, 10**8)
    assert _walk(table, outside=True) == pytest.approx(wanted, rel=1e-9)
    assert _walk(table, outside=False) == pytest.approx(wanted, abs=1e-9)


def _enumerated(table: list[list[int]], reach: int) -> float:
    """All 3 x 2 tables whose free cells are within `reach` of the observed."""
    a, b, c = np.array(table).sum(axis=1)
    total = int(np.array(table)[:, 0].sum())
    first = np.arange(max(0, table[0][0] - reach), table[0][0] + reach)[:, None]
    second = np.arange(max(0, table[1][0] - reach), table[1][0] + reach)[None, :]
    logs = stats.hypergeom.logpmf(first, a + b + c, a, total) + stats.hypergeom.logpmf(second, b + c, b, total - first)
    seen = logs[np.nonzero(first == table[0][0])[0][0], np.nonzero(second == table[1][0])[1][0]]
    return float(np.exp(logs[logs <= seen + 1e-7]).sum())


def test_25_000_participants_in_three_arms_agree_with_direct_enumeration() -> None:
    for table in ([[1698, 6635], [1642, 6691], [1705, 6628]], [[1698, 6635], [1542, 6791], [1705, 6628]]):
        found = cat.fisher_exact(table)
        assert found.p_value == pytest.approx(_enumerated(table, 500), rel=1e-7)
        assert cat.fisher_exact(np.transpose(table)).p_value == pytest.approx(found.p_value, rel=1e-9)
        assert found.tables == pytest.approx(_pairs(table), rel=1e-9)


def _pairs(table: list[list[int]]) -> int:
    """How many 3 x 2 tables have these margins: for each first cell the length of the second cell's range."""
    a, b, c = np.array(table).sum(axis=1)
    left = int(np.array(table)[:, 0].sum()) - np.arange(a + 1)
    return int(np.maximum(np.minimum(b, left) - np.maximum(0, left - c) + 1, 0).sum())


def test_25_000_participants_in_three_categories_agree_with_simulation() -> None:
    for table in (RARE, [[3750, 3690, 5060], [3773, 3833, 4894]], [[3128, 3122], [3197, 3053], [3165, 3085]]):
        exact, simulated = cat.fisher_exact(table), cat.fisher_exact_simulated(table, 3)
        assert abs(exact.p_value - simulated.p_value) < 4 * simulated.standard_error
        assert _walk(table, outside=True) == pytest.approx(_walk(table, outside=False), rel=1e-8)


def test_the_walk_says_how_far_it_would_be() -> None:
    rows, columns, observed, factorials = _margins(np.array(RARE, float))
    inside, deviance = predict_walk(rows, columns, factorials, observed)
    assert deviance == pytest.approx(stats.chi2_contingency(RARE).statistic, rel=0.02)
    assert math.isnan(_walk(RARE, outside=False, limit=int(inside / 2)))
    assert not math.isnan(_walk(RARE, outside=False, limit=int(inside * 2)))


def test_a_limit_stands_for_a_p_value_that_nobody_needs_exactly() -> None:
    found = cat.fisher_exact([[1400, 4200, 3000], [800, 4700, 2900], [1100, 5500, 1800]])
    assert found.probability < found.p_value < 1e-100
    assert [note.code for note in found.notes] == ["STA-527"]


def test_what_is_too_much_is_refused_and_simulation_answers_with_its_error() -> None:
    table = [[600, 610, 590, 580], [610, 620, 600, 560], [570, 640, 590, 600]]
    with pytest.raises(StatsError, match=r"STA-522.*fisher_exact_simulated"):
        cat.fisher_exact(table)
    found = cat.fisher_exact_simulated(table, 1, replicates=20_000)
    assert found.standard_error == pytest.approx(math.sqrt(found.p_value * (1 - found.p_value) / 20_000))
    assert found.p_value == pytest.approx(cat.pearson_chi_square(table).p_value, abs=5 * found.standard_error)
