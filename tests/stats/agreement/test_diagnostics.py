"""ROC curves and diagnostic tables: definitions, invariances, witnesses, limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as s
from scipy.stats import mannwhitneyu

from opencro.stats import StatsError, agreement, binary

SAMPLES = s.tuples(
    s.lists(s.integers(0, 12), min_size=2, max_size=12), s.lists(s.integers(0, 12), min_size=2, max_size=12)
)
CELLS = s.tuples(*[s.integers(1, 60)] * 4)


def _labelled(samples: tuple[list[int], list[int]]) -> tuple[np.ndarray, np.ndarray]:
    cases, controls = samples
    return np.array(cases + controls, dtype=float), np.array([1] * len(cases) + [0] * len(controls))


@given(SAMPLES)
@settings(max_examples=40, deadline=None)
def test_the_area_is_mann_and_whitneys_and_that_under_the_curve(samples: tuple[list[int], list[int]]) -> None:
    scores, positive = _labelled(samples)
    found, curve = agreement.area_under_curve(scores, positive), agreement.roc_curve(scores, positive)
    pairs = mannwhitneyu(*samples).statistic / (len(samples[0]) * len(samples[1]))
    assert found.estimate == pytest.approx(pairs, abs=1e-12)
    area = np.trapezoid(curve.sensitivity[::-1], (1 - curve.specificity)[::-1])
    assert found.estimate == pytest.approx(area, abs=1e-12)
    for focus in ("specificity", "sensitivity"):
        whole = agreement.partial_area(scores, positive, low=0, high=1, focus=focus)  # type: ignore[arg-type]
        assert whole == pytest.approx(area, abs=1e-12)


@given(SAMPLES)
@settings(max_examples=30, deadline=None)
def test_increasing_maps_keep_and_turned_scores_mirror_the_area(samples: tuple[list[int], list[int]]) -> None:
    scores, positive = _labelled(samples)
    found = agreement.area_under_curve(scores, positive)
    mapped = agreement.area_under_curve(np.exp(scores / 4), positive.astype(bool))
    assert (mapped.estimate, mapped.se) == pytest.approx((found.estimate, found.se), abs=1e-12)
    for turned in (agreement.area_under_curve(-scores, positive), agreement.area_under_curve(scores, 1 - positive)):
        assert (turned.estimate, turned.se) == pytest.approx((1 - found.estimate, found.se), abs=1e-12)
        assert turned.lower == pytest.approx(1 - found.upper, abs=1e-12)


@given(SAMPLES)
@settings(max_examples=30, deadline=None)
def test_delongs_variance_is_that_of_the_placements(samples: tuple[list[int], list[int]]) -> None:
    cases, controls = (np.array(v, dtype=float) for v in samples)
    wins = (cases[:, None] > controls) + 0.5 * (cases[:, None] == controls)
    wanted = wins.mean(axis=1).var(ddof=1) / len(cases) + wins.mean(axis=0).var(ddof=1) / len(controls)
    found = agreement.area_under_curve(*_labelled(samples))
    assert found.se**2 == pytest.approx(wanted, abs=1e-12)


def test_paired_comparisons_know_of_the_correlation() -> None:
    rng = np.random.default_rng(3)
    positive = np.repeat([1, 0], 60)
    shared = rng.normal(0, 1, 120) + positive
    a, b = shared + rng.normal(0, 0.3, 120), shared + rng.normal(0, 0.9, 120)
    paired = agreement.compare_areas_paired(a, b, positive)
    apart = agreement.compare_areas(a, positive, b, positive)
    assert paired.estimate == pytest.approx(apart.estimate)
    assert paired.se < apart.se
    turned = agreement.compare_areas_paired(b, a, positive)
    assert (turned.estimate, turned.z) == pytest.approx((-paired.estimate, -paired.z))
    same = agreement.compare_areas_paired(a, a, positive)
    assert np.isnan(same.z)
    assert [n.code for n in same.notes] == ["STA-763"]


def test_partial_areas_add_up_and_are_corrected() -> None:
    rng = np.random.default_rng(4)
    positive = np.repeat([1, 0], 80)
    scores = rng.normal(size=160) + positive
    parts = [agreement.partial_area(scores, positive, low=a, high=b) for a, b in ((0, 0.4), (0.4, 0.9), (0.9, 1))]
    assert sum(parts) == pytest.approx(agreement.area_under_curve(scores, positive).estimate)
    assert agreement.partial_area(scores + 99 * positive, positive, corrected=True) == pytest.approx(1)
    mixed = agreement.partial_area(np.zeros(160), positive, corrected=True)
    assert mixed == pytest.approx(0.5)


def test_perfect_separation_is_named_and_logit_limits_stay_inside() -> None:
    found = agreement.area_under_curve([1, 2, 3, 4], [0, 0, 1, 1], interval="logit")
    assert (found.estimate, found.upper) == (1.0, 1.0)
    assert [n.code for n in found.notes] == ["STA-763"]
    found = agreement.area_under_curve([1, 2, 3, 4, 2.5], [0, 0, 1, 1, 1], interval="logit")
    near = agreement.area_under_curve([1, 2.6, 3, 4, 2.5], [0, 0, 1, 1, 1], interval="logit")
    assert 0 < near.lower < near.estimate < near.upper < 1


@given(CELLS)
@settings(max_examples=40, deadline=None)
def test_turning_test_and_condition_mirrors_the_measures(cells: tuple[int, int, int, int]) -> None:
    tp, fp, fn, tn = cells
    found, turned = agreement.diagnostic_accuracy(tp, fp, fn, tn), agreement.diagnostic_accuracy(tn, fn, fp, tp)
    pairs = ((2, 3), (3, 2), (4, 5), (5, 4), (6, 6), (9, 9), (10, 10))
    for mine, theirs in pairs:
        assert found.estimate[mine] == pytest.approx(turned.estimate[theirs])
        assert (found.lower[mine], found.upper[mine]) == pytest.approx((turned.lower[theirs], turned.upper[theirs]))
    assert (found.lower <= found.estimate + 1e-12).all()
    assert (found.estimate <= found.upper + 1e-12).all()
    assert found.estimate[9] == pytest.approx(found.estimate[7] / found.estimate[8])


@given(CELLS)
@settings(max_examples=30, deadline=None)
def test_predictive_values_at_the_observed_prevalence_are_those_of_the_table(cells: tuple[int, int, int, int]) -> None:
    tp, fp, fn, tn = cells
    plain = agreement.diagnostic_accuracy(tp, fp, fn, tn)
    found = agreement.predictive_values(tp, fp, fn, tn, plain.estimate[0])
    np.testing.assert_allclose(found.estimate, plain.estimate[4:6], rtol=1e-10)
    rare = agreement.predictive_values(tp, fp, fn, tn, plain.estimate[0] / 2)
    assert rare.estimate[0] < found.estimate[0]
    assert rare.estimate[1] > found.estimate[1]


def test_intervals_are_those_of_one_proportion() -> None:
    for name, method in (("wilson", binary.wilson), ("exact", binary.clopper_pearson), ("blaker", binary.blaker)):
        found = agreement.diagnostic_accuracy(45, 3, 5, 97, interval=name)  # type: ignore[arg-type]
        alone = method(45, 50)
        assert (found.lower[2], found.upper[2]) == pytest.approx((alone.lower, alone.upper), rel=1e-12)


def test_zero_cells_are_named() -> None:
    assert [n.code for n in agreement.diagnostic_accuracy(12, 1, 0, 37).notes] == ["STA-764"]
    found = agreement.predictive_values(12, 1, 0, 37, 0.1)
    assert [n.code for n in found.notes] == ["STA-764"]
    assert np.isfinite(found.upper).all()
    empty = agreement.diagnostic_accuracy(0, 0, 5, 9)
    assert np.isnan(empty.estimate[4])


def test_impossible_input_is_refused() -> None:
    with pytest.raises(StatsError, match="STA-760"):
        agreement.diagnostic_accuracy(0, 4, 0, 5)
    with pytest.raises(StatsError, match="STA-760"):
        agreement.roc_curve([1, 2], [0, 2])
    with pytest.raises(StatsError, match="STA-760"):
        agreement.area_under_curve([1, 2, 3], [0, 0, 1])
    with pytest.raises(StatsError, match="STA-760"):
        agreement.roc_curve([1, 2, 3], [0, 1])
    with pytest.raises(StatsError, match="STA-761"):
        agreement.partial_area([1, 2, 3, 4], [0, 0, 1, 1], low=0.9, high=0.8)
    with pytest.raises(StatsError, match="STA-761"):
        agreement.diagnostic_accuracy(1, 2, 3, 4, interval="wald")  # type: ignore[arg-type]
    with pytest.raises(StatsError, match="STA-761"):
        agreement.predictive_values(1, 2, 3, 4, 1.0)
