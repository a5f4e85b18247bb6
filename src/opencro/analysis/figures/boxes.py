"""Boxes by visit and group.

Numbers: `stats.summary.describe`; quartiles by SAS's definition 5, whiskers to the furthest values within 1.5 times the
distance of the quartiles (Tukey 1977, Exploratory Data Analysis), participants beyond as points.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

import opencro.stats as st
from opencro.analysis.figures.data import GROUP, Series, rows_of, series_of
from opencro.analysis.figures.model import BoxesKind, Figure
from opencro.analysis.figures.page import (
    Drawn,
    face_handle,
    legend_above,
    listed,
    rule,
    table_below,
    ticks_at,
    upper_and_table,
)
from opencro.analysis.figures.style import INK, pen_of
from opencro.analysis.results import SUBJECT, Material

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Picture

REACH = 1.5
SCHEMA = {"part": pl.String, "group": pl.String, "x": pl.Float64, "n": pl.Int64, "q1": pl.Float64,
          "median": pl.Float64, "q3": pl.Float64, "mean": pl.Float64, "lower": pl.Float64, "upper": pl.Float64,
          SUBJECT: pl.String, "value": pl.Float64}  # fmt: skip


def draw_boxes(figure: Figure, kind: BoxesKind, material: Material, picture: Picture) -> Drawn:
    """Draws the boxes; the frame has `part` box (n, quartiles, mean, ends of the whiskers) and beyond (each point)."""
    rows = rows_of(figure, material, present=[kind.of, kind.x], at=kind.x)
    series = series_of(figure, material, rows[GROUP].unique())
    found = [line for one in series for line in _numbers(one.id, rows.filter(pl.col(GROUP) == one.id), kind)]
    frame = pl.DataFrame(found, schema=SCHEMA)
    at = frame["x"].unique().sort().to_list()
    upper, lower = upper_and_table(picture, len(series))
    for turn, one in enumerate(series):
        _draw_group(upper, one, frame.filter(pl.col("group") == one.id), at, turn - (len(series) - 1) / 2, len(series))
    if any(one.label for one in series):
        legend_above(upper, [face_handle(one.label, pen_of(one.place)) for one in series])
    boxes = frame.filter(pl.col("part") == "box")
    counts = {(group, x): n for group, x, n in boxes.select("group", "x", "n").iter_rows()}
    places = list(map(float, range(len(at))))
    table_below(lower, series, places, [[str(counts.get((s.id, x), 0)) for x in at] for s in series], "Participants")
    if kind.line is not None:
        rule(upper, kind.line)
    upper.set(xlabel=figure.x_label or kind.x, ylabel=figure.y_label or kind.of, xlim=(-0.6, len(at) - 0.4))
    ticks_at(upper, rows, (kind.x, kind.x_text), at, places)
    notes = ("Boxes are quartiles with the median, a cross is the mean; whiskers reach the furthest value within 1.5 "
             "times the distance of the quartiles, points are participants beyond.",)  # fmt: skip
    return Drawn(frame, _alt(figure, boxes, series, at), notes)


def _numbers(group: str, rows: pl.DataFrame, kind: BoxesKind) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    found = st.summary.describe(rows[kind.of].to_numpy(), rows[kind.x].to_numpy())
    for i, x in enumerate(found.group):
        here = rows.filter(pl.col(kind.x) == x).select(SUBJECT, pl.col(kind.of).cast(pl.Float64).alias("value"))
        q1, q3 = float(found.q1[i]), float(found.q3[i])
        inside = pl.col("value").is_between(q1 - REACH * (q3 - q1), q3 + REACH * (q3 - q1))
        within = here.filter(inside)["value"]
        box = {"part": "box", "group": group, "x": float(x)}
        numbers = {"n": here.height, "q1": q1, "median": float(found.median[i]), "q3": q3, "mean": float(found.mean[i])}
        made.append({**box, **numbers, "lower": within.min(), "upper": within.max()})
        made += [{**box, "part": "beyond", **row} for row in here.filter(~inside).iter_rows(named=True)]
    return made


def _draw_group(axes: Axes, one: Series, frame: pl.DataFrame, at: list[float], side: float, groups: int) -> None:
    pen, width = pen_of(one.place), 0.8 / groups
    stats, places = [], []
    for row in frame.filter(pl.col("part") == "box").iter_rows(named=True):
        beyond = frame.filter((pl.col("part") == "beyond") & (pl.col("x") == row["x"]))["value"].to_list()
        stats.append({"med": row["median"], "q1": row["q1"], "q3": row["q3"], "mean": row["mean"],
                      "whislo": row["lower"], "whishi": row["upper"], "fliers": beyond})  # fmt: skip
        places.append(at.index(row["x"]) + side * width)
    line = {"color": INK, "linewidth": 0.9}
    axes.bxp(
        stats, positions=places, widths=width * 0.82, patch_artist=True, manage_ticks=False, showmeans=True,
        boxprops={"facecolor": pen.fill, "edgecolor": INK, "hatch": pen.hatch, "linewidth": 0.9},
        medianprops={"color": INK, "linewidth": 2.2}, whiskerprops=line, capprops=line,
        meanprops={"marker": "x", "markeredgecolor": INK, "markersize": 5},
        flierprops={"marker": pen.mark, "markersize": 3.2, "markerfacecolor": "white" if pen.open else pen.color,
                    "markeredgecolor": pen.color, "markeredgewidth": 0.8},
    )  # fmt: skip


def _alt(figure: Figure, boxes: pl.DataFrame, series: Sequence[Series], at: list[float]) -> str:
    parts = []
    for one in series:
        mine = boxes.filter(pl.col("group") == one.id).sort("x")
        ends = f"{mine['median'][0]:.4g} to {mine['median'][-1]:.4g}"
        parts.append(f"median of {one.label} from {ends}" if one.label else f"median from {ends}")
    what = figure.y_label or "the value"
    return f"Box plots of {what} at {len(at)} times: {listed(parts)}."
