"""Quantiles and descriptive statistics against numpy and scipy, by laws, at their limits and against printed tables."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import stats

from opencro.stats import StatsError
from opencro.stats.linear import one_way_anova
from opencro.stats.summary import (
    describe,
    describe_batch,
    describe_geometric,
    describe_geometric_batch,
    mean_interval,
    quantile,
    quantile_pctldef,
    render_fixed,
    render_p,
)
from tests.reference.stats.material import FOLDER, table

METHODS = {
    1: "inverted_cdf", 2: "averaged_inverted_cdf", 3: "closest_observation", 4: "interpolated_inverted_cdf", 5: "hazen",
    6: "weibull", 7: "linear", 8: "median_unbiased", 9: "normal_unbiased",
}  # fmt: skip


@pytest.mark.parametrize("kind", METHODS)
def test_numpy_agrees_on_every_type(kind: int) -> None:
    draw = np.random.default_rng(kind)
    p = np.array([0, 0.01, 0.1, 0.25, 1 / 3, 0.5, 0.75, 0.9, 0.99, 1])
    for n in (1, 2, 3, 4, 5, 10, 33, 100):
        x = draw.integers(0, 30, n).astype(float)
        np.testing.assert_allclose(quantile(x, p, kind=kind), np.quantile(x, p, method=METHODS[kind]), err_msg=str(n))


def test_sas_numbers() -> None:
    x = [1.0, 2, 3, 4, 5, 6, 7, 8]
    assert [quantile_pctldef(x, 0.3, pctldef=k)[0] for k in range(1, 6)] == pytest.approx([2.4, 2, 3, 2.7, 3])
    assert quantile_pctldef(x, 0.25).tolist() == [2.5]


def test_rows_with_missing_values_are_quantiles_of_what_is_there() -> None:
    rows = np.array([[3.0, np.nan, 1, 2], [np.nan] * 4, [5.0, 7, np.nan, np.nan]])
    found = quantile(rows, [0.25, 0.5])
    np.testing.assert_allclose(found[0], quantile([1, 2, 3], [0.25, 0.5]))
    assert np.isnan(found[1]).all()
    np.testing.assert_allclose(found[2], quantile([5, 7], [0.25, 0.5]))
    assert np.isnan(quantile([], [0.5])).all()


def test_what_is_no_quantile() -> None:
    for call in (
        lambda: quantile([1], 1.5),
        lambda: quantile([1], 0.5, kind=10),
        lambda: quantile_pctldef([1], 0.5, pctldef=6),
    ):
        with pytest.raises(StatsError, match="STA-904"):
            call()


def test_scipy_agrees_on_the_moments() -> None:
    x = np.random.default_rng(1).gamma(2, 3, 40)
    found = describe([*x, np.nan])
    assert (found.n[0], found.missing[0]) == (40, 1)
    expected = (x.mean(), x.std(ddof=1), stats.skew(x, bias=False), stats.kurtosis(x, bias=False))
    assert (found.mean[0], found.sd[0], found.skewness[0], found.kurtosis[0]) == pytest.approx(expected)
    limits = stats.t.interval(0.9, 39, x.mean(), stats.sem(x))
    ninety = describe(x, alpha=0.1)
    assert (ninety.lower[0], ninety.upper[0]) == pytest.approx(limits)
    assert mean_interval(x, alpha=0.1).upper == pytest.approx(limits[1])


@settings(max_examples=30, deadline=None)
@given(seed=some.integers(0, 10_000), kind=some.integers(1, 9))
def test_groups_rows_and_single_samples_agree(seed: int, kind: int) -> None:
    draw = np.random.default_rng(seed)
    x, g = draw.gamma(2, 2, 50).round(1) + 0.1, draw.integers(0, 4, 50)
    x[draw.integers(0, 50, 5)] = np.nan
    grouped, geometric = describe(x, g, kind=kind), describe_geometric(x, g)
    for i, label in enumerate(grouped.group):
        one, log = describe(x[g == label], kind=kind), describe_geometric(x[g == label])
        for name in ("n", "missing", "mean", "sd", "lower", "minimum", "q1", "median", "q3", "maximum", "skewness"):
            np.testing.assert_allclose(getattr(grouped, name)[i], getattr(one, name)[0], rtol=1e-9, err_msg=name)
        for name in ("n", "mean", "lower", "cv_percent", "sd"):
            np.testing.assert_allclose(getattr(geometric, name)[i], getattr(log, name)[0], rtol=1e-9)
    rows = draw.normal(size=(3, 9))
    many = describe_batch(rows, kind=kind)
    np.testing.assert_allclose(many.median, [describe(r, kind=kind).median[0] for r in rows])
    np.testing.assert_allclose(describe_geometric_batch(np.exp(rows)).mean, np.exp(rows.mean(axis=1)))


@settings(max_examples=30, deadline=None)
@given(x=some.lists(some.floats(0.01, 1000), min_size=4, max_size=30), scale=some.sampled_from([0.001, 1, 1000]))
def test_units_and_order(x: list[float], scale: float) -> None:
    plain, scaled = describe(x), describe(np.array(x[::-1]) * scale)
    for name in ("mean", "sd", "upper", "q1", "median"):
        np.testing.assert_allclose(getattr(scaled, name), getattr(plain, name) * scale, rtol=1e-9, atol=1e-12 * scale)
    log = describe_geometric(x)
    np.testing.assert_allclose(describe_geometric(np.array(x) * scale).cv_percent, log.cv_percent, rtol=1e-6, atol=1e-6)
    assert log.mean[0] <= plain.mean[0] * (1 + 1e-9)


def test_few_values() -> None:
    one = describe([5.0])
    assert (one.mean[0], one.median[0], one.minimum[0]) == (5, 5, 5)
    assert np.isnan([one.sd[0], one.se[0], one.lower[0], one.skewness[0]]).all()
    none = describe([np.nan, None])
    assert (none.n[0], none.missing[0]) == (0, 2)
    assert np.isnan([none.mean[0], none.median[0], none.maximum[0]]).all()
    equal = describe([2.0, 2, 2, 2])
    assert equal.sd[0] == 0
    assert np.isnan(equal.skewness[0])
    assert mean_interval([5.0]).notes[0].code == "STA-908"
    assert mean_interval([5.0], sigma=2).upper == pytest.approx(5 + 1.959964 * 2)
    assert np.isnan(mean_interval([]).mean)


def test_what_has_no_geometric_mean() -> None:
    found = describe_geometric([1.0, 2, 0, 4], ["a", "a", "b", "b"])
    assert np.isnan(found.mean).tolist() == [False, True]
    assert found.notes[0].code == "STA-907"


def test_shapes_and_labels() -> None:
    with pytest.raises(StatsError, match="STA-906"):
        describe([1, 2], ["a"])
    with pytest.raises(StatsError, match="STA-906"):
        describe([[1, 2]])
    with pytest.raises(StatsError, match="STA-906"):
        describe_batch([1, 2])
    found = describe([1, 2, 3], np.array(["a", None, "a"], dtype=object))
    assert found.notes[0].code == "STA-905"
    assert found.n.tolist() == [2]
    assert "group" in str(found)
    assert describe([1, 2], [None, None]).n.tolist() == []
    assert "group" not in str(describe([1, 2, 3]))


# the rows of table 14-2.01 with a mean, and their variables
PRINTED = {
    "Age (y)": "AGE", "MMSE": "MMSETOT", "Duration of disease": "DURDIS", "Years of education": "EDUCLVL",
    "Baseline weight(kg)": "WEIGHTBL", "Baseline height(cm)": "HEIGHTBL", "Baseline BMI": "BMIBL",
}  # fmt: skip


@pytest.mark.peer
@pytest.mark.skipif(not FOLDER.is_dir(), reason="../shared/data is absent")
def test_the_pilots_baseline_table_as_sas_printed_it() -> None:
    tables = json.loads((FOLDER / "pilot_tables.json").read_text(encoding="utf-8"))["tables"]
    printed = next(t for t in tables if t["id"] == "14-2.01")["csr_rows"]
    adsl = table("adam/tdf/adsl.parquet")
    columns = [adsl.filter(adsl["TRT01PN"] == n) for n in (0, 54, 81)] + [adsl]
    compared, variable = 0, ""
    for row in printed:
        name = row[0]
        if len(row) > 1 and row[1] == "n":
            variable = PRINTED.get(name, "")
            if variable:
                counts = [str(describe(c[variable]).n[0]) for c in columns]
                assert row[2:6] == counts, variable
                assert row[6] == render_p(one_way_anova(adsl[variable], adsl["TRT01P"]).p_value)
        elif variable and name in ("Mean", "SD", "Median", "Min", "Max"):
            statistic = {"Mean": "mean", "SD": "sd", "Median": "median", "Min": "minimum", "Max": "maximum"}[name]
            digits = 2 if name == "SD" else 1
            assert row[1:5] == [render_fixed(getattr(describe(c[variable]), statistic)[0], digits) for c in columns]
            compared += 4
    assert compared == 7 * 5 * 4
