"""Score intervals: the constrained likelihood, duality of test and interval, symmetries, strata, limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as s
from scipy.optimize import minimize_scalar
from scipy.special import xlog1py, xlogy
from scipy.stats import chi2_contingency, norm

from opencro.stats import StatsError, binary
from opencro.stats.binary.score_core import difference_mle, odds_mle, ratio_mle

DIFFERENCES = ("miettinen_nurminen", "farrington_manning")
RATIOS = ("miettinen_nurminen_ratio", "koopman", "miettinen_nurminen_odds", "cornfield")
ARM = s.integers(1, 40).flatmap(lambda n: s.tuples(s.integers(0, n), s.just(n)))
TABLE = s.tuples(ARM, ARM).map(lambda t: (*t[0], *t[1]))
STRATA = s.lists(TABLE, min_size=1, max_size=5)
Table = tuple[int, int, int, int]


def _method(name: str) -> Callable[..., Any]:
    return getattr(binary, name)


def _likelihood(table: Table, p1: float, p2: float) -> float:
    x1, n1, x2, n2 = table
    return float(xlogy(x1, p1) + xlog1py(n1 - x1, -p1) + xlogy(x2, p2) + xlog1py(n2 - x2, -p2))


@given(TABLE, s.floats(-0.95, 0.95))
@settings(max_examples=100, deadline=None)
def test_rates_with_a_given_difference_are_the_most_likely(table: Table, d: float) -> None:
    p1, p2 = difference_mle(*map(float, table), d)
    assert p1 - p2 == pytest.approx(d, abs=1e-12)
    low, high = max(0.0, -d), min(1.0, 1 - d)
    best = minimize_scalar(lambda p: -_likelihood(table, p + d, p), bounds=(low, high), method="bounded")
    assert _likelihood(table, p1, p2) >= -best.fun - 1e-7


@given(TABLE, s.floats(0.02, 50))
@settings(max_examples=100, deadline=None)
def test_rates_with_a_given_ratio_are_the_most_likely(table: Table, r: float) -> None:
    p1, p2 = ratio_mle(*map(float, table), r / (1 + r))
    assert p1 == pytest.approx(r * p2, abs=1e-12)
    best = minimize_scalar(lambda p: -_likelihood(table, r * p, p), bounds=(0, min(1.0, 1 / r)), method="bounded")
    assert _likelihood(table, p1, p2) >= -best.fun - 1e-7


@given(TABLE, s.floats(0.02, 50))
@settings(max_examples=100, deadline=None)
def test_the_cell_with_a_given_odds_ratio_has_it(table: Table, odds: float) -> None:
    x1, n1, x2, n2 = table
    a, m = odds_mle(*map(float, table), odds / (1 + odds)), x1 + x2
    assert a * (n2 - m + a) == pytest.approx(odds * (n1 - a) * (m - a), abs=1e-7 * max(1.0, odds) * n1 * n2)


@pytest.mark.parametrize("name", DIFFERENCES + RATIOS)
@given(table=TABLE, alpha=s.floats(0.001, 0.4))
@settings(max_examples=40, deadline=None)
def test_the_test_at_a_limit_has_the_p_value_alpha(name: str, table: Table, alpha: float) -> None:
    found = _method(name)(*table, alpha=alpha)
    ends = (-1, 1) if name in DIFFERENCES else (0, np.inf)
    for limit, sign in ((found.lower, 1), (found.upper, -1)):
        if limit not in ends and abs(limit - found.estimate) > 1e-6:
            again = _method(name)(*table, alpha=alpha, null=limit)
            assert again.z == pytest.approx(sign * norm.isf(alpha / 2), rel=1e-5)
            assert again.p_value == pytest.approx(alpha, rel=1e-4)


@pytest.mark.parametrize("name", DIFFERENCES + RATIOS)
@given(table=TABLE)
@settings(max_examples=40, deadline=None)
def test_holds_the_estimate_and_widens_with_the_level(name: str, table: Table) -> None:
    narrow, wide = _method(name)(*table, alpha=0.2), _method(name)(*table, alpha=0.02)
    assert wide.lower <= narrow.lower * (1 + 1e-9) + 1e-12 or narrow.lower < 0
    assert narrow.upper <= wide.upper * (1 + 1e-9) + 1e-12 or narrow.upper < 0
    if not np.isnan(narrow.estimate):
        assert narrow.lower <= narrow.estimate <= narrow.upper


@pytest.mark.parametrize("name", DIFFERENCES)
@given(table=TABLE)
@settings(max_examples=30, deadline=None)
def test_swapping_arms_or_answers_turns_a_difference(name: str, table: Table) -> None:
    x1, n1, x2, n2 = table
    found = _method(name)(*table)
    for other in (_method(name)(x2, n2, x1, n1), _method(name)(n1 - x1, n1, n2 - x2, n2)):
        assert (other.lower, other.upper) == pytest.approx((-found.upper, -found.lower), abs=1e-8)
        assert other.p_value == pytest.approx(found.p_value, abs=1e-9)


@pytest.mark.parametrize("name", RATIOS)
@given(table=TABLE)
@settings(max_examples=30, deadline=None)
def test_swapping_arms_inverts_a_ratio(name: str, table: Table) -> None:
    x1, n1, x2, n2 = table
    found, other = _method(name)(*table), _method(name)(x2, n2, x1, n1)
    low, high = (1 / v if v else np.inf for v in (other.upper, other.lower))
    assert found.lower == pytest.approx(low, rel=1e-7, abs=1e-12)
    assert found.upper == pytest.approx(high, rel=1e-7)


@given(TABLE)
@settings(max_examples=40, deadline=None)
def test_without_effect_all_are_pearsons_chi_square(table: Table) -> None:
    x1, n1, x2, n2 = table
    if 0 < x1 + x2 < n1 + n2:
        pearson = chi2_contingency([[x1, n1 - x1], [x2, n2 - x2]], correction=False).statistic
        for name in ("farrington_manning", "koopman", "cornfield"):
            assert _method(name)(*table).z ** 2 == pytest.approx(pearson, rel=1e-8, abs=1e-12)
        size = n1 + n2
        for name in ("miettinen_nurminen", "miettinen_nurminen_ratio", "miettinen_nurminen_odds"):
            assert _method(name)(*table).z ** 2 == pytest.approx(pearson * (size - 1) / size, rel=1e-8, abs=1e-12)


@pytest.mark.parametrize("name", DIFFERENCES + RATIOS)
def test_a_batch_is_many_single_calls(name: str) -> None:
    rows = np.array([(0, 10, 0, 20), (10, 10, 0, 20), (56, 70, 48, 80), (3, 9, 9, 9), (0, 5, 3, 7)])
    batch = getattr(binary, f"{name}_batch")(*rows.T)
    for i, row in enumerate(rows):
        single = _method(name)(*map(int, row))
        np.testing.assert_array_equal([batch.lower[i], batch.upper[i]], [single.lower, single.upper])


@pytest.mark.parametrize("measure", ["", "_ratio", "_odds"])
@given(table=TABLE)
@settings(max_examples=20, deadline=None)
def test_one_stratum_is_no_stratum(measure: str, table: Table) -> None:
    plain = _method(f"miettinen_nurminen{measure}")(*table)
    columns = [[v] for v in table]
    for options in [{}] if measure == "_odds" else [{"weights": w} for w in ("mantel-haenszel", "iterated")]:
        found = _method(f"stratified_miettinen_nurminen{measure}")(*columns, **options)
        np.testing.assert_allclose([found.lower, found.upper], [plain.lower, plain.upper], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("weights", ["mantel-haenszel", "inverse-variance", "iterated"])
@given(strata=STRATA)
@example(strata=[(0, 7, 13, 13)])
@settings(max_examples=30, deadline=None)
def test_strata_have_no_order_and_empty_ones_add_nothing(weights: Any, strata: list[Table]) -> None:
    found = binary.stratified_miettinen_nurminen(*zip(*strata, strict=True), weights=weights)
    turned = [*reversed(strata), (0, 0, 3, 9), (0, 0, 0, 0)]
    again = binary.stratified_miettinen_nurminen(*zip(*turned, strict=True), weights=weights)
    assert (found.lower, found.upper) == pytest.approx((again.lower, again.upper), abs=1e-8)
    assert [n.code for n in again.notes] == ["STA-511"]
    assert found.lower <= found.estimate <= found.upper


@given(strata=STRATA)
@settings(max_examples=30, deadline=None)
def test_the_stratified_score_test_is_mantel_and_haenszels(strata: list[Table]) -> None:
    x1, n1, x2, n2 = (np.array(v, dtype=float) for v in zip(*strata, strict=True))
    m, size = x1 + x2, n1 + n2
    spread = (n1 * n2 * m * (size - m) / (size**2 * (size - 1))).sum()
    if spread > 0:
        wanted = (x1 - n1 * m / size).sum() / np.sqrt(spread)
        for measure in ("", "_ratio", "_odds"):
            found = _method(f"stratified_miettinen_nurminen{measure}")(x1, n1, x2, n2)
            assert found.z == pytest.approx(wanted, rel=1e-7, abs=1e-9), measure


def test_a_stratified_batch_is_many_single_calls() -> None:
    rng = np.random.default_rng(3)
    n1, n2 = rng.integers(5, 40, (6, 4)), rng.integers(5, 40, (6, 4))
    x1, x2 = rng.binomial(n1, 0.4), rng.binomial(n2, 0.3)
    for weights in ("mantel-haenszel", "inverse-variance", "iterated"):
        batch = binary.stratified_miettinen_nurminen_batch(x1, n1, x2, n2, weights=weights)
        for i in range(6):
            one = binary.stratified_miettinen_nurminen(x1[i], n1[i], x2[i], n2[i], weights=weights)
            assert (batch.lower[i], batch.upper[i]) == (one.lower, one.upper)


def test_iterated_weights_solve_miettinen_and_nurminens_equations() -> None:
    x1, n1, x2, n2 = np.array([[16, 42, 9, 40], [10, 20, 4, 22], [15, 38, 11, 37]], dtype=float).T
    found = binary.stratified_miettinen_nurminen(x1, n1, x2, n2, weights="iterated")
    d = found.estimate
    rates = np.array([difference_mle(*row, d) for row in zip(x1, n1, x2, n2, strict=True)])
    weights = n1 * n2 / (n1 + n2)
    for _ in range(100):
        r1, r2 = (weights @ rates) / weights.sum()
        weights = 1 / (r1 * (1 - r1) / (r2 * (1 - r2)) / n1 + 1 / n2)
    assert (weights * (x1 / n1 - x2 / n2 - d)).sum() / weights.sum() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("name", DIFFERENCES + RATIOS)
@pytest.mark.parametrize(
    "table", [(3, 10**6, 1, 2 * 10**6), (999_999, 10**6, 10**6, 10**6), (1, 2, 1, 10**7), (1, 1, 0, 1)]
)
def test_limits_solve_their_equation_at_any_size(name: str, table: Table) -> None:
    found = _method(name)(*table)
    assert found.lower < found.upper
    for limit, sign in ((found.lower, 1), (found.upper, -1)):
        if limit not in (0, 1, -1, np.inf):
            assert _method(name)(*table, null=limit).z == pytest.approx(sign * norm.isf(0.025), rel=1e-8)


@pytest.mark.parametrize("name", RATIOS)
def test_no_information_is_the_whole_range(name: str) -> None:
    found = _method(name)(0, 10, 0, 10)
    assert (found.lower, found.upper) == (0.0, np.inf)
    assert [n.code for n in found.notes] == ["STA-510"]


def test_a_non_inferiority_test_shifts_the_null() -> None:
    found = binary.farrington_manning(80, 100, 82, 100, null=-0.1, alternative="greater")
    lower = binary.farrington_manning(80, 100, 82, 100, alpha=2 * found.p_value).lower
    assert lower == pytest.approx(-0.1, abs=1e-9)


def test_impossible_input_is_refused() -> None:
    with pytest.raises(StatsError, match="STA-501"):
        binary.miettinen_nurminen(5, 4, 1, 4)
    with pytest.raises(StatsError, match="STA-502"):
        binary.miettinen_nurminen(1, 4, 1, 4, null=1.0)
    with pytest.raises(StatsError, match="STA-502"):
        binary.koopman(1, 4, 1, 4, null=0.0)
    with pytest.raises(StatsError, match="STA-502"):
        binary.stratified_miettinen_nurminen([1], [4], [1], [4], weights="other")  # type: ignore[arg-type]
    with pytest.raises(StatsError, match="STA-503"):
        binary.stratified_miettinen_nurminen(1, 4, 1, 4)
    with pytest.raises(StatsError, match="STA-501"):
        binary.stratified_miettinen_nurminen([1], [4], [0], [0])
