"""Log-rank tests: laws, limits, and the joint distribution of MaxCombo."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.testing import assert_allclose
from scipy import stats

from opencro.stats import StatsError
from opencro.stats import survival as sv
from tests.stats.survival.follow_up import FollowUp, follow_ups

few = settings(max_examples=25, deadline=None)
WEIGHTS = [
    sv.Weight(), sv.FlemingHarrington(0.5, 2), sv.FlemingHarrington(1, 0), sv.Gehan(), sv.TaroneWare(), sv.PetoPeto(),
    sv.ModifiedPetoPeto(), sv.ModestlyWeighted(4),
]  # fmt: skip


@few
@given(follow_ups(tied=False))
def test_without_ties_it_is_the_score_test_of_a_cox_model(f: FollowUp) -> None:
    test = sv.log_rank(f.time, f.event, f.arm)
    if test.df:
        fit = sv.fit_cox(f.time, f.event, f.arm, ties="breslow")
        assert_allclose(test.chi2, fit.score_chi2, rtol=1e-8, atol=1e-10)


@few
@given(follow_ups())
def test_it_is_the_score_test_of_the_discrete_model_with_ties(f: FollowUp) -> None:
    test = sv.log_rank(f.time, f.event, f.arm, stratum=f.stratum)
    if test.df:
        fit = sv.fit_cox(f.time, f.event, f.arm, stratum=f.stratum, ties="discrete")
        assert_allclose(test.chi2, fit.score_chi2, rtol=1e-7, atol=1e-10)


@few
@given(follow_ups())
def test_a_monotone_clock_changes_nothing(f: FollowUp) -> None:
    for weight in WEIGHTS[:-1]:
        a = sv.weighted_log_rank(f.time, f.event, f.arm, weight, stratum=f.stratum)
        b = sv.weighted_log_rank(np.sqrt(f.time) * 7, f.event, f.arm, weight, stratum=f.stratum)
        assert_allclose(a.z, b.z, equal_nan=True)


@few
@given(follow_ups())
def test_relabelling_the_arms_turns_the_sign_and_row_order_is_nothing(f: FollowUp) -> None:
    mixed = np.random.default_rng(1).permutation(f.time.size)
    for weight in WEIGHTS:
        a = sv.weighted_log_rank(f.time, f.event, f.arm, weight)
        b = sv.weighted_log_rank(f.time[mixed], f.event[mixed], np.array(["b", "a"])[f.arm[mixed]], weight)
        assert_allclose(a.z, -b.z, atol=1e-9, equal_nan=True)
        assert_allclose(a.chi2, b.chi2, atol=1e-9, equal_nan=True)


@few
@given(follow_ups())
def test_arms_without_strata_are_one_stratum_and_strata_add_up(f: FollowUp) -> None:
    one = sv.log_rank(f.time, f.event, f.arm, stratum=np.full(f.time.size, "all"))
    assert_allclose(one.z, sv.log_rank(f.time, f.event, f.arm).z, equal_nan=True)
    parts = [sv.log_rank(f.time[s], f.event[s], f.arm[s]) for s in (f.stratum == k for k in np.unique(f.stratum))]
    whole = sv.log_rank(f.time, f.event, f.arm, stratum=f.stratum)
    variance = sum(p.covariance[-1, -1] for p in parts if len(p.arm) == 2)
    excess = sum(p.observed[-1] - p.expected[-1] for p in parts if len(p.arm) == 2)
    if whole.df:
        assert_allclose(whole.z, excess / np.sqrt(variance), atol=1e-9)


@few
@given(follow_ups())
def test_two_arms_of_the_compiled_code_are_two_of_many(f: FollowUp) -> None:
    """A third arm that is never at risk leaves two: the array code and the compiled code agree."""
    for weight in WEIGHTS:
        two = sv.weighted_log_rank(f.time, f.event, f.arm, weight, stratum=f.stratum)
        three = sv.weighted_log_rank(
            np.append(f.time, 0.5), np.append(f.event, False), np.append(f.arm, 2), weight,
            stratum=np.append(f.stratum, 9),
        )  # fmt: skip
        assert_allclose(three.observed[:2], two.observed, rtol=1e-9, atol=1e-10)
        assert_allclose(three.expected[:2], two.expected, rtol=1e-9, atol=1e-10)
        assert_allclose(three.chi2, two.chi2, rtol=1e-8, atol=1e-10, equal_nan=True)


@few
@given(follow_ups())
def test_batches_give_what_single_tests_give(f: FollowUp) -> None:
    args = (f.time[None], f.event[None], f.arm[None])
    plain = sv.log_rank(f.time, f.event, f.arm)
    assert_allclose(sv.log_rank_batch(*args).z[0], plain.z, equal_nan=True)
    several = sv.weighted_log_rank_batch(*args, WEIGHTS, stratum=f.stratum)
    for i, weight in enumerate(WEIGHTS):
        one = sv.weighted_log_rank(f.time, f.event, f.arm, weight, stratum=f.stratum)
        assert_allclose(several.z[0, i], one.z, equal_nan=True)
    stratified = sv.stratified_log_rank_batch(*args, f.stratum)
    assert_allclose(stratified.z[0], several.z[0, 0], equal_nan=True)


def test_batches_order_times_of_every_size() -> None:
    """Huge, tiny, equal and nearly equal times: the compiled sort is exact and stable."""
    rng = np.random.default_rng(5)
    times = np.stack([
        rng.exponential(1, 300), rng.integers(1, 9, 300).astype(float), 1e9 + rng.random(300) * 1e-3,
        rng.exponential(1e-300, 300), np.zeros(300), 1 + np.arange(300)[::-1] * 1e-15, rng.exponential(1e300, 300),
    ])  # fmt: skip
    events, arm = rng.random(times.shape) < 0.7, rng.integers(0, 2, times.shape)
    batch = sv.log_rank_batch(times, events, arm)
    for i in range(len(times)):
        ranks = stats.rankdata(times[i], method="dense")
        assert_allclose(batch.z[i], sv.log_rank(ranks, events[i], arm[i]).z, rtol=1e-9, equal_nan=True)


def test_peto_and_gehan_by_hand() -> None:
    """Four people, the later arm dies last: U = -4/2 - 3 2/3, var = 16/4 + 9 2/9 with Gehan's weights 4 and 3."""
    test = sv.weighted_log_rank([1, 2, 3, 4], [1, 1, 1, 1], ["a", "a", "b", "b"], sv.Gehan())
    assert_allclose(test.z, -4 / np.sqrt(6))
    test = sv.weighted_log_rank([1, 2, 3, 4], [1, 1, 1, 1], ["a", "a", "b", "b"], sv.PetoPeto())
    w = [4 / 5, 4 / 5 * 3 / 4]
    assert_allclose(test.z, -(w[0] / 2 + w[1] * 2 / 3) / np.sqrt(w[0] ** 2 / 4 + w[1] ** 2 * 2 / 9))


def test_a_modest_weight_without_delay_is_the_log_rank_test() -> None:
    rng = np.random.default_rng(2)
    time, event, arm = rng.exponential(1, 60), rng.random(60) < 0.8, np.arange(60) % 2
    plain = sv.log_rank(time, event, arm).z
    assert_allclose(sv.weighted_log_rank(time, event, arm, sv.ModestlyWeighted(0)).z, plain)
    late = sv.weighted_log_rank(time, event, arm, sv.ModestlyWeighted(1e9))
    curve = sv.kaplan_meier(time, event)
    before = np.concatenate(([1.0], curve.survival))[:-1]
    assert_allclose(late.observed.sum(), (curve.n_event / before).sum())


def test_sides_add_up() -> None:
    time, event, arm = [1, 2, 3, 4, 5], [1, 1, 1, 0, 1], [0, 1, 0, 1, 1]
    p = {a: sv.log_rank(time, event, arm, alternative=a).p for a in ("less", "greater", "two-sided")}  # type: ignore[arg-type]
    assert_allclose(p["less"] + p["greater"], 1)
    assert_allclose(p["two-sided"], 2 * min(p["less"], p["greater"]))


@pytest.mark.parametrize(
    ("time", "event", "arm"),
    [([1, 2], [0, 0], [0, 1]), ([1, 2], [1, 1], [0, 0]), ([1, 2, 3], [0, 1, 1], [0, 1, 1])],
)
def test_nothing_to_compare_is_said_so(time: list[int], event: list[int], arm: list[int]) -> None:
    test = sv.log_rank(time, event, arm)
    assert (test.df, np.isnan(test.p), [n.code for n in test.notes]) == (0, True, ["STA-422"])


def test_three_arms_have_no_side() -> None:
    with pytest.raises(StatsError, match="STA-421"):
        sv.log_rank([1, 2, 3], [1, 1, 1], [0, 1, 2], alternative="less")


@few
@given(follow_ups(smallest=20))
def test_one_weight_in_max_combo_is_that_test(f: FollowUp) -> None:
    one = sv.max_combo(f.time, f.event, f.arm, weights=[sv.Gehan()])
    test = sv.weighted_log_rank(f.time, f.event, f.arm, sv.Gehan())
    assert_allclose(one.p, test.p, atol=1e-9, equal_nan=True)
    twice = sv.max_combo(f.time, f.event, f.arm, weights=[sv.Gehan(), sv.Gehan()])
    assert_allclose(twice.p, test.p, atol=1e-9, equal_nan=True)


def test_max_combo_lies_between_the_best_single_p_and_bonferroni() -> None:
    rng = np.random.default_rng(8)
    arm = np.arange(80) % 2
    time, event = rng.exponential(1 + arm), rng.random(80) < 0.8
    for side in ("two-sided", "less", "greater"):
        found = sv.max_combo(time, event, arm, alternative=side)  # type: ignore[arg-type]
        assert found.p_single.min() <= found.p <= min(4 * found.p_single.min(), 1)
    turned = sv.max_combo(time, event, 1 - arm, alternative="greater").p
    assert_allclose(sv.max_combo(time, event, arm, alternative="less").p, turned, atol=1e-8)


@pytest.mark.parametrize("rho", [-0.9, -0.3, 0.0, 0.5, 0.99, 1.0])
def test_rectangles_known_in_closed_form(rho: float) -> None:
    got = sv.normal_rectangle(np.zeros(2), np.full(2, np.inf), np.array([[1, rho], [rho, 1]]))
    assert_allclose(got, 0.25 + np.arcsin(rho) / (2 * np.pi), atol=1e-10)
    three = np.full((3, 3), 0.5) + np.eye(3) / 2
    assert_allclose(sv.normal_rectangle(np.zeros(3), np.full(3, np.inf), three), 0.25, atol=1e-9)
    independent = sv.normal_rectangle(np.full(4, -1.5), np.full(4, 2.0), np.eye(4))
    assert_allclose(independent, (stats.norm.cdf(2) - stats.norm.cdf(-1.5)) ** 4, atol=1e-9)


def test_a_singular_rectangle_is_that_of_its_free_coordinates() -> None:
    """Z3 = (Z1 + Z2)/sqrt 2 with independent Z1, Z2: a box that does not bind Z3 leaves the product."""
    r = np.sqrt(0.5)
    correlation = np.array([[1, 0, r], [0, 1, r], [r, r, 1]])
    got = sv.normal_rectangle(np.array([-1, -1, -9.0]), np.array([1, 1, 9.0]), correlation)
    assert_allclose(got, (2 * stats.norm.cdf(1) - 1) ** 2, atol=1e-10)


def test_too_many_dimensions_are_refused() -> None:
    with pytest.raises(StatsError, match="STA-423"):
        sv.normal_rectangle(np.zeros(6), np.ones(6), np.eye(6))
