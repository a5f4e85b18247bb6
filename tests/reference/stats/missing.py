"""How the published results of imputation are computed again.

The settings of the reference run (R rbmi 1.6, quick start): CHANGE by visit, covariates BASVAL by visit and THERAPY
by visit, one covariance for both arms, ANCOVA with BASVAL; intercurrent events from the second file.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import polars as pl

from opencro.stats import missing
from tests.reference.stats.material import Reference, table
from tests.reference.stats.material_rbmi import replay_jackknife

VISITS = ("4", "5", "6", "7")


@cache
def _subjects() -> pl.DataFrame:
    wide = table("stats_data/antidepressant_data.csv").pivot(
        "VISIT", index=["PATIENT", "THERAPY", "BASVAL"], values="CHANGE"
    )
    ice = table("stats_data/antidepressant_ice.csv").rename({"VISIT": "ice"})
    return wide.join(ice, on="PATIENT", how="left").sort("PATIENT")


def arrange(assumption: str) -> missing.IncompleteData:
    """The antidepressant trial with one assumption for all gaps after events."""
    frame = _subjects()
    return missing.arrange_outcomes(
        frame.select(VISITS).to_numpy().astype(float), frame["THERAPY"].to_list(), reference="PLACEBO",
        covariates={"BASVAL": frame["BASVAL"].to_numpy()}, visits=VISITS,
        ice_visit=[None if v is None else str(v) for v in frame["ice"]], assumption=assumption,
    )  # fmt: skip


@cache
def _imputed(assumption: str) -> missing.Imputed:
    return missing.impute_conditional_mean(arrange(assumption), _parameters())


@cache
def _parameters() -> missing.Parameters:
    """No value is observed after an event here, so that all assumptions share the fits."""
    return replay_jackknife(arrange("MAR"))


def _rbmi(reference: Reference) -> list[Any]:
    _, _, assumption, parameter = reference.id.split(".")
    kind, visit = parameter.rsplit("_", 1)
    what = {"trt": "DRUG - PLACEBO", "lsm_ref": "PLACEBO", "lsm_alt": "DRUG"}[kind]
    row = missing.analyse_ancova(_imputed(assumption)).row(visit, what)
    return [row[name] for name in ("estimate", "se", "lower", "upper", "p_value")]


def _tipping(reference: Reference) -> list[float]:
    delta = float(reference.id.rsplit("_", 1)[1])
    grid = missing.tipping_grid(_imputed("MAR"), {"DRUG": [delta]}, visit="7", what="DRUG - PLACEBO")
    return [float(grid.estimate[0]), float(grid.se[0]), float(grid.p_value[0])]


def _rubin(reference: Reference) -> list[float]:
    d = reference.data
    pooled = missing.pool_rubin(d["est"], d["var"], df_complete=d["dfcom"])
    names = ("estimate", "se", "df_old", "df", "lambda_", "fmi")
    return [float(getattr(pooled, name)[0]) for name in names]


RECOMPUTE = {"rbmi.condmean.*": _rbmi, "rbmi.tipping.*": _tipping, "rubin.pool": _rubin}
