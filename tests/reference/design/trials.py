"""How the reference simulations of trials are computed again."""

from __future__ import annotations

from typing import Any

import numpy as np

from opencro.design import sequential as gs
from opencro.design import simulation as sim
from opencro.design.fixed.clock import Accrual, Arm, Hazard, TwoArms
from tests.reference.design.material import Case


def _survival(case: Case) -> dict[str, Any]:
    i = case.inputs
    fractions = [d / i["planned_events"][-1] for d in i["planned_events"]]
    bounds = gs.group_sequential(fractions, alpha=i["alpha"], efficacy=gs.LanDeMetsOBrienFleming()).efficacy
    control, lost = Hazard.from_median(i["median_control"]), Hazard.from_probability(i["dropout_prob_12"], 12)
    accrual = Accrual((i["n"] / i["accrual_months"],), (i["accrual_months"],))
    trial = TwoArms(Arm(control.times(i["hazard_ratio"]), lost), Arm(control, lost), accrual)
    plan = sim.SurvivalPlan(trial, tuple(i["planned_events"]), tuple(bounds))
    found = sim.simulate_days(plan, trials=40_000, seed=1)
    power, error = found.whole["power"]
    return {
        "power": power, "power.error": error, "reject_per_stage": found.reject, "analysis_time": found.time,
        "expected_events": found.whole["events"][0], "study_duration": found.whole["duration"][0],
        "expected_n": found.whole["participants"][0], "mc_se_power": (power * (1 - power) / i["iterations"]) ** 0.5,
    }  # fmt: skip


def _multi_arm(case: Case) -> dict[str, Any]:
    i = case.inputs
    bounds = gs.group_sequential(len(i["n_per_arm_stage"]), alpha=i["alpha"]).efficacy
    keep = {"best": 1, "all": i["active_arms"]}[i["selection"]]
    sizes, test = tuple(i["n_per_arm_stage"]), i["intersection_test"].lower()
    plan = sim.MultiArmPlan(i["active_arms"], sizes, tuple(bounds), test, keep=keep)
    found = sim.simulate_multi_arm(plan, np.array(i["effects"]) / i["sd"], trials=500_000, seed=1)
    power = found.summary()["estimate"][0]
    return {
        "reject_at_least_one": power, "rejected_per_arm_stage": found.rejected.ravel(),
        "mc_se": (0.25 / i["iterations"]) ** 0.5,
    }  # fmt: skip


def _thompson(case: Case) -> dict[str, Any]:
    i = case.inputs
    best = sim.probability_best(i["a"], i["b"])
    return {"p_best": best, "tempered_allocation": sim.temper(best, i["n"] / (2 * i["N"]))}


def _stages(case: Case) -> dict[str, Any]:
    i = case.inputs
    if case.id.startswith("sim-rates"):
        plan = _staged_plan(i["n_cum"], gs.OBrienFleming())
        found = sim.simulate_stages(plan, sim.Proportion(i["pi1"], i["pi2"]), trials=200_000, seed=1)
    elif case.id.startswith("sim-ssr"):
        plan = _staged_plan(i["planned_n_cum"], gs.LanDeMetsOBrienFleming())
        low, high = i["min_stage2"], i["max_stage2"]
        rule = sim.by_conditional_power(plan, power=i["cond_power"], smallest=low, largest=high, sd=i["sd"])
        found = sim.simulate_stages(plan, sim.Mean(i["delta"], i["sd"]), rule=rule, trials=200_000, seed=1)
    else:
        plan = _staged_plan(i["n_cum"], gs.LanDeMetsOBrienFleming())
        found = sim.simulate_stages(plan, sim.Mean(i["delta"], i["sd"]), trials=200_000, seed=1)
    (_, power, error), (_, n, other) = found.summary().rows()
    return {
        "power": power, "power.error": error, "expected_n": n, "expected_n.error": other, "sample_sizes": found.sizes,
    }  # fmt: skip


def _staged_plan(cumulative: list[int], rule: Any) -> sim.StagedPlan:
    bounds = gs.group_sequential(len(cumulative), alpha=0.025, efficacy=rule).efficacy
    return sim.StagedPlan(tuple(int(n) for n in np.diff([0, *cumulative])), tuple(bounds))


def _enrichment(case: Case) -> dict[str, Any]:
    i = case.inputs
    sizes = tuple(int(n) for n in np.diff([0, *i["planned_subjects"]]))
    bounds = tuple(gs.group_sequential(2, alpha=0.025).efficacy)
    plan = sim.EnrichmentPlan(i["prevalence"], sizes, bounds)
    effects = {"subgroup": i["effects"]["S"] / i["sd"], "rest": i["effects"]["R"] / i["sd"]}
    found = sim.simulate_enrichment(plan, **effects, trials=200_000, seed=1)
    return {
        "reject_at_least_one": found.summary()["estimate"][0], "rejected_per_population_stage": found.rejected.ravel(),
        "mc_se": (0.25 / i["iterations"]) ** 0.5,
    }  # fmt: skip


RECOMPUTE = {"enr-sim-*": _enrichment, "sim-means-*": _stages, "sim-ssr-*": _stages, "sim-rates-*": _stages} | {
    "sim-surv-*": _survival,
    "ma-sim-*": _multi_arm,
    "rar-thompson-*": _thompson,
}
