"""How the published results of generalized linear models are computed again."""

from __future__ import annotations

import numpy as np

from opencro.stats import formula
from opencro.stats import generalized as gen
from tests.reference.stats.material import Reference, table


def _row(fit: gen.GeneralizedFit, term: str) -> list[float]:
    j = fit.term.index(term)
    return [fit.estimate[j], fit.se[j], fit.z[j], fit.p[j]]


def _polyps() -> tuple[formula.ModelMatrix, gen.PoissonFit]:
    matrix = formula.model_matrix("number ~ treat + age", table("stats_data/camis_polyps.csv"),
                                  reference={"treat": "placebo"})  # fmt: skip
    return matrix, gen.fit_poisson(matrix.response, matrix.x, names=matrix.names)


def _polyps_treat(_: Reference) -> list[float]:
    return _row(_polyps()[1], "treatdrug")


def _polyps_ratio(_: Reference) -> list[float]:
    ratios = gen.compute_ratios(_polyps()[1])
    j = ratios.term.index("treatdrug")
    return [ratios.ratio[j], ratios.lower[j], ratios.upper[j]]


def _polyps_means(_: Reference) -> list[float]:
    matrix, fit = _polyps()
    means = gen.response_means(fit, matrix, "treat", weights="observed")
    names = means.columns()["treat"]
    return [means.mean[names.index("placebo")], means.mean[names.index("drug")]]


def _exacerbations() -> tuple[formula.ModelMatrix, gen.NegativeBinomialFit]:
    data = table("stats_data/sim_exacerbations.csv")
    matrix = formula.model_matrix("count ~ TRT + region", data.with_columns(TRT=data["trt"].cast(str)))
    return matrix, gen.fit_negative_binomial(
        matrix.response, matrix.x, offset=np.log(data["fu"].to_numpy()), names=matrix.names
    )


def _exacerbations_treat(_: Reference) -> list[float]:
    _, fit = _exacerbations()
    j = fit.term.index("TRT1")
    return [fit.estimate[j], fit.se[j], *np.exp([fit.estimate[j], fit.lower[j], fit.upper[j]])]


def _exacerbation_rates(_: Reference) -> list[float]:
    matrix, fit = _exacerbations()
    means = gen.response_means(fit, matrix, "TRT")
    return np.concatenate([means.mean, means.lower, means.upper]).tolist()


def _birth_weight() -> gen.LogisticFit:
    data = table("stats_data/birthwt.csv")
    matrix = formula.model_matrix("low ~ age + lwt + race + smoke", data.with_columns(race=data["race"].cast(str)))
    return gen.fit_logistic(matrix.response, matrix.x, names=matrix.names)


def _birth_weight_deviance(_: Reference) -> list[float]:
    fit = _birth_weight()
    return [fit.null_deviance, fit.deviance, fit.aic]


RECOMPUTE = {
    "poisson.polyps.treat": _polyps_treat,
    "poisson.polyps.RR.SAS": _polyps_ratio,
    "poisson.polyps.lsm_OM": _polyps_means,
    "negbin.exac.trt": _exacerbations_treat,
    "negbin.exac.rates": _exacerbation_rates,
    "logistic.birthwt.age": lambda _: _row(_birth_weight(), "age"),
    "logistic.birthwt.lwt": lambda _: _row(_birth_weight(), "lwt"),
    "logistic.birthwt.race3": lambda _: _row(_birth_weight(), "race3"),
    "logistic.birthwt.deviance": _birth_weight_deviance,
}
