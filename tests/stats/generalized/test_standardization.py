"""Standardized estimates: closed forms without covariates, coverage under a wrong model, limits; tests of terms."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import stats

from opencro.stats import StatsError, formula
from opencro.stats import generalized as gen


def _trial(seed: int, n: int = 200) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    arm = np.array(["placebo", "drug"])[rng.permutation(n) % 2]
    z = np.column_stack([rng.normal(size=n), rng.random(n) < 0.5]).astype(float)
    eta = -0.4 + 0.6 * (arm == "drug") + z @ [1.0, 0.5]
    return (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(float), arm, z


@settings(max_examples=10, deadline=None)
@given(some.integers(0, 10**6), some.sampled_from(["influence", "delta_HC0"]))
def test_without_covariates_it_is_the_comparison_of_two_proportions(seed: int, errors: str) -> None:
    y, arm, _ = _trial(seed)
    p, n = np.array([y[arm == a].mean() for a in ("drug", "placebo")]), np.array([100, 100])
    means = gen.standardized_means(y, arm, outcome="binomial", errors=errors)
    variance = p * (1 - p) / (n - 1 if errors == "influence" else n)
    difference = gen.standardized_difference(means, reference="placebo")
    assert difference.estimate[0] == pytest.approx(p[0] - p[1])
    assert difference.se[0] == pytest.approx(np.sqrt(variance.sum()))
    ratio = gen.standardized_ratio(means, reference="placebo")
    assert ratio.estimate[0] == pytest.approx(p[0] / p[1])
    assert ratio.se[0] == pytest.approx(np.sqrt((variance / p**2).sum()))
    odds = gen.standardized_odds_ratio(means, reference="placebo")
    assert odds.estimate[0] == pytest.approx(p[0] / (1 - p[0]) / (p[1] / (1 - p[1])))


def test_a_saturated_model_standardizes_over_the_strata() -> None:
    y, arm, z = _trial(4)
    stratum = z[:, 1]
    means = gen.standardized_means(y, arm, stratum, outcome="binomial", interaction=True, errors="delta")
    for j, a in enumerate(means.arm):
        risk = [y[(arm == a) & (stratum == s)].mean() for s in (0, 1)]
        share = [(stratum == s).mean() for s in (0, 1)]
        assert means.mean[j] == pytest.approx(np.dot(risk, share))
        spread = [r * (1 - r) / ((arm == a) & (stratum == s)).sum() for r, s in zip(risk, (0, 1), strict=True)]
        assert means.se[j] == pytest.approx(np.sqrt(np.dot(spread, np.square(share))))


def test_a_linear_working_model_gives_the_least_squares_estimate() -> None:
    rng = np.random.default_rng(9)
    _, arm, z = _trial(9)
    y = z @ [1, 2] + 0.5 * (arm == "drug") + rng.normal(size=200)
    x = np.column_stack([np.ones(200), arm == "drug", z]).astype(float)
    ols = sm.OLS(y, x).fit()
    for errors, kind in (("delta", "nonrobust"), ("delta_HC0", "HC0"), ("delta_HC3", "HC3")):
        means = gen.standardized_means(y, arm, z, outcome="normal", errors=errors)
        found = gen.standardized_difference(means, reference="placebo")
        assert found.estimate[0] == pytest.approx(ols.params[1])
        assert found.se[0] == pytest.approx(sm.OLS(y, x).fit(cov_type=kind).bse[1])
    robust = gen.procova(y, arm, z[:, 0], z[:, 1], reference="placebo", errors="HC3")
    assert robust.difference[0] == pytest.approx(ols.params[1])
    assert robust.se[0] == pytest.approx(sm.OLS(y, x).fit(cov_type="HC3").bse[1])
    model = gen.procova(y, arm, z[:, 0], z[:, 1], reference="placebo", errors="model")
    assert model.p[0] == pytest.approx(ols.pvalues[1])


@settings(max_examples=10, deadline=None)
@given(some.integers(0, 10**6))
def test_swapping_arms_and_coding_of_covariates(seed: int) -> None:
    y, arm, z = _trial(seed)
    order = np.random.default_rng(seed).permutation(len(y))
    one = gen.standardized_difference(gen.standardized_means(y, arm, z, outcome="binomial"), reference="placebo")
    means = gen.standardized_means(y[order], arm[order], (z * [10, -1] + [3, 1])[order], outcome="binomial")
    other = gen.standardized_difference(means, reference="drug")
    assert other.estimate[0] == pytest.approx(-one.estimate[0], abs=1e-9)
    assert other.se[0] == pytest.approx(one.se[0], rel=1e-6)
    assert other.p[0] == pytest.approx(one.p[0], rel=1e-5)


def test_influence_errors_are_right_on_average_though_the_model_is_wrong() -> None:
    rng = np.random.default_rng(1)
    estimates, errors = [], []
    for _ in range(400):
        z = rng.normal(size=160)
        arm = rng.permutation(160) % 2
        y = (rng.random(160) < np.where(arm == 1, stats.norm.cdf(z**2 - 1), stats.norm.cdf(0.5 * z))).astype(float)
        difference = gen.standardized_difference(gen.standardized_means(y, arm, z, outcome="binomial"))
        estimates.append(difference.estimate[0])
        errors.append(difference.se[0])
    assert np.mean(errors) == pytest.approx(np.std(estimates), rel=0.08)


def test_strata_of_the_randomization_lower_the_error() -> None:
    rng = np.random.default_rng(2)
    strata = np.repeat([0, 1, 2], 60)
    arm = np.concatenate([rng.permutation(60) % 2 for _ in range(3)])
    y = strata + 0.3 * arm + rng.normal(size=180)
    plain = gen.standardized_means(y, arm, outcome="normal")
    credited = gen.standardized_means(y, arm, outcome="normal", strata=strata)
    adjusted = gen.standardized_means(y, arm, np.eye(3)[strata][:, 1:], outcome="normal", interaction=True)
    se = [gen.standardized_difference(m).se[0] for m in (plain, credited, adjusted)]
    assert se[1] < 0.9 * se[0]
    assert se[1] == pytest.approx(se[2], rel=0.02)


def test_arms_without_events_and_separated_covariates_give_defined_answers() -> None:
    y, arm, z = _trial(3)
    none = np.where(arm == "placebo", 0, y)
    means = gen.standardized_means(none, arm, z, outcome="binomial")
    assert means.mean[1] == 0
    assert means.se[1] == 0
    assert {n.code for n in means.notes} == {"STA-218"}
    assert gen.standardized_ratio(means, reference="placebo").notes[-1].code == "STA-217"
    separated = gen.standardized_means(z[:, 1], arm, z, outcome="binomial")
    assert "STA-215" in {n.code for n in separated.notes}
    assert np.isfinite(separated.mean).all()
    with pytest.raises(StatsError, match="STA-216"):
        gen.standardized_means(y, np.zeros(200), z, outcome="binomial")
    with pytest.raises(StatsError, match="STA-216"):
        gen.standardized_difference(means, reference="nobody")


def test_more_terms_than_participants_are_refused() -> None:
    with pytest.raises(StatsError, match="STA-201"):
        gen.procova([1, 2, 3], ["a", "b", "a"], [0, 1, 3])


def test_counts_are_standardized_as_ratios() -> None:
    rng = np.random.default_rng(6)
    _, arm, z = _trial(6)
    y = rng.negative_binomial(1, 0.4, 200)
    for outcome in ("poisson", "negative_binomial"):
        means = gen.standardized_means(y, arm, outcome=outcome)
        ratio = gen.standardized_ratio(means, reference="placebo")
        assert ratio.estimate[0] == pytest.approx(y[arm == "drug"].mean() / y[arm == "placebo"].mean())
        assert np.isfinite(gen.standardized_means(y, arm, z, outcome=outcome, errors="delta").se).all()


def test_score_wald_and_likelihood_ratio() -> None:
    x = np.array([[1, 0], [1, 1]], float)
    null = gen.fit_logistic([7, 12], x[:, :1], trials=[20, 25])
    full = gen.fit_logistic([7, 12], x, trials=[20, 25])
    table = [[7, 13], [12, 13]]
    assert gen.score_test(null, x[:, 1]).statistic == pytest.approx(
        stats.chi2_contingency(table, correction=False).statistic
    )
    assert gen.likelihood_ratio_test(full, null).statistic == pytest.approx(
        stats.chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic
    )
    assert gen.wald_test(full, ["x1"]).p == pytest.approx(full.p[1])
    assert gen.wald_test(full, [[0, 2]]).statistic == pytest.approx(full.z[1] ** 2)
    for wrong in (lambda: gen.wald_test(full, ["x9"]), lambda: gen.likelihood_ratio_test(null, full)):
        with pytest.raises(StatsError, match="STA-211"):
            wrong()


@pytest.mark.parametrize("kind", ["HC0", "HC1", "HC2", "HC3"])
def test_sandwich_of_a_linear_looking_poisson_by_hand(kind: str) -> None:
    rng = np.random.default_rng(3)
    x = np.column_stack([np.ones(50), rng.normal(size=50)])
    y = rng.poisson(np.exp(0.3 * x[:, 1]))
    fit = gen.fit_poisson(y, x)
    mu = fit.fitted
    bread = np.linalg.inv((x * mu[:, None]).T @ x)
    h = mu * ((x @ bread) * x).sum(1)
    factor = {"HC0": 1, "HC1": 50 / 48, "HC2": 1 / (1 - h), "HC3": 1 / (1 - h) ** 2}[kind]
    meat = (x * ((y - mu) ** 2 * factor)[:, None]).T @ x
    np.testing.assert_allclose(gen.with_robust_errors(fit, kind=kind).covariance, bread @ meat @ bread, rtol=1e-8)


def test_clustered_errors_agree_with_statsmodels_and_need_two_clusters() -> None:
    rng = np.random.default_rng(4)
    x = np.column_stack([np.ones(60), rng.normal(size=60)])
    y, cluster = rng.poisson(1.5, 60), np.arange(60) // 3
    theirs = sm.GLM(y, x, family=sm.families.Poisson()).fit(cov_type="cluster", cov_kwds={"groups": cluster})
    fit = gen.fit_poisson(y, x)
    np.testing.assert_allclose(gen.with_cluster_errors(fit, cluster, kind="CR1S").se, theirs.bse, rtol=1e-6)
    with pytest.raises(StatsError, match="STA-209"):
        gen.with_cluster_errors(fit, np.zeros(60))


def test_response_means_with_an_offset() -> None:
    rng = np.random.default_rng(5)
    data = {"ARM": ["A", "B"] * 40, "REGION": ["EU"] * 30 + ["US"] * 50}
    matrix = formula.model_matrix("~ ARM + REGION", data)
    years = rng.uniform(0.5, 2, 80)
    fit = gen.fit_poisson(rng.poisson(2 * years), matrix.x, offset=np.log(years), names=matrix.names)
    means = gen.response_means(fit, matrix, "ARM")
    half_region = fit.estimate[0] + fit.estimate[2] / 2
    assert means.mean[0] == pytest.approx(np.exp(half_region))
    decade = gen.response_means(fit, matrix, "ARM", offset=np.log(10))
    np.testing.assert_allclose(decade.mean, 10 * means.mean)
    np.testing.assert_allclose(decade.se, 10 * means.se)
    ratios = gen.compute_ratios(formula.differences_from(means.link_means, "A"))
    assert ratios.ratio[0] == pytest.approx(np.exp(fit.estimate[1]))
    assert ratios.upper[0] == pytest.approx(np.exp(fit.upper[1]))
