"""Filling a display: its numbers, and laws that hold whatever the numbers are."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opencro.analysis.displays import Display, fill_display, plan_analyses, render_text
from opencro.analysis.results import Material, compute_results

from .conftest import DISPLAY, EVENTS, PEOPLE

GOLDEN = """\
Table 1
A table
Safety

------------------------------------------------------------------
                Arm A            Arm B            Total
                (N=3)            (N=4)            (N=7)        p
------------------------------------------------------------------
Age
  n               3                4                7        0.424
  Mean (SD)   41.2 (11.25)     49.0 (12.11)     45.6 (11.54)
  Median          41.0             51.0             47.0

Sex
  Female      2 ( 67%)         3 ( 75%)         5 ( 71%)
  Male        1 ( 33%)         1 ( 25%)         2 ( 29%)

Events
  COUGH       1 ( 33%) [1]     2 ( 50%) [2]     3 ( 43%) [3]  >.99
  RASH              0          1 ( 25%) [1]     1 ( 14%) [1]  >.99
  HEADACHE    1 ( 33%) [2]           0          1 ( 14%) [2]  0.429
------------------------------------------------------------------
A note.
"""


def _words(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines() if line.strip("-")]


def test_a_table_shows_what_was_counted(display: Display, material: Material) -> None:
    assert _words(render_text(fill_display(display, material))) == _words(GOLDEN)


def test_equal_analyses_are_computed_once_and_given_results_are_used(display: Display, material: Material) -> None:
    analyses = plan_analyses(display, material)
    assert len(analyses) == len(set(analyses))
    results = compute_results(material, analyses)
    assert fill_display(display, material, results) == fill_display(display, material)
    frame = results.to_frame()
    means = frame.filter(frame["operation"] == "mean", frame["by"] == "arm").sort("groups")
    assert means["value"].to_list() == pytest.approx([41.1666666667, 49.0])


def test_each_cell_knows_its_analysis_and_groups(display: Display, material: Material) -> None:
    table = fill_display(display, material)
    source = next(row for row in table.rows if row.labels[-1] == "Female").cells[1].source
    assert source is not None
    assert dict(zip(source.analysis.by, source.groups, strict=True)) == {"sex": "f", "arm": "b"}


SEXES = st.sampled_from("FM")
ARMS = st.sampled_from("AB")
PERSON = st.tuples(ARMS, SEXES, st.integers(18, 90), st.sampled_from(["Y", "Y", "N"]))
EVENT = st.tuples(st.integers(0, 11), st.sampled_from(["COUGH", "RASH", "PAIN"]), st.sampled_from("YN"))
laws = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@laws
@given(people=st.lists(PERSON, min_size=2, max_size=12), events=st.lists(EVENT, max_size=15))
def test_relabelling_arms_permutes_columns(
    display: Display, make_material: Callable[..., Material], people: list[tuple], events: list[tuple]
) -> None:
    # A total order of terms that does not depend on an arm, so that rows stay where they are.
    plain = Display.model_validate(
        {**DISPLAY, "rows": [*DISPLAY["rows"][:2], {**DISPLAY["rows"][2], "rows": [
            {**DISPLAY["rows"][2]["rows"][0], "sort": "name"}]}]}
    )  # fmt: skip
    rows = [(str(i), *p[:2], float(p[2]), p[3]) for i, p in enumerate(people)]
    swapped = [(r[0], "B" if r[1] == "A" else "A", *r[2:]) for r in rows]
    happened = [(str(e[0]), *e[1:]) for e in events if e[0] < len(people)]
    one = fill_display(plain, make_material(rows, happened))
    other = fill_display(plain, make_material(swapped, happened))
    for before, after in zip(one.rows, other.rows, strict=True):
        a, b, total, p = (cell.text for cell in before.cells)
        assert [cell.text for cell in after.cells] == [b, a, total, p]


@laws
@given(people=st.lists(PERSON, min_size=1, max_size=12), events=st.lists(EVENT, max_size=15), age=st.integers(18, 90))
def test_an_untreated_participant_changes_nothing_in_a_safety_table(
    display: Display, make_material: Callable[..., Material], people: list[tuple], events: list[tuple], age: int
) -> None:
    rows = [(str(i), *p[:2], float(p[2]), p[3]) for i, p in enumerate(people)]
    happened = [(str(e[0]), *e[1:]) for e in events if e[0] < len(people)]
    before = fill_display(display, make_material(rows, happened))
    more = [*rows, ("x", "A", "F", float(age), "N")]
    after = fill_display(display, make_material(more, [*happened, ("x", "COUGH", "Y")]))
    assert after.texts() == before.texts()


@laws
@given(people=st.lists(PERSON, min_size=1, max_size=12))
def test_percentages_are_of_the_population_of_their_column(
    display: Display, make_material: Callable[..., Material], people: list[tuple]
) -> None:
    rows = [(str(i), *p[:2], float(p[2]), p[3]) for i, p in enumerate(people)]
    table = fill_display(display, make_material(rows, []))
    treated = [r for r in rows if r[4] == "Y"]
    for place, arm in enumerate("AB"):
        column = [r for r in treated if r[1] == arm]
        for sex, label in (("F", "Female"), ("M", "Male")):
            n = sum(r[2] == sex for r in column)
            shown = next(row for row in table.rows if row.labels[-1] == label).cells[place].text
            assert shown == (f"{n:2} ({int(100 * n / len(column) + 0.5):3}%)" if n else " 0")


def test_the_order_of_rows_in_the_data_does_not_matter(
    display: Display, make_material: Callable[..., Material]
) -> None:
    straight = fill_display(display, make_material(PEOPLE, EVENTS))
    assert fill_display(display, make_material(PEOPLE[::-1], EVENTS[::-1])) == straight


def test_columns_may_have_a_population_of_their_own(make_material: Callable[..., Material]) -> None:
    arms = {"each": "arm", "label": "{label} {N}"}
    shell = Display.model_validate(
        {
            **{key: DISPLAY[key] for key in ("id", "number", "title", "population")},
            "columns": [
                {"label": "Safety", "columns": [arms]},
                {"label": "All", "population": "ALL", "columns": [arms]},
            ],
            "method": "count",
            "rows": [{"label": "Female", "where": 'SEX == "F"', "cells": {"": "{n} ({pct:0.0}%)"}}],
        }
    )
    table = fill_display(shell, make_material([*PEOPLE, ("8", "A", "M", 50.0, "N")], EVENTS))
    assert [cell.text for cell in table.header[-1]][1:] == ["Arm A 3", "Arm B 4", "Arm A 4", "Arm B 4"]
    assert [cell.text for cell in table.rows[0].cells] == ["2 (67%)", "3 (75%)", "2 (50%)", "3 (75%)"]
