"""Imputation: laws, and the ways to impute against each other."""

from __future__ import annotations

from functools import cache

import matplotlib as mpl
import numpy as np
import pytest
from numpy.testing import assert_allclose

from opencro.stats import StatsError, missing
from opencro.stats.linear import fit_linear_batch
from tests.reference.stats.material import references
from tests.reference.stats.material_rbmi import Reml, replay
from tests.reference.stats.missing import arrange as antidepressant
from tests.stats.missing.trial import arrange, simulate_trial

mpl.use("Agg")
DIFFERENCE = "drug - placebo"


@cache
def jackknifed(assumption: str = "MAR") -> missing.Imputed:
    data = arrange(assumption)
    return missing.impute_conditional_mean(data, missing.jackknife_parameters(data))


def test_observed_values_are_never_changed_and_gaps_are_filled() -> None:
    data = arrange("CIR")
    imputed = missing.impute_random(data, missing.draw_parameters(data, 3, seed=1), seed=2)
    seen = ~data.missing
    assert (imputed[1][seen] == data.outcome[seen]).all()
    assert np.isfinite(imputed.values).all()
    assert (imputed.values[0][~seen] != imputed.values[1][~seen]).all()


def test_without_gaps_the_answer_is_plain_ancova() -> None:
    trial = simulate_trial()
    trial["outcome"] = np.nan_to_num(trial["outcome"])
    data = missing.arrange_outcomes(**{**trial, "ice_visit": None})
    result = missing.analyse_ancova(missing.impute_random(data, missing.draw_parameters(data, 2, seed=1), seed=1))
    x = np.column_stack([np.ones(60), data.group == 0, trial["covariates"]["baseline"]])
    fit = fit_linear_batch(x.astype(float), trial["outcome"].T)
    row = result.row("w3", DIFFERENCE)
    assert row["estimate"] == pytest.approx(fit.beta[2, 1])
    assert row["se"] == pytest.approx(fit.se[2, 1])
    assert row["df"] == pytest.approx(57 * 58 / 60)


def test_units_rows_and_labels_do_not_matter() -> None:
    trial = simulate_trial()
    base = missing.analyse_ancova(jackknifed("JR")).row("w3", DIFFERENCE)
    order = np.random.default_rng(1).permutation(60)
    rename = {"drug": "Z new", "placebo": "A old"}
    data = missing.arrange_outcomes(
        trial["outcome"][order] * 1000, [rename[trial["group"][i]] for i in order], reference="A old",
        covariates={"b": trial["covariates"]["baseline"][order] / 7 + 3}, visits=("w1", "w2", "w3"),
        ice_visit=[trial["ice_visit"][i] for i in order], assumption="JR",
    )  # fmt: skip
    other = missing.analyse_ancova(missing.impute_conditional_mean(data, missing.jackknife_parameters(data)))
    row = other.row("w3", "Z new - A old")
    assert row["estimate"] == pytest.approx(1000 * base["estimate"], rel=1e-6)
    assert row["se"] == pytest.approx(1000 * base["se"], rel=1e-6)


def test_swapping_the_reference_turns_the_sign_under_mar() -> None:
    data = arrange(reference="drug")
    turned = missing.analyse_ancova(missing.impute_conditional_mean(data, missing.jackknife_parameters(data)))
    assert turned.row("w3", "placebo - drug")["estimate"] == pytest.approx(
        -missing.analyse_ancova(jackknifed()).row("w3", DIFFERENCE)["estimate"], rel=1e-6
    )


def test_reference_based_assumptions_shrink_the_effect() -> None:
    effect = {a: missing.analyse_ancova(jackknifed(a)).row("w3", DIFFERENCE)["estimate"] for a in ("MAR", "JR", "CIR")}
    assert 0 < effect["JR"] < effect["CIR"] < effect["MAR"]


def test_events_without_gaps_and_without_values_change_nothing() -> None:
    mar = missing.analyse_ancova(jackknifed()).estimate
    data = arrange("JR", ice_visit=None)
    other = missing.impute_conditional_mean(data, missing.jackknife_parameters(data))
    assert_allclose(missing.analyse_ancova(other).estimate, mar, rtol=1e-10)


def test_many_draws_average_to_the_conditional_mean() -> None:
    for assumption in ("MAR", "JR"):
        data = arrange(assumption)
        draws = missing.draw_parameters(data, 300, seed=4, thinning=5)
        bayes = missing.analyse_ancova(missing.impute_random(data, draws, seed=5)).row("w3", DIFFERENCE)
        mean = missing.analyse_ancova(jackknifed(assumption)).row("w3", DIFFERENCE)
        assert bayes["estimate"] == pytest.approx(mean["estimate"], abs=0.06)
    assert bayes["se"] > mean["se"]  # Rubin's variance is information anchored, the jackknife's is not


def test_under_mar_jackknife_bootstrap_and_rubin_tell_one_standard_error() -> None:
    data = arrange()
    boot = missing.bootstrap_parameters(data, 80, seed=3)
    by_boot = missing.analyse_ancova(missing.impute_conditional_mean(data, boot))
    approximate = missing.analyse_ancova(missing.impute_random(data, boot, seed=1))
    se = missing.analyse_ancova(jackknifed()).row("w3", DIFFERENCE)["se"]
    assert by_boot.row("w3", DIFFERENCE)["se"] == pytest.approx(se, rel=0.25)
    assert approximate.row("w3", DIFFERENCE)["se"] == pytest.approx(se, rel=0.25)
    assert "80 imputations" in approximate.variance
    assert "bootstrap of 80" in by_boot.variance
    assert "jackknife of 60" in str(missing.analyse_ancova(jackknifed()))


def test_draws_follow_the_posterior_of_complete_data() -> None:
    trial = simulate_trial(200, seed=3)
    rng = np.random.default_rng(8)
    y = np.where(np.isnan(trial["outcome"]), rng.normal(size=(200, 3)), trial["outcome"])
    data = missing.arrange_outcomes(y, trial["group"], reference="placebo")
    draws = missing.draw_parameters(data, 800, seed=1, thinning=1, burn_in=10)
    means = np.stack([y[data.group == g].mean(axis=0) for g in (0, 1)])
    residual = y - means[data.group]
    scatter = residual.T @ residual
    assert_allclose(draws.beta.mean(axis=0), means.ravel(), atol=0.02)
    assert_allclose(draws.sigma[:, 0].mean(axis=0), scatter / (198 - 3 - 1), rtol=0.05, atol=0.02)
    assert_allclose(draws.beta[:, 2].std(), np.sqrt(scatter[2, 2] / 195 / 100), rtol=0.12)


def test_one_covariance_an_arm() -> None:
    data = arrange("CR")
    draws = missing.draw_parameters(data, 4, seed=1, same_covariance=False)
    assert (draws.sigma[:, 0] != draws.sigma[:, 1]).any()
    fitted = missing.fit_parameters(data, same_covariance=False)
    assert (fitted.sigma[0, 0] != fitted.sigma[0, 1]).any()
    assert np.isfinite(missing.impute_conditional_mean(data, fitted).values).all()


def test_subjects_without_any_value_are_imputed_too() -> None:
    trial = simulate_trial()
    trial["outcome"][0], trial["ice_visit"][0] = np.nan, "w1"
    for assumption in missing.incomplete.ASSUMPTIONS:
        data = missing.arrange_outcomes(**trial, assumption=assumption)
        parameters = missing.fit_parameters(data)
        filled = missing.impute_conditional_mean(data, parameters)[0][0]
        arm = data.group if assumption in ("MAR", "LMCF") else np.full(60, data.reference)
        mean = data.design(arm)[0] @ parameters.beta[0]
        assert_allclose(filled, np.repeat(mean[0], 3) if assumption == "LMCF" else mean)


def test_monotone_regressions_agree_with_the_posterior_under_mar() -> None:
    data = arrange()
    monotone = missing.analyse_ancova(missing.impute_monotone(data, 300, seed=2)).row("w3", DIFFERENCE)
    mean = missing.analyse_ancova(jackknifed()).row("w3", DIFFERENCE)
    assert monotone["estimate"] == pytest.approx(mean["estimate"], abs=0.1)
    assert monotone["se"] == pytest.approx(mean["se"], rel=0.25)
    assert np.isfinite(missing.impute_monotone(data, 2, seed=1, by_arm=True).values).all()


def test_monotone_regressions_refuse_what_they_cannot_do() -> None:
    trial = simulate_trial()
    trial["outcome"][0] = [np.nan, 1.0, 1.0]
    with pytest.raises(StatsError, match="STA-604"):
        missing.impute_monotone(missing.arrange_outcomes(**{**trial, "ice_visit": None}), 2, seed=1)
    with pytest.raises(StatsError, match="STA-602"):
        missing.impute_monotone(arrange("JR"), 2, seed=1)
    few = missing.arrange_outcomes([[1.0, 2.0], [2.0, np.nan], [3.0, 1.0]], ["A", "P", "P"], reference="P")
    with pytest.raises(StatsError, match="STA-603"):
        missing.impute_monotone(few, 2, seed=1)


def test_retrieved_dropouts_teach_the_shift_off_treatment() -> None:
    trial = simulate_trial(400, seed=5)
    rng = np.random.default_rng(6)
    full = simulate_trial(400, seed=5)
    data = missing.arrange_outcomes(**trial)
    after = np.arange(3) >= data.ice[:, None]
    gone = after & (rng.random(400) < 0.5)[:, None]
    y = np.where(after, rng.normal(-3, 1, (400, 3)), full["outcome"])
    y[gone] = np.nan
    data = missing.arrange_outcomes(**{**trial, "outcome": y})
    naive = missing.impute_conditional_mean(data, missing.fit_parameters(data))
    shifted = missing.with_off_treatment_shift(data)
    taught = missing.impute_conditional_mean(shifted, missing.fit_parameters(shifted))
    assert abs(taught[0][gone].mean() + 3) < 0.3
    assert naive[0][gone].mean() > taught[0][gone].mean() + 0.3
    none = missing.with_off_treatment_shift(arrange())
    with pytest.raises(StatsError, match="STA-605"):
        missing.fit_parameters(none)
    with pytest.raises(StatsError, match="STA-605"):
        missing.draw_parameters(none, 2, seed=1)


def test_deltas_shift_in_a_straight_line_and_touch_only_gaps() -> None:
    imputed = jackknifed()
    grid = missing.tipping_grid(imputed, {"drug": [0, 1, 2], "placebo": [0, 1]}, visit="w3", what=DIFFERENCE)
    assert grid.deltas.shape == (6, 2)
    by = {tuple(d): e for d, e in zip(grid.deltas.tolist(), grid.estimate, strict=True)}
    assert by[2.0, 0.0] - by[1.0, 0.0] == pytest.approx(by[1.0, 0.0] - by[0.0, 0.0])
    assert by[1.0, 0.0] > by[0.0, 0.0] > by[0.0, 1.0]
    assert "delta drug" in str(grid)


def test_grids_of_one_and_two_arms_are_drawn() -> None:
    one = missing.tipping_grid(jackknifed(), {"drug": [0, -1, -2, -4]}, visit="w3", what=DIFFERENCE)
    axes = one.plot()
    assert axes.get_xlabel() == "delta drug"
    assert len(axes.lines) == 3
    two = missing.tipping_grid(jackknifed(), {"drug": [0, -2], "placebo": [0, 1]}, visit="w3", what=DIFFERENCE)
    assert sorted(t.get_text() for t in two.plot().texts) == sorted(
        "<0.001" if p < 0.0005 else f"{p:.3f}" for p in two.p_value
    )
    mpl.pyplot.close("all")


def test_the_tipping_point_is_where_p_is_alpha() -> None:
    imputed = jackknifed()
    direction = missing.delta_by_arm(imputed.data, {"drug": -1.0})
    point = missing.tipping_point(imputed, direction, visit="w3", what=DIFFERENCE)
    assert point.p_value_at_zero < 0.05
    assert point.p_value == pytest.approx(0.05, abs=1e-7)
    before = missing.analyse_ancova(imputed, delta=(point.delta - 0.05) * direction).row("w3", DIFFERENCE)
    assert before["p_value"] < 0.05
    none = missing.tipping_point(imputed, direction, visit="w3", what=DIFFERENCE, search=(0, 0.01))
    assert np.isnan(none.delta)
    assert [n.code for n in none.notes] == ["STA-611"]


def test_questions_without_an_answer() -> None:
    data = arrange()
    single = missing.impute_conditional_mean(data, missing.fit_parameters(data))
    with pytest.raises(StatsError, match="STA-606"):
        missing.analyse_ancova(single)
    with pytest.raises(StatsError, match="STA-606"):
        missing.impute_random(data, missing.fit_parameters(data), seed=1)
    with pytest.raises(StatsError, match="STA-607"):
        missing.analyse_ancova(jackknifed()).row("w9", DIFFERENCE)
    with pytest.raises(StatsError, match="STA-608"):
        missing.analyse_ancova(jackknifed(), delta=[1.0])
    with pytest.raises(StatsError, match="STA-608"):
        missing.tipping_point(jackknifed(), np.ones((60, 3)), visit="w3", what=DIFFERENCE, search=(1, 1))
    few = missing.arrange_outcomes(np.eye(4)[:, :3], ["A", "A", "P", "P"], reference="P")
    with pytest.raises(StatsError, match="STA-603"):
        missing.draw_parameters(few, 2, seed=1)
    twice = arrange(covariates={"a": np.ones(60)})
    with pytest.raises(StatsError, match="STA-605"):
        missing.fit_parameters(twice)


@pytest.mark.peer
@pytest.mark.skipif(not references(), reason="../shared/data is absent")
def test_our_maximum_is_above_the_point_where_the_reference_run_stopped() -> None:
    data = antidepressant("MAR")
    model = Reml(data)
    weights = np.ones((1, len(data.outcome)))
    model.sums(weights[0])
    values = []
    for parameters in (missing.fit_parameters(data), replay(data, weights, "estimate")):
        factor = np.linalg.cholesky(parameters.sigma[0, 0])
        scale = np.diagonal(factor)
        value, gradient = model(np.concatenate([np.log(scale), (factor / scale[:, None])[np.tril_indices(4, -1)]]))
        values.append((value, np.abs(gradient).max()))
    assert values[0][0] < values[1][0]
    assert values[0][1] < 1e-5 < values[1][1]


@pytest.mark.peer
@pytest.mark.skipif(not references(), reason="../shared/data is absent")
def test_from_our_own_maximum_estimates_and_standard_errors_are_the_published_ones() -> None:
    parameters = missing.jackknife_parameters(antidepressant("MAR"))
    published = [r for r in references() if r.id.startswith("rbmi.condmean")]
    for reference in published:
        _, _, assumption, parameter = reference.id.split(".")
        kind, visit = parameter.rsplit("_", 1)
        what = {"trt": "DRUG - PLACEBO", "lsm_ref": "PLACEBO", "lsm_alt": "DRUG"}[kind]
        imputed = missing.impute_conditional_mean(antidepressant(assumption), parameters)
        row = missing.analyse_ancova(imputed).row(visit, what)
        assert_allclose([row["estimate"], row["se"]], reference.value[:2], rtol=1e-4)
