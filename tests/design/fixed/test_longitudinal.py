"""Repeated measures with dropout beside simple cases."""

from __future__ import annotations

import numpy as np
import pytest

from opencro.design import DesignError
from opencro.design import fixed as fx


def test_one_visit_is_the_trial_of_those_who_stay() -> None:
    size = fx.sample_size_mmrm(0.5, [[1.0]], retained_treatment=[0.8], retained_control=[0.8])
    assert size.n_total == pytest.approx(fx.sample_size_means_z(0.5, 1).n_total / 0.8)


def test_earlier_visits_help_as_far_as_they_are_correlated() -> None:
    alone, loose, tight = (fx.variance_at_last_visit([[1.0, r], [r, 1.0]], [1.0, 0.7]) for r in (0.0, 0.5, 0.999))
    assert alone == pytest.approx(1 / 0.7)
    assert alone > loose > tight
    assert tight == pytest.approx(1.0, abs=0.01)


def test_the_variance_is_that_of_simulated_maximum_likelihood() -> None:
    """Monotone data of two visits: the last mean is that of the completers, moved by the regression on the first."""
    rng, n, r = np.random.default_rng(8), 200, 0.6
    means = []
    for _ in range(4000):
        first = rng.normal(size=n)
        last = r * first + np.sqrt(1 - r * r) * rng.normal(size=n)
        stay = np.arange(n) < 120
        means.append(last[stay].mean() + r * (first.mean() - first[stay].mean()))
    expected = fx.variance_at_last_visit([[1.0, r], [r, 1.0]], [1.0, 0.6])
    assert n * np.var(means) == pytest.approx(expected, rel=0.08)


def test_rising_shares_are_refused() -> None:
    with pytest.raises(DesignError, match="DES-210"):
        fx.variance_at_last_visit(np.eye(2), [0.5, 0.8])
