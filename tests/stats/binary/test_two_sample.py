"""Closed-form intervals of two proportions, Mantel-Haenszel sums, intervals combined over strata."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as s
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.proportion import confint_proportions_2indep

from opencro.stats import StatsError, binary

DIFFERENCES = ("wald_difference", "newcombe", "agresti_caffo")
RATIOS = ("katz", "woolf")
ARM = s.integers(2, 40).flatmap(lambda n: s.tuples(s.integers(0, n), s.just(n)))
TABLE = s.tuples(ARM, ARM).map(lambda t: (*t[0], *t[1]))
INNER_ARM = s.integers(2, 40).flatmap(lambda n: s.tuples(s.integers(1, n - 1), s.just(n)))
INNER = s.tuples(INNER_ARM, INNER_ARM).map(lambda t: (*t[0], *t[1]))
Table = tuple[int, int, int, int]


def _method(name: str) -> Callable[..., Any]:
    return getattr(binary, name)


@pytest.mark.parametrize("name", DIFFERENCES)
@given(table=TABLE)
@settings(max_examples=30, deadline=None)
def test_swapping_arms_or_answers_turns_a_difference(name: str, table: Table) -> None:
    x1, n1, x2, n2 = table
    found = _method(name)(*table)
    for other in (_method(name)(x2, n2, x1, n1), _method(name)(n1 - x1, n1, n2 - x2, n2)):
        assert (other.lower, other.upper) == pytest.approx((-found.upper, -found.lower), abs=1e-12)
    wide = _method(name)(*table, alpha=0.01)
    assert wide.lower <= found.lower
    assert found.upper <= wide.upper


@pytest.mark.parametrize("name", RATIOS)
@given(table=INNER)
@settings(max_examples=30, deadline=None)
def test_swapping_arms_inverts_a_ratio(name: str, table: Table) -> None:
    x1, n1, x2, n2 = table
    found, other = _method(name)(*table), _method(name)(x2, n2, x1, n1)
    assert (found.lower, found.upper) == pytest.approx((1 / other.upper, 1 / other.lower), rel=1e-10)


@pytest.mark.parametrize(
    ("ours", "compare", "method"),
    [
        ("newcombe", "diff", "newcomb"),
        ("agresti_caffo", "diff", "agresti-caffo"),
        ("wald_difference", "diff", "wald"),
        ("katz", "ratio", "log"),
        ("woolf", "odds-ratio", "logit"),
    ],
)
@given(table=INNER)
@settings(max_examples=20, deadline=None)
def test_agrees_with_statsmodels(ours: str, compare: str, method: str, table: Table) -> None:
    x1, n1, x2, n2 = table
    wanted = confint_proportions_2indep(x1, n1, x2, n2, method=method, compare=compare)
    found = _method(ours)(*table)
    assert (found.lower, found.upper) == pytest.approx(wanted, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", DIFFERENCES + RATIOS)
def test_a_batch_is_many_single_calls(name: str) -> None:
    rows = np.array([(0, 10, 0, 20), (10, 10, 0, 20), (56, 70, 48, 80), (3, 9, 9, 9)])
    batch = getattr(binary, f"{name}_batch")(*rows.T)
    for i, row in enumerate(rows):
        single = _method(name)(*map(int, row))
        np.testing.assert_array_equal([batch.lower[i], batch.upper[i]], [single.lower, single.upper])


def test_newcombes_published_limits_with_correction() -> None:
    # Newcombe (1998), table II, method 11, contrasts a and e.
    assert binary.newcombe(56, 70, 48, 80, correct=True).lower == pytest.approx(0.0428, abs=6e-5)
    assert binary.newcombe(56, 70, 48, 80, correct=True).upper == pytest.approx(0.3422, abs=6e-5)


def test_zero_cells_are_named() -> None:
    assert [n.code for n in binary.katz(0, 10, 3, 10).notes] == ["STA-510"]
    assert [n.code for n in binary.woolf(10, 10, 3, 10).notes] == ["STA-510"]
    assert [n.code for n in binary.wald_difference(10, 10, 0, 10).notes] == ["STA-512"]
    assert np.isfinite(binary.woolf(10, 10, 3, 10, correct=True).upper)


STRATA = np.array([[16, 42, 9, 40], [10, 20, 4, 22], [15, 38, 11, 37], [24, 46, 15, 45], [7, 15, 3, 16]])


def _witness(rows: np.ndarray) -> StratifiedTable:
    return StratifiedTable([np.array([[a, n - a], [b, m - b]], dtype=float) for a, n, b, m in rows])


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@given(s.lists(INNER, min_size=2, max_size=5))
@settings(max_examples=25, deadline=None)
def test_mantel_haenszel_agrees_with_statsmodels(strata: list[Table]) -> None:
    rows = np.array(strata)
    witness = _witness(rows)
    odds = binary.mantel_haenszel_odds(*rows.T)
    assert odds.estimate == pytest.approx(witness.oddsratio_pooled, rel=1e-10)
    assert odds.se == pytest.approx(witness.logodds_pooled_se, rel=1e-10)
    assert binary.mantel_haenszel_ratio(*rows.T).estimate == pytest.approx(witness.riskratio_pooled, rel=1e-10)
    for tarone in (False, True):
        wanted = witness.test_equal_odds(adjust=tarone)
        if np.isnan(wanted.statistic):  # statsmodels divides by 0 where the common odds ratio is 1
            continue
        found = binary.breslow_day(*rows.T, tarone=tarone)
        assert (found.chi_square, found.p_value) == pytest.approx((wanted.statistic, wanted.pvalue), rel=1e-6, abs=1e-9)


@given(INNER)
@settings(max_examples=25, deadline=None)
def test_one_stratum_is_the_table_itself(table: Table) -> None:
    columns = [[v] for v in table]
    difference = binary.mantel_haenszel_difference(*columns, variance="greenland-robins")
    wald, ratio, katz = (
        binary.wald_difference(*table),
        binary.mantel_haenszel_ratio(*columns),
        binary.katz(*table),
    )
    assert (difference.lower, difference.upper) == pytest.approx((wald.lower, wald.upper), abs=1e-12)
    assert (ratio.lower, ratio.upper) == pytest.approx((katz.lower, katz.upper), rel=1e-10)
    odds, woolf = binary.mantel_haenszel_odds(*columns), binary.woolf(*table)
    assert (odds.lower, odds.upper) == pytest.approx((woolf.lower, woolf.upper), rel=1e-10)
    hybrid, plain = binary.stratified_newcombe(*columns), binary.newcombe(*table)
    assert (hybrid.lower, hybrid.upper) == pytest.approx((plain.lower, plain.upper), abs=1e-12)
    summary, score = binary.summary_score(*columns), binary.miettinen_nurminen(*table)
    assert summary.upper - summary.lower == pytest.approx(score.upper - score.lower, abs=1e-10)
    wilson = binary.stratified_wilson(columns[0], columns[1])
    alone = binary.wilson(*table[:2])
    assert (wilson.lower, wilson.upper) == pytest.approx((alone.lower, alone.upper), abs=1e-12)


def test_sato_and_greenland_robins_agree_in_large_strata() -> None:
    big = STRATA * 1000
    one = binary.mantel_haenszel_difference(*big.T)
    other = binary.mantel_haenszel_difference(*big.T, variance="greenland-robins")
    assert one.se == pytest.approx(other.se, rel=2e-2)
    swapped = binary.mantel_haenszel_difference(*STRATA[:, [2, 3, 0, 1]].T)
    kept = binary.mantel_haenszel_difference(*STRATA.T)
    assert (swapped.estimate, swapped.se) == pytest.approx((-kept.estimate, kept.se), rel=1e-12)


@pytest.mark.parametrize("name", ["mantel_haenszel_difference", "mantel_haenszel_ratio", "mantel_haenszel_odds"])
def test_a_stratified_batch_is_many_single_calls(name: str) -> None:
    trials = np.stack([STRATA, STRATA[::-1] * [[1, 2, 1, 2]]])
    batch = getattr(binary, f"{name}_batch")(*np.moveaxis(trials, 2, 0))
    for i in range(2):
        one = _method(name)(*trials[i].T)
        assert (batch.lower[i], batch.upper[i]) == pytest.approx((one.lower, one.upper), rel=1e-14)


def test_the_shortest_stratified_wilson_interval_beats_other_weights() -> None:
    x, n = STRATA[:, 0], STRATA[:, 1]
    best = binary.stratified_wilson(x, n)
    assert best.weights.sum() == pytest.approx(1)
    for shift in np.eye(5) * 0.02:
        other = binary.stratified_wilson(x, n, weights=best.weights + shift)
        assert other.upper - other.lower > best.upper - best.lower - 1e-4
    assert np.isfinite(binary.stratified_wilson([0, 0], [5, 9]).upper)
    assert [m.code for m in binary.stratified_wilson([1, 0], [5, 0]).notes] == ["STA-511"]


def test_impossible_input_is_refused() -> None:
    with pytest.raises(StatsError, match="STA-505"):
        binary.breslow_day([1], [4], [2], [5])
    with pytest.raises(StatsError, match="STA-502"):
        binary.mantel_haenszel_difference([1], [4], [2], [5], variance="none")  # type: ignore[arg-type]
    with pytest.raises(StatsError, match="STA-503"):
        binary.mantel_haenszel_odds(STRATA[None, :, 0].repeat(2, 0), 50, STRATA[:, 2], 50)
    with pytest.raises(StatsError, match="STA-503"):
        binary.stratified_wilson([1, 2], [4, 5], weights=[1.0])
    with pytest.raises(StatsError, match="STA-501"):
        binary.summary_score([1], [4], [0], [0])
