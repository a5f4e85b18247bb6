"""One bar for each participant from start to end, the longest on top, with marks of what happened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from opencro.analysis.figures.data import GROUP, in_order, one_row_each, rows_of, series_of, where_true
from opencro.analysis.figures.model import Figure, SwimmerKind
from opencro.analysis.figures.page import Drawn, face_handle, legend_above, listed, many, number, pages_for
from opencro.analysis.figures.style import COLORS, INK, pen_of
from opencro.analysis.results import SUBJECT, Analysis, Material

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Picture

SIGNS = ("o", "X", "^", "D", "s", "v", "P", "*")
SCHEMA = {"part": pl.String, SUBJECT: pl.String, "group": pl.String, "place": pl.Int64, "start": pl.Float64,
          "end": pl.Float64, "going": pl.Boolean, "label": pl.String}  # fmt: skip


def draw_swimmer(figure: Figure, kind: SwimmerKind, material: Material, picture: Picture, page: int = 1) -> Drawn:
    """Draws a page of bars; the frame has `part` bar (start, end, going) and mark (its day as start, its label)."""
    bars = _bars(figure, kind, material)
    marks = _marks(figure, kind, material, bars)
    frame = pl.concat([bars, marks])
    series = series_of(figure, material, bars["group"].unique())
    axes = picture.subplots()
    first = (page - 1) * kind.per_page
    shown = bars.slice(first, kind.per_page)
    here = marks.filter(pl.col("place").is_in(shown["place"].implode()))
    for one in series:
        mine, pen = shown.filter(pl.col("group") == one.id), pen_of(one.place)
        axes.barh(mine["place"], mine["end"] - mine["start"], left=mine["start"], height=0.7, color=pen.fill,
                  edgecolor=INK, linewidth=0.5, hatch=pen.hatch, zorder=1)  # fmt: skip
    going = shown.filter("going")
    if going.height:  # nothing has a place too, at the corner of the page
        axes.plot(going["end"], going["place"], linestyle="", marker=">", color=INK, markersize=6, zorder=3,
                  clip_on=False)  # fmt: skip
    labels = marks["label"].unique().sort().to_list()
    handles = [face_handle(one.label, pen_of(one.place)) for one in series if one.label]
    handles += [_draw_marks(axes, here.filter(pl.col("label") == label), i, label) for i, label in enumerate(labels)]
    legend_above(axes, handles)
    pages = pages_for(bars.height, kind.per_page)
    if pages > 1:
        days = [*bars["start"], *bars["end"], *marks["start"]]
        axes.update_datalim([(day, first + 1) for day in (min(days), max(days))])
        axes.autoscale_view(scaley=False)
    rows = min(kind.per_page, bars.height)
    axes.set_ylim(first + rows + 0.5, first + 0.5)
    axes.set_yticks(shown["place"], shown[SUBJECT], fontsize=max(3.0, min(8.0, 280 / rows)))
    axes.tick_params(axis="y", length=0)
    axes.margins(x=0.03)
    axes.set(xlabel=figure.x_label or kind.end, ylabel=figure.y_label)
    notes = ("An arrow at the end of a bar: the participant goes on.",) if kind.going else ()
    return Drawn(frame, _alt(figure, bars, marks, labels), notes, pages=pages)


def _bars(figure: Figure, kind: SwimmerKind, material: Material) -> pl.DataFrame:
    rows = one_row_each(figure, rows_of(figure, material, present=[kind.end]))
    start = pl.lit(kind.start) if isinstance(kind.start, int | float) else pl.col(kind.start)
    going = where_true(kind.going, rows) if kind.going else pl.lit(value=False)
    rows = rows.with_columns(
        start.cast(pl.Float64).alias("start"), pl.col(kind.end).cast(pl.Float64).alias("end"), going.alias("going"),
        pl.lit("bar").alias("part"), pl.lit(None).alias("label"),
    )  # fmt: skip
    rows = rows.sort([pl.col("end") - pl.col("start"), SUBJECT], descending=[True, False])
    rows = rows.with_columns(pl.int_range(1, pl.len() + 1).alias("place"), pl.col(GROUP).alias("group"))
    return rows.select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items())


def _marks(figure: Figure, kind: SwimmerKind, material: Material, bars: pl.DataFrame) -> pl.DataFrame:
    people = bars.select(SUBJECT, "group", "place")
    parts = [pl.DataFrame(schema=SCHEMA)]
    for spec in kind.marks:
        analysis = Analysis("figure", spec.dataset, figure.population, where=spec.where)
        rows = material.rows(analysis).drop_nulls([spec.day, spec.label])
        made = in_order(rows.select(SUBJECT, pl.col(spec.day).cast(pl.Float64).alias("start"),
                                    pl.col(spec.label).cast(pl.String).alias("label")), SUBJECT)  # fmt: skip
        made = made.join(people, on=SUBJECT, how="inner", maintain_order="left")
        made = made.with_columns(pl.lit("mark").alias("part"), pl.lit(None).alias("end"), pl.lit(None).alias("going"))
        parts.append(made.select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items()))
    return pl.concat(parts)


def _draw_marks(axes: Axes, marks: pl.DataFrame, index: int, label: str) -> Any:
    from matplotlib.lines import Line2D  # noqa: PLC0415  a picture is rarely wanted, its library is heavy

    color = ("#000000", *COLORS[:4])[index % 5]
    look: dict[str, Any] = {"linestyle": "", "marker": SIGNS[index % len(SIGNS)], "markersize": 7,
                            "markerfacecolor": "white" if index % 2 else color, "markeredgecolor": color,
                            "markeredgewidth": 1.2}  # fmt: skip
    axes.plot(marks["start"], marks["place"], zorder=4, **look)
    return Line2D([], [], label=label, **look)


def _alt(figure: Figure, bars: pl.DataFrame, marks: pl.DataFrame, labels: Sequence[str]) -> str:
    length = (bars["end"] - bars["start"]).sort()
    counts = [f"{many(marks.filter(pl.col('label') == label).height, 'mark')} of {label}" for label in labels]
    going = int(bars["going"].sum() or 0)
    more = f"; {listed(counts)}" if counts else ""
    who = many(bars.height, "participant")
    return (f"A bar of {figure.x_label or 'time'} for each of {who}, from {number(length[0])} to {number(length[-1])} "
            f"long; {going} go on{more}.")  # fmt: skip
