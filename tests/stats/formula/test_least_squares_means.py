"""Least squares means, their contrasts, and what can be estimated."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from opencro.stats import StatsError
from opencro.stats.formula import (
    ModelMatrix,
    compute_mean_rows,
    contrast_means,
    differences_from,
    linear_estimates,
    ls_means,
    model_matrix,
    pairwise_differences,
)

Data = dict[str, np.ndarray]


def _data(seed: int, n: int = 40) -> Data:
    draw = np.random.default_rng(seed)
    data = {"A": draw.choice(["p", "q", "r"], n), "B": draw.choice(["u", "v"], n, p=[0.3, 0.7])}
    return {**data, "x": draw.normal(5, 2, n), "y": draw.normal(size=n)}


def _fit(matrix: ModelMatrix) -> tuple[np.ndarray, np.ndarray, int]:
    beta = np.linalg.pinv(matrix.x) @ matrix.response
    df = len(matrix.x) - matrix.rank
    rss = float(((matrix.response - matrix.x @ beta) ** 2).sum())
    return beta, rss / df * np.linalg.pinv(matrix.x.T @ matrix.x), df


def test_equal_weights_average_the_cells() -> None:
    data = _data(1)
    matrix = model_matrix("y ~ A * B", data)
    beta, covariance, df = _fit(matrix)
    means = ls_means(matrix, beta, covariance, "A", df=df)
    for level, found in zip("pqr", means.estimate, strict=True):
        cells = [data["y"][(data["A"] == level) & (data["B"] == b)].mean() for b in "uv"]
        assert found == pytest.approx(np.mean(cells))
    assert means.df.tolist() == [df] * 3
    assert "A" in means.to_frame().columns


def test_observed_weights_use_the_joint_frequencies_of_the_other_factors() -> None:
    data = _data(2)
    matrix = model_matrix("y ~ A * B + x", data)
    beta, covariance, df = _fit(matrix)
    share = (data["B"] == "u").mean()
    means = ls_means(matrix, beta, covariance, "A", weights="observed", df=df)
    single = ls_means(matrix, beta, covariance, "A", by="B", df=df)
    expected = share * single.estimate[:3] + (1 - share) * single.estimate[3:]
    np.testing.assert_allclose(means.estimate, expected)
    outer = ls_means(matrix, beta, covariance, "A", weights="outer", df=df)
    np.testing.assert_allclose(outer.estimate, expected)  # one remaining factor: the same


def test_joint_and_outer_weights_differ_for_two_remaining_factors() -> None:
    draw = np.random.default_rng(3)
    b = draw.choice(["u", "v"], 60)
    c = np.where(draw.random(60) < 0.9, b, "u")
    data = {"A": draw.choice(["p", "q"], 60), "B": b, "C": c, "y": draw.normal(size=60)}
    matrix = model_matrix("y ~ A + B * C", data)
    _, joint = compute_mean_rows(matrix, "A", weights="observed")
    grid = {"B": b, "C": c, "A": np.full(60, "p")}
    np.testing.assert_allclose(joint[0], matrix.rows_at(grid).mean(axis=0))
    assert np.abs(joint - compute_mean_rows(matrix, "A", weights="outer")[1]).max() > 0.01


def test_numbers_stand_at_their_means_or_where_they_are_put() -> None:
    data = _data(4)
    matrix = model_matrix("y ~ A * x", data)
    _, rows = compute_mean_rows(matrix, "A")
    np.testing.assert_allclose(rows[0], matrix.rows_at({"A": ["p"], "x": [data["x"].mean()]})[0])
    cells, rows = compute_mean_rows(matrix, ["A", "x"], at={"x": [0, 10]})
    assert [c["x"] for c in cells] == [0, 10] * 3
    np.testing.assert_allclose(rows[1], matrix.rows_at({"A": ["p"], "x": [10]})[0])
    _, rows = compute_mean_rows(matrix, "A", at={"x": 3})
    np.testing.assert_allclose(rows[2], matrix.rows_at({"A": ["r"], "x": [3]})[0])


def test_an_empty_cell_is_not_estimable() -> None:
    data = {"A": list("ppqqpq"), "B": list("uuuuvu"), "y": np.arange(6.0)}
    matrix = model_matrix("y ~ A * B", data)
    beta, covariance, df = _fit(matrix)
    means = ls_means(matrix, beta, covariance, "A", df=df)
    assert np.isnan(means.estimate).tolist() == [False, True]
    assert np.isnan(means.df).tolist() == [False, True]
    assert means.notes[0].code == "STA-010"
    cells = ls_means(matrix, beta, covariance, ["A", "B"], df=df)
    np.testing.assert_allclose(cells.estimate[:3], [0.5, 4, 10 / 3])
    assert np.isnan(cells.estimate[3])
    additive = model_matrix("y ~ A + B", data)
    beta, covariance, df = _fit(additive)
    assert not np.isnan(ls_means(additive, beta, covariance, "A", df=df).estimate).any()


def test_coefficients_without_the_aliased_ones_are_put_in_place() -> None:
    data = {**_data(5), "z": np.arange(40.0), "twice": 2 * np.arange(40.0)}
    matrix = model_matrix("y ~ z + twice + A", data)
    kept = ~matrix.aliased
    small = model_matrix("y ~ z + A", data)
    beta, covariance, df = _fit(small)
    short = ls_means(matrix, beta, covariance, "A", df=df)
    whole = np.full(len(kept), np.nan)
    whole[kept] = beta
    spread = np.full((len(kept),) * 2, np.nan)
    spread[np.ix_(kept, kept)] = covariance
    np.testing.assert_allclose(short.estimate, ls_means(small, beta, covariance, "A", df=df).estimate)
    np.testing.assert_allclose(short.estimate, ls_means(matrix, whole, spread, "A", df=df).estimate)
    alone = linear_estimates(matrix, whole, spread, np.eye(len(kept))[1])
    assert np.isnan(alone.estimate[0])
    with pytest.raises(StatsError, match="STA-012"):
        ls_means(matrix, beta[:2], covariance, "A")


def test_differences_within_the_levels_of_another_factor() -> None:
    matrix = model_matrix("y ~ A * B + x", _data(6))
    beta, covariance, df = _fit(matrix)
    means = ls_means(matrix, beta, covariance, "A", by="B", df=df)
    pairs = pairwise_differences(means)
    assert pairs.contrast == ("p - q", "p - r", "q - r") * 2
    assert [c["B"] for c in pairs.cells] == ["u"] * 3 + ["v"] * 3
    np.testing.assert_allclose(pairs.estimate[3], means.estimate[3] - means.estimate[4])
    reverse = pairwise_differences(means, reverse=True)
    np.testing.assert_allclose(reverse.estimate, -pairs.estimate)
    np.testing.assert_allclose(reverse.lower, -pairs.upper)
    against = differences_from(means, "p")
    assert against.contrast == ("q - p", "r - p") * 2
    np.testing.assert_allclose(against.estimate[0], -pairs.estimate[0])
    own = contrast_means(means, {"mean of q and r - p": [-1, 0.5, 0.5]})
    np.testing.assert_allclose(own.estimate[0], against.estimate[:2].mean())
    assert str(own).count("mean of q and r - p") == 2


def test_sides_and_a_margin() -> None:
    matrix = model_matrix("y ~ A", _data(7))
    beta, covariance, df = _fit(matrix)
    means = ls_means(matrix, beta, covariance, "A", df=df)
    both = differences_from(means, "p", null=-0.5)
    less = differences_from(means, "p", null=-0.5, alternative="less")
    greater = differences_from(means, "p", null=-0.5, alternative="greater", alpha=0.025)
    np.testing.assert_allclose(less.p_value + greater.p_value, 1)
    np.testing.assert_allclose(both.p_value, 2 * np.minimum(less.p_value, greater.p_value))
    np.testing.assert_allclose(greater.lower, both.lower)
    assert np.isinf(greater.upper).all()
    assert np.isneginf(less.lower).all()


def test_degrees_of_freedom_may_depend_on_the_combination() -> None:
    matrix = model_matrix("y ~ A", _data(8))
    beta, covariance, _ = _fit(matrix)
    means = ls_means(matrix, beta, covariance, "A", df=lambda row: 10 + float(row[1]))
    assert means.df.tolist() == [10, 11, 10]


def test_unknown_names() -> None:
    matrix = model_matrix("y ~ A + x", _data(9))
    beta, covariance, _ = _fit(matrix)
    means = ls_means(matrix, beta, covariance, "A")
    with pytest.raises(StatsError, match="STA-011"):
        ls_means(matrix, beta, covariance, "AA")
    with pytest.raises(StatsError, match="STA-011"):
        ls_means(matrix, beta, covariance, "x")
    with pytest.raises(StatsError, match="STA-011"):
        ls_means(matrix, beta, covariance, "A", weights="cells")  # type: ignore[arg-type]
    with pytest.raises(StatsError, match="STA-011"):
        differences_from(means, "s")
    with pytest.raises(StatsError, match="STA-011"):
        contrast_means(means, {"short": [1.0]})


@settings(max_examples=25, deadline=None)
@given(seed=some.integers(0, 10_000), scale=some.sampled_from([1e-3, 1.0, 1e3]))
def test_coding_units_and_names_change_nothing(seed: int, scale: float) -> None:
    data = _data(seed)
    formula = "y ~ A * B + B * x"
    plain, sums = model_matrix(formula, data), model_matrix(formula, data, contrasts="sum", reference={"A": "q"})
    renamed = model_matrix(
        formula, {**data, "x": data["x"] * scale, "A": np.char.add("z", data["A"]), "y": data["y"] * scale}
    )
    one, two, three = (ls_means(m, *_fit(m)[:2], "A", by="B", df=_fit(m)[2]) for m in (plain, sums, renamed))
    np.testing.assert_allclose(one.estimate, two.estimate, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(one.se, two.se, rtol=1e-7)
    np.testing.assert_allclose(one.estimate * scale, three.estimate, rtol=1e-6, atol=1e-9 * scale)
    np.testing.assert_allclose(one.p_value, three.p_value, rtol=1e-5)
