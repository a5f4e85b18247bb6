"""Adverse events in two groups: shares and risk differences as dots, or differences against p-values as a volcano.

Numbers: participants with at least one event, of the participants of the population; limits by Miettinen and Nurminen,
p by Fisher's exact test, neither adjusted for the number of terms (`stats.binary`, `stats.categorical`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

import opencro.stats as st
from opencro.analysis.figures.data import GROUP, Nothing, label_of, rows_of, sizes_of
from opencro.analysis.figures.model import EventsKind, Figure
from opencro.analysis.figures.page import Drawn, legend_above, line_handle, listed, rule
from opencro.analysis.figures.place_labels import place_labels
from opencro.analysis.figures.style import GREY, INK, PALE, pen_of
from opencro.analysis.results import SUBJECT, Material

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Picture

NOT_ADJUSTED = "Limits and p-values are not adjusted for the number of terms."


def draw_events(figure: Figure, kind: EventsKind, material: Material, picture: Picture) -> Drawn:
    """Draws dots or a volcano; the frame has for each term n, N, percent of both groups, difference, limits, p."""
    frame = compare_terms(figure, kind, material)
    labels = [label_of(str(figure.by), group, material) for group in kind.pair]
    if kind.shape == "volcano":
        return _volcano(figure, kind, frame, labels, picture)
    shown = frame.sort([pl.col("difference").abs(), "term"], descending=[True, False]).head(kind.most)
    shown = shown.sort(["difference", "term"], descending=[True, False])
    left, right = picture.subplots(1, 2, sharey=True, width_ratios=(1.1, 1))
    _shares(left, shown, labels, _order(figure, kind, material))
    _differences(right, shown, labels, kind)
    notes = [f"Difference: {labels[0]} minus {labels[1]}, with {100 * kind.level:g}% limits (Miettinen and Nurminen).",
             NOT_ADJUSTED]  # fmt: skip
    if kind.at_least:
        notes.insert(0, f"Terms that {kind.at_least:g}% or more of either group have.")
    if shown.height < frame.height:
        notes.append(f"{frame.height - shown.height} terms that differ less are not shown.")
    return Drawn(shown, _alt(shown, labels), tuple(notes))


def compare_terms(figure: Figure, kind: EventsKind, material: Material) -> pl.DataFrame:
    """The numbers of every term that is frequent enough, by name."""
    rows = rows_of(figure, material, present=[kind.term])
    size = sizes_of(figure, material)
    first, second = (size.get(group, 0) for group in kind.pair)
    counted = rows.group_by(pl.col(kind.term).alias("term")).agg(
        pl.col(SUBJECT).filter(pl.col(GROUP) == group).n_unique().alias(name)
        for name, group in zip(("n_1", "n_2"), kind.pair, strict=True)
    )
    counted = counted.filter(pl.col("n_1") + pl.col("n_2") > 0).sort("term")
    if counted.is_empty() or not first or not second:
        raise Nothing
    n1, n2 = (counted[name].to_numpy().astype(float) for name in ("n_1", "n_2"))
    limits = st.binary.miettinen_nurminen_batch(n1, first, n2, second, alpha=1 - kind.level)
    tables = np.stack([np.stack([n1, first - n1], axis=1), np.stack([n2, second - n2], axis=1)], axis=1)
    frame = counted.select(
        "term", "n_1", pl.lit(first).alias("N_1"), (100 * pl.col("n_1") / first).alias("percent_1"),
        "n_2", pl.lit(second).alias("N_2"), (100 * pl.col("n_2") / second).alias("percent_2"),
        pl.Series("difference", 100 * limits.estimate), pl.Series("lower", 100 * limits.lower),
        pl.Series("upper", 100 * limits.upper), pl.Series("p", st.categorical.fisher_exact_batch(tables).p_value),
    )  # fmt: skip
    frame = frame.filter(pl.max_horizontal("percent_1", "percent_2") >= kind.at_least)
    if frame.is_empty():
        raise Nothing
    return frame


def _order(figure: Figure, kind: EventsKind, material: Material) -> tuple[int, int]:
    """The places of both groups among all, so that they have the same pens as in other figures."""
    grouping = material.groups_of(str(figure.by))
    known = [group.id for group in grouping.groups] if grouping is not None and grouping.groups else list(kind.pair)
    return known.index(kind.pair[0]), known.index(kind.pair[1])


def _shares(axes: Axes, frame: pl.DataFrame, labels: list[str], places: tuple[int, int]) -> None:
    at = np.arange(frame.height)
    axes.hlines(at, frame["percent_1"], frame["percent_2"], color=GREY, linewidth=0.8, zorder=1)
    handles = []
    for name, total, label, place in zip(("percent_1", "percent_2"), ("N_1", "N_2"), labels, places, strict=True):
        pen = pen_of(place)
        axes.plot(frame[name], at, linestyle="", marker=pen.mark, color=pen.color, markersize=6,
                  markerfacecolor="white" if pen.open else pen.color, zorder=2)  # fmt: skip
        handles.append(line_handle(f"{label} (N = {frame[total][0]})", pen, line=False))
    legend_above(axes, handles, columns=1)
    axes.set_yticks(at, frame["term"], fontsize=max(5.5, min(8.5, 300 / frame.height)))
    axes.set_ylim(frame.height - 0.4, -0.6)
    axes.set_xlim(left=0)
    axes.set_xlabel("Participants with event, %")
    _bands(axes, frame.height)


def _differences(axes: Axes, frame: pl.DataFrame, labels: list[str], kind: EventsKind) -> None:
    at, middle = np.arange(frame.height), frame["difference"].to_numpy()
    reach = np.stack([middle - frame["lower"].to_numpy(), frame["upper"].to_numpy() - middle])
    axes.errorbar(middle, at, xerr=reach, fmt="s", color=INK, markersize=4, elinewidth=1, capsize=2)
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.tick_params(axis="y", length=0, labelleft=False)
    axes.set_xlabel(f"Difference in percentage points ({100 * kind.level:g}% limits)")
    _sides(axes, labels)
    _bands(axes, frame.height)


def _bands(axes: Axes, rows: int) -> None:
    for row in range(0, rows, 2):
        axes.axhspan(row - 0.5, row + 0.5, color=PALE, alpha=0.5, linewidth=0, zorder=0)


def _sides(axes: Axes, labels: list[str]) -> None:
    """Above the axes, what lies on either side of no difference."""
    for side, words in ((0.0, f"\N{LEFTWARDS ARROW} more often with\n{labels[1]}"),
                        (1.0, f"more often with \N{RIGHTWARDS ARROW}\n{labels[0]}")):  # fmt: skip
        axes.text(side, 1.01, words, transform=axes.transAxes, ha="left" if side == 0 else "right", va="bottom",
                  fontsize=8)  # fmt: skip


def _volcano(figure: Figure, kind: EventsKind, frame: pl.DataFrame, labels: list[str], picture: Picture) -> Drawn:
    axes = picture.subplots()
    x, y = frame["difference"].to_numpy(), -np.log10(frame["p"].to_numpy())
    y = np.maximum(y, 0)
    events = (frame["n_1"] + frame["n_2"]).to_numpy()
    size = 4 + 22 * np.sqrt(events / events.max())
    named = frame["p"].to_numpy() < kind.alpha
    axes.scatter(x[~named], y[~named], s=size[~named] ** 2 / 3, facecolor="white", edgecolor=GREY, linewidth=0.9)
    axes.scatter(x[named], y[named], s=size[named] ** 2 / 3, facecolor=pen_of(0).fill, edgecolor=pen_of(0).color)
    reach = float(np.abs(x).max()) * 1.25
    axes.set(xlim=(-reach, reach), ylim=(-0.05 * y.max(), y.max() * 1.12), ylabel=figure.y_label or "Fisher's exact p",
             xlabel=figure.x_label or f"Difference in percentage points, {labels[0]} minus {labels[1]}")  # fmt: skip
    ticks = [
        p for p in (1, 0.5, 0.1, 0.05, 0.01, 0.001, 1e-4, 1e-5, 1e-6, 1e-8, 1e-10) if -np.log10(p) <= y.max() * 1.1
    ]
    axes.set_yticks([-np.log10(p) for p in ticks], [f"{p:g}" for p in ticks])
    rule(axes, -np.log10(kind.alpha))
    axes.axvline(0, color=INK, linewidth=0.8, zorder=0.6)
    _sides(axes, labels)
    order = np.argsort(frame["p"].to_numpy(), kind="stable")
    chosen = [int(i) for i in order if named[i]]
    crowded = place_labels(axes, x, y, size / 2, {i: frame["term"][i] for i in chosen})
    notes = [
        f"Area by the number of participants with the event; terms with p < {kind.alpha:g} are named.",
        NOT_ADJUSTED,
    ]
    if crowded:
        notes.append(f"Terms not named for want of room: {crowded}.")
    return Drawn(frame, _alt(frame, labels), tuple(notes))


def _alt(frame: pl.DataFrame, labels: list[str]) -> str:
    most = frame.sort(["difference", "term"], descending=[True, False]).head(3)
    parts = [
        f"{row['term']} {row['percent_1']:.1f}% against {row['percent_2']:.1f}%" for row in most.iter_rows(named=True)
    ]
    return (f"Shares of participants with each of {frame.height} events, {labels[0]} against {labels[1]}; the greatest "
            f"differences: {listed(parts)}.")  # fmt: skip
