"""Mixed models for repeated measures: R mmrm and SAS PROC MIXED on the FEV1 data, the pilot's ADAS-Cog (11) table."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import polars as pl

from opencro.stats.formula import LsMeans, contrast_means, differences_from
from opencro.stats.mmrm import MmrmFit, fit_mmrm
from tests.reference.stats.material import Reference, table

DF = {
    "Satterthwaite": "satterthwaite",
    "Kenward-Roger": "kenward-roger",
    "KR": "kenward-roger",
    "KR-Linear": "kenward-roger-linear",
    "Kenward-Roger-Linear": "kenward-roger-linear",
    "Between-Within": "between-within",
    "Residual": "residual",
}


@cache
def fev(formula: str, **options: Any) -> MmrmFit:
    """A fit to the FEV1 data, without a fallback."""
    return fit_mmrm(formula, table("mmrm/fev_data.csv"), subject="USUBJID", visit="AVISIT", fallback=(), **options)


def r_fit(reference: Reference) -> MmrmFit:
    """The id says the model and the method: `mmrm.fev.MODEL|DF|VCOV|REML.WHAT`."""
    said = reference.id.removeprefix("mmrm.fev.").rsplit(".", 1)[0]
    model, df, vcov, criterion = (*said.split("|"), "", "")[:4]
    options: dict[str, Any] = {"df": DF[vcov if vcov.startswith("Kenward") else df], "reml": criterion != "ML"}
    if vcov.startswith("Empirical"):
        options["vcov"] = vcov.lower()
    if model.startswith("grouped"):
        options["group"] = "ARMCD"
    if model.startswith("weighted"):
        options["weights"] = "WEIGHT"
    if model.startswith("sp_exp"):
        options["coordinates"] = tuple(re.findall(r"VISITN2?", model))
    (kind,) = re.findall(r"\b(us|sp_exp|toeph?|ar1h?|adh?|csh?)\b", model)
    formula = "FEV1 ~ RACE + SEX + ARMCD * AVISIT"
    if model.startswith("baseline"):
        formula = "FEV1 ~ FEV1_BL + RACE + SEX + ARMCD * AVISIT + FEV1_BL:AVISIT"
    return fev(formula, covariance=kind, **options)


def r_answer(reference: Reference, fit: MmrmFit) -> Any:
    """The criterion, or the difference of the arms at the last visit."""
    if reference.id.endswith(".neg2ll"):
        return fit.neg2_log_likelihood
    row = differences_from(fit.ls_means("ARMCD", by="AVISIT"), "PBO")
    return _row(row, [c["AVISIT"] for c in row.cells].index("VIS4"))


def from_sas(reference: Reference) -> float:
    """PROC MIXED's listing, of which only the name and the criterion are published: the name says the model.

    What the name leaves open was found by trying: the listings have no covariates but for those named below.
    """
    folder, name = reference.id.removeprefix("sas.mixed.").split("/")
    formula = "FEV1 ~ 1"
    if folder == "Robust" or name in ("sas_resid_spatial", "sas_sp_gau_kr"):
        formula = "FEV1 ~ ARMCD"
    if name.startswith("sas_coef_ci"):
        formula = "FEV1 ~ SEX + ARMCD"
    if name == "sas_log":
        formula = "FEV1 ~ RACE + SEX + ARMCD * AVISIT"
    (kind,) = re.findall(r"_(adh|arh?1h?|csh?|toeph?|un|us|sp_?exp|sp_?gau|spatial|log)", name)
    kind = {"arh1": "ar1h", "un": "us", "log": "us", "spexp": "sp_exp", "spatial": "sp_exp"}.get(kind, kind)
    options: dict[str, Any] = {"covariance": kind, "reml": not (name.endswith("_ml") or "_ml_" in name)}
    if name in ("sas_log", "sas_log_simple"):
        options["reml"] = False
    if kind.startswith("sp_"):
        plane = "2" in name or name in ("sas_sp_gau_kr", "empirical_spexp_weighted")
        options["coordinates"] = ("VISITN", "VISITN2") if plane else ("VISITN",)
    if "group" in name:
        options["group"] = "ARMCD"
    if "weighted" in name:
        options["weights"] = "WEIGHT"
    return fev(formula, **options).neg2_log_likelihood


WEEKS = ["Week 8", "Week 16", "Week 24"]
ARMS = ["Pbo", "Xan_Lo", "Xan_Hi"]


def adas_data() -> pl.DataFrame:
    """Sites are labels."""
    return table("mmrm/pilot_adas_mmrm.csv").with_columns(pl.col("SITEGR1").cast(pl.String))


@cache
def adas(df: str) -> MmrmFit:
    """Table 14-3.11: change in ADAS-Cog (11) by treatment, week, site and baseline."""
    return fit_mmrm(
        "CHG ~ T * W + SITEGR1 + BASE * W", adas_data(), subject="USUBJID", visit="W", df=df, fallback=(),
        levels={"T": ARMS, "W": WEEKS},
    )  # fmt: skip


def pilot_fit(reference: Reference) -> MmrmFit:
    """`14-3.11.DF.WHAT`; SAS's DDFM=KR for an unstructured covariance is without second derivatives."""
    return adas(DF.get(reference.id.removeprefix("14-3.11.").split(".")[0], "kenward-roger-linear"))


def pilot_answer(reference: Reference, fit: MmrmFit) -> Any:
    """`14-3.11.DF.(WEEK or avg).(lsm or diff).WHO`: means and differences; the criterion; the covariance."""
    what = reference.id.removeprefix("14-3.11.").split(".")[1:]
    if what == ["neg2ll"]:
        return fit.neg2_log_likelihood, fit.observations, fit.subjects
    if what == ["varcor"]:
        return [float(fit.sigma[0][i, j]) for j in range(3) for i in range(j, 3)]
    if what == ["week24"]:
        means = fit.ls_means("T", by="W")
        low, high = (_difference(means, "Week 24", who) for who in ("Lo-Pbo", "Hi-Pbo"))
        return [*map(float, means.estimate[-3:]), -high[0], high[-1], -low[0], low[-1]]
    week, kind, who = what
    means = fit.ls_means("T", by=() if week == "avg" else "W")
    if kind == "diff":
        return _difference(means, week, who)
    return _row(means, [(c.get("W", "avg"), c["T"]) for c in means.cells].index((week, who)))[:5]


def _difference(means: LsMeans, week: str, who: str) -> list[float]:
    place = {"Pbo": 0, "Lo": 1, "Hi": 2}
    plus, minus = (place[part] for part in who.split("-"))
    weights = [(i == plus) - (i == minus) for i in range(3)]
    found = contrast_means(means, {who: [float(w) for w in weights]})
    return _row(found, [c.get("W", "avg") for c in found.cells].index(week))


def _row(found: Any, i: int) -> list[float]:
    names = ("estimate", "se", "df", "lower", "upper", "statistic", "p_value")
    return [float(getattr(found, name)[i]) for name in names]


def computes(reference: Reference) -> bool:
    """Is the reference a fit of this module?"""
    return reference.id.startswith(("mmrm.fev.", "14-3.11."))


def fit_of(reference: Reference) -> MmrmFit:
    """The fit that a reference is about."""
    return r_fit(reference) if reference.id.startswith("mmrm.") else pilot_fit(reference)


def answer(reference: Reference, fit: MmrmFit) -> Any:
    """The numbers of a reference from a fit."""
    return r_answer(reference, fit) if reference.id.startswith("mmrm.") else pilot_answer(reference, fit)


def _recompute(reference: Reference) -> Any:
    return answer(reference, fit_of(reference))


RECOMPUTE: dict[str, Callable[[Reference], Any]] = {
    "mmrm.fev.*": _recompute,
    "sas.mixed.*": from_sas,
    "14-3.11.*": _recompute,
}
