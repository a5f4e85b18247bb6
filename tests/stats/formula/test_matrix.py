"""Model matrices: columns, names, missing values, levels, aliased columns, rows at a grid."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from opencro.stats import StatsError
from opencro.stats.formula import model_matrix

TWO = {
    "A": list("aabbab"),
    "B": list("uvuvwv"),
    "C": list("pqpqqp"),
    "x": [1.0, 2, 4, 8, 16, 32],
    "y": [1, 2, 3, 4, 5, 6],
}


@pytest.mark.parametrize(
    ("formula", "names"),
    [
        ("~ A + B", ["(Intercept)", "Ab", "Bv", "Bw"]),
        ("~ A + B - 1", ["Aa", "Ab", "Bv", "Bw"]),
        ("~ A * B", ["(Intercept)", "Ab", "Bv", "Bw", "Ab:Bv", "Ab:Bw"]),
        ("~ A + A:B", ["(Intercept)", "Ab", "Aa:Bv", "Ab:Bv", "Aa:Bw", "Ab:Bw"]),
        ("~ A:x", ["(Intercept)", "Aa:x", "Ab:x"]),
        ("~ x + A:x", ["(Intercept)", "x", "x:Ab"]),
        ("~ x + A:x - 1", ["x", "x:Ab"]),
        ("~ 1", ["(Intercept)"]),
        # R 4.2.2, model.matrix: the margin B of B:C is within A:B
        (
            "~ A:B + B:C",
            ["(Intercept)", "Aa:Bu", "Ab:Bu", "Aa:Bv", "Ab:Bv", "Aa:Bw", "Ab:Bw", "Bu:Cq", "Bv:Cq", "Bw:Cq"],
        ),
    ],
)
def test_columns_follow_marginality(formula: str, names: list[str]) -> None:
    assert list(model_matrix(formula, TWO).names) == names


def test_the_numbers() -> None:
    x = model_matrix("y ~ A * x", TWO).x
    np.testing.assert_array_equal(x[2], [1, 1, 4, 4])
    np.testing.assert_array_equal(x[1], [1, 0, 2, 0])
    sums = model_matrix("~ B", TWO, contrasts="sum")
    np.testing.assert_array_equal(sums.x[:, 1:], [[1, 0], [0, 1], [1, 0], [0, 1], [-1, -1], [0, 1]])


def test_levels_reference_and_numeric_factors() -> None:
    data = {"dose": [54.0, 0.0, 81.0, 54.0], "visit": ["w2", "w10", "w2", "w10"]}
    assert model_matrix("~ dose", data, factors={"dose"}).names == ("(Intercept)", "dose54", "dose81")
    matrix = model_matrix("~ visit", data, levels={"visit": ["w2", "w10", "w20"]}, reference={"visit": "w10"})
    assert matrix.names == ("(Intercept)", "visitw2")
    assert matrix.levels["visit"] == ("w2", "w10")
    assert [n.code for n in matrix.notes] == ["STA-007"]
    frame = pl.DataFrame({"v": pl.Series(["w10", "w2"], dtype=pl.Enum(["w2", "w10"])), "b": [True, False]})
    assert model_matrix("~ v + b", frame).names == ("(Intercept)", "vw10", "bTrue")


def test_rows_with_a_missing_value_are_left_out_and_counted() -> None:
    data = {"y": [1, None, 3, 4], "A": ["a", "b", None, "b"], "z": [np.nan, 1, 1, 2], "id": [1, 2, 3, None]}
    matrix = model_matrix("y ~ A", data)
    np.testing.assert_array_equal(matrix.keep, [True, False, False, True])
    assert matrix.notes[0].code == "STA-005"
    assert matrix.notes[0].text.startswith("2 of 4")
    np.testing.assert_array_equal(matrix.response, [1, 4])
    assert model_matrix("y ~ A", data, complete=["z"]).keep.sum() == 1
    with pytest.raises(StatsError, match="STA-004"):
        model_matrix("y ~ A + z", data, complete=["id"])


def test_errors_say_what_was_meant() -> None:
    with pytest.raises(StatsError, match='Did you mean "TRTA"'):
        model_matrix("~ TRTAA", {"TRTA": ["a", "b"]})
    with pytest.raises(StatsError, match="STA-003"):
        model_matrix("y ~ A", {"y": [1, 2], "A": ["a"]})
    with pytest.raises(StatsError, match="STA-006"):
        model_matrix("~ A", TWO, levels={"A": ["a"]})
    with pytest.raises(StatsError, match="STA-006"):
        model_matrix("A ~ x", TWO)
    with pytest.raises(StatsError, match="STA-006"):
        model_matrix("~ A", TWO, reference={"A": "c"})
    with pytest.raises(StatsError, match="STA-003"):
        model_matrix("~ x", {"x": np.ones((2, 2))})
    with pytest.raises(StatsError, match="STA-002"):
        model_matrix("~ A", TWO, factors={"a"})
    with pytest.raises(StatsError, match="STA-006"):
        model_matrix("~ t", {"t": np.array(["2020-01-01"], dtype="datetime64[D]")})
    with pytest.raises(StatsError, match="STA-013"):
        model_matrix("~ x", {"x": [1.0, np.inf]})


def test_aliased_columns_are_the_later_ones_as_in_r() -> None:
    data = {"x": [1.0, 2, 3, 4], "z": [2.0, 4, 6, 8], "w": [1.0, 0, 0, 1], "zero": [0.0, 0, 0, 0]}
    matrix = model_matrix("~ x + zero + z + w", data)
    np.testing.assert_array_equal(matrix.aliased, [False, False, True, True, False])
    assert matrix.rank == 3
    assert matrix.basis.shape == (3, 5)
    saturated = model_matrix("~ A * B", TWO)
    assert saturated.rank == np.linalg.matrix_rank(saturated.x) == 5


def test_one_level_is_noted() -> None:
    matrix = model_matrix("~ A + x", {"A": ["a", "a"], "x": [1, 2]})
    assert matrix.names == ("(Intercept)", "x")
    assert matrix.notes[0].code == "STA-008"


def test_rows_at_a_grid_are_the_rows_of_the_matrix() -> None:
    matrix = model_matrix("y ~ A * B + x:A", TWO)
    np.testing.assert_array_equal(matrix.rows_at(TWO), matrix.x)
    with pytest.raises(StatsError, match="STA-006"):
        matrix.rows_at({**TWO, "A": ["c"] * 6})
    with pytest.raises(StatsError, match="STA-002"):
        matrix.rows_at({"A": ["a"]})
    with pytest.raises(StatsError, match="STA-003"):
        matrix.rows_at({**TWO, "A": ["a"]})


def test_it_prints_its_columns() -> None:
    assert "Ab:x" in str(model_matrix("~ A * x", TWO))


FORMULAS = ["~ A * B", "~ A + A:B + x", "~ A * B * x - A", "~ A:B - 1", "~ (A + B + x)^2"]


@settings(max_examples=25, deadline=None)
@given(seed=some.integers(0, 10_000), formula=some.sampled_from(FORMULAS))
def test_all_codings_span_one_space_and_row_order_means_nothing(seed: int, formula: str) -> None:
    draw = np.random.default_rng(seed)
    data = {"A": draw.choice(list("abc"), 24), "B": draw.choice(list("uv"), 24), "x": draw.normal(size=24)}
    plain, sums = model_matrix(formula, data), model_matrix(formula, data, contrasts="sum")
    full, _, recode = plain.full
    np.testing.assert_allclose(full @ recode, plain.x, atol=1e-12)
    assert plain.rank == sums.rank == np.linalg.matrix_rank(np.hstack([plain.x, sums.x, full]))
    order = draw.permutation(24)
    shuffled = model_matrix(formula, {k: v[order] for k, v in data.items()})
    np.testing.assert_array_equal(shuffled.x, plain.x[order])
