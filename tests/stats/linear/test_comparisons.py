"""t tests, one-way comparisons, ANCOVA and the batches, against scipy, by laws and at their limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import stats

from opencro.stats import StatsError
from opencro.stats.formula import model_matrix
from opencro.stats.linear import (
    ancova,
    ancova_batch,
    fit_linear,
    fit_linear_batch,
    one_way_anova,
    t_test_one_sample,
    t_test_paired,
    t_test_pooled,
    t_test_pooled_batch,
    t_test_welch,
    t_test_welch_batch,
    welch_anova,
)

X = np.array([3.1, 4.7, 4.7, 5.2, 6, 7.3, 8.8])
Y = np.array([2.0, 9.1, 12.4, 15, 11.2])


@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
def test_scipy_agrees_on_every_t_test(alternative: str) -> None:
    pairs = [
        (t_test_pooled(X, Y, alternative=alternative), stats.ttest_ind(X, Y, alternative=alternative)),
        (t_test_welch(X, Y, alternative=alternative), stats.ttest_ind(X, Y, equal_var=False, alternative=alternative)),
        (t_test_paired(X[:5], Y, alternative=alternative), stats.ttest_rel(X[:5], Y, alternative=alternative)),
        (t_test_one_sample(X, null=5, alternative=alternative), stats.ttest_1samp(X, 5, alternative=alternative)),
    ]
    for ours, theirs in pairs:
        limits = theirs.confidence_interval()
        assert (ours.t, ours.p_value, ours.df) == pytest.approx((theirs.statistic, theirs.pvalue, theirs.df))
        assert (ours.lower, ours.upper) == pytest.approx((limits.low, limits.high))


def test_missing_values_are_counted() -> None:
    ours = t_test_welch([*X, np.nan], [None, *Y])
    assert ours.t == pytest.approx(t_test_welch(X, Y).t)
    assert [n.code for n in ours.notes] == ["STA-107"] * 2
    assert t_test_paired([1, 2, np.nan, 5], [0, 3, 1, 1]).n == (3,)
    assert "7 + 5" in str(ours)


def test_no_variation() -> None:
    exact = t_test_pooled([2.0, 2.0], [1.0, 1.0])
    assert exact.p_value == 0
    assert exact.notes[-1].code == "STA-108"
    assert np.isnan(t_test_pooled([2.0, 2.0], [2.0, 2.0]).p_value)
    assert np.isnan(welch_anova([1, 1, 2, 3], list("aabb")).f)
    assert one_way_anova([1, 1, 2, 2], list("aabb")).p_value == 0


def test_too_few_values() -> None:
    for call in (
        lambda: t_test_welch([1.0], [1.0, 2]),
        lambda: t_test_one_sample([1.0]),
        lambda: t_test_pooled([], [1]),
    ):
        with pytest.raises(StatsError, match="STA-106"):
            call()
    with pytest.raises(StatsError, match="STA-106"):
        t_test_paired([1.0], [1.0, 2])
    with pytest.raises(StatsError, match="STA-106"):
        t_test_welch([1.0, np.inf], [1.0, 2])
    with pytest.raises(StatsError, match="STA-106"):
        one_way_anova([1, 2, 3], list("aaa"))
    with pytest.raises(StatsError, match="STA-106"):
        one_way_anova([1, 2, 3], list("ab"))


def test_one_way_against_scipy_and_against_the_t_tests() -> None:
    draw = np.random.default_rng(1)
    y, group = draw.normal(size=30), np.repeat(["a", "b", "c"], 10)
    ours = one_way_anova([*y, np.nan], [*group, "a"])
    theirs = stats.f_oneway(*(y[group == g] for g in "abc"))
    assert (ours.f, ours.p_value) == pytest.approx((theirs.statistic, theirs.pvalue))
    assert ours.notes[0].code == "STA-107"
    two = group != "c"
    assert welch_anova(y[two], group[two]).p_value == pytest.approx(
        t_test_welch(y[group == "a"], y[group == "b"]).p_value
    )
    theirs = stats.f_oneway(*(y[group == g] for g in "abc"), equal_var=False)
    assert welch_anova(y, group).p_value == pytest.approx(theirs.pvalue)


@settings(max_examples=25, deadline=None)
@given(seed=some.integers(0, 10_000), shift=some.floats(-5, 5), scale=some.sampled_from([0.01, 1, 100]))
def test_units_order_and_arms(seed: int, shift: float, scale: float) -> None:
    draw = np.random.default_rng(seed)
    x, y = draw.normal(size=7), draw.normal(1, 2, size=9)
    for test in (t_test_pooled, t_test_welch):
        plain, moved = test(x, y), test((x + shift) * scale, (y[::-1] + shift) * scale)
        assert moved.t == pytest.approx(plain.t, rel=1e-7)
        swapped = test(y, x)
        assert (swapped.t, swapped.p_value, swapped.lower) == pytest.approx((-plain.t, plain.p_value, -plain.upper))


def test_batches_are_the_tests_row_by_row() -> None:
    draw = np.random.default_rng(2)
    x, y = draw.normal(size=(20, 8)), draw.normal(0.5, 2, size=(20, 6))
    x[3, 1] = y[5, 0] = np.nan
    for single, batch in ((t_test_pooled, t_test_pooled_batch), (t_test_welch, t_test_welch_batch)):
        many = batch(x, y, alternative="less")
        ones = [single(a, b, alternative="less") for a, b in zip(x, y, strict=True)]
        np.testing.assert_allclose(many.p_value, [t.p_value for t in ones])
        np.testing.assert_allclose(many.se, [t.se for t in ones])


def _trial(seed: int, n: int = 60) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(seed)
    arm = draw.permutation(np.repeat([0, 1, 2], n // 3))
    base = draw.normal(50, 10, n)
    return {"arm": arm, "base": base, "site": draw.choice(["s1", "s2"], n), "y": base * 0.5 + arm + draw.normal(size=n)}


def test_ancova_is_the_linear_model() -> None:
    d = _trial(3)
    result = ancova(d["y"], d["arm"], {"base": d["base"], "site": d["site"]}, reference=0)
    fit = fit_linear(model_matrix("y ~ arm + base + site", d, factors={"arm"}))
    np.testing.assert_allclose(result.differences.estimate, fit.beta[1:3])
    np.testing.assert_allclose(result.differences.p_value, fit.columns()["p_value"][1:3])
    assert result.differences.contrast == ("1 - 0", "2 - 0")
    assert result.tests.term == ("arm", "base", "site", "Residuals")
    assert ancova(d["y"], d["arm"]).differences.contrast == ("1 - 0", "2 - 0", "2 - 1")
    with_interaction = ancova(d["y"], d["arm"], {"base": d["base"]}, interactions=["base"])
    assert with_interaction.tests.term[2] == "arm:base"
    assert "2 - 1" in str(with_interaction)
    with pytest.raises(StatsError, match="STA-109"):
        ancova(d["y"], d["arm"], {"arm": d["base"]})


@pytest.mark.parametrize("shared", [True, False])
def test_ancova_batch_is_ancova_trial_by_trial(shared: bool) -> None:
    trials = [_trial(seed) for seed in range(6)]
    arm = trials[0]["arm"] if shared else np.stack([t["arm"] for t in trials])
    base = trials[0]["base"] if shared else np.stack([t["base"] for t in trials])
    y = np.stack([t["y"] for t in trials])
    y[2, 5] = np.nan
    batch = ancova_batch(y, arm, base, null=0.2, alternative="greater")
    for i, row in enumerate(y):
        arms, covariate = (arm, base) if shared else (arm[i], base[i])
        one = ancova(row, arms, {"base": covariate}, reference=0)
        np.testing.assert_allclose(batch.estimate[i], one.differences.estimate)
        np.testing.assert_allclose(batch.se[i], one.differences.se)
        np.testing.assert_allclose(batch.df[i], one.fit.df_residual)
        np.testing.assert_allclose(batch.p_value[i], stats.t.sf((batch.estimate[i] - 0.2) / batch.se[i], batch.df[i]))


def test_batch_of_designs_with_nothing_to_say() -> None:
    y = np.arange(12.0).reshape(2, 6)
    arm = np.array([[0, 0, 0, 1, 1, 1], [0, 0, 0, 0, 0, 0]])
    batch = ancova_batch(y, arm)
    assert np.isfinite(batch.p_value[0]).all()
    assert np.isnan(batch.estimate[1]).all()
    two_rows = fit_linear_batch(np.array([[1.0, 0], [1, 1]]), np.array([[1.0, 3]]))
    np.testing.assert_allclose(two_rows.beta, [[1, 2]])
    assert np.isnan(two_rows.se).all()


def test_batch_of_linear_models_is_the_single_fit() -> None:
    draw = np.random.default_rng(4)
    x = np.concatenate([np.ones((5, 30, 1)), draw.normal(size=(5, 30, 2))], axis=2)
    y = draw.normal(size=(5, 30))
    y[1, :4] = np.nan
    many, shared = fit_linear_batch(x, y), fit_linear_batch(x[0], y)
    for i in range(5):
        for found, design in ((many, x[i]), (shared, x[0])):
            one = fit_linear("y ~ a + b", {"y": y[i], "a": design[:, 1], "b": design[:, 2]})
            np.testing.assert_allclose(found.beta[i], one.beta)
            np.testing.assert_allclose(found.covariance[i], one.covariance)
            assert (found.df[i], found.sigma[i]) == pytest.approx((one.df_residual, one.sigma))


def test_shapes_that_do_not_fit() -> None:
    with pytest.raises(StatsError, match="STA-110"):
        fit_linear_batch(np.ones((3, 2)), np.ones((4, 5)))
    with pytest.raises(StatsError, match="STA-110"):
        ancova_batch(np.ones((3, 2)), ["a", "b"])
    with pytest.raises(StatsError, match="STA-110"):
        ancova_batch(np.ones((3, 4)), [0, 0, 1, 1], np.ones(7))


@settings(max_examples=20, deadline=None)
@given(seed=some.integers(0, 10_000))
def test_relabelling_arms_changes_the_sign(seed: int) -> None:
    d = _trial(seed)
    names = np.array(["p", "q", "r"])[d["arm"]]
    plain = ancova(d["y"], names, {"base": d["base"]}, reference="p").differences
    swapped = ancova(d["y"], np.array(["z", "q", "r"])[d["arm"]], {"base": d["base"]}, reference="q").differences
    at = swapped.contrast.index("z - q")
    assert swapped.estimate[at] == pytest.approx(-plain.estimate[0])
    assert swapped.p_value[at] == pytest.approx(plain.p_value[0])
