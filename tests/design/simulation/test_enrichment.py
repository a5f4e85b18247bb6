"""Enrichment: the bivariate normal, type I error over the null space, a subgroup that is found."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from opencro.design import DesignError
from opencro.design import simulation as sim

BOUNDS = (2.96258804, 1.96859564)


def _plan(prevalence: float = 0.4, intersection: str = "spiessens-debois") -> sim.EnrichmentPlan:
    return sim.EnrichmentPlan(prevalence, (100, 100), BOUNDS, intersection)


def test_the_intersection_is_the_bivariate_normal() -> None:
    r = math.sqrt(0.4)
    for z in (0.5, 1.7, 2.2):
        below = multivariate_normal.cdf([z, z], cov=[[1, r], [r, 1]], abseps=1e-9, releps=1e-9)
        assert _plan().intersect(np.array([z]))[0] == pytest.approx(norm.ppf(below), abs=2e-5)


@pytest.mark.parametrize("intersection", ["spiessens-debois", "bonferroni"])
def test_type_one_error_over_the_null_space(intersection: str) -> None:
    """No effect anywhere, harm in the rest, an effect in the rest alone, effects that cancel."""
    cases = [(0.0, 0.0), (0.0, -0.5), (0.0, 0.5), (-0.3, 1.0), (0.6, -0.4), (0.3, -0.2)]
    for prevalence in (0.1, 0.4, 0.9):
        for number, (subgroup, rest) in enumerate(cases):
            plan = _plan(prevalence, intersection)
            found = sim.simulate_enrichment(plan, subgroup=subgroup, rest=rest, trials=40_000, seed=5, scenario=number)
            _, false, error = found.summary().row(1)
            assert false < 0.025 + 4 * error, (prevalence, subgroup, rest)


def test_testing_the_better_one_alone_would_be_found() -> None:
    plan = sim.EnrichmentPlan(0.4, (100, 100), (BOUNDS[0] - 0.3, BOUNDS[1] - 0.3))
    _, false, error = sim.simulate_enrichment(plan, subgroup=0, rest=0, trials=40_000, seed=5).summary().row(1)
    assert false > 0.025 + 4 * error


def test_a_subgroup_with_the_effect_is_selected() -> None:
    found = sim.simulate_enrichment(_plan(), subgroup=0.5, rest=0.0, trials=20_000, seed=1)
    assert found.to_frame()["selected"][0] > 0.8
    assert found.rejected[0].sum() > 10 * found.rejected[1].sum()


@pytest.mark.parametrize("prevalence", [0.0, 1.0])
def test_impossible_plans_are_refused(prevalence: float) -> None:
    with pytest.raises(DesignError, match="DES-527"):
        _plan(prevalence)
