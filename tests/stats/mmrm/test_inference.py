"""Covariances and degrees of freedom beside their definitions, written out with full matrices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from opencro.stats.mmrm import MmrmFit, fit_mmrm, fit_mmrm_arrays
from opencro.stats.mmrm.structures import build_structure
from tests.stats.mmrm.made import Floats, Made, make_trial


@dataclass(frozen=True)
class Dense:
    """V, its slopes and its curvatures in theta as matrices over all rows."""

    v: Floats
    slopes: Floats
    curves: Floats


def _dense(made: Made, fit: MmrmFit, name: str) -> Dense:
    structure = build_structure(name, 4)
    theta = fit.theta[0]
    step = 1e-4
    shifts = step * np.eye(len(theta))

    def spread(sigma: Floats) -> Floats:
        same = made.subject[:, None] == made.subject
        return np.where(same, sigma[made.visit[:, None], made.visit], 0.0)

    def at(*moves: Floats) -> Floats:
        return spread(structure.sigma(theta + sum(moves)))

    slopes = np.stack([(at(s) - at(-s)) / (2 * step) for s in shifts])
    curves = np.stack(
        [[(at(a, b) - at(a, -b) - at(-a, b) + at(-a, -b)) / (4 * step**2) for b in shifts] for a in shifts]
    )
    return Dense(at(), slopes, curves)


@pytest.mark.parametrize("name", ["us", "csh", "toep", "ar1"])
@pytest.mark.parametrize("linear", [True, False])
def test_kenward_roger_is_its_formula(name: str, linear: bool) -> None:
    made = make_trial(1, subjects=24)
    df = "kenward-roger-linear" if linear else "kenward-roger"
    fit = fit_mmrm_arrays(made.x, made.y, made.subject, made.visit, covariance=name, df=df, fallback=())
    dense, x = _dense(made, fit, name), made.x
    inverse = np.linalg.inv(dense.v)
    phi = np.linalg.inv(x.T @ inverse @ x)
    ix = inverse @ x
    p = [-ix.T @ d @ ix for d in dense.slopes]
    w = fit.precision.spread.theta_covariance
    total = np.zeros_like(phi)
    for h in range(len(p)):
        for k in range(len(p)):
            q = ix.T @ dense.slopes[h] @ inverse @ dense.slopes[k] @ ix
            r = 0.0 if linear else ix.T @ dense.curves[h, k] @ ix
            total += w[h, k] * (q - p[h] @ phi @ p[k] - r / 4)
    np.testing.assert_allclose(fit.beta_covariance, phi + 2 * phi @ total @ phi, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", ["us", "ar1h"])
def test_satterthwaite_is_its_formula(name: str) -> None:
    made = make_trial(2, subjects=24)
    fit = fit_mmrm_arrays(made.x, made.y, made.subject, made.visit, covariance=name, fallback=())
    dense, x = _dense(made, fit, name), made.x
    inverse = np.linalg.inv(dense.v)
    phi = np.linalg.inv(x.T @ inverse @ x)
    gradients = np.stack([phi @ x.T @ inverse @ d @ inverse @ x @ phi for d in dense.slopes])
    c = np.random.default_rng(1).normal(size=x.shape[1])
    g = np.array([c @ m @ c for m in gradients])
    wanted = 2 * (c @ phi @ c) ** 2 / (g @ fit.precision.spread.theta_covariance @ g)
    assert fit.df_of(c) == pytest.approx(wanted, rel=1e-5)
    assert fit.contrast(c).df[0] == pytest.approx(wanted, rel=1e-5)


def test_covariance_of_theta_is_the_inverse_of_the_observed_information() -> None:
    """In theta of another scale it moves as a covariance does, so that degrees of freedom stay."""
    made = make_trial(3)
    one = fit_mmrm_arrays(made.x, made.y, made.subject, made.visit, covariance="csh")
    two = fit_mmrm_arrays(made.x, 1000 * made.y, made.subject, made.visit, covariance="csh")
    np.testing.assert_allclose(two.theta[0] - one.theta[0], [np.log(1000)] * 4 + [0.0], atol=1e-6)
    np.testing.assert_allclose(two.df, one.df, rtol=1e-6)


@pytest.mark.parametrize("vcov", ["empirical", "empirical-jackknife", "empirical-bias-reduced"])
def test_sandwich_is_its_formula(vcov: str) -> None:
    made = make_trial(4, subjects=24)
    fit = fit_mmrm_arrays(made.x, made.y, made.subject, made.visit, vcov=vcov)
    residual = made.y - made.x @ fit.estimate
    blocks = [np.flatnonzero(made.subject == s) for s in np.unique(made.subject)]
    white_x, white_r = np.empty_like(made.x), np.empty_like(residual)
    for b in blocks:
        lower = np.linalg.cholesky(fit.sigma[0][np.ix_(made.visit[b], made.visit[b])])
        white_x[b], white_r[b] = np.linalg.solve(lower, made.x[b]), np.linalg.solve(lower, residual[b])
    phi = np.linalg.inv(white_x.T @ white_x)
    annihilator = np.eye(len(residual)) - white_x @ phi @ white_x.T
    power = {"empirical": 0.0, "empirical-jackknife": -1.0, "empirical-bias-reduced": -0.5}[vcov]
    filling = np.zeros_like(phi)
    rows = []
    c = np.random.default_rng(2).normal(size=made.x.shape[1])
    for b in blocks:
        values, vectors = np.linalg.eigh(annihilator[np.ix_(b, b)])
        adjust = (vectors * values**power) @ vectors.T
        u = white_x[b].T @ adjust @ white_r[b]
        filling += np.outer(u, u)
        rows.append(c @ phi @ white_x[b].T @ adjust @ annihilator[b])
    np.testing.assert_allclose(fit.beta_covariance, phi @ filling @ phi, rtol=1e-8)
    gram = np.array(rows) @ np.array(rows).T
    assert fit.df_of(c) == pytest.approx(np.trace(gram) ** 2 / (gram**2).sum(), rel=1e-8)


def test_between_and_within_degrees_of_freedom() -> None:
    made = make_trial(5, subjects=40)
    fit = fit_mmrm("y ~ base + arm * visit", made.columns(), subject="id", visit="visit", df="between-within")
    between, within = 40 - 3, len(made.y) - 40 - 6
    wanted = {"(Intercept)": within, "base": between, "armplacebo": between, "visitV1": within}
    for name, df in wanted.items():
        assert fit.df[fit.parameter.index(name)] == df
    means = fit.ls_means("arm", by="visit")
    assert set(means.df) == {min(between, within)}
    residual = fit_mmrm("y ~ base + arm * visit", made.columns(), subject="id", visit="visit", df="residual")
    assert set(residual.df) == {len(made.y) - 9}
    assert set(residual.test_terms().denominator_df) == {len(made.y) - 9}


def test_joint_tests_of_one_row_are_the_square_of_t() -> None:
    made = make_trial(6)
    for df in ("satterthwaite", "kenward-roger", "between-within", "residual"):
        fit = fit_mmrm_arrays(made.x, made.y, made.subject, made.visit, df=df)
        c = np.zeros(made.x.shape[1])
        c[-1] = 1.0
        single, joint = fit.contrast(c), fit.test_joint({"last": c})
        assert joint.f[0] == pytest.approx(single.statistic[0] ** 2, rel=1e-9)
        assert joint.denominator_df[0] == pytest.approx(single.df[0], rel=1e-6)
        assert joint.p_value[0] == pytest.approx(single.p_value[0], rel=1e-6)


def test_kenward_roger_does_not_depend_on_how_the_hypothesis_is_written() -> None:
    made = make_trial(7)
    fit = fit_mmrm_arrays(made.x, made.y, made.subject, made.visit, df="kenward-roger")
    rows = np.eye(made.x.shape[1])[-3:]
    mixed = np.vstack([np.random.default_rng(3).normal(size=(3, 3)) @ rows, rows[0]])
    tests = fit.test_joint({"plain": rows, "mixed": mixed})
    np.testing.assert_allclose(tests.f[0], tests.f[1], rtol=1e-8)
    np.testing.assert_allclose(tests.denominator_df[0], tests.denominator_df[1], rtol=1e-6)
    assert tests.numerator_df.tolist() == [3.0, 3.0]


def test_joint_satterthwaite_is_that_of_its_uncorrelated_contrasts() -> None:
    made = make_trial(7)
    fit = fit_mmrm_arrays(made.x, made.y, made.subject, made.visit)
    rows = np.eye(made.x.shape[1])[-3:]
    _, vectors = np.linalg.eigh(rows @ fit.beta_covariance @ rows.T)
    single = fit.contrast(vectors.T @ rows)
    expected = (single.df / (single.df - 2)).sum()
    joint = fit.test_joint({"arms": rows})
    assert joint.denominator_df[0] == pytest.approx(2 * expected / (expected - 3), rel=1e-8)
    assert joint.f[0] == pytest.approx((single.statistic**2).mean(), rel=1e-8)
    empty = fit.test_joint({"nothing": np.zeros((1, rows.shape[1]))})
    assert np.isnan(empty.f[0])
    assert [n.code for n in empty.notes] == ["STA-311"]


def test_type_two_is_type_three_for_what_nothing_contains() -> None:
    fit = fit_mmrm("y ~ base + arm * visit", make_trial(8).columns(), subject="id", visit="visit")
    two, three = fit.test_terms(type="II"), fit.test_terms(type="III")
    for term in ("base", "arm:visit"):
        at = two.term.index(term)
        assert two.f[at] == pytest.approx(three.f[at], rel=1e-6)
