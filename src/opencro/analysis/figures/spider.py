"""A line for each participant over time, with a mark at the last value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from opencro.analysis.figures.data import GROUP, rows_of, series_of
from opencro.analysis.figures.model import Figure, SpiderKind
from opencro.analysis.figures.page import Drawn, legend_above, line_handle, number, pages_for, rule
from opencro.analysis.figures.style import INK, pen_of
from opencro.analysis.results import SUBJECT, Material

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture


def draw_spider(figure: Figure, kind: SpiderKind, material: Material, picture: Picture, page: int = 1) -> Drawn:
    """Draws a page of lines; the frame has one row for each point: participant, group, x, value."""
    rows = rows_of(figure, material, present=[kind.x, kind.of], at=kind.x)
    series = series_of(figure, material, rows[GROUP].unique())
    frame = rows.select(SUBJECT, pl.col(GROUP), pl.col(kind.x).cast(pl.Float64).alias("x"),
                        pl.col(kind.of).cast(pl.Float64).alias("value")).sort(SUBJECT, "x", "value")  # fmt: skip
    axes = picture.subplots()
    pens = {one.id: pen_of(one.place) for one in series}
    people = frame[SUBJECT].unique(maintain_order=True)
    pages = pages_for(people.len(), kind.per_page)
    here = people.slice((page - 1) * kind.per_page, kind.per_page)
    shown = frame.filter(pl.col(SUBJECT).is_in(here.implode()))
    for _, line in shown.group_by(SUBJECT, maintain_order=True):
        pen = pens[line[GROUP][0]]
        axes.plot(line["x"], line["value"], color=pen.color, linestyle=pen.line, linewidth=1)
        axes.plot(line["x"][-1:], line["value"][-1:], color=pen.color, marker=pen.mark, linestyle="",
                  markerfacecolor="white" if pen.open else pen.color, zorder=3)  # fmt: skip
    if any(one.label for one in series):
        legend_above(axes, [line_handle(one.label, pens[one.id]) for one in series])
    axes.axhline(0, color=INK, linewidth=0.8, zorder=0.6)
    for value in kind.lines:
        rule(axes, value)
    if pages > 1:
        axes.update_datalim(list(zip(frame["x"], frame["value"], strict=True)))
        axes.autoscale_view()
    axes.set(xlabel=figure.x_label or kind.x, ylabel=figure.y_label or kind.of)
    last = frame.unique(SUBJECT, keep="last", maintain_order=True)["value"]
    alt = (f"A line of {figure.y_label or kind.of} over {figure.x_label or kind.x} for each of {len(last)} "
           f"participants; last values from {number(last.min())} to {number(last.max())}.")  # type: ignore[arg-type]  # fmt: skip
    return Drawn(frame, alt, ("A mark stands at each participant's last value.",), pages=pages)
