"""A forest plot: what is compared on the left, the estimates in the middle, their numbers on the right."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from opencro.analysis.figures.data import Nothing, label_of
from opencro.analysis.figures.effects import Effect, compute_effects
from opencro.analysis.figures.model import Figure, ForestKind
from opencro.analysis.figures.page import Drawn, many, number
from opencro.analysis.figures.style import INK, PALE
from opencro.analysis.results import Material

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Picture

NULL = {"ancova": 0.0, "hazard_ratio": 1.0, "risk_difference": 0.0}
WORDS = {"ancova": "Difference", "hazard_ratio": "Hazard ratio", "risk_difference": "Risk difference"}
SOURCES = {
    "ancova": "Differences of least squares means of the model {model}",
    "hazard_ratio": "Hazard ratios of Cox's model within each line (Efron)",
    "risk_difference": "Risk differences with limits by Miettinen and Nurminen",
}
TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
SCHEMA = {"line": pl.Int64, "label": pl.String, "level": pl.Int64, "n_1": pl.Int64, "n_2": pl.Int64,
          "estimate": pl.Float64, "lower": pl.Float64, "upper": pl.Float64, "p": pl.Float64,
          "note": pl.String}  # fmt: skip


def draw_forest(figure: Figure, kind: ForestKind, material: Material, picture: Picture) -> Drawn:
    """Draws the lines; the frame has one row for each: label, level, sizes, estimate, limits, p, or a note why not."""
    frame = pl.DataFrame(list(_lines(figure, kind, material)), schema=SCHEMA)
    shown = frame.drop_nulls("estimate")
    if shown.is_empty():
        raise Nothing
    labels = [label_of(str(figure.by), group, material) for group in kind.pair]
    left, middle, right = picture.subplots(1, 3, sharey=True, width_ratios=(1.15, 1.3, 0.85))
    size = max(6.0, min(9.0, 330 / frame.height))
    for axes in (left, middle, right):
        _bands(axes, frame.height)
    _names(left, frame, labels, size)
    _estimates(middle, shown, kind)
    middle.set_xlabel(figure.x_label or f"{WORDS[kind.method]}, {_versus(kind, labels)} ({100 * kind.level:g}% limits)")
    if kind.favors is not None:
        for at, words, side in zip((0.0, 1.0), kind.favors, ("left", "right"), strict=True):
            arrow = f"\N{LEFTWARDS ARROW} {words}" if side == "left" else f"{words} \N{RIGHTWARDS ARROW}"
            middle.text(at, 1.01, arrow, transform=middle.transAxes, ha=side, va="bottom", fontsize=8)
    _numbers(right, frame, kind, size)
    notes = [f"{SOURCES[kind.method].format(model=kind.model)}; p-values are not adjusted."]
    notes += [
        f"{row['label']}: {row['note']}."
        for row in frame.filter((pl.col("note") != "") & (pl.col("n_1") + pl.col("n_2") > 0)).iter_rows(named=True)
    ]
    row = shown.row(0, named=True)
    limits = f"{number(row['lower'], 2)} to {number(row['upper'], 2)}"
    lines = many(shown.height, "line")
    alt = (f"Forest plot of the {WORDS[kind.method].lower()}, {_versus(kind, labels)}, in {lines}; "
           f"{row['label']}: {number(row['estimate'], 2)} ({limits}).")  # fmt: skip
    return Drawn(frame, alt, tuple(notes))


def _versus(kind: ForestKind, labels: Sequence[str]) -> str:
    return f"{labels[0]} {'to' if kind.method == 'hazard_ratio' else 'minus'} {labels[1]}"


def _lines(figure: Figure, kind: ForestKind, material: Material) -> Iterator[dict[str, Any]]:
    line = 0
    for spec in kind.lines:
        if spec.each is not None:
            yield {"line": line, "label": spec.label, "level": 0, "note": ""}
            line += 1
        for group, effect in compute_effects(figure, kind, spec, material).items():
            label = spec.label if spec.each is None else label_of(spec.each, group, material)
            yield {"line": line, "label": label, "level": int(spec.each is not None), **_plain(effect)}
            line += 1


def _plain(effect: Effect) -> dict[str, Any]:
    """Without NaN: what can't be estimated is None."""
    return {k: None if isinstance(v, float) and np.isnan(v) else v for k, v in asdict(effect).items()}


def _bands(axes: Axes, rows: int) -> None:
    axes.set_ylim(rows - 0.4, -0.6)
    for row in range(0, rows, 2):
        axes.axhspan(row - 0.5, row + 0.5, color=PALE, alpha=0.5, linewidth=0, zorder=0)


def _column(axes: Axes, x: float, heading: str, texts: Sequence[str], size: float, side: str) -> None:
    axes.annotate(heading, (x, -0.5), (0, 6), textcoords="offset points", ha=side, va="bottom", fontsize=size,
                  fontweight="bold", annotation_clip=False)  # fmt: skip
    for y, text in enumerate(texts):
        axes.text(x, y, text, ha=side, va="center", fontsize=size)


def _names(axes: Axes, frame: pl.DataFrame, labels: Sequence[str], size: float) -> None:
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    for row in frame.iter_rows(named=True):
        weight = "bold" if row["n_1"] is None else "normal"
        label = textwrap.fill(row["label"], 30)
        axes.text(0.06 * row["level"], row["line"], label, va="center", fontsize=size, fontweight=weight, linespacing=1)
    for x, name, label in ((0.76, "n_1", labels[0]), (1.0, "n_2", labels[1])):
        texts = ["" if n is None else str(n) for n in frame[name]]
        _column(axes, x, textwrap.fill(label, 12) + "\nn", texts, size, "right")


def _estimates(axes: Axes, shown: pl.DataFrame, kind: ForestKind) -> None:
    middle = shown["estimate"].to_numpy()
    reach = np.stack([middle - shown["lower"].to_numpy(), shown["upper"].to_numpy() - middle])
    axes.errorbar(middle, shown["line"], xerr=reach, fmt="none", ecolor=INK, elinewidth=1.1, capsize=2.5, zorder=2)
    people = (shown["n_1"] + shown["n_2"]).to_numpy()
    axes.scatter(middle, shown["line"], s=18 + 60 * people / people.max(), marker="s", color=INK, zorder=3)
    axes.axvline(NULL[kind.method], color=INK, linewidth=0.8)
    axes.tick_params(axis="y", length=0, labelleft=False)
    axes.spines["left"].set_visible(False)
    if kind.method == "hazard_ratio":
        from matplotlib.ticker import NullLocator  # noqa: PLC0415  a picture is rarely wanted, its library is heavy

        axes.set_xscale("log")
        low, high = min(0.5, *shown["lower"]) * 0.9, max(2.0, *shown["upper"]) * 1.1
        ticks = [tick for tick in TICKS if low <= tick <= high]
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xlim(low, high)
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])


def _numbers(axes: Axes, frame: pl.DataFrame, kind: ForestKind, size: float) -> None:
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    texts, ps = [], []
    for row in frame.iter_rows(named=True):
        known = row["estimate"] is not None
        limits = f"({number(row['lower'], 2)}, {number(row['upper'], 2)})" if known else ""
        texts.append(
            f"{number(row['estimate'], 2)} {limits}" if known else "" if row["n_1"] is None else "not estimable"
        )
        ps.append("" if row["p"] is None else "<0.001" if row["p"] < 0.001 else f"{row['p']:.3f}")
    _column(axes, 0.36, f"{WORDS[kind.method]}\n({100 * kind.level:g}% limits)", texts, size, "center")
    _column(axes, 1.0, "p", ps, size, "right")
