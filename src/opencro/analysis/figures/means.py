"""Means over time with their limits, and the numbers of participants.

Numbers: `stats.summary.describe`; limits of the mean by Student's t.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

import opencro.stats as st
from opencro.analysis.figures.data import GROUP, rows_of, series_of
from opencro.analysis.figures.model import Figure, MeansKind
from opencro.analysis.figures.page import (
    Drawn,
    legend_above,
    line_handle,
    listed,
    nearest,
    number,
    rule,
    table_below,
    ticks_at,
    upper_and_table,
)
from opencro.analysis.figures.style import pen_of
from opencro.analysis.results import Material

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Picture

BARS = {"limits": "limits of the mean", "se": "standard errors", "sd": "standard deviations"}


def draw_means(figure: Figure, kind: MeansKind, material: Material, picture: Picture) -> Drawn:
    """Draws the means; the frame has one row for each group and x: n, mean, sd, se, lower and upper of the bar."""
    rows = rows_of(figure, material, present=[kind.of, kind.x], at=kind.x)
    series = series_of(figure, material, rows[GROUP].unique())
    frame = pl.concat([_numbers(one.id, rows.filter(pl.col(GROUP) == one.id), kind) for one in series])
    at = frame["x"].unique().sort().to_list()
    upper, lower = upper_and_table(picture, len(series))
    places = list(map(float, range(len(at)))) if kind.even else at
    step = (places[-1] - places[0] or 1) * min(0.008, 0.7 * nearest(places) / len(series))
    for turn, one in enumerate(series):
        mine = frame.filter(pl.col("group") == one.id)
        x = np.array([places[at.index(value)] for value in mine["x"]]) + step * (turn - (len(series) - 1) / 2)
        _draw_line(upper, x, mine, one.place)
    if any(one.label for one in series):
        legend_above(upper, [line_handle(one.label, pen_of(one.place)) for one in series])
    counts = {(group, x): n for group, x, n in frame.select("group", "x", "n").iter_rows()}
    table_below(lower, series, places, [[str(counts.get((s.id, x), 0)) for x in at] for s in series], "Participants")
    if kind.line is not None:
        rule(upper, kind.line)
    upper.set(xlabel=figure.x_label or kind.x, ylabel=figure.y_label or f"Mean of {kind.of}")
    ticks_at(upper, rows, (kind.x, kind.x_text), at, places)
    notes = () if kind.bars == "none" else (_note(kind),)
    return Drawn(frame, _alt(figure, frame, [(s.id, s.label) for s in series]), notes)


def _numbers(group: str, rows: pl.DataFrame, kind: MeansKind) -> pl.DataFrame:
    found = st.summary.describe(rows[kind.of].to_numpy(), rows[kind.x].to_numpy(), alpha=1 - kind.level)
    half = {"limits": found.upper - found.mean, "se": found.se, "sd": found.sd, "none": np.zeros(len(found.mean))}
    lower, upper = found.mean - half[kind.bars], found.mean + half[kind.bars]
    columns = {"x": np.asarray(found.group, dtype=float), "n": found.n, "mean": found.mean, "sd": found.sd,
               "se": found.se, "lower": lower, "upper": upper}  # fmt: skip
    made = pl.DataFrame({name: np.asarray(values) for name, values in columns.items()}).fill_nan(None)
    return made.select(pl.lit(group).alias("group"), *columns)


def _draw_line(axes: Axes, x: np.ndarray, frame: pl.DataFrame, place: int) -> None:
    pen = pen_of(place)
    mean = frame["mean"].to_numpy()
    reach = np.nan_to_num(np.stack([mean - frame["lower"].to_numpy(), frame["upper"].to_numpy() - mean]))
    axes.plot(x, mean, color=pen.color, linestyle=pen.line, marker=pen.mark,
              markerfacecolor="white" if pen.open else pen.color, zorder=3)  # fmt: skip
    axes.errorbar(x, mean, yerr=reach, fmt="none", ecolor=pen.color, elinewidth=1, capsize=3, zorder=2)


def _note(kind: MeansKind) -> str:
    level = f"{100 * kind.level:g}% " if kind.bars == "limits" else ""
    return f"Bars are {level}{BARS[kind.bars]}. Groups stand side by side at the same time."


def _alt(figure: Figure, frame: pl.DataFrame, series: list[tuple[str, str]]) -> str:
    at = frame["x"].unique().sort()
    parts = []
    for identity, label in series:
        mine = frame.filter(pl.col("group") == identity).sort("x")
        ends = f"{number(mine['mean'][0])} (n = {mine['n'][0]}) to {number(mine['mean'][-1])} (n = {mine['n'][-1]})"
        parts.append(f"{label} from {ends}" if label else f"from {ends}")
    what = figure.y_label or "the value"
    return f"Means of {what} over {figure.x_label or 'time'}, {at[0]:g} to {at[-1]:g}: {listed(parts)}."
