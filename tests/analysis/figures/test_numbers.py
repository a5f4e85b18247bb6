"""The numbers behind each kind, against those counted by hand in the small trial."""

from __future__ import annotations

import math

import polars as pl
import pytest

from opencro.analysis.figures import draw_figure, participants_of
from opencro.analysis.results import Material

from .conftest import figure_of


def _row(frame: pl.DataFrame, **wanted: object) -> dict[str, object]:
    (found,) = frame.filter(*(pl.col(name) == value for name, value in wanted.items())).iter_rows(named=True)
    return found


def test_survival_is_the_product_of_the_shares_that_remain(material: Material) -> None:
    frame = draw_figure(figure_of("survival"), material).frame
    curve = frame.filter((pl.col("part") == "curve") & (pl.col("group") == "b"))
    assert curve["time"].to_list() == [2, 4, 6, 8]
    assert curve["survival"].to_list() == pytest.approx([3 / 4, 3 / 4, 3 / 8, 0])
    assert curve["censored"].to_list() == [0, 1, 0, 0]
    risk = frame.filter((pl.col("part") == "at risk") & (pl.col("group") == "a"))
    assert risk["at_risk"].to_list() == [4, 3, 2, 1, 1]
    assert _row(frame, part="median", group="b")["time"] == 6
    assert _row(frame, part="median", group="a")["upper"] is None


def test_curves_of_those_with_an_event_are_turned_over_and_keep_their_numbers(material: Material) -> None:
    kind = {"every": 5, "shows": "with"}
    assert draw_figure(figure_of("survival", kaplan_meier=kind), material).frame["survival"].max() == 1


def test_means_have_limits_by_t(material: Material) -> None:
    frame = draw_figure(figure_of("means"), material).frame
    values = [-100, -35, -62, 24]
    mean = sum(values) / 4
    sd = math.sqrt(sum((v - mean) ** 2 for v in values) / 3)
    found = _row(frame, group="a", x=12.0)
    assert (found["n"], found["mean"]) == (4, mean)
    assert found["lower"] == pytest.approx(mean - 3.182446 * sd / 2, rel=1e-6)
    assert found["upper"] == pytest.approx(mean + 3.182446 * sd / 2, rel=1e-6)


@pytest.mark.parametrize(("bars", "reach"), [("se", 26.081203), ("sd", 52.162407), ("none", 0.0)])
def test_bars_are_what_is_asked_for(material: Material, bars: str, reach: float) -> None:
    kind = {"of": "PCHG", "x": "AWEEK", "bars": bars}
    found = _row(draw_figure(figure_of("means", means=kind), material).frame, group="a", x=12.0)
    assert found["upper"] == pytest.approx(-43.25 + reach)


def test_boxes_are_quartiles_and_whiskers_stop_before_what_is_beyond(material: Material) -> None:
    values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
    adsl = material.datasets["ADSL"].with_columns(TRT01A=pl.lit("A"), SAFFL=pl.lit("Y"))
    adtr = adsl.select("USUBJID", AWEEK=pl.lit(4.0)).with_columns(PCHG=pl.Series([*values, 40.0]))
    one = Material({"ADSL": adsl, "ADTR": adtr}, material.definitions)
    frame = draw_figure(figure_of("boxes"), one).frame
    box = _row(frame, part="box")
    assert (box["q1"], box["median"], box["q3"], box["lower"], box["upper"]) == (3, 5, 7, 1, 8)
    assert _row(frame, part="beyond")["USUBJID"] == "09"


def test_a_waterfall_falls_and_keeps_to_its_population(material: Material) -> None:
    frame = draw_figure(figure_of("waterfall"), material).frame
    assert frame["value"].to_list() == [55, 24, 3, -10, -31, -35, -62, -100]
    assert frame["USUBJID"].to_list() == ["07", "04", "08", "05", "06", "02", "03", "01"]


def test_take_gives_the_least_of_all_visits(material: Material) -> None:
    frame = draw_figure(figure_of("waterfall", where=""), material).frame
    assert _row(frame, USUBJID="04")["value"] == 0
    assert _row(frame, USUBJID="01")["value"] == -100


def test_a_swimmer_has_the_longest_bar_on_top_and_its_marks(material: Material) -> None:
    frame = draw_figure(figure_of("swimmer"), material).frame
    bars = frame.filter(pl.col("part") == "bar")
    assert bars["USUBJID"].to_list() == ["03", "06", "01", "08", "02", "05", "07", "04"]
    assert bars.filter("going")["USUBJID"].to_list() == ["03", "01", "08"]
    marks = frame.filter(pl.col("part") == "mark")
    assert sorted(marks.select("USUBJID", "start", "label").rows()) == [
        ("01", 40, "RASH"), ("01", 42, "Partial response"), ("02", 42, "Partial response"),
        ("03", 42, "Partial response"), ("04", 30, "Progression"), ("06", 42, "Partial response"),
        ("07", 30, "Progression"),
    ]  # fmt: skip
    assert _row(marks, USUBJID="06")["place"] == 2


def test_a_spider_has_every_point(material: Material) -> None:
    frame = draw_figure(figure_of("spider"), material).frame
    assert frame.height == 24
    assert frame.filter(pl.col("USUBJID") == "02")["value"].to_list() == [0, -17.5, -35]


def test_shares_are_of_everybody_in_the_population(material: Material) -> None:
    frame = draw_figure(figure_of("dots"), material).frame
    nausea = _row(frame, term="NAUSEA")
    assert (nausea["n_1"], nausea["N_1"], nausea["n_2"], nausea["N_2"]) == (3, 4, 1, 4)
    assert (nausea["percent_1"], nausea["percent_2"], nausea["difference"]) == (75, 25, 50)
    assert nausea["p"] == pytest.approx(34 / 70)  # 16 + 1 of 70 tables, on both sides
    rash = _row(frame, term="RASH")
    assert (rash["n_1"], rash["n_2"]) == (0, 2)  # twice in one participant, and one who is not in the population
    assert rash["p"] == pytest.approx(30 / 70)


def test_a_volcano_has_the_numbers_of_the_dots(material: Material) -> None:
    dots, volcano = (draw_figure(figure_of(name), material).frame for name in ("dots", "volcano"))
    assert dots.sort("term").equals(volcano.sort("term"))


def test_terms_that_are_rare_are_left_out_and_so_are_more_than_fit(material: Material) -> None:
    kind = {"pair": ["b", "a"], "at_least": 60}
    assert draw_figure(figure_of("dots", events=kind), material).frame["term"].to_list() == ["NAUSEA"]
    kind = {"pair": ["b", "a"], "most": 1}
    assert draw_figure(figure_of("dots", events=kind), material).frame.height == 1


def test_edish_sets_the_greatest_against_the_upper_limits(material: Material) -> None:
    frame = draw_figure(figure_of("liver"), material).frame
    assert frame.height == 7  # bilirubin of 08 is not known
    assert dict(frame.select("USUBJID", "quadrant").iter_rows()) == {
        "01": "within both limits", "02": "Temple's corollary", "03": "hyperbilirubinemia", "04": "possible Hy's law",
        "05": "within both limits", "06": "within both limits", "07": "within both limits",
    }  # fmt: skip
    hy = _row(frame, USUBJID="04")
    assert (hy["transaminase"], hy["bilirubin"]) == (5, pytest.approx(2.5 / 1.2))


def test_a_forest_of_differences_is_that_of_means_without_covariates(material: Material) -> None:
    frame = draw_figure(figure_of("differences"), material).frame
    everybody = _row(frame, label="Everybody")
    assert (everybody["n_1"], everybody["n_2"]) == (4, 4)
    assert everybody["estimate"] == pytest.approx((-10 - 31 + 55 + 3) / 4 + 43.25)
    assert _row(frame, label="Female")["estimate"] == pytest.approx((-10 + 55) / 2 - (-100 - 62) / 2)
    assert _row(frame, label="None")["estimate"] is None
    assert _row(frame, label="Sex")["n_1"] is None


def test_limits_of_a_forest_follow_its_level(material: Material) -> None:
    wide = draw_figure(figure_of("differences"), material).frame.row(0, named=True)
    narrow = figure_of("differences", forest={**figure_of("differences").forest.model_dump(), "level": 0.5})  # type: ignore[union-attr]
    found = draw_figure(narrow, material).frame.row(0, named=True)
    share = (found["upper"] - found["estimate"]) / (wide["upper"] - wide["estimate"])
    assert share == pytest.approx(0.7175582 / 2.4469119, rel=1e-5)  # quantiles of t with 6 degrees of freedom


def test_a_forest_of_hazards_says_why_a_line_has_none(material: Material) -> None:
    frame = draw_figure(figure_of("hazards"), material).frame
    first = frame.row(0, named=True)
    assert first["lower"] < first["estimate"] < first["upper"]
    assert first["estimate"] > 1  # those of B have their events sooner
    assert "all events in one group" in _row(frame, label="Under 65")["note"]  # type: ignore[operator]


def test_a_forest_of_risks_counts_everybody_who_is_meant(material: Material) -> None:
    frame = draw_figure(figure_of("risks"), material).frame
    assert frame["estimate"].to_list() == pytest.approx([0.5, None, 0.5, 0.5, 0.5])
    old = _row(frame, label="Old")
    assert (old["n_1"], old["n_2"]) == (2, 2)


def test_a_profile_has_the_records_of_one_participant(material: Material) -> None:
    figure = figure_of("profile")
    assert participants_of(figure, material) == ("01", "02", "03", "04", "05", "06", "07", "08")
    frame = draw_figure(figure, material).frame
    assert frame.filter(pl.col("label") == "Events").select("text", "tone", "start", "end").rows() == [
        ("RASH", "MILD", 5, 9), ("RASH", "SEVERE", 40, None)
    ]  # fmt: skip
    other = draw_figure(figure, material, participant="03")
    assert other.frame.filter(pl.col("label") == "Events")["text"].to_list() == ["NAUSEA"]
    assert "participant 03" in other.alt


@pytest.mark.parametrize("name", ["survival", "waterfall", "dots", "differences", "liver", "profile"])
def test_a_figure_without_rows_says_so(material: Material, name: str) -> None:
    drawn = draw_figure(figure_of(name, where='USUBJID == "99"'), material)
    assert drawn.frame.is_empty()
    assert "No participant has data" in drawn.svg.decode()
