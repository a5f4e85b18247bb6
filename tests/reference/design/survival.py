"""How the reference designs with times to an event are computed again."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from opencro.design import fixed as fx
from opencro.design import sequential as gs
from tests.reference.design.material import Case
from tests.reference.design.sequential import spending

RATIO = "allocation_ratio_treat_to_control"


def _simple(i: dict[str, Any]) -> tuple[fx.TwoArms, float]:
    """A trial with a control median or hazard and one hazard ratio, and its duration."""
    control = fx.Hazard.from_median(i["median_control"]) if "median_control" in i else fx.Hazard((i["lambda_control"],))
    dropped = i.get("dropout_prob_per_12", 0)
    dropout = fx.Hazard.from_probability(dropped, 12) if dropped else fx.Hazard((i.get("dropout_hazard", 0.0),))
    length = i.get("accrual_time", i.get("accrual_duration"))
    accrual = fx.Accrual((i.get("accrual_rate", 1.0),), (float(length),))
    return fx.trial_of(i["hazard_ratio"], control, accrual, dropout, i.get(RATIO, 1)), length + i.get("follow_up", 0)


def _fixed(case: Case) -> dict[str, Any]:
    i = case.inputs
    trial, duration = _simple(i)
    events = fx.events_schoenfeld(
        i["hazard_ratio"], alpha=i["alpha"], sided=i["sided"], power=i["power"], ratio=i[RATIO]
    )
    size = fx.sample_size_survival(events, trial, duration)
    return {"events": size.events_total, "n_total": size.n_total, "study_duration": size.duration}


def _lachin_foulkes(case: Case) -> dict[str, Any]:
    trial, duration = _simple(case.inputs)
    size = fx.sample_size_lachin_foulkes(trial, duration, alpha=case.inputs["alpha"], power=case.inputs["power"])
    return {"events": size.events_total, "n_total": size.n_total}


def _calendar(case: Case) -> dict[str, Any]:
    trial, _ = _simple(case.inputs)
    times = case.inputs.get("times", [])
    return {
        "events": trial.expected_events(times),
        "subjects": trial.accrual.entered(times),
        "time": [trial.time_of_events(e) for e in case.inputs.get("target_events", [])],
    }


def _piecewise(case: Case) -> dict[str, Any]:
    i = case.inputs
    control = fx.Hazard(tuple(i["control_hazard"]["rates"]), tuple(i["control_hazard"]["breaks"]))
    accrual = fx.Accrual(tuple(i["enroll_rates"]), tuple(i["enroll_durations"]))
    trial = fx.trial_of(i["hr"], control, accrual, fx.Hazard((i["dropout_hazard"],)))
    events = trial.expected_events(i["times"])
    return {
        "events": events,
        "ahr": [fx.average_hazard_ratio([trial], t) for t in i["times"]],
        "info": [fx.information_of_pieces(trial, t) for t in i["times"]],
        "info0": events / 4,
        "hr_weighted_mle": [fx.score_hazard_ratio([trial], t) for t in i["times"]],
    }


def _stratified(case: Case) -> dict[str, Any]:
    i = case.inputs
    strata = [
        fx.trial_of(hr, fx.Hazard((rate,)), fx.Accrual((i["accrual_rate"] * f,), (i["accrual_duration"],)), DROPOUT)
        for f, rate, hr in zip(i["stratum_fraction"], i["lambda_control"], i["hr"], strict=True)
    ]
    return {
        "events": sum(s.expected_events(i["times"]) for s in strata),
        "ahr": [fx.average_hazard_ratio(strata, t) for t in i["times"]],
        "hr_score": [fx.score_hazard_ratio(strata, t) for t in i["times"]],
    }


DROPOUT = fx.Hazard((0.001,))  # of the stratified case: stands in the call, not in the inputs


def _sequential(case: Case) -> dict[str, Any]:
    i = case.inputs
    rule = spending(i["spending"], i.get("parameter"))
    design = gs.group_sequential(i["information_rates"], alpha=i["alpha"], power=i["power"], efficacy=rule)
    trial, duration = _simple(i)
    events = design.inflation * fx.events_schoenfeld(i["hazard_ratio"], alpha=i["alpha"], power=i["power"])
    size = fx.sample_size_survival(events, trial, duration)
    per_stage = events * design.information
    return {
        "events_max": events,
        "n_total": size.n_total,
        "events_per_stage": per_stage,
        "analysis_times": [size.trial.time_of_events(e) for e in per_stage],
        "hr_at_bound": np.exp(-design.efficacy * 2 / np.sqrt(per_stage)),
        "expected_events_h1": events * design.operating(design.drift).expected_information[0],
    }


def _equivalence(case: Case) -> dict[str, Any]:
    """The accrual (100/9 more a month in each of nine, in the call) goes on until the events come 18 months later."""
    i = case.inputs
    events = fx.events_equivalence(
        i["hr"], lower=i["hr_lower"], upper=i["hr_upper"], alpha=i["alpha"], power=i["power"]
    )
    accrual = fx.Accrual(tuple(100 / 9 * m for m in range(1, 10)), (1.0,) * 9)
    control, dropout = fx.Hazard((0.0533,)), fx.Hazard((-math.log(0.95) / 12,))
    low, high = 1.0, 60.0
    for _ in range(80):
        middle = (low + high) / 2
        trial = fx.trial_of(1.0, control, accrual.until(middle), dropout)
        low, high = (middle, high) if trial.expected_events(middle + 18) < events else (low, middle)
    return {"events": events, "n_total": accrual.until(low).total}


def _delayed(i: dict[str, Any]) -> fx.TwoArms:
    control = fx.Hazard.from_medians(i["control_median_piece"], i["piece_durations"])
    accrual = fx.Accrual(tuple(i["enroll_rates"]), tuple(i["enroll_durations"]))
    return fx.trial_of(i["hr"], control, accrual, fx.Hazard((i["dropout_hazard"],)), i["ratio"])


def _nph(size_of: Callable[..., fx.SurvivalSize], **options: Any) -> Callable[[Case], dict[str, Any]]:
    def compute(case: Case) -> dict[str, Any]:
        i = case.inputs
        size = size_of(_delayed(i), i["study_duration"], alpha=i["alpha"], power=i["power"], **options)
        return {"n_total": size.n_total, "events": size.events_total}

    return compute


def _rmst(case: Case) -> dict[str, Any]:
    i = case.inputs
    return {"rmst": fx.restricted_mean(fx.Hazard(tuple(i["lambda"]), tuple(i["breaks"])), i["t"])}


def _changing_effect(case: Case) -> dict[str, Any]:
    i = case.inputs
    found = gs.plan_changing_effect(
        _delayed(i), i["analysis_time"], efficacy=spending(i["spending"]), alpha=i["alpha"], power=i["power"]
    )
    return {
        "n": found.n, "events": found.events, "ahr": found.average_hazard_ratio, "theta": found.theta,
        "info_frac": found.information_fraction, "z_upper": found.efficacy, "cum_power": found.power,
    }  # fmt: skip


FH = fx.fleming_harrington
RECOMPUTE = {
    "surv-fixed-n-*": _fixed,
    "surv-lf-*": _lachin_foulkes,
    "surv-events-pw-*": _piecewise,
    "surv-events-*": _calendar,
    "surv-time-*": _calendar,
    "surv-stratified-*": _stratified,
    "surv-gs-*": _sequential,
    "surv-equiv-*": _equivalence,
    "nph-fixed-fh00": _nph(fx.sample_size_weighted_log_rank_information),
    "nph-fixed-fh05": _nph(fx.sample_size_weighted_log_rank_information, weight=FH(0, 0.5)),
    "nph-fixed-fh01": _nph(fx.sample_size_weighted_log_rank_information, weight=FH(0, 1)),
    "nph-fixed-mb": _nph(fx.sample_size_weighted_log_rank_information, weight=fx.magirr_burman(4)),
    "nph-fixed-maxcombo": _nph(fx.sample_size_max_combo, weights=[FH(0, 0), FH(0.5, 0), FH(0.5, 0.5)]),
    "nph-fixed-rmst": _nph(fx.sample_size_rmst, horizon=18),
    "nph-rmst-*": _rmst,
    "nph-gs-ahr-*": _changing_effect,
}
