"""Intervals for one proportion: symmetry, nesting, exact coverage, scipy as witness, the limits 0 and n."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as s
from scipy.stats import binom, binomtest

from opencro.stats import StatsError, binary

METHODS = ("wald", "wilson", "agresti_coull", "clopper_pearson", "jeffreys", "mid_p", "blaker")
COUNTS = s.integers(1, 60).flatmap(lambda n: s.tuples(s.integers(0, n), s.just(n)))


def _method(name: str) -> Callable[..., Any]:
    return getattr(binary, name)


@pytest.mark.parametrize("name", METHODS)
@given(counts=COUNTS, alpha=s.floats(0.001, 0.5))
@settings(max_examples=25, deadline=None)
def test_swapping_events_and_non_events_mirrors_the_interval(name: str, counts: tuple[int, int], alpha: float) -> None:
    x, n = counts
    one, other = _method(name)(x, n, alpha=alpha), _method(name)(n - x, n, alpha=alpha)
    assert (one.lower, one.upper) == pytest.approx((1 - other.upper, 1 - other.lower), abs=1e-10)


@pytest.mark.parametrize("name", METHODS)
@given(counts=COUNTS, alpha=s.floats(0.001, 0.5))
@settings(max_examples=25, deadline=None)
def test_holds_the_estimate_and_widens_with_the_level(name: str, counts: tuple[int, int], alpha: float) -> None:
    x, n = counts
    narrow, wide = _method(name)(x, n, alpha=alpha), _method(name)(x, n, alpha=alpha / 2)
    # Agresti-Coull's limits outside [0, 1] have no order.
    assert max(wide.lower, 0) <= max(narrow.lower, 0) + 1e-12
    assert min(narrow.upper, 1) <= min(wide.upper, 1) + 1e-12
    assert narrow.lower - 1e-12 <= narrow.estimate <= narrow.upper + 1e-12


@pytest.mark.parametrize("name", METHODS)
def test_a_batch_is_many_single_calls(name: str) -> None:
    x, n = np.array([0, 3, 20, 7]), np.array([20, 10, 20, 7])
    batch = getattr(binary, f"{name}_batch")(x, n)
    for i in range(4):
        single = _method(name)(int(x[i]), int(n[i]))
        assert (batch.lower[i], batch.upper[i]) == (single.lower, single.upper)


@pytest.mark.parametrize(
    ("ours", "options", "theirs"),
    [("clopper_pearson", {}, "exact"), ("wilson", {}, "wilson"), ("wilson", {"correct": True}, "wilsoncc")],
)
@given(counts=COUNTS)
@settings(max_examples=40, deadline=None)
def test_agrees_with_scipy(ours: str, options: dict[str, Any], theirs: str, counts: tuple[int, int]) -> None:
    found, wanted = _method(ours)(*counts, **options), binomtest(*counts).proportion_ci(method=theirs)
    assert (found.lower, found.upper) == pytest.approx((wanted.low, wanted.high), abs=1e-9)


@pytest.mark.parametrize("name", ["clopper_pearson", "blaker"])
@pytest.mark.parametrize("n", [1, 7, 30])
def test_exact_intervals_cover_at_every_rate(name: str, n: int) -> None:
    limits = getattr(binary, f"{name}_batch")(np.arange(n + 1), n)
    rates = np.linspace(0.001, 0.999, 400)
    inside = (limits.lower[:, None] <= rates + 1e-12) & (rates - 1e-12 <= limits.upper[:, None])
    coverage = (inside * binom.pmf(np.arange(n + 1)[:, None], n, rates)).sum(axis=0)
    assert coverage.min() >= 0.95 - 1e-9


def _acceptability(x: int, n: int, p: float) -> float:
    k = np.arange(n + 1)
    below, above = binom.cdf(k, n, p), binom.sf(k - 1, n, p)
    observed = min(below[x], above[x])
    return float(binom.pmf(k, n, p)[np.minimum(below, above) <= observed * (1 + 1e-10)].sum())


@given(counts=COUNTS, alpha=s.floats(0.01, 0.3))
@settings(max_examples=40, deadline=None)
def test_blaker_ends_where_the_acceptability_passes_alpha(counts: tuple[int, int], alpha: float) -> None:
    x, n = counts
    found, exact = binary.blaker(x, n, alpha=alpha), binary.clopper_pearson(x, n, alpha=alpha)
    assert exact.lower - 1e-9 <= found.lower
    assert found.upper <= exact.upper + 1e-9
    if x > 0:
        assert _acceptability(x, n, found.lower + 1e-7) > alpha - 1e-4
        outside = np.linspace(exact.lower, max(found.lower - 1e-7, exact.lower), 40)
        assert max(_acceptability(x, n, float(p)) for p in outside) < alpha + 1e-9 or found.lower - exact.lower < 2e-7


@given(counts=COUNTS)
@settings(max_examples=25, deadline=None)
def test_mid_p_limits_solve_their_equation(counts: tuple[int, int]) -> None:
    x, n = counts
    lower = binary.mid_p(x, n, alpha=0.1).lower
    if x > 0:
        assert binom.sf(x, n, lower) + binom.pmf(x, n, lower) / 2 == pytest.approx(0.05, rel=1e-8)
    else:
        assert lower == 0.0


@given(counts=COUNTS, null=s.floats(0.01, 0.99), side=s.sampled_from(["two-sided", "less", "greater"]))
@settings(max_examples=40, deadline=None)
def test_the_binomial_test_agrees_with_scipy(counts: tuple[int, int], null: float, side: Any) -> None:
    wanted = binomtest(*counts, p=null, alternative=side).pvalue
    assert binary.binomial_test(*counts, null=null, alternative=side).p_value == pytest.approx(wanted, rel=1e-9)


def test_many_persons_have_a_narrow_interval_of_every_kind() -> None:
    for name in METHODS:
        found = _method(name)(300_000, 1_000_000)
        assert found.lower == pytest.approx(0.3 - 1.96 * np.sqrt(0.21) / 1000, abs=2e-6), name


def test_wald_says_that_it_has_no_width() -> None:
    assert [n.code for n in binary.wald(0, 20).notes] == ["STA-512"]


@pytest.mark.parametrize(("x", "n"), [(3, 2), (-1, 5), (1.5, 4), (0, 0), (float("nan"), 4)])
def test_impossible_counts_are_refused(x: Any, n: Any) -> None:
    with pytest.raises(StatsError, match="STA-501"):
        binary.wilson(x, n)


def test_unknown_options_are_refused() -> None:
    with pytest.raises(StatsError, match="STA-502"):
        binary.wilson(3, 10, alpha=1.0)
    with pytest.raises(StatsError, match="STA-502"):
        binary.binomial_test(3, 10, null=1.5)
    with pytest.raises(StatsError, match="STA-503"):
        binary.wilson([3, 4], [10, 10])  # type: ignore[arg-type]
