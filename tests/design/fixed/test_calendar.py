"""Expected events, hazard ratios and sizes of trials with a time to an event, beside simulation and quadrature."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from opencro.design import DesignError
from opencro.design import fixed as fx

CONTROL = fx.Hazard((0.08, 0.05), (0.0, 4.0))
TRIAL = fx.trial_of([1.0, 0.6], CONTROL, fx.Accrual((5.0, 15.0), (4.0, 10.0)), fx.Hazard((0.01,)), 2.0)


def _draw(seed: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Entry, time to event, time to dropout and arm of participants, by inverting the cumulative hazard."""
    rng = np.random.default_rng(seed)
    arm = rng.random(size) < TRIAL.share
    early = rng.random(size) < 20 / 170
    entry = np.where(early, rng.random(size) * 4, 4 + rng.random(size) * 10)
    need = rng.exponential(size=size)
    late = np.where(arm, 0.03, 0.05)
    time = np.where(need < 0.32, need / 0.08, 4 + (need - 0.32) / late)
    return entry, time, rng.exponential(100, size), arm


def test_expected_events_are_those_of_simulated_participants() -> None:
    entry, time, left, arm = _draw(1, 400_000)
    seen = (time < left) & (entry + time < 20)
    one, zero = TRIAL.expected_events_by_arm(20.0)
    assert 170 * (seen & arm).mean() == pytest.approx(float(one), rel=0.01)
    assert 170 * (seen & ~arm).mean() == pytest.approx(float(zero), rel=0.015)


def test_a_cox_model_of_simulated_participants_finds_the_score_hazard_ratio() -> None:
    from opencro.stats import survival as sv

    entry, time, left, arm = _draw(2, 100_000)
    end = np.minimum(np.minimum(time, left), 20 - entry)
    keep = end > 0
    event = ((time < left) & (entry + time < 20))[keep]
    fit = sv.fit_cox(end[keep], event, arm[keep].astype(float))
    assert np.exp(fit.coef[0]) == pytest.approx(fx.score_hazard_ratio([TRIAL], 20.0), rel=0.02)


def test_the_time_of_events_inverts_the_expected_events() -> None:
    assert float(TRIAL.expected_events(TRIAL.time_of_events(60.0))) == pytest.approx(60, abs=1e-7)


def test_the_restricted_mean_is_the_area_under_survival() -> None:
    area = quad(lambda t: float(CONTROL.survival(t)), 0, 9, points=[4.0])[0]
    assert fx.restricted_mean(CONTROL, 9.0) == pytest.approx(area, abs=1e-10)


def test_the_variance_of_a_restricted_mean_without_censoring_is_that_of_the_truncated_times() -> None:
    at_once = fx.trial_of(1.0, CONTROL, fx.Accrual((1e9,), (1e-9,)))
    variance, _ = fx.rmst_variance(at_once, 1000.0, 9.0)
    second = quad(lambda t: 2 * t * float(CONTROL.survival(t)), 0, 9, points=[4.0])[0]
    assert variance * 0.5 == pytest.approx(second - fx.restricted_mean(CONTROL, 9.0) ** 2, rel=1e-6)


def test_proportional_hazards_bring_all_formulas_together() -> None:
    trial = fx.trial_of(0.8, fx.Hazard.from_median(12), fx.Accrual((10.0,), (20.0,)))
    by_events = fx.sample_size_survival(fx.events_schoenfeld(0.8), trial, 40.0).n_total
    others = [
        fx.sample_size_weighted_log_rank(trial, 40.0), fx.sample_size_weighted_log_rank_information(trial, 40.0),
        fx.sample_size_lachin_foulkes(trial, 40.0), fx.sample_size_max_combo(trial, 40.0, [fx.LOG_RANK]),
    ]  # fmt: skip
    assert [o.n_total for o in others] == pytest.approx([by_events] * 4, rel=0.015)
    assert fx.power_survival(fx.events_schoenfeld(0.8), 0.8) == pytest.approx(0.9, abs=1e-9)
    assert all("total" in str(o) for o in others)
    assert others[0].n_total_rounded >= others[0].n_total


def test_late_weights_pay_for_a_late_effect() -> None:
    plain, late = (
        fx.sample_size_weighted_log_rank(TRIAL, 40.0, weight=w) for w in (fx.LOG_RANK, fx.fleming_harrington(0, 1))
    )
    assert late.n_total < plain.n_total


@pytest.mark.parametrize(
    ("code", "ask"),
    [
        ("DES-205", lambda: fx.sample_size_weighted_log_rank(fx.trial_of(1.2, CONTROL, TRIAL.accrual), 40.0)),
        ("DES-206", lambda: fx.Hazard((0.1, 0.2), (0.0, 0.0))),
        ("DES-207", lambda: fx.Accrual((1.0,), (0.0,))),
        ("DES-208", lambda: TRIAL.time_of_events(500.0)),
        ("DES-208", lambda: fx.sample_size_survival(10, fx.trial_of(1.0, fx.NEVER, TRIAL.accrual), 10.0)),
        ("DES-209", lambda: fx.sample_size_lachin_foulkes(TRIAL, 40.0)),
    ],
)
def test_impossible_calendars_are_refused(code: str, ask: object) -> None:
    with pytest.raises(DesignError, match=code):
        ask()  # type: ignore[operator]
