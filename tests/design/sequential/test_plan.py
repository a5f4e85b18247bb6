"""Laws of group sequential designs, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from opencro.design import DesignError
from opencro.design import sequential as gs

RULES = [
    gs.LanDeMetsOBrienFleming(), gs.LanDeMetsPocock(), gs.HwangShihDeCani(-4), gs.HwangShihDeCani(0), gs.KimDeMets(2),
    gs.PiecewiseLinear((0.5,), (0.3,)), gs.OBrienFleming(), gs.Pocock(), gs.WangTsiatis(0.2), gs.HaybittlePeto(3.3),
]  # fmt: skip


@pytest.mark.parametrize("sided", [1, 2])
@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.name())
def test_every_rule_spends_alpha_and_reaches_its_power(rule: gs.Pocock, sided: int) -> None:
    design = gs.group_sequential([0.4, 0.7, 1], alpha=0.05, sided=sided, power=0.85, efficacy=rule)
    assert design.alpha_spent[-1] == pytest.approx(0.05, abs=1e-8)
    assert design.operating([0.0, design.drift]).power == pytest.approx([0.05, 0.85], abs=1e-8)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0.05, 0.95), min_size=1, max_size=4, unique_by=lambda x: round(x, 1)), st.floats(0.005, 0.1))
def test_a_design_is_never_smaller_than_a_trial_without_looks(looks: list[float], alpha: float) -> None:
    design = gs.group_sequential([*sorted(looks), 1.0], alpha=alpha)
    assert design.inflation >= 1 - 1e-9
    assert (design.operating(np.linspace(0, 5, 6)).expected_information <= 1 + 1e-9).all()
    assert (np.diff(design.operating(np.linspace(0, 5, 20)).power) > 0).all()


def test_one_look_is_a_fixed_trial() -> None:
    design = gs.group_sequential(1, alpha=0.025, power=0.9)
    assert design.efficacy == pytest.approx([norm.isf(0.025)], abs=1e-9)
    assert design.inflation == pytest.approx(1, abs=1e-9)


def test_two_sides_mirror() -> None:
    design = gs.group_sequential(3, alpha=0.05, sided=2)
    plus, minus = (design.operating(sign * 2.0) for sign in (1, -1))
    assert plus.power == pytest.approx(minus.power, abs=1e-12)


def test_binding_futility_buys_lower_efficacy_bounds() -> None:
    free, bound = (
        gs.group_sequential(3, futility=gs.HwangShihDeCani(-2), binding=binding) for binding in (False, True)
    )
    assert bound.efficacy[-1] < free.efficacy[-1]
    assert bound.inflation < free.inflation
    assert bound.operating(0.0).power == pytest.approx(0.025, abs=1e-8)
    assert free.operating(0.0).power < 0.025
    for design in (free, bound):
        assert design.operating(design.drift).power == pytest.approx(0.9, abs=1e-7)


def test_given_futility_that_binds_keeps_alpha_too() -> None:
    design = gs.group_sequential(3, futility=gs.FutilityZ((0.0, None)), binding=True)
    assert design.operating(0.0).power == pytest.approx(0.025, abs=1e-8)
    assert np.isneginf(design.futility[1])


def test_futility_on_scales_of_power() -> None:
    by_trend = gs.group_sequential(2, futility=gs.FutilityConditionalPower(0.2))
    t, c, z = 0.5, by_trend.efficacy[-1], by_trend.futility[0]
    assert norm.cdf((z * t**0.5 + z / t**0.5 * (1 - t) - c) / (1 - t) ** 0.5) == pytest.approx(0.2, abs=1e-9)
    predicted = gs.group_sequential(2, futility=gs.FutilityPredictivePower((0.2,)))
    assert norm.cdf((predicted.futility[0] - c * t**0.5) / (1 - t) ** 0.5) == pytest.approx(0.2, abs=1e-9)


def test_what_a_skipped_look_would_have_spent_is_carried_or_forfeited() -> None:
    looks, stops = [0.4, 0.7, 1], [False, True, True]
    carried = gs.group_sequential(looks, efficacy_stops=stops)
    forfeited = gs.group_sequential(looks, efficacy_stops=stops, unspent="forfeited")
    assert carried.alpha_spent[-1] == pytest.approx(0.025, abs=1e-8)
    assert forfeited.efficacy[1:] == pytest.approx([2.444541881599, 2.000538979583], abs=5e-6)  # as gsDesign has it
    assert forfeited.alpha_spent[-1] < 0.025


def test_spending_by_calendar_time_differs_from_information() -> None:
    design = gs.group_sequential([0.5, 1], efficacy=gs.KimDeMets(1), spending_time=[0.4, 1])
    assert design.alpha_spent[0] == pytest.approx(0.01, abs=1e-9)


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("DES-103", {"efficacy": gs.GivenBounds((3.0,))}),
        ("DES-104", {"efficacy": gs.HaybittlePeto(1.0)}),
        ("DES-105", {"futility": gs.FutilityZ((0.0, 0.0))}),
        ("DES-106", {"futility": gs.FutilityConditionalPower(1.5)}),
        ("DES-107", {"efficacy_stops": [True, False]}),
        ("DES-108", {"information": [0.5, 0.4, 1]}),
        ("DES-109", {"alpha": 0.95}),
        ("DES-110", {"efficacy": gs.Pocock(), "futility": gs.KimDeMets(1), "binding": True}),
        ("DES-111", {"futility": gs.FutilityZ((4.0,))}),
        ("DES-112", {"efficacy": gs.Pocock(), "efficacy_stops": [False, True]}),
    ],
)
def test_the_impossible_is_refused_with_a_remedy(code: str, arguments: dict[str, object]) -> None:
    with pytest.raises(DesignError) as error:
        gs.group_sequential(**{"information": 2, **arguments})  # type: ignore[arg-type]
    assert error.value.code == code
    assert error.value.remedy


def test_impossible_spending_is_refused() -> None:
    with pytest.raises(DesignError, match="DES-101"):
        gs.KimDeMets(0)
    with pytest.raises(DesignError, match="DES-102"):
        gs.PiecewiseLinear((0.5, 0.4), (0.1, 0.2))


def test_a_design_prints_as_a_table() -> None:
    text = str(gs.group_sequential(2, futility=gs.HwangShihDeCani(-2)))
    assert "efficacy" in text
    assert "one-sided alpha 0.025, power 0.9" in text
    assert "futility" not in str(gs.group_sequential(2)).splitlines()[1]
