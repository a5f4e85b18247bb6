"""The accruing trial: decisions, repeated intervals and final inference, beside simulated trials."""

from __future__ import annotations

import math

import numpy as np
import pytest

from opencro.design import DesignError
from opencro.design import sequential as gs

PLAN = gs.group_sequential(3, efficacy=gs.OBrienFleming())


def _trials(theta: float, t: np.ndarray, count: int = 400_000, seed: int = 3) -> np.ndarray:
    steps = np.diff(t, prepend=0.0)
    score = np.cumsum(np.random.default_rng(seed).normal(theta * steps, np.sqrt(steps), (count, t.size)), axis=1)
    return np.asarray(score / np.sqrt(t))


def _stopped(z: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Look (from 0) and statistic at which each trial stops."""
    crossed = z >= upper
    crossed[:, -1] = True
    look = crossed.argmax(axis=1)
    return look, z[np.arange(len(z)), look]


@pytest.mark.parametrize("theta", [0.0, 2.0])
def test_the_final_inference_covers_and_has_a_uniform_p(theta: float) -> None:
    t = PLAN.information
    look, z = _stopped(_trials(theta, t, 4_000), PLAN.efficacy)
    found = [
        gs.infer_final(PLAN, t[: k + 1], [0.0] * k + [v], max_information=1.0)
        for k, v in zip(look[:800], z[:800], strict=True)
    ]
    assert np.mean([f.lower <= theta <= f.upper for f in found]) == pytest.approx(0.95, abs=0.03)
    assert np.mean([f.median_unbiased > theta for f in found]) == pytest.approx(0.5, abs=0.06)
    if theta == 0:
        assert np.mean([f.p_value < 0.3 for f in found]) == pytest.approx(0.3, abs=0.06)


def test_the_p_value_of_five_looks_is_that_of_simulated_trials() -> None:
    plan = gs.group_sequential(5, efficacy=gs.OBrienFleming())
    found = gs.infer_final(plan, [20, 40, 60], [0.0, 0.0, 2.8], max_information=100.0)
    z = _trials(0.0, plan.information[:3], 1_000_000)
    extreme = (z[:, :2] >= plan.efficacy[:2]).any(axis=1) | (z[:, 2] >= 2.8)
    assert found.p_value == pytest.approx(extreme.mean(), abs=2e-4)


def test_repeated_intervals_cover_at_all_looks_together() -> None:
    z = _trials(1.5, PLAN.information)
    half = PLAN.efficacy / np.sqrt(PLAN.information)
    estimate = z / np.sqrt(PLAN.information)
    assert (estimate - half <= 1.5).all(axis=1).mean() == pytest.approx(0.975, abs=0.001)


def test_a_repeated_p_is_the_level_at_which_the_rule_just_stops() -> None:
    for plan in (PLAN, gs.group_sequential(3), gs.group_sequential(3, alpha=0.05, sided=2)):
        found = gs.analyse(plan, plan.information[:2], [1.0, float(plan.efficacy[1])], max_information=1.0)
        assert found.repeated_p[1] == pytest.approx(plan.alpha, rel=1e-4)
        assert found.decision == ("continue", "reject and stop")


@pytest.mark.parametrize("looks", [[0.3, 0.75, 1.1], [0.5, 0.6, 0.9]])
@pytest.mark.parametrize("rule", [gs.LanDeMetsOBrienFleming(), gs.Pocock(), gs.HaybittlePeto()], ids=lambda r: r.name())
def test_over_and_underrunning_keep_alpha(rule: gs.Pocock, looks: list[float]) -> None:
    plan = gs.group_sequential(3, efficacy=rule)
    upper, _ = gs.update_bounds(plan, looks, final=True)
    found = gs.compute_operating(looks, upper, [-math.inf] * 3, 1, 0.0)
    assert found.reject.sum() == pytest.approx(0.025, abs=1e-8)


def test_binding_futility_keeps_alpha_at_other_looks_too() -> None:
    plan = gs.group_sequential(3, futility=gs.HwangShihDeCani(-2), binding=True)
    upper, lower = gs.update_bounds(plan, [0.4, 0.8, 1.0], final=True)
    assert gs.compute_operating([0.4, 0.8, 1.0], upper, lower, 1, 0.0).power[0] == pytest.approx(0.025, abs=1e-8)
    again = gs.update_bounds(plan, plan.information, final=True)
    assert again[0] == pytest.approx(plan.efficacy, abs=1e-8)
    assert again[1][:-1] == pytest.approx(plan.futility[:-1], abs=1e-6)


def test_conditional_power_averages_to_the_power() -> None:
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    t, b = float(PLAN.information[0]), float(PLAN.efficacy[0])
    z = nodes + PLAN.drift * math.sqrt(t)
    later = [gs.compute_conditional_power(PLAN, 1, v, drift=PLAN.drift) if v < b else 1.0 for v in z]
    assert weights @ later / weights.sum() == pytest.approx(0.9, abs=2e-3)


def test_conditional_error_averages_to_alpha_and_is_the_power_without_an_effect() -> None:
    z = _trials(0.0, PLAN.information[:1], 4_000)[:, 0]
    error = [gs.compute_conditional_error(PLAN, 1, v) for v in z]
    assert np.mean(error) == pytest.approx(0.025, abs=0.003)
    assert error[0] == pytest.approx(gs.compute_conditional_power(PLAN, 1, z[0], drift=0.0))


def test_predictive_power_lies_between_the_powers_that_it_averages() -> None:
    two = gs.group_sequential(2)
    flat = gs.compute_predictive_power(two, 1, 1.5)
    assert flat == pytest.approx(gs.compute_predictive_power_final(1.5, 0.5, float(two.efficacy[1])), abs=1e-6)
    sure = gs.compute_predictive_power(two, 1, 1.5, prior_mean=3.0, prior_sd=1e-4)
    assert sure == pytest.approx(gs.compute_conditional_power(two, 1, 1.5, drift=3.0), abs=1e-4)


def test_a_futile_trial_is_told_so() -> None:
    plan = gs.group_sequential(2, futility=gs.FutilityZ((0.0,)))
    assert gs.analyse(plan, [0.5], [-0.2], max_information=1.0).decision == ("stop for futility",)
    assert gs.analyse(plan, [0.5, 1.0], [1.0, 1.0], max_information=1.0, final=True).decision[1] == "accept"


def test_delayed_decisions_keep_alpha_and_reverse_both_ways_alike() -> None:
    plan = gs.group_sequential([0.3, 0.7, 1], futility=gs.HwangShihDeCani(-2), binding=True)
    found = gs.decide_delayed(plan, [0.15, 0.15])
    assert found.reject.sum() == pytest.approx(0.025, abs=1e-7)
    assert found.decision[-1] == plan.efficacy[-1]


@pytest.mark.parametrize(
    ("code", "ask"),
    [
        ("DES-113", lambda: gs.update_bounds(PLAN, [0.5, 0.4])),
        ("DES-114", lambda: gs.analyse(PLAN, [0.5], [1.0, 2.0], max_information=1.0)),
        ("DES-115", lambda: gs.decide_delayed(PLAN, [0.1, 0.1])),
        ("DES-116", lambda: gs.enumerate_binomial_looks([10, 10], [1, 2], [5, 5], [0.1])),
    ],
)
def test_impossible_looks_are_refused(code: str, ask: object) -> None:
    with pytest.raises(DesignError, match=code):
        ask()  # type: ignore[operator]
