"""Logistic regression against statsmodels, against R's stopping rule, and under relabelling."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as some

from opencro.stats import StatsError, formula
from opencro.stats import generalized as gen
from tests.reference.stats.material import FOLDER, table


def _sample(seed: int, n: int = 120) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(n), np.arange(n) % 2, rng.normal(size=n)])
    return (rng.random(n) < 1 / (1 + np.exp(-x @ [-0.4, 0.7, 0.5]))).astype(float), x


def test_it_agrees_with_statsmodels() -> None:
    y, x = _sample(1)
    ours, theirs = gen.fit_logistic(y, x), sm.GLM(y, x, family=sm.families.Binomial()).fit()
    np.testing.assert_allclose(ours.estimate, theirs.params, rtol=1e-8)
    np.testing.assert_allclose(ours.se, theirs.bse, rtol=1e-6)
    assert ours.deviance == pytest.approx(theirs.deviance)
    assert ours.null_deviance == pytest.approx(theirs.null_deviance)
    assert ours.aic == pytest.approx(theirs.aic)


@pytest.mark.parametrize(
    ("fit", "link"),
    [
        (gen.fit_probit, sm.families.links.Probit()),
        (gen.fit_log_binomial, sm.families.links.Log()),
        (gen.fit_identity_binomial, sm.families.links.Identity()),
    ],
)
@pytest.mark.parametrize("information", ["expected", "observed"])
@pytest.mark.filterwarnings("ignore:The .* link function")
def test_other_links_agree_with_statsmodels(fit, link, information) -> None:
    rng = np.random.default_rng(4)
    x = np.column_stack([np.ones(400), rng.random(400)])
    y = (rng.random(400) < 0.25 + 0.4 * x[:, 1]).astype(float)
    ours = fit(y, x, information=information)
    theirs = sm.GLM(y, x, family=sm.families.Binomial(link)).fit()
    np.testing.assert_allclose(ours.estimate, theirs.params, rtol=1e-5)
    errors = np.sqrt(np.diag(np.linalg.inv(-theirs.model.hessian(theirs.params, observed=information == "observed"))))
    np.testing.assert_allclose(ours.se, errors, rtol=1e-4)


@pytest.mark.peer
@pytest.mark.skipif(not FOLDER.is_dir(), reason="../shared/data is absent")
def test_r_takes_its_errors_one_iteration_early() -> None:
    """R's glm.fit: weights of the last iteration are those at the coefficients before it."""
    cases = [
        ("low ~ age + lwt + race + smoke", "stats_data/birthwt.csv", "lwt", 0.049823279496585),
        ("low ~ age + lwt + race + smoke", "stats_data/birthwt.csv", "race3", 0.0234394366503011),
        ("number ~ treat + age", "stats_data/camis_polyps.csv", "treatdrug", 7.16365176745482e-31),
    ]
    for text, file, term, wanted in cases:
        data = table(file)
        data = data.with_columns(race=data["race"].cast(str)) if "race" in data.columns else data
        matrix = formula.model_matrix(text, data, reference={} if "low" in text else {"treat": "placebo"})
        j = matrix.names.index(term)
        assert _p_as_r(matrix.response, matrix.x, j, binomial="low" in text) == pytest.approx(wanted, rel=1e-6)


def _p_as_r(y: np.ndarray, x: np.ndarray, j: int, *, binomial: bool) -> float:
    from scipy.special import expit, ndtr, xlogy

    mu = (y + 0.5) / 2 if binomial else y + 0.1
    eta = np.log(mu / (1 - mu)) if binomial else np.log(mu)
    before = np.inf
    while True:
        w = mu * (1 - mu) if binomial else mu
        information = (x * w[:, None]).T @ x
        beta = np.linalg.solve(information, x.T @ (w * eta + y - mu))
        eta = x @ beta
        mu = expit(eta) if binomial else np.exp(eta)
        if binomial:
            deviance = -2 * (xlogy(y, mu) + xlogy(1 - y, 1 - mu)).sum()
        else:
            deviance = 2 * (xlogy(y, y) - xlogy(y, mu) - y + mu).sum()
        if abs(deviance - before) / (abs(deviance) + 0.1) < 1e-8:
            return 2 * ndtr(-abs(beta[j]) / np.sqrt(np.linalg.inv(information)[j, j]))
        before = deviance


@settings(max_examples=15, deadline=None)
@given(some.integers(0, 10**6), some.floats(1e-3, 1e3), some.floats(-50, 50))
def test_units_of_a_covariate_change_its_coefficient_only(seed: int, scale: float, shift: float) -> None:
    y, x = _sample(seed)
    moved = x.copy()
    moved[:, 2] = scale * x[:, 2] + shift
    one, other = gen.fit_logistic(y, x), gen.fit_logistic(y, moved)
    np.testing.assert_allclose(other.estimate[2] * scale, one.estimate[2], rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(other.z[1:], one.z[1:], rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(other.fitted, one.fitted, rtol=1e-7)


@settings(max_examples=15, deadline=None)
@given(some.integers(0, 10**6))
def test_rows_order_reference_and_event_are_conventions(seed: int) -> None:
    y, x = _sample(seed)
    fit = gen.fit_logistic(y, x)
    order = np.random.default_rng(seed).permutation(len(y))
    np.testing.assert_allclose(gen.fit_logistic(y[order], x[order]).estimate, fit.estimate, atol=1e-9)
    np.testing.assert_allclose(gen.fit_logistic(1 - y, x).estimate, -fit.estimate, atol=1e-9)
    other = x.copy()
    other[:, 1] = 1 - x[:, 1]
    relabelled = gen.fit_logistic(y, other)
    np.testing.assert_allclose(relabelled.estimate[1], -fit.estimate[1], atol=1e-9)
    np.testing.assert_allclose(relabelled.fitted, fit.fitted, atol=1e-9)
    assert relabelled.log_likelihood == pytest.approx(fit.log_likelihood)


def test_aggregated_rows_give_the_same_fit() -> None:
    x = np.array([[1, 0, 0], [1, 1, 0], [1, 0, 1], [1, 1, 1]], float)
    trials, events = np.array([20, 25, 30, 15]), np.array([5, 11, 14, 9])
    together = gen.fit_logistic(events, x, trials=trials)
    rows = np.repeat(x, trials, axis=0)
    y = np.concatenate([np.r_[np.ones(e), np.zeros(m - e)] for e, m in zip(events, trials, strict=True)])
    single = gen.fit_logistic(y, rows)
    weighted = gen.fit_logistic(
        np.tile([1, 0], 4), np.repeat(x, 2, axis=0), weights=np.ravel(np.column_stack([events, trials - events]))
    )
    for other in (single, weighted):
        np.testing.assert_allclose(other.estimate, together.estimate, atol=1e-9)
        np.testing.assert_allclose(other.se, together.se, rtol=1e-7)
    np.testing.assert_allclose(
        gen.with_robust_errors(single, kind="HC1").se, gen.with_robust_errors(weighted, kind="HC1").se, rtol=1e-8
    )


def test_a_saturated_two_by_two_table_has_closed_forms() -> None:
    x = np.array([[1, 0], [1, 1]], float)
    events, trials = np.array([7, 12]), np.array([20, 25])
    risk = events / trials
    assert gen.fit_logistic(events, x, trials=trials).estimate[1] == pytest.approx(np.log(12 * 13 / (13 * 7)))
    assert gen.fit_log_binomial(events, x, trials=trials).estimate[1] == pytest.approx(np.log(risk[1] / risk[0]))
    difference = gen.fit_identity_binomial(events, x, trials=trials)
    assert difference.estimate[1] == pytest.approx(risk[1] - risk[0])
    assert difference.se[1] == pytest.approx(np.sqrt((risk * (1 - risk) / trials).sum()))


def test_a_risk_at_the_border_is_found_and_said() -> None:
    x = np.column_stack([np.ones(40), np.repeat([0, 1], 20)])
    y = np.r_[np.ones(5), np.zeros(15), np.ones(20)]
    fit = gen.fit_log_binomial(y, x)
    np.testing.assert_allclose(np.exp([fit.estimate[0], fit.estimate.sum()]), [0.25, 1], rtol=1e-4)
    assert fit.notes[0].code == "STA-208"
    assert np.isnan(fit.se).all()
    difference = gen.fit_identity_binomial(y, x)
    np.testing.assert_allclose(difference.estimate, [0.25, 0.75], rtol=1e-4)


@pytest.mark.parametrize(
    ("code", "y", "x", "options"),
    [
        ("STA-201", [0, 1, np.nan], np.ones((3, 1)), {}),
        ("STA-201", [0, 1], np.ones((3, 1)), {}),
        ("STA-201", [0, 1, 1], np.ones((3, 1)), {"weights": [1, -1, 1]}),
        ("STA-202", [0, 1, 1], np.column_stack([np.ones(3), np.ones(3)]), {}),
        ("STA-203", [0, 1, 2], np.ones((3, 1)), {}),
        ("STA-203", [0, 5, 2], np.ones((3, 1)), {"trials": [3, 4, 5]}),
    ],
)
def test_impossible_input_is_refused(code, y, x, options) -> None:
    with pytest.raises(StatsError) as error:
        gen.fit_logistic(y, x, **options)
    assert error.value.code == code
