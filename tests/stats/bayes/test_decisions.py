"""Effective sample sizes, decision rules and their operating characteristics against published numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy.optimize import brentq

from opencro.stats import StatsError, bayes

# The mixture that the vignette of the R package RBesT 1.9 prints for the ankylosing spondylitis trials
VIGNETTE = bayes.BetaMixture(
    [0.4612914, 0.1917812, 0.1893896, 0.1575378],
    [33.9513487, 19.4400089, 12.2692310, 2.2521243],
    [103.0146367, 41.5205219, 55.9202833, 5.4812202],
)
UNIFORM = bayes.BetaMixture(1, 1, 1)
ROBUST = bayes.robustify(VIGNETTE, UNIFORM, weight=0.2)
DRUG = bayes.BetaMixture(1, 0.5, 1)


def test_published_effective_sample_sizes() -> None:
    """The vignette prints 38, 24 and 95, and 27 for the robust prior."""
    assert round(bayes.effective_sample_size_elir(VIGNETTE)) == 38
    assert round(bayes.effective_sample_size_moment(VIGNETTE)) == 24
    assert round(bayes.effective_sample_size_morita(VIGNETTE)) == 95
    assert round(bayes.effective_sample_size_elir(ROBUST)) == 27


@settings(max_examples=8, deadline=None)
@given(some.floats(1.5, 80), some.floats(1.5, 80))
def test_a_conjugate_prior_is_worth_its_own_size(a: float, b: float) -> None:
    sizes = (bayes.effective_sample_size_moment, bayes.effective_sample_size_elir, bayes.effective_sample_size_morita)
    for size in sizes:
        assert size(bayes.BetaMixture(1, a, b)) == pytest.approx(a + b, rel=1e-5)
        assert size(bayes.GammaMixture(1, a, b)) == pytest.approx(b, rel=1e-5)
        assert size(bayes.NormalMixture(1, a, 1 / b), sigma=2) == pytest.approx(4 * b**2, rel=1e-5)
    split = bayes.BetaMixture([0.4, 0.6], [a, a], [b, b])
    assert bayes.effective_sample_size_elir(split) == pytest.approx(a + b, rel=1e-5)
    rates = bayes.GammaMixture([0.4, 0.6], [a, a], [b, b])
    assert bayes.effective_sample_size_elir(rates) == pytest.approx(b, rel=1e-5)


def test_elir_is_predictively_consistent() -> None:
    prior = bayes.BetaMixture([0.8, 0.2], [10, 2], [12, 2])
    chance = bayes.predict_binomial(prior, 10)
    after = [bayes.effective_sample_size_elir(bayes.update_binomial(prior, x, 10)) for x in range(11)]
    assert chance @ after - 10 == pytest.approx(bayes.effective_sample_size_elir(prior), rel=1e-6)


def test_published_operating_characteristics() -> None:
    """The vignette prints the difference that has 80 % power: 0.302, 0.341, 0.368, 0.529."""
    rule = bayes.Criterion(0.95)
    designs = [(DRUG, VIGNETTE, 6), (UNIFORM, UNIFORM, 24), (DRUG, ROBUST, 6), (UNIFORM, UNIFORM, 6)]
    for (active, control, n2), wanted in zip(designs, (0.302, 0.341, 0.368, 0.529), strict=True):
        table = bayes.decision_table_two_arms(active, 24, control, n2, rule)
        base = VIGNETTE.mean
        delta = brentq(lambda d, t=table, b=base: float(bayes.success_probability(t, b + d, b)) - 0.8, 0, 1 - base)
        assert delta == pytest.approx(wanted, abs=5e-4)


def test_published_decision_boundary() -> None:
    """The vignette: never a success below 10 events, 15 against 3 is one, 14 against 4 is none."""
    table = bayes.decision_table_two_arms(DRUG, 24, VIGNETTE, 6, bayes.Criterion(0.95))
    assert not table.success[:10].any()
    assert table.success[10].any()
    assert table.success[15].tolist() == [True] * 4 + [False] * 3
    assert not table.success[14, 4]
    rows = table.columns()
    assert rows["events_2_for_success"][list(rows["events_1"]).index(15)] == "0-3"


def test_published_predictive_probability() -> None:
    """Lee and Liu 2008, section 3: 16 of 23 responders, 40 planned, Beta(0.6, 0.4), P(p > 0.6) > 0.9: 0.5656."""
    prior = bayes.BetaMixture(1, 0.6, 0.4)
    table = bayes.decision_table_one_arm(prior, 40, bayes.Criterion(0.9, 0.6))
    assert bayes.predictive_probability(table, prior, (16, 23)) == pytest.approx(0.5656, abs=5e-5)


def test_predictive_probability_ends_in_the_decision_and_starts_as_assurance() -> None:
    table = bayes.decision_table_two_arms(DRUG, 12, ROBUST, 8, bayes.Criterion(0.9))
    assert bayes.predictive_probability(table, DRUG, (9, 12), ROBUST, (2, 8)) == float(table.success[9, 2])
    start = bayes.predictive_probability(table, DRUG, (0, 0), ROBUST, (0, 0))
    assert start == pytest.approx(bayes.assurance(table, DRUG, ROBUST))
    one = bayes.decision_table_one_arm(UNIFORM, 20, bayes.Criterion(0.9, 0.3))
    assert bayes.assurance(one, UNIFORM) == pytest.approx(one.success.mean())
    sure = bayes.BetaMixture(1, 6e5, 4e5)
    assert bayes.assurance(one, sure) == pytest.approx(float(bayes.success_probability(one, 0.6)), abs=1e-4)


def test_a_table_is_the_decision_outcome_by_outcome_and_criteria_add_up() -> None:
    rules = [bayes.Criterion(0.9), bayes.Criterion(0.5, 0.15)]
    both = bayes.decision_table_two_arms(DRUG, 9, ROBUST, 5, rules)
    single = [bayes.decision_table_two_arms(DRUG, 9, ROBUST, 5, rule).success for rule in rules]
    np.testing.assert_array_equal(both.success, single[0] & single[1])
    for x, y in ((0, 0), (5, 1), (9, 4), (6, 2)):
        posteriors = bayes.update_binomial(DRUG, x, 9), bayes.update_binomial(ROBUST, y, 5)
        assert both.success[x, y] == bayes.decide(posteriors[0], rules, posteriors[1])
    futile = bayes.decision_table_one_arm(UNIFORM, 10, bayes.Criterion(0.9, 0.5, above=False))
    assert futile.success[0]
    assert not futile.success[10]


def test_what_decisions_refuse() -> None:
    table = bayes.decision_table_two_arms(DRUG, 4, ROBUST, 4, bayes.Criterion(0.9))
    cases = [
        lambda: bayes.Criterion(1.2),
        lambda: bayes.success_probability(table, 0.5),
        lambda: bayes.assurance(table, DRUG),
        lambda: bayes.predictive_probability(table, DRUG, (1, 9), DRUG, (0, 0)),
        lambda: bayes.predictive_probability(table, DRUG, (1, 2)),
    ]
    for call in cases:
        with pytest.raises(StatsError, match="STA-807"):
            call()
    with pytest.raises(StatsError, match="STA-806"):
        bayes.effective_sample_size_moment(bayes.NormalMixture(1, 0, 1))
    with pytest.raises(StatsError, match="STA-806"):
        bayes.effective_sample_size_elir(bayes.BetaMixture([0.5, 0.5], [0.5, 3], [1, 3]))
