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


RECOMPUTE = {
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
