"""The 30 data sets of Schuetz et al. (AAPS J 2020; 22:44), three generated ones, and tables of power and sample size.

Expected numbers: replicateBE 1.1.3 (methods A and B), PKNCA 0.12.1 (regulators), PowerTOST 1.5-7, tables 5.1 to 5.3 of
Hauschke, Steinijans and Pigeot (2007), all in ../shared/data/lab.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import opencro.stats as st

be = st.bioequivalence
LAB = Path(__file__).resolve().parents[4] / "shared" / "data" / "lab"
pytestmark = [pytest.mark.peer, pytest.mark.skipif(not LAB.is_dir(), reason="../shared/data is absent")]


def _cases(name: str) -> list[dict[str, Any]]:
    path = LAB / name
    return json.loads(path.read_text(encoding="utf-8"))["cases"] if path.is_file() else []


@cache
def _trial(name: str) -> st.bioequivalence.Crossover:
    if name.startswith("pknca"):
        rows, measure = pl.read_csv(LAB / "rsabe" / f"{name}.csv", null_values=["NA"]), "PPORRES"
    else:
        path, measure = LAB / "replicatebe" / f"{name.removesuffix('.csv')}.csv", "PK"
        rows = pl.read_csv(
            path, null_values=["NA", "."], comment_prefix="#", infer_schema_length=None, truncate_ragged_lines=True
        )
    return be.crossover(*(rows[c] for c in ("subject", "period", "sequence", "treatment", measure)))


@cache
def _mixed(name: str, df: str) -> st.bioequivalence.BioequivalenceRatio:
    chosen: Any = df
    return be.average_bioequivalence_mixed(_trial(name), df=chosen)


METHODS = {"B1": "satterthwaite", "B2": "containment", "B3": "kenward-roger"}


@pytest.mark.parametrize("case", _cases("replicatebe/reference_replicatebe.json"), ids=lambda c: c["id"])
def test_methods_a_and_b_of_ema(case: dict[str, Any]) -> None:
    trial, expected, method = _trial(case["dataset"]), case["result"], case["method"]
    fit = _mixed(case["dataset"], METHODS[method]) if method in METHODS else be.average_bioequivalence_anova(trial)
    # B3: replicateBE takes the expected information for the degrees of freedom, this (as SAS) the observed one
    tolerance, df_tolerance = {"B1": (1e-5, 2e-3), "B2": (1e-6, 1e-9), "B3": (7e-5, 0.015)}.get(method, (1e-9, 1e-12))
    found = (100 * fit.lower, 100 * fit.upper, 100 * fit.ratio)
    assert found == pytest.approx((expected["CL.lo(%)"], expected["CL.hi(%)"], expected["PE(%)"]), rel=tolerance)
    assert fit.df == pytest.approx(expected["DF"], rel=df_tolerance)
    spread = be.within_subject_variability(trial)
    assert 100 * spread.cv_reference == pytest.approx(expected["CVwR(%)"], rel=1e-8)
    if expected["CVwT(%)"] is not None:
        assert 100 * spread.cv_test == pytest.approx(expected["CVwT(%)"], rel=1e-8)
    if expected.get("sw.ratio.CL") is not None:
        assert spread.ratio_upper == pytest.approx(expected["sw.ratio.CL"], rel=1e-8)
    if "L(%)" in expected:
        scaled = be.expanding_limits_ema(trial, fit=fit)
        limits = (100 * scaled.limit_lower, 100 * scaled.limit_upper)
        assert limits == pytest.approx((expected["L(%)"], expected["U(%)"]), rel=1e-8)
        verdicts = (scaled.interval_within, scaled.point_within, scaled.equivalent)
        assert verdicts == tuple(expected[k] == "pass" for k in ("CI", "GMR", "BE"))


EXPANDING = {
    "EMA": be.expanding_limits_ema, "HC": be.expanding_limits_health_canada, "GCC": be.expanding_limits_gcc,
}  # fmt: skip
SCALED = {"FDA": be.reference_scaled_fda, "NTID": be.narrow_index_fda}


@pytest.mark.parametrize(
    "case",
    [c for c in _cases("rsabe/reference_rsabe_abel.json") if c["regulator"] in (*EXPANDING, *SCALED, "ABE")],
    ids=lambda c: c["id"],
)
def test_verdicts_of_regulators(case: dict[str, Any]) -> None:
    trial, expected, regulator = _trial(case["dataset"]), case["expected"], case["regulator"]
    if regulator in SCALED:
        found = SCALED[regulator](trial, by_sequence=False)
        if "criterion" in expected and expected["criterion"] is not None:
            assert found.criterion == pytest.approx(expected["criterion"], rel=1e-6)
    else:
        found = EXPANDING[regulator](trial) if regulator in EXPANDING else be.average_bioequivalence_anova(trial)
        limits = (expected["limit_lower"], expected["limit_upper"])
        assert (100 * found.limit_lower, 100 * found.limit_upper) == pytest.approx(limits, rel=1e-5)
    interval = (expected["ci_lower"], expected["ci_upper"])
    assert (100 * found.lower, 100 * found.upper) == pytest.approx(interval, rel=1e-8)
    assert found.equivalent == expected["pass"]


def _compute(fn: str, a: dict[str, Any]) -> Any:
    if fn == "power_tost":
        limits = (a["theta1"], a["theta2"])
        return be.power_tost(a["CV"], a["n"], ratio=a["theta0"], limits=limits, design=a["design"]).item()
    if fn == "sample_size_tost":
        options = {"ratio": a["theta0"], "power": a["power"], "design": a["design"], "alpha": a["alpha"]}
        n = be.sample_size_tost(a["CV"], limits=(a["theta1"], 1 / a["theta1"]), **options)
        return [
            n,
            be.power_tost(a["CV"], n, ratio=a["theta0"], limits=(a["theta1"], 1 / a["theta1"]), design=a["design"]),
        ]
    if fn == "ci_be":
        return [v.item() for v in be.interval_from_cv(a["pe"], a["CV"], a["n"], design=a["design"])]
    if fn == "cv_from_ci":
        return be.cv_from_interval(a["lower"], a["upper"], a["n"], design=a["design"]).item()
    if fn == "sample_size_noninf":
        return be.sample_size_noninferiority(a["CV"], ratio=a["theta0"], margin=a["margin"], power=a["power"])
    return list({"abel_limits_ema": be.limits_ema, "abel_limits_hc": be.limits_health_canada}[fn](a["CVwR"]))


KINDS = (
    "power_tost", "sample_size_tost", "ci_be", "cv_from_ci", "sample_size_noninf", "abel_limits_ema", "abel_limits_hc",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_power_sample_size_and_intervals(kind: str) -> None:
    cases = [c for c in _cases("powertost/reference_powertost.json") if c["fn"] == kind]
    assert cases
    for case in cases:
        found, expected = _compute(kind, case["args"]), case["expected"]
        if kind == "sample_size_tost":
            expected = [expected["n"], expected["achieved"]] if isinstance(expected, dict) else [expected]
            found = found[: len(expected)]
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-10), case["id"]


SEQUENCES = {"2x2x4": ("TRTR", "RTRT"), "2x2x3": ("TRT", "RTR"), "2x3x3": ("TRR", "RTR", "RRT")}
TRIALS = 6000


@pytest.mark.parametrize(
    "case",
    [
        c
        for c in _cases("powertost/reference_powertost.json")
        if c["fn"] in ("sample_size_abel", "sample_size_rsabe_fda")
    ],
    ids=lambda c: c["id"],
)
def test_simulated_power_of_scaled_limits(case: dict[str, Any]) -> None:
    # PowerTOST simulates 1e5 trials from key statistics; here whole trials are simulated and analysed
    args, expected = case["args"], case["expected"]
    given, n = SEQUENCES[args["design"]], expected["n"]
    sequence, width = [given[i % len(given)] for i in range(n)], len(given[0])
    subject, period = np.repeat(np.arange(n), width), np.tile(np.arange(width), n)
    trial = be.crossover(subject, period, np.repeat(sequence, width), list("".join(sequence)), np.ones(n * width))
    noise = np.random.default_rng(20220101).normal(size=(TRIALS, n * width))
    log_y = noise * be.compute_log_sd(args["CV"]) + np.log(args["theta0"]) * trial.test
    batch = be.bioequivalence_batch(trial, log_y)
    power = (batch.ema if case["fn"] == "sample_size_abel" else batch.fda).mean()
    # 4 standard errors of the simulation, and 0.006 that key statistics are off
    assert power == pytest.approx(expected["power"], abs=4 * np.sqrt(0.16 / TRIALS) + 0.006)
