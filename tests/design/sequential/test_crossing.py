"""Integration over looks beside an independent multivariate normal probability, and where it could go wrong."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from opencro.design.sequential.crossing import cross_bounds, spend_above

INFINITE = -np.inf


def _direct(lower: np.ndarray, upper: np.ndarray, info: np.ndarray, theta: float, look: int) -> float:
    """P(inside before `look`, above at it), from the joint normal distribution of the statistics."""
    t = info[: look + 1]
    corr = np.sqrt(np.minimum.outer(t, t) / np.maximum.outer(t, t))
    mean = theta * np.sqrt(t)
    low, high = np.append(lower[:look], upper[look]), np.append(upper[:look], 30.0)
    law = multivariate_normal(mean, corr, abseps=1e-10, releps=1e-10, maxpts=2_000_000, seed=1)
    return float(law.cdf(high, lower_limit=np.maximum(low, -30)))


@pytest.mark.parametrize("theta", [0.0, 1.3, 3.2])
@pytest.mark.parametrize("info", [[0.3, 0.6, 1.0], [0.1, 0.15, 1.0], [0.5, 0.9, 1.0]])
def test_crossing_agrees_with_the_joint_normal_distribution(info: list[float], theta: float) -> None:
    t = np.array(info)
    lower, upper = np.array([-0.5, 0.4, 2.0]), np.array([3.0, 2.5, 2.0])
    above, below = cross_bounds(lower, upper, t, theta)
    assert above == pytest.approx([_direct(lower, upper, t, theta, k) for k in range(3)], abs=2e-6)
    assert above.sum() + below.sum() == pytest.approx(1, abs=1e-10)


def test_nearly_equal_looks_lose_nothing() -> None:
    t = np.array([0.5, 0.5 + 1e-6, 1.0])
    above, below = cross_bounds(np.array([0.0, 0.0, 2.0]), np.array([3.0, 3.0, 2.0]), t, 2.0)
    once, _ = cross_bounds(np.array([0.0, 2.0]), np.array([3.0, 2.0]), np.array([0.5, 1.0]), 2.0)
    assert above.sum() + below.sum() == pytest.approx(1, abs=1e-10)
    assert above[0] == pytest.approx(once[0], abs=1e-12)
    assert above[2] == pytest.approx(once[1], abs=2e-3)


def test_a_tiny_error_is_spent_to_its_last_digit() -> None:
    upper = spend_above(np.array([1e-12, 0.025]), np.full(2, INFINITE), np.array([0.1, 1.0]), 0.0, False)
    assert norm.sf(upper[0]) == pytest.approx(1e-12, rel=1e-6)


def test_nothing_to_spend_means_no_bound() -> None:
    upper = spend_above(np.array([0.0, 0.025]), np.full(2, INFINITE), np.array([0.5, 1.0]), 0.0, False)
    assert np.isposinf(upper[0])
    assert upper[1] == pytest.approx(norm.isf(0.025), abs=1e-9)
