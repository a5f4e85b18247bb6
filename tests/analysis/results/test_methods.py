"""Each method gives what `opencro.stats` gives for the same few participants, and an unknown option is a finding."""

from __future__ import annotations

import math
from collections.abc import Mapping

import polars as pl
import pytest

import opencro.stats as st
from opencro.analysis.displays import Display, fill_display
from opencro.analysis.results import METHODS, Analysis, Cell, Definitions, Material, compute_results
from opencro.kernel.finding import Refused

DEFINITIONS = Definitions.model_validate(
    {
        "populations": {"ALL": {"label": "Everybody"}},
        "groupings": {
            "arm": {"dataset": "ADSL", "variable": "ARM", "groups": [{"id": g, "value": g.upper()} for g in "abc"]},
            "sex": {
                "dataset": "ADSL",
                "variable": "SEX",
                "groups": [{"id": "f", "value": "F"}, {"id": "m", "value": "M"}],
            },
        },
        "formats": {},
    }
)
ARMS = "AAAAABBBBBBCCCC"
SEXES = "FMFMFFMFMFMFMFM"
TIMES = [5.0, 8.0, 12.0, 12.0, 20.0, 3.0, 4.0, 6.5, 9.0, 11.0, 15.0, 2.0, 3.5, 10.0, 18.0]
CENSORED = [0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
PEOPLE = pl.DataFrame({"USUBJID": [str(i) for i in range(15)], "ARM": list(ARMS), "SEX": list(SEXES)})
TTE = PEOPLE.select("USUBJID").with_columns(pl.Series("AVAL", TIMES), pl.Series("CNSR", CENSORED))
EVENTS = pl.DataFrame({"USUBJID": ["0", "0", "5", "6", "8", "9", "11"]})
MATERIAL = Material({"ADSL": PEOPLE, "ADTTE": TTE, "ADAE": EVENTS}, DEFINITIONS)
GIVEN = PEOPLE.join(TTE, on="USUBJID", maintain_order="left").with_columns((pl.col("CNSR") == 0).alias("EVENT"))


def _of(
    method: str, contrast: str = "", dataset: str = "ADTTE", groups: Mapping[str, str] | None = None, **options: object
) -> Mapping[str, float | str | None]:
    by = groups or {}
    told = tuple(sorted(options.items()))
    analysis = Analysis(method, dataset, "ALL", "AVAL" if dataset == "ADTTE" else "", by=tuple(by), options=told)  # type: ignore[arg-type]
    found = compute_results(MATERIAL, [analysis]).of(Cell(analysis, tuple(by.values()), contrast))
    assert set(found) <= set(METHODS[method].operations), "every operation is announced"
    return found


def _arm(*arms: str) -> tuple[list[float], list[bool], list[str]]:
    rows = GIVEN.filter(pl.col("ARM").is_in(arms))
    return rows["AVAL"].to_list(), rows["EVENT"].to_list(), rows["ARM"].to_list()


@pytest.mark.parametrize(
    ("method", "interval", "expected"),
    [
        ("risk_difference", "score", st.binary.miettinen_nurminen),
        ("risk_difference", "newcombe", st.binary.newcombe),
        ("risk_difference", "wald", st.binary.wald_difference),
        ("risk_ratio", "score", st.binary.miettinen_nurminen_ratio),
        ("risk_ratio", "log", st.binary.katz),
        ("odds_ratio", "score", st.binary.miettinen_nurminen_odds),
        ("odds_ratio", "cornfield", st.binary.cornfield),
        ("odds_ratio", "log", st.binary.woolf),
    ],
)
def test_proportions_are_of_participants_with_a_row(method: str, interval: str, expected) -> None:  # type: ignore[no-untyped-def]
    for contrast, counts in (("b:a", (4, 6, 1, 5)), ("a:b", (1, 5, 4, 6)), ("c:a", (1, 4, 1, 5))):
        found, wanted = _of(method, contrast, "ADAE", across="arm", interval=interval), expected(*counts)
        assert (found["estimate"], found["lower"], found["upper"]) == (wanted.estimate, wanted.lower, wanted.upper)
        assert found["p"] == getattr(wanted, "p_value", None)


def test_proportions_within_groups_of_participants() -> None:
    found = _of("risk_difference", "b:a", "ADAE", {"sex": "f"}, across="arm", base=("sex",))
    assert found["estimate"] == pytest.approx(2 / 3 - 1 / 3)
    assert _of("risk_difference", "b:a", "ADAE", {"sex": "f"}, across="arm")["estimate"] == pytest.approx(2 / 6 - 1 / 5)


def test_a_table_by_simulation_has_the_error_of_its_p_value() -> None:
    table = [[9, 1], [3, 7], [6, 4]]
    told = [(arm, sex) for arm, row in zip("ABC", table, strict=True) for sex, n in zip("FM", row, strict=True)
            for _ in range(n)]  # fmt: skip
    people = pl.DataFrame({"USUBJID": [str(i) for i in range(30)], "ARM": [a for a, _ in told]})
    material = Material({"ADSL": people.with_columns(pl.Series("SEX", [s for _, s in told]))}, DEFINITIONS)
    asked = (("across", "arm"), ("response", "sex"))
    drawn = Analysis("fisher_simulated", "ADSL", "ALL", options=(*asked, ("replicates", 20_000), ("seed", 3)))
    exactly = Analysis("fisher_table", "ADSL", "ALL", options=asked)
    results = compute_results(material, [drawn, exactly])
    wanted = st.categorical.fisher_exact_simulated(table, 3, replicates=20_000)
    assert results.of(Cell(drawn)) == {"p": wanted.p_value, "se": wanted.standard_error}
    exact = st.categorical.fisher_exact(table).p_value
    assert results.of(Cell(exactly)) == {"p": exact}
    assert 0 < abs(wanted.p_value - exact) < 4 * wanted.standard_error


def test_two_means() -> None:
    x, y = _arm("B")[0], _arm("A")[0]
    for variances, test in (("unequal", st.linear.t_test_welch), ("equal", st.linear.t_test_pooled)):
        found, wanted = _of("t_test", "b:a", across="arm", variances=variances), test(x, y)
        assert (found["estimate"], found["se"], found["df"]) == (wanted.estimate, wanted.se, wanted.df)
        assert (found["lower"], found["upper"], found["statistic"]) == (wanted.lower, wanted.upper, wanted.t)
        assert found["p"] == wanted.p_value
    assert _of("t_test", "a:b", across="arm")["estimate"] == -float(_of("t_test", "b:a", across="arm")["estimate"] or 0)


def test_two_ranks() -> None:
    x, y = _arm("B")[0], _arm("A")[0]
    for distribution, test, shift in (
        ("normal", st.rank.rank_sum, st.rank.hodges_lehmann),
        ("exact", st.rank.rank_sum_exact, st.rank.hodges_lehmann_exact),
    ):
        found = _of("wilcoxon", "b:a", across="arm", distribution=distribution)
        tested, moved = test(x, y), shift(x, y)
        assert (found["u"], found["statistic"], found["p"]) == (tested.u, tested.z, tested.p_value)
        assert (found["estimate"], found["lower"], found["upper"]) == (moved.estimate, moved.lower, moved.upper)


def test_ranks_of_all_groups() -> None:
    found, wanted = _of("kruskal_wallis", across="arm"), st.rank.kruskal_wallis([_arm(arm)[0] for arm in "ABC"])
    assert (found["chi2"], found["df"], found["p"]) == (wanted.chi_square, wanted.df, wanted.p_value)


@pytest.mark.parametrize(
    ("options", "weight"),
    [
        ({"weights": "gehan"}, st.survival.Gehan()),
        ({"weights": "tarone-ware"}, st.survival.TaroneWare()),
        ({"weights": "peto"}, st.survival.PetoPeto()),
        ({"weights": "modified-peto"}, st.survival.ModifiedPetoPeto()),
        ({"weights": "fleming-harrington", "rho": 0, "gamma": 1}, st.survival.FlemingHarrington(0, 1)),
        ({"weights": "fleming-harrington"}, st.survival.Weight()),
    ],
)
def test_weights_of_event_times_within_strata(options: Mapping[str, object], weight: st.survival.Weight) -> None:
    wanted = st.survival.weighted_log_rank(*_arm(*"ABC"), weight, stratum=list(SEXES))
    found = _of("log_rank", across="arm", strata="sex", **options)
    assert (found["chi2"], found["df"], found["p"]) == pytest.approx((wanted.chi2, wanted.df, wanted.p))
    pair = st.survival.weighted_log_rank(*_arm(*"AB"), weight)
    assert _of("log_rank", "b:a", across="arm", **options)["p"] == pytest.approx(pair.p)


def test_survival_curves_have_quartiles_and_landmarks() -> None:
    time, event, _ = _arm("B")
    curve = st.survival.kaplan_meier(time, event)
    quartiles = st.survival.kaplan_meier_quantile(curve, [0.25, 0.5, 0.75], open_plateau="none")
    there = st.survival.kaplan_meier_at(curve, [7.0])
    found = _of("kaplan_meier", groups={"arm": "b"}, at=7)
    assert (found["n"], found["events"], found["censored"]) == (6, 4, 2)
    for i, name in enumerate(("q1", "median", "q3")):
        wanted = (quartiles.quantile[i], quartiles.lower[i], quartiles.upper[i])
        shown = [None if math.isnan(value) else float(value) for value in wanted]
        assert [found[name], found[f"{name}_lower"], found[f"{name}_upper"]] == shown
    assert (found["at_risk"], found["survival"], found["survival_se"]) == (
        there.n_risk[0],
        there.survival[0],
        there.se[0],
    )
    assert (found["survival_lower"], found["survival_upper"]) == (there.lower[0], there.upper[0])
    assert _of("kaplan_meier", groups={"arm": "b"}, limits="plain")["median_lower"] != found["median_lower"]
    assert "survival" not in _of("kaplan_meier", groups={"arm": "b"})


def test_log_rank_of_all_groups_and_of_two() -> None:
    for contrast, arms in (("", "ABC"), ("b:a", "AB"), ("a:b", "AB")):
        found, wanted = _of("log_rank", contrast, across="arm"), st.survival.log_rank(*_arm(*arms))
        assert (found["chi2"], found["df"], found["p"]) == pytest.approx((wanted.chi2, wanted.df, wanted.p))
    wanted = st.survival.log_rank(*_arm(*"ABC"), stratum=list(SEXES))
    assert _of("log_rank", across="arm", strata="sex")["p"] == pytest.approx(wanted.p)


def test_hazard_ratios_are_of_one_model_of_all_groups() -> None:
    time, event, arm = _arm(*"ABC")
    for strata, stratum in ((None, None), ("sex", list(SEXES))):
        x = [[float(a == "B"), float(a == "C")] for a in arm]
        fit = st.survival.fit_cox(time, event, x, stratum=stratum)
        options = {"strata": strata} if strata else {}
        found = _of("hazard_ratio", "c:a", across="arm", **options)
        assert found["estimate"] == pytest.approx(fit.hazard_ratio[1])
        assert (found["lower"], found["upper"]) == pytest.approx((fit.lower[1], fit.upper[1]))
        assert (found["se"], found["p"]) == pytest.approx((fit.se[1], fit.p[1]))
        other = _of("hazard_ratio", "b:c", across="arm", **options)
        assert other["estimate"] == pytest.approx(math.exp(fit.coef[0] - fit.coef[1]))
    two = st.survival.fit_cox(*_arm("A", "B")[:2], [float(a == "B") for a in _arm("A", "B")[2]], ties="breslow")
    found = _of("hazard_ratio", "b:a", across="arm", ties="breslow")
    restricted = _of_two("hazard_ratio", "b:a", ties="breslow")
    assert restricted["estimate"] == pytest.approx(two.hazard_ratio[0])
    assert found["estimate"] != pytest.approx(two.hazard_ratio[0])


def _of_two(method: str, contrast: str, **options: object) -> Mapping[str, float | str | None]:
    told = tuple(sorted({"across": "arm", "groups": ("a", "b"), **options}.items()))
    analysis = Analysis(method, "ADTTE", "ALL", "AVAL", options=told)  # type: ignore[arg-type]
    return compute_results(MATERIAL, [analysis]).of(Cell(analysis, (), contrast))


@pytest.mark.parametrize(
    ("interval", "rate"),
    [
        ("exact", st.rates.garwood),
        ("byar", st.rates.byar),
        ("mid-p", st.rates.poisson_mid_p),
        ("score", st.rates.poisson_score),
        ("log", st.rates.poisson_wald_log),
    ],
)
def test_rates_of_events_per_time(interval: str, rate) -> None:  # type: ignore[no-untyped-def]
    found = _of("incidence_rate", groups={"arm": "b"}, per=100, interval=interval)
    wanted = rate([4], [48.5], per=100)
    assert (found["n"], found["events"], found["time"]) == (6, 4, 48.5)
    assert (found["rate"], found["lower"], found["upper"]) == (wanted.rate[0], wanted.lower[0], wanted.upper[0])


@pytest.mark.parametrize(
    ("interval", "ratio"),
    [
        ("score", st.rates.rate_ratio_miettinen_nurminen),
        ("exact", st.rates.rate_ratio_exact),
        ("mid-p", st.rates.rate_ratio_mid_p),
        ("log", st.rates.rate_ratio_wald_log),
    ],
)
def test_ratios_of_rates(interval: str, ratio) -> None:  # type: ignore[no-untyped-def]
    found, wanted = _of("rate_ratio", "b:a", across="arm", interval=interval), ratio((4.0, 3.0), (48.5, 57.0))
    assert (found["estimate"], found["lower"], found["upper"]) == (wanted.estimate, wanted.lower, wanted.upper)
    assert found["p"] == wanted.p


def test_a_limit_without_end_is_not_estimable() -> None:
    assert st.binary.miettinen_nurminen_ratio(4, 6, 0, 4).upper == math.inf
    analysis = Analysis("risk_ratio", "ADAE", "ALL", "", 'USUBJID != "11"', options=(("across", "arm"),))
    found = compute_results(MATERIAL, [analysis]).of(Cell(analysis, (), "b:c"))
    assert found["upper"] is None
    assert found["lower"]


def test_a_method_that_cannot_answer_leaves_its_reason() -> None:
    analysis = Analysis("t_test", "ADTTE", "ALL", "AVAL", "AVAL < 3", options=(("across", "arm"),))
    assert "STA-106" in str(compute_results(MATERIAL, [analysis]).of(Cell(analysis, (), "b:a"))["note"])


@pytest.mark.parametrize(
    ("method", "options", "words"),
    [
        ("risk_difference", {"interval": "scores"}, 'Did you mean "score"?'),
        ("hazard_ratio", {"ties": "x"}, "Write one of these."),
        ("t_test", {"alpha": "low"}, "Write e.g. alpha: 0.05."),
    ],
)
def test_an_option_that_does_not_exist_is_named(method: str, options: dict[str, object], words: str) -> None:
    with pytest.raises(Refused) as refused:
        _of(method, "b:a", across="arm", **options)
    finding = next(iter(refused.value.findings))
    assert (finding.code, finding.remedy) == ("ANL-002", words)


def test_a_table_of_times_to_event_is_a_page_of_declaration() -> None:
    shell = Display.model_validate(
        {
            "id": "T9", "number": "9", "title": "Times to event", "population": "ALL", "dataset": "ADTTE", "of": "AVAL",
            "columns": [{"each": "arm"}],
            "rows": [
                {"method": "kaplan_meier", "options": {"at": 7}, "lines": {
                    "Events": "{events}/{n}",
                    "Median (95% CI)": {"show": "{median:0.1} ({median_lower:0.1};{median_upper:0.1})", "none": "NE"},
                    "Free of it at 7": "{survival:0.3}"}},
                {"label": "Hazard ratio", "method": "hazard_ratio", "options": {"across": "arm"},
                 "cells": {"": {"show": "{estimate:0.2} ({lower:0.2};{upper:0.2})", "versus": "a"}}},
                {"label": "Log-rank", "method": "log_rank", "options": {"across": "arm"},
                 "cells": {"": {"show": "{p:0.3}", "versus": "a"}}},
            ],
        }
    )  # fmt: skip
    rows = {row.labels[-1]: [cell.text for cell in row.cells] for row in fill_display(shell, MATERIAL).rows}
    assert rows["Events"] == ["3/5", "4/6", "3/4"]
    assert rows["Median (95% CI)"][0] == "NE", "a limit that is not reached"
    assert rows["Free of it at 7"][:2] == ["0.800", "0.667"]
    assert rows["Hazard ratio"][0] == rows["Log-rank"][0] == ""
    assert all(rows["Hazard ratio"][1:])
