"""Crossover analyses against the general linear model, by laws, and at their limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from opencro.stats import StatsError
from opencro.stats.bioequivalence import (
    Crossover,
    average_bioequivalence_anova,
    average_bioequivalence_mixed,
    average_bioequivalence_parallel,
    bioequivalence_batch,
    compute_cv,
    compute_log_sd,
    crossover,
    cv_from_interval,
    expanding_limits_ema,
    expanding_limits_gcc,
    expanding_limits_health_canada,
    interval_from_cv,
    limits_ema,
    limits_gcc,
    limits_health_canada,
    narrow_index_fda,
    power_tost,
    ratio_from_estimate,
    reference_scaled_fda,
    sample_size_noninferiority,
    sample_size_tost,
    within_subject_variability,
)
from opencro.stats.formula import model_matrix
from opencro.stats.linear import fit_linear

Rows = dict[str, np.ndarray]


def _rows(
    seed: int, sequences: tuple[str, ...] = ("TRTR", "RTRT"), n: int = 12, sd: float = 0.3, between: float = 0.5
) -> Rows:
    draw = np.random.default_rng(seed)
    width = len(sequences[0])
    sequence = np.repeat(np.array(sequences)[np.arange(n) % len(sequences)], width)
    period = np.tile(np.arange(1, width + 1), n)
    treatment = np.array(list("".join(np.array(sequences)[np.arange(n) % len(sequences)])))
    level = np.repeat(draw.normal(4, between, n), width) + 0.05 * period + 0.1 * (treatment == "T")
    y = np.exp(level + draw.normal(0, sd, n * width))
    return {
        "subject": np.repeat(np.arange(n), width),
        "period": period,
        "sequence": sequence,
        "treatment": treatment,
        "y": y,
    }


def _trial(rows: Rows) -> Crossover:
    return crossover(rows["subject"], rows["period"], rows["sequence"], rows["treatment"], rows["y"])


@pytest.mark.parametrize("sequences", [("TR", "RT"), ("TRTR", "RTRT"), ("TRR", "RTR", "RRT"), ("TRT", "RTR")])
@pytest.mark.parametrize("lost", [0, 5])
def test_the_analysis_of_variance_is_the_general_linear_model(sequences: tuple[str, ...], lost: int) -> None:
    rows = _rows(1, sequences)
    rows["y"][np.random.default_rng(2).permutation(len(rows["y"]))[:lost]] = np.nan
    fit = average_bioequivalence_anova(_trial(rows))
    data = {**rows, "ly": np.log(rows["y"]), "test": (rows["treatment"] == "T") * 1.0}
    linear = fit_linear(model_matrix("ly ~ subject + period + test", data, factors={"subject", "period"}))
    at = linear.matrix.names.index("test")
    assert math.log(fit.ratio) == pytest.approx(linear.beta[at])
    assert fit.log_se == pytest.approx(math.sqrt(linear.covariance[at, at]))
    assert fit.df == linear.df_residual
    assert fit.cv == pytest.approx(compute_cv(linear.sigma))
    assert [n.code for n in fit.notes] == (["STA-721"] if lost else [])


def test_the_interval_decides_as_the_two_tests_do() -> None:
    for seed in range(20):
        fit = average_bioequivalence_anova(_trial(_rows(seed, ("TR", "RT"), n=20, sd=0.2)))
        assert fit.equivalent == (max(fit.p_lower, fit.p_upper) <= 0.05)


def test_a_balanced_complete_trial_needs_no_random_subjects() -> None:
    trial = _trial(_rows(4, ("TR", "RT"), n=16))
    fixed = average_bioequivalence_anova(trial)
    for df in ("satterthwaite", "kenward-roger", "containment"):
        mixed = average_bioequivalence_mixed(trial, df=df)
        assert (mixed.ratio, mixed.lower, mixed.upper) == pytest.approx(
            (fixed.ratio, fixed.lower, fixed.upper), rel=1e-5
        )
        assert mixed.df == pytest.approx(14, rel=1e-3)
    with pytest.raises(StatsError, match="STA-723"):
        average_bioequivalence_mixed(trial, df="between")  # type: ignore[arg-type]


def test_without_variance_between_subjects_the_subjects_are_left_out() -> None:
    for seed in range(40):
        trial = _trial(_rows(seed, ("TR", "RT"), n=8, between=0.0))
        mixed = average_bioequivalence_mixed(trial)
        if mixed.notes:
            assert mixed.notes[-1].code == "STA-724"
            assert mixed.df == 16 - 4
            return
    raise AssertionError("no sample had a negative covariance")


def test_variability_is_that_of_repeated_products() -> None:
    rows = _rows(5, ("TRTR", "RTRT"), n=400, sd=0.4)
    spread = within_subject_variability(_trial(rows))
    assert spread.sd_reference == pytest.approx(0.4, abs=0.03)
    assert spread.ratio_lower < spread.ratio < spread.ratio_upper
    partial = within_subject_variability(_trial(_rows(6, ("TRR", "RTR", "RRT"))))
    assert np.isnan(partial.sd_test)
    assert partial.notes[0].code == "STA-722"
    with pytest.raises(StatsError, match="STA-726"):
        expanding_limits_ema(_trial(_rows(7, ("TR", "RT"))))
    with pytest.raises(StatsError, match="STA-726"):
        reference_scaled_fda(_trial(_rows(7, ("TR", "RT"))))


def test_contrasts_by_sequence_are_those_of_the_guidance() -> None:
    rows = _rows(8, ("TRR", "RTR", "RRT"), n=18, sd=0.5)
    trial = _trial(rows)
    found = reference_scaled_fda(trial)
    y = np.log(rows["y"]).reshape(18, 3)
    place = {"TRR": (0, 1, 2), "RTR": (1, 0, 2), "RRT": (2, 0, 1)}
    names = rows["sequence"].reshape(18, 3)[:, 0]
    t, first, second = (np.array([row[place[q][k]] for row, q in zip(y, names, strict=True)]) for k in range(3))
    data = {"seq": names, "ilat": t - (first + second) / 2, "dlat": first - second}
    middle = fit_linear(model_matrix("ilat ~ seq", data, contrasts="sum"))
    apart = fit_linear(model_matrix("dlat ~ seq", data, contrasts="sum"))
    assert math.log(found.ratio) == pytest.approx(middle.beta[0])
    assert found.df == 15
    assert found.sd_reference == pytest.approx(apart.sigma / math.sqrt(2))
    assert found.scaled == (found.sd_reference >= 0.294)
    pooled = reference_scaled_fda(trial, by_sequence=False)
    assert pooled.df == 17
    assert pooled.sd_reference == pytest.approx(within_subject_variability(trial).sd_reference)


def test_a_narrow_index_asks_for_three_things() -> None:
    tight = _trial(_rows(9, n=30, sd=0.08))
    found = narrow_index_fda(tight)
    assert found.equivalent == (found.criterion <= 0 and found.lower >= 0.8 and found.upper <= 1.25)
    assert found.sd_ratio_upper < 2.5
    rows = _rows(10, n=30, sd=0.08)
    test = rows["treatment"] == "T"
    rows["y"][test] *= np.exp(np.random.default_rng(3).normal(0, 0.5, test.sum()))
    wild = narrow_index_fda(_trial(rows))
    assert wild.sd_ratio_upper > 2.5
    assert not wild.equivalent


@pytest.mark.parametrize(
    ("cv", "ema", "canada", "gcc"),
    [
        (0.2, (0.8, 1.25), (0.8, 1.25), (0.8, 1.25)),
        (0.3, (0.8, 1.25), (0.8, 1.25), (0.8, 1.25)),
        (0.4, (0.7462, 1.3402), (0.7462, 1.3402), (0.75, 4 / 3)),
        (0.9, (0.6984, 1.4319), (0.6667, 1.5), (0.75, 4 / 3)),
    ],
)
def test_limits(cv: float, ema: tuple[float, float], canada: tuple[float, float], gcc: tuple[float, float]) -> None:
    # EMA's own table (CPMP/EWP/QWP/1401/98 Rev. 1, section 4.1.10): 40 % 74.62-134.02, 50 % and more 69.84-143.19
    assert limits_ema(cv) == pytest.approx(ema, abs=5e-5)
    assert limits_health_canada(cv) == pytest.approx(canada, abs=5e-5)
    assert limits_gcc(cv) == pytest.approx(gcc)


@settings(max_examples=15, deadline=None)
@given(seed=some.integers(0, 10_000), scale=some.sampled_from([0.001, 1.0, 1000.0]))
def test_units_order_and_names_change_nothing_and_products_swap(seed: int, scale: float) -> None:
    rows = _rows(seed)
    fit = average_bioequivalence_anova(_trial(rows))
    order = np.random.default_rng(seed).permutation(len(rows["y"]))
    other = {k: v[order] for k, v in rows.items()}
    moved = crossover(
        other["subject"] + 100, other["period"], np.char.add("s", other["sequence"]), other["treatment"],
        other["y"] * scale,
    )  # fmt: skip
    again = average_bioequivalence_anova(moved)
    assert (again.ratio, again.lower, again.df) == pytest.approx((fit.ratio, fit.lower, fit.df))
    swapped = average_bioequivalence_anova(
        crossover(
            rows["subject"], rows["period"], rows["sequence"], rows["treatment"], rows["y"], test="R", reference="T"
        )
    )
    assert (swapped.ratio, swapped.lower) == pytest.approx((1 / fit.ratio, 1 / fit.upper))


def test_parallel_groups() -> None:
    draw = np.random.default_rng(11)
    t, r = np.exp(draw.normal(3, 0.3, 20)), np.exp(draw.normal(3.05, 0.3, 25))
    welch, pooled = average_bioequivalence_parallel(t, r), average_bioequivalence_parallel(t, r, equal_variances=True)
    assert pooled.df == 43
    assert welch.ratio == pooled.ratio
    expected = interval_from_cv(pooled.ratio, pooled.cv, 40, design="parallel")
    same = average_bioequivalence_parallel(t, r[:20], equal_variances=True)
    expected = interval_from_cv(same.ratio, same.cv, 40, design="parallel")
    assert (same.lower, same.upper) == pytest.approx(tuple(v.item() for v in expected))
    with pytest.raises(StatsError, match="STA-720"):
        average_bioequivalence_parallel([1.0, 0.0], r)


def test_power_against_simulation_and_at_its_ends() -> None:
    draw = np.random.default_rng(12)
    n, sd = 24, compute_log_sd(0.25).item()
    se = sd * np.sqrt(2 / n)
    d = np.log(0.95) + draw.normal(size=200_000) * se
    s = sd * np.sqrt(draw.chisquare(n - 2, 200_000) / (n - 2)) * np.sqrt(2 / n)
    t = 1.717144
    passed = np.mean((d - t * s >= np.log(0.8)) & (d + t * s <= np.log(1.25)))
    assert power_tost(0.25, n).item() == pytest.approx(passed, abs=0.004)
    size = power_tost(np.array([0.1, 0.2, 0.3]), 30, ratio=1.25)
    assert (size <= 0.05).all()
    assert size[0] == pytest.approx(0.05, abs=1e-6)
    assert power_tost(0.3, [0, 2, 3]).tolist()[:2] == [0.0, 0.0]
    assert power_tost(0.2, 4000).item() == pytest.approx(1)
    assert power_tost(3.0, 12).item() < 1e-4


@settings(max_examples=20, deadline=None)
@given(
    cv=some.floats(0.08, 0.6),
    ratio=some.floats(0.87, 1.15),
    design=some.sampled_from(["2x2", "2x2x4", "3x6x3", "parallel"]),
)
def test_the_sample_size_is_the_smallest(cv: float, ratio: float, design: str) -> None:
    n = sample_size_tost(cv, ratio=ratio, design=design)
    step = {"3x6x3": 6}.get(design, 2)
    assert power_tost(cv, n, ratio=ratio, design=design) >= 0.8
    assert n == step or power_tost(cv, n - step, ratio=ratio, design=design) < 0.8
    assert power_tost(cv, n, ratio=1 / ratio, design=design) == pytest.approx(
        power_tost(cv, n, ratio=ratio, design=design).item()
    )


def test_the_interval_and_the_cv_are_inverse() -> None:
    for design in ("2x2", "2x3x3", "4x4", "3x3"):
        lower, upper = interval_from_cv(0.93, 0.31, 25, design=design)
        assert cv_from_interval(lower, upper, 25, design=design) == pytest.approx(0.31)
    assert compute_cv(compute_log_sd(0.4)) == pytest.approx(0.4)


def test_what_cannot_be_planned_or_analysed() -> None:
    with pytest.raises(StatsError, match="STA-727"):
        power_tost(0.2, 20, design="2x2x2")
    with pytest.raises(StatsError, match="STA-728"):
        sample_size_tost(0.2, ratio=1.3)
    with pytest.raises(StatsError, match="STA-728"):
        sample_size_noninferiority(0.2, ratio=0.7)
    assert sample_size_noninferiority(0.2, ratio=1 / 0.95, margin=1.25) == sample_size_noninferiority(0.2)
    with pytest.raises(StatsError, match="STA-725"):
        ratio_from_estimate(0, 0.1, 10, limits=(1.25, 0.8))
    alone = average_bioequivalence_anova(crossover([1, 1], [1, 2], ["TR", "TR"], ["T", "R"], [1.0, 2]))
    assert (alone.equivalent, alone.notes[-1].code) == (False, "STA-729")
    rows = _rows(13)
    bad: list[Rows] = [
        {**rows, "y": rows["y"] * 0}, {**rows, "treatment": np.where(rows["treatment"] == "T", "X", "R")},
        {**rows, "period": np.ones_like(rows["period"])}, {**rows, "sequence": rows["treatment"]},
        {**rows, "subject": rows["subject"][:5]}, {**rows, "treatment": np.full(len(rows["y"]), "R")},
    ]  # fmt: skip
    for one in bad:
        with pytest.raises(StatsError, match="STA-720"):
            _trial(one)


@pytest.mark.parametrize("sequences", [("TRTR", "RTRT"), ("TRR", "RTR", "RRT"), ("TRT", "RTR"), ("TRRT", "RTTR")])
def test_the_batch_is_the_single_analysis(sequences: tuple[str, ...]) -> None:
    many = [_rows(seed, sequences, n=13, sd=0.2 + 0.05 * seed) for seed in range(8)]
    trials = [_trial(rows) for rows in many]
    batch = bioequivalence_batch(trials[0], [t.log_y for t in trials])
    for i, trial in enumerate(trials):
        one = average_bioequivalence_anova(trial)
        assert (batch.ratio[i], batch.lower[i], batch.upper[i]) == pytest.approx((one.ratio, one.lower, one.upper))
        assert batch.average[i] == one.equivalent
        assert batch.cv_reference[i] == pytest.approx(within_subject_variability(trial).cv_reference)
        singles = (expanding_limits_ema, expanding_limits_health_canada, expanding_limits_gcc, reference_scaled_fda)
        verdicts = [getattr(batch, name)[i] for name in ("ema", "canada", "gcc", "fda")]
        assert verdicts == [single(trial).equivalent for single in singles]
    plain = _trial(_rows(1, ("TR", "RT")))
    simple = bioequivalence_batch(plain, plain.log_y[None])
    assert np.isnan(simple.cv_reference[0])
    assert not simple.fda[0]
    with pytest.raises(StatsError, match="STA-720"):
        bioequivalence_batch(plain, np.zeros((2, 3)))
