"""What is assumed of gaps: means, covariances, events by name, deltas."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as s

from opencro.stats import StatsError, missing
from tests.stats.missing.trial import arrange, simulate_trial

OWN, REFERENCE = np.array([1.0, 3.0, 6.0]), np.array([0.5, 1.0, 1.2])


@pytest.mark.parametrize(
    ("assumption", "wanted"),
    [
        ("MAR", [1.0, 3.0, 6.0]),
        ("JR", [1.0, 1.0, 1.2]),
        ("CR", [0.5, 1.0, 1.2]),
        ("CIR", [1.0, 1.5, 1.7]),
        ("LMCF", [1.0, 1.0, 1.0]),
    ],
)
def test_means_by_hand_for_an_event_from_the_second_visit(assumption: str, wanted: list[float]) -> None:
    np.testing.assert_allclose(missing.assume_mean(assumption, OWN, REFERENCE, 1), wanted)


@pytest.mark.parametrize(("assumption", "wanted"), [("JR", REFERENCE), ("CIR", REFERENCE), ("LMCF", [1.0, 1.0, 1.0])])
def test_an_event_before_any_visit(assumption: str, wanted: np.ndarray) -> None:
    np.testing.assert_allclose(missing.assume_mean(assumption, OWN, REFERENCE, 0), wanted)


@pytest.mark.parametrize("assumption", ["JR", "CIR", "CR", "LMCF", "MAR"])
def test_without_an_event_a_subject_is_like_its_own_arm(assumption: str) -> None:
    np.testing.assert_allclose(missing.assume_mean(assumption, OWN, REFERENCE, 3), OWN)


@settings(max_examples=40, deadline=None)
@given(seed=s.integers(0, 1000), start=s.integers(0, 3), assumption=s.sampled_from(["JR", "CIR", "CR", "LMCF", "MAR"]))
def test_joined_covariances_are_covariances(seed: int, start: int, assumption: str) -> None:
    rng = np.random.default_rng(seed)
    own, reference = (np.cov(rng.standard_normal((3, 9))) for _ in range(2))
    joined = missing.assume_covariance(assumption, own, reference, start)
    np.testing.assert_allclose(joined, joined.T, atol=1e-12)
    assert np.linalg.eigvalsh(joined)[0] > 0
    np.testing.assert_allclose(missing.assume_covariance(assumption, own, own, start), own, atol=1e-12)
    if assumption in ("JR", "CIR") and 0 < start < 3:
        np.testing.assert_allclose(joined[:start, :start], own[:start, :start])
        slope = joined[start:, :start] @ np.linalg.inv(joined[:start, :start])
        wanted = reference[start:, :start] @ np.linalg.inv(reference[:start, :start])
        np.testing.assert_allclose(slope, wanted, atol=1e-9)


def test_values_after_an_event_teach_the_model_only_under_mar() -> None:
    trial = simulate_trial()
    trial["outcome"][0, 2], trial["ice_visit"][0] = 5.0, "w2"
    trial["outcome"][0, :2] = 1.0
    assert missing.arrange_outcomes(**trial).informative[0].tolist() == [True, True, True]
    assert missing.arrange_outcomes(**trial, assumption="JR").informative[0].tolist() == [True, False, False]


@pytest.mark.parametrize(
    "changes",
    [
        {"outcome": np.zeros(5)},
        {"reference": "nobody"},
        {"visits": ("a", "a", "b")},
        {"covariates": {"x": [1.0, np.nan]}},
        {"same_slope": ["unknown"]},
        {"ice_visit": ["w9"] * 60},
        {"assumption": "BOCF"},
        {"assumption": ["MAR"] * 3},
    ],
)
def test_impossible_arrangements_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(StatsError) as caught:
        arrange(**changes)
    assert caught.value.code == "STA-600"


def test_strategies_by_name() -> None:
    data = missing.arrange_outcomes(
        [[1.0, 2.0, 3.0], [1.0, 2.0, 4.0], [2.0, 1.0, np.nan], [0.0, 1.0, 2.0]], ["A", "A", "P", "P"], reference="P"
    )
    handling = {
        "rescue": missing.Handling("hypothetical"),
        "stopped": missing.Handling("treatment policy", "JR"),
    }
    after = missing.handle_intercurrent_events(
        data, ["rescue", "stopped", "stopped", None], ["visit 2", "visit 3", "visit 3", None], handling
    )
    assert np.isnan(after.outcome).tolist() == [
        [False, True, True], [False, False, False], [False, False, True], [False, False, False],
    ]  # fmt: skip
    assert after.assumption == ("MAR", "JR", "JR", "MAR")
    assert after.informative[1].tolist() == [True, True, False]


@pytest.mark.parametrize("strategy", ["composite", "while on treatment", "principal stratum", "whatever"])
def test_strategies_that_are_not_imputation_say_where_to_go(strategy: str) -> None:
    data = arrange()
    event = ["death", *[None] * 59]
    visit = ["w2", *[None] * 59]
    with pytest.raises(StatsError) as caught:
        missing.handle_intercurrent_events(data, event, visit, {"death": missing.Handling(strategy)})
    assert caught.value.code == "STA-602"
    assert len(caught.value.remedy) > 20


def test_events_need_a_handling_a_visit_and_a_known_assumption() -> None:
    data, event = arrange(), ["death", *[None] * 59]
    visit = ["w2", *[None] * 59]
    with pytest.raises(StatsError, match="STA-602"):
        missing.handle_intercurrent_events(data, event, visit, {})
    with pytest.raises(StatsError, match="STA-602"):
        missing.handle_intercurrent_events(data, event, visit, {"death": missing.Handling("hypothetical", "MNAR")})
    with pytest.raises(StatsError, match="STA-600"):
        missing.handle_intercurrent_events(data, event, [None] * 60, {"death": missing.Handling("hypothetical")})


def test_delta_since_event_by_hand() -> None:
    data = missing.arrange_outcomes(
        [[1.0, np.nan, np.nan, np.nan], [1.0, 2.0, 3.0, 4.0]], ["A", "P"], reference="P",
        ice_visit=["visit 2", None],
    )  # fmt: skip
    grown = missing.delta_since_event(data, {"A": [5, 6, 7, 8]}, lag=[1, 2, 3, 4])
    np.testing.assert_allclose(grown, [[0, 6, 20, 44], [0, 0, 0, 0]])
    np.testing.assert_allclose(missing.delta_since_event(data, {"A": 2.0})[0], [0, 2, 4, 6])
    np.testing.assert_allclose(missing.delta_since_event(data, {"A": 2.0}, lag=[1, 0, 0, 0])[0], [0, 2, 2, 2])
    with pytest.raises(StatsError, match="STA-608"):
        missing.delta_by_arm(data, {"B": 1.0})
