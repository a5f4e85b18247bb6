"""Survival: R survival 3.5-3, survRM2 1.0-4, cmprsk 2.2.11 and SAS 9.4 on veteran, lung, mgus2 and the pilot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

import opencro.stats as st
from tests.reference.stats.material import FOLDER, Reference, table

sv = st.survival
CELLS = ("squamous", "smallcell", "adeno", "large")
COX_TERMS = ["trt", *[f"celltype{c}" for c in CELLS[1:]], "karno"]


def _data(r: Reference, **where: Any) -> pl.DataFrame:
    frame = table(r.data)
    return frame.filter(*[pl.col(name) == value for name, value in where.items()])


def _arm(r: Reference) -> int:
    return int(r.id.split(".trt")[1].split(".")[0])


def _veteran_curve(r: Reference, limits: str = "log-log") -> Any:
    d = _data(r, trt=_arm(r))
    return sv.kaplan_meier(d["time"], d["status"], limits=limits)  # type: ignore[arg-type]


def _km_at(field: str) -> Callable[[Reference], Any]:
    return lambda r: getattr(sv.kaplan_meier_at(_veteran_curve(r), r.params["time"]), field)[0]


def _km_limits(r: Reference) -> Any:
    at = sv.kaplan_meier_at(_veteran_curve(r, r.params["conf_type"]), r.params["time"])
    return [at.lower[0], at.upper[0]]


def _km_quantile(r: Reference) -> Any:
    q = sv.kaplan_meier_quantile(_veteran_curve(r, r.params["conf_type"]), r.params["p"])
    return [q.quantile[0], q.lower[0], q.upper[0]]


def _km_lung(r: Reference) -> Any:
    d = _data(r, sex=1)
    q = sv.kaplan_meier_quantile(sv.kaplan_meier(d["time"], d["status"] == 2))
    return [q.quantile[0], q.lower[0], q.upper[0]]


def _log_rank(arm: str, field: str, event: int, stratum: str | None = None) -> Callable[[Reference], Any]:
    def compute(r: Reference) -> Any:
        d = _data(r).drop_nulls([arm] + ([stratum] if stratum else []))
        strata = d[stratum] if stratum else None
        return getattr(sv.log_rank(d["time"], d["status"] == event, d[arm], stratum=strata), field)

    return compute


def _peto(r: Reference) -> Any:
    d = _data(r)
    return sv.weighted_log_rank(d["time"], d["status"], d["trt"], sv.FlemingHarrington(1, 0)).chi2


def _cox(r: Reference) -> Any:
    d, ties = _data(r), r.id.split(".")[1]
    cell = d["celltype"].to_numpy()
    x = np.column_stack([d["trt"], *[cell == c for c in CELLS[1:]], d["karno"]])
    return sv.fit_cox(d["time"], d["status"], x, names=COX_TERMS, ties={"exact": "discrete"}.get(ties, ties))


def _cox_term(r: Reference) -> Any:
    fit, (term, field) = _cox(r), r.id.split(".")[-2:]
    return getattr(fit, field)[COX_TERMS.index(term)]


def _hazard_ratio(fit: Any) -> Any:
    return [fit.hazard_ratio[0], fit.lower[0], fit.upper[0], fit.p[0]]


def _cox_stratified(r: Reference) -> Any:
    d = _data(r)
    ties = r.id.split(".")[2]
    return _hazard_ratio(sv.fit_cox(d["time"], d["status"], d["trt"], stratum=d["celltype"], ties=ties))


def _cox_lung(r: Reference) -> Any:
    d = _data(r)
    return _hazard_ratio(sv.fit_cox(d["time"], d["status"] == 2, d["sex"]))


def _cox_robust(r: Reference) -> Any:
    d = _data(r)
    return sv.fit_cox(d["time"], d["status"], d.select("trt", "karno").to_numpy(), cluster=d["celltype"]).se.tolist()


def _rmst_arm(trt: int) -> Callable[[Reference], Any]:
    def compute(r: Reference) -> Any:
        d = _data(r, trt=trt)
        mean = sv.rmst(d["time"], d["status"], tau=r.params["tau"])
        return [mean.rmst[0], mean.se[0]]

    return compute


def _rmst_contrast(r: Reference) -> Any:
    d = _data(r)
    c = sv.compare_rmst(d["time"], d["status"], d["trt"], tau=r.params["tau"])
    return [c.estimate[0], c.lower[0], c.upper[0], c.p[0]]


def _rmst_lung(r: Reference) -> Any:
    """Arm 1 minus arm 2. LIFETEST prints four decimals; the limits of the SAS reference were then made in a data step
    as estimate -+ 1.96 standard errors."""
    d = _data(r)
    c = sv.compare_rmst(d["time"], d["cnsr"] == 0, d["trt01pn"] == 1, tau=r.params["tau"])
    if r.id.endswith(".R"):
        return [c.estimate[0], c.lower[0], c.upper[0], c.p[0]]
    means = sv.rmst(d["time"], d["cnsr"] == 0, d["trt01pn"], tau=r.params["tau"])
    difference, se = round(c.estimate[0], 4), round(c.se[0], 4)
    return [*means.rmst, difference, difference - 1.96 * se, difference + 1.96 * se, round(c.p[0], 4)]


def _incidence(r: Reference) -> Any:
    sex, cause = r.id.split(".")[-1].split("_")
    d = _data(r, sex=sex)
    at = sv.cumulative_incidence_at(sv.cumulative_incidence(d["etime"], d["ev"], of=int(cause)), [60, 120, 240])
    return [*at.incidence, *at.se**2]


def _gray(r: Reference) -> Any:
    d = _data(r)
    return [sv.gray_test(d["etime"], d["ev"], d["sex"], of=cause).chi2 for cause in (1, 2)]


PILOT = {
    "tdf": FOLDER / "adam" / "tdf" / "adtte.parquet",
    "original": FOLDER.parent / "cdisc" / "cdiscpilot01" / "parquet" / "adam" / "adtte.parquet",
}
ARMS = ("Placebo", "Xanomeline Low Dose", "Xanomeline High Dose")


def _pilot(r: Reference) -> pl.DataFrame:
    return pl.read_parquet(PILOT[r.id.split(".")[1]]).filter(pl.col("PARAMCD") == "TTDE")


def _pilot_curve(r: Reference, arm: int) -> Any:
    d = _pilot(r).filter(pl.col("TRTP") == ARMS[arm - 1])
    return sv.kaplan_meier(d["AVAL"], d["CNSR"] == 0)


def _pilot_survival(r: Reference) -> Any:
    arm, time = (int(v) for v in r.id.split(".")[-2:])
    at = sv.kaplan_meier_at(_pilot_curve(r, arm), time)
    return [at.survival[0], at.lower[0], at.upper[0], at.n_risk[0]]


def _pilot_arm(r: Reference) -> Any:
    curve = _pilot_curve(r, int(r.id[-1]))
    median, q25 = (sv.kaplan_meier_quantile(curve, p) for p in (0.5, 0.25))
    return [curve.sample.n, curve.n_event.sum(), median.quantile[0], median.lower[0], median.upper[0], q25.quantile[0]]


def _pilot_cox(r: Reference) -> Any:
    d = _pilot(r)
    x = np.column_stack([d["TRTP"] == arm for arm in ARMS[1:]]).astype(float)
    fit = sv.fit_cox(d["AVAL"], d["CNSR"] == 0, x, ties=r.id.split(".")[-1])
    return [*fit.hazard_ratio, *fit.lower, *fit.upper]


RECOMPUTE = {
    "km.surv.veteran.*": _km_at("survival"),
    "km.se.veteran.*": _km_at("se"),
    "km.ci.*": _km_limits,
    "km.quantile.*": _km_quantile,
    "km.median.loglog.lung.sex1": _km_lung,
    "logrank.veteran.p": _log_rank("trt", "p", 1),
    "logrank.strat.veteran.chisq": _log_rank("trt", "chi2", 1, "celltype"),
    "logrank.strat.veteran.p": _log_rank("trt", "p", 1, "celltype"),
    "logrank.veteran.celltype.chisq": _log_rank("celltype", "chi2", 1),
    "logrank.lung.sex.chisq": _log_rank("sex", "chi2", 2),
    "logrank.strat.lung.chisq": _log_rank("sex", "chi2", 2, "ph.ecog"),
    "peto.veteran.chisq": _peto,
    "cox.*.veteran.tests": lambda r: sv.cox_tests(_cox(r)).chi2.tolist(),
    "cox.exact.veteran.loglik": lambda r: _cox(r).loglik,
    "cox.strat.*.veteran.HR": _cox_stratified,
    "cox.robust.veteran.se": _cox_robust,
    "cox.*.veteran.*": _cox_term,
    "cox.lung.sex.HR": _cox_lung,
    "rmst.veteran.tau300.arm1": _rmst_arm(2),
    "rmst.veteran.tau300.arm0": _rmst_arm(1),
    "rmst.veteran.tau300.diff": _rmst_contrast,
    "rmst.camis.lung.*": _rmst_lung,
    "cif.mgus2.*": _incidence,
    "gray.mgus2": _gray,
    "F14-1.*.S.*": _pilot_survival,
    "F14-1.original.arm?": _pilot_arm,
    "F14-1.*.cox.*": _pilot_cox,
}
