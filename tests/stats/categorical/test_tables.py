"""Chi-square, Fisher, Cochran-Mantel-Haenszel: scipy and statsmodels as witnesses, invariances, degenerate tables."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as s
from scipy import stats
from statsmodels.stats.contingency_tables import StratifiedTable

from opencro.stats import StatsError
from opencro.stats import categorical as cat
from opencro.stats.rank import kruskal_wallis, rank_sum, van_elteren

TWO = s.lists(s.lists(s.integers(0, 25), min_size=2, max_size=2), min_size=2, max_size=2).map(np.array)
SMALL = s.lists(s.lists(s.integers(0, 4), min_size=3, max_size=3), min_size=2, max_size=3).map(np.array)
LARGE = s.lists(s.lists(s.integers(1, 30), min_size=4, max_size=4), min_size=3, max_size=3).map(np.array)
STRATA = s.lists(LARGE, min_size=1, max_size=3).map(np.array)


@given(LARGE)
@settings(max_examples=40, deadline=None)
def test_chi_squares_agree_with_scipy(table: np.ndarray) -> None:
    for ours, kind in ((cat.pearson_chi_square, "pearson"), (cat.likelihood_ratio_chi_square, "log-likelihood")):
        wanted = stats.chi2_contingency(table, correction=False, lambda_=kind)
        found = ours(table)
        assert (found.chi_square, found.p_value) == pytest.approx(
            (wanted.statistic, wanted.pvalue), rel=1e-9, abs=1e-12
        )
        assert found.df == wanted.dof


def test_yates_agrees_with_scipy_and_a_batch_is_many_calls() -> None:
    tables = np.array([[[10, 20], [20, 10]], [[3, 0], [1, 9]], [[5, 5], [5, 5]]])
    for correct in (False, True):
        batch = cat.pearson_chi_square_batch(tables, correct=correct)
        for i, t in enumerate(tables):
            wanted = stats.chi2_contingency(t, correction=correct)
            assert batch.statistic[i] == pytest.approx(wanted.statistic, rel=1e-12, abs=1e-14)
            assert cat.pearson_chi_square(t, correct=correct).p_value == batch.p_value[i]


def test_empty_rows_are_left_out_and_a_single_row_is_nothing() -> None:
    found = cat.pearson_chi_square([[10, 20, 5], [0, 0, 0], [20, 10, 4]])
    assert found.df == 2
    assert [n.code for n in found.notes] == ["STA-523", "STA-525"] or [n.code for n in found.notes] == ["STA-523"]
    lost = cat.pearson_chi_square([[10, 20], [0, 0]])
    assert np.isnan(lost.p_value)
    assert [n.code for n in lost.notes] == ["STA-523", "STA-524"]
    assert [n.code for n in cat.pearson_chi_square([[1, 2], [3, 1]]).notes] == ["STA-525"]


@given(TWO, s.sampled_from(["two-sided", "less", "greater"]))
@settings(max_examples=80, deadline=None)
def test_fisher_agrees_with_scipy(table: np.ndarray, side: Any) -> None:
    found = cat.fisher_exact(table, alternative=side)
    assert found.p_value == pytest.approx(stats.fisher_exact(table, alternative=side).pvalue, rel=1e-8)
    assert cat.fisher_exact_batch(table[None], alternative=side).p_value[0] == found.p_value


def _every_table(table: np.ndarray) -> float:
    """The p-value from the multivariate hypergeometric distribution, written down anew for small tables."""
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    if table.sum() == 0:
        return 1.0
    law = stats.random_table(rows, columns)
    observed, total = law.pmf(table), 0.0
    ranges = [range(min(r, c) + 1) for r in rows[:-1] for c in columns[:-1]]
    for cells in itertools.product(*ranges):
        inner = np.array(cells).reshape(len(rows) - 1, len(columns) - 1)
        full = np.zeros_like(table)
        full[:-1, :-1] = inner
        full[:-1, -1] = rows[:-1] - inner.sum(axis=1)
        full[-1] = columns - full[:-1].sum(axis=0)
        if (full >= 0).all():
            chance = law.pmf(full)
            total += chance if chance <= observed * (1 + 1e-7) else 0.0
    return float(total)


@given(SMALL)
@settings(max_examples=25, deadline=None)
def test_larger_fisher_tests_count_every_table(table: np.ndarray) -> None:
    found = cat.fisher_exact(table)
    assert found.p_value == pytest.approx(_every_table(table), rel=1e-8)
    turned = cat.fisher_exact(table[::-1].T)
    assert turned.p_value == pytest.approx(found.p_value, rel=1e-9)


@pytest.mark.parametrize(
    ("table", "wanted"),
    [
        # R 4.2.2 fisher.test(workspace = 2e9), the number of tables up to 3e9
        ([[14, 42, 30], [8, 47, 29], [11, 55, 18]], 0.135550933055051),
        ([[30, 10, 4, 5], [20, 17, 1, 6], [15, 22, 6, 3]], 0.0244052899280674),
        ([[5, 9, 3, 8], [7, 2, 9, 4], [6, 6, 6, 6], [1, 9, 9, 2]], 0.0310107154493479),
        ([[3, 4, 5, 6, 7, 8, 1, 2], [8, 7, 6, 5, 4, 3, 2, 1]], 0.468301780667814),
    ],
)
def test_large_fisher_tests_agree_with_r(table: list[list[int]], wanted: float) -> None:
    assert cat.fisher_exact(table).p_value == pytest.approx(wanted, rel=1e-10)
    assert cat.fisher_exact(np.transpose(table)[::-1]).p_value == pytest.approx(wanted, rel=1e-10)


def test_simulated_fisher_is_near_the_exact_one() -> None:
    table = [[3, 1, 4], [2, 7, 1], [5, 2, 6]]
    exact, found = cat.fisher_exact(table).p_value, cat.fisher_exact_simulated(table, 7, replicates=40_000).p_value
    assert found == pytest.approx(exact, abs=4 * np.sqrt(exact / 40_000))
    assert cat.fisher_exact_simulated([[3, 4], [0, 0]], 1).p_value == 1.0


@given(TWO, s.sampled_from(["two-sided", "less", "greater"]))
@settings(max_examples=40, deadline=None)
def test_the_conditional_odds_ratio_agrees_with_scipy(table: np.ndarray, side: Any) -> None:
    if min(table.sum(axis=0).min(), table.sum(axis=1).min()) == 0:
        return
    wanted = stats.contingency.odds_ratio(table)
    interval = wanted.confidence_interval(0.95, alternative=side)
    (a, b), (c, d) = table.tolist()
    found = cat.exact_odds_ratio(a, a + b, c, c + d, alternative=side)
    assert found.estimate == pytest.approx(wanted.statistic, rel=1e-5)
    assert (found.lower, found.upper) == pytest.approx((interval.low, interval.high), rel=1e-5)
    assert found.p_value == pytest.approx(stats.fisher_exact(table, alternative=side).pvalue, rel=1e-7)


def test_strata_convolve_and_limits_solve_their_equations() -> None:
    x1, n1, x2, n2 = [16, 10], [42, 20], [9, 4], [40, 22]
    found = cat.exact_odds_ratio(x1, n1, x2, n2)
    assert cat.exact_odds_ratio(x1, n1, x2, n2, null=found.lower, alternative="greater").p_value == pytest.approx(0.025)
    assert cat.exact_odds_ratio(x1, n1, x2, n2, null=found.upper, alternative="less").p_value == pytest.approx(0.025)
    narrow = cat.exact_odds_ratio(x1, n1, x2, n2, mid_p=True)
    assert found.lower < narrow.lower < found.estimate < narrow.upper < found.upper
    with_empty = cat.exact_odds_ratio([*x1, 0], [*n1, 5], [*x2, 0], [*n2, 9])
    assert with_empty.estimate == pytest.approx(found.estimate, rel=1e-9)
    assert [n.code for n in cat.exact_odds_ratio(0, 4, 0, 5).notes] == ["STA-524"]


@given(s.lists(TWO, min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_mantel_haenszel_agrees_with_statsmodels(tables: list[np.ndarray]) -> None:
    if not all(t.sum() > 1 for t in tables):
        return
    for correct in (False, True):
        found = cat.mantel_haenszel_test(tables, correct=correct)
        if found.df:
            wanted = StratifiedTable([t.astype(float) for t in tables]).test_null_odds(correction=correct)
            gap = abs(sum(t[0, 0] - t[0].sum() * t[:, 0].sum() / t.sum() for t in tables))
            if not correct or gap > 0.5:  # statsmodels' correction overshoots 0
                assert found.chi_square == pytest.approx(wanted.statistic, rel=1e-8, abs=1e-10)
    general = cat.cochran_mantel_haenszel(np.array(tables))
    plain = cat.mantel_haenszel_test(tables)
    np.testing.assert_allclose(general.chi_square, np.full(3, plain.chi_square), rtol=1e-8, atol=1e-12)


@given(LARGE)
@settings(max_examples=25, deadline=None)
def test_one_stratum_has_known_relatives(table: np.ndarray) -> None:
    found = cat.cochran_mantel_haenszel(table[None])
    size = table.sum()
    pearson = stats.chi2_contingency(table, correction=False)
    assert found.chi_square[2] == pytest.approx(pearson.statistic * (size - 1) / size, rel=1e-8, abs=1e-12)
    assert found.df.tolist() == [1, 2, 6]
    r, c = (np.repeat(i.ravel(), table.ravel()) for i in np.indices(table.shape))
    assert found.chi_square[0] == pytest.approx((size - 1) * np.corrcoef(r, c)[0, 1] ** 2, rel=1e-8, abs=1e-12)
    ranked = cat.cochran_mantel_haenszel(table[None], scores="rank")
    assert ranked.chi_square[1] == pytest.approx(
        kruskal_wallis([c[r == i] for i in range(3)]).chi_square, rel=1e-8, abs=1e-12
    )


@given(STRATA, s.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_names_and_order_of_nominal_levels_do_not_matter(tables: np.ndarray, seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = cat.cochran_mantel_haenszel(tables)
    mixed = tables[rng.permutation(len(tables))][:, rng.permutation(3)]
    assert cat.cochran_mantel_haenszel(mixed).chi_square[1] == pytest.approx(found.chi_square[1], rel=1e-7, abs=1e-12)
    mixed = mixed[:, :, rng.permutation(4)]
    assert cat.cochran_mantel_haenszel(mixed).chi_square[2] == pytest.approx(found.chi_square[2], rel=1e-7, abs=1e-12)
    scaled = cat.cochran_mantel_haenszel(tables, row_scores=[10, 20, 30], column_scores=[-1, 1, 3, 5])
    np.testing.assert_allclose(scaled.chi_square, found.chi_square, rtol=1e-7, atol=1e-12)
    batch = cat.cochran_mantel_haenszel_batch(np.stack([tables, tables * 2]))
    np.testing.assert_allclose(batch.statistic[0], found.chi_square, rtol=1e-9, atol=1e-12)


def test_modified_ridits_are_van_elterens_weights() -> None:
    tables = np.array([[[5, 3, 2], [2, 4, 6]], [[9, 1, 4], [3, 3, 3]]])
    sides = []
    for row in (0, 1):
        k, c = (np.repeat(i.ravel(), tables[:, row].ravel()) for i in np.indices(tables[:, row].shape))
        sides.append((c, k))
    wanted = van_elteren(sides[0][0], sides[1][0], sides[0][1], sides[1][1]).chi_square
    found = cat.cochran_mantel_haenszel(tables, scores="modridit")
    assert found.chi_square[1] == pytest.approx(wanted, rel=1e-10)
    alone = cat.cochran_mantel_haenszel(tables[:1], scores="ridit").chi_square[1]
    z = rank_sum(sides[0][0][sides[0][1] == 0], sides[1][0][sides[1][1] == 0], correct=False).z
    assert alone == pytest.approx(z**2, rel=1e-10)


def test_degenerate_strata_and_margins_lower_the_degrees_of_freedom() -> None:
    found = cat.cochran_mantel_haenszel([[[5, 3], [2, 4], [0, 0]], [[1, 0], [0, 0], [0, 0]]])
    assert found.df.tolist() == [1, 1, 1]
    assert [n.code for n in found.notes] == ["STA-523", "STA-523"]
    lost = cat.cochran_mantel_haenszel([[[5, 0], [4, 0]]])
    assert np.isnan(lost.chi_square).all()
    assert "STA-524" in [n.code for n in lost.notes]
    assert [n.code for n in cat.mantel_haenszel_test([[[5, 0], [4, 0]]]).notes] == ["STA-524"]


def test_impossible_input_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in ([1, 2, 3], [[1, 2]], [[1, -2], [3, 4]], [[1.5, 2], [3, 4]]):
        with pytest.raises(StatsError, match="STA-521"):
            cat.pearson_chi_square(wrong)
    with pytest.raises(StatsError, match="STA-526"):
        cat.pearson_chi_square([[1, 2, 3], [4, 5, 6]], correct=True)
    with pytest.raises(StatsError, match="STA-526"):
        cat.fisher_exact([[1, 2, 3], [4, 5, 6]], alternative="less")
    with pytest.raises(StatsError, match="STA-526"):
        cat.cochran_mantel_haenszel([[[5, 3], [2, 4]]], scores="log")  # type: ignore[arg-type]
    with pytest.raises(StatsError, match="STA-521"):
        cat.cochran_mantel_haenszel([[[5, 3], [2, 4]]], row_scores=[1, 2, 3])
    monkeypatch.setattr("opencro.stats.categorical.fisher.WORK_LIMIT", 20)
    with pytest.raises(StatsError, match=r"STA-522.*fisher_exact_simulated"):
        cat.fisher_exact([[3, 1, 4], [2, 7, 1], [5, 2, 6]])
    with pytest.raises(StatsError, match="STA-522"):
        cat.exact_odds_ratio(15_000, 50_000, 15_000, 50_000)
    with pytest.raises(StatsError, match="STA-521"):
        cat.exact_odds_ratio(5, 4, 1, 4)
