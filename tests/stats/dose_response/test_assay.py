"""Assay curves against R's drc 3.0-1, by laws and at their limits."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from opencro.stats import StatsError
from opencro.stats.dose_response import (
    HORMESIS_4,
    LOG_LOGISTIC_2,
    LOG_LOGISTIC_3,
    LOG_LOGISTIC_4,
    LOG_LOGISTIC_5,
    LOG_NORMAL_2,
    LOGISTIC_4,
    SIGMOID_EMAX,
    WEIBULL_4,
    AssayCurve,
    AssayFit,
    assay_dose,
    compute_dose_means,
    fit_assay_counts,
    fit_assay_curve,
    fit_dose_response,
)

DRC = Path(__file__).resolve().parents[4] / "shared" / "data" / "lab" / "dose_response" / "reference_dose_response.json"
CURVES = {
    "LL.2 logit": LOG_LOGISTIC_2, "LL.3": LOG_LOGISTIC_3, "LL.4": LOG_LOGISTIC_4, "LL.5": LOG_LOGISTIC_5,
    "L.4": LOGISTIC_4, "W1.4": WEIBULL_4, "LN.2 probit": LOG_NORMAL_2, "BC.4 hormesis": HORMESIS_4,
}  # fmt: skip
# drc stops a little before the optimum (its log likelihoods are lower than ours there)
STOPPED_EARLY = {"ryegrass|LL.5": 4e-3, "lettuce|BC.4 hormesis": 2e-3, "selenium4|LL.2 logit": 3e-3}


def _cases() -> list[dict[str, Any]]:
    return json.loads(DRC.read_text(encoding="utf-8"))["cases"] if DRC.is_file() else []


def _fit(case: dict[str, Any]) -> AssayFit:
    curve, given = CURVES[case["settings"]["model"]], case["input"]
    if case["settings"]["type"] == "continuous":
        return fit_assay_curve(given["dose"], given["response"], curve)
    data = given["data"] or given
    dose = data.get("dose", data.get("conc"))
    return fit_assay_counts(
        dose, next(data[k] for k in ("affected", "dead", "number") if k in data), data["total"], curve
    )


@pytest.mark.peer
@pytest.mark.skipif(not DRC.is_file(), reason="../shared/data is absent")
@pytest.mark.parametrize("case", _cases(), ids=lambda c: c["id"])
def test_curves_of_drc(case: dict[str, Any]) -> None:
    fit, expected = _fit(case), case["expected"]
    tolerance = STOPPED_EARLY.get(case["id"], 1.5e-4)
    np.testing.assert_allclose(fit.estimate, list(expected["coef"].values()), rtol=tolerance)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.covariance)), expected["se"], rtol=tolerance)
    assert fit.log_likelihood >= expected["logLik"] - 1e-6
    assert fit.log_likelihood == pytest.approx(expected["logLik"], abs=1e-4)
    if case["settings"]["model"] == "L.4":
        return  # drc counts ED10 of L.4 from the far end: its ED10 is our ED90
    doses = [assay_dose(fit, level / 100) for level in expected["ed"]["level"]]
    for name, key in (("dose", "est"), ("se", "se"), ("upper", "upper")):
        found = [getattr(d, name) for d in doses]
        np.testing.assert_allclose(found, expected["ed"][key], rtol=tolerance)


@pytest.mark.peer
@pytest.mark.skipif(not DRC.is_file(), reason="../shared/data is absent")
def test_the_far_end_of_a_logistic_curve() -> None:
    case = next(c for c in _cases() if c["id"] == "ryegrass|L.4")
    assert assay_dose(_fit(case), 0.9).dose == pytest.approx(case["expected"]["ed"]["est"][0], rel=1e-4)


DOSE = np.array([0, 0, 0.5, 0.5, 1, 1, 2, 2, 4, 4, 8, 8, 16, 16.0])


@pytest.mark.parametrize(
    ("curve", "theta"),
    [
        (LOG_LOGISTIC_2, [1.7, 3.0]), (LOG_LOGISTIC_3, [1.7, 9.0, 3.0]), (LOG_LOGISTIC_4, [-2.0, 1.0, 9.0, 3.0]),
        (LOG_LOGISTIC_5, [2.5, 1.0, 9.0, 3.0, 0.7]), (LOGISTIC_4, [0.8, 1.0, 9.0, 5.0]),
        (WEIBULL_4, [1.5, 1.0, 9.0, 3.0]), (LOG_NORMAL_2, [1.2, 3.0]), (HORMESIS_4, [2.2, 9.0, 3.0, 1.5]),
    ],
    ids=lambda v: getattr(v, "name", None),
)  # fmt: skip
def test_a_curve_without_noise_is_found_again(curve: AssayCurve, theta: list[float]) -> None:
    fit = fit_assay_curve(DOSE, curve.mean(DOSE, np.array(theta)), curve)
    np.testing.assert_allclose(fit.at(DOSE), curve.mean(DOSE, np.array(theta)), atol=1e-6)
    np.testing.assert_allclose(fit.estimate, theta, rtol=1e-3)


def test_units_of_dose_and_direction() -> None:
    y = LOG_LOGISTIC_4.mean(DOSE, np.array([1.5, 2.0, 9.0, 3.0])) + np.random.default_rng(1).normal(0, 0.4, len(DOSE))
    fit, scaled, turned = (
        fit_assay_curve(x, v, LOG_LOGISTIC_4) for x, v in ((DOSE, y), (DOSE * 1000, y), (DOSE, 20 - y))
    )
    one, other, third = (assay_dose(f, 0.2) for f in (fit, scaled, turned))
    assert (other.dose, other.se) == pytest.approx((1000 * one.dose, 1000 * one.se), rel=1e-4)
    assert (third.dose, third.se) == pytest.approx((one.dose, one.se), rel=1e-4)
    assert turned.estimate[0] == pytest.approx(-fit.estimate[0], rel=1e-4)


def test_the_sigmoid_emax_curve_is_the_log_logistic_one() -> None:
    y = LOG_LOGISTIC_4.mean(DOSE, np.array([1.5, 2.0, 9.0, 3.0])) + np.random.default_rng(2).normal(0, 0.3, len(DOSE))
    emax, assay = fit_dose_response(compute_dose_means(DOSE, y), SIGMOID_EMAX), fit_assay_curve(DOSE, y, LOG_LOGISTIC_4)
    np.testing.assert_allclose(emax.at(DOSE), assay.at(DOSE), rtol=1e-4)


def test_limits() -> None:
    with pytest.raises(StatsError, match="STA-740"):
        fit_assay_curve([0, 0], [1, 2], LOG_LOGISTIC_2)
    with pytest.raises(StatsError, match="STA-740"):
        fit_assay_counts([1, 2], [3, 4], [2, 5], LOG_LOGISTIC_2)
    fit = fit_assay_counts([0, 1, 2, 4], [0, 3, 9, 18], [20, 20, 20, 20], LOG_LOGISTIC_2)
    with pytest.raises(StatsError, match="STA-747"):
        assay_dose(fit, 1.0)
    assert "mid" in str(fit)
    few = fit_assay_curve([0, 1, 2], [1.0, 0.7, 0.1], LOG_LOGISTIC_4)
    assert few.notes[0].code == "STA-743"
    # a logistic curve in dose has not its whole height above dose 0
    tall = replace(fit_assay_curve(DOSE, DOSE, LOGISTIC_4), estimate=np.array([0.8, 1.0, 9.0, 0.1]))
    assert assay_dose(tall, 0.1).notes[-1].code == "STA-746"
    assert assay_dose(tall, 0.6).dose > 0
