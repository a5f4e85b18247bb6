"""The schedule of activities as a clinician knows it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lxml import html

from opencro.study import (
    Study,
    plan_schedule_table,
    render_schedule,
    render_schedule_html,
    render_schedule_markdown,
)

Edit = Callable[[str, str, str], None]
TEXT = """\
ABC-1: schedule of activities
--------------------------------------------------------
Epoch               Screening  Treatment
Visit               Screening   Baseline  Week 4  Week 8
Day                     -7         1        29      57
Window (days)         -7/+6        0        ±3    -3/+7
--------------------------------------------------------
Demography              X
Vital signs [a]         X          X        X       X
Adverse events [b]                 X        X       X
--------------------------------------------------------
[a] Seated, after five minutes of rest.
[b] From informed consent to the last visit; recorded on one log.
"""


def test_the_schedule_as_text(starter: Path) -> None:
    assert render_schedule(Study.load(starter)) == TEXT


def test_epochs_span_their_visits_and_columns_follow_the_numbers(starter: Path, edit: Edit) -> None:
    edit("protocol/schedule.yaml", "number: 1,", "number: 9,")
    table = plan_schedule_table(Study.load(starter))
    assert table.epochs == (("Treatment", 3), ("Screening", 1))
    assert table.days == ("1", "29", "57", "-7")
    assert table.rows[0] == ("Demography", ("", "", "", "X"))


def test_what_is_special_about_a_visit_is_a_footnote(starter: Path, edit: Edit) -> None:
    edit("protocol/schedule.yaml", "number: 3,", "number: 3, arms: [ACTIVE], contact: telephone,")
    table = plan_schedule_table(Study.load(starter))
    assert table.visits[2] == "Week 4 [a]"
    assert table.footnotes[0] == ("a", "Only Active. Contact: telephone.")


def test_the_schedule_as_markdown(starter: Path, edit: Edit) -> None:
    edit("protocol/schedule.yaml", "name: Demography", "name: Age | sex")
    lines = render_schedule_markdown(Study.load(starter)).splitlines()
    assert lines[2] == "| Activity | Screening | Baseline | Week 4 | Week 8 |"
    assert "| Age \\| sex | X |  |  |  |" in lines
    assert lines[-1] == "- [b] From informed consent to the last visit; recorded on one log."


def test_the_schedule_as_html_is_whole_and_escaped(starter: Path, edit: Edit) -> None:
    edit("protocol/schedule.yaml", "name: Demography", 'name: "<script>x</script>"')
    page = html.fromstring(f"<div>{render_schedule_html(Study.load(starter))}</div>")
    assert not page.findall(".//script")
    assert [th.get("colspan") for th in page.findall(".//thead/tr[1]/th")] == [None, "1", "3"]
    assert all(len(row.findall("td")) == 4 for row in page.findall(".//tbody/tr"))
    assert [td.text for td in page.findall(".//tbody/tr[3]/td")] == ["X", None, None, None]


def test_long_names_stand_in_several_lines_and_empty_unscheduled_visits_are_no_columns(
    starter: Path, edit: Edit
) -> None:
    edit("protocol/schedule.yaml", "name: Week 8,", "name: Week 8 with a telephone call,")
    edit("protocol/schedule.yaml", "activities:", "  - {id: U, name: Extra, number: 9, unscheduled: true}\nactivities:")
    text = render_schedule(Study.load(starter))
    assert "Extra" not in text
    assert max(len(line) for line in text.splitlines()) <= 70
    heads = [line.split()[-1] for line in text.splitlines()[3:6]]
    assert heads == ["with", "telephone", "call"]
    edit("protocol/schedule.yaml", "visits: [SCREENING]", "visits: [SCREENING, U]")
    assert "Extra" in render_schedule(Study.load(starter))
