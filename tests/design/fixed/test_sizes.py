"""Sample sizes keep their promise: put into the power they give it back; and they follow what changes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from opencro.design import DesignError
from opencro.design import fixed as fx


def test_a_t_test_of_the_size_has_the_power() -> None:
    size = fx.sample_size_means_t(0.4, 1.0, power=0.85, ratio=2)
    assert fx.power_means_t(*size.n, delta=0.4, sd=1.0) == pytest.approx(0.85, abs=1e-9)
    drawn = np.random.default_rng(4).normal(size=(20_000, 2, 80))
    t = stats.ttest_ind(drawn[:, 0] + 0.4, drawn[:, 1], axis=1).pvalue < 0.05
    assert t.mean() == pytest.approx(fx.power_means_t(80, 80, delta=0.4, sd=1, alpha=0.05, sided=2), abs=0.012)


def test_the_power_of_fisher_counts_the_tables() -> None:
    rejected = 0.0
    for x in range(9):
        for y in range(11):
            p = stats.fisher_exact([[x, 8 - x], [y, 10 - y]]).pvalue
            rejected += (p <= 0.05) * stats.binom.pmf(x, 8, 0.8) * stats.binom.pmf(y, 10, 0.2)
    assert fx.power_fisher(8, 10, 0.8, 0.2, alpha=0.05, sided=2) == pytest.approx(rejected, abs=1e-12)
    assert fx.power_fisher(8, 10, 0.2, 0.8) == pytest.approx(fx.power_fisher(8, 10, 0.8, 0.2), abs=1e-12)


def test_an_exact_test_keeps_its_level_in_both_directions() -> None:
    up, down = fx.power_one_proportion(40, 0.2, 0.4), fx.power_one_proportion(40, 0.8, 0.6)
    assert up.attained_alpha <= 0.025
    assert (up.power, 40 - up.critical) == pytest.approx((down.power, down.critical))
    lasting = fx.sample_size_one_proportion(0.2, 0.4, alpha=0.05, power=0.8)
    assert all(fx.power_one_proportion(n, 0.2, 0.4, alpha=0.05).power >= 0.8 for n in range(lasting.n, lasting.n + 40))
    assert fx.power_one_rate(100, 0.5, 0.8).attained_alpha <= 0.025


def test_odds_ratios_have_two_conventions_that_meet_where_the_arms_are_alike() -> None:
    wald, null = (f(0.35, 0.2) for f in (fx.sample_size_odds_ratio, fx.sample_size_odds_ratio_null))
    assert wald.n_total != pytest.approx(null.n_total, rel=1e-3)
    near = [f(0.201, 0.2).n_total for f in (fx.sample_size_odds_ratio, fx.sample_size_odds_ratio_null)]
    assert near[0] == pytest.approx(near[1], rel=1e-3)


def test_score_and_wald_sizes_of_proportions_differ_by_the_null_variance() -> None:
    score, wald = (f(0.5, 0.3) for f in (fx.sample_size_proportions, fx.sample_size_proportions_wald))
    assert score.n_total > wald.n_total
    assert fx.sample_size_proportions(0.3, 0.5).n_total == pytest.approx(score.n_total)


def test_an_ordinal_outcome_with_two_categories_is_near_a_binary_one() -> None:
    ordinal = fx.sample_size_ordinal([0.7, 0.3], 1.5)
    treated = 1 / (1 + math.exp(-(math.log(0.7 / 0.3) + math.log(1.5))))
    assert ordinal.n_total == pytest.approx(fx.sample_size_odds_ratio(treated, 0.7).n_total, rel=0.03)
    assert fx.sample_size_ordinal([0.2, 0.3, 0.3, 0.2], 1.5).n_total < ordinal.n_total


def test_sensitivity_asks_for_the_diseased_and_brings_the_others() -> None:
    size = fx.sample_size_sensitivity(0.9, 0.8, prevalence=0.1)
    assert size.n_total == pytest.approx(10 * size.n[0])


def test_equal_clusters_cost_the_design_effect() -> None:
    size = fx.sample_size_means_z(0.3, 1)
    found = fx.inflate_for_clusters(size, icc=0.02, cluster_size=11)
    assert found.n[0] == pytest.approx(1.2 * size.n[0])
    assert found.clusters_rounded[0] == math.ceil(found.n[0] / 11)


def test_a_size_prints_as_a_table() -> None:
    text = str(fx.sample_size_means_t(0.5, 1))
    assert "total" in text
    assert "two-sample t test; one-sided alpha 0.025, power 0.9" in text
    assert "one-sample" in str(fx.sample_size_mean_t(0.5, 1))


@pytest.mark.parametrize(
    ("code", "ask"),
    [
        ("DES-201", lambda: fx.sample_size_means_z(0.5, 1, power=0.02)),
        ("DES-202", lambda: fx.sample_size_means_t(0.5, 1, null=0.5)),
        ("DES-202", lambda: fx.power_one_proportion(10, 0.2, 0.2)),
        ("DES-202", lambda: fx.compute_kappa_variance(0.99, [0.9, 0.1], [0.1, 0.9])),
        ("DES-203", lambda: fx.sample_size_means_z(0.5, -1)),
        ("DES-204", lambda: fx.sample_size_proportions(1.2, 0.5)),
        ("DES-205", lambda: fx.sample_size_proportions_equivalence(0.5, 0.2, margin=0.1)),
        ("DES-205", lambda: fx.sample_size_one_proportion(0.5, 0.5001)),
    ],
)
def test_impossible_assumptions_are_refused(code: str, ask: object) -> None:
    with pytest.raises(DesignError, match=code):
        ask()  # type: ignore[operator]
