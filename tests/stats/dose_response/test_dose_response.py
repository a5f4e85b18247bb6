"""Curves, contrasts and MCP-Mod on the example of the paper, against R's DoseFinding 1.4-1, by laws, at limits."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import stats

from opencro.stats import StatsError
from opencro.stats.dose_response import (
    EMAX,
    EXPONENTIAL,
    LINEAR,
    LOGISTIC,
    QUADRATIC,
    SIGMOID_EMAX,
    Candidate,
    Shape,
    beta_shape,
    candidate,
    compute_dose_means,
    contrast_tests,
    dose_means,
    effective_dose,
    fit_dose_response,
    fit_dose_response_batch,
    log_linear,
    maximum_critical_value,
    mcp_mod,
    multiple_contrast_test,
    multiple_contrast_test_batch,
    optimal_contrasts,
    power_multiple_contrast_test,
    target_dose,
    trend_test,
    trend_test_batch,
)
from tests.stats.dose_response.biom import DOSE, RESPONSE

MEANS = compute_dose_means(DOSE, RESPONSE)
BETA = beta_shape(1.2)
CANDIDATES = {
    "linear": candidate(LINEAR),
    "emax": candidate(EMAX, 0.2),
    "logistic": candidate(LOGISTIC, 0.4, 0.09),
    "exponential": candidate(EXPONENTIAL, 0.284),
    "sigmoid": candidate(SIGMOID_EMAX, 0.3, 3),
    "beta": candidate(BETA, 0.68, 0.33),
    "quadratic": candidate(QUADRATIC, -0.854),
}

# R: fitMod(dose, resp, biom, model, bnds = defBnds(1)); coef, sqrt(diag(vcov)), AIC, TD(f, Delta = 0.4), ED(f, p = 0.5)
FITS: dict[str, tuple[Shape, list[float], list[float], float, float, float]] = {
    "linear": (LINEAR, [0.4923407822, 0.5586053432], [0.099842822, 0.18851695], 220.4986248, 0.71606905, 0.5),
    "emax": (
        EMAX, [0.3216106641, 0.7462984511, 0.1421871037], [0.15211417, 0.23577576, 0.18046208], 219.1382715,
        0.16423649, 0.11070536,
    ),
    "sigmoid": (
        SIGMOID_EMAX, [0.3448977868, 0.6124970344, 0.1094949492, 1.911732567],
        [0.15832028, 0.22972994, 0.088776629, 2.0150536], 220.8249362, 0.15243667, 0.10786166,
    ),
    "logistic": (
        LOGISTIC, [0.1690888584, 0.7728328036, 0.08720781656, 0.0712968439],
        [1.0979412, 1.1167504, 0.26230356, 0.11853345], 220.8288282, 0.16363023, 0.12020712,
    ),
    "beta": (
        BETA, [0.3291772797, 0.6689835636, 0.5734789536, 0.321135432], [0.1571797, 0.19785925, 0.46971655, 0.46756208],
        221.3153272, 0.19526425, 0.13862902,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FITS)
def test_curves_are_those_of_dosefinding(name: str) -> None:
    shape, estimate, se, aic, td, ed50 = FITS[name]
    fit = fit_dose_response(MEANS, shape)
    np.testing.assert_allclose(fit.estimate, estimate, rtol=1e-6)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.covariance)), se, rtol=2e-5)
    assert fit.criterion == pytest.approx(aic, rel=1e-9)
    assert target_dose(fit, 0.4).dose == pytest.approx(td, rel=2e-5)
    assert effective_dose(fit, 0.5).dose == pytest.approx(ed50, rel=1e-4)


def test_the_quadratic_is_least_squares() -> None:
    # R: fitMod(..., model = "quadratic"): 0.3902221608, 1.768417217, -1.231771023, AIC 219.7192602
    fit = fit_dose_response(MEANS, QUADRATIC)
    e0, b1, ratio = fit.estimate
    assert (e0, b1, b1 * ratio) == pytest.approx((0.3902221608, 1.768417217, -1.231771023), rel=1e-6)
    assert fit.criterion == pytest.approx(219.7192602)
    assert target_dose(fit, 0.4).dose == pytest.approx(0.28131292, rel=1e-6)


def test_a_parameter_at_the_edge_is_noted_and_taken_as_known() -> None:
    fit = fit_dose_response(MEANS, EXPONENTIAL)
    # R: fitMod(..., model = "exponential") stops at the same edge: 0.510905252, 0.8330756645, 1.999999947
    assert fit.estimate == pytest.approx([0.510905252, 0.8330757, 2.0], rel=1e-6)
    assert fit.notes[0].code == "STA-742"
    assert np.isnan(np.sqrt(np.diag(fit.covariance))).tolist() == [False, False, True]
    assert fit_dose_response(MEANS, EXPONENTIAL, bounds=[[0.1, 50]]).deviance < fit.deviance
    with pytest.raises(StatsError, match="STA-741"):
        fit_dose_response(MEANS, EXPONENTIAL, bounds=[[1, 1]])


def test_contrasts_and_statistics_of_the_paper() -> None:
    tests = multiple_contrast_test(MEANS, CANDIDATES)
    # R: MCTtest(dose, resp, biom, models)$tStat and $contMat
    t = [2.97153434466, 3.46411343706, 2.91517887839, 2.22777476141, 3.13364743429, 3.43314403216, 3.10014412513]
    np.testing.assert_allclose(tests.statistic, t, rtol=1e-9)
    emax = [-0.6431145294025, 0.0610254662937, 0.4130954641418, 0.5304521300911]
    np.testing.assert_allclose(tests.contrasts[1, [0, 2, 3, 4]], emax, rtol=1e-10)
    # R: 1 - mvtnorm::pmvt(upper = rep(3.46411343706, 7), df = 95, corr), 2e7 points, four runs: 0.0012355-0.0012374
    assert tests.adjusted_p[1] == pytest.approx(0.001237, abs=4e-6)
    # R: qmvt(0.975, df = 95, corr): 2.37859, 2.37962, 2.37919
    assert tests.critical_value == pytest.approx(2.3791, abs=6e-4)
    assert (tests.adjusted_p >= tests.p_value).all()
    assert "emax" in str(tests)


def test_mcp_mod_on_the_example() -> None:
    by_aic = mcp_mod(MEANS, CANDIDATES, effect=0.4)
    assert by_aic.selected == {"emax": 1.0}
    assert by_aic.dose == pytest.approx(0.16423649, rel=1e-5)
    assert "exponential" not in by_aic.fits
    assert mcp_mod(MEANS, CANDIDATES, effect=0.4, selection="max_t").selected == {"emax": 1.0}
    average = mcp_mod(MEANS, CANDIDATES, effect=0.4, selection="average")
    assert sum(average.selected.values()) == pytest.approx(1)
    assert min(t.dose for t in average.targets.values()) < average.dose < max(t.dose for t in average.targets.values())
    assert average.at([0.0, 1.0]).shape == (2,)
    assert str(by_aic).count("\n") == 8
    with pytest.raises(StatsError, match="STA-749"):
        mcp_mod(MEANS, CANDIDATES, effect=0.4, selection="bic")  # type: ignore[arg-type]


def test_pictures_hold_the_means_and_the_curves() -> None:
    axes = fit_dose_response(MEANS, EMAX).plot().axes[0]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["emax"]
    np.testing.assert_allclose(axes.lines[0].get_ydata()[[0, -1]], [0.3216106641, 0.975002], atol=1e-4)
    result = mcp_mod(MEANS, CANDIDATES, effect=0.4, selection="average")
    names = [text.get_text() for text in result.plot().axes[0].get_legend().get_texts()]
    assert names == [*result.fits, "average"]
    edge = fit_dose_response(MEANS, EXPONENTIAL).plot().axes[0]
    assert len(edge.lines) >= 1


def test_without_a_signal_nothing_is_fitted() -> None:
    flat = dose_means([0, 1, 2, 3], [1, 1.01, 0.99, 1], 0.04 * np.eye(4))
    result = mcp_mod(flat, {"emax": candidate(EMAX, 1)}, effect=0.1)
    assert result.notes[-1].code == "STA-748"
    assert np.isnan(result.dose)
    assert np.isnan(result.at([1.0])).all()


def test_a_fall_is_the_mirror_image_of_a_rise() -> None:
    down = compute_dose_means(DOSE, -np.array(RESPONSE))
    up, fall = mcp_mod(MEANS, CANDIDATES, effect=0.4), mcp_mod(down, CANDIDATES, effect=0.4, direction="decreasing")
    assert fall.dose == pytest.approx(up.dose)
    np.testing.assert_allclose(fall.tests.adjusted_p, up.tests.adjusted_p)
    fit = fit_dose_response(down, EMAX)
    assert effective_dose(fit, 0.5, direction="decreasing").dose == pytest.approx(0.11070536, rel=1e-4)


@pytest.mark.parametrize("df", [7.0, 60.0, np.inf])
def test_the_tail_against_exact_cases(df: float) -> None:
    # one statistic, two exact opposites, three that share a control
    assert maximum_critical_value([[1.0]], df=df) == pytest.approx(stats.t.isf(0.025, df))
    two = maximum_critical_value([[1, -1], [-1, 1]], df=df, alpha=0.05)
    assert two == pytest.approx(stats.t.isf(0.025, df), rel=1e-6)
    assert maximum_critical_value([[1.0]], df=df, two_sided=True, alpha=0.05) == pytest.approx(stats.t.isf(0.025, df))
    r = np.full((3, 3), 0.5) + 0.5 * np.eye(3)
    q = maximum_critical_value(r, df=df, alpha=0.05)
    if np.isfinite(df):
        below = stats.multivariate_t.cdf(np.full(3, q), df=df, shape=r, random_state=1, maxpts=200_000)
    else:
        below = stats.multivariate_normal.cdf(np.full(3, q), cov=r)
    assert below == pytest.approx(0.95, abs=3e-5)


def test_a_statistic_below_zero_has_a_large_p_value() -> None:
    worse = dose_means([0, 1, 2], [3.0, 2, 1], np.eye(3) * 0.1)
    tests = multiple_contrast_test(worse, {"linear": candidate(LINEAR), "emax": candidate(EMAX, 0.5)})
    assert (tests.adjusted_p > 0.99).all()
    assert (tests.adjusted_p <= 1).all()
    both = multiple_contrast_test(
        worse, {"linear": candidate(LINEAR), "emax": candidate(EMAX, 0.5)}, alternative="two-sided"
    )
    less = multiple_contrast_test(
        worse, {"linear": candidate(LINEAR), "emax": candidate(EMAX, 0.5)}, alternative="less"
    )
    np.testing.assert_allclose(both.adjusted_p, 2 * less.adjusted_p, rtol=0.01)


def test_optimal_contrasts_have_the_greatest_power() -> None:
    n = np.array([30, 20, 20, 10.0])
    best = optimal_contrasts([0, 1, 2, 4], {"emax": candidate(EMAX, 1)}, weights=n)[0]
    f = EMAX.curve(np.array([0, 1, 2, 4.0]), np.array([1.0]))
    assert best.sum() == pytest.approx(0)

    def signal(c: np.ndarray) -> float:
        return float(c @ f / np.sqrt((c**2 / n).sum()))

    draw = np.random.default_rng(1)
    for _ in range(50):
        other = draw.normal(size=4)
        assert signal(other - other.mean()) <= signal(best) + 1e-12
    with pytest.raises(StatsError, match="STA-745"):
        optimal_contrasts([1.0, 1.0], {"linear": candidate(LINEAR)})


def test_estimates_with_covariance_give_what_patients_give() -> None:
    general = dose_means(MEANS.dose, MEANS.mean, MEANS.covariance, df=95)
    one, other = multiple_contrast_test(MEANS, CANDIDATES), multiple_contrast_test(general, CANDIDATES)
    np.testing.assert_allclose(one.adjusted_p, other.adjusted_p)
    fit, same = fit_dose_response(MEANS, EMAX), fit_dose_response(general, EMAX)
    np.testing.assert_allclose(fit.estimate, same.estimate, rtol=1e-5)
    assert same.criterion == pytest.approx(fit.deviance / (MEANS.pure_error / 95) + 6)


def test_correlated_estimates_against_dosefinding() -> None:
    # R: fitMod(dose, mu, S = S, type = "general", model); coef, sqrt(diag(vcov)), gAIC, TD(f, 0.8)
    s = 0.04 * (0.3 + 0.7 * np.eye(5))
    np.fill_diagonal(s, [0.05, 0.04, 0.06, 0.04, 0.03])
    means = dose_means([0, 1, 2, 4, 8], [-1.2, -0.8, -0.55, -0.1, 0.05], s)
    fit = fit_dose_response(means, EMAX)
    np.testing.assert_allclose(fit.estimate, [-1.2222333, 1.76832552, 2.87478679], rtol=1e-6)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.covariance)), [0.2184444, 0.409376, 2.189995], rtol=1e-6)
    assert (fit.criterion, target_dose(fit, 0.8).dose) == pytest.approx((6.47053562, 2.375058), rel=1e-6)
    sigmoid = fit_dose_response(means, SIGMOID_EMAX)
    np.testing.assert_allclose(sigmoid.estimate, [-1.19355643, 1.39416882, 1.93090445, 1.54478356], rtol=1e-6)
    shapes = {"linear": candidate(LINEAR), "emax": candidate(EMAX, 1.5), "quadratic": candidate(QUADRATIC, -0.08)}
    tests = multiple_contrast_test(means, shapes)
    np.testing.assert_allclose(tests.statistic, [5.63190308234, 5.99945510706, 6.10104786405], rtol=1e-9)
    linear = [-0.3651135845593, -0.3656974548971, -0.1375987762705, 0.0237440604031, 0.8446657553237]
    np.testing.assert_allclose(tests.contrasts[0], linear, rtol=1e-9)


def test_covariates_are_those_of_a_linear_model() -> None:
    from opencro.stats.formula import ls_means, model_matrix
    from opencro.stats.linear import fit_linear

    age = np.random.default_rng(5).normal(60, 9, 100)
    means = compute_dose_means([*DOSE, 1.0], [*RESPONSE, np.nan], {"age": [*age, 5.0]})
    data = {"y": RESPONSE, "dose": DOSE, "age": age}
    linear = fit_linear(model_matrix("y ~ dose + age", data, factors={"dose"}))
    expected = ls_means(*linear.parts, "dose", df=linear.df)
    np.testing.assert_allclose(means.mean, expected.estimate)
    np.testing.assert_allclose(means.se, expected.se)
    assert means.notes[0].code == "STA-744"
    assert means.df == linear.df_residual


@settings(max_examples=10, deadline=None)
@given(seed=some.integers(0, 10_000), scale=some.sampled_from([0.01, 1.0, 100.0]))
def test_units_of_dose_and_response_change_nothing(seed: int, scale: float) -> None:
    draw = np.random.default_rng(seed)
    dose = np.repeat([0, 1, 2, 4.0], 8)
    y = EMAX.mean(dose, 1, 2, 0.7) + draw.normal(0, 0.7, 32)
    one, other = compute_dose_means(dose, y), compute_dose_means(dose * scale, 3 + y * scale)
    fit, scaled = fit_dose_response(one, EMAX), fit_dose_response(other, EMAX)
    np.testing.assert_allclose(scaled.at(one.dose * scale), 3 + scale * fit.at(one.dose), rtol=1e-4, atol=1e-5 * scale)
    t = multiple_contrast_test(one, {"emax": candidate(EMAX, 0.7)})
    u = multiple_contrast_test(other, {"emax": candidate(EMAX, 0.7 * scale)})
    assert u.adjusted_p[0] == pytest.approx(t.adjusted_p[0])


SHAPES: list[tuple[Shape, tuple[float, ...]]] = [
    (LINEAR, ()), (QUADRATIC, (-0.15,)), (EXPONENTIAL, (1.5,)), (EMAX, (0.6,)), (SIGMOID_EMAX, (1.3, 2.5)),
    (LOGISTIC, (1.5, 0.4)), (log_linear(0.5), ()), (beta_shape(5.0), (1.2, 0.8)),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "theta"), SHAPES, ids=lambda v: getattr(v, "name", None))
def test_a_curve_without_noise_is_found_again(shape: Shape, theta: tuple[float, ...]) -> None:
    dose = np.array([0, 0.5, 1, 1.5, 2.5, 4.0])
    true = shape.mean(dose, 1.0, 2.0, *theta)
    fit = fit_dose_response(dose_means(dose, true, np.diag([1, 2, 1, 2, 1, 2.0])), shape)
    np.testing.assert_allclose(fit.estimate, [1, 2, *theta], rtol=2e-4)
    assert fit.deviance < 1e-10
    batch = fit_dose_response_batch([true, true + 1], dose, [2, 1, 2, 1, 2, 1], shape)
    np.testing.assert_allclose(batch.at(shape, dose)[1], true + 1, atol=1e-3)
    np.testing.assert_allclose(batch.estimate[0], fit.estimate, rtol=5e-3)


def test_batches_are_the_single_analyses() -> None:
    draw = np.random.default_rng(3)
    n = np.array([20, 10, 10, 20])
    dose = np.array([0, 1, 2, 4.0])
    groups = [[draw.normal(m, 1, k) for m, k in zip(EMAX.mean(dose, 0, 1, 0.8), n, strict=True)] for _ in range(8)]
    means = [compute_dose_means(np.repeat(dose, n), np.concatenate(g)) for g in groups]
    shapes = {"emax": candidate(EMAX, 0.8), "linear": candidate(LINEAR)}
    mean = np.array([m.mean for m in means])
    sigma = np.array([np.sqrt(m.pure_error / m.df) for m in means])
    batch = multiple_contrast_test_batch(mean, sigma, dose, n, shapes)
    fits = fit_dose_response_batch(mean, dose, n, EMAX)
    trend = trend_test_batch(mean, sigma, n, dose)
    for i, m in enumerate(means):
        one = multiple_contrast_test(m, shapes)
        np.testing.assert_allclose(batch.statistic[i], one.statistic)
        assert batch.critical_value == pytest.approx(one.critical_value)
        assert batch.signal[i] == (one.adjusted_p.min() < 0.025)
        assert fits.deviance[i] == pytest.approx(fit_dose_response(m, EMAX).deviance, rel=1e-6, abs=1e-9)
        assert trend[i] == pytest.approx(trend_test(m).p_value[0])


POWER_SHAPES = {
    "linear": candidate(LINEAR), "emax": candidate(EMAX, 0.2), "quadratic": candidate(QUADRATIC, -0.854),
    "exponential": candidate(EXPONENTIAL, 0.284),
}  # fmt: skip
# R: getResp(Mods(linear = NULL, emax = 0.2, quadratic = -0.854, exponential = 0.284, doses, placEff = 0, maxEff = 0.6))
POWER_MEANS = [
    [0, 0.03, 0.12, 0.36, 0.6], [0, 0.144, 0.36, 0.54, 0.6], [0, 0.098104104, 0.339905664, 0.599630976, 0.2992416],
    [0, 0.003519021546, 0.018687406463, 0.132902853793, 0.6],
]  # fmt: skip


@pytest.mark.parametrize(
    ("n", "alpha", "expected"),
    [
        ([25] * 5, 0.05, [0.76053241, 0.76609116, 0.65968764, 0.74196798]),
        ([30, 20, 20, 20, 30], 0.025, [0.69378077, 0.69373738, 0.50814107, 0.69189351]),
    ],
)
def test_power_is_that_of_dosefinding(n: list[int], alpha: float, expected: list[float]) -> None:
    # R: powMCT(optContr(M, w = n), alpha, altModels = M, n, sigma = 1); its critical value has an error of about 1e-3
    dose = [0, 0.05, 0.2, 0.6, 1]
    power = power_multiple_contrast_test(dose, n, POWER_MEANS, POWER_SHAPES, sigma=1, alpha=alpha)
    np.testing.assert_allclose(power, expected, atol=4e-4)


def test_power_has_its_limits_and_symmetries() -> None:
    dose, n = [0, 0.05, 0.2, 0.6, 1], [20] * 5
    up = power_multiple_contrast_test(dose, n, POWER_MEANS[1], POWER_SHAPES, sigma=2)
    down = power_multiple_contrast_test(
        dose, n, [-m for m in POWER_MEANS[1]], POWER_SHAPES, sigma=2, alternative="less"
    )
    assert up.item() == pytest.approx(down.item(), abs=1e-3)
    assert power_multiple_contrast_test(dose, n, [3.0] * 5, POWER_SHAPES, sigma=2).item() == pytest.approx(
        0.025, abs=3e-4
    )
    both = power_multiple_contrast_test(dose, n, [0] * 5, POWER_SHAPES, sigma=2, alternative="two-sided", alpha=0.1)
    assert both.item() == pytest.approx(0.1, abs=1e-3)
    assert power_multiple_contrast_test(dose, n, POWER_MEANS[1], POWER_SHAPES, sigma=0.01).item() == pytest.approx(1)
    with pytest.raises(StatsError, match="STA-740"):
        power_multiple_contrast_test(dose, [1] * 5, POWER_MEANS[1], POWER_SHAPES, sigma=1)


def test_trend_is_the_slope_of_a_line() -> None:
    line = stats.linregress(MEANS.dose, MEANS.mean)
    tests = trend_test(MEANS, alternative="two-sided")
    assert tests.statistic[0] == pytest.approx(
        line.slope / np.sqrt(0.15929**2 / ((MEANS.dose - MEANS.dose.mean()) ** 2).sum()), rel=1e-4
    )
    assert trend_test(MEANS, [0, 1, 2, 3, 4]).p_value[0] < tests.p_value[0]
    with pytest.raises(StatsError, match="STA-745"):
        trend_test(MEANS, [1, 1, 1, 1, 1])
    with pytest.raises(StatsError, match="STA-745"):
        contrast_tests(MEANS, {"no": [1, 1, 0, 0, 0]})


def test_target_doses_have_the_limits_of_the_delta_method() -> None:
    fit = fit_dose_response(MEANS, LINEAR)
    target = target_dose(fit, 0.4)
    b, se = fit.estimate[1], np.sqrt(fit.covariance[1, 1])
    assert target.se == pytest.approx(0.4 * se / b**2, rel=1e-4)
    missed = target_dose(fit, 10.0)
    assert np.isnan(missed.dose)
    assert missed.notes[-1].code == "STA-746"
    for call in (lambda: target_dose(fit, 0), lambda: effective_dose(fit, 1.0)):
        with pytest.raises(StatsError, match="STA-747"):
            call()


def test_inputs_that_cannot_be_analysed() -> None:
    with pytest.raises(StatsError, match="STA-745"):
        candidate(EMAX)
    with pytest.raises(StatsError, match="STA-740"):
        compute_dose_means([0, 0], [1.0, 2])
    with pytest.raises(StatsError, match="STA-740"):
        compute_dose_means([0, 1], [1.0, 2, 3])
    with pytest.raises(StatsError, match="STA-740"):
        dose_means([0, 1], [1.0, 2], [[1, 2], [2, 1]])
    with pytest.raises(StatsError, match="STA-740"):
        multiple_contrast_test_batch([1.0], 1.0, [0], [1], {"linear": Candidate(LINEAR)})
    with pytest.raises(StatsError, match="STA-740"):
        fit_dose_response_batch([1.0], [0], [1], LINEAR)
    exact = contrast_tests(compute_dose_means([0, 0, 1, 1], [1.0, 1, 2, 2]), {"rise": [-1, 1]})
    assert exact.adjusted_p[0] == 0
    two = fit_dose_response(dose_means([0, 1], [1.0, 2], np.eye(2)), EMAX)
    assert "STA-743" in [n.code for n in two.notes]


DRC = Path(__file__).resolve().parents[4] / "shared" / "data" / "lab" / "dose_response" / "reference_dose_response.json"


@pytest.mark.peer
@pytest.mark.skipif(not DRC.is_file(), reason="../shared/data is absent")
@pytest.mark.parametrize("name", ["ryegrass|LL.4", "lettuce|LL.4"])
def test_log_logistic_curves_of_drc(name: str) -> None:
    case = next(c for c in json.loads(DRC.read_text(encoding="utf-8"))["cases"] if c["id"] == name)
    # LL.4 falls from d to c as the dose rises: the sigmoid Emax curve with e0 = d, emax = c - d, ed50 = e, h = b
    fit = fit_dose_response(compute_dose_means(case["input"]["dose"], case["input"]["response"]), SIGMOID_EMAX)
    b, c, d, e = (case["expected"]["coef"][k] for k in "bcde")
    np.testing.assert_allclose(fit.estimate, [d, c - d, e, b], rtol=1e-4)
    if name.startswith("ryegrass"):
        # drc inverts the observed information, this the expected, as nls and DoseFinding: alike in a close fit
        half_maximal = dict(zip(case["expected"]["ed"]["level"], case["expected"]["ed"]["se"], strict=True))[50]
        assert np.sqrt(fit.covariance[2, 2]) == pytest.approx(half_maximal, rel=0.02)
