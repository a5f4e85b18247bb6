"""How the reference sample sizes without looks are computed again."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from opencro.design import fixed as fx
from opencro.stats import bioequivalence as be
from tests.reference.design.material import Case

RATIO = "allocation_ratio_treat_to_control"


def _rates(i: dict[str, Any]) -> dict[str, Any]:
    return {"alpha": i["alpha"], "sided": i.get("sided", 1), "power": i["power"]}


def _arms(size: fx.SampleSize) -> dict[str, Any]:
    found = {"n_total": size.n_total, "n_total_rounded": size.n_total_rounded, "n_pairs": size.n[0]}
    if len(size.n) == 2:
        found |= {"n_treat": size.n[0], "n_control": size.n[1], "n_per_group": size.n[0]}
    return found


def _means(case: Case) -> dict[str, Any]:
    i = case.inputs
    size = fx.sample_size_means_z if i.get("method") == "normal_approximation" else fx.sample_size_means_t
    return _arms(size(i["delta"], i["sd"], null=-i.get("margin", 0), ratio=i[RATIO], **_rates(i)))


def _mean(case: Case) -> dict[str, Any]:
    i = case.inputs
    return _arms(fx.sample_size_mean_t(i["delta"], i["sd"], **_rates(i)))


def _ratio_of_means(case: Case) -> dict[str, Any]:
    i = case.inputs
    return _arms(fx.sample_size_ratio_of_means(i["ratio"], i["cv"], null=i["theta_h0"], **_rates(i)))


def _anova_by_f(case: Case) -> dict[str, Any]:
    """Cohen's f is the standard deviation of the means over that within: half the groups at +f, half at -f."""
    i = case.inputs
    means = [i["f"] * (-1) ** g for g in range(i["k"])]
    return {"n_per_group": fx.sample_size_anova(means, 1.0, alpha=i["alpha"], power=i["power"]).n[0]}


def _anova(case: Case) -> dict[str, Any]:
    i = case.inputs
    size = fx.sample_size_anova(i["means"], i["sd"], alpha=i["alpha"], power=i["power"])
    return {"n_total": math.ceil(size.n_total), "n_per_group_realvalued": size.n[0]}  # lrstat rounds the total


def _correlation(case: Case) -> dict[str, Any]:
    return {"n": fx.sample_size_correlation(case.inputs["r"], **_rates(case.inputs)).n_total}


def _proportions(case: Case) -> dict[str, Any]:
    i = case.inputs
    return _arms(
        fx.sample_size_proportions(i["p_treat"], i["p_control"], null=i.get("margin", 0), ratio=i[RATIO], **_rates(i))
    )


def _risk_ratio(case: Case) -> dict[str, Any]:
    i = case.inputs
    return _arms(fx.sample_size_risk_ratio(i["p_treat"], i["p_control"], null=i["rr_h0"], ratio=i[RATIO], **_rates(i)))


def _equivalence_of_rates(case: Case) -> dict[str, Any]:
    i = case.inputs
    size = fx.sample_size_proportions_equivalence(
        i["p_treat"], i["p_control"], margin=i["margin"], alpha=i["alpha"], power=i["power"]
    )
    return {"n_total": math.ceil(size.n_total), "n_total_realvalued": size.n_total}


def _fisher_power(case: Case) -> dict[str, Any]:
    i = case.inputs
    return {"power": fx.power_fisher(i["n1"], i["n2"], i["p1"], i["p2"], alpha=i["a"], sided=i["sided"])}


def _fisher_size(case: Case) -> dict[str, Any]:
    i = case.inputs
    n = fx.sample_size_fisher_corrected(i["p1"], i["p2"], **_rates(i))
    return {
        "n_group_casagrande": n,
        "power_at_n": fx.power_fisher(n, n, i["p1"], i["p2"], alpha=i["alpha"], sided=2),
    }


def _one_proportion(case: Case) -> dict[str, Any]:
    i = case.inputs
    test = fx.power_one_proportion(i["n"], i["p0"], i["p1"], alpha=i["alpha"])
    return {"power": test.power, "critical_value": test.critical}


def _one_proportion_size(case: Case) -> dict[str, Any]:
    i = case.inputs
    rates = {"alpha": i["alpha"], "power": i["power"]}
    test, first = (fx.sample_size_one_proportion(i["p0"], i["p1"], lasting=last, **rates) for last in (True, False))
    return {
        "n": test.n, "n_conservative": test.n, "n_min": first.n, "critical": test.critical, "power": test.power,
        "attained_alpha": test.attained_alpha,
    }  # fmt: skip


def _one_rate(case: Case) -> dict[str, Any]:
    i = case.inputs
    test = fx.power_one_rate(i["n"], i["lambda_h0"], i["lambda"], exposure=i["exposure"], alpha=i["alpha"])
    return {"power": test.power, "critical": test.critical}


def _mcnemar(case: Case) -> dict[str, Any]:
    i = case.inputs
    discordant, difference = i.get("p_discordant"), i.get("risk_diff")
    p10 = (discordant + difference) / 2 if discordant else i["p10"]
    n = fx.sample_size_mcnemar(p10, discordant - p10 if discordant else i["p01"], **_rates(i)).n_total
    if discordant:
        return {"n_pairs": math.ceil(n), "n_pairs_realvalued": n}
    return {"n_pairs": n}


def _events(formula: Callable[..., float]) -> Callable[[Case], dict[str, Any]]:
    return lambda case: {
        "events": formula(case.inputs["hazard_ratio"], ratio=case.inputs[RATIO], **_rates(case.inputs))
    }


def _counts(case: Case) -> dict[str, Any]:
    i = case.inputs
    size = fx.sample_size_counts(
        i["rate_treat"], i["rate_control"], dispersion=i.get("dispersion", 0), exposure=i["exposure"],
        ratio=i.get(RATIO, 1), **_rates(i),
    )  # fmt: skip
    return {"n_total": size.n_total_rounded, "n_total_realvalued": size.n_total}


def _kappa(case: Case) -> dict[str, Any]:
    i = case.inputs
    size = fx.sample_size_kappa(i["kappa"], i["kappa_h0"], i["p1"], i["p2"], alpha=i["alpha"], power=i["power"])
    return {"n": size.n_total_rounded}


def _clusters(case: Case) -> dict[str, Any]:
    i = case.inputs
    size = fx.sample_size_means_z(i["delta"], i["sd"], alpha=i["alpha"], sided=2, power=i["power"])
    found = fx.inflate_for_clusters(
        size, icc=i["icc"], cluster_size=i.get("cluster_size", i.get("mean_cluster_size")),
        cv=i.get("cv_cluster_size", 0.0),
    )  # fmt: skip
    return {
        "n_per_arm_individual": found.n_individual[0], "design_effect": found.design_effect, "n_per_arm": found.n[0],
        "clusters_per_arm": found.clusters[0], "clusters_per_arm_rounded": found.clusters_rounded[0],
    }  # fmt: skip


def _stepped_wedge(case: Case) -> dict[str, Any]:
    i = case.inputs
    keys = ("sequences", "clusters_per_sequence", "periods", "n_per_cell", "icc", "alpha")
    found = fx.power_stepped_wedge(i["delta"], sd=i["sd_total"], **{key: i[key] for key in keys})
    return {"variance": found.variance, "power": found.power}


def _tost(case: Case) -> dict[str, Any]:
    i = case.inputs
    design = {"2x2x2": "2x2"}.get(i["design"], i["design"])
    n = be.sample_size_tost(i["cv"], ratio=i["theta0"], power=i["target_power"], alpha=i["alpha"], design=design)
    any_n = next(m for m in range(4, 500) if be.power_tost(i["cv"], m, ratio=i["theta0"]) >= i["target_power"])
    power = be.power_tost(i["cv"], n, ratio=i["theta0"], design=design, alpha=i["alpha"])
    return {"n_total": n, "power": float(power), "n_total_balanced_or_not": any_n}


def _tost_of_means(case: Case) -> dict[str, Any]:
    i = case.inputs
    size = fx.sample_size_means_equivalence(
        i["theta0"], i["sd"], margin=i["margin"], alpha=i["alpha"], power=i["power"]
    )
    return {"n_total": size.n_total}


def _mmrm(case: Case) -> dict[str, Any]:
    """Correlations (0.2 to the power of the lag) and dropout (0.05, treated alone) stand in the call."""
    i = case.inputs
    visits = np.arange(len(i["visits"]))
    covariance = 0.2 ** np.abs(np.subtract.outer(visits, visits))
    size = fx.sample_size_mmrm(
        i["delta"], covariance, retained_treatment=np.exp(-0.05 * np.array(i["visits"])).tolist(),
        retained_control=[1.0] * visits.size, alpha=i["alpha"], power=i["power"],
    )  # fmt: skip
    return {"n_total": math.ceil(size.n_total)}


RECOMPUTE = {
    "fix-mmrm-*": _mmrm,
    "fix-mean2-t-*": _means,
    "fix-mean2-z-*": _means,
    "fix-mean2-ni-*": _means,
    "fix-mean1-*": _mean,
    "fix-mean2-ratio-*": _ratio_of_means,
    "fix-mean2-equiv-*": _tost_of_means,
    "fix-anova-01": _anova_by_f,
    "fix-anova-02": _anova,
    "fix-corr-*": _correlation,
    "fix-prop2-ni-rr-*": _risk_ratio,
    "fix-prop2-ni-fm-*": _proportions,
    "fix-prop2-0*": _proportions,
    "fix-prop2-equiv-*": _equivalence_of_rates,
    "fix-prop2-arcsine-*": lambda c: {
        "n_per_group": fx.sample_size_arcsine(c.inputs["p1"], c.inputs["p2"], **_rates(c.inputs)).n[0]
    },
    "fix-fisher-power-*": _fisher_power,
    "fix-fisher-n-*": _fisher_size,
    "fix-prop1-exact-n-*": _one_proportion_size,
    "fix-prop1-exact-0*": _one_proportion,
    "fix-rate1-*": _one_rate,
    "fix-mcnemar-*": _mcnemar,
    "fix-events-schoenfeld-*": _events(fx.events_schoenfeld),
    "fix-events-freedman-*": _events(fx.events_freedman),
    "fix-events-hsiehfreedman-*": _events(fx.events_hsieh_freedman),
    "fix-count-*": _counts,
    "fix-kappa-*": _kappa,
    "fix-crt-*": _clusters,
    "fix-sw-*": _stepped_wedge,
    "be-2x2-*": _tost,
    "be-design-*": _tost,
}
