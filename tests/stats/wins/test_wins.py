"""Win statistics against brute force, against known special cases, and their laws."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as s
from numpy.testing import assert_allclose
from scipy import stats

from opencro.stats import StatsError, wins

mpl.use("Agg")
RNG = np.random.default_rng(12)


def simulate(n: int = 50, seed: int = 1) -> tuple[list[Any], np.ndarray]:
    """Death, hospitalizations, a score: three endpoints of every kind, and the arm."""
    rng = np.random.default_rng(seed)
    arm = np.arange(n) % 2
    death, follow = np.round(rng.exponential(8 + 4 * arm), 1), np.round(rng.uniform(2, 10, n), 1)
    time, event = np.minimum(death, follow), (death <= follow).astype(int)
    visits = [np.sort(rng.uniform(0, 10, rng.poisson(1.5 - 0.5 * a))) for a in arm]
    visits = [v[v <= t] for v, t in zip(visits, time, strict=True)]
    score = np.where(rng.random(n) < 0.1, np.nan, np.round(rng.normal(arm, 2), 1))
    return [
        wins.TimeToEvent(time, event),
        wins.RecurrentEvents(visits, time),
        wins.Measurement(score, threshold=0.5),
    ], arm


def brute(endpoints: list[Any], i: int, j: int) -> tuple[int, int]:
    """The verdict on patients i and j in plain words, and the endpoint that gave it."""
    for k, e in enumerate(endpoints):
        if isinstance(e, wins.TimeToEvent):
            t, d = np.asarray(e.time), np.asarray(e.event)
            j_first = d[j] and (t[j] < t[i] or (t[j] == t[i] and not d[i])) and t[i] - t[j] >= e.threshold
            i_first = d[i] and (t[i] < t[j] or (t[i] == t[j] and not d[j])) and t[j] - t[i] >= e.threshold
            verdict = int(bool(j_first)) - int(bool(i_first))
            verdict = verdict if e.later_is_better else -verdict
        elif isinstance(e, wins.RecurrentEvents):
            shared = min(e.follow_up[i], e.follow_up[j])
            gap = int((np.asarray(e.times[j]) <= shared).sum()) - int((np.asarray(e.times[i]) <= shared).sum())
            verdict = int(np.sign(gap)) if abs(gap) >= max(e.threshold, 1) else 0
        else:
            gap = e.value[i] - e.value[j]
            verdict = 0 if np.isnan(gap) or gap == 0 or abs(gap) < e.threshold else int(np.sign(gap))
            verdict = verdict if e.higher_is_better else -verdict
        if verdict:
            return verdict, k
    return 0, -1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_pairs_are_decided_as_in_plain_words(seed: int) -> None:
    endpoints, arm = simulate(40, seed)
    result = wins.win_statistics(endpoints, arm, reference=0, names=["death", "visits", "score"])
    verdicts = [brute(endpoints, i, j) for i in np.flatnonzero(arm == 1) for j in np.flatnonzero(arm == 0)]
    n = len(verdicts)
    assert result.pairs == n
    assert result.win == pytest.approx(sum(v > 0 for v, _ in verdicts) / n)
    assert result.loss == pytest.approx(sum(v < 0 for v, _ in verdicts) / n)
    by = result.decisions()
    assert_allclose(by.won, [sum(v > 0 and k == e for v, k in verdicts) / n for e in range(3)])
    assert_allclose(by.lost, [sum(v < 0 and k == e for v, k in verdicts) / n for e in range(3)])
    assert by.undecided_after[-1] == pytest.approx(result.tie)


def test_decisions_are_drawn() -> None:
    endpoints, arm = simulate()
    decisions = wins.win_statistics(endpoints, arm, reference=0, names=["death", "visits", "score"]).decisions()
    axes = decisions.plot()
    assert [t.get_text() for t in axes.get_yticklabels()] == ["all", "death", "visits", "score"]
    assert f"{100 * decisions.won[1]:.1f}" in [t.get_text() for t in axes.texts]
    mpl.pyplot.close("all")


def test_wished_events_and_thresholds_of_time() -> None:
    time, event = np.array([1.0, 2.0, 5.0, 5.0]), np.array([1, 1, 0, 1])
    for later in (True, False):
        for threshold in (0.0, 2.0):
            e = [wins.TimeToEvent(time, event, later, threshold)]
            result = wins.win_statistics(e, [1, 0, 1, 0], reference=0)
            verdicts = [brute(e, i, j)[0] for i in (0, 2) for j in (1, 3)]
            assert result.win * 4 == sum(v > 0 for v in verdicts)
            assert result.loss * 4 == sum(v < 0 for v in verdicts)


@settings(max_examples=30, deadline=None)
@given(x=s.lists(s.integers(0, 6), min_size=3, max_size=12), y=s.lists(s.integers(0, 6), min_size=3, max_size=12))
def test_one_measurement_is_mann_whitney_and_its_variance_is_brunner_munzels(x: list[int], y: list[int]) -> None:
    value, arm = np.array([*x, *y], dtype=float), np.repeat([1, 0], [len(x), len(y)])
    result = wins.win_statistics([wins.Measurement(value)], arm, reference=0)
    u = stats.mannwhitneyu(x, y).statistic
    assert (1 + result.estimate[1]) / 2 == pytest.approx(u / (len(x) * len(y)))
    varies = result.notes == () and abs(result.estimate[1]) < 1 and np.isfinite(result.z[1])
    if varies:
        theirs = stats.brunnermunzel(x, y).statistic
        assert result.z[1] == pytest.approx(-theirs, abs=1e-8)


def test_swapping_the_arms_inverts_the_ratios() -> None:
    endpoints, arm = simulate()
    one, other = (wins.win_statistics(endpoints, arm, reference=r) for r in (0, 1))
    assert_allclose(one.estimate[[0, 2]], 1 / other.estimate[[0, 2]])
    assert_allclose(one.lower[[0, 2]], 1 / other.upper[[0, 2]])
    assert one.estimate[1] == pytest.approx(-other.estimate[1])
    assert_allclose(one.p_value, other.p_value)
    fs = [wins.finkelstein_schoenfeld(endpoints, arm, reference=r).z for r in (0, 1)]
    assert fs[0] == pytest.approx(-fs[1])


@settings(max_examples=20, deadline=None)
@given(seed=s.integers(0, 50), scale=s.floats(0.01, 100))
def test_order_of_patients_and_monotone_changes_do_not_matter(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    value, arm = np.round(rng.normal(size=30), 1), np.arange(30) % 2
    order = rng.permutation(30)
    plain = wins.win_statistics([wins.Measurement(value)], arm, reference=0)
    turned = wins.win_statistics([wins.Measurement(np.exp(value[order]) * scale)], arm[order], reference=0)
    assert_allclose(turned.estimate, plain.estimate)
    assert_allclose(turned.p_value, plain.p_value)


def test_variance_is_that_of_the_bootstrap() -> None:
    endpoints, arm = simulate(120, 5)
    rng = np.random.default_rng(1)
    score, time, event = endpoints[2].value, endpoints[0].time, endpoints[0].event
    pair = [wins.TimeToEvent(time, event), wins.Measurement(score)]
    batch = wins.win_statistics_batch(
        [wins.TimeToEvent(time[None], event[None]), wins.Measurement(score[None])], arm, reference=0
    )
    rows = np.stack([np.concatenate([rng.choice(np.flatnonzero(arm == a), 60) for a in (0, 1)]) for _ in range(800)])
    again = wins.win_statistics_batch(
        [wins.TimeToEvent(time[rows], event[rows]), wins.Measurement(score[rows])], np.repeat([0, 1], 60), reference=0
    )
    assert batch.log_win_ratio_se[0] == pytest.approx(again.log_win_ratio.std(), rel=0.1)
    assert batch.net_benefit_se[0] == pytest.approx(again.net_benefit.std(), rel=0.1)
    assert batch.log_win_odds_se[0] == pytest.approx(again.log_win_odds.std(), rel=0.1)
    single = wins.win_statistics(pair, arm, reference=0)
    assert single.estimate[0] == pytest.approx(np.exp(batch.log_win_ratio[0]))


def test_batches_are_trial_by_trial_with_strata_and_arms_that_differ() -> None:
    value = RNG.normal(size=(6, 24))
    arm = np.array([RNG.permutation(np.arange(24) % 2) for _ in range(6)])
    strata = np.repeat([0, 1], 12)
    batch = wins.win_statistics_batch([wins.Measurement(value)], arm, reference=0, strata=strata)
    for trial in range(6):
        one = wins.win_statistics([wins.Measurement(value[trial])], arm[trial], reference=0, strata=strata)
        assert np.exp(batch.log_win_ratio[trial]) == pytest.approx(one.estimate[0])
        assert batch.net_benefit[trial] / batch.net_benefit_se[trial] == pytest.approx(one.z[1])


def test_strata_are_compared_within_and_weighted() -> None:
    value = np.array([1.0, 2, 3, 0, 10, 9, 8, 11, 12, 13])
    arm = np.array([1, 0, 1, 0, 1, 0, 1, 0, 1, 0])
    strata = ["a"] * 4 + ["b"] * 6
    result = wins.win_statistics([wins.Measurement(value)], arm, reference=0, strata=strata)
    won, lost = [], []
    for rows in (range(4), range(4, 10)):
        gaps = [value[i] - value[j] for i in rows for j in rows if arm[i] == 1 and arm[j] == 0]
        won.append(sum(g > 0 for g in gaps) / len(rows))
        lost.append(sum(g < 0 for g in gaps) / len(rows))
    assert result.estimate[0] == pytest.approx(sum(won) / sum(lost))
    assert result.pairs == 4 + 9
    copied = wins.win_statistics(
        [wins.Measurement(np.tile(value[:4], 2))], np.tile(arm[:4], 2), reference=0, strata=np.repeat([0, 1], 4)
    )
    assert copied.estimate[0] == pytest.approx(
        wins.win_statistics([wins.Measurement(value[:4])], arm[:4], reference=0).estimate[0]
    )
    assert copied.z[1] == pytest.approx(
        np.sqrt(2) * wins.win_statistics([wins.Measurement(value[:4])], arm[:4], reference=0).z[1]
    )


def test_finkelstein_schoenfeld_with_one_measurement_is_the_tie_corrected_rank_sum_test() -> None:
    x, y = RNG.integers(0, 8, 30), RNG.integers(1, 9, 26)
    fs = wins.finkelstein_schoenfeld(
        [wins.Measurement(np.concatenate([x, y]))], np.repeat([1, 0], [30, 26]), reference=0
    )
    wanted = stats.mannwhitneyu(x, y, method="asymptotic", use_continuity=False).pvalue
    assert fs.p_value == pytest.approx(wanted, rel=1e-9)
    one = wins.finkelstein_schoenfeld(
        [wins.Measurement(np.concatenate([x, y]))], np.repeat([1, 0], [30, 26]), reference=0, alternative="less"
    )
    assert one.p_value == pytest.approx(stats.norm.cdf(fs.z))


def test_finkelstein_schoenfeld_adds_up_over_strata() -> None:
    endpoints, arm = simulate(40, 3)
    halves = [
        wins.TimeToEvent(np.asarray(endpoints[0].time)[r], np.asarray(endpoints[0].event)[r])
        for r in (slice(0, 20), slice(20, 40))
    ]
    one, two = (wins.finkelstein_schoenfeld([h], arm[:20], reference=0) for h in halves)
    both = wins.finkelstein_schoenfeld(endpoints[:1], arm, reference=0, strata=np.repeat([0, 1], 20))
    assert both.score == pytest.approx(one.score + two.score)
    assert both.variance == pytest.approx(one.variance + two.variance)
    alone = wins.finkelstein_schoenfeld(endpoints[:1], arm, reference=0, strata=np.arange(40))
    assert (alone.z, alone.p_value) == (0.0, 1.0)
    assert [n.code for n in alone.notes] == ["STA-740"]


@pytest.mark.parametrize("seed", [1, 4])
def test_variance_under_the_null_by_its_definition(seed: int) -> None:
    endpoints, arm = simulate(24, seed)
    t, c = np.flatnonzero(arm == 1), np.flatnonzero(arm == 0)
    verdict = np.array([[brute(endpoints, i, j)[0] for j in c] for i in t])
    k, lost = (verdict > 0).astype(float), (verdict < 0).astype(float)
    middle = (k.sum() + lost.sum()) / (2 * k.size)

    def s_of(a: np.ndarray, b: np.ndarray) -> float:
        by_row = sum(
            (a[i, j] - middle) * (b[i, h] - middle)
            for i in range(len(t)) for j in range(len(c)) for h in range(len(c)) if h != j
        )  # fmt: skip
        by_column = sum(
            (a[i, j] - middle) * (b[h, j] - middle)
            for j in range(len(c)) for i in range(len(t)) for h in range(len(t)) if h != i
        )  # fmt: skip
        return len(c) / (len(c) - 1) * by_row + len(t) / (len(t) - 1) * by_column

    variance = (s_of(k, k) + s_of(lost, lost) - 2 * s_of(k, lost)) / (k.size * middle) ** 2
    result = wins.win_ratio_dong_2016(endpoints, arm, reference=0)
    assert result.log_se == pytest.approx(np.sqrt(variance))
    assert result.win_ratio == pytest.approx(wins.win_statistics(endpoints, arm, reference=0).estimate[0])


def test_variances_under_the_null_and_at_the_estimate_meet_where_the_null_holds() -> None:
    value, arm = np.random.default_rng(5).normal(size=2000), np.arange(2000) % 2
    null = wins.win_ratio_dong_2016([wins.Measurement(value)], arm, reference=0)
    free = wins.win_statistics([wins.Measurement(value)], arm, reference=0)
    assert null.z == pytest.approx(free.z[0], rel=0.02)
    halves = wins.win_ratio_dong_2016([wins.Measurement(value)], arm, reference=0, strata=np.arange(2000) < 1000)
    assert halves.log_se == pytest.approx(null.log_se, rel=0.05)
    one = wins.win_ratio_dong_2016([wins.Measurement(value)], arm, reference=0, alternative="greater")
    assert one.p_value == pytest.approx(stats.norm.sf(null.z))
    assert np.isinf(one.upper)


def test_win_ratio_under_the_null_at_its_limits() -> None:
    above = wins.win_ratio_dong_2016([wins.Measurement([3.0, 4, 1, 2])], [1, 1, 0, 0], reference=0)
    assert np.isinf(above.win_ratio)
    assert [n.code for n in above.notes] == ["STA-740"]
    strata = [0, 0, 0, 0, 1, 1]
    lost = wins.win_ratio_dong_2016(
        [wins.Measurement([1.0, 2, 3, 2, 5, 6])], [1, 0, 1, 0, 1, 0], reference=0, strata=strata
    )
    assert [n.code for n in lost.notes] == ["STA-741"]
    assert lost.win_ratio == 1
    assert lost.z == 0


def test_limits_give_defined_answers_and_notes() -> None:
    above = wins.win_statistics([wins.Measurement([3.0, 4, 1, 2])], [1, 1, 0, 0], reference=0)
    assert np.isinf(above.estimate[0])
    assert np.isnan(above.lower[0])
    assert above.estimate[1] == 1
    assert [n.code for n in above.notes] == ["STA-740"]
    ties = wins.win_statistics([wins.Measurement([1.0, 1, 1, 1])], [1, 1, 0, 0], reference=0)
    assert np.isnan(ties.estimate[0])
    assert ties.estimate[1:].tolist() == [0.0, 1.0]
    lost = wins.win_statistics([wins.Measurement([1.0, 2, 3, 4])], [1, 0, 1, 1], reference=0, strata=[0, 0, 1, 1])
    assert [n.code for n in lost.notes] == ["STA-740", "STA-741"]


@pytest.mark.parametrize("alternative", ["less", "greater"])
def test_sides(alternative: str) -> None:
    endpoints, arm = simulate()
    two = wins.win_statistics(endpoints, arm, reference=0, alpha=0.1)
    one = wins.win_statistics(endpoints, arm, reference=0, alpha=0.05, alternative=alternative)
    kept, gone = ("lower", "upper") if alternative == "greater" else ("upper", "lower")
    assert_allclose(getattr(one, kept), getattr(two, kept))
    assert getattr(one, gone).tolist() == ([np.inf, 1.0, np.inf] if gone == "upper" else [0.0, -1.0, 0.0])
    assert one.p_value[1] == pytest.approx(stats.norm.sf(two.z[1] if alternative == "greater" else -two.z[1]))


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: wins.win_statistics([], [1, 0], reference=0), "STA-730"),
        (lambda: wins.win_statistics([wins.Measurement([[1.0, 2.0]])], [1, 0], reference=0), "STA-730"),
        (lambda: wins.win_statistics([wins.Measurement(v) for v in ([1], [1, 2])], [1, 0], reference=0), "STA-730"),
        (lambda: wins.win_statistics([wins.Measurement([1.0, 2.0])], [1, 0], reference=0, strata=[1]), "STA-730"),
        (lambda: wins.win_statistics([wins.RecurrentEvents([[1.0]], [1.0, 2.0])], [1, 0], reference=0), "STA-730"),
        (lambda: wins.win_statistics([wins.RecurrentEvents([[], []], [1.0, -2.0])], [1, 0], reference=0), "STA-731"),
        (lambda: wins.win_statistics([wins.TimeToEvent([1.0, -1.0], [1, 0])], [1, 0], reference=0), "STA-731"),
        (lambda: wins.win_statistics([wins.TimeToEvent([1.0, 1.0], [1, 2])], [1, 0], reference=0), "STA-731"),
        (lambda: wins.win_statistics([wins.Measurement([1.0, 2.0], threshold=-1)], [1, 0], reference=0), "STA-731"),
        (lambda: wins.win_statistics([wins.Measurement([1.0, 2.0])], [1, 1], reference=0), "STA-732"),
        (lambda: wins.win_statistics([wins.Measurement([1.0, 2.0])], [1, 0], reference=5), "STA-732"),
        (lambda: wins.win_statistics([wins.Measurement([1.0, 2.0])], [1, 0], reference=0, strata=[1, 2]), "STA-732"),
        (lambda: wins.door_probability([1.0], [1.0, 2.0]), "STA-730"),
        (lambda: wins.door_partial_credit("AX", "AB", {"A": 100, "B": 0}), "STA-733"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_refused(call: Any, code: str) -> None:
    with pytest.raises(StatsError) as caught:
        call()
    assert caught.value.code == code


def test_door_is_the_win_probability() -> None:
    x, y = RNG.integers(1, 6, 60), RNG.integers(1, 5, 50)
    result = wins.door_probability(x, y)
    assert result.probability == pytest.approx(stats.mannwhitneyu(x, y).statistic / 3000)
    assert result.better + result.equal + result.worse == pytest.approx(1)
    turned = wins.door_probability(-x, -y, higher_is_better=False)
    assert (turned.probability, turned.lower) == (result.probability, result.lower)
    swapped = wins.door_probability(y, x)
    assert swapped.lower == pytest.approx(1 - result.upper)
    assert wins.door_probability(x, y, alternative="greater").upper == 1
    assert wins.door_probability(x, y, alternative="less").lower == 0


def test_door_without_variation_has_newcombes_interval() -> None:
    apart = wins.door_probability([3, 4, 3, 4], [1, 2, 1, 2])
    assert apart.probability == 1
    assert apart.upper == 1
    assert 0.4 < apart.lower < 0.9
    assert apart.p_value < 0.05
    assert [n.code for n in apart.notes] == ["STA-742"]
    same = wins.door_probability([2, 2, 2], [2, 2, 2])
    assert same.probability == 0.5
    assert same.lower == pytest.approx(1 - same.upper)
    assert same.p_value == 1


def test_door_interval_covers() -> None:
    rng = np.random.default_rng(3)
    truth = 0.5 + stats.norm.cdf(0.5 / np.sqrt(2)) - 0.5
    covered = 0
    for _ in range(300):
        result = wins.door_probability(rng.normal(0.5, 1, 25), rng.normal(0, 1, 30))
        covered += result.lower <= truth <= result.upper
    assert 0.91 <= covered / 300 <= 0.985


def test_partial_credit_compares_means() -> None:
    result = wins.door_partial_credit("AABB", "ABCC", {"A": 100, "B": 60, "C": 0})
    theirs = stats.ttest_ind([100, 100, 60, 60], [100, 60, 0, 0], equal_var=False)
    assert result.difference == pytest.approx(40)
    assert result.p_value == pytest.approx(theirs.pvalue)
    interval = theirs.confidence_interval()
    assert_allclose([result.lower, result.upper], interval)
