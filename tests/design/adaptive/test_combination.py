"""Combination tests keep alpha whatever the stages became, over the null space, and their intervals cover."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from opencro.design import DesignError
from opencro.design import adaptive as ad
from opencro.design import sequential as gs

DESIGNS = [
    ad.fisher_equal_levels(3), ad.fisher_full_level(3, futility=0.3), ad.fisher_no_interaction(3),
    ad.fisher_equal_levels(3, futility=0.4, binding=True),
]  # fmt: skip


def _rejection_rate(design: ad.FisherDesign | gs.GroupSequentialDesign, effect: float, seed: int) -> float:
    """Two stages more than the first, whose size depends on the first p-value: an adaptation after each look."""
    rng = np.random.default_rng(seed)
    count = 200_000
    size, p = np.ones(count), np.ones((count, 3))
    alive, rejected = np.ones(count, bool), np.zeros(count, bool)
    for k in range(3):
        p[:, k] = norm.sf(rng.normal(effect * np.sqrt(size)))
        if isinstance(design, ad.FisherDesign):
            hit = p[:, : k + 1].prod(axis=1) <= design.critical[k]
            stop = p[:, k] > (design.futility[k] if design.binding else 1.0)
        else:
            weights = np.sqrt(np.diff(design.information, prepend=0.0))[: k + 1]
            hit = norm.isf(p[:, : k + 1]) @ weights / np.sqrt(design.information[k]) >= design.efficacy[k]
            stop = np.zeros(count, bool)
        rejected |= alive & hit
        alive &= ~hit & ~stop
        size = np.where(p[:, 0] < 0.2, 4.0, 0.5)  # larger where it looks good
    return float(rejected.mean())


@pytest.mark.parametrize(
    "design", [*DESIGNS, gs.group_sequential(3)], ids=lambda d: getattr(d, "rule", "inverse normal")
)
def test_alpha_holds_over_the_null_space_with_a_size_that_follows_the_data(
    design: ad.FisherDesign | gs.GroupSequentialDesign,
) -> None:
    at_border = _rejection_rate(design, 0.0, 1)
    assert at_border == pytest.approx(0.025, abs=0.0011)
    inside = [_rejection_rate(design, effect, 2) for effect in (-0.5, -0.2, -0.05)]
    assert max(inside) <= 0.025
    assert inside == sorted(inside)


def test_the_same_data_by_stage_and_pooled_agree_where_nothing_was_adapted() -> None:
    design = gs.group_sequential(2)
    stages = ad.LogRankStages([50, 50], [1.5, 1.8])
    by_stage, pooled = ad.analyse_stages(design, stages), ad.analyse_stages(design, stages, pooled=True)
    assert by_stage.statistic == pytest.approx(pooled.statistic)
    assert by_stage.lower == pytest.approx(pooled.lower)
    assert by_stage.conditional_error[0] == pytest.approx(gs.compute_conditional_error(design, 1, 1.5))


def test_mirrored_stages_turn_the_effect_round() -> None:
    design = gs.group_sequential(2)
    data = ([30, 30], [30, 30], [1.0, 1.1], [0.6, 0.7], [1.0, 1.1], [1.2, 0.9])
    swapped = (data[1], data[0], data[3], data[2], data[5], data[4])
    one = ad.analyse_stages(design, ad.MeanStages(*data))
    two = ad.analyse_stages(design, ad.Mirrored(ad.MeanStages(*swapped)))
    assert two.statistic == pytest.approx(one.statistic)
    assert two.lower == pytest.approx(one.lower, abs=1e-7)


def test_conditional_power_without_an_effect_is_the_conditional_error() -> None:
    for design in (gs.group_sequential(3), ad.fisher_equal_levels(3)):
        value = float(ad.combine(design, [0.1])[0])
        power = ad.compute_conditional_power_stages(design, 1, value, [0.0, 0.0])[-1]
        assert power == pytest.approx(ad.compute_conditional_error_combined(design, 1, value), abs=2e-4)


def test_a_repeated_p_at_the_bound_is_alpha() -> None:
    for design in DESIGNS:
        assert ad.compute_repeated_p_combined(design, 2, float(design.critical[1])) == pytest.approx(0.025, rel=1e-6)


def test_the_final_p_of_fisher_is_uniform_at_the_bound() -> None:
    design = ad.fisher_equal_levels(2)
    assert ad.compute_final_p(design, 2, float(design.critical[1])) == pytest.approx(0.025, abs=1e-9)
    assert not ad.rejects(design, 1, 0.5)


@pytest.mark.parametrize(
    ("code", "ask"),
    [
        ("DES-401", lambda: ad.fisher_equal_levels(2, futility=0.01)),
        ("DES-404", lambda: ad.fisher_full_level(3)),
        ("DES-402", lambda: ad.LogRankStages([10, 10], [1.0])),
        ("DES-403", lambda: ad.analyse_stages(gs.group_sequential(1), ad.LogRankStages([10, 10], [1.0, 1.0]))),
    ],
)
def test_impossible_stages_are_refused(code: str, ask: object) -> None:
    with pytest.raises(DesignError, match=code):
        ask()  # type: ignore[operator]
