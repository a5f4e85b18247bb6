"""Rubin's rules by hand, and their limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as s

from opencro.stats import StatsError, missing


def test_rules_by_hand() -> None:
    pooled = missing.pool_rubin([1.0, 2.0, 3.0], [0.5, 0.5, 0.5])
    assert pooled.estimate[0] == 2
    assert pooled.se[0] == pytest.approx(np.sqrt(0.5 + 4 / 3))
    assert pooled.lambda_[0] == pytest.approx((4 / 3) / (0.5 + 4 / 3))
    assert pooled.df[0] == pytest.approx(2 / pooled.lambda_[0] ** 2)


def test_equal_estimates_leave_the_complete_data_answer() -> None:
    pooled = missing.pool_rubin([2.0, 2.0], [0.25, 0.25], df_complete=30)
    assert pooled.se[0] == 0.5
    assert pooled.fmi[0] == 0
    assert pooled.df[0] == pytest.approx(31 / 33 * 30)
    assert np.isinf(missing.pool_rubin([2.0, 2.0], [0.25, 0.25]).df[0])


@settings(max_examples=50, deadline=None)
@given(
    q=s.lists(s.floats(-5, 5), min_size=3, max_size=6),
    scale=s.floats(0.01, 100),
    df=s.floats(2, 1e6),
)
def test_units_order_and_small_samples(q: list[float], scale: float, df: float) -> None:
    u = np.linspace(0.5, 1.5, len(q))
    plain = missing.pool_rubin(q, u, df_complete=df)
    turned = missing.pool_rubin(np.array(q)[::-1] * scale, u[::-1] * scale**2, df_complete=df)
    np.testing.assert_allclose(turned.estimate, plain.estimate * scale, atol=1e-12 * scale)
    np.testing.assert_allclose(turned.p_value, plain.p_value, rtol=1e-8)
    assert plain.df[0] <= df
    assert plain.df[0] <= plain.df_old[0]
    assert 0 <= plain.lambda_[0] <= 1


def test_sides() -> None:
    q, u = [1.0, 1.2, 0.9], [0.3, 0.3, 0.3]
    two, greater, less = (missing.pool_rubin(q, u, alternative=a) for a in ("two-sided", "greater", "less"))
    assert two.p_value[0] == pytest.approx(2 * greater.p_value[0])
    assert less.p_value[0] == pytest.approx(1 - greater.p_value[0])
    assert np.isinf(greater.upper[0])
    assert np.isinf(less.lower[0])


def test_batches_are_row_by_row() -> None:
    rng = np.random.default_rng(1)
    q, u = rng.normal(size=(5, 4, 3)), rng.random((5, 4, 3))
    batch = missing.pool_rubin_batch(q, u, 40)
    one = missing.pool_rubin(q[:, 2, 1], u[:, 2, 1], df_complete=40)
    assert batch["se"][2, 1] == pytest.approx(one.se[0])
    assert batch["fmi"][2, 1] == pytest.approx(one.fmi[0])


@pytest.mark.parametrize(
    ("q", "u"), [([1.0], [1.0]), ([1.0, 2.0], [1.0]), ([1.0, np.nan], [1.0, 1.0]), ([1, 2], [-1, 1])]
)
def test_what_cannot_be_pooled_is_refused(q: list[float], u: list[float]) -> None:
    with pytest.raises(StatsError, match="STA-601"):
        missing.pool_rubin(q, u)
