"""Competing risks: laws, limits and R cmprsk."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.testing import assert_allclose

from opencro.stats import StatsError
from opencro.stats import survival as sv
from tests.stats.survival.follow_up import FollowUp, follow_ups

few = settings(max_examples=20, deadline=None)


def _causes(f: FollowUp) -> np.ndarray:
    return np.where(f.event, 1 + (f.stratum == 0), 0)


@few
@given(follow_ups())
def test_incidences_and_survival_add_up_to_one(f: FollowUp) -> None:
    causes = _causes(f)
    if not causes.any():
        return
    one, two = (sv.cumulative_incidence(f.time, causes, of=k) for k in (1, 2))
    survival = sv.kaplan_meier_at(sv.kaplan_meier(f.time, f.event), one.time).survival
    assert_allclose(one.incidence + two.incidence + survival, 1, atol=1e-12)


@few
@given(follow_ups())
def test_a_single_cause_is_the_complement_of_kaplan_meier(f: FollowUp) -> None:
    curve = sv.kaplan_meier(f.time, f.event)
    steps = curve.n_event > 0
    incidence = sv.cumulative_incidence(f.time, f.event.astype(int), variance="delta")
    assert_allclose(incidence.incidence, 1 - curve.survival[steps], atol=1e-12)
    known = curve.survival[steps] > 0
    assert_allclose(incidence.se[known], curve.se[steps][known], rtol=1e-7, atol=1e-9)


@few
@given(follow_ups())
def test_without_censoring_it_is_a_proportion(f: FollowUp) -> None:
    causes = 1 + (f.stratum == 0)
    curve = sv.cumulative_incidence(f.time, causes, variance="delta")
    share = np.array([((f.time <= t) & (causes == 1)).mean() for t in curve.time])
    assert_allclose(curve.incidence, share, atol=1e-12)
    assert_allclose(curve.se, np.sqrt(share * (1 - share) / f.time.size), atol=1e-9)


@few
@given(follow_ups())
def test_gray_does_not_see_row_order_labels_or_the_clock(f: FollowUp) -> None:
    causes = _causes(f)
    mixed = np.random.default_rng(0).permutation(f.time.size)
    a = sv.gray_test(f.time, causes, f.arm, stratum=f.stratum)
    b = sv.gray_test(
        np.sqrt(f.time[mixed]), causes[mixed], np.array(["y", "x"])[f.arm[mixed]], stratum=f.stratum[mixed]
    )
    assert_allclose(a.chi2, b.chi2, atol=1e-9, equal_nan=True)
    assert_allclose(a.score, b.score[::-1], atol=1e-9)


def test_gray_with_one_cause_is_close_to_the_log_rank_test() -> None:
    rng = np.random.default_rng(1)
    time, event, arm = rng.exponential(1, 2000), rng.random(2000) < 0.7, np.arange(2000) % 2
    gray, plain = sv.gray_test(time, event.astype(int), arm), sv.log_rank(time, event, arm)
    assert_allclose(gray.score, plain.observed - plain.expected, atol=1e-6)
    assert_allclose(gray.chi2, plain.chi2, rtol=0.05, atol=0.01)


def test_no_event_of_the_cause_is_said_so() -> None:
    curve = sv.cumulative_incidence([1, 2, 3], [2, 0, 2], of=1)
    assert curve.incidence.tolist() == [0, 0]
    assert curve.upper.tolist() == [0, 0]
    assert [n.code for n in curve.notes] == ["STA-451"]
    assert [n.code for n in sv.gray_test([1, 2, 3], [2, 0, 2], [0, 1, 1]).notes] == ["STA-452"]
    assert [n.code for n in sv.fit_fine_gray([1, 2, 3], [2, 0, 2], [0, 1, 1]).notes] == ["STA-444"]


@few
@given(follow_ups(tied=False, smallest=25))
def test_fine_gray_without_competing_events_is_cox(f: FollowUp) -> None:
    a = sv.fit_fine_gray(f.time, f.event.astype(int), f.x)
    b = sv.fit_cox(f.time, f.event, f.x, ties="breslow", cluster=np.arange(f.time.size))
    if not b.notes:
        assert_allclose(a.coef, b.coef, rtol=1e-6, atol=1e-8)
        assert_allclose(a.se, b.se, rtol=1e-6)
        assert_allclose(a.loglik, b.loglik, rtol=1e-9)


def test_fine_gray_without_censoring_keeps_competing_events_at_risk() -> None:
    """Then it is Cox with those times moved to the end."""
    rng = np.random.default_rng(2)
    time, causes, x = rng.permutation(60) + 1.0, rng.integers(1, 3, 60), rng.normal(size=60)
    a = sv.fit_fine_gray(time, causes, x)
    b = sv.fit_cox(np.where(causes == 1, time, 100), causes == 1, x, ties="breslow")
    assert_allclose(a.coef, b.coef, rtol=1e-7)


def test_fine_gray_notes_separation_and_constants() -> None:
    fit = sv.fit_fine_gray([1, 2, 3, 4, 5, 6], [1, 1, 2, 0, 2, 0], [1, 1, 0, 0, 0, 0])
    assert fit.coef[0] == np.inf
    assert [n.code for n in fit.notes] == ["STA-442"]
    both = sv.fit_fine_gray([1, 2, 3, 4, 5, 6], [1, 1, 2, 0, 1, 0], np.column_stack([[1, 0, 0, 1, 1, 0], np.ones(6)]))
    assert [n.code for n in both.notes] == ["STA-443"]


@pytest.mark.peer
def test_fine_gray_as_in_cmprsk() -> None:
    """R cmprsk 2.2-11: crr(etime, ev, cbind(sex == "M", age), failcode = 1 and 2) on mgus2; cuminc with strata, rho."""
    from tests.reference.stats.material import FOLDER, table

    if not FOLDER.is_dir():
        pytest.skip("../shared/data is absent")
    d = table("stats_data/mgus2_cr.csv")
    x = np.column_stack([d["sex"] == "M", d["age"]]).astype(float)
    wanted = {
        1: (
            [-0.2600382378841, -0.0173381534947],
            [0.18568103479217, 0.00573710323024],
            [-793.774420403, -790.12131517],
        ),
        2: ([0.3707968459033, 0.0585844004048], [0.06678946378593, 0.00367941920117], [-5702.89441279, -5539.29685582]),
    }
    for of, (coef, se, loglik) in wanted.items():
        fit = sv.fit_fine_gray(d["etime"], d["ev"], x, of=of)
        assert_allclose(fit.coef, coef, rtol=1e-7)
        assert_allclose(fit.se, se, rtol=1e-7)
        assert_allclose(fit.loglik, loglik, rtol=1e-9)
    band = np.digitize(d["age"], [60.5, 75.5])
    for of, chi2, weighted in ((1, 4.68607526075, 1.22935883356), (2, 274.99622725896, 13.93050971495)):
        assert_allclose(sv.gray_test(d["etime"], d["ev"], band, of=of, stratum=d["sex"]).chi2, chi2, rtol=1e-9)
        assert_allclose(sv.gray_test(d["etime"], d["ev"], d["sex"], of=of, rho=1).chi2, weighted, rtol=1e-9)


@pytest.mark.parametrize(
    "call",
    [
        lambda: sv.cumulative_incidence([1, 2], [0.5, 1]),
        lambda: sv.cumulative_incidence([1, 2], [0, 1], of=0),
        lambda: sv.cumulative_incidence([1, 2], [0, 1], variance="jackknife"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_cause_is_refused(call: object) -> None:
    with pytest.raises(StatsError, match="STA-450"):
        call()  # type: ignore[operator]


def test_a_picture_of_incidence_has_a_line_a_curve() -> None:
    curves = sv.cumulative_incidence_by([1, 2, 3, 4], [1, 2, 0, 1], ["a", "a", "b", "b"])
    figure = sv.plot_incidence(curves, unit="days")
    assert len(figure.axes[0].lines) == 2
    assert len(curves["a"].plot().axes[0].lines) == 1
