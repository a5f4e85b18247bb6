"""Several arms over stages beside simulation; sizes that are estimated again; a subgroup with all participants."""

from __future__ import annotations

import math

import numpy as np
import pytest

from opencro.design import DesignError
from opencro.design import adaptive as ad

PLAN = ad.multi_stage(3, [1, 2], effect=0.5, uninteresting=0.1, lower=0.0)


def _simulate(effects: list[float], seed: int, count: int = 200_000) -> tuple[np.ndarray, np.ndarray]:
    """Which arm is taken (-1: none) and whether a true null hypothesis was rejected, in trials of PLAN."""
    rng = np.random.default_rng(seed)
    n = float(PLAN.n_arm[0])
    arms = np.cumsum(rng.normal(np.array(effects)[:, None] * n, math.sqrt(n), (count, 3, 2)), axis=2)
    control = np.cumsum(rng.normal(0, math.sqrt(n), (count, 1, 2)), axis=2)
    sizes = n * np.arange(1, 3)
    z = (arms - control) / sizes / np.sqrt(2 / sizes)
    taken, alive = np.full(count, -1), np.ones((count, 3), bool)
    for k in range(2):
        open_ = taken < 0
        value = np.where(alive, z[:, :, k], -np.inf)
        best = value.argmax(axis=1)
        hit = open_ & (value.max(axis=1) >= PLAN.upper[k])
        taken[hit] = best[hit]
        alive &= z[:, :, k] > PLAN.lower[k]
    wrong = np.isin(taken, [j for j, e in enumerate(effects) if e <= 0])
    return taken, wrong


def test_the_family_wise_error_holds_over_the_null_space() -> None:
    rates = [_simulate(e, 3)[1].mean() for e in ([0.0, 0.0, 0.0], [-0.3, 0.0, 0.0], [0.5, 0.0, 0.0], [0.5, 0.5, -0.1])]
    assert rates[0] == pytest.approx(0.025, abs=0.0011)
    assert max(rates) <= 0.025 + 3 * 0.00035


def test_the_good_arm_is_taken_with_the_power() -> None:
    taken, _ = _simulate([0.5, 0.1, 0.1], 4)
    assert (taken == 0).mean() == pytest.approx(0.9, abs=0.02)
    assert (taken == 0).mean() >= 0.9 - 0.003


def test_one_arm_and_one_stage_are_a_simple_trial() -> None:
    found = ad.multi_stage(1, [1], effect=0.5, upper=ad.pocock_shape)
    assert found.upper[0] == pytest.approx(1.959964, abs=1e-4)
    assert found.n_arm[0] == math.ceil(2 * ((1.959964 + 1.281552) / 0.5) ** 2)


def test_the_promising_zone_keeps_alpha_with_the_conventional_test() -> None:
    zone = ad.promising_zone(100, 200, 400)
    rng = np.random.default_rng(6)
    z1 = rng.normal(size=400_000)
    power = ad.conditional_power_trend(z1, 100, 200)
    inside = (z1 >= zone.z_min) & (power < 0.9)
    total = np.full(z1.size, 200.0)
    sizes = {z: ad.size_for_power(z, 100, 200, power=0.9, n_max=400) for z in np.round(np.linspace(1.0, 2.6, 161), 2)}
    total[inside] = [sizes[min(max(round(z, 2), 1.0), 2.6)] for z in z1[inside]]
    final = (z1 * 10 + rng.normal(size=z1.size) * np.sqrt(total - 100)) / np.sqrt(total)
    assert total.max() > 300
    assert (final > 1.959964).mean() <= 0.025 + 3 * 0.00025


def test_a_size_for_power_has_it() -> None:
    n = ad.size_for_power(1.6, 100, 200, power=0.8, n_max=1000)
    bound = (1.959964 * math.sqrt(200) - 16) / 10
    from scipy.stats import norm

    assert norm.cdf(1.6 * math.sqrt((n - 100) / 100) - bound) == pytest.approx(0.8, abs=1e-6)
    assert ad.size_for_power(-1.0, 100, 200, power=0.8, n_max=1000) == 1000
    assert ad.final_bound_unchanged(1.0, 100, 200, 200) == pytest.approx(1.959964)


def test_a_blinded_size_takes_the_effect_out_of_the_spread() -> None:
    rng = np.random.default_rng(7)
    values = np.concatenate([rng.normal(0, 2, 200_000), rng.normal(1, 2, 200_000)])
    blinded = ad.blinded_size_means(float(values.std()), 1.0, n=50)
    assert blinded == pytest.approx(4 * (1.959964 + 1.281552) ** 2 * 4, rel=0.01)


def test_a_subgroup_and_all_of_them_need_less_than_bonferroni() -> None:
    assert 1.959964 < ad.spiessens_debois_critical(0.5) < 2.2415
    assert ad.spiessens_debois_critical(1.0) == pytest.approx(1.959964, abs=1e-6)


@pytest.mark.parametrize(
    ("code", "ask"),
    [
        ("DES-405", lambda: ad.promising_zone(200, 100, 400)),
        ("DES-405", lambda: ad.blinded_size_means(0.4, 1.0, n=10)),
        ("DES-406", lambda: ad.information_for_conditional_error(0.95, 0.3)),
        ("DES-407", lambda: ad.spiessens_debois_critical(0.0)),
        ("DES-408", lambda: ad.multi_stage(2, [2, 1], effect=0.5)),
    ],
)
def test_impossible_plans_are_refused(code: str, ask: object) -> None:
    with pytest.raises(DesignError, match=code):
        ask()  # type: ignore[operator]
