"""Kaplan-Meier curves, their quantiles and areas: laws and limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.testing import assert_allclose

from opencro.stats import StatsError
from opencro.stats import survival as sv
from tests.stats.survival.follow_up import FollowUp, follow_ups

few = settings(max_examples=25, deadline=None)


@few
@given(follow_ups())
def test_without_censoring_the_curve_is_the_share_still_free(f: FollowUp) -> None:
    curve = sv.kaplan_meier(f.time, np.ones(f.time.size))
    share = [(f.time > t).mean() for t in curve.time]
    assert_allclose(curve.survival, share, atol=1e-12)
    n, s = f.time.size, curve.survival
    assert_allclose(curve.se[:-1], np.sqrt(s * (1 - s) / n)[:-1], rtol=1e-10)


@few
@given(follow_ups())
def test_row_order_and_unit_do_not_matter(f: FollowUp) -> None:
    mixed = np.random.default_rng(0).permutation(f.time.size)
    a = sv.kaplan_meier(f.time, f.event)
    b = sv.kaplan_meier(f.time[mixed] * 365.25, f.event[mixed])
    assert_allclose(b.survival, a.survival)
    assert_allclose(b.lower, a.lower)
    assert_allclose(b.time, a.time * 365.25)
    assert_allclose(sv.kaplan_meier_quantile(b).quantile, sv.kaplan_meier_quantile(a).quantile * 365.25, equal_nan=True)


@few
@given(follow_ups())
def test_whole_weights_repeat_rows(f: FollowUp) -> None:
    weight = np.arange(f.time.size) % 3 + 1
    a = sv.kaplan_meier(f.time, f.event, weight=weight)
    b = sv.kaplan_meier(f.time.repeat(weight), f.event.repeat(weight))
    assert_allclose(a.survival, b.survival, atol=1e-12)
    assert_allclose(a.n_risk, b.n_risk)


@few
@given(follow_ups())
def test_the_restricted_mean_is_the_integral_of_the_curve(f: FollowUp) -> None:
    tau = 7.5
    grid = np.linspace(0, tau, 1501)[:-1]
    for arm, mean in enumerate(sv.rmst(f.time, f.event, f.arm, tau=tau).rmst):
        curve = sv.kaplan_meier(f.time[f.arm == arm], f.event[f.arm == arm])
        assert_allclose(mean, sv.kaplan_meier_at(curve, grid + tau / 3000).survival.mean() * tau, rtol=1e-9)


@few
@given(follow_ups())
def test_batches_give_what_single_curves_give(f: FollowUp) -> None:
    at = [2.5, 6.0, 20.0, 1.0]
    batch = sv.kaplan_meier_at_batch(f.time[None], f.event[None], f.arm, at)
    medians = sv.kaplan_meier_quantile_batch(f.time[None], f.event[None], f.arm)[0]
    for arm in (0, 1):
        curve = sv.kaplan_meier(f.time[f.arm == arm], f.event[f.arm == arm])
        one = sv.kaplan_meier_at(curve, at)
        assert_allclose(batch.survival[0, arm], one.survival, atol=1e-12)
        assert_allclose(batch.se[0, arm], one.se, atol=1e-12)
        assert_allclose(medians[arm], sv.kaplan_meier_quantile(curve).quantile[0])
    area = sv.rmst_batch(f.time[None], f.event[None], f.arm, tau=6.0)
    contrast = sv.compare_rmst(f.time, f.event, f.arm, tau=6.0)
    assert_allclose(area.difference[0], contrast.estimate[0], atol=1e-12)
    assert_allclose(area.se_difference[0], contrast.se[0], atol=1e-12)


def test_relabelling_the_arms_turns_the_contrast_round() -> None:
    time, event, arm = [1, 2, 3, 4, 5, 6], [1, 1, 0, 1, 1, 1], np.array([0, 1, 0, 1, 1, 0])
    a, b = (sv.compare_rmst(time, event, x, tau=5) for x in (arm, 1 - arm))
    assert_allclose(a.estimate[0], -b.estimate[0])
    assert_allclose(a.estimate[1], 1 / b.estimate[1])
    assert_allclose(a.p, b.p)


def test_a_plateau_at_the_median_gives_its_midpoint_in_print() -> None:
    """As quantile(survfit(...)) of R survival 3.5-3, which takes the last time where the plateau has no end."""
    assert sv.kaplan_meier_quantile(sv.kaplan_meier([1, 2, 3, 4], [1, 1, 1, 1])).quantile[0] == 2.5
    curve = sv.kaplan_meier([54, 75, 77, 84, 87, 92, 103, 105, 112, 118], [1] * 5 + [0] * 5)
    found = sv.kaplan_meier_quantile(curve)
    assert found.quantile[0] == 102.5
    assert [n.code for n in found.notes] == ["STA-411"]
    assert np.isnan(sv.kaplan_meier_quantile(curve, open_plateau="none").quantile[0])


def test_a_third_times_three_still_reaches_the_median() -> None:
    """S(t) = 0.5 only up to rounding: products of (1 - d/n) must not miss the plateau."""
    n = 14
    curve = sv.kaplan_meier(np.arange(1, n + 1), np.ones(n))
    assert sv.kaplan_meier_quantile(curve).quantile[0] == 7.5


def test_no_event_has_a_curve_and_a_note() -> None:
    curve = sv.kaplan_meier([1, 2, 3], [0, 0, 0])
    assert curve.survival.tolist() == [1, 1, 1]
    assert curve.lower.tolist() == [1, 1, 1]
    assert [n.code for n in curve.notes] == ["STA-414"]
    assert [n.code for n in sv.kaplan_meier_quantile(curve).notes] == ["STA-413"]


def test_times_that_differ_by_rounding_are_tied() -> None:
    curve = sv.kaplan_meier([0.1 + 0.2, 0.3, 0.5], [1, 1, 1])
    assert curve.n_event.tolist() == [2, 1]


def test_beyond_the_last_follow_up_the_value_is_held_and_said_so() -> None:
    at = sv.kaplan_meier_at(sv.kaplan_meier([1, 2, 3], [1, 0, 0]), [4.0])
    assert_allclose(at.survival, 2 / 3)
    assert [n.code for n in at.notes] == ["STA-412"]
    mean = sv.rmst([1, 2, 3], [1, 0, 0], tau=5)
    assert_allclose(mean.rmst, 1 + 4 * 2 / 3)
    assert [n.code for n in mean.notes] == ["STA-431"]
    assert sv.rmst([1, 2, 3], [1, 1, 1], tau=5).notes == ()


@few
@given(follow_ups())
def test_a_landmark_without_censoring_compares_proportions(f: FollowUp) -> None:
    found = sv.compare_kaplan_meier_at(f.time, np.ones(f.time.size), f.arm, [5.0])
    shares = [(f.time[f.arm == k] > 5).mean() for k in (0, 1)]
    assert_allclose(found.difference, shares[1] - shares[0], atol=1e-12)
    if min(shares) > 0 and max(shares) < 1:
        n = np.bincount(f.arm)
        assert_allclose(found.se**2, sum(s * (1 - s) / m for s, m in zip(shares, n, strict=True)), rtol=1e-9)
        turned = sv.compare_kaplan_meier_at(f.time, np.ones(f.time.size), 1 - f.arm, [5.0])
        assert_allclose(turned.z, -found.z)
        assert_allclose(turned.p_log_log, found.p_log_log)
        sides = [
            sv.compare_kaplan_meier_at(f.time, np.ones(f.time.size), f.arm, [5.0], alternative=a)
            for a in ("less", "greater")
        ]
        assert_allclose(sides[0].p + sides[1].p, 1)
        assert_allclose(sides[0].p_log_log + sides[1].p_log_log, 1)
        assert (sides[0].p < 0.5) == (sides[0].p_log_log < 0.5) or shares[0] == shares[1]


def test_landmarks_of_curves_at_one_or_zero_have_no_test() -> None:
    found = sv.compare_kaplan_meier_at([1, 2, 3, 4], [1, 1, 1, 1], [0, 0, 1, 1], [0.5, 2.5, 9])
    assert np.isnan(found.p).all()
    assert found.difference.tolist() == [0, 1, 0]
    with pytest.raises(StatsError, match="STA-421"):
        sv.compare_kaplan_meier_at([1, 2, 3], [1, 1, 1], [0, 1, 2], [1])


def test_late_entry_counts_only_those_inside() -> None:
    curve = sv.kaplan_meier([3, 4, 5, 6], [1, 1, 1, 1], entry=[0, 3, 0, 4])
    assert curve.n_risk.tolist() == [2, 2, 2, 1]


@pytest.mark.parametrize("limits", ["plain", "log", "log-log", "logit", "arcsine"])
def test_limits_surround_the_estimate_and_stay_probabilities(limits: str) -> None:
    rng = np.random.default_rng(3)
    curve = sv.kaplan_meier(rng.exponential(1, 50), rng.random(50) < 0.8, limits=limits)  # type: ignore[arg-type]
    known = ~np.isnan(curve.lower)
    assert (curve.lower[known] <= curve.survival[known]).all()
    assert (curve.upper[known] >= curve.survival[known]).all()
    assert ((curve.lower[known] >= 0) & (curve.upper[known] <= 1)).all()


def test_the_logit_and_arcsine_limits_of_r() -> None:
    """R survival 3.5-3: summary(survfit(Surv(c(1,2,3,4,5), c(1,0,1,1,0)) ~ 1, conf.type = ...), times = 3)."""
    given = ([1, 2, 3, 4, 5], [1, 0, 1, 1, 0])
    wanted = {"logit": [0.139262817469, 0.889779333365], "arcsine": [0.105681797650, 0.931712615789]}
    for limits, values in wanted.items():
        at = sv.kaplan_meier_at(sv.kaplan_meier(*given, limits=limits), 3)  # type: ignore[arg-type]
        assert_allclose([at.lower[0], at.upper[0]], values, rtol=1e-6)


@pytest.mark.parametrize(
    ("code", "call"),
    [
        ("STA-401", lambda: sv.kaplan_meier([], [])),
        ("STA-402", lambda: sv.kaplan_meier([1, 2], [1])),
        ("STA-403", lambda: sv.kaplan_meier([1, 2], [1, 2])),
        ("STA-404", lambda: sv.kaplan_meier([-1, 2], [1, 1])),
        ("STA-405", lambda: sv.kaplan_meier([1, 2], [1, 1], entry=[1, 0])),
        ("STA-406", lambda: sv.kaplan_meier([np.nan, 2], [1, 1])),
        ("STA-407", lambda: sv.kaplan_meier([1, 2], [1, 1], alpha=1.5)),
        ("STA-409", lambda: sv.kaplan_meier([1, 2], [1, 1], limits="probit")),  # type: ignore[arg-type]
        ("STA-410", lambda: sv.kaplan_meier_quantile(sv.kaplan_meier([1, 2], [1, 1]), 1.0)),
        ("STA-430", lambda: sv.rmst([1, 2], [1, 1], tau=0)),
        ("STA-424", lambda: sv.rmst_batch([[1.0, 2.0]], [[1, 1]], [1, 2], tau=1)),
    ],
)
def test_what_is_no_follow_up_is_refused(code: str, call: object) -> None:
    with pytest.raises(StatsError) as caught:
        call()  # type: ignore[operator]
    assert caught.value.code == code


def test_a_picture_has_the_curves_and_the_numbers_at_risk() -> None:
    figure = sv.plot_survival(sv.kaplan_meier_by([1, 2, 3, 4], [1, 0, 1, 1], ["a", "b", "a", "b"]), times=[0, 2])
    above, below = figure.axes
    assert [t.get_text() for t in above.get_legend().get_texts()] == ["a", "b"]
    assert [t.get_text() for t in below.texts if t.get_text().isdigit()] == ["2", "1", "2", "2"]
