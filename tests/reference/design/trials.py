"""How the reference simulations of trials are computed again."""

from __future__ import annotations

from typing import Any

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


RECOMPUTE = {"sim-surv-*": _survival}
