"""How the reference designs of several arms and populations, and of re-estimated sizes, are computed again."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.stats import norm

from opencro.design import adaptive as ad
from opencro.design import fixed
from opencro.design import sequential as gs
from opencro.stats import multiplicity as mult
from tests.reference.design.material import Case


def _dunnett(case: Case) -> dict[str, Any]:
    i = case.inputs
    critical = mult.dunnett_critical_value([10] * i["k"], 10, np.inf, alpha=i["alpha"], alternative="greater")
    return {"critical": critical}


def _dunnett_p(case: Case) -> dict[str, Any]:
    z = np.array(case.inputs["z"])
    k = z.size
    single = [1 - mult.compute_dunnett_probability(v, [1] * k, 1, np.inf, alternative="greater") for v in z]
    down = [
        1 - mult.compute_dunnett_probability(v, [1] * (k - j), 1, np.inf, alternative="greater")
        for j, v in enumerate(z)
    ]
    return {"single_step": single, "step_down": np.maximum.accumulate(down)}


def _mams(case: Case) -> dict[str, Any]:
    i = case.inputs
    ratio = i["r"] if isinstance(i["r"], list) else [i["r"]]
    upper = {"obf": ad.obrien_fleming_shape, "triangular": ad.triangular_upper}[i["ushape"]]
    lower = {"fixed": 0.0, "triangular": ad.triangular_lower, "obf": lambda t: -ad.obrien_fleming_shape(t)}[i["lshape"]]
    effects = [math.sqrt(2) * norm.ppf(i[key]) for key in ("p_interesting", "p_uninteresting")]
    found = ad.multi_stage(
        i["K"], ratio, alpha=i["alpha"], power=i["power"], effect=effects[0], uninteresting=effects[1], upper=upper,
        lower=lower,
    )  # fmt: skip
    return {
        "upper": found.upper, "lower": found.lower, "n_stage1_control": found.n_control[0],
        "n_total_max": found.n_total_max,
    }  # fmt: skip


def _promising(case: Case) -> dict[str, Any]:
    """n1 and n2 of the case are the sizes of the stages; the zone ends where n_max is twice the planned total."""
    i = case.inputs
    found = ad.promising_zone(i["n1"], i["n1"] + i["n2"], i["nmax"], critical=i["z_alpha"])
    return {"z1_threshold": found.z_min, "cp_min": found.conditional_power_min}


def _re_estimated(case: Case) -> dict[str, Any]:
    """The call gives delta, so that n.fix is not used, and answers with the planned second stage for every z1."""
    i = case.inputs
    design = gs.group_sequential(2, alpha=i["alpha"], power=1 - i["beta"])
    total = design.inflation * fixed.sample_size_means_z(0.3, 0.5, alpha=i["alpha"], power=1 - i["beta"]).n_total
    z1, c = np.array(i["z1"]), float(design.efficacy[1])
    return {
        "z1": z1, "n2": [total / 2] * z1.size, "cp": ad.conditional_power_trend(z1, 1, 2, c),
        "z2": c * math.sqrt(2) - z1,
    }  # fmt: skip


def _conditional_error(case: Case) -> dict[str, Any]:
    i = case.inputs
    design = gs.group_sequential(i["k_max"])
    error = gs.compute_conditional_error(design, i["L"], i["z_L"])
    return {
        "primary_conditional_alpha": error,
        "info_new": ad.information_for_conditional_error(error, i["theta"], power=0.9),
    }


KINDS = {"Dunnett": "parametric", "SpiessensDebois": "parametric"}


def _closed(found: ad.ClosedTest, order: list[int]) -> dict[str, Any]:
    """Matrices of the peer are (hypotheses or intersections, stages), written column by column."""
    return {
        "repeated_p": found.repeated_p, "rci_lower": found.lower, "rci_upper": found.upper, "rejected": found.rejected,
        "stage1_global_intersection_p": found.stage_p[0, 0], "stage1_p": found.stage_p[0, -len(found.names) :],
        "adj_stage_p": found.stage_p[:, order], "overall_adj_stat": found.statistic[:, order],
    }  # fmt: skip


def _table(i: dict[str, Any], name: str) -> Any:
    columns = [[math.nan if v is None else v for v in i[f"{name}{arm}"]] for arm in range(1, 5)]
    return np.array(columns).T.tolist()


def _arms(case: Case) -> dict[str, Any]:
    i = case.inputs
    design = gs.group_sequential(2) if i["design"] == "invnorm" else ad.fisher_equal_levels(2)
    kind = KINDS.get(i["intersection_test"], i["intersection_test"].lower())
    found = ad.closed_combination_test(
        design, ad.ArmMeans(*(_table(i, name) for name in ("n", "m", "s"))), intersection=kind
    )
    return _closed(found, list(range(7)))


def _populations(case: Case) -> dict[str, Any]:
    i = case.inputs
    design = gs.group_sequential(3) if i["design"] == "invnorm" else ad.fisher_equal_levels(3)
    known = i["intersection_test"] == "SpiessensDebois"
    keys = ("n1", "n2", "mean1", "mean2", "sd1", "sd2")
    parts = [
        ad.Mirrored(ad.MeanStages(*(np.atleast_1d(i[name][key]) for key in keys), known_variance=known))
        for name in ("S1", "F")
    ]
    share = (i["S1"]["n1"][0] + i["S1"]["n2"][0]) / (i["F"]["n1"] + i["F"]["n2"])
    kind = KINDS.get(i["intersection_test"], i["intersection_test"].lower())
    found = ad.closed_combination_test(
        design, ad.NestedPopulations(parts[0], parts[1], 3, 1, [share]), intersection=kind
    )
    return _closed(found, [0, 1, 2]) | {"rci_lower": -found.upper, "rci_upper": -found.lower}


def _conditional_dunnett(case: Case) -> dict[str, Any]:
    """Second-stage rows of the peer: nothing is given for the first stage, and no conditional error for the second."""
    i = case.inputs
    found = ad.conditional_dunnett(
        ad.ArmMeans(*(_table(i, name) for name in ("n", "m", "s"))), information=i["information_at_interim"]
    )
    return {
        "repeated_p": [None] * 3 + found.p_value.tolist(), "cond_crit": found.conditional_error.tolist() + [None] * 7,
        "second_stage_p": [None] * 7 + found.second_p.tolist(), "rejected": [False] * 3 + found.rejected.tolist(),
    }  # fmt: skip


RECOMPUTE = {
    "ma-cond-dunnett-*": _conditional_dunnett,
    "ma-an-*": _arms,
    "enr-an-*": _populations,
    "dunnett-crit-*": _dunnett,
    "dunnett-adjp-*": _dunnett_p,
    "mams-*": _mams,
    "enr-sd-crit-*": lambda c: {
        "critical": ad.spiessens_debois_critical(c.inputs["prevalence"], alpha=c.inputs["alpha"])
    },
    "ssr-pz-*": _promising,
    "ssr-cp-*": _re_estimated,
    "ad-design-*": _conditional_error,
}
