"""How the reference trials of one arm, assurances and forecasts are computed again."""

from __future__ import annotations

from typing import Any

import numpy as np

from opencro.design import fixed, forecast
from opencro.design import sequential as gs
from opencro.design import single_arm as sa
from opencro.stats import bioequivalence as be
from tests.reference.design.material import Case


def _simon(case: Case) -> dict[str, Any]:
    i = case.inputs
    errors = {"alpha": i["alpha"], "beta": i["beta"]}
    best, small = sa.simon_optimal(i["p0"], i["p1"], **errors), sa.simon_minimax(i["p0"], i["p1"], **errors)
    return {
        "optimal": [best.r1, best.n1, best.r, best.n], "optimal_en": best.expected_n, "optimal_pet": best.early_stop,
        "optimal_alpha": best.attained_alpha, "optimal_power": best.power,
        "minimax": [small.r1, small.n1, small.r, small.n], "minimax_en": small.expected_n,
        "minimax_pet": small.early_stop,
    }  # fmt: skip


def _two_stage(case: Case) -> dict[str, Any]:
    i = case.inputs
    found = sa.compute_two_stage(i["r1"], i["n1"], i["r"], i["n"], i["p"])
    return {
        "pet": found.early_stop, "en": found.expected_n, "reject": found.reject, "reject_p0": found.reject[1],
        "reject_p1": found.reject[3], "pet_p0": found.early_stop[1], "en_p0": found.expected_n[1],
    }  # fmt: skip


def _inference(case: Case) -> dict[str, Any]:
    i = case.inputs
    found = sa.infer_two_stage(i["responses"], i["r1"], i["n1"], i["n"], p0=i["pu"])
    return {"umvue": found.umvue, "p_value": found.p_value, "ci_lower": found.lower, "ci_upper": found.upper}


def _predictive_table(case: Case) -> dict[str, Any]:
    i = case.inputs
    table = sa.predictive_probability_table(
        i["n_max"], i["looks"], p0=i["p0"], threshold=i["theta_T"], futility=i["theta_L"], prior=tuple(i["prior"])
    )
    stops = [*table.stop_at[:-1], table.success_from - 1]
    first = {s: n for n, s in reversed(list(zip(table.n, stops, strict=True))) if s >= 0}
    return {"reject_bound": stops, "rejection_regions": ",".join(f"{s}/{n}" for s, n in sorted(first.items()))}


def _predicted(case: Case) -> dict[str, Any]:
    i = case.inputs
    rule = {"p0": i["p0"], "threshold": i["cut"], "prior": tuple(i["prior"])}
    return {
        "pred_prob": sa.predict_success(i["x"], i["n"], i["N"], **rule),
        "min_total_success": sa.success_from(i["N"], i["p0"], i["cut"], tuple(i["prior"])),
    }


def _assurance(case: Case) -> dict[str, Any]:
    i = case.inputs
    se = (4 / i["events"]) ** 0.5 if "events" in i else i["sd"] * (2 / i["n_per_arm"]) ** 0.5
    found: dict[str, Any] = {
        "assurance": fixed.assurance_normal(abs(i["prior_mean"]), i["prior_sd"], se, alpha=i["alpha"])
    }
    if "sd" in i:
        n = i["n_per_arm"]
        found["power_at_mean"] = fixed.assurance_normal(i["prior_mean"], 1e-9, i["sd"] * (2 / n) ** 0.5)
    return found


def _assurance_of_rates(case: Case) -> dict[str, Any]:
    i = case.inputs
    n = i["n_per_arm"]
    return {"assurance": fixed.assurance_proportions(tuple(i["prior_t"]), tuple(i["prior_c"]), n, n, alpha=i["alpha"])}


def _success(case: Case) -> dict[str, Any]:
    """The prior stands in the call: a grid from -1 to 2 times the planned drift, sd half of it."""
    design = gs.group_sequential(3, efficacy=gs.HwangShihDeCani(-4), futility=gs.HwangShihDeCani(-2))
    multiples = np.arange(-1, 2.005, 0.01)
    weight = np.exp(-((multiples - 1) ** 2) / 0.5)
    return {
        "pos": gs.compute_success(design, multiples * design.drift, weight),
        "cpos_i1": gs.compute_success(design, multiples * design.drift, weight, after_look=1),
    }


def _predictive_power(case: Case) -> dict[str, Any]:
    design = gs.group_sequential(3, efficacy=gs.HwangShihDeCani(-4))
    return {"predictive_power": gs.compute_predictive_power(design, case.inputs["look"], case.inputs["z"])}


def _enrolment(case: Case) -> dict[str, Any]:
    i = case.inputs
    belief = forecast.Enrolment.of_sites(i["sites"], i["shape"], i["rate"])
    levels = [0.05, 0.5, 0.95]
    return {
        "mean_count_t": belief.mean(i["t"]), "count_quantiles": belief.quantile(levels, i["t"]),
        "prob_target_by_t12": belief.probability(i["target"], 12), "time_mean": belief.time_mean(i["target"]),
        "time_quantiles": belief.time_quantile(levels, i["target"]),
    }  # fmt: skip


def _enrolment_updated(case: Case) -> dict[str, Any]:
    i = case.inputs
    belief = forecast.Enrolment.of_sites(i["sites"], i["shape"], i["rate"])
    belief = belief.updated(i["observed_total"], i["exposure_per_site"])
    return {
        "posterior_total_shape": belief.shape, "posterior_rate": belief.rate, "pred_mean": belief.mean(i["horizon"]),
        "pred_q": belief.quantile([0.1, 0.5, 0.9], i["horizon"]),
    }  # fmt: skip


def _events(case: Case) -> dict[str, Any]:
    i = case.inputs
    found = forecast.forecast_events(i["events"], i["exposure"], i["at_risk"], i["horizon"], prior=tuple(i["prior"]))
    return {"expected_new": found.expected_new, "hazard_mean": found.hazard_mean}


def _noninferiority(case: Case) -> dict[str, Any]:
    i = case.inputs
    n = be.sample_size_noninferiority(
        i["cv"], ratio=i["theta0"], margin=i["margin"], power=i["target_power"], alpha=i["alpha"]
    )
    power = fixed.power_crossover_t(
        n, delta=np.log(i["theta0"]), sd=float(be.compute_log_sd(i["cv"])), null=np.log(i["margin"]), alpha=i["alpha"]
    )
    return {"n_total": n, "power": power}


RECOMPUTE = {
    "simon-0*": _simon,
    "simon-oc-*": _two_stage,
    "simon-ci-*": _inference,
    "pp-lee-liu-*": _predictive_table,
    "pp-beta-*": _predicted,
    "pp-gs-*": _predictive_power,
    "assur-03": _assurance_of_rates,
    "assur-gs-*": _success,
    "assur-0*": _assurance,
    "enrol-pg-01": _enrolment,
    "enrol-pg-02": _enrolment_updated,
    "event-pred-*": _events,
    "be-ni-xo-*": _noninferiority,
}
