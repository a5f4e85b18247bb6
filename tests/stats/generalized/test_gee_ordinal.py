"""Estimating equations and cumulative logit models against statsmodels, and their limits."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as some
from statsmodels.miscmodels.ordinal_model import OrderedModel

from opencro.stats import StatsError
from opencro.stats import generalized as gen


def _clustered(seed: int, groups: int = 50, size: int = 4, keep: float = 0.85):
    rng = np.random.default_rng(seed)
    subject, visit = np.repeat(np.arange(groups), size), np.tile(np.arange(size), groups)
    n = groups * size
    x = np.column_stack([np.ones(n), subject % 2, visit, rng.normal(size=n)]).astype(float)
    eta = x @ [-0.4, 0.6, 0.1, 0.3] + rng.normal(size=groups)[subject]
    y = (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(float)
    here = rng.random(n) < keep
    return y[here], x[here], subject[here], visit[here], eta[here] + rng.normal(size=here.sum())


def test_independence_is_the_glm_with_clustered_errors() -> None:
    y, x, subject, _, _ = _clustered(1)
    gee = gen.fit_gee(y, x, subject, outcome="binomial")
    glm = gen.with_cluster_errors(gen.fit_logistic(y, x), subject, kind="CR0")
    np.testing.assert_allclose(gee.estimate, glm.estimate, atol=1e-10)
    np.testing.assert_allclose(gee.covariance, glm.covariance, rtol=1e-8)
    single = gen.fit_gee(y, x, np.arange(len(y)), outcome="binomial")
    np.testing.assert_allclose(single.se, gen.with_robust_errors(gen.fit_logistic(y, x)).se, rtol=1e-8)


@pytest.mark.parametrize(("outcome", "family"), [("binomial", sm.families.Binomial()), ("normal", None)])
def test_exchangeable_agrees_with_statsmodels(outcome: str, family) -> None:
    y, x, subject, _, latent = _clustered(2)
    y = y if outcome == "binomial" else latent
    structure = sm.cov_struct.Exchangeable()
    theirs = sm.GEE(y, x, groups=subject, family=family, cov_struct=structure)
    fit = theirs.fit(ctol=1e-12, maxiter=300)
    ours = gen.fit_gee(y, x, subject, outcome=outcome, correlation="exchangeable")
    np.testing.assert_allclose(ours.estimate, fit.params, rtol=1e-4)
    np.testing.assert_allclose(ours.se, fit.bse, rtol=1e-4)
    assert ours.correlation[0, 1] == pytest.approx(float(structure.dep_params), rel=1e-3)
    corrected = gen.fit_gee(y, x, subject, outcome=outcome, correlation="exchangeable", errors="mancl_derouen")
    np.testing.assert_allclose(corrected.se, theirs.fit(cov_type="bias_reduced").bse, rtol=1e-4)


def test_ar1_and_unstructured_solve_their_equations_at_the_moments_of_their_residuals() -> None:
    """Rebuilt cluster by cluster with plain matrices."""
    y, x, subject, visit, _ = _clustered(3)
    for kind in ("ar1", "unstructured"):
        fit = gen.fit_gee(y, x, subject, outcome="binomial", correlation=kind, time=visit)
        mu = 1 / (1 + np.exp(-x @ fit.estimate))
        r = (y - mu) / np.sqrt(mu * (1 - mu))
        assert fit.scale == pytest.approx((r**2).sum() / (len(y) - 4))
        total, meat, bread = np.zeros(4), np.zeros((4, 4)), np.zeros((4, 4))
        products = []
        for s in np.unique(subject):
            own = np.flatnonzero(subject == s)
            products += [r[i] * r[j] for i in own for j in own if visit[j] - visit[i] == 1]
            half = np.sqrt(mu[own] * (1 - mu[own]))
            v = half[:, None] * fit.correlation[np.ix_(visit[own], visit[own])] * half
            d = x[own] * (half**2)[:, None]
            u = d.T @ np.linalg.solve(v, y[own] - mu[own])
            total, meat, bread = total + u, meat + np.outer(u, u), bread + d.T @ np.linalg.solve(v, d)
        np.testing.assert_allclose(total, 0, atol=1e-6)
        inverse = np.linalg.inv(bread)
        np.testing.assert_allclose(fit.covariance, inverse @ meat @ inverse, rtol=1e-6)
        if kind == "ar1":
            assert fit.correlation[0, 1] == pytest.approx(sum(products) / (len(products) - 4) / fit.scale, rel=1e-6)
            assert fit.correlation[0, 3] == pytest.approx(fit.correlation[0, 1] ** 3)


def test_corrections_enlarge_the_errors_and_vanish_with_many_clusters() -> None:
    y, x, subject, _, _ = _clustered(4, groups=14)
    fit = gen.fit_gee(y, x, subject, outcome="binomial", correlation="exchangeable")
    assert fit.notes[0].code == "STA-210"
    errors = {name: np.sqrt(np.diag(c)) for name, c in fit.covariances.items()}
    assert (errors["robust"] < errors["kauermann_carroll"]).all()
    assert (errors["kauermann_carroll"] < errors["mancl_derouen"]).all()
    assert (errors["robust"] < errors["fay_graubard"]).all()
    y, x, subject, _, _ = _clustered(5, groups=3000)
    many = gen.fit_gee(y, x, subject, outcome="binomial", correlation="exchangeable").covariances
    for name in ("kauermann_carroll", "mancl_derouen", "fay_graubard"):
        np.testing.assert_allclose(np.diag(many[name]), np.diag(many["robust"]), rtol=1e-2)


def test_kauermann_carroll_by_a_matrix_square_root() -> None:
    from scipy.linalg import sqrtm

    y, x, subject, _, _ = _clustered(6, groups=12, keep=1.0)
    fit = gen.fit_gee(y, x, subject, outcome="binomial", correlation="exchangeable")
    mu = 1 / (1 + np.exp(-x @ fit.estimate))
    bread = fit.covariances["model"] / fit.scale
    meat = np.zeros((4, 4))
    for s in np.unique(subject):
        own = subject == s
        half = np.sqrt(mu[own] * (1 - mu[own]))
        v_inverse = np.linalg.inv(half[:, None] * fit.correlation * half)
        d = x[own] * (half**2)[:, None]
        h = d @ bread @ d.T @ v_inverse
        u = d.T @ v_inverse @ np.linalg.inv(sqrtm(np.eye(len(h)) - h).real) @ (y[own] - mu[own])
        meat += np.outer(u, u)
    np.testing.assert_allclose(fit.covariances["kauermann_carroll"], bread @ meat @ bread, rtol=1e-6)


def test_row_order_and_labels_do_not_matter_to_estimating_equations() -> None:
    y, x, subject, visit, _ = _clustered(7)
    fit = gen.fit_gee(y, x, subject, outcome="binomial", correlation="ar1", time=visit)
    order = np.random.default_rng(1).permutation(len(y))
    labels = np.array([f"S{99 - s:03d}" for s in subject])
    other = gen.fit_gee(
        y[order], x[order], labels[order], outcome="binomial", correlation="ar1", time=visit[order] * 7 + 3
    )
    np.testing.assert_allclose(other.estimate, fit.estimate, atol=1e-9)
    np.testing.assert_allclose(other.se, fit.se, rtol=1e-8)


def test_what_estimating_equations_refuse() -> None:
    x = np.column_stack([np.ones(6), [0, 0, 0, 1, 1, 1]])
    cases = {"STA-209": ([0, 1, 0, 1, 0, 1], [1] * 6), "STA-205": ([0, 0, 0, 1, 1, 1], [1, 1, 2, 2, 3, 3])}
    for code, (y, cluster) in cases.items():
        with pytest.raises(StatsError, match=code):
            gen.fit_gee(y, x, cluster, outcome="binomial")
    with pytest.raises(StatsError, match="STA-201"):
        gen.fit_gee([0, 1, 0, 1, 0, 1], x, [1, 1, 2, 2, 3, 3], outcome="binomial", time=[1, 1, 1, 2, 1, 2])


def _ordered(seed: int, n: int = 200) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.normal(size=n), np.arange(n) % 2]).astype(float)
    return np.digitize(x @ [0.5, 0.8] + rng.logistic(size=n), [-1, 0.4, 1.6]), x


def test_proportional_odds_agree_with_statsmodels() -> None:
    y, x = _ordered(1)
    ours = gen.fit_proportional_odds(y, x, information="observed")
    theirs = OrderedModel(y, x, distr="logit").fit(disp=0, method="newton")
    np.testing.assert_allclose(ours.estimate[3:], theirs.params[:2], rtol=1e-5)
    np.testing.assert_allclose(ours.se[3:], theirs.bse[:2], rtol=1e-5)
    assert ours.log_likelihood == pytest.approx(theirs.llf)


@settings(max_examples=10, deadline=None)
@given(some.integers(0, 10**6))
def test_two_categories_are_logistic_and_reversal_changes_signs(seed: int) -> None:
    y, x = _ordered(seed)
    two = gen.fit_proportional_odds((y > 1).astype(int), x)
    logistic = gen.fit_logistic((y > 1).astype(int), np.column_stack([np.ones(len(y)), x]))
    np.testing.assert_allclose(two.estimate, [-logistic.estimate[0], *logistic.estimate[1:]], atol=1e-8)
    np.testing.assert_allclose(two.se, logistic.se, rtol=1e-6)
    one, other = gen.fit_proportional_odds(y, x), gen.fit_proportional_odds(-y, x)
    np.testing.assert_allclose(other.estimate[3:], -one.estimate[3:], atol=1e-7)
    np.testing.assert_allclose(other.estimate[:3], -one.estimate[2::-1], atol=1e-7)


def test_freed_thresholds_of_one_factor_reproduce_the_table() -> None:
    y, x = _ordered(3)
    fit = gen.fit_partial_proportional_odds(y, x[:, 1:], [0])
    for arm in (0, 1):
        share = np.bincount(y[x[:, 1] == arm], minlength=4) / 100
        np.testing.assert_allclose(fit.probabilities[arm], share, atol=1e-7)


def test_score_and_likelihood_ratio_tests_of_proportional_odds_agree_in_large_samples() -> None:
    rng = np.random.default_rng(5)
    arm = np.arange(6000) % 2
    y = np.where(arm == 1, rng.choice(3, 6000, p=[0.4, 0.2, 0.4]), rng.choice(3, 6000, p=[0.42, 0.23, 0.35]))
    x = np.column_stack([arm, rng.normal(size=6000)]).astype(float)
    score = gen.proportional_odds_test(y, x, [0])
    free, held = gen.fit_partial_proportional_odds(y, x, [0]), gen.fit_proportional_odds(y, x)
    assert score.df == 1
    assert score.statistic == pytest.approx(2 * (free.log_likelihood - held.log_likelihood), rel=0.02)


def test_ordered_categories_that_a_term_separates() -> None:
    fit = gen.fit_proportional_odds([0, 0, 1, 1, 2, 2], np.arange(6.0)[:, None])
    assert fit.notes[0].code == "STA-206"
    assert np.isnan(fit.se).all()


def test_what_ordinal_models_refuse() -> None:
    with pytest.raises(StatsError, match="STA-202"):
        gen.fit_proportional_odds([0, 1, 2], np.ones((3, 1)))
    with pytest.raises(StatsError, match="STA-203"):
        gen.fit_proportional_odds([1, 1, 1], np.arange(3.0)[:, None])


@pytest.mark.parametrize(
    ("option", "meant"),
    [
        ({"outcome": "gaussian"}, "Choose"),
        ({"outcome": "binomal"}, "binomial"),
        ({"correlation": "exchangable"}, "exchangeable"),
        ({"errors": "sandwich"}, "Choose"),
    ],
)
def test_an_unknown_option_of_estimating_equations_names_the_choices(option: dict[str, str], meant: str) -> None:
    given = {"outcome": "normal", **option}
    with pytest.raises(StatsError, match=meant) as caught:
        gen.fit_gee([1.0, 2.0, 3.0, 5.0], np.ones((4, 1)), [0, 0, 1, 1], **given)  # type: ignore[arg-type]
    assert caught.value.code == "STA-220"


def test_predictors_that_would_cross_are_never_entered_and_said() -> None:
    """Also where only categories that a row is not in would have a negative probability."""
    said = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        x = np.column_stack([np.tile([0.0, 1.0], 60), rng.normal(size=120)])
        y = np.searchsorted([-1, 0.2, 1.2], x @ [-0.5, 0.5] + rng.logistic(size=120))
        fit = gen.fit_partial_proportional_odds(y, x, [1])
        assert fit.probabilities.min() >= 0
        assert bool(np.isnan(fit.se).any()) == ("STA-206" in [note.code for note in fit.notes])
        said += bool(fit.notes)
    assert 0 < said < 12
