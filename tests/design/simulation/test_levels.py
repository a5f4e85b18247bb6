"""The four levels of fidelity agree within Monte Carlo error, and the comparison finds a wrong level."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from opencro.design import DesignError
from opencro.design import simulation as sim
from opencro.design.fixed.clock import Accrual, Arm, Hazard, TwoArms

BOUNDS = (2.96258804, 2.35901771, 2.01408367)
CONTROL, LOST = Hazard.from_median(12), Hazard.from_probability(0.05, 12)
SLOW = Accrual((25.0,), (24.0,))


def _plan(
    ratio: float = 1.0, *, hazard: float = 0.75, late: bool = False, random_entry: bool = False
) -> sim.SurvivalPlan:
    control = Hazard(CONTROL.rates * 2, (0.0, 6.0)) if late else CONTROL
    treated = control.times([1.0, hazard] if late else hazard)
    trial = TwoArms(Arm(treated, LOST), Arm(control, LOST), SLOW, ratio)
    return sim.SurvivalPlan(trial, (150, 225, 300), BOUNDS, (0.0, 0.5), random_entry=random_entry)


# asymptotic theory is off by this much in a probability, beyond Monte Carlo error; days shift times by half of one
MODEL, DAY = 0.006, 0.05


def _differences(one: sim.TrialCharacteristics, two: sim.TrialCharacteristics) -> list[str]:
    """What differs by more than four standard errors and the error of the model."""
    found = []
    frames = [r.to_frame() for r in (one, two)]
    for name in ("reject", "futile"):
        values = [f[name].to_numpy() for f in frames]
        errors = [f[f"{name}_se"].to_numpy() for f in frames]
        allowed = MODEL + 4 * np.hypot(*errors)
        found += [name] * bool(np.any(np.abs(values[0] - values[1]) > allowed))
    limits = {"power": MODEL, "events": 0.6, "duration": DAY, "participants": 1.0}
    for name, limit in limits.items():
        (a, error), (b, other) = one.whole[name], two.whole[name]
        found += [name] * bool(abs(a - b) > limit + 4 * np.hypot(error, other))
    if abs(one.z[0] - two.z[0]) > 0.01 + 4 * np.hypot(one.z_se[0], two.z_se[0]):
        found.append("z")
    return found


@pytest.mark.parametrize(
    "plan",
    [_plan(), _plan(hazard=1.0), _plan(2.0), _plan(late=True, hazard=0.6), _plan(random_entry=True)],
    ids=["proportional", "null", "two to one", "late effect", "random entry"],
)
def test_levels_agree(plan: sim.SurvivalPlan) -> None:
    days = sim.simulate_days(plan, trials=20_000, seed=1)
    others = [
        sim.compute_characteristics(plan),
        sim.simulate_score_process(plan, trials=100_000, seed=2),
        sim.simulate_records(plan, trials=3_000, seed=3),
    ]
    assert [_differences(days, other) for other in others] == [[], [], []]
    levels = ["day-grid participants", "analytic", "score process", "full records"]
    assert [r.fidelity for r in (days, *others)] == levels


@pytest.mark.parametrize("wrong", [_plan(hazard=0.72), _plan(1.5), _plan(late=True)])
def test_the_comparison_finds_another_trial(wrong: sim.SurvivalPlan) -> None:
    assert _differences(sim.simulate_days(_plan(), trials=20_000, seed=1), sim.compute_characteristics(wrong))


def test_the_grid_of_days_moves_the_mean_of_z_by_less_than_a_hundredth() -> None:
    plan = _plan(hazard=0.7)
    days = sim.simulate_days(plan, trials=100_000, seed=1)
    fine = sim.SurvivalPlan(plan.trial, plan.events, plan.efficacy, plan.futility, days=20 * plan.days)
    finer = sim.simulate_days(fine, trials=20_000, seed=2)
    shift = days.z[0] - finer.z[0]
    assert abs(shift) < 0.01 + 4 * np.hypot(days.z_se[0], finer.z_se[0])


@pytest.mark.parametrize("simulate", [sim.simulate_days, sim.simulate_records, sim.simulate_score_process])
def test_workers_do_not_matter(simulate: Callable[..., sim.TrialCharacteristics]) -> None:
    one, two = (simulate(_plan(), trials=2500, seed=9, scenario=4, workers=w) for w in (1, 2))
    assert str(one) == str(two)
    assert str(one) != str(simulate(_plan(), trials=2500, seed=9, scenario=5))


def test_an_analysis_of_ones_own_is_called_for_all_trials_at_once() -> None:
    sizes = []

    def difference(time: np.ndarray, event: np.ndarray, arm: np.ndarray) -> np.ndarray:
        """Events in the arms, as Poisson counts: a cruder test of the same hypothesis."""
        sizes.append(time.shape[0])
        rate = [(event[:, arm == a].sum(1), time[:, arm == a].sum(1)) for a in (0, 1)]
        (d0, t0), (d1, t1) = rate
        return np.log((d0 / t0) / (d1 / t1)) / np.sqrt(1 / d0 + 1 / d1)

    own = sim.simulate_records(_plan(), analysis=difference, trials=3000, seed=1)
    log_rank = sim.simulate_records(_plan(), trials=3000, seed=1)
    assert max(sizes) == 1000
    assert len(sizes) == 9
    assert abs(own.power - log_rank.power) < 0.03
    assert own.z[0] == pytest.approx(log_rank.z[0], abs=0.05)


def test_records_are_those_that_are_analysed() -> None:
    plan = _plan()
    frame = sim.draw_records(plan, seed=3, replicate=7)
    event = np.where(frame["onset"] <= frame["dropout"], frame["entry"] + frame["onset"], np.inf)
    cut = np.sort(event)[149]
    room = np.maximum(cut - frame["entry"].to_numpy(), 0)
    time = np.minimum(np.minimum(frame["onset"].to_numpy(), frame["dropout"].to_numpy()), room)
    z = sim.log_rank_z(time[None], ((event <= cut) & (room > 0))[None], plan.arms())
    seen = []
    sim.simulate_records(
        plan, analysis=lambda t, e, a: seen.append(sim.log_rank_z(t, e, a)) or seen[-1], trials=8, seed=3
    )
    assert seen[0][7] == pytest.approx(z[0], abs=1e-12)


def test_trials_may_all_stop_at_the_first_look() -> None:
    found = sim.simulate_records(_plan(hazard=0.3), trials=20, seed=1)
    assert found.reject.tolist() == [1.0, 0.0, 0.0]


def test_bounds_that_do_not_fit_are_refused() -> None:
    with pytest.raises(DesignError, match="DES-520"):
        sim.SurvivalPlan(_plan().trial, (150, 700), (2.9, 2.0))
