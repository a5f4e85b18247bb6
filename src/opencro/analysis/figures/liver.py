"""eDISH: each participant's greatest transaminase against the greatest bilirubin, in multiples of the upper limit.

Source: FDA (2009), Guidance for Industry, Drug-Induced Liver Injury: Premarketing Clinical Evaluation. A participant
above both limits is a possible case of Hy's law.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import polars as pl

from opencro.analysis.figures.data import GROUP, Nothing, rows_of, series_of
from opencro.analysis.figures.model import Figure, LiverKind
from opencro.analysis.figures.page import Drawn, legend_above, line_handle, listed, many, rule
from opencro.analysis.figures.style import INK, pen_of
from opencro.analysis.results import SUBJECT, Material

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Picture

QUADRANTS = {(False, False): "within both limits", (True, False): "Temple's corollary",
             (False, True): "hyperbilirubinemia", (True, True): "possible Hy's law"}  # fmt: skip
CORNERS = {(False, False): (0.01, 0.015), (True, False): (0.99, 0.015), (False, True): (0.01, 0.985),
           (True, True): (0.99, 0.985)}  # fmt: skip
TICKS = (0.1, 0.2, 0.5, 1, 2, 3, 5, 10, 20, 50, 100)
FEW = 10


def draw_liver(figure: Figure, kind: LiverKind, material: Material, picture: Picture) -> Drawn:
    """Draws the points; the frame has each participant's greatest multiples and quadrant."""
    frame, lacking = _peaks(figure, kind, material)
    series = series_of(figure, material, frame["group"].unique())
    axes = picture.subplots()
    axes.set(xscale="log", yscale="log")
    for one in series:
        mine, pen = frame.filter(pl.col("group") == one.id), pen_of(one.place)
        axes.plot(mine["transaminase"], mine["bilirubin"], linestyle="", marker=pen.mark, markersize=5.5,
                  markerfacecolor="none" if pen.open else pen.color, markeredgecolor=pen.color, zorder=3)  # fmt: skip
    rule(axes, kind.limits[0], across=False)
    rule(axes, kind.limits[1])
    _scale(axes, frame, kind)
    counts = {words: frame.filter(pl.col("quadrant") == words).height for words in QUADRANTS.values()}
    _corners(axes, counts)
    _names(axes, frame)
    if any(one.label for one in series):
        legend_above(axes, [line_handle(one.label, pen_of(one.place), line=False) for one in series])
    enzymes = " or ".join(kind.transaminase)
    axes.set(xlabel=figure.x_label or f"Greatest {enzymes}, multiples of the upper limit of normal",
             ylabel=figure.y_label or f"Greatest {kind.bilirubin}, multiples of the upper limit of normal")  # fmt: skip
    notes = [f"Dashed lines: {kind.limits[0]:g} times the upper limit of {enzymes}, {kind.limits[1]:g} times that of "
             f"{kind.bilirubin}."]  # fmt: skip
    if lacking:
        notes.append(f"Participants with only one of both measured, not shown: {lacking}.")
    said = listed([f"{n} {words}" for words, n in counts.items()])
    alt = f"Greatest {enzymes} against greatest {kind.bilirubin} of {many(frame.height, 'participant')}: {said}."
    return Drawn(frame, alt, tuple(notes))


def _peaks(figure: Figure, kind: LiverKind, material: Material) -> tuple[pl.DataFrame, int]:
    rows = rows_of(figure, material, present=[kind.value, kind.upper]).filter(pl.col(kind.upper) > 0)
    ratio, code = pl.col(kind.value) / pl.col(kind.upper), pl.col(kind.parameter)
    peaks = rows.group_by(SUBJECT, maintain_order=True).agg(
        pl.col(GROUP).first().alias("group"),
        ratio.filter(code.is_in(list(kind.transaminase))).max().alias("transaminase"),
        ratio.filter(code == kind.bilirubin).max().alias("bilirubin"),
    )
    measured = peaks.filter(pl.any_horizontal(pl.col("transaminase", "bilirubin").is_not_null()))
    frame = measured.drop_nulls().filter((pl.col("transaminase") > 0) & (pl.col("bilirubin") > 0))
    if frame.is_empty():
        raise Nothing
    high, deep = pl.col("transaminase") > kind.limits[0], pl.col("bilirubin") > kind.limits[1]
    quadrant = pl.lit(QUADRANTS[True, True])
    for (right, up), words in QUADRANTS.items():
        quadrant = pl.when((high == right) & (deep == up)).then(pl.lit(words)).otherwise(quadrant)
    return frame.with_columns(quadrant.alias("quadrant")), measured.height - frame.height


def _scale(axes: Axes, frame: pl.DataFrame, kind: LiverKind) -> None:
    from matplotlib.ticker import NullLocator  # noqa: PLC0415  a picture is rarely wanted, its library is heavy

    for name, axis, limit in (("transaminase", axes.xaxis, kind.limits[0]), ("bilirubin", axes.yaxis, kind.limits[1])):
        low, high = float(frame[name].min()), float(frame[name].max())  # type: ignore[arg-type]
        ends = min(low * 0.8, 0.2), max(high * 1.3, limit * 4)
        ticks = [tick for tick in TICKS if ends[0] <= tick <= ends[1]]
        (axes.set_xlim if axis is axes.xaxis else axes.set_ylim)(*ends)
        axis.set_minor_locator(NullLocator())
        axis.set_ticks(ticks, [f"{tick:g}" for tick in ticks])


def _corners(axes: Axes, counts: Mapping[str, int]) -> None:
    for corner, (x, y) in CORNERS.items():
        words = QUADRANTS[corner]
        axes.text(x, y, f"{words[0].upper()}{words[1:]}: n = {counts[words]}", transform=axes.transAxes, fontsize=8.5,
                  ha="left" if x < 0.5 else "right", va="bottom" if y < 0.5 else "top", color=INK)  # fmt: skip


def _names(axes: Axes, frame: pl.DataFrame) -> None:
    """Possible cases are named, where they are few."""
    cases = frame.filter(pl.col("quadrant") == QUADRANTS[True, True])
    if cases.height <= FEW:
        for who, x, y in cases.select(SUBJECT, "transaminase", "bilirubin").iter_rows():
            axes.annotate(who, (x, y), (6, 0), textcoords="offset points", va="center", fontsize=7.5)
