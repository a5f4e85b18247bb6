"""Least squares, robust covariances and predictions against R 4.2.2 and statsmodels, and at their limits."""

from __future__ import annotations

import numpy as np
import pytest

from opencro.stats import StatsError
from opencro.stats.formula import ls_means, model_matrix, pairwise_differences
from opencro.stats.linear import (
    LinearModel,
    anova_type_i,
    anova_type_ii,
    anova_type_iii,
    cluster_robust,
    fit_linear,
    hc_robust,
    predict_linear,
)
from tests.stats.linear.motor_trend import CARS


def _cars(weights: str | None = None, formula: str = "mpg ~ wt + cyl") -> LinearModel:
    given = CARS[weights] if weights else None
    return fit_linear(model_matrix(formula, CARS, factors={"cyl", "am", "gear"}), weights=given)


def _se(fit: LinearModel) -> np.ndarray:
    return np.sqrt(np.diag(fit.covariance))


# R: sandwich::vcovHC(lm(mpg ~ wt + factor(cyl), mtcars), type = ...), sandwich 3.0-2; square roots of the diagonal
HC = {
    "HC0": [1.80833682237, 0.615120878698, 1.1276592478, 1.41113832191],
    "HC1": [1.93319337977, 0.657591879868, 1.20551844408, 1.50857032169],
    "HC2": [1.96529332951, 0.680606574478, 1.20489094303, 1.50495068281],
    "HC3": [2.14136282165, 0.754841882227, 1.28928911127, 1.60770026032],
    "HC4": [2.04434197297, 0.727223198292, 1.21816192341, 1.52155835425],
    "HC4m": [2.18416945931, 0.784946066508, 1.28796392272, 1.60386622348],
    "HC5": [1.91867699714, 0.667520919067, 1.17071102089, 1.46342708836],
}
# R: sandwich::vcovCL(..., cluster = ~carb): type HC0, cadjust FALSE; HC0, TRUE; HC1, TRUE
CR = {
    "CR0": [1.82174516716, 0.788119669823, 0.823429746991, 1.70340769084],
    "CR1": [1.99562184416, 0.863341842351, 0.902022093895, 1.8659896338],
    "CR1S": [2.09981039018, 0.908415678125, 0.949115369966, 1.96341026857],
}


@pytest.mark.parametrize("kind", HC)
def test_hc_covariances_are_those_of_sandwich(kind: str) -> None:
    np.testing.assert_allclose(_se(hc_robust(_cars(), kind=kind)), HC[kind], rtol=1e-10)


@pytest.mark.parametrize("kind", CR)
def test_cluster_covariances_are_those_of_sandwich(kind: str) -> None:
    robust = cluster_robust(_cars(), CARS["carb"], kind=kind)
    np.testing.assert_allclose(_se(robust), CR[kind], rtol=1e-10)
    assert robust.df == 5


def test_clusters_of_one_row_are_the_hc_covariances() -> None:
    rows = np.arange(32)
    for cluster, hc in (("CR0", "HC0"), ("CR2", "HC2"), ("CR3", "HC3")):
        one, other = cluster_robust(_cars(), rows, kind=cluster), hc_robust(_cars(), kind=hc)
        np.testing.assert_allclose(one.covariance, other.covariance)


def test_bell_mccaffrey_covariance_is_unbiased_under_equal_variances() -> None:
    # CR2's defining property: with e = (I - H) u, u independent with variance 1, the expected estimate is (X'X)^-1
    fit = _cars()
    x, labels = fit.matrix.x, np.asarray(CARS["carb"])
    maker = np.eye(32) - x @ fit.unscaled @ x.T
    expected = np.zeros((4, 4))
    for unit in maker.T:
        from dataclasses import replace

        expected += cluster_robust(replace(fit, residuals=unit), labels, kind="CR2").covariance
    np.testing.assert_allclose(expected, fit.unscaled, atol=1e-10)


def test_satterthwaite_degrees_of_freedom_are_those_of_two_groups() -> None:
    # clusters of one row and HC2 for a difference of two means: Welch's variance; under equal variances its degrees of
    # freedom are those that Welch's formula has for s1 = s2 (Bell and McCaffrey 2002, section 5)
    data = {"y": np.arange(9.0) ** 2, "g": ["a"] * 4 + ["b"] * 5}
    fit = cluster_robust(fit_linear("y ~ g", data), np.arange(9), kind="CR2")
    v1, v2 = 1 / 4, 1 / 5
    assert callable(fit.df)
    assert fit.df(np.array([0.0, 1.0])) == pytest.approx((v1 + v2) ** 2 / (v1**2 / 3 + v2**2 / 4))


def test_weights_against_r() -> None:
    # R: w <- lm(mpg ~ wt + factor(cyl), mtcars, weights = qsec); vcov(w); vcovHC(w, "HC3"); vcovCL(w, ~carb, "HC0", F)
    fit = _cars("qsec")
    np.testing.assert_allclose(_se(fit), [1.92959254924, 0.766518078845, 1.39268384124, 1.6768051609], rtol=1e-10)
    hc3 = [2.21226976558, 0.754129016004, 1.27575975864, 1.56419478467]
    np.testing.assert_allclose(_se(hc_robust(fit)), hc3, rtol=1e-10)
    cr0 = [1.89131049488, 0.79847973015, 0.838588811823, 1.63888596513]
    np.testing.assert_allclose(_se(cluster_robust(fit, CARS["carb"], kind="CR0")), cr0, rtol=1e-10)
    table = anova_type_i(fit)
    np.testing.assert_allclose(table.sum_of_squares, [15442.1, 1589.1, 3390.0], atol=0.05)
    np.testing.assert_allclose(table.p_value[:2], [6.147e-12, 0.004599], rtol=2e-4)


def test_least_squares_means_against_emmeans() -> None:
    # R: emmeans(lm(mpg ~ factor(cyl) * factor(am) + factor(gear) + wt, mtcars), "cyl", weights = ...), emmeans 1.8.4-1
    fit = _cars(formula="mpg ~ cyl * am + gear + wt")
    means = ls_means(*fit.parts, "cyl", df=fit.df)
    np.testing.assert_allclose(means.estimate, [22.7956956055, 19.1379218136, 17.2177282942], rtol=1e-10)
    np.testing.assert_allclose(means.se, [1.28555783233, 1.08098146207, 1.24304342019], rtol=1e-10)
    means = ls_means(*fit.parts, "cyl", df=fit.df, weights="observed")
    np.testing.assert_allclose(means.estimate, [22.5903467872, 19.2170538727, 17.4283975453], rtol=1e-10)
    np.testing.assert_allclose(means.se, [1.33009009833, 1.06701307578, 1.20426821569], rtol=1e-10)
    # R: pairs(emmeans(lm(mpg ~ factor(cyl) * wt, mtcars), "cyl", at = list(wt = 3)), adjust = "none", infer = TRUE)
    fit = _cars(formula="mpg ~ cyl * wt")
    pairs = pairwise_differences(ls_means(*fit.parts, "cyl", at={"wt": 3}, df=fit.df))
    np.testing.assert_allclose(pairs.estimate, [2.561594, 5.339405, 2.777811], atol=5e-7)
    np.testing.assert_allclose(pairs.lower, [-0.6574790, 1.9526042, -0.2649802], atol=5e-7)
    np.testing.assert_allclose(pairs.p_value, [0.1140, 0.0033, 0.0719], atol=5e-5)


def test_predictions_against_r() -> None:
    # R: predict(lm(mpg ~ wt, mtcars), data.frame(wt = 3), interval = "prediction")
    fit = fit_linear("mpg ~ wt", CARS)
    new = predict_linear(fit, {"wt": [3.0]}, new=True)
    expected = [21.2517114492, 14.9298735457, 27.5735493526]
    np.testing.assert_allclose([new.estimate[0], new.lower[0], new.upper[0]], expected, rtol=1e-10)
    mean = predict_linear(fit, {"wt": CARS["wt"]})
    np.testing.assert_allclose(mean.estimate, np.array(CARS["mpg"]) - fit.residuals)
    assert (mean.upper - mean.lower < new.upper - new.lower).all()
    assert "wt" in str(mean)


def test_statsmodels_agrees() -> None:
    sm = pytest.importorskip("statsmodels.api")
    fit = _cars()
    theirs = sm.OLS(fit.matrix.response, fit.matrix.x).fit()
    np.testing.assert_allclose(fit.beta, theirs.params)
    np.testing.assert_allclose(fit.columns()["p_value"], theirs.pvalues)
    np.testing.assert_allclose(fit.columns()["lower"], theirs.conf_int()[:, 0])
    assert fit.r_squared == pytest.approx(theirs.rsquared)


def test_type_ii_is_the_loss_when_the_term_is_left_out() -> None:
    # SAS: cyl*wt contains wt but not cyl, so that cyl is judged with cyl*wt in the model
    fit = _cars(formula="mpg ~ wt + cyl + wt:cyl")
    table = dict(zip(anova_type_ii(fit).term, anova_type_ii(fit).sum_of_squares, strict=True))
    x, owner = fit.matrix.x, fit.matrix.assign

    def rss(kept: list[str]) -> float:
        columns = x[:, np.isin(owner, [fit.matrix.terms.index(t) for t in kept])]
        return float(np.linalg.lstsq(columns, fit.matrix.response)[1][0])

    whole = rss(["(Intercept)", "wt", "cyl", "wt:cyl"])
    assert table["wt:cyl"] == pytest.approx(rss(["(Intercept)", "wt", "cyl"]) - whole)
    assert table["wt"] == pytest.approx(rss(["(Intercept)", "cyl"]) - rss(["(Intercept)", "wt", "cyl"]))
    assert table["cyl"] == pytest.approx(rss(["(Intercept)", "wt", "wt:cyl"]) - whole)
    first = anova_type_i(fit)
    assert first.sum_of_squares.sum() == pytest.approx(fit.total)


def test_aliased_columns_and_a_saturated_model() -> None:
    data = {"y": [1.0, 2, 4, 7], "x": [1.0, 2, 3, 4], "twice": [2.0, 4, 6, 8]}
    fit = fit_linear("y ~ x + twice", data)
    assert np.isnan(fit.beta[2])
    assert np.isnan(fit.columns()["estimate"][2])
    assert [n.code for n in fit.notes] == ["STA-101"]
    np.testing.assert_allclose(fit.beta[:2], fit_linear("y ~ x", data).beta)
    assert anova_type_iii(fit).df.tolist() == [0, 0, 2]
    saturated = fit_linear("y ~ g", {"y": [1.0, 2], "g": ["a", "b"]})
    assert [n.code for n in saturated.notes] == ["STA-102"]
    assert np.isnan(saturated.columns()["se"]).all()
    np.testing.assert_allclose(saturated.beta, [1, 1])


def test_a_row_that_is_fitted_exactly() -> None:
    fit = fit_linear("y ~ g", {"y": [1.0, 2, 4, 9], "g": ["a", "a", "a", "b"]})
    robust = hc_robust(fit, kind="HC3")
    assert robust.notes[-1].code == "STA-104"
    assert np.isfinite(robust.covariance).all()


def test_what_cannot_be_fitted() -> None:
    with pytest.raises(StatsError, match="STA-103"):
        fit_linear("~ wt", CARS)
    for weights in ([1.0], [0.0] * 32, [np.nan] * 32):
        with pytest.raises(StatsError, match="STA-103"):
            fit_linear("mpg ~ wt", CARS, weights=weights)
    with pytest.raises(StatsError, match="STA-105"):
        hc_robust(_cars(), kind="HC9")  # type: ignore[arg-type]
    with pytest.raises(StatsError, match="STA-105"):
        cluster_robust(_cars(), ["one"] * 32)
    with pytest.raises(StatsError, match="STA-105"):
        cluster_robust(_cars(), CARS["carb"], kind="CR9")  # type: ignore[arg-type]


def test_nearly_collinear_covariates_keep_their_digits() -> None:
    # Longley's kind of trouble: values far from 0 that hardly vary; the exact answer is known by construction
    x = np.array([1e6, 1e6 + 1, 1e6 + 2, 1e6 + 3, 1e6 + 4])
    fit = fit_linear("y ~ x", {"y": 3 + 2 * (x - 1e6), "x": x})
    assert fit.beta[1] == pytest.approx(2, rel=1e-9)


def test_rows_of_the_data_may_be_missing() -> None:
    data = {"y": [1.0, None, 3, 5, 4], "x": [1.0, 2, 3, 4, 5], "g": list("aabbc")}
    fit = fit_linear("y ~ x", data, weights=[1, 9, 1, 1, 1])
    np.testing.assert_allclose(fit.beta, fit_linear("y ~ x", {"y": [1.0, 3, 5, 4], "x": [1.0, 3, 4, 5]}).beta)
    assert cluster_robust(fit, data["g"], kind="CR1").df == 2


# Kutner MH. The American Statistician 1974; 28:98-100: drug, disease and the change in blood pressure of up to six dogs
DOGS = {
    "11": (42, 44, 36, 13, 19, 22), "12": (33, 26, 33, 21), "13": (31, -3, 25, 25, 24), "21": (28, 23, 34, 42, 13),
    "22": (34, 33, 31, 36), "23": (3, 26, 28, 32, 4, 16), "31": (1, 29, 19), "32": (11, 9, 7, 1, -6),
    "33": (21, 1, 9, 3), "41": (24, 9, 22, -2, 15), "42": (27, 12, 12, -5, 16, 15), "43": (22, 7, 25, 5, 12),
}  # fmt: skip


def test_an_unbalanced_two_way_design_as_sas_prints_it() -> None:
    # SAS/STAT User's Guide, The GLM Procedure, "Unbalanced ANOVA for Two-Way Design with Interaction"
    data = {
        "y": [float(v) for values in DOGS.values() for v in values],
        "drug": [cell[0] for cell, values in DOGS.items() for _ in values],
        "disease": [cell[1] for cell, values in DOGS.items() for _ in values],
    }
    fit = fit_linear("y ~ drug * disease", data)
    first, second, third = (kind(fit).sum_of_squares for kind in (anova_type_i, anova_type_ii, anova_type_iii))
    np.testing.assert_allclose(first, [3133.238506, 418.833741, 707.266259, 5080.816667], rtol=1e-9)
    np.testing.assert_allclose(second[:2], [3063.432863, 418.833741], rtol=1e-9)
    np.testing.assert_allclose(third[:2], [2997.471860, 415.873046], rtol=1e-9)
    means = ls_means(*fit.parts, "drug", df=fit.df)
    np.testing.assert_allclose(means.estimate, [25.9944444, 26.5555556, 9.7444444, 13.5444444], rtol=1e-8)


def test_a_perfect_fit_is_told() -> None:
    fit = fit_linear("y ~ x", {"y": [2.0, 4, 6, 8], "x": [1.0, 2, 3, 4]})
    assert fit.notes[-1].code == "STA-111"
    assert not _cars().notes


def test_nists_longley_data() -> None:
    # NIST Statistical Reference Datasets, Longley: certified to 14 digits of coefficients and standard deviations
    datasets = pytest.importorskip("statsmodels.datasets")
    rows = datasets.longley.load_pandas().data
    columns = ["GNPDEFL", "GNP", "UNEMP", "ARMED", "POP", "YEAR"]
    data = {name: rows[name].to_numpy(float) for name in ("TOTEMP", *columns)}
    fit = fit_linear("TOTEMP ~ " + " + ".join(columns), data)
    certified = [
        -3482258.63459582, 15.0618722713733, -0.0358191792925910, -2.02022980381683, -1.03322686717359,
        -0.0511041056535807, 1829.15146461355,
    ]  # fmt: skip
    np.testing.assert_allclose(fit.beta, certified, rtol=1e-9)
    certified_se = [
        890420.383607373, 84.9149257747669, 0.0334910077722432, 0.488399681651699, 0.214274163161675,
        0.226073200069370, 455.478499142212,
    ]  # fmt: skip
    np.testing.assert_allclose(_se(fit), certified_se, rtol=1e-9)
    assert fit.sigma == pytest.approx(304.854073561965, rel=1e-10)
    assert fit.r_squared == pytest.approx(0.995479004577296, rel=1e-12)
