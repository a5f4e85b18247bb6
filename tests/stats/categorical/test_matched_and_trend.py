"""McNemar, kappa and the trend test: statsmodels and enumeration as witnesses, invariances, limits."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as s
from scipy.special import comb
from statsmodels.stats.contingency_tables import mcnemar as their_mcnemar
from statsmodels.stats.inter_rater import cohens_kappa

from opencro.stats import StatsError
from opencro.stats import categorical as cat

PAIRS = s.lists(s.lists(s.integers(0, 30), min_size=2, max_size=2), min_size=2, max_size=2).map(np.array)
SQUARE = s.lists(s.lists(s.integers(1, 20), min_size=3, max_size=3), min_size=3, max_size=3).map(np.array)
GROUPS = s.lists(s.integers(1, 6).flatmap(lambda n: s.tuples(s.integers(0, n), s.just(n))), min_size=2, max_size=4)


@given(PAIRS)
@settings(max_examples=40, deadline=None)
def test_mcnemar_agrees_with_statsmodels(table: np.ndarray) -> None:
    if table[0, 1] + table[1, 0] == 0:
        assert cat.mcnemar(table).p_value == cat.mcnemar_exact(table).p_value == 1.0
        assert [n.code for n in cat.mcnemar(table).notes] == ["STA-524"]
        return
    for correct in (False, True):
        wanted = their_mcnemar(table, exact=False, correction=correct)
        if table[0, 1] != table[1, 0]:  # the correction may not turn no difference into one
            assert cat.mcnemar(table, correct=correct).p_value == pytest.approx(wanted.pvalue, rel=1e-9)
    assert cat.mcnemar_exact(table).p_value == pytest.approx(their_mcnemar(table, exact=True).pvalue, rel=1e-9)
    assert cat.mcnemar_exact(table, mid_p=True).p_value <= cat.mcnemar_exact(table).p_value
    assert cat.mcnemar(table.T).p_value == cat.mcnemar(table).p_value


@pytest.mark.parametrize(("ours", "theirs"), [("none", None), ("linear", "linear"), ("quadratic", "quadratic")])
@given(table=SQUARE)
@settings(max_examples=25, deadline=None)
def test_kappa_agrees_with_statsmodels(ours: Any, theirs: str | None, table: np.ndarray) -> None:
    found, wanted = cat.kappa(table, weights=ours), cohens_kappa(table, wt=theirs)
    assert found.estimate == pytest.approx(wanted.kappa, rel=1e-9, abs=1e-12)
    assert (found.se, found.se_null) == pytest.approx((wanted.std_kappa, wanted.std_kappa0), rel=1e-8)
    assert cat.kappa(table.T, weights=ours).se == pytest.approx(found.se, rel=1e-9)


def test_perfect_and_undefined_agreement() -> None:
    assert cat.kappa(np.diag([4, 5, 6])).estimate == pytest.approx(1)
    lost = cat.kappa([[7, 0], [0, 0]])
    assert np.isnan(lost.estimate)
    assert [n.code for n in lost.notes] == ["STA-524"]


def _enumerated(x: np.ndarray, n: np.ndarray, score: np.ndarray) -> float:
    seen, mean = (score * x).sum(), (score * n).sum() * x.sum() / n.sum()
    hit = total = 0.0
    for other in itertools.product(*(range(k + 1) for k in n)):
        if sum(other) == x.sum():
            chance = np.prod([comb(k, o) for k, o in zip(n, other, strict=True)])
            total += chance
            hit += chance if abs((score * other).sum() - mean) >= abs(seen - mean) - 1e-9 else 0.0
    return float(hit / total)


@given(GROUPS, s.booleans())
@settings(max_examples=30, deadline=None)
def test_the_exact_trend_test_counts_every_table(groups: list[tuple[int, int]], uneven: bool) -> None:
    x, n = np.array(groups).T
    score = np.array([0.0, 0.5, 2.25, 7.0][: len(x)]) if uneven else np.arange(1.0, len(x) + 1)
    found = cat.cochran_armitage_exact(x, n, scores=score)
    assert found.p_value == pytest.approx(_enumerated(x, n, score), rel=1e-9)
    shifted = cat.cochran_armitage_exact(x, n, scores=3 * score + 5)
    assert shifted.p_value == pytest.approx(found.p_value, rel=1e-9)
    less, greater = (cat.cochran_armitage_exact(x, n, scores=score, alternative=a).p_value for a in ("less", "greater"))
    assert less + greater >= 1 - 1e-9


@given(GROUPS)
@settings(max_examples=30, deadline=None)
def test_the_trend_test_is_the_correlation_statistic(groups: list[tuple[int, int]]) -> None:
    x, n = np.array(groups).T
    found = cat.cochran_armitage(x, n)
    if np.isnan(found.z):
        assert [m.code for m in found.notes] == ["STA-524"]
        return
    size = n.sum()
    general = cat.cochran_mantel_haenszel(np.stack([n - x, x], axis=1)[None])
    assert found.z**2 * (size - 1) / size == pytest.approx(general.chi_square[0], rel=1e-8, abs=1e-12)
    turned = cat.cochran_armitage(x[::-1], n[::-1])
    assert turned.z == pytest.approx(-found.z, rel=1e-9, abs=1e-12)
    one_sided = cat.cochran_armitage(x, n, alternative="greater" if found.z > 0 else "less").p_value
    assert one_sided == pytest.approx(found.p_value / 2, rel=1e-9)


def test_impossible_input_is_refused() -> None:
    with pytest.raises(StatsError, match="STA-521"):
        cat.mcnemar([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    with pytest.raises(StatsError, match="STA-521"):
        cat.kappa([[1, 2, 3], [4, 5, 6]])
    with pytest.raises(StatsError, match="STA-526"):
        cat.kappa([[1, 2], [3, 4]], weights="linear", variance="cohen")
    with pytest.raises(StatsError, match="STA-521"):
        cat.cochran_armitage([5, 1], [4, 4])
    with pytest.raises(StatsError, match="STA-522"):
        cat.cochran_armitage_exact([900] * 6, [9000] * 6, scores=[0.1, 1.7, 3.14, 9.9, 12.6, 17.1])
