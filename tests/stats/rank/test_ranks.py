"""Rank tests and shifts: scipy and enumeration as witnesses, invariance to monotone maps, ties, limits."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as s
from scipy import stats

from opencro.stats import StatsError, rank

TIED = s.lists(s.integers(0, 9), min_size=1, max_size=7).map(np.array)
SMOOTH = s.lists(s.integers(-5000, 5000), min_size=4, max_size=12, unique=True).map(lambda v: np.array(v, dtype=float))
SIDES = s.sampled_from(["two-sided", "less", "greater"])


@given(TIED, TIED, SIDES, s.booleans())
@settings(max_examples=60, deadline=None)
def test_rank_sum_agrees_with_scipy(x: np.ndarray, y: np.ndarray, side: Any, correct: bool) -> None:
    found = rank.rank_sum(x, y, alternative=side, correct=correct)
    if len(np.unique(np.concatenate([x, y]))) == 1:
        assert [n.code for n in found.notes] == ["STA-544"]
        return
    wanted = stats.mannwhitneyu(x, y, alternative=side, use_continuity=correct, method="asymptotic")
    assert found.u == wanted.statistic
    assert found.p_value == pytest.approx(wanted.pvalue, rel=1e-9)
    batch = rank.rank_sum_batch(x[None], y[None], alternative=side, correct=correct)
    assert batch.p_value[0] == found.p_value


@given(TIED, TIED, SIDES)
@settings(max_examples=40, deadline=None)
def test_the_exact_test_counts_every_split(x: np.ndarray, y: np.ndarray, side: Any) -> None:
    found = rank.rank_sum_exact(x, y, alternative=side)
    ranks = stats.rankdata(np.concatenate([x, y]))
    sums = np.array([ranks[list(i)].sum() for i in itertools.combinations(range(len(ranks)), len(x))])
    seen, mean = ranks[: len(x)].sum(), len(x) * (len(ranks) + 1) / 2
    keep = {
        "less": sums <= seen,
        "greater": sums >= seen,
        "two-sided": np.abs(sums - mean) >= abs(seen - mean) - 1e-9,
    }[side]
    assert found.p_value == pytest.approx(keep.mean(), rel=1e-9)


@given(TIED, TIED, SIDES)
@settings(max_examples=30, deadline=None)
def test_any_increasing_map_and_any_order_keep_a_rank_test(x: np.ndarray, y: np.ndarray, side: Any) -> None:
    for test in (rank.rank_sum, rank.rank_sum_exact):
        found = test(x, y, alternative=side)
        again = test(np.exp(x[::-1] / 3.0), np.exp(y / 3.0), alternative=side)
        assert again.p_value == pytest.approx(found.p_value, nan_ok=True)
        mirrored = {"two-sided": "two-sided", "less": "greater", "greater": "less"}[side]
        assert test(y, x, alternative=mirrored).p_value == pytest.approx(found.p_value, nan_ok=True)


@given(SMOOTH, SMOOTH)
@settings(max_examples=30, deadline=None)
def test_a_shift_is_inverted_tests(x: np.ndarray, y: np.ndarray) -> None:
    found = rank.hodges_lehmann_exact(x, y, alpha=0.2)
    assert found.lower <= found.estimate <= found.upper
    wide = rank.hodges_lehmann_exact(x, y, alpha=0.02)
    assert wide.lower <= found.lower
    assert found.upper <= wide.upper
    moved = rank.hodges_lehmann(x + 3, y)
    assert moved.estimate == pytest.approx(rank.hodges_lehmann(x, y).estimate + 3, abs=1e-9)
    differences = np.unique(np.subtract.outer(x, y))
    if np.isfinite(found.lower) and np.diff(differences).min(initial=1.0) > 1e-6:
        inside, outside = found.lower + 1e-9, found.lower - 1e-9
        assert rank.rank_sum_exact(x - inside, y).p_value > 0.2
        assert rank.rank_sum_exact(x - outside, y).p_value <= 0.2 + 1e-9


def test_small_samples_have_no_interval_at_a_high_level() -> None:
    for found in (rank.hodges_lehmann([1, 2], [3]), rank.hodges_lehmann_exact([1, 2], [3, 4]),
                  rank.hodges_lehmann_paired([1, 2]), rank.hodges_lehmann_paired_exact([1, 2])):  # fmt: skip
        assert (found.lower, found.upper) == (-np.inf, np.inf)
        assert [n.code for n in found.notes] == ["STA-546"]


@given(SMOOTH)
@settings(max_examples=30, deadline=None)
def test_a_centre_is_inverted_signed_rank_tests(x: np.ndarray) -> None:
    found = rank.hodges_lehmann_paired_exact(x, alpha=0.3)
    assert found.lower <= found.estimate <= found.upper
    averages = np.unique([(a + b) / 2 for a in x for b in x])
    if np.isfinite(found.lower) and np.diff(averages).min(initial=1.0) > 1e-6:
        assert rank.signed_rank_exact(x, null=found.lower + 1e-9).p_value > 0.3
        assert rank.signed_rank_exact(x, null=found.lower - 1e-9).p_value <= 0.3 + 1e-9


@given(s.lists(s.integers(-6, 6), min_size=1, max_size=10).map(np.array), SIDES, s.booleans())
@settings(max_examples=50, deadline=None)
def test_signed_rank_agrees_with_scipy(x: np.ndarray, side: Any, correct: bool) -> None:
    found = rank.signed_rank(x, alternative=side, correct=correct)
    codes = [n.code for n in found.notes]
    assert ("STA-547" in codes) == (0 in x)
    if not x.any():
        assert "STA-544" in codes
        return
    wanted = stats.wilcoxon(x, alternative=side, correction=correct, method="asymptotic", zero_method="wilcox")
    assert found.p_value == pytest.approx(wanted.pvalue, rel=1e-9)


@given(s.lists(s.integers(-6, 6).filter(bool), min_size=1, max_size=8).map(np.array), SIDES)
@settings(max_examples=30, deadline=None)
def test_the_exact_signed_rank_test_counts_every_sign(x: np.ndarray, side: Any) -> None:
    ranks = stats.rankdata(np.abs(x))
    sums = np.array([ranks[list(map(bool, signs))].sum() for signs in itertools.product([0, 1], repeat=len(x))])
    seen, mean = ranks[x > 0].sum(), ranks.sum() / 2
    keep = {
        "less": sums <= seen,
        "greater": sums >= seen,
        "two-sided": np.abs(sums - mean) >= abs(seen - mean) - 1e-9,
    }[side]
    assert rank.signed_rank_exact(x, alternative=side).p_value == pytest.approx(keep.mean(), rel=1e-9)


@given(s.lists(TIED, min_size=2, max_size=4))
@settings(max_examples=40, deadline=None)
def test_kruskal_wallis_agrees_with_scipy(groups: list[np.ndarray]) -> None:
    found = rank.kruskal_wallis(groups)
    if len(np.unique(np.concatenate(groups))) == 1:
        assert [n.code for n in found.notes] == ["STA-544"]
        return
    wanted = stats.kruskal(*groups)
    assert (found.chi_square, found.p_value) == pytest.approx((wanted.statistic, wanted.pvalue), rel=1e-8, abs=1e-10)
    if len(groups) == 2:
        assert rank.rank_sum(*groups, correct=False).z ** 2 == pytest.approx(found.chi_square, rel=1e-8, abs=1e-12)


@given(s.lists(s.lists(s.integers(0, 5), min_size=3, max_size=3), min_size=2, max_size=8).map(np.array))
@settings(max_examples=40, deadline=None)
def test_friedman_agrees_with_scipy(table: np.ndarray) -> None:
    found = rank.friedman(table)
    if (table == table[:, :1]).all():
        assert [n.code for n in found.notes] == ["STA-544"]
        return
    wanted = stats.friedmanchisquare(*table.T)
    assert (found.chi_square, found.p_value) == pytest.approx((wanted.statistic, wanted.pvalue), rel=1e-8, abs=1e-10)


@given(s.lists(TIED, min_size=2, max_size=4))
@settings(max_examples=40, deadline=None)
def test_jonckheere_turns_with_the_order_and_is_rank_sum_for_two(groups: list[np.ndarray]) -> None:
    found, turned = rank.jonckheere_terpstra(groups), rank.jonckheere_terpstra(groups[::-1])
    assert turned.z == pytest.approx(-found.z, abs=1e-9, nan_ok=True)
    if len(groups) == 2:
        wanted = rank.rank_sum(groups[1], groups[0], correct=False)
        assert found.j == wanted.u
        assert found.z == pytest.approx(wanted.z, rel=1e-9, abs=1e-12, nan_ok=True)


def test_jonckheeres_variance_is_that_of_all_permutations() -> None:
    groups = [[1, 2], [2, 3, 3], [3, 4]]
    values = [v for g in groups for v in g]
    found = rank.jonckheere_terpstra(groups)
    js = []
    for order in itertools.permutations(values):
        a, b, c = order[:2], order[2:5], order[5:]
        js.append(sum((p < q) + (p == q) / 2 for u, v in ((a, b), (a, c), (b, c)) for p in u for q in v))
    assert found.z == pytest.approx((found.j - np.mean(js)) / np.std(js), rel=1e-9)


def test_one_stratum_is_no_stratum_and_empty_ones_add_nothing() -> None:
    x, y = [1.0, 4.0, 2.5, 9.0], [3.0, 5.0, 7.0, 8.0, 11.0]
    plain = rank.rank_sum(x, y, correct=False)
    for test in (rank.van_elteren, rank.stratified_rank_sum):
        found = test(x, y, ["a"] * 4, ["a"] * 5)
        assert found.z == pytest.approx(plain.z, rel=1e-12)
        more = test([*x, 99.0], y, ["b"] * 4 + ["c"], ["b"] * 5)
        assert more.z == pytest.approx(plain.z, rel=1e-12)
        assert [n.code for n in more.notes] == ["STA-545"]
    lost = rank.van_elteren([1.0], [1.0], ["a"], ["a"])
    assert np.isnan(lost.z)
    assert [n.code for n in lost.notes] == ["STA-544"]


def test_batches_are_many_single_calls() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.integers(0, 8, (5, 9)), rng.integers(0, 9, (5, 7))
    batch = rank.rank_sum_batch(x, y)
    many = rank.kruskal_wallis_batch(np.hstack([x, y]), [9, 7])
    for i in range(5):
        assert batch.statistic[i] == rank.rank_sum(x[i], y[i]).z
        assert many.statistic[i] == rank.kruskal_wallis([x[i], y[i]]).chi_square


def test_impossible_input_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in ([], [1.0, float("nan")], [[1.0, 2.0]]):
        with pytest.raises(StatsError, match="STA-541"):
            rank.rank_sum(wrong, [1.0])
    with pytest.raises(StatsError, match="STA-543"):
        rank.rank_sum([1.0], [2.0], alternative="both")  # type: ignore[arg-type]
    with pytest.raises(StatsError, match="STA-543"):
        rank.hodges_lehmann([1.0], [2.0], alpha=0)
    with pytest.raises(StatsError, match="STA-541"):
        rank.van_elteren([1.0], [2.0], ["a", "b"], ["a"])
    with pytest.raises(StatsError, match="STA-542"):
        rank.rank_sum_exact(np.arange(500.0), np.arange(500.0))
    monkeypatch.setattr("opencro.stats.rank.shift.PAIRS_LIMIT", 10)
    with pytest.raises(StatsError, match="STA-542"):
        rank.hodges_lehmann(np.arange(5.0), np.arange(5.0))
