"""How the reference designs of the early phase are computed again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from opencro.design import early
from tests.reference.design.material import Case

Numbers = dict[str, Any]


def _boin_bound(case: Case) -> Numbers:
    i = case.inputs
    design = early.boin(i["target"], safe=i["phi1"], toxic=i["phi2"])
    found: Numbers = {"lambda_e": design.lower, "lambda_d": design.upper}
    names = ("escalate_if_le", "deescalate_if_ge", "eliminate_if_ge")
    bounds = np.array([design.boundaries(n) for n in i.get("n", [3])]).T
    return found | dict(zip(names, bounds.tolist(), strict=True))


def _boin_table(case: Case) -> Numbers:
    i = case.inputs
    return {"decision_matrix": early.boin(i["target"], largest=i["n_max"]).letters()}


def _mtpi2_table(case: Case) -> Numbers:
    i = case.inputs
    design = early.mtpi2(i["target"], margins=(i["eps1"], i["eps2"]), largest=i["n_max"], exclude=i["p_excess_tox"])
    table = design.letters()
    return {"decision_by_n_from_n2": [[table[y][n - 1] for y in range(n + 1)] for n in range(2, i["n_max"] + 1)]}


def _three(case: Case) -> Numbers:
    i = case.inputs
    found = early.three_plus_three(i["p"])
    chances = [found.none_selected, *found.selected]
    return {"mtd_prob": chances, "expected_n": found.expected_treated, "expected_dlt": found.expected_toxic}


def _crm(case: Case) -> Numbers:
    i = case.inputs
    design = early.crm(i["skeleton"], i["target"], curve=i.get("model", "empiric"), variance=i.get("prior_var", 1.34))
    found = early.reassess(design, i.get("dose_level", i.get("level")), i["dlt"], weight=i.get("weights"))
    return {
        "mtd": found.mtd, "beta_hat": found.estimate, "ptox_plugin": found.risk, "post_var": found.variance,
        "ptox_mean": found.mean_risk,
    }  # fmt: skip


def _skeleton(case: Case) -> Numbers:
    i = case.inputs
    return {"skeleton": early.skeleton_by_indifference(i["halfwidth"], i["target"], i["nu"], i["nlevel"])}


def _blrm(case: Case) -> Numbers:
    i = case.inputs
    design = early.blrm(
        i["doses"], i["ref_dose"], mean=tuple(i["prior_mean"]), sd=tuple(i["prior_sd"]), correlation=i["prior_corr"],
        edges=tuple(i["intervals"]),
    )  # fmt: skip
    found = early.assess_blrm(design, i["n"], i["dlt"])
    names = ("p_under", "p_target", "p_excess", "p_unacceptable")
    return {"post_mean": found.mean} | dict(zip(names, found.intervals, strict=True))


def _boin_trials(case: Case) -> Numbers:
    i = case.inputs
    found = early.simulate_interval(
        early.boin(i["target"]), i["p_true"], cohorts=i["n_cohort"], cohort_size=i["cohort_size"],
        start=i["start_dose"],
        enough=i["n_earlystop"], trials=i["iterations"], seed=1,
    )  # fmt: skip
    errors = found.to_frame()
    return {
        "select_pct": 100 * found.selected, "patients": found.treated, "dlt": found.toxic,
        "total_n": found.mean_treated,
        "pct_stop": 100 * found.stopped,
        "select_pct.error": 100 * errors["selected_se"].to_numpy(),
    }  # fmt: skip


RECOMPUTE: dict[str, Callable[[Case], Numbers]] = {
    "boin-bound-*": _boin_bound,
    "boin-table-*": _boin_table,
    "boin-oc-*": _boin_trials,
    "mtpi2-table-*": _mtpi2_table,
    "tpt-oc-*": _three,
    "crm-skeleton-*": _skeleton,
    "crm-*": _crm,
    "titecrm-*": _crm,
    "blrm-*": _blrm,
}
