"""How the reference group sequential designs are computed again."""

from __future__ import annotations

from typing import Any

import numpy as np

from opencro.design import sequential as gs
from tests.reference.design.material import Case

FAMILIES = {
    "Pocock": lambda i: gs.Pocock(),
    "OBrienFleming": lambda i: gs.OBrienFleming(),
    "WangTsiatis": lambda i: gs.WangTsiatis(i["delta"]),
    "HaybittlePeto": lambda i: gs.HaybittlePeto(i["interim_constant"]),
}


def spending(name: str, parameter: float | None = None) -> Any:
    """The spending function of a peer's name."""
    short = name.removeprefix("as").removeprefix("bs").removeprefix("LD").removeprefix("sf")
    return {
        "OF": gs.LanDeMetsOBrienFleming,
        "P": gs.LanDeMetsPocock,
        "Pocock": gs.LanDeMetsPocock,
        "HSD": lambda: gs.HwangShihDeCani(parameter or 0.0),
        "KD": lambda: gs.KimDeMets(parameter or 1.0),
    }[short]()


def _bounds(design: gs.GroupSequentialDesign) -> dict[str, Any]:
    pocock = isinstance(design.efficacy_rule, gs.Pocock)
    return {
        "critical_values": design.efficacy,
        "alpha_spent": design.alpha_spent,
        "stage_levels": design.stage_levels,
        "constant": round(float(design.efficacy[-1]), 3) if pocock else design.efficacy[-1],  # 3 digits are printed
    }


def _family(case: Case) -> dict[str, Any]:
    i = case.inputs
    family = FAMILIES[i["boundary"]](i)
    return _bounds(gs.group_sequential(i["information_rates"], alpha=i["alpha"], sided=i["sided"], efficacy=family))


def _spent(case: Case) -> dict[str, Any]:
    i = case.inputs
    rule = spending(i["spending"], i.get("parameter"))
    return _bounds(gs.group_sequential(i["information_rates"], alpha=i["alpha"], sided=i["sided"], efficacy=rule))


def _no_early_stop(case: Case) -> dict[str, Any]:
    i = case.inputs
    design = gs.group_sequential(i["information_rates"], alpha=i["alpha"], efficacy_stops=i["efficacy_stops"])
    return {"critical_values": design.efficacy[1:]}


def _futility(case: Case) -> dict[str, Any]:
    i = case.inputs
    design = gs.group_sequential(
        i["information_rates"], alpha=i["alpha"], power=1 - i["beta"],
        efficacy=spending(i["alpha_spending"], i.get("alpha_parameter")),
        futility=spending(i["beta_spending"], i.get("beta_parameter")), binding=i["binding_futility"],
    )  # fmt: skip
    null, half, full = design.operating().expected_information * design.inflation
    return _bounds(design) | {
        "futility_bounds": design.futility[:-1],
        "inflation_factor": design.inflation,
        "asn_h1_ratio": full,
        "asn_h01_ratio": half,
        "asn_h0_ratio": null,
    }


def _sample_numbers(case: Case) -> dict[str, Any]:
    i = case.inputs
    family = gs.OBrienFleming() if i["boundary"] == "OF" else gs.Pocock()
    design = gs.group_sequential(i["k_max"], alpha=i["alpha"], sided=2, power=i["power"], efficacy=family)
    asn = 100 * design.inflation * design.operating(np.array(i["theta_multiples"]) * design.drift).expected_information
    return {"max_n_pct": 100 * design.inflation, "asn_pct": asn, "asn_pct_first3": asn[:3]}


def _wang_tsiatis(case: Case) -> dict[str, Any]:
    i = case.inputs
    rule = gs.WangTsiatis(i["delta"])
    design = gs.group_sequential(i["k_max"], alpha=i["alpha"], sided=2, power=i["power"], efficacy=rule)
    return {"inflation_factor": design.inflation, "constant": design.efficacy[-1]}


def _power_of_means(case: Case) -> dict[str, Any]:
    i = case.inputs
    design = gs.group_sequential(
        i["information_rates"], alpha=i["alpha"], futility=gs.FutilityZ(tuple(i["futility_z"])), binding=i["binding"]
    )
    found = design.operating(i["delta"] / i["sd"] / 2 * i["n_max"] ** 0.5)
    return {
        "power": found.power[0],
        "asn": i["n_max"] * found.expected_information[0],
        "reject_per_stage": found.reject[0],
        "futility_per_stage": found.futility[0][:-1],
    }


RECOMPUTE = {
    "gs-pocock-*": _family,
    "gs-obf-*": _family,
    "gs-of-*": _family,
    "gs-wt-*": _family,
    "gs-hp-*": _family,
    "gs-spend-*": _spent,
    "gs-2s-*": _spent,
    "gs-noearly-*": _no_early_stop,
    "gs-fut-*": _futility,
    "gs-jt-asn-*": _sample_numbers,
    "gs-jt-wt-*": _wang_tsiatis,
    "gs-power-means-*": _power_of_means,
}
