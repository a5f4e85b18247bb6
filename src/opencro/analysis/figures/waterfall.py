"""One bar for each participant, from the greatest to the least; ties by participant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from opencro.analysis.figures.data import GROUP, one_row_each, rows_of, series_of
from opencro.analysis.figures.model import Figure, WaterfallKind
from opencro.analysis.figures.page import Drawn, face_handle, legend_above, many, number, pages_for, rule
from opencro.analysis.figures.style import INK, pen_of
from opencro.analysis.results import SUBJECT, Material

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

FEW = 60
"""Up to so many bars have room for words and a rim."""


def draw_waterfall(figure: Figure, kind: WaterfallKind, material: Material, picture: Picture, page: int = 1) -> Drawn:
    """Draws a page of bars; the frame has each participant's place, group and value, and the text of the bar."""
    rows = one_row_each(figure, rows_of(figure, material, present=[kind.of]))
    series = series_of(figure, material, rows[GROUP].unique())
    rows = rows.sort([kind.of, SUBJECT], descending=[True, False])
    text = pl.lit("") if kind.text is None else pl.col(kind.text).cast(pl.String).fill_null("")
    frame = rows.select(pl.int_range(1, pl.len() + 1).alias("place"), SUBJECT, pl.col(GROUP),
                        pl.col(kind.of).cast(pl.Float64).alias("value"), text.alias("text"))  # fmt: skip
    axes = picture.subplots()
    first = (page - 1) * kind.per_page
    shown = frame.slice(first, kind.per_page)
    few = shown.height <= FEW
    for one in series:
        mine, pen = shown.filter(pl.col(GROUP) == one.id), pen_of(one.place)
        axes.bar(mine["place"], mine["value"], width=0.82, color=pen.fill, edgecolor=INK, hatch=pen.hatch,
                 linewidth=0.5 if few else 0.15)  # fmt: skip
    if any(one.label for one in series):
        legend_above(axes, [face_handle(one.label, pen_of(one.place)) for one in series])
    for value in kind.lines:
        rule(axes, value)
    if kind.text is not None and few:
        for place, value, words in shown.select("place", "value", "text").iter_rows():
            axes.annotate(words, (place, value), (0, 3 if value >= 0 else -3), textcoords="offset points", ha="center",
                          va="bottom" if value >= 0 else "top", fontsize=7)  # fmt: skip
    axes.axhline(0, color=INK, linewidth=0.8)
    pages = pages_for(frame.height, kind.per_page)
    if pages > 1:
        axes.update_datalim([(first + 1, value) for value in (frame["value"][0], frame["value"][-1])])
    axes.margins(y=0.08)
    axes.set(xlim=(first + 0.2, first + min(kind.per_page, frame.height) + 0.8), ylabel=figure.y_label or kind.of,
             xlabel=figure.x_label or f"Participants (n = {frame.height})")  # fmt: skip
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    return Drawn(frame, _alt(figure, kind, frame), pages=pages)


def _alt(figure: Figure, kind: WaterfallKind, frame: pl.DataFrame) -> str:
    value = frame["value"]
    below = [f"{int((value <= line).sum())} at or below {line:g}" for line in kind.lines if line < 0]
    above = [f"{int((value >= line).sum())} at or above {line:g}" for line in kind.lines if line >= 0]
    said = "".join(f"; {words}" for words in (*below, *above))
    ends = f"from {number(value[0])} to {number(value[-1])}"
    return f"A bar of {figure.y_label or kind.of} for each of {many(frame.height, 'participant')}, {ends}{said}."
