"""Cases with a known answer, a second witness, and input that has none."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from opencro.stats import StatsError
from opencro.stats.formula import differences_from
from opencro.stats.mmrm import fit_mmrm, fit_mmrm_arrays
from tests.stats.mmrm.made import STRUCTURED, Made, make_trial


def test_complete_unstructured_data_is_multivariate_regression() -> None:
    """REML is the covariance of residuals over n - 2, and each visit is a t test with n - 2 degrees of freedom."""
    made = make_trial(1, subjects=24, missing=0.0)
    columns = made.columns()
    fit = fit_mmrm("y ~ arm * visit", columns, subject="id", visit="visit", df="kenward-roger-linear")
    table = made.y.reshape(24, 4)
    arm = made.arm.reshape(24, 4)[:, 0]
    centred = table - np.where(arm[:, None] == 1, table[arm == 1].mean(axis=0), table[arm == 0].mean(axis=0))
    np.testing.assert_allclose(fit.sigma[0], centred.T @ centred / 22, rtol=1e-8)
    found = differences_from(fit.ls_means("arm", by="visit"), "placebo")
    for j in range(4):
        t = stats.ttest_ind(table[arm == 1, j], table[arm == 0, j])
        assert found.statistic[j] == pytest.approx(t.statistic, rel=1e-8)
        assert found.df[j] == pytest.approx(22.0, rel=1e-6)
        assert found.p_value[j] == pytest.approx(t.pvalue, rel=1e-6)


def test_hotelling() -> None:
    """With complete unstructured data the Kenward-Roger F test of arm by visit is Hotelling's, exactly."""
    made = make_trial(2, subjects=24, missing=0.0)
    fit = fit_mmrm("y ~ arm * visit", made.columns(), subject="id", visit="visit", df="kenward-roger-linear")
    interaction = fit.test_terms()
    steps = np.diff(made.y.reshape(24, 4), axis=1)
    arm = made.arm.reshape(24, 4)[:, 0]
    gap = steps[arm == 1].mean(axis=0) - steps[arm == 0].mean(axis=0)
    centred = steps - np.where(arm[:, None] == 1, steps[arm == 1].mean(axis=0), steps[arm == 0].mean(axis=0))
    t2 = 6.0 * gap @ np.linalg.solve(centred.T @ centred / 22, gap)
    at = interaction.term.index("arm:visit")
    assert interaction.f[at] == pytest.approx(t2 * (22 - 3 + 1) / (22 * 3), rel=1e-6)
    assert interaction.numerator_df[at] == 3
    assert interaction.denominator_df[at] == pytest.approx(20.0, rel=1e-6)


@pytest.mark.parametrize("df", ["satterthwaite", "kenward-roger-linear"])
def test_complete_compound_symmetry_is_the_split_plot(df: str) -> None:
    """Effects within subjects have (n - 2)(m - 1) degrees of freedom."""
    made = make_trial(3, subjects=24, missing=0.0)
    fit = fit_mmrm("y ~ arm * visit", made.columns(), subject="id", visit="visit", covariance="cs", df=df)
    tests = fit.test_terms()
    assert tests.denominator_df[tests.term.index("arm:visit")] == pytest.approx(22 * 3, rel=1e-6)
    assert tests.denominator_df[tests.term.index("arm")] == pytest.approx(22, rel=1e-6)


@pytest.mark.parametrize("reml", [True, False])
def test_compound_symmetry_is_a_random_intercept(reml: bool) -> None:
    made = make_trial(4, subjects=50)
    fit = fit_mmrm_arrays(made.x, made.y, made.subject, made.visit, covariance="cs", reml=reml)
    model = sm.MixedLM(made.y, made.x, groups=made.subject)
    other = model.fit(reml=reml, method="bfgs")
    np.testing.assert_allclose(fit.estimate, other.fe_params, rtol=1e-4, atol=1e-5)
    # statsmodels inverts the observed information of beta and the variances together
    np.testing.assert_allclose(fit.se, other.bse_fe, rtol=3e-3)
    assert fit.sigma[0][0, 1] == pytest.approx(float(np.asarray(other.cov_re)[0, 0]), rel=1e-4)
    assert fit.sigma[0][0, 0] - fit.sigma[0][0, 1] == pytest.approx(other.scale, rel=1e-4)
    assert fit.neg2_log_likelihood == pytest.approx(-2 * other.llf, rel=1e-8)


@pytest.mark.parametrize("covariance", ["us", "ar1", "cs", "toeph"])
@pytest.mark.parametrize("df", ["satterthwaite", "kenward-roger-linear", "residual"])
def test_one_visit_is_least_squares(covariance: str, df: str) -> None:
    made = make_trial(5, subjects=30, visits=1, missing=0.0)
    fit = fit_mmrm_arrays(made.x, made.y, made.subject, made.visit, covariance=covariance, df=df)
    other = sm.OLS(made.y, made.x).fit()
    np.testing.assert_allclose(fit.estimate, other.params, rtol=1e-8)
    np.testing.assert_allclose(fit.se, other.bse, rtol=1e-8)
    np.testing.assert_allclose(fit.df, 27.0, rtol=1e-6)
    assert fit.sigma[0][0, 0] == pytest.approx(other.scale, rel=1e-8)


def test_independent_visits_in_the_limit_of_many_subjects() -> None:
    rng = np.random.default_rng(6)
    subject, visit = np.repeat(np.arange(4000), 3), np.tile(np.arange(3), 4000)
    y = rng.normal(size=12000)
    fit = fit_mmrm_arrays(np.eye(3)[visit], y, subject, visit)
    np.testing.assert_allclose(fit.sigma[0], np.eye(3), atol=0.06)
    np.testing.assert_allclose(fit.se, 1 / np.sqrt(4000), rtol=0.03)


def test_the_ladder_is_told() -> None:
    """Six subjects can't tell an unstructured covariance of six visits."""
    made = make_trial(7, subjects=6, visits=6, missing=0.1)
    x = np.ones((len(made.y), 1))
    fit = fit_mmrm_arrays(x, made.y, made.subject, made.visit)
    assert fit.attempts[0].covariance == "us"
    assert fit.attempts[0].outcome != "converged"
    assert fit.attempts[-1].outcome == "converged"
    assert fit.attempts[-1].covariance == fit.covariance
    assert [n.code for n in fit.notes] == ["STA-313"]
    with pytest.raises(StatsError, match="STA-310"):
        fit_mmrm_arrays(x, made.y, made.subject, made.visit, fallback=())


def test_visits_that_nobody_has_both_of_identify_no_covariance() -> None:
    made = make_trial(8, subjects=60, visits=3, missing=0.0)
    kept = np.where(made.subject % 3 == 0, made.visit != 0, made.visit != 2)
    arrays = (made.x[kept], made.y[kept], made.subject[kept], made.visit[kept])
    fit = fit_mmrm_arrays(*arrays)
    assert fit.covariance != "us"
    assert fit.attempts[0].outcome == "no subject has both visit 1 and visit 3"
    two = fit_mmrm_arrays(*arrays, group=(arrays[2] % 3 == 0).astype(int))
    assert two.attempts[0].outcome == "visit 3 is empty in group 1"


def test_a_column_that_depends_on_others_is_left_out_and_said() -> None:
    made = make_trial(9)
    one = fit_mmrm_arrays(made.x, made.y, made.subject, made.visit)
    x = np.column_stack([made.x[:, :2], made.x[:, :1] - 2 * made.x[:, 1:2], made.x[:, 2:]])
    two = fit_mmrm_arrays(x, made.y, made.subject, made.visit)
    assert np.isnan(two.estimate[2])
    np.testing.assert_allclose(np.delete(two.estimate, 2), one.estimate, rtol=1e-7)
    assert [n.code for n in two.notes] == ["STA-308"]
    assert np.isnan(two.contrast(np.eye(x.shape[1])[2]).estimate[0])


def _with(made: Made, **changes: object) -> dict[str, object]:
    table = {"x": made.x, "y": made.y, "subject": made.subject, "visit": made.visit}
    return {**table, **changes}


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("STA-301", {"covariance": "arma"}),
        ("STA-302", {"covariance": "sp_exp"}),
        ("STA-303", {"y": np.full(5, np.nan), "x": np.ones((5, 1)), "subject": np.arange(5), "visit": np.zeros(5)}),
        ("STA-303", {"subject": [1, 2]}),
        ("STA-304", {"visit": np.zeros(4), "subject": [1, 1, 2, 2], "x": np.ones((4, 1)), "y": np.arange(4.0)}),
        ("STA-305", {"group": "visit"}),
        ("STA-306", {"y": "fitted"}),
        ("STA-307", {"weights": "negative"}),
        ("STA-309", {"df": "satterwaite"}),
        ("STA-309", {"vcov": "robust"}),
        ("STA-309", {"vcov": "empirical", "df": "kenward-roger"}),
    ],
)
def test_impossible_input_is_refused(code: str, changes: dict[str, object]) -> None:
    made = make_trial(10)
    special = {"visit": made.visit, "negative": -(made.y**2), "fitted": made.x @ np.arange(made.x.shape[1])}
    named = {k: special[v] if isinstance(v, str) and v in special else v for k, v in changes.items()}
    with pytest.raises(StatsError, match=code):
        fit_mmrm_arrays(**_with(made, **named))  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(8))
def test_the_smallest_data_give_an_answer_or_a_named_refusal(seed: int) -> None:
    """No subject too few, no pattern of gaps and no option ends in anything but numbers or a StatsError."""
    rng = np.random.default_rng(seed)
    subjects, visits = int(rng.integers(1, 8)), int(rng.integers(1, 5))
    subject, visit = np.repeat(np.arange(subjects), visits), np.tile(np.arange(visits), subjects)
    kept = rng.random(len(visit)) > rng.uniform(0, 0.6)
    x = np.column_stack([np.ones(len(visit)), rng.integers(0, 2, len(visit))])[kept]
    y = (rng.normal(size=len(visit)) * rng.choice([1e-100, 1.0, 1e100]))[kept]
    for covariance in STRUCTURED:
        for df, vcov in [("satterthwaite", "empirical-jackknife"), ("kenward-roger", "asymptotic")]:
            try:
                fit = fit_mmrm_arrays(
                    x, y, subject[kept], visit[kept], covariance=covariance, df=df, vcov=vcov,
                    coordinates=visit[kept] if covariance.startswith("sp_") else None,
                )  # fmt: skip
            except StatsError as error:
                assert error.code in ("STA-303", "STA-306", "STA-310", "STA-318")  # noqa: PT017
                continue
            assert np.isfinite(fit.neg2_log_likelihood)
            assert np.isfinite(fit.residuals("normalized")).all()


def test_a_sandwich_of_too_few_subjects_tests_nothing() -> None:
    made = make_trial(15, subjects=6, visits=3, missing=0.0)
    fit = fit_mmrm_arrays(made.x, made.y, made.subject, made.visit, covariance="cs", vcov="empirical")
    found = fit.test_joint({"all": np.eye(made.x.shape[1])})
    assert np.isnan(found.p_value[0])
    assert [n.code for n in found.notes] == ["STA-317"]


def test_what_needs_a_formula_says_so() -> None:
    made = make_trial(11)
    fit = fit_mmrm_arrays(made.x, made.y, made.subject, made.visit)
    for ask in (lambda: fit.ls_means("arm"), fit.test_terms, lambda: fit.predict({}), lambda: fit.plot("arm")):
        with pytest.raises(StatsError, match="STA-314"):
            ask()
    with pytest.raises(StatsError, match="STA-303"):
        fit_mmrm("~ arm", made.columns(), subject="id", visit="visit")
    with pytest.raises(StatsError, match="STA-309"):
        fit_mmrm("y ~ arm * visit", made.columns(), subject="id", visit="visit").test_terms(type="IV")


def test_rows_without_a_response_are_left_out() -> None:
    made = make_trial(12)
    gaps = np.append(made.y, [np.nan, np.nan])
    x = np.vstack([made.x, made.x[:2]])
    subject, visit = np.append(made.subject, [900, 901]), np.append(made.visit, [0, 1])
    one = fit_mmrm_arrays(made.x, made.y, made.subject, made.visit)
    two = fit_mmrm_arrays(x, gaps, subject, visit)
    assert (two.observations, two.subjects) == (one.observations, one.subjects)
    assert two.neg2_log_likelihood == one.neg2_log_likelihood


def test_the_order_of_visits_is_told_where_text_misleads() -> None:
    columns = make_trial(14).columns()
    weeks = {"V0": "Week 4", "V1": "Week 8", "V2": "Week 12", "V3": "Week 16"}
    columns["visit"] = [weeks[str(v)] for v in columns["visit"]]
    formula = "y ~ base + arm * visit"
    text = fit_mmrm(formula, columns, subject="id", visit="visit", covariance="ar1")
    assert [n.code for n in text.notes] == ["STA-316"]
    time = fit_mmrm(
        formula, columns, subject="id", visit="visit", covariance="ar1", levels={"visit": list(weeks.values())}
    )
    assert time.notes == ()
    alone = fit_mmrm(
        "y ~ base", columns, subject="id", visit="visit", covariance="ar1", levels={"visit": list(weeks.values())}
    )
    assert alone.visits == tuple(weeks.values())
    with pytest.raises(StatsError, match="Week 16"):
        fit_mmrm("y ~ base", columns, subject="id", visit="visit", levels={"visit": ["Week 4", "Week 8", "Week 12"]})
    assert time.neg2_log_likelihood < text.neg2_log_likelihood - 5


def test_what_a_fit_shows() -> None:
    fit = fit_mmrm("y ~ base + arm * visit", make_trial(13).columns(), subject="id", visit="visit", group="arm")
    text = str(fit)
    assert "covariance us by 2 groups, REML" in text
    assert fit.to_frame().columns[:3] == ["parameter", "estimate", "se"]
    assert fit.covariance_frame().shape == (8, 6)
    axes = fit.plot("arm").axes[0]
    assert [t.get_text() for t in axes.get_xticklabels()] == ["V0", "V1", "V2", "V3"]
    assert len(axes.containers) == 2
