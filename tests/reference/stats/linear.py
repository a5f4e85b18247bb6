"""ANCOVA and ANOVA: the pilot's tables 14-2.01 and 14-3.01 to 14-3.12, and CAMIS' drug trial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

import opencro.stats as st
from tests.reference.stats.material import Reference, table

ARMS = {"Pbo": 0, "Xan_Lo": 54, "Xan_Hi": 81, "Lo": 54, "Hi": 81}
SITE = ("SITEGR1",)


def _endpoint(number: str) -> tuple[pl.DataFrame, tuple[str, ...], str]:
    """The analysed rows of a table, its covariates and its response."""
    efficacy = pl.col("EFFFL") == "Y"
    analysed = efficacy & (pl.col("ANL01FL") == "Y")
    if number in ("14-3.02", "14-3.04", "14-3.06"):
        week = {"14-3.02": 24, "14-3.04": 8, "14-3.06": 16}[number]
        return table("adam/tdf/adcibc.parquet").filter(analysed & (pl.col("AVISITN") == week)), SITE, "AVAL"
    if number == "14-3.12":
        on_treatment = analysed & (pl.col("PARAMCD") == "NPTOT") & pl.col("AVISITN").is_between(4, 24)
        rows = table("adam/tdf/adnpix.parquet").filter(on_treatment)
        kept = [pl.first(name) for name in ("TRTPN", "SITEGR1", "BASE")]
        return rows.group_by("USUBJID", maintain_order=True).agg(pl.mean("AVAL"), *kept), (*SITE, "BASE"), "AVAL"
    week = {"14-3.03": 8, "14-3.05": 16}.get(number, 24)
    rows = table("adam/tdf/adadas.parquet").filter(
        analysed & (pl.col("PARAMCD") == "ACTOT") & (pl.col("AVISITN") == week)
    )
    if number == "14-3.07":
        rows = rows.filter((pl.col("COMP24FL") == "Y") & (pl.col("DTYPE") == ""))
    if number in ("14-3.08", "14-3.09"):
        rows = rows.filter(pl.col("SEX") == {"14-3.08": "M", "14-3.09": "F"}[number])
    return rows, (*SITE, "BASE"), "CHG"


def _pilot(number: str, weights: str = "observed") -> st.linear.Ancova:
    rows, covariates, response = _endpoint(number)
    chosen: Any = weights
    return st.linear.ancova(rows[response], rows["TRTPN"], {c: rows[c] for c in covariates}, weights=chosen)


def _one(result: st.formula.LinearEstimates, at: int, names: Sequence[str]) -> list[float]:
    return [float(getattr(result, name)[at]) for name in names]


LIMITS = ("estimate", "se", "df", "lower", "upper")


def _pilot_mean(reference: Reference) -> list[float]:
    number, kind, arm = reference.id.rsplit(".", 2)
    result = _pilot(number, "equal" if kind == "lsm_equal" else "observed").means
    at = list(result.cells).index({"arm": ARMS[arm]})
    return _one(result, at, LIMITS if kind == "lsm" else ("estimate", "se"))


def _pilot_difference(reference: Reference) -> list[float]:
    number, _, pair = reference.id.rsplit(".", 2)
    high, low = pair.split("-")
    result = _pilot(number).differences
    return _one(result, result.contrast.index(f"{ARMS[high]} - {ARMS[low]}"), (*LIMITS, "statistic", "p_value"))


def _pilot_dose(reference: Reference) -> float:
    number = reference.id.rsplit(".", 1)[0]
    rows, covariates, response = _endpoint(number)
    terms = " + ".join(("TRTPN", *covariates))
    fit = st.linear.fit_linear(f"{response} ~ {terms}", rows)
    tests = st.linear.anova_type_iii(fit)
    return float(tests.p_value[tests.term.index("TRTPN")])


def _pilot_all_differences(reference: Reference) -> list[float]:
    result = _pilot("14-3.12").differences
    order = [result.contrast.index(c) for c in ("54 - 0", "81 - 0", "81 - 54")]
    return [*result.estimate[order], *result.se[order], *result.p_value[order]]


def _pilot_anova(reference: Reference) -> list[float]:
    variable = reference.id.rsplit(".", 1)[1]
    rows = table("adam/tdf/adsl.parquet").filter(pl.col("ITTFL") == "Y")
    result = st.linear.one_way_anova(rows[variable], rows["TRT01P"])
    return [result.f, result.p_value]


def _drug(interaction: bool = False, weights: str = "equal") -> st.formula.LsMeans:
    rows = table("stats_data/camis_drug_trial.csv")
    terms = "drug * pre + sex" if interaction else "drug + pre"
    fit = st.linear.fit_linear(f"post ~ {terms}", rows)
    chosen: Any = weights
    return st.formula.ls_means(*fit.parts, "drug", weights=chosen, df=fit.df)


def _drug_difference(reference: Reference) -> list[float]:
    first, second = reference.id.rsplit(".", 1)[1].split("-")
    # the reference's ids number the drugs A, C, E where the data call them A, D, F
    drugs = dict(zip("ACE", sorted(set(table("stats_data/camis_drug_trial.csv")["drug"])), strict=True))
    result = st.formula.pairwise_differences(_drug())
    at = result.contrast.index(f"{drugs[first]} - {drugs[second]}")
    return _one(result, at, (*LIMITS, "statistic", "p_value"))


def _drug_interaction(reference: Reference) -> list[float]:
    result = _drug(True, "observed" if reference.id.endswith("OM") else "equal")
    return [*result.estimate, *result.se]


def _drug_anova(reference: Reference) -> list[float]:
    rows = table("stats_data/camis_drug_trial.csv")
    result = st.linear.one_way_anova(rows["post"], rows["drug"])
    return [result.f, result.p_value]


def _drug_hc3(reference: Reference) -> list[float]:
    fit = st.linear.hc_robust(st.linear.fit_linear("post ~ drug + pre", table("stats_data/camis_drug_trial.csv")))
    return [float(v) ** 0.5 for v in fit.covariance.diagonal()]


RECOMPUTE = {
    "ancova.drug.lsmeans": lambda r: _drug().estimate.tolist(),
    "ancova.drug.lsm_se": lambda r: _drug().se.tolist(),
    "ancova.drug.diff.*": _drug_difference,
    "ancova.drug.interaction.*": _drug_interaction,
    "anova.drug.F": _drug_anova,
    "ancova.drug.HC3": _drug_hc3,
    "14-3.0?.lsm.*": _pilot_mean,
    "14-3.0?.lsm_equal.*": _pilot_mean,
    "14-3.0?.diff.*": _pilot_difference,
    "14-3.??.p_dose": _pilot_dose,
    "14-3.12.diff": _pilot_all_differences,
    "14-2.01.anova.*": _pilot_anova,
}
