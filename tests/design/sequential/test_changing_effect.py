"""Looks under hazards that are not proportional."""

from __future__ import annotations

import math

import numpy as np
import pytest

from opencro.design import DesignError
from opencro.design import fixed as fx
from opencro.design import sequential as gs

CONTROL = fx.Hazard((0.08, 0.05), (0.0, 4.0))


def _trial(ratio: list[float]) -> fx.TwoArms:
    return fx.trial_of(ratio, CONTROL, fx.Accrual((10.0,), (12.0,)), fx.Hazard((0.01,)))


def test_under_proportional_hazards_it_is_the_usual_design() -> None:
    found = gs.plan_changing_effect(_trial([0.7, 0.7]), [12, 20, 30])
    plan = gs.group_sequential((found.events / found.events[-1]).tolist())
    assert found.efficacy == pytest.approx(plan.efficacy)
    assert found.events[-1] == pytest.approx(plan.inflation * fx.events_schoenfeld(0.7), rel=0.03)
    assert found.power[-1] == pytest.approx(0.9, abs=1e-8)


def test_a_late_effect_needs_more_and_shows_late() -> None:
    late, even = (
        gs.plan_changing_effect(_trial([1.0, 0.6]), [12, 20, 30]),
        gs.plan_changing_effect(_trial([0.75, 0.75]), [12, 20, 30]),
    )
    assert (np.diff(late.average_hazard_ratio) < 0).all()
    assert late.power[0] < even.power[0]


def test_a_constant_effect_gives_the_power_of_constant_drift() -> None:
    information = np.array([20.0, 50.0])
    found = gs.compute_power_changing([2.5, 2.0], information, np.array([0.4, 0.4]))
    same = gs.compute_operating([0.4, 1.0], [2.5, 2.0], [-math.inf, 2.0], 1, 0.4 * math.sqrt(50))
    assert found == pytest.approx(np.cumsum(same.reject[0]), abs=1e-10)


def test_no_benefit_at_the_end_is_refused() -> None:
    with pytest.raises(DesignError, match="DES-117"):
        gs.plan_changing_effect(_trial([1.0, 1.2]), [12, 30])
