"""Trials of one arm: exact designs keep their errors, and none that is smaller does."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta

from opencro.design import DesignError
from opencro.design import single_arm as sa


def test_simon_designs_are_what_enumeration_says() -> None:
    best = sa.simon_optimal(0.2, 0.4)
    again = sa.compute_two_stage(best.r1, best.n1, best.r, best.n, [0.2, 0.4])
    assert again.reject == pytest.approx([best.attained_alpha, best.power])
    assert best.attained_alpha <= 0.05
    assert best.power >= 0.8
    minimax = sa.simon_minimax(0.2, 0.4)
    assert minimax.n < best.n
    assert minimax.expected_n > best.expected_n
    hull = sa.admissible_designs(0.2, 0.4)
    assert (hull[0].n, hull[-1].n) == (minimax.n, best.n)


def test_no_smaller_expected_size_exists_for_a_small_problem() -> None:
    best = sa.simon_optimal(0.1, 0.5, alpha=0.1, beta=0.2)
    for n in range(3, 14):
        for n1 in range(1, n):
            for r1 in range(n1):
                for r in range(r1, n):
                    found = sa.compute_two_stage(r1, n1, r, n, [0.1, 0.5])
                    if found.reject[0] <= 0.1 and found.reject[1] >= 0.8:
                        assert found.expected_n[0] >= best.expected_n - 1e-9


def test_the_unbiased_estimate_is_unbiased() -> None:
    r1, n1, n, p = 2, 8, 20, 0.4
    rng = np.random.default_rng(5)
    first, second = rng.binomial(n1, p, 100_000), rng.binomial(n - n1, p, 100_000)
    values = {x: sa.infer_two_stage(x, r1, n1, n, p0=0.2).umvue for x in range(r1 + 1, n + 1)}
    estimate = [f / n1 if f <= r1 else values[f + s] for f, s in zip(first, second, strict=True)]
    assert np.mean(estimate) == pytest.approx(p, abs=0.002)


def test_predictive_probability_is_an_average_over_the_posterior() -> None:
    draws = beta.rvs(13, 9, size=200_000, random_state=2)
    rest = np.random.default_rng(1).binomial(20, draws)
    assert sa.predict_success(12, 20, 40, p0=0.4, threshold=0.95) == pytest.approx((12 + rest >= 22).mean(), abs=0.004)
    assert sa.predict_success(30, 40, 40, p0=0.4, threshold=0.95) == 1.0


def test_bop2_keeps_alpha_and_beats_a_fixed_posterior_bound() -> None:
    looks = [10, 20, 30, 40]
    found = sa.bop2(looks, p0=0.2, p1=0.4, alpha=0.1)
    assert found.attained_alpha <= 0.1
    table = sa.compute_table(sa.StoppingTable(found.n, found.stop_at, found.stop_at[-1] + 1), [0.2, 0.4])
    assert table.success == pytest.approx([found.attained_alpha, found.power])
    assert found.power > 0.85
    assert "gamma" in str(found)


def test_bryant_and_day_keep_both_errors() -> None:
    found = sa.bryant_day((0.1, 0.4), (0.6, 0.9), n_max=40)
    assert found.alpha_response <= 0.1
    assert found.alpha_toxicity <= 0.1
    assert found.power >= 0.9
    assert found.n1 < found.n


@pytest.mark.parametrize(
    ("code", "ask"),
    [
        ("DES-301", lambda: sa.compute_two_stage(5, 4, 6, 10, [0.1])),
        ("DES-302", lambda: sa.simon_optimal(0.4, 0.2)),
        ("DES-303", lambda: sa.two_stage_designs(0.2, 0.4, n_max=10)),
        ("DES-304", lambda: sa.predict_success(5, 4, 10, p0=0.2, threshold=0.9)),
        ("DES-305", lambda: sa.bop2([3], p0=0.2, p1=0.4, alpha=0.001)),
    ],
)
def test_impossible_trials_are_refused(code: str, ask: object) -> None:
    with pytest.raises(DesignError, match=code):
        ask()  # type: ignore[operator]
