"""Forecasts beside simulated sites and participants."""

from __future__ import annotations

import numpy as np
import pytest

from opencro.design import DesignError, forecast
from opencro.design import fixed as fx
from opencro.design import sequential as gs


def test_enrolment_over_sites_that_start_late() -> None:
    starts, rng = [0.0, 1.0, 2.0, 4.0], np.random.default_rng(3)
    rates = rng.gamma(1.5, 1 / 2.0, (100_000, 4))
    counts = rng.poisson(rates * np.clip(6.0 - np.array(starts), 0, None)).sum(axis=1)
    found = forecast.forecast_enrolment(starts, 1.5, 2.0, [6.0])
    assert found.mean[0] == pytest.approx(counts.mean(), rel=0.01)
    assert (found.lower[0], found.upper[0]) == pytest.approx(tuple(np.quantile(counts, [0.05, 0.95])), abs=1)


def test_events_of_those_at_risk() -> None:
    rng = np.random.default_rng(4)
    hazard = rng.gamma(61, 1 / 1520, 200_000)
    events = rng.binomial(140, 1 - np.exp(-6 * hazard))
    found = forecast.forecast_events(60, 1500.0, 140, 6.0, prior=(1, 20))
    assert found.expected_new == pytest.approx(events.mean(), rel=0.003)
    assert (found.lower, found.upper) == pytest.approx(tuple(np.quantile(events, [0.05, 0.95])), abs=1)


def test_the_time_until_a_target_and_the_count_by_a_time_are_two_sides() -> None:
    belief = forecast.Enrolment.of_sites(30, 1.2, 2.0).updated(10, 0.5)
    time = float(belief.time_quantile(0.5, 100))
    assert belief.probability(100, time) == pytest.approx(0.5, abs=1e-9)
    assert forecast.Enrolment(0.5, 1.0).time_mean(10) == float("inf")


def test_assurance_with_a_sure_belief_is_the_power() -> None:
    design = gs.group_sequential(2)
    points, weights = gs.normal_belief(design.drift, 1e-6)
    assert gs.compute_success(design, points, weights) == pytest.approx(0.9, abs=1e-6)
    sure = fx.assurance_proportions((4e4, 6e4), (2.5e4, 7.5e4), 150, 150)
    from scipy.stats import norm

    assert sure == pytest.approx(norm.cdf(0.15 / (0.24 / 150 + 0.1875 / 150) ** 0.5 - 1.959964), abs=2e-3)


def test_impossible_beliefs_are_refused() -> None:
    with pytest.raises(DesignError, match="DES-306"):
        forecast.Enrolment(0.0, 1.0)
