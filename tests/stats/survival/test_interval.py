"""Interval-censored times and piecewise constant hazards: laws, limits and R."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.testing import assert_allclose
from scipy import optimize

from opencro.stats import StatsError
from opencro.stats import survival as sv
from tests.stats.survival.follow_up import FollowUp, follow_ups

few = settings(max_examples=20, deadline=None)


@few
@given(follow_ups())
def test_exact_and_right_censored_times_give_kaplan_meier(f: FollowUp) -> None:
    curve = sv.kaplan_meier(f.time, f.event)
    found = sv.turnbull(f.time, np.where(f.event, f.time, np.inf))
    finite = np.isfinite(found.right)
    assert_allclose(found.survival[finite], sv.kaplan_meier_at(curve, found.right[finite]).survival, atol=1e-8)


@few
@given(follow_ups(tied=False))
def test_the_interval_log_rank_score_is_observed_minus_expected(f: FollowUp) -> None:
    plain = sv.log_rank(f.time, f.event, f.arm)
    found = sv.interval_log_rank(f.time, np.where(f.event, f.time, np.inf), f.arm)
    assert_allclose(found.score, plain.observed - plain.expected, atol=1e-7)
    assert_allclose(found.score.sum(), 0, atol=1e-8)


@few
@given(follow_ups(smallest=15))
def test_the_turnbull_estimate_satisfies_its_equations(f: FollowUp) -> None:
    """No interval could gain: sum 1/P_i over observations that hold it is n where p > 0 and at most n elsewhere."""
    low, high = np.maximum(f.time - 1 - f.stratum, 0), np.where(f.event, f.time + f.arm, np.inf)
    found = sv.turnbull(low, high)
    inside = (found.left >= low[:, None]) & (found.right <= high[:, None])
    gain = (inside / (inside @ found.probability)[:, None]).sum(axis=0) / f.time.size
    assert (gain <= 1 + 1e-6).all()
    assert_allclose(gain[found.probability > 1e-6], 1, atol=1e-5)
    assert_allclose(found.probability.sum(), 1)


def test_scaled_times_scale_the_intervals_only() -> None:
    low, high = np.array([0, 1, 2, 4, 3.0]), np.array([2, 3, np.inf, 5, 4])
    a, b = sv.turnbull(low, high), sv.turnbull(low * 30, high * 30)
    assert_allclose(b.left, a.left * 30)
    assert_allclose(b.probability, a.probability, atol=1e-9)


def test_an_open_and_a_closed_end_at_one_time() -> None:
    """(1, 2] holds the exact time 2, (2, 3] doesn't."""
    found = sv.turnbull([1, 2, 2], [2, 2, 3])
    assert found.left.tolist() == [2, 2]
    assert found.right.tolist() == [2, 3]
    assert_allclose(found.probability, [2 / 3, 1 / 3])


VETERAN_INTERVALS = [0.71323529412, 0.53676470588, 0.46872410936, 0.34161248648, 0.27654344144, 0.21960802703]


@pytest.mark.peer
def test_veteran_as_in_r() -> None:
    """R survival 3.5-3: survreg and survfit with type = "interval2" on times cut to 30 days; glm with an offset."""
    from tests.reference.stats.material import FOLDER, table

    if not FOLDER.is_dir():
        pytest.skip("../shared/data is absent")
    v = table("stats_data/veteran.csv")
    time, event = v["time"].to_numpy().astype(float), v["status"].to_numpy() == 1
    x = v.select("trt", "karno").to_numpy().astype(float)
    weibull = sv.fit_weibull(time, np.where(event, time, np.inf), x)
    assert_allclose(weibull.coef, [2.81474551046, -0.12680964966, 0.03531501891], rtol=1e-7)
    assert_allclose(weibull.se, [0.380943365009, 0.181332657295, 0.004790528732], rtol=1e-7)
    assert_allclose(
        [np.log(1 / weibull.shape), weibull.se_shape / weibull.shape], [0.02042039577, 0.064868670463], rtol=1e-7
    )
    assert_allclose(weibull.loglik, -725.7921292, rtol=1e-9)
    exponential = sv.fit_exponential(time, np.where(event, time, np.inf), x)
    assert_allclose(exponential.coef, [2.82857686663, -0.12655075914, 0.03521762775], rtol=1e-6)
    assert_allclose(exponential.se, [0.370395738287, 0.177750134586, 0.004695438967], rtol=1e-6)
    low = np.floor(time / 30) * 30
    low, high = np.where(event, low, time), np.where(event, low + 30, np.inf)
    weibull = sv.fit_weibull(low, high, x)
    assert_allclose(weibull.coef, [2.70279173161, -0.16889247158, 0.03757463311], rtol=1e-6)
    assert_allclose(weibull.se, [0.415030895160, 0.194381275247, 0.005320353958], rtol=1e-6)
    assert_allclose(weibull.loglik, -289.3387185, rtol=1e-9)
    assert_allclose(sv.turnbull(low, high).survival[:6], VETERAN_INTERVALS, rtol=1e-6)
    pieces = sv.fit_piecewise_exponential(time, event, x, [30, 100, 300])
    assert_allclose(pieces.coef, [0.1223236169, -0.0331846864], rtol=1e-7)
    assert_allclose(pieces.se, [0.18098857415, 0.00501712241], rtol=1e-7)
    assert_allclose(np.log(pieces.rates.rate), [-2.7989309629, -2.9699876540, -2.9789362373, -3.1376683092], rtol=1e-7)
    width = np.log(pieces.rates.upper / pieces.rates.lower) / 2 / 1.959963984540054
    assert_allclose(width, [0.38563725196, 0.40949447356, 0.41786583360, 0.52247209628], rtol=1e-7)


@few
@given(follow_ups(smallest=20))
def test_weibull_is_at_its_maximum(f: FollowUp) -> None:
    low, high = f.time - 0.5 * (f.stratum > 0), np.where(f.event, f.time, np.inf)
    fit = sv.fit_weibull(low, high, f.x)
    if fit.notes:
        return

    def negative(theta: np.ndarray) -> float:
        z = [
            np.exp(np.minimum(theta[0] * np.log(t) - theta[1] - f.x @ theta[2:], 300))
            for t in (low, np.minimum(high, 1e300))
        ]
        exact = np.log(theta[0]) - np.log(low) + np.log(z[0]) - z[0]
        ranged = np.log(np.exp(-z[0]) - np.where(np.isinf(high), 0, np.exp(-z[1])) + 1e-300)
        return -float(np.where(low == high, exact, ranged).sum())

    start = np.concatenate(([fit.shape], fit.coef * fit.shape))
    assert_allclose(-negative(start), fit.loglik, rtol=1e-8)
    assert optimize.minimize(negative, start, method="Nelder-Mead", options={"maxiter": 300}).fun >= -fit.loglik - 1e-5


@few
@given(follow_ups())
def test_one_piece_is_events_over_time_and_its_limits_agree_with_the_exponential_model(f: FollowUp) -> None:
    if not f.event.any():
        return
    rate = sv.piecewise_exponential(f.time, f.event)
    assert_allclose(rate.rate, f.event.sum() / f.time.sum())
    fit = sv.fit_exponential(f.time, np.where(f.event, f.time, np.inf))
    assert_allclose(np.exp(-fit.coef), rate.rate, rtol=1e-6)
    assert_allclose(fit.se, 1 / np.sqrt(f.event.sum()), rtol=1e-6)


@few
@given(follow_ups(smallest=20))
def test_a_cut_at_every_time_is_breslow_in_the_limit(f: FollowUp) -> None:
    """With cuts around each event time only those at risk throughout count: Cox with Breslow's ties."""
    times = np.unique(f.time)
    cuts = np.sort(np.concatenate([times - 1e-6, times]))
    a = sv.fit_piecewise_exponential(f.time, f.event, f.x, cuts)
    b = sv.fit_cox(f.time, f.event, f.x, ties="breslow")
    if not b.notes:
        assert_allclose(a.coef, b.coef, rtol=1e-4, atol=1e-6)
        assert_allclose(a.se, b.se, rtol=1e-4)


def test_limits_of_rates_and_fits() -> None:
    rates = sv.piecewise_exponential([1, 2, 3, 4], [1, 1, 0, 0], [2])
    assert [n.code for n in rates.notes] == ["STA-461"]
    assert np.isnan(rates.upper[1])
    assert [n.code for n in sv.fit_weibull([1, 2], [np.inf, np.inf]).notes] == ["STA-444"]
    assert [n.code for n in sv.fit_piecewise_exponential([1, 2, 3], [0, 0, 0], [1, 0, 1]).notes] == ["STA-444"]
    separated = sv.fit_piecewise_exponential([1, 2, 3, 4], [1, 1, 0, 0], [1, 1, 0, 0])
    assert separated.coef[0] == np.inf
    assert [n.code for n in sv.interval_log_rank([1, 2], [2, 3], ["a", "a"]).notes] == ["STA-422"]
    constant = sv.fit_weibull([1, 2, 3, 4], [1, 2, 3, 5], np.column_stack([[1, 0, 1, 0], np.ones(4)]))
    assert [n.code for n in constant.notes] == ["STA-443"]
    assert np.isnan(constant.coef[2])


@pytest.mark.parametrize(
    ("code", "call"),
    [
        ("STA-460", lambda: sv.piecewise_exponential([1, 2], [1, 1], [2, 1])),
        ("STA-470", lambda: sv.turnbull([2], [1])),
        ("STA-470", lambda: sv.turnbull([1, 2], [1])),
        ("STA-470", lambda: sv.fit_weibull([0], [0])),
        ("STA-470", lambda: sv.fit_weibull([1], [2], [[1], [2]])),
    ],
)
def test_what_is_no_interval_is_refused(code: str, call: object) -> None:
    with pytest.raises(StatsError, match=code):
        call()  # type: ignore[operator]
