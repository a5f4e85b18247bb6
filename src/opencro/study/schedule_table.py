"""The schedule of activities as the table that a clinician knows: activities by visits under epochs.

Source: ICH M11 section 1.3 (schedule of activities); SDTMIG 3.4 section 4.4.4 for days.
"""

from __future__ import annotations

import html
import textwrap
from dataclasses import dataclass
from itertools import groupby

from opencro.study.model.protocol import Activity, Visit
from opencro.study.model.whole import Study

_MARK = "X"
_HEAD_WIDTH = 11
_SIGNS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class ScheduleTable:
    """The table by its parts: spans of epochs, heads of columns, rows of marks, footnotes (sign, words)."""

    title: str
    epochs: tuple[tuple[str, int], ...]
    visits: tuple[str, ...]
    days: tuple[str, ...]
    windows: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    footnotes: tuple[tuple[str, str], ...]


def plan_schedule_table(study: Study) -> ScheduleTable:
    """A study's schedule as a table; columns in the order of visit numbers.

    Unscheduled visits at which nothing is planned are no columns.
    """
    schedule, design = study.protocol.schedule, study.protocol.design
    used = {name for activity in schedule.activities for name in activity.visits}
    shown = [visit for visit in schedule.visits if not visit.unscheduled or visit.id in used]
    visits = sorted(shown, key=lambda visit: visit.number)
    names = {epoch.id: epoch.name for epoch in design.epochs}
    epochs = [names.get(visit.epoch or "", visit.epoch or "") for visit in visits]
    notes = _Notes()
    heads = tuple(visit.name + notes.sign(_visit_note(study, visit)) for visit in visits)
    rows = tuple(
        (activity.name + notes.sign(activity.note), _marks(activity, visits)) for activity in schedule.activities
    )
    return ScheduleTable(
        title=f"{study.id}: schedule of activities",
        epochs=tuple((name, len(list(same))) for name, same in groupby(epochs)),
        visits=heads,
        days=tuple("" if visit.day is None else str(visit.day) for visit in visits),
        windows=tuple(_window(visit) for visit in visits),
        rows=rows,
        footnotes=tuple(notes.found.items()),
    )


class _Notes:
    """Footnotes in the order in which the table mentions them; equal words share a sign."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}

    def sign(self, words: str) -> str:
        if not words:
            return ""
        for sign, known in self.found.items():
            if known == words:
                return f" [{sign}]"
        count, letter = divmod(len(self.found), len(_SIGNS))
        sign = _SIGNS[letter] * (count + 1)
        self.found[sign] = words
        return f" [{sign}]"


def _visit_note(study: Study, visit: Visit) -> str:
    arms = {arm.id: arm.name for arm in study.protocol.design.arms}
    said = []
    if visit.arms:
        said.append(f"Only {', '.join(arms.get(arm, arm) for arm in visit.arms)}.")
    if visit.contact != "site":
        said.append(f"Contact: {visit.contact}.")
    if visit.unscheduled:
        said.append("Unscheduled, when needed.")
    return " ".join(said)


def _marks(activity: Activity, visits: list[Visit]) -> tuple[str, ...]:
    return tuple(_MARK if visit.id in activity.visits else "" for visit in visits)


def _window(visit: Visit) -> str:
    if visit.window is None:
        return ""
    earliest, latest = visit.window
    if earliest == latest == 0:
        return "0"
    return f"±{latest}" if -earliest == latest else f"{earliest}/{latest:+d}" if latest else f"{earliest}/0"


def render_schedule(study: Study) -> str:
    """The schedule as text in columns, for a terminal; heads of several words stand below each other."""
    table = plan_schedule_table(study)
    heads = _stacked(["Epoch", *_epoch_row(table)[1:]]) + _stacked(["Visit", *table.visits])
    heads += [["Day", *table.days], ["Window (days)", *table.windows]]
    body = [[name, *marks] for name, marks in table.rows]
    widths = [max(len(row[column]) for row in [*heads, *body]) for column in range(len(heads[0]))]
    above, below = ([_text_line(row, widths) for row in rows] for rows in (heads, body))
    rule = "-" * max(len(line) for line in [*above, *below])
    notes = [f"[{sign}] {words}" for sign, words in table.footnotes]
    return "\n".join([table.title, rule, *above, rule, *below, rule, *notes]) + "\n"


def _stacked(row: list[str]) -> list[list[str]]:
    """A row whose cells are broken into short lines, as rows of lines that end at the bottom."""
    cells = [textwrap.wrap(cell, _HEAD_WIDTH, break_long_words=False) for cell in row]
    height = max(len(cell) for cell in cells)
    filled = [[""] * (height - len(cell)) + cell for cell in cells]
    return [list(line) for line in zip(*filled, strict=True)]


def _epoch_row(table: ScheduleTable) -> list[str]:
    return ["Epoch", *(name if i == 0 else "" for name, count in table.epochs for i in range(count))]


def _text_line(row: list[str], widths: list[int]) -> str:
    first = row[0].ljust(widths[0])
    return "  ".join([first, *(cell.center(width) for cell, width in zip(row[1:], widths[1:], strict=True))]).rstrip()


def render_schedule_markdown(study: Study) -> str:
    """The schedule as a Markdown table with its footnotes below."""
    table = plan_schedule_table(study)
    head = ["Activity", *table.visits]
    body = [_epoch_row(table), ["Day", *table.days], ["Window (days)", *table.windows]]
    body += [[name, *marks] for name, marks in table.rows]
    rule = [":---", *([":---:"] * len(table.visits))]
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in [head, rule, *body]]
    notes = [f"- [{sign}] {words}" for sign, words in table.footnotes]
    return "\n".join([f"## {table.title}", "", *lines, *([""] if notes else []), *notes]) + "\n"


def render_schedule_html(study: Study) -> str:
    """The schedule as an HTML table: epochs span their visits, every cell has its row and column heads."""
    table = plan_schedule_table(study)
    said = html.escape
    epochs = "".join(f'<th scope="colgroup" colspan="{count}">{said(name)}</th>' for name, count in table.epochs)
    visits = "".join(f'<th scope="col">{said(name)}</th>' for name in table.visits)
    heads = [f'<tr><th scope="row">Epoch</th>{epochs}</tr>', f'<tr><th scope="row">Visit</th>{visits}</tr>']
    rows = [("Day", table.days), ("Window (days)", table.windows), *table.rows]
    body = [
        f'<tr><th scope="row">{said(name)}</th>{"".join(f"<td>{said(cell)}</td>" for cell in cells)}</tr>'
        for name, cells in rows
    ]
    notes = "".join(f"<li>[{sign}] {said(words)}</li>" for sign, words in table.footnotes)
    parts = ["<table>", f"<caption>{said(table.title)}</caption>", "<thead>", *heads, "</thead>", "<tbody>"]
    parts += [*body, "</tbody>", "</table>", f"<ul>{notes}</ul>" if notes else ""]
    return "\n".join(part for part in parts if part) + "\n"
