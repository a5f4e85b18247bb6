"""Predictions are conditional normal means."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from opencro.stats import StatsError
from opencro.stats.mmrm import MmrmFit, fit_mmrm
from tests.stats.mmrm.made import make_trial


def _fit(**options: object) -> MmrmFit:
    columns = make_trial(1).columns()
    return fit_mmrm("y ~ base + arm * visit", columns, subject="id", visit="visit", **options)  # type: ignore[arg-type]


ROWS = {
    "id": [7, 7, 7, 8],
    "visit": ["V3", "V0", "V1", "V2"],
    "arm": ["active", "active", "active", "placebo"],
    "base": [50.0, 50.0, 50.0, 41.0],
    "y": [None, 17.0, 19.5, None],
}


def test_without_the_response() -> None:
    fit = _fit()
    x = fit.formula_matrix().rows_at({k: ROWS[k] for k in ("visit", "arm", "base")})
    found = fit.predict(ROWS, interval="confidence")
    np.testing.assert_allclose(found.estimate, x @ fit.estimate)
    np.testing.assert_allclose(found.se, np.sqrt(np.einsum("ij,jk,ik->i", x, fit.beta_covariance, x)))
    wider = fit.predict(ROWS)
    np.testing.assert_allclose(wider.se**2 - found.se**2, np.diag(fit.sigma[0])[[3, 0, 1, 2]])
    np.testing.assert_allclose(wider.upper - wider.estimate, stats.norm.isf(0.025) * wider.se)


@pytest.mark.parametrize("group", [None, "arm"])
def test_given_the_subjects_other_values(group: str | None) -> None:
    fit = _fit(group=group)
    sigma = fit.sigma[0] if group is None else fit.sigma[fit.groups.index("active")]
    x = fit.formula_matrix().rows_at({k: ROWS[k] for k in ("visit", "arm", "base")})
    found = fit.predict(ROWS, conditional=True)
    seen, wanted = [0, 1], 3
    pull = sigma[wanted, seen] @ np.linalg.inv(sigma[np.ix_(seen, seen)])
    mean = x[0] @ fit.estimate + pull @ (np.array([17.0, 19.5]) - x[1:3] @ fit.estimate)
    left = sigma[wanted, wanted] - pull @ sigma[seen, wanted]
    row = x[0] - pull @ x[1:3]
    assert found.estimate[0] == pytest.approx(mean)
    assert found.se[0] ** 2 == pytest.approx(left + row @ fit.beta_covariance @ row)
    np.testing.assert_allclose(found.estimate[1:3], [17.0, 19.5])
    np.testing.assert_allclose(found.se[1:3], 0.0, atol=1e-7)
    assert found.estimate[3] == pytest.approx(x[3] @ fit.estimate)


def test_spatial_covariance_reaches_new_places() -> None:
    """The nearer the observed value, the more it says; at its own place it says all."""
    columns = make_trial(2).columns()
    fit = fit_mmrm("y ~ base", columns, subject="id", visit="visit", covariance="sp_exp", coordinates="time")
    rows = {"id": [1] * 3, "visit": ["V0"] * 3, "base": [50.0] * 3, "time": [0.0, 0.1, 5.0], "y": [30.0, None, None]}
    found = fit.predict(rows, conditional=True)
    assert found.se[1] < found.se[2]
    assert abs(found.estimate[1] - 30.0) < abs(found.estimate[2] - 30.0)


@pytest.mark.parametrize("covariance", ["us", "sp_exp"])
def test_residuals(covariance: str) -> None:
    columns = make_trial(4).columns()
    weights = np.random.default_rng(4).uniform(0.5, 2.0, len(columns["y"]))
    fit = fit_mmrm(
        "y ~ base + arm * visit", {**columns, "w": weights}, subject="id", visit="visit", covariance=covariance,
        coordinates="time" if covariance == "sp_exp" else (), weights="w", group="arm",
    )  # fmt: skip
    raw = fit.residuals()
    np.testing.assert_allclose(raw, np.array(columns["y"]) - fit.formula_matrix().x @ fit.estimate)
    for who in (0, 5):
        rows = np.array([i for i, v in enumerate(columns["id"]) if v == who])
        at = [fit.visits.index(columns["visit"][i]) for i in rows]
        group = fit.groups.index(columns["arm"][rows[0]])
        if covariance == "us":
            v = fit.sigma[group][np.ix_(at, at)]
        else:
            time = np.array([columns["time"][i] for i in rows], dtype=float)
            variance, rho = np.exp(2 * fit.theta[group, 0]), 1 / (1 + np.exp(-fit.theta[group, 1]))
            v = variance * rho ** np.abs(time[:, None] - time)
        v = v / np.sqrt(np.outer(weights[rows], weights[rows]))
        np.testing.assert_allclose(fit.residuals("pearson")[rows], raw[rows] / np.sqrt(np.diag(v)))
        np.testing.assert_allclose(fit.residuals("normalized")[rows], np.linalg.solve(np.linalg.cholesky(v), raw[rows]))
    with pytest.raises(StatsError, match="STA-309"):
        fit.residuals("deviance")


def test_unknown_visits_and_intervals_are_refused() -> None:
    fit = fit_mmrm("y ~ base", make_trial(3).columns(), subject="id", visit="visit")
    with pytest.raises(StatsError, match="STA-312"):
        fit.predict({"id": [1], "visit": ["V9"], "base": [50.0]})
    with pytest.raises(StatsError, match="STA-312"):
        fit.predict(ROWS, interval="tolerance")
