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


RECOMPUTE = {"sim-surv-*": _survival, "ma-sim-*": _multi_arm, "rar-thompson-*": _thompson}
