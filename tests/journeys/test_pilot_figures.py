"""The figures of the pilot study from its published ADaM: every point that was published, and every kind drawn.

The numbers at risk, events and medians of its one figure are those of the published one; means, shares and differences
are those of the tables of its report; survival at given days that of R.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from lxml import etree

from opencro.analysis.displays import read_definitions
from opencro.analysis.figures import Drawing, Figure, draw_figure, participants_of, read_figures
from opencro.analysis.results import Material
from opencro.study import load_study

pytestmark = [pytest.mark.journey, pytest.mark.peer]
ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
FIGURES = sorted(p.stem for p in (ROOT / "studies/cdiscpilot01/analysis/figures").glob("*.yaml"))
ARMS = {"1": "pbo", "2": "low", "3": "high"}


@pytest.fixture(autouse=True)
def _present(shared: Path) -> None:
    """Skips where the published data are absent."""


@cache
def _published() -> dict[str, dict[str, Any]]:
    path = SHARED / "analysis/pilot_tables.json"
    return {table["id"]: table for table in json.loads(path.read_text(encoding="utf-8"))["tables"]}


@cache
def _figures() -> tuple[dict[str, Figure], Material]:
    study = load_study(ROOT / "studies/cdiscpilot01")
    definitions, wrong = read_definitions(study)
    assert definitions is not None, wrong
    figures, findings = read_figures(study, definitions)
    assert findings.ok
    paths = (SHARED / "cdisc/cdiscpilot01/parquet/adam").glob("*.parquet")
    return figures, Material({p.stem.upper(): pl.read_parquet(p) for p in paths}, definitions)


@cache
def _drawn(name: str) -> Drawing:
    figures, material = _figures()
    return draw_figure(figures[name], material)


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_drawn_within_its_page(name: str) -> None:
    drawing = _drawn(name)
    assert drawing.frame.height
    etree.fromstring(drawing.svg)
    tight, (width, height) = drawing.picture.get_tightbbox(), drawing.picture.get_size_inches()
    assert min(tight.x0, tight.y0, width - tight.x1, height - tight.y1) >= 0.5


def test_numbers_at_risk_events_and_medians_are_the_published_ones() -> None:
    frame = _drawn("F14_1").frame
    rows = {row[0]: row[1:] for row in _published()["F14-1"]["rows"]}
    risk = frame.filter(pl.col("part") == "at risk")
    medians = frame.filter(pl.col("part") == "median")
    for arm, words in (("pbo", "Placebo"), ("low", "Xan Low"), ("high", "Xan High")):
        ours = risk.filter(pl.col("group") == arm)
        assert [f"{day:g}" for day in ours["time"]] == rows["day"]
        assert [f"{n:.0f}" for n in ours["at_risk"]] == rows[f"{words} at risk"]
    assert [f"{n:.0f}" for n in medians["events"]] == rows["events"]
    said = [f"{t:g} ({a:g}, {b:g})" if t is not None else "NE" for t, a, b in
            medians.select("time", "lower", "upper").iter_rows()]  # fmt: skip
    assert said == rows["median days (95% CI log-log)"]


def test_survival_at_given_days_is_that_of_r() -> None:
    text = (SHARED / "analysis/stats_reference.json").read_text(encoding="utf-8")
    found = [re.fullmatch(r"F14-1\.\w+\.S\.(\d)\.(\d+)", r["id"]) for r in json.loads(text)["references"]]
    values = {r["id"]: r["value"] for r in json.loads(text)["references"]}
    figures, material = _figures()
    weekly = figures["F14_1"].model_copy(
        update={"kaplan_meier": figures["F14_1"].kaplan_meier.model_copy(update={"every": 28.0})}  # type: ignore[union-attr]
    )
    frame = draw_figure(weekly, material).frame.filter(pl.col("part") == "at risk")
    matches = [match for match in found if match]
    assert len(matches) >= 10
    for match in matches:
        here = frame.filter((pl.col("group") == ARMS[match[1]]) & (pl.col("time") == float(match[2])))
        ours = here.select("survival", "lower", "upper", "at_risk").row(0)
        assert ours == pytest.approx(values[match[0]], rel=1e-6)


def test_means_are_those_of_the_table() -> None:
    frame = _drawn("F_ADAS").frame
    arms, arm = iter(("pbo", "low", "high")), ""
    compared = 0
    for row in _published()["14-3.10"]["rows"]:
        arm = next(arms) if row[0] else arm
        week = re.fullmatch(r"Week (\d+) \(Windowed\)", row[1])
        if week:
            ours = frame.filter((pl.col("group") == arm) & (pl.col("x") == float(week[1]))).row(0, named=True)
            assert ours["n"] == int(row[2])
            assert ours["mean"] == pytest.approx(float(row[10]), abs=0.0501)
            assert ours["sd"] == pytest.approx(float(row[11]), abs=0.00501)
            compared += 1
    assert compared == frame.height == 9


def test_shares_and_p_values_of_every_term_are_those_of_the_table() -> None:
    frame = _drawn("F_AE_VOLCANO").frame
    published = {}
    for row in _published()["14-5.01"]["rows"]:
        published.setdefault(row[0].strip(), []).append([re.findall(r"[\d.]+", cell) for cell in row[1:]])
    compared = 0
    for ours in frame.iter_rows(named=True):
        (cells,) = published[ours["term"]]
        assert ours["n_2"] == int(cells[0][0])
        assert ours["n_1"] == int(cells[4][0])
        if cells[7] and cells[7][0] != ".99":
            assert ours["p"] == pytest.approx(float(cells[7][0]), abs=0.000501)
            compared += 1
    assert compared > 20


def test_the_first_line_of_the_forest_is_the_published_difference() -> None:
    ours = _drawn("F_FOREST").frame.row(0, named=True)
    rows = {row[0].strip(): row[3].strip() for row in reversed(_published()["14-3.01"]["rows"])}  # the first of each
    assert f"{ours['estimate']:.1f}" == rows["Diff of LS Means (SE)"].split()[0]
    assert f"({ours['lower']:.1f};{ours['upper']:.1f})" == rows["95% CI"]
    assert f"{ours['p']:.3f}" == rows["p-value(Xan - Placebo) [1][3]"]


def test_a_profile_can_be_drawn_of_everybody_who_is_in_the_population() -> None:
    figures, material = _figures()
    everybody = participants_of(figures["F_PROFILE"], material)
    assert len(everybody) == 254
    crowded = draw_figure(figures["F_PROFILE"], material, participant="01-701-1302")
    assert crowded.frame.filter(pl.col("label") == "Adverse events").height > 20
