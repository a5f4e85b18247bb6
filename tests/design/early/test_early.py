"""Early phase: simulation agrees with exact theory, designs keep their laws, impossible assumptions are named."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import beta

from opencro.design import DesignError, early
from opencro.design.early.blrm import COARSE, FINE

TRUTH = [0.05, 0.1, 0.2, 0.35, 0.5, 0.7]


def _within(found: np.ndarray, exact: np.ndarray, error: np.ndarray) -> None:
    assert np.all(np.abs(found - exact) <= 4 * error + 1e-12), (found, exact, error)


@pytest.mark.parametrize("expand", [False, True])
def test_three_plus_three_simulated_agrees_with_exact(expand: bool) -> None:
    """20,000 trials: an error of 0.015 in the probability of a dose fails."""
    exact = early.three_plus_three(TRUTH, expand=expand)
    found = early.simulate_three_plus_three(TRUTH, expand=expand, trials=20_000, seed=11)
    frame = found.to_frame()
    _within(found.selected, exact.selected, frame["selected_se"].to_numpy())
    _within(found.treated, exact.treated, frame["treated_se"].to_numpy())
    _within(found.toxic, exact.toxic, frame["toxic_se"].to_numpy())
    assert exact.selected.sum() + exact.none_selected == pytest.approx(1)


def test_two_seeds_differ_by_no_more_than_their_errors() -> None:
    one, two = (early.simulate_interval(early.boin(0.3), TRUTH, cohorts=10, trials=20_000, seed=s) for s in (1, 2))
    for name in ("selected", "treated", "toxic"):
        errors = [r.to_frame()[f"{name}_se"].to_numpy() for r in (one, two)]
        _within(getattr(one, name), getattr(two, name), np.hypot(*errors))
    assert one.tally.tolist() != two.tally.tolist()


def test_tite_crm_with_everyone_followed_is_crm() -> None:
    """Arrivals a thousand windows apart leave nobody under observation."""
    design = early.crm([0.05, 0.12, 0.25, 0.4, 0.55], 0.25)
    truth = [0.05, 0.12, 0.25, 0.4, 0.55]
    late = early.simulate_tite_crm(design, truth, participants=24, window=1, gap=1e4, trials=6000, seed=1)
    full = early.simulate_crm(design, truth, cohorts=24, trials=6000, seed=2)
    errors = [r.to_frame()["selected_se"].to_numpy() for r in (late, full)]
    _within(late.selected, full.selected, np.hypot(*errors))
    waiting = early.simulate_tite_crm(design, truth, participants=24, window=6, gap=1, trials=2000, seed=1)
    duration = dict(waiting.summary().rows_by_key("characteristic", unique=True))["duration"]
    assert abs(duration[0] - (23 + 6)) < 4 * duration[1]


def test_the_simulator_decides_as_the_analysis_does() -> None:
    """Deterministic truths (risk 0 or 1) leave one path; simulator and `dose_paths` take the same one."""
    for design, run in (
        (early.crm([0.05, 0.12, 0.25, 0.4], 0.25), early.simulate_crm),
        (early.blrm([1, 2, 4, 8], 8, mean=(-0.85, 0), sd=(2, 1)), early.simulate_blrm),
    ):
        truth = [0.0, 0.0, 1.0, 1.0]
        found = run(design, truth, cohorts=4, cohort_size=3, trials=1, seed=1)
        toxic = np.array(truth) > 0
        path = [p for p in early.dose_paths(design, cohorts=3).paths if _follows(p, toxic)]
        assert len(path) == 1
        doses = [*path[0][:-1:2], path[0][-1]]
        assert found.treated.tolist() == [3 * doses.count(j + 1) for j in range(4)]


def _follows(path: tuple[int, ...], toxic: np.ndarray) -> bool:
    return all(y == (3 * int(toxic[d - 1]) if d else 0) for d, y in zip(path[:-1:2], path[1:-1:2], strict=True))


def test_a_posterior_on_the_coarse_grid_is_that_of_the_fine_one() -> None:
    design = early.blrm([1, 2, 4, 8], 8, mean=(-0.85, 0), sd=(2, 1))
    n, y = np.array([3, 6, 6, 3]), np.array([0, 1, 2, 2])
    means = []
    for counts in (FINE, COARSE):
        a, b, prior = design.nodes(counts)
        risk = expit(design.line(a, b))
        weight = prior * np.prod(risk ** y[:, None] * (1 - risk) ** (n - y)[:, None], axis=0)
        means.append(np.append(risk @ weight, (design.shares(counts) @ weight).ravel()) / weight.sum())
    assert np.abs(means[0] - means[1]).max() < 0.003


@settings(deadline=None)  # the first example compiles
@given(st.integers(1, 12), st.floats(0.1, 0.45), st.sampled_from([early.boin, early.keyboard, early.mtpi2]))
def test_more_toxicities_never_lead_higher(n: int, target: float, make: Callable[..., early.IntervalDesign]) -> None:
    column = make(target, largest=12).decisions[: n + 1, n - 1].astype(int)
    assert np.all(np.diff(column) >= 0)


@settings(deadline=None)  # the first example compiles
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=6))
def test_the_chosen_dose_is_the_one_of_a_quadratic_program(pairs: list[tuple[int, int]]) -> None:
    """Isotonic regression by the min-max formula, without pooling."""
    n = np.array([max(p) for p in pairs])
    y = np.array([min(p) for p in pairs])
    got = early.select_dose(n, y, 0.3)
    over = (n >= 3) & (beta.sf(0.3, y + 1, n - y + 1) > 0.95)
    reach = int(np.argmax(over)) if over.any() else n.size
    used = [j for j in range(reach) if n[j] > 0]
    if not used:
        assert got is None
        return
    risk = (y[used] + 0.05) / (n[used] + 0.1)
    weight = 1 / beta.var(y[used] + 0.05, n[used] - y[used] + 0.05)
    k = len(used)
    fitted = [
        max(min(np.average(risk[s:e], weights=weight[s:e]) for e in range(i + 1, k + 1)) for s in range(i + 1))
        for i in range(k)
    ]
    distance = np.abs(np.array(fitted) + 1e-10 * np.arange(1, k + 1) - 0.3)
    assert distance[used.index(got - 1)] <= distance.min() + 1e-9


def test_exclusion_at_one_participant_has_two_conventions() -> None:
    assert early.mtpi2(0.2, exclude_from=1).letters()[1][0] == "DU"
    assert early.mtpi2(0.2).letters()[1][0] == "D"
    assert early.mtpi2(0.2).letters()[2][1] == "DU"


@pytest.mark.parametrize(
    ("code", "attempt"),
    [
        ("DES-501", lambda: early.three_plus_three([0.3, 0.2])),
        ("DES-502", lambda: early.boin(1.2)),
        ("DES-503", lambda: early.simulate_interval(early.boin(0.3), [0.1], cohorts=0, seed=1)),
        ("DES-504", lambda: early.boin(0.3, safe=0.4)),
        ("DES-504", lambda: early.keyboard(0.04)),
        ("DES-504", lambda: early.skeleton_by_indifference(0.3, 0.25, 3, 5)),
        ("DES-505", lambda: early.boin(0.3, exclude=0.4)),
        ("DES-506", lambda: early.simulate_interval(early.boin(0.3), [0.1], cohorts=11, seed=1)),
        ("DES-506", lambda: early.simulate_crm(early.crm([0.1, 0.2], 0.2), [0.1], cohorts=3, seed=1)),
        ("DES-509", lambda: early.crm([0.3, 0.2], 0.3)),
        ("DES-510", lambda: early.reassess(early.crm([0.1, 0.2], 0.2), [3], [0])),
        ("DES-510", lambda: early.assess_blrm(early.blrm([1, 2], 2, mean=(0, 0), sd=(1, 1)), [1, 1], [2, 0])),
        ("DES-511", lambda: _tite(window=0)),
        ("DES-512", lambda: early.blrm([2, 1], 2, mean=(0, 0), sd=(1, 1))),
    ],
)  # fmt: skip
def test_impossible_assumptions_are_named(code: str, attempt: Callable[[], object]) -> None:
    with pytest.raises(DesignError, match=code):
        attempt()


def _tite(window: float) -> object:
    design = early.crm([0.1, 0.2], 0.2)
    return early.simulate_tite_crm(design, [0.1, 0.2], participants=3, window=window, gap=1, trials=1, seed=1)
