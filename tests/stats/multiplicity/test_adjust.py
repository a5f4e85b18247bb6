"""The procedures for equal hypotheses against their definitions and against statsmodels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as s
from statsmodels.stats.multitest import multipletests

from opencro.stats import StatsError
from opencro.stats import multiplicity as mult

P_VALUES = s.lists(s.floats(0, 1) | s.sampled_from([0.0, 0.01, 0.02, 1.0]), min_size=1, max_size=6)
NAMES = {
    "bonferroni": "bonferroni",
    "sidak": "sidak",
    "holm": "holm",
    "holm_sidak": "holm-sidak",
    "hochberg": "simes-hochberg",
    "hommel": "hommel",
    "benjamini_hochberg": "fdr_bh",
    "benjamini_yekutieli": "fdr_by",
}


def _batch(name: str) -> Callable[..., np.ndarray]:
    return getattr(mult, f"adjust_{name}_batch")


@pytest.mark.parametrize("name", NAMES)
def test_agrees_with_statsmodels_over_many_families(name: str) -> None:
    p = np.random.default_rng(1).beta(0.4, 2, size=(30, 7))
    p[::3, 2] = p[::3, 5]
    wanted = np.array([multipletests(row, method=NAMES[name])[1] for row in p])
    np.testing.assert_allclose(_batch(name)(p), wanted, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None)
@given(p=P_VALUES, seed=s.integers(0, 10))
def test_order_of_hypotheses_is_irrelevant_and_ranks_are_kept(name: str, p: list[float], seed: int) -> None:
    values = np.array(p)
    order = np.random.default_rng(seed).permutation(values.size)
    adjusted = _batch(name)(values)
    np.testing.assert_allclose(_batch(name)(values[order]), adjusted[order], rtol=1e-12)
    assert (adjusted >= values - 1e-12).all()
    assert (adjusted <= 1).all()
    assert (np.diff(adjusted[np.argsort(values, kind="stable")]) >= -1e-12).all()


@settings(max_examples=60, deadline=None)
@given(p=P_VALUES)
def test_hommel_and_hochberg_are_closed_tests(p: list[float]) -> None:
    def simes(members: tuple[int, ...]) -> float:
        return float(mult.simes_batch([p[i] for i in members]))

    def hochberg(members: tuple[int, ...]) -> float:
        ranked = sorted(p[i] for i in members)
        return min(min((len(ranked) - i) * v for i, v in enumerate(ranked)), 1.0)

    np.testing.assert_allclose(mult.closed_test(p, simes).adjusted, mult.adjust_hommel_batch(p), rtol=1e-12)
    np.testing.assert_allclose(mult.closed_test(p, hochberg).adjusted, mult.adjust_hochberg_batch(p), rtol=1e-12)


@settings(max_examples=60, deadline=None)
@given(p=P_VALUES)
def test_the_known_order_of_power_holds(p: list[float]) -> None:
    bonferroni, holm, hochberg, hommel = (_batch(n)(p) for n in ("bonferroni", "holm", "hochberg", "hommel"))
    assert (bonferroni + 1e-12 >= holm).all()
    assert (holm + 1e-12 >= hochberg).all()
    assert (hochberg + 1e-12 >= hommel).all()


def test_simes_by_hand() -> None:
    assert mult.simes([0.03, 0.04, 0.045]).p_value == pytest.approx(0.045)
    assert mult.simes([0.01, 0.9]).p_value == pytest.approx(0.02)
    assert mult.simes([0.2]).p_value == 0.2


def test_a_single_hypothesis_is_left_as_it_is() -> None:
    for name in NAMES:
        assert _batch(name)([0.037])[0] == pytest.approx(0.037)


@pytest.mark.parametrize("p", [[], [0.1, np.nan], [-0.1], [1.2]])
def test_what_is_no_p_value_is_refused(p: list[float]) -> None:
    with pytest.raises(StatsError) as caught:
        mult.adjust_holm(p)
    assert caught.value.code == "STA-700"


def test_alpha_and_names_are_checked() -> None:
    with pytest.raises(StatsError, match="STA-701"):
        mult.adjust_holm([0.1], alpha=1.0)
    with pytest.raises(StatsError, match="STA-700"):
        mult.adjust_holm([0.1, 0.2], names=["A", "A"])


def test_decisions_are_the_adjusted_p_values_at_alpha() -> None:
    result = mult.adjust_holm([0.01, 0.02, 0.04], alpha=0.03, names=["A", "B", "C"])
    np.testing.assert_allclose(result.adjusted, [0.03, 0.04, 0.04])
    assert result.rejected.tolist() == [True, False, False]
    assert result.to_frame()["rejected"].to_list() == [True, False, False]


@settings(max_examples=40, deadline=None)
@given(p=s.lists(s.floats(1e-6, 1), min_size=4, max_size=4), truncation=s.sampled_from([0.0, 0.3, 0.8, 1.0]))
def test_gatekeeping_equals_its_multistage_definition_at_every_alpha(p: list[float], truncation: float) -> None:
    for component in ("holm", "hochberg", "hommel", "bonferroni"):
        families = [mult.Family((0, 1), component, truncation), mult.Family((2, 3), "holm")]
        adjusted = mult.gate_parallel(families, p).adjusted
        for alpha in (0.003, 0.02, 0.05, 0.2, 0.6):
            wanted = _by_stages(component, truncation, np.array(p), alpha)
            clear = np.abs(adjusted - alpha) > 1e-9
            assert ((adjusted <= alpha) == wanted)[clear].all()


def _by_stages(component: str, g: float, p: np.ndarray, alpha: float) -> np.ndarray:
    """Two families of two, written out: sorted p against the truncated critical values."""
    g = 0.0 if component == "bonferroni" else g
    low, high = np.sort(p[:2])
    single, both = (g / 1 + (1 - g) / 2) * alpha, (g / 2 + (1 - g) / 2) * alpha
    step_up = component in ("hochberg", "hommel")
    first = np.zeros(2, dtype=bool)
    if step_up and high <= single:
        first[:] = True
    elif low <= both:
        first = p[:2] <= (single if (component != "bonferroni") else both)
        first[np.argmin(p[:2])] = True
    accepted = 2 - first.sum()
    left = alpha - (0 if accepted == 0 else (g + (1 - g) * accepted / 2) * alpha)
    second = np.zeros(2, dtype=bool)
    if p[2:].min() <= left / 2:
        second = p[2:] <= left
        second[np.argmin(p[2:])] = True
    return np.concatenate([first, second])


def test_a_full_first_family_makes_serial_gatekeeping() -> None:
    families = [mult.Family((0, 1)), mult.Family((2,))]
    assert mult.gate_parallel(families, [0.01, 0.3, 0.001]).adjusted.tolist() == pytest.approx([0.02, 0.3, 0.3])


@pytest.mark.parametrize("families", [[mult.Family((0, 1))], [mult.Family((0, 1)), mult.Family((1, 2))]])
def test_families_must_share_out_the_hypotheses(families: list[mult.Family]) -> None:
    with pytest.raises(StatsError, match="STA-706"):
        mult.gate_parallel(families, [0.1, 0.1, 0.1])


def test_gatekeeping_truncation_is_checked() -> None:
    with pytest.raises(StatsError, match="STA-706"):
        mult.gate_parallel([mult.Family((0,), "holm", 1.5)], [0.1])


def test_gatekeeping_batch_is_row_by_row() -> None:
    p = np.random.default_rng(2).random((20, 5)) ** 3
    families = [mult.Family((3, 1), "hochberg", 0.4), mult.Family((0, 2, 4), "hommel", 0.7)]
    rows = np.array([mult.gate_parallel(families, row).adjusted for row in p])
    np.testing.assert_allclose(mult.gate_parallel_batch(families, p), rows, rtol=1e-14)
