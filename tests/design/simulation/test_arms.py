"""Several arms and response-adaptive allocation: agreement with theory, type I error over the null space, refusals."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from itertools import product

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import beta, multivariate_normal, norm

from opencro.design import DesignError
from opencro.design import simulation as sim
from opencro.design.simulation.intersections import look_up, tabulate_intersections

BOUNDS = (2.96258804, 1.96859564)
ALPHA = 0.025


@pytest.mark.parametrize("k", [2, 3, 4])
def test_dunnett_table_is_the_multivariate_normal(k: int) -> None:
    table = tabulate_intersections("dunnett", 4)
    matrix = np.full((k, k), 0.5) + 0.5 * np.eye(k)
    for z in (0.335, 1.234, 2.349):
        below = multivariate_normal.cdf(np.full(k, z), cov=matrix, abseps=1e-8, releps=1e-8, rng=1)
        assert look_up.py_func(table[k, 1], z) == pytest.approx(norm.ppf(below), abs=1e-5)


def test_one_arm_is_a_group_sequential_trial() -> None:
    """Analytic power of the two-stage test with one arm: no selection, no multiplicity."""
    plan = sim.MultiArmPlan(1, (50, 50), BOUNDS)
    found = sim.simulate_multi_arm(plan, [0.4], trials=200_000, seed=1)
    drift = 0.4 * math.sqrt(25)
    first = norm.sf(BOUNDS[0] - drift)

    def second(z: float) -> float:
        return norm.pdf(z - drift) * norm.sf(math.sqrt(2) * BOUNDS[1] - z - drift)

    power = first + quad(second, -8, BOUNDS[0])[0]
    assert found.rejected.sum() == pytest.approx(power, abs=4 * math.sqrt(power * (1 - power) / 200_000))
    assert found.rejected[0, 0] == pytest.approx(first, abs=4 * math.sqrt(first * (1 - first) / 200_000))


@pytest.mark.parametrize("intersection", ["dunnett", "bonferroni", "sidak", "simes"])
@pytest.mark.parametrize("rule", [{"keep": 1}, {"keep": 3}, {"keep": 2, "margin": 0.1, "floor": 0.0}])
def test_type_one_error_over_the_null_space(intersection: str, rule: dict[str, float]) -> None:
    """No configuration of effects, some null and some not, has a family-wise error above alpha."""
    plan = sim.MultiArmPlan(3, (50, 50), BOUNDS, intersection, **rule)
    for number, effects in enumerate(product((-0.3, 0.0), (0.0, 0.3), (0.0, 0.6))):
        found = sim.simulate_multi_arm(plan, effects, trials=40_000, seed=7, scenario=number)
        _, false, error = found.summary().row(1)
        assert false < ALPHA + 4 * error, (effects, false)


def test_the_null_space_finds_a_design_that_does_not_adjust() -> None:
    """The best of three arms tested as if it had been alone: bounds without closed testing fail the same check."""
    found = sim.simulate_multi_arm(sim.MultiArmPlan(1, (50, 50), BOUNDS), [0.0], trials=40_000, seed=7)
    _, alone, error = found.summary().row(1)
    plan = sim.MultiArmPlan(3, (50, 50), tuple(b - 0.4 for b in BOUNDS))
    _, loose, other = sim.simulate_multi_arm(plan, [0.0] * 3, trials=40_000, seed=7).summary().row(1)
    assert abs(alone - ALPHA) < 4 * error
    assert loose > ALPHA + 4 * other


def test_probability_of_the_best_arm_is_the_integral() -> None:
    a, b = np.array([6, 9, 4]), np.array([7, 5, 8])

    def integrand(x: float, k: int) -> float:
        others = [beta.cdf(x, a[j], b[j]) for j in range(3) if j != k]
        return float(beta.pdf(x, a[k], b[k]) * np.prod(others))

    exact = [quad(integrand, 0, 1, args=(k,), epsabs=1e-10)[0] for k in range(3)]
    assert sim.probability_best(a, b).tolist() == pytest.approx(exact, abs=1e-6)


def test_equal_arms_are_treated_equally_and_a_better_one_more_often() -> None:
    plan = sim.AdaptivePlan(3, tuple(range(100, 601, 100)))
    equal = sim.simulate_adaptive_allocation(plan, [0.3] * 3, trials=4000, seed=1).to_frame()
    spread = equal["treated"].to_numpy() - equal["treated"].mean()
    assert np.all(np.abs(spread) < 4 * equal["treated_se"].to_numpy())
    better = sim.simulate_adaptive_allocation(plan, [0.3, 0.3, 0.5], trials=1000, seed=1)
    fixed = sim.AdaptivePlan(3, plan.looks, adaptive=False)
    compared = sim.simulate_adaptive_allocation(fixed, [0.3, 0.3, 0.5], trials=1000, seed=1)
    shares = [r.to_frame()["treated"].to_numpy() / r.to_frame()["treated"].sum() for r in (better, compared)]
    assert shares[0][2] > shares[1][2] + 0.05
    assert better.chosen[2] > 0.9


def test_drift_raises_the_responses_of_all_arms() -> None:
    plan = sim.AdaptivePlan(2, (100, 200), superior=1.0, inferior=0.0)
    still, rising = (
        dict(
            sim.simulate_adaptive_allocation(plan, [0.3, 0.3], drift=d, trials=500, seed=1)
            .summary()
            .rows_by_key("characteristic")
        )
        for d in (0.0, 1.0)
    )
    assert rising["responses"][0][0] > still["responses"][0][0] + 5


def test_a_grid_goes_on_where_it_was_stopped(tmp_path: object) -> None:
    plan = sim.MultiArmPlan(2, (30, 30), BOUNDS)
    designs = {"best": partial(sim.simulate_multi_arm, plan)}
    scenarios = {"null": [0.0, 0.0], "one": [0.0, 0.5]}
    whole = sim.run_grid(designs, scenarios, trials=2000, seed=1)

    def stop(done: int, cells: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sim.run_grid(designs, scenarios, trials=2000, seed=1, store=tmp_path, progress=stop)
    kept = list(tmp_path.glob("*.parquet"))
    assert len(kept) == 1
    resumed = sim.run_grid(designs, scenarios, trials=2000, seed=1, store=tmp_path)
    assert resumed.table.equals(whole.table)
    assert whole.beside("any")["best"].to_list()[1] > 0.3
    assert len(whole.plot().axes) == 3


@pytest.mark.parametrize(
    ("code", "attempt"),
    [
        ("DES-521", lambda: sim.MultiArmPlan(3, (50,), BOUNDS)),
        ("DES-521", lambda: sim.simulate_multi_arm(sim.MultiArmPlan(2, (50, 50), BOUNDS), [0.1], seed=1)),
        ("DES-522", lambda: sim.probability_best([0, 1], [1, 1])),
        ("DES-523", lambda: sim.AdaptivePlan(3, (100, 100))),
        ("DES-523", lambda: sim.simulate_adaptive_allocation(sim.AdaptivePlan(2, (50,)), [0.1, 1.2], seed=1)),
        ("DES-524", lambda: sim.run_grid({}, {}, trials=1, seed=1)),
    ],
)  # fmt: skip
def test_impossible_plans_are_refused(code: str, attempt: Callable[[], object]) -> None:
    with pytest.raises(DesignError, match=code):
        attempt()
