"""What must not matter does not: units, order of rows, names of arms and visits, parametrization."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opencro.stats.formula import differences_from
from opencro.stats.mmrm import MmrmFit, fit_mmrm, fit_mmrm_arrays
from tests.stats.mmrm.made import make_trial

FEW = settings(max_examples=8, deadline=None)
COVARIANCES = st.sampled_from(["us", "toeph", "ar1h", "csh", "cs", "adh"])
METHODS = st.sampled_from(["satterthwaite", "kenward-roger", "kenward-roger-linear"])


def _fit(columns: dict[str, list[object]], **options: object) -> MmrmFit:
    formula = "y ~ base + arm * visit"
    return fit_mmrm(formula, columns, subject="id", visit="visit", fallback=(), **options)  # type: ignore[arg-type]


def _differences(fit: MmrmFit, arm: str = "placebo") -> np.ndarray:
    found = differences_from(fit.ls_means("arm", by="visit"), arm)
    return np.stack([found.estimate, found.se, found.df, found.statistic])


@FEW
@given(COVARIANCES, METHODS, st.floats(1e-6, 1e6), st.floats(-1e3, 1e3))
def test_units_of_the_response(covariance: str, df: str, scale: float, shift: float) -> None:
    """In log standard deviations a change of units is a shift, so that even Kenward-Roger stays."""
    columns = make_trial(1).columns()
    one = _differences(_fit(columns, covariance=covariance, df=df))
    moved = {**columns, "y": [scale * (float(v) + shift) for v in columns["y"]]}  # type: ignore[arg-type]
    two = _differences(_fit(moved, covariance=covariance, df=df))
    np.testing.assert_allclose(two / np.array([scale, scale, 1, 1])[:, None], one, rtol=1e-6)


@FEW
@given(COVARIANCES, st.floats(1e-4, 1e4), st.floats(-1e4, 1e4))
def test_units_of_a_covariate(covariance: str, scale: float, shift: float) -> None:
    columns = make_trial(2).columns()
    one = _differences(_fit(columns, covariance=covariance))
    moved = {**columns, "base": [scale * float(v) + shift for v in columns["base"]]}  # type: ignore[arg-type]
    np.testing.assert_allclose(_differences(_fit(moved, covariance=covariance)), one, rtol=1e-6)


@FEW
@given(COVARIANCES, st.randoms(use_true_random=False))
def test_order_of_rows_and_names_of_subjects(covariance: str, random: object) -> None:
    columns = make_trial(3).columns()
    order = list(range(len(columns["y"])))
    random.shuffle(order)  # type: ignore[attr-defined]
    moved = {name: [values[i] for i in order] for name, values in columns.items()}
    moved["id"] = [f"S{(int(str(v)) * 7) % 1009}" for v in moved["id"]]
    one, two = _fit(columns, covariance=covariance), _fit(moved, covariance=covariance)
    assert two.neg2_log_likelihood == pytest.approx(one.neg2_log_likelihood, rel=1e-10)
    np.testing.assert_allclose(_differences(two), _differences(one), rtol=1e-6)


@FEW
@given(COVARIANCES, METHODS)
def test_swapping_the_arms_swaps_the_sign(covariance: str, df: str) -> None:
    columns = make_trial(4).columns()
    fit = _fit(columns, covariance=covariance, df=df)
    there, back = _differences(fit, "placebo"), _differences(fit, "active")
    np.testing.assert_allclose(back, there * np.array([-1, 1, 1, -1])[:, None], rtol=1e-9)
    other = {**columns, "arm": [{"placebo": "zeta", "active": "alpha"}[str(a)] for a in columns["arm"]]}
    np.testing.assert_allclose(_differences(_fit(other, covariance=covariance, df=df), "zeta"), there, rtol=1e-6)


@pytest.mark.parametrize("covariance", ["us", "csh", "cs"])
def test_names_and_order_of_visits_where_the_covariance_has_none(covariance: str) -> None:
    columns = make_trial(5).columns()
    names = {"V0": "c", "V1": "a", "V2": "d", "V3": "b"}
    moved = {**columns, "visit": [names[str(v)] for v in columns["visit"]]}
    one, two = _fit(columns, covariance=covariance), _fit(moved, covariance=covariance)
    place = [one.visits.index(v) for v in ("V1", "V3", "V0", "V2")]
    assert two.neg2_log_likelihood == pytest.approx(one.neg2_log_likelihood, rel=1e-10)
    np.testing.assert_allclose(two.sigma[0], one.sigma[0][np.ix_(place, place)], rtol=1e-5)
    np.testing.assert_allclose(_differences(two), _differences(one)[:, place], rtol=1e-5)


@FEW
@given(st.floats(0.01, 100.0), COVARIANCES)
def test_equal_weights_scale_the_covariance_only(weight: float, covariance: str) -> None:
    made = make_trial(6)
    given_ = (made.x, made.y, made.subject, made.visit)
    one = fit_mmrm_arrays(*given_, covariance=covariance, fallback=())
    two = fit_mmrm_arrays(*given_, covariance=covariance, fallback=(), weights=np.full(len(made.y), weight))
    assert two.neg2_log_likelihood == pytest.approx(one.neg2_log_likelihood, rel=1e-9)
    np.testing.assert_allclose(two.sigma, weight * one.sigma, rtol=1e-5)
    np.testing.assert_allclose(two.se, one.se, rtol=1e-6)


@pytest.mark.parametrize("reml", [True, False])
def test_groups_alike_are_the_sum_of_fits_apart(reml: bool) -> None:
    """With all coefficients by arm, a covariance by arm is one fit per arm."""
    made = make_trial(7, subjects=60)
    at = np.eye(4)[made.visit]
    x = np.hstack([at * (made.arm == a)[:, None] for a in (0, 1)])
    whole = fit_mmrm_arrays(x, made.y, made.subject, made.visit, group=made.arm, reml=reml, fallback=())
    parts = []
    for a in (0, 1):
        mine = made.arm == a
        parts.append(
            fit_mmrm_arrays(at[mine], made.y[mine], made.subject[mine], made.visit[mine], reml=reml, fallback=())
        )
    assert whole.neg2_log_likelihood == pytest.approx(sum(p.neg2_log_likelihood for p in parts), rel=1e-10)
    for a in (0, 1):
        np.testing.assert_allclose(whole.sigma[a], parts[a].sigma[0], rtol=1e-5)


def test_nested_covariances_have_ordered_likelihoods() -> None:
    columns = make_trial(8).columns()
    value = {
        name: _fit(columns, covariance=name).neg2_log_likelihood
        for name in ("us", "toeph", "toep", "adh", "ad", "ar1h", "ar1", "csh", "cs")
    }
    for rich, poor in [
        ("us", "toeph"), ("us", "adh"), ("toeph", "toep"), ("toeph", "ar1h"), ("toeph", "csh"), ("toep", "ar1"),
        ("toep", "cs"), ("adh", "ad"), ("adh", "ar1h"), ("ad", "ar1"), ("ar1h", "ar1"), ("csh", "cs"),
    ]:  # fmt: skip
        assert value[rich] <= value[poor] + 1e-8, (rich, poor)
