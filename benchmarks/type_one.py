"""The largest type I error found over the null space: every test of intersections, every selection.

Configurations: each of three arms has no effect, a harmful one, or (another hypothesis being true) a helpful one.
"ours" is the largest share of trials that reject a true hypothesis, "peer" the nominal alpha, "limit" four Monte Carlo
errors above it.
"""

from __future__ import annotations

import math
from itertools import product

from opencro.design import sequential as gs
from opencro.design import simulation as sim

Row = tuple[str, float, float, float, float]
ALPHA, TRIALS = 0.025, 40_000
RULES = {"best": {"keep": 1}, "all": {"keep": 3}, "best two within 0.1": {"keep": 2, "margin": 0.1, "floor": 0.0}}
EFFECTS = [e for e in product((-0.3, 0.0, 0.3, 0.6), repeat=3) if min(e) <= 0]


def measure() -> list[Row]:
    """(name, largest type I error, alpha, ratio, alpha and four Monte Carlo errors)."""
    bounds = tuple(gs.group_sequential(2, alpha=ALPHA).efficacy)
    limit = ALPHA + 4 * math.sqrt(ALPHA * (1 - ALPHA) / TRIALS)
    rows: list[Row] = []
    for test, (name, rule) in product(("dunnett", "simes", "sidak", "bonferroni"), RULES.items()):
        plan = sim.MultiArmPlan(3, (50, 50), bounds, test, **rule)  # type: ignore[arg-type]
        worst = max(_false(plan, effects, number) for number, effects in enumerate(EFFECTS))
        rows.append(
            (f"type I error, {len(EFFECTS)} configurations, {test}, {name}", worst, ALPHA, worst / ALPHA, limit)
        )
    for drift in (0.0, 1.0):
        adaptive = sim.AdaptivePlan(3, tuple(range(300, 2001, 100)))
        worst = max(_chosen(adaptive, rate, drift, number) for number, rate in enumerate((0.1, 0.25, 0.5)))
        title = f"response-adaptive, equal arms, drift {drift:g}: any chosen (no nominal level)"
        rows.append((title, worst, math.nan, math.nan, math.nan))
    return rows


def _false(plan: sim.MultiArmPlan, effects: tuple[float, ...], number: int) -> float:
    return float(sim.simulate_multi_arm(plan, effects, trials=TRIALS, seed=1, scenario=number).summary()["estimate"][1])


def _chosen(plan: sim.AdaptivePlan, rate: float, drift: float, number: int) -> float:
    found = sim.simulate_adaptive_allocation(plan, [rate] * 3, drift=drift, trials=2_000, seed=1, scenario=number)
    return float(found.chosen.sum())


if __name__ == "__main__":
    print(*measure(), sep="\n")
