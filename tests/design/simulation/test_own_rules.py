"""Rules and analyses of one's own: type I error kept by any rule, theory met, the same on any number of workers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm, spearmanr

from opencro.design import DesignError
from opencro.design import simulation as sim
from opencro.design.fixed.clock import Hazard

PLAN = sim.StagedPlan((100, 100), (2.96258804, 1.96859564))


def wild(interim: sim.Interim) -> np.ndarray:
    """A rule made to cheat: hopeful trials get a tiny stage, others a huge one."""
    return np.where(interim.estimate > 0.2, 4.0, 2000.0)


@pytest.mark.parametrize("rule", [None, wild, sim.by_conditional_power(PLAN, power=0.9, smallest=20, largest=400)])
@pytest.mark.parametrize("effect", [sim.Mean(0.0), sim.Mean(-0.2, 2.0), sim.Proportion(0.3, 0.3)])
def test_no_rule_inflates_the_type_one_error(rule: Callable[..., np.ndarray] | None, effect: object) -> None:
    found = sim.simulate_stages(PLAN, effect, rule=rule, trials=40_000, seed=3)
    _, power, error = found.summary().row(0)
    slack = 0.003 if isinstance(effect, sim.Proportion) else 0.0  # tests of proportions are exact only in the limit
    assert power < 0.025 + slack + 4 * error


def test_pooling_after_the_wild_rule_would_inflate_it() -> None:
    """The same rule, all participants pooled as if planned: what fixed weights protect from can be found."""
    seen = []

    def keep(interim: sim.Interim) -> np.ndarray:
        seen.append(interim)
        return wild(interim)

    sim.simulate_stages(sim.StagedPlan((100, 100), (9.0, 1.96)), sim.Mean(0.0), rule=keep, trials=40_000, seed=3)
    first = np.concatenate([i.z[:, 0] for i in seen])
    sizes = np.concatenate([wild(i) for i in seen])
    second = np.random.default_rng(1).normal(size=first.size)
    pooled = (np.sqrt(100) * first + np.sqrt(sizes) * second) / np.sqrt(100 + sizes)
    assert (pooled > 1.96).mean() > 0.03


def test_stages_are_the_group_sequential_theory() -> None:
    found = sim.simulate_stages(PLAN, sim.Mean(0.4), trials=60_000, seed=1)
    drift = 0.4 * np.sqrt(np.array([25.0, 50.0]))
    cov = [[1, np.sqrt(0.5)], [np.sqrt(0.5), 1]]
    neither = multivariate_normal.cdf(np.array(PLAN.efficacy) - drift, cov=cov)
    assert found.power == pytest.approx(1 - neither, abs=4 * found.summary()["se"][0])
    stop = norm.sf(PLAN.efficacy[0] - drift[0])
    assert found.summary()["estimate"][1] == pytest.approx(200 - 100 * stop, abs=4 * found.summary()["se"][1])


def test_futility_stops() -> None:
    plan = sim.StagedPlan((100, 100), PLAN.efficacy, (0.0,))
    futile = sim.simulate_stages(plan, sim.Mean(0.0), trials=20_000, seed=1).to_frame()
    assert futile["futile"][0] == pytest.approx(0.5, abs=4 * futile["futile_se"][0])


TRIAL = sim.Population(
    400,
    {
        "score": sim.Measured((0.0, 0.3), 2.0), "responds": sim.Response((0.2, 0.5)), "attacks": sim.Count((3.0, 1.5)),
        "relapse": sim.Onset((Hazard.from_median(12), Hazard.from_median(24))),
    },
    ratio=(1, 3),
    correlation=((1, 0.5, -0.4, 0.3), (0.5, 1, -0.2, 0.2), (-0.4, -0.2, 1, -0.6), (0.3, 0.2, -0.6, 1)),
)  # fmt: skip


def test_endpoints_have_their_distributions_and_correlations() -> None:
    values, arms = sim.draw_endpoints(TRIAL, seed=4, trials=300), TRIAL.arms()
    assert (arms == 1).mean() == 0.75
    for arm, (rate, count, median) in enumerate(zip((0.2, 0.5), (3.0, 1.5), (12, 24), strict=True)):
        here = {name: v[:, arms == arm].ravel() for name, v in values.items()}
        n = here["score"].size
        assert here["score"].mean() == pytest.approx((0.0, 0.3)[arm], abs=4 * 2 / np.sqrt(n))
        assert here["score"].std() == pytest.approx(2.0, abs=0.03)
        assert here["responds"].mean() == pytest.approx(rate, abs=4 * np.sqrt(rate * (1 - rate) / n))
        assert here["attacks"].mean() == pytest.approx(count, abs=4 * np.sqrt(count / n))
        assert here["attacks"].var() == pytest.approx(count, rel=0.04)
        assert (here["relapse"] > median).mean() == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(n))
        # rank correlation of a Gaussian copula: 6/pi asin(r/2)
        got = spearmanr(here["score"], here["relapse"]).statistic
        assert got == pytest.approx(6 / np.pi * np.arcsin(0.15), abs=0.02)


def both(values: Mapping[str, np.ndarray], arms: np.ndarray) -> dict[str, np.ndarray]:
    """Two means tested at 2.5 %, known standard deviation: either, both."""
    n = arms.size / 2
    z = [(values[k][:, arms == 1].mean(1) - values[k][:, arms == 0].mean(1)) * np.sqrt(n / 2) for k in ("a", "b")]
    one, two = (x > 1.959964 for x in z)
    return {"a": one, "either": one | two, "both": one & two}


@pytest.mark.parametrize("r", [0.0, 0.8])
def test_power_for_two_endpoints_is_that_of_two_normals(r: float) -> None:
    trial = sim.Population(
        100, {"a": sim.Measured((0, 0.5)), "b": sim.Measured((0, 0.5))}, correlation=((1, r), (r, 1))
    )
    found = sim.simulate_endpoints(trial, both, trials=6000, seed=2)
    drift = 0.5 * 5 - 1.959964
    joint = multivariate_normal.cdf([drift, drift], cov=[[1, r], [r, 1]])
    single = norm.cdf(drift)
    exact = {"a": single, "either": 2 * single - joint, "both": joint}
    for name, share, error in found.summary().iter_rows():
        assert share == pytest.approx(exact[name], abs=4 * error), name
    assert sim.simulate_endpoints(trial, both, trials=6000, seed=2, workers=2).counts.tolist() == found.counts.tolist()


@pytest.mark.parametrize(
    ("code", "attempt"),
    [
        ("DES-525", lambda: sim.StagedPlan((100, 100), (2.0,))),
        ("DES-525", lambda: sim.simulate_stages(PLAN, sim.Proportion(0.0, 0.2), seed=1)),
        ("DES-526", lambda: sim.Population(10, {"a": sim.Measured((0.0,))})),
        ("DES-526", lambda: sim.Population(10, {"a": sim.Measured((0, 0)), "b": sim.Measured((0, 0))}, correlation=((1,
        2), (2, 1)))),
        ("DES-526", lambda: sim.simulate_endpoints(sim.Population(10, {"a": sim.Measured((0, 0))}), lambda v,
        a: {"x": v["a"] > 0}, seed=1)),
    ],
)  # fmt: skip
def test_impossible_trials_are_refused(code: str, attempt: Callable[[], object]) -> None:
    with pytest.raises(DesignError, match=code):
        attempt()
