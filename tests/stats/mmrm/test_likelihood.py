"""The likelihood is that of the normal distribution, its derivatives are its slopes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from opencro.stats.mmrm import fit_mmrm_arrays
from opencro.stats.mmrm.cores import Floats
from opencro.stats.mmrm.layout import Layout, build_layout
from opencro.stats.mmrm.likelihood import differentiate, evaluate
from opencro.stats.mmrm.rows import check_rows, scale_rows
from opencro.stats.mmrm.search import start_theta
from opencro.stats.mmrm.structures import Structure, build_structure
from tests.stats.mmrm.made import STRUCTURED, Made, make_trial

CASES = [(name, own) for name in STRUCTURED for own in ([False, True] if name.startswith("sp_") else [False])]


def _layout(made: Made, name: str, own: bool, *, press: bool = True) -> tuple[Structure, Layout]:
    """Two groups; spatial structures with the visit, or with coordinates of each subject's own, as the place."""
    place = made.place if own else made.visit[:, None].astype(float)
    rows = check_rows(
        made.x, made.y, made.subject, made.visit, group=made.arm, weights=None,
        coordinates=place if name.startswith("sp_") else None,
    )  # fmt: skip
    layout = build_layout(scale_rows(rows).cells, press=press)
    return build_structure(name, len(rows.visits), layout.distance), layout


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize(("name", "own"), CASES)
def test_gradient_and_hessian_are_slopes(name: str, own: bool, reml: bool) -> None:
    structure, layout = _layout(make_trial(3), name, own)
    theta = start_theta(structure, layout) + 0.1 * np.random.default_rng(1).standard_normal((1, 2, structure.size))
    slope = differentiate(structure, layout, evaluate(structure, layout, theta, reml=reml), reml=reml)

    def gradient(at: Floats) -> Floats:
        return differentiate(structure, layout, evaluate(structure, layout, at, reml=reml), reml=reml).gradient[0]

    step = 1e-5
    shifts = (step * np.eye(theta.size)).reshape(-1, *theta.shape)
    values = [
        (
            evaluate(structure, layout, theta + s, reml=reml).value
            - evaluate(structure, layout, theta - s, reml=reml).value
        )[0]
        for s in shifts
    ]
    np.testing.assert_allclose(slope.gradient[0], np.array(values) / (2 * step), rtol=1e-5, atol=1e-5)
    curves = np.array([gradient(theta + s) - gradient(theta - s) for s in shifts]) / (2 * step)
    np.testing.assert_allclose(slope.hessian[0], curves, rtol=1e-5, atol=1e-7 * np.abs(curves).max())


@pytest.mark.parametrize("name", STRUCTURED)
def test_full_likelihood_is_that_of_the_normal_distribution(name: str) -> None:
    made = make_trial(5, subjects=30)
    place = made.visit if name.startswith("sp_") else None
    fit = fit_mmrm_arrays(
        made.x, made.y, made.subject, made.visit, covariance=name, coordinates=place, reml=False, fallback=()
    )
    total = 0.0
    for who in np.unique(made.subject):
        mine = made.subject == who
        at = made.visit[mine]
        sigma = fit.sigma[0][np.ix_(at, at)]
        total += float(stats.multivariate_normal.logpdf(made.y[mine], made.x[mine] @ fit.estimate, sigma))
    assert fit.neg2_log_likelihood == pytest.approx(-2.0 * total, rel=1e-12)


def test_restricted_likelihood_is_that_of_error_contrasts() -> None:
    """Any K with K'X = 0 and K'K = I gives it, up to log |X'X|: Harville (1974), Biometrika 61:383."""
    made = make_trial(6, subjects=20, visits=3)
    fit = fit_mmrm_arrays(made.x, made.y, made.subject, made.visit, fallback=())
    v = _full_covariance(made, fit.sigma[0])
    complement = np.linalg.qr(made.x, mode="complete")[0][:, made.x.shape[1] :]
    contrasts = complement.T @ made.y
    log_density = stats.multivariate_normal.logpdf(contrasts, np.zeros(len(contrasts)), complement.T @ v @ complement)
    wanted = -2.0 * float(log_density) + np.linalg.slogdet(made.x.T @ made.x)[1]
    assert fit.neg2_log_likelihood == pytest.approx(wanted, rel=1e-12)


def _full_covariance(made: Made, sigma: Floats) -> Floats:
    same = made.subject[:, None] == made.subject
    return np.where(same, sigma[made.visit[:, None], made.visit], 0.0)


@pytest.mark.parametrize("name", ["us", "ar1"])
def test_pressing_subjects_together_changes_nothing(name: str) -> None:
    made = make_trial(7, subjects=200, missing=0.05)
    structure, pressed = _layout(made, name, False)
    _, whole = _layout(made, name, False, press=False)
    assert pressed.stacks.shape[1] < 0.7 * whole.stacks.shape[1]
    theta = start_theta(structure, pressed)
    np.testing.assert_allclose(theta, start_theta(structure, whole), rtol=1e-10, atol=1e-12)
    for reml in (True, False):
        points = [evaluate(structure, layout, theta, reml=reml) for layout in (pressed, whole)]
        np.testing.assert_allclose(points[0].value, points[1].value, rtol=1e-12)
        slopes = [
            differentiate(structure, layout, p, reml=reml) for layout, p in zip((pressed, whole), points, strict=True)
        ]
        np.testing.assert_allclose(slopes[0].hessian, slopes[1].hessian, rtol=1e-8, atol=1e-8)


def test_coordinates_that_all_share_give_what_coordinates_of_ones_own_give() -> None:
    made = make_trial(8)
    structure, common = _layout(made, "sp_exp", False)
    assert common.distance is not None
    own = replace(common, distance=np.broadcast_to(common.distance, (len(common.group), *common.distance.shape)))
    other = build_structure("sp_exp", 4, own.distance)
    theta = start_theta(structure, common)
    one = differentiate(structure, common, evaluate(structure, common, theta, reml=True), reml=True)
    two = differentiate(other, own, evaluate(other, own, theta, reml=True), reml=True)
    np.testing.assert_allclose(one.gradient, two.gradient, rtol=1e-9)
    np.testing.assert_allclose(one.hessian, two.hessian, rtol=1e-9, atol=1e-9)
