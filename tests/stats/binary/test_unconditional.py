"""Exact unconditional methods: scipy as witness, exact coverage, symmetry, size limits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import barnard_exact, binom, boschloo_exact

from opencro.stats import StatsError, binary
from opencro.stats.categorical import fisher_exact

TABLES = [(7, 12, 8, 15), (3, 12, 9, 11), (1, 5, 4, 5), (0, 10, 3, 9), (4, 4, 1, 9)]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("side", ["less", "greater", "two-sided"])
def test_agrees_with_scipy(table: tuple[int, int, int, int], side: Any) -> None:
    x1, n1, x2, n2 = table
    cells = [[x1, x2], [n1 - x1, n2 - x2]]
    boschloo = binary.boschloo(*table, alternative=side)
    assert boschloo.p_value == pytest.approx(boschloo_exact(cells, alternative=side, n=256).pvalue, rel=1e-7)
    if side != "two-sided":  # scipy's two-sided test misses tables tied with the observed one by rounding
        wanted = barnard_exact(cells, alternative=side, n=256).pvalue
        assert binary.barnard(*table, alternative=side).p_value == pytest.approx(wanted, rel=1e-7)


def test_the_two_sided_barnard_test_counts_mirrored_tables() -> None:
    x1, n1, x2, n2 = 7, 12, 8, 15
    a, b = np.indices((n1 + 1, n2 + 1))
    p = (a + b) / (n1 + n2)
    with np.errstate(invalid="ignore"):
        z = np.nan_to_num((a / n1 - b / n2) / np.sqrt(p * (1 - p) * (1 / n1 + 1 / n2)))
    tail = np.abs(z) >= abs(z[x1, x2]) - 1e-9
    rates = np.linspace(0, 1, 4001)
    chances = np.einsum("ap,bp,ab->p", *(binom.pmf(np.arange(n + 1)[:, None], n, rates) for n in (n1, n2)), tail * 1.0)
    assert binary.barnard(x1, n1, x2, n2).p_value == pytest.approx(chances.max(), rel=1e-6)


@pytest.mark.parametrize("table", TABLES)
def test_boschloo_is_never_above_fisher(table: tuple[int, int, int, int]) -> None:
    x1, n1, x2, n2 = table
    for side in ("less", "greater"):
        fisher = fisher_exact([[x1, n1 - x1], [x2, n2 - x2]], alternative=side).p_value  # type: ignore[arg-type]
        found = binary.boschloo(*table, alternative=side)  # type: ignore[arg-type]
        assert found.p_value <= fisher + 1e-12
        assert found.statistic == pytest.approx(fisher, rel=1e-10)


@pytest.mark.parametrize("method", [binary.chan_zhang, binary.santner_snell])
def test_exact_intervals_cover_whatever_the_rates(method: Any) -> None:
    n1, n2 = 5, 6
    limits = {(a, b): method(a, n1, b, n2, alpha=0.1) for a in range(n1 + 1) for b in range(n2 + 1)}
    for p1 in np.linspace(0.05, 0.95, 7):
        for p2 in np.linspace(0.04, 0.96, 7):
            coverage = sum(
                binom.pmf(a, n1, p1) * binom.pmf(b, n2, p2)
                for (a, b), found in limits.items()
                if found.lower <= p1 - p2 <= found.upper
            )
            assert coverage >= 0.9 - 1e-9


@pytest.mark.parametrize("method", [binary.chan_zhang, binary.santner_snell])
def test_swapping_arms_turns_the_interval(method: Any) -> None:
    one, other = method(3, 9, 5, 7), method(5, 7, 3, 9)
    assert (one.lower, one.upper) == pytest.approx((-other.upper, -other.lower), abs=1e-7)
    assert one.lower <= one.estimate <= one.upper
    assert method(9, 9, 0, 9).upper == 1.0


def test_too_many_tables_are_refused_with_what_to_use_instead() -> None:
    with pytest.raises(StatsError, match=r"STA-504.*miettinen_nurminen"):
        binary.chan_zhang(100, 400, 90, 400)
    with pytest.raises(StatsError, match="STA-504"):
        binary.barnard(100, 4000, 90, 4000)
    with pytest.raises(StatsError, match="STA-502"):
        binary.barnard(1, 4, 2, 4, alternative="both")  # type: ignore[arg-type]
