"""Hypotheses of types I to III: statsmodels where all cells are filled, laws where they are not."""

from __future__ import annotations

import numpy as np
import pytest

from opencro.stats.formula import (
    ModelMatrix,
    compute_type_i_contrasts,
    compute_type_ii_contrasts,
    compute_type_iii_contrasts,
    joint_tests,
    model_matrix,
)

TYPES = {1: compute_type_i_contrasts, 2: compute_type_ii_contrasts, 3: compute_type_iii_contrasts}


def _data(seed: int, n: int = 80) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(seed)
    data = {"A": draw.choice(["p", "q", "r"], n), "B": draw.choice(["u", "v"], n, p=[0.3, 0.7])}
    return {**data, "x": draw.normal(5, 2, n), "y": draw.normal(size=n) + (data["A"] == "q")}


def _fit(matrix: ModelMatrix) -> tuple[np.ndarray, np.ndarray, int]:
    beta = np.linalg.pinv(matrix.x) @ matrix.response
    df = len(matrix.x) - matrix.rank
    rss = float(((matrix.response - matrix.x @ beta) ** 2).sum())
    return beta, rss / df * np.linalg.pinv(matrix.x.T @ matrix.x), df


# Left out: type I where patsy orders terms otherwise, type II where it takes A:x to contain A (for SAS only x)
@pytest.mark.parametrize(
    ("kind", "terms"),
    [
        *[(kind, terms) for kind in (1, 2, 3) for terms in ("A + B + x", "A * B")],
        *[(kind, "A * B + x") for kind in (2, 3)],
        *[(3, terms) for terms in ("x + A + A:x", "A * B * x")],
    ],
)
def test_statsmodels_agrees(kind: int, terms: str) -> None:
    smf = pytest.importorskip("statsmodels.formula.api")
    import pandas
    from statsmodels.stats.anova import anova_lm

    data = _data(11)
    matrix = model_matrix(f"y ~ {terms}", data)
    beta, covariance, df = _fit(matrix)
    ours = joint_tests(matrix, beta, covariance, TYPES[kind](matrix), df=df)
    coded = terms.replace("A", "C(A, Sum)").replace("B", "C(B, Sum)")
    theirs = anova_lm(smf.ols(f"y ~ {coded}", pandas.DataFrame(data)).fit(), typ=kind)
    expected = {i.replace("C(A, Sum)", "A").replace("C(B, Sum)", "B"): row for i, row in theirs.iterrows()}
    for term, q, f, p in zip(ours.term, ours.numerator_df, ours.f, ours.p_value, strict=True):
        row = expected[term] if term in expected else expected[":".join(reversed(term.split(":")))]
        assert (q, f, p) == pytest.approx((row["df"], row["F"], row["PR(>F)"]), rel=1e-8)


def test_all_types_agree_for_balanced_data() -> None:
    data = {"A": np.repeat(["p", "q"], 6), "B": np.tile(np.repeat(["u", "v"], 3), 2)}
    data["y"] = np.random.default_rng(3).normal(size=12)
    matrix = model_matrix("y ~ A * B", data)
    beta, covariance, df = _fit(matrix)
    first, second, third = (joint_tests(matrix, beta, covariance, t(matrix), df=df).f for t in TYPES.values())
    np.testing.assert_allclose(first, second)
    np.testing.assert_allclose(first, third)


def test_an_empty_cell_leaves_fewer_degrees_of_freedom() -> None:
    data = _data(12)
    gone = (data["A"] == "r") & (data["B"] == "v")
    data = {k: v[~gone] for k, v in data.items()}
    matrix = model_matrix("y ~ A * B", data)
    rows = compute_type_iii_contrasts(matrix)
    assert {k: len(v) for k, v in rows.items()} == {"A": 2, "B": 1, "A:B": 1}
    # only p and q were seen under both levels of B: B's hypothesis can be about nothing else
    beta, covariance, df = _fit(matrix)
    means = {(a, b): data["y"][(data["A"] == a) & (data["B"] == b)].mean() for a in "pq" for b in "uv"}
    difference = sum(means[a, "u"] - means[a, "v"] for a in "pq")
    weights = rows["B"] @ beta
    counts = {k: ((data["A"] == k[0]) & (data["B"] == k[1])).sum() for k in means}
    variance = sum(1 / c for c in counts.values()) * covariance[0, 0] / np.linalg.pinv(matrix.x.T @ matrix.x)[0, 0]
    f = joint_tests(matrix, beta, covariance, {"B": rows["B"]}, df=df).f[0]
    assert f == pytest.approx(difference**2 / variance)
    assert weights.shape == (1,)


def test_a_term_that_says_nothing_new() -> None:
    data = {**_data(13), "twice": 2 * _data(13)["x"]}
    matrix = model_matrix("y ~ x + twice", data)
    beta, covariance, df = _fit(matrix)
    tests = joint_tests(matrix, beta, covariance, compute_type_i_contrasts(matrix), df=df)
    assert tests.numerator_df.tolist() == [1, 0]
    assert np.isnan(tests.f[1])
    assert tests.notes[0].code == "STA-010"
    assert joint_tests(matrix, beta, covariance, compute_type_iii_contrasts(matrix), df=df).numerator_df.tolist() == [
        0,
        0,
    ]


def test_with_infinite_degrees_of_freedom_it_is_a_chi_square() -> None:
    from scipy import stats

    matrix = model_matrix("y ~ A", _data(14))
    beta, covariance, _ = _fit(matrix)
    tests = joint_tests(matrix, beta, covariance, compute_type_iii_contrasts(matrix))
    assert tests.p_value[0] == pytest.approx(stats.chi2.sf(tests.f[0] * 2, 2))


def test_units_of_a_covariate_change_no_hypothesis() -> None:
    data = _data(15)
    for kind in TYPES.values():
        found = []
        for scale in (1.0, 1e-4, 1e5):
            matrix = model_matrix("y ~ A * B * x", {**data, "x": data["x"] * scale})
            beta, covariance, df = _fit_scaled(matrix)
            found.append(joint_tests(matrix, beta, covariance, kind(matrix), df=df).f)
        np.testing.assert_allclose(found[1], found[0], rtol=1e-6)
        np.testing.assert_allclose(found[2], found[0], rtol=1e-6)


def _fit_scaled(matrix: ModelMatrix) -> tuple[np.ndarray, np.ndarray, int]:
    size = np.linalg.norm(matrix.x, axis=0)
    x = matrix.x / size
    beta = np.linalg.pinv(x) @ matrix.response
    df = len(x) - matrix.rank
    rss = float(((matrix.response - x @ beta) ** 2).sum())
    return beta / size, rss / df * np.linalg.pinv(x.T @ x) / np.outer(size, size), df
