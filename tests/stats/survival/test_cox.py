"""Cox regression: laws, limits, statsmodels and R as second witnesses."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.testing import assert_allclose
from statsmodels.duration.hazard_regression import PHReg

from opencro.stats import StatsError, formula
from opencro.stats import survival as sv
from tests.stats.survival.follow_up import FollowUp, follow_ups

few = settings(max_examples=15, deadline=None)


@few
@given(follow_ups(smallest=25))
def test_statsmodels_agrees(f: FollowUp) -> None:
    for ties in ("efron", "breslow"):
        ours = sv.fit_cox(f.time, f.event, f.x, stratum=f.stratum, ties=ties)
        if ours.notes or not f.event.any():
            continue
        model = PHReg(f.time, f.x, status=f.event.astype(int), strata=f.stratum, ties=ties)
        assert_allclose(model.score(ours.coef), 0, atol=1e-5)
        assert_allclose(model.loglike(ours.coef), ours.loglik[1], rtol=1e-7, atol=1e-8)


@few
@given(follow_ups(smallest=20))
def test_the_unit_of_a_covariate_and_of_time_scale_only_its_coefficient(f: FollowUp) -> None:
    a = sv.fit_cox(f.time, f.event, f.x)
    if a.notes:
        return
    b = sv.fit_cox(f.time / 30, f.event, f.x * [1000, 1e-4] + [1e4, 5])
    assert_allclose(b.coef, a.coef / [1000, 1e-4], rtol=1e-6)
    assert_allclose(b.se, a.se / [1000, 1e-4], rtol=1e-6)
    assert_allclose(b.loglik, a.loglik, rtol=1e-9)


@few
@given(follow_ups(smallest=20))
def test_splitting_follow_up_changes_nothing(f: FollowUp) -> None:
    cut = f.time / 2 + 0.01
    late = f.time > cut
    time = np.concatenate([np.minimum(f.time, cut), f.time[late]])
    entry = np.concatenate([np.zeros(f.time.size), cut[late]])
    event = np.concatenate([f.event & ~late, f.event[late]])
    x, who = np.concatenate([f.x, f.x[late]]), np.concatenate([np.arange(f.time.size), np.flatnonzero(late)])
    for ties in ("efron", "breslow", "discrete", "marginal"):
        a = sv.fit_cox(f.time, f.event, f.x, ties=ties)
        b = sv.fit_cox(time, event, x, entry=entry, ties=ties)
        assert_allclose(b.loglik, a.loglik, rtol=1e-7)
        if not a.notes:
            assert_allclose(b.coef, a.coef, rtol=1e-5, atol=1e-7)
            assert_allclose(b.se, a.se, rtol=1e-5)
    a = sv.fit_cox(f.time, f.event, f.x, cluster=np.arange(f.time.size))
    b = sv.fit_cox(time, event, x, entry=entry, cluster=who)
    if not a.notes:
        assert_allclose(b.se, a.se, rtol=1e-5)


@few
@given(follow_ups(smallest=20))
def test_whole_weights_repeat_rows_under_breslow(f: FollowUp) -> None:
    weight = np.arange(f.time.size) % 3 + 1
    a = sv.fit_cox(f.time, f.event, f.x, weight=weight, ties="breslow")
    b = sv.fit_cox(f.time.repeat(weight), f.event.repeat(weight), f.x.repeat(weight, axis=0), ties="breslow")
    if not a.notes:
        assert_allclose(a.coef, b.coef, rtol=1e-6, atol=1e-8)
        assert_allclose(a.se, b.se, rtol=1e-6)


@few
@given(follow_ups(tied=False, smallest=20))
def test_without_ties_all_treatments_are_one(f: FollowUp) -> None:
    fits = [sv.fit_cox(f.time, f.event, f.x, ties=t) for t in ("efron", "breslow", "discrete", "marginal")]
    for fit in fits[1:]:
        assert_allclose(fit.loglik, fits[0].loglik, rtol=1e-8)
        if not fit.notes:
            assert_allclose(fit.coef, fits[0].coef, rtol=1e-6, atol=1e-8)


def test_the_marginal_likelihood_is_the_sum_over_orders_of_the_tied_deaths() -> None:
    x = np.array([0.3, -1.0, 0.8, 0.1, -0.4])
    time, event = [1, 1, 1, 2, 3], [1, 1, 1, 1, 0]
    fit = sv.fit_cox(time, event, x, ties="marginal")
    theta = np.exp(fit.coef[0] * x)

    def chance(order: tuple[int, ...]) -> float:
        left, product = theta.sum(), 1.0
        for i in order:
            product *= theta[i] / left
            left -= theta[i]
        return product

    tied = sum(chance(order) for order in itertools.permutations([0, 1, 2]))
    assert_allclose(fit.loglik[1], np.log(tied) + np.log(theta[3] / theta[3:].sum()), rtol=1e-9)


def test_the_discrete_likelihood_is_that_of_choosing_the_tied_deaths() -> None:
    x = np.array([0.3, -1.0, 0.8, 0.1, -0.4])
    fit = sv.fit_cox([1, 1, 2, 3, 4], [1, 1, 1, 0, 0], x, ties="discrete")
    theta = np.exp(fit.coef[0] * x)
    pairs = sum(theta[i] * theta[j] for i, j in itertools.combinations(range(5), 2))
    assert_allclose(fit.loglik[1], np.log(theta[0] * theta[1] / pairs) + np.log(theta[2] / theta[2:].sum()), rtol=1e-9)


@few
@given(follow_ups(smallest=20))
def test_residuals_have_their_sums(f: FollowUp) -> None:
    for ties in ("efron", "breslow"):
        fit = sv.fit_cox(f.time, f.event, f.x, stratum=f.stratum, ties=ties)
        if fit.notes:
            continue
        assert_allclose(sv.cox_martingale_residuals(fit).sum(), 0, atol=1e-8)
        assert_allclose(sv.cox_score_residuals(fit).sum(axis=0), 0, atol=1e-6)
        assert_allclose(sv.cox_schoenfeld_residuals(fit).residual.sum(axis=0), 0, atol=1e-6)
        robust = sv.fit_cox(f.time, f.event, f.x, stratum=f.stratum, ties=ties, cluster=np.arange(f.time.size))
        dfbeta = sv.cox_dfbeta(fit)
        assert_allclose(robust.covariance, dfbeta.T @ dfbeta, rtol=1e-7)


@few
@given(follow_ups(smallest=12))
def test_batches_give_what_single_fits_give(f: FollowUp) -> None:
    for ties in ("efron", "breslow"):
        one = sv.fit_cox(f.time, f.event, f.arm, stratum=f.stratum, ties=ties)
        batch = sv.cox_batch(f.time[None], f.event[None], f.arm, stratum=f.stratum, ties=ties)
        assert_allclose(batch.coef[0], one.coef[0], rtol=1e-7, atol=1e-9, equal_nan=True)
        if np.isfinite(one.coef[0]):
            assert_allclose(batch.se[0], one.se[0], rtol=1e-6)
        several = sv.fit_cox(f.time, f.event, np.column_stack([f.arm, f.x]), stratum=f.stratum, ties=ties)
        batch = sv.cox_batch(f.time[None], f.event[None], f.arm, stratum=f.stratum, covariates=f.x[None], ties=ties)
        if not several.notes:
            assert_allclose([batch.coef[0], *batch.covariate_coef[0]], several.coef, rtol=1e-6, atol=1e-8)
            assert_allclose([batch.se[0], *batch.covariate_se[0]], several.se, rtol=1e-6)


def test_relabelling_and_reversing() -> None:
    rng = np.random.default_rng(4)
    arm, time, event = np.arange(40) % 2, rng.exponential(1, 40), rng.random(40) < 0.8
    a, b = (sv.fit_cox(time, event, x) for x in (arm, 1 - arm))
    assert_allclose(a.coef, -b.coef)
    assert_allclose(a.p, b.p)
    mixed = rng.permutation(40)
    assert_allclose(sv.fit_cox(time[mixed], event[mixed], arm[mixed]).coef, a.coef)


def test_perfect_separation_is_infinite_and_said_so() -> None:
    fit = sv.fit_cox([1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 0, 0], np.column_stack([[1, 1, 1, 0, 0, 0], [1, 2, 1, 2, 1, 2]]))
    assert fit.coef[0] == np.inf
    assert fit.notes[0].code == "STA-442"
    tests = sv.cox_tests(fit)
    assert np.isfinite(tests.chi2[[0, 2]]).all()
    assert np.isnan(tests.chi2[1])
    assert sv.cox_batch([[1, 2, 3, 4]], [[1, 1, 0, 0]], [1, 1, 0, 0]).coef[0] == np.inf
    assert sv.cox_batch([[1, 2, 3, 4]], [[1, 1, 0, 0]], [0, 0, 1, 1]).coef[0] == -np.inf
    with pytest.raises(StatsError, match="STA-446"):
        sv.cox_martingale_residuals(fit)


def test_no_event_and_no_variation_have_no_estimate() -> None:
    fit = sv.fit_cox([1, 2, 3], [0, 0, 0], [1, 0, 1])
    assert np.isnan(fit.coef[0])
    assert [n.code for n in fit.notes] == ["STA-444"]
    assert np.isnan(sv.cox_batch([[1, 2, 3]], [[0, 0, 0]], [1, 0, 1]).coef[0])
    x = np.column_stack([[1, 0, 1, 0, 1.0], np.ones(5), [2, 0, 2, 0, 2.0]])
    fit = sv.fit_cox([1, 2, 3, 4, 5], [1, 1, 1, 1, 1], x)
    assert [n.code for n in fit.notes] == ["STA-443", "STA-443"]
    assert_allclose(fit.coef[0], sv.fit_cox([1, 2, 3, 4, 5], [1, 1, 1, 1, 1], x[:, 0]).coef[0])
    assert np.isnan(sv.cox_contrast(fit, [0, 1, 0]).estimate[0])


def test_the_baseline_of_a_model_without_effect_is_the_nelson_aalen_estimate() -> None:
    time, event, x = [1, 2, 3, 4, 5, 6], [1, 0, 1, 1, 0, 1], [0, 0, 0, 0, 0, 0]
    fit = sv.fit_cox(time, event, np.column_stack([x, [1, -1, 1, -1, 1, -1]]))
    zero = sv.fit_cox(time, event, [1e-9 * v for v in (1, -1, -1, 1, 0, 0)])
    assert len(fit.coef) == 2
    assert_allclose(sv.cox_baseline_hazard(zero).hazard[-1], 1 / 6 + 1 / 4 + 1 / 3 + 1, rtol=0.6)


def test_an_offset_takes_the_place_of_a_coefficient() -> None:
    rng = np.random.default_rng(9)
    x, time, event = rng.normal(size=(50, 2)), rng.exponential(1, 50), rng.random(50) < 0.7
    both = sv.fit_cox(time, event, x)
    rest = sv.fit_cox(time, event, x[:, 0], offset=x[:, 1] * both.coef[1])
    assert_allclose(rest.coef[0], both.coef[0], rtol=1e-6)
    assert_allclose(rest.loglik[1], both.loglik[1], rtol=1e-9)


def test_a_model_matrix_brings_names_and_leaves_its_intercept() -> None:
    rng = np.random.default_rng(10)
    data = {"arm": np.array(["a", "b", "c"] * 10), "age": rng.normal(60, 5, 30)}
    time, event = rng.exponential(1, 30), np.ones(30)
    fit = sv.fit_cox(time, event, formula.model_matrix("~ arm + age", data))
    dummies = np.column_stack([data["arm"] == "b", data["arm"] == "c", data["age"]]).astype(float)
    assert_allclose(fit.coef, sv.fit_cox(time, event, dummies).coef, rtol=1e-8)
    assert len(fit.term) == 3


VETERAN = [0.2063074, 4.0468683, 6.8411394, 5.0325627, 12.8133256, 22.8596853]


@pytest.mark.peer
def test_proportional_hazards_as_in_r() -> None:
    """R survival 3.5-3: cox.zph(coxph(Surv(time, status) ~ trt + celltype dummies + karno, veteran)), Efron, km."""
    from tests.reference.stats.material import FOLDER, table

    if not FOLDER.is_dir():
        pytest.skip("../shared/data is absent")
    v = table("stats_data/veteran.csv")
    cells = [v["celltype"].to_numpy() == c for c in ("smallcell", "adeno", "large")]
    x = np.column_stack([v["trt"], *cells, v["karno"]])
    fit = sv.fit_cox(v["time"], v["status"], x)
    assert_allclose(sv.proportional_hazards_test(fit).chi2, VETERAN, rtol=1e-6)
    logs = [0.214861, 2.291204, 5.394546, 4.641283, 10.079175, 21.451357]
    assert_allclose(sv.proportional_hazards_test(fit, clock="log").chi2, logs, rtol=1e-6)
    assert_allclose(sv.cox_martingale_residuals(fit)[:4], [0.70323207, -0.55618603, -0.04608245, 0.40024845], rtol=1e-6)
    scaled = sv.cox_schoenfeld_residuals(fit, scaled=True).residual
    assert_allclose(scaled[0], [1.392553, -5.391343, -5.727196, -3.750339, -0.12836532], rtol=1e-5)
    assert_allclose(sv.cox_score_residuals(fit)[1, -1], -14.614593, rtol=1e-6)
    assert_allclose(sv.cox_deviance_residuals(fit)[:3], [1.01150657, -0.47738466, -0.04539302], rtol=1e-6)
    baseline = sv.cox_baseline_hazard(fit, [1, 0, 0, 0, 60])
    at = np.searchsorted(baseline.time, [1, 15, 100, 392], side="right") - 1
    assert_allclose(baseline.hazard[at], [0.00486245, 0.05832845, 0.43657182, 1.93078130], rtol=1e-5)
    wanted = [0.003662913, 0.019127306, 0.076080603, 0.069283999]
    assert_allclose((baseline.survival * baseline.se_hazard)[at], wanted, rtol=1e-5)


@pytest.mark.parametrize(
    ("code", "call"),
    [
        ("STA-440", lambda: sv.fit_cox([1, 2], [1, 1], [[1], [2], [3]])),
        ("STA-440", lambda: sv.fit_cox([1, 2], [1, 1], [1, np.nan])),
        ("STA-440", lambda: sv.fit_cox([1, 2], [1, 1], [1, 0], names=["a", "b"])),
        ("STA-441", lambda: sv.fit_cox([1, 2], [1, 1], [1, 0], ties="exact")),  # type: ignore[arg-type]
        ("STA-441", lambda: sv.fit_cox([1, 2], [1, 1], [1, 0], ties="discrete", cluster=[1, 2])),
        ("STA-441", lambda: sv.cox_dfbeta(sv.fit_cox([1, 2, 3, 4], [1] * 4, [1, 0, 1, 0], ties="discrete"))),
        ("STA-447", lambda: sv.proportional_hazards_test(
            sv.fit_cox([1, 2, 3, 4], [1] * 4, [1, 0, 1, 0]), clock="day")),  # type: ignore[arg-type]
        ("STA-440", lambda: sv.cox_batch([[1.0, 2.0]], [[1, 1]], [0, 1], covariates=[[1.0, 2.0]])),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(code: str, call: object) -> None:
    with pytest.raises(StatsError) as caught:
        call()  # type: ignore[operator]
    assert caught.value.code == code
