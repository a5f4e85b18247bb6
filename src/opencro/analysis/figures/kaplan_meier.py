"""Kaplan-Meier curves with the numbers at risk.

Numbers: `stats.survival`; limits of the curve on the log-log scale, of the median after Brookmeyer and Crowley. Those
at risk at a time have been followed up to it or longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

import opencro.stats as st
from opencro.analysis.figures.data import GROUP, Series, rows_of, series_of, where_true
from opencro.analysis.figures.model import Figure, KaplanMeierKind
from opencro.analysis.figures.page import Drawn, legend_above, line_handle, p_text, rule, table_below, upper_and_table
from opencro.analysis.figures.style import pen_of
from opencro.analysis.results import Material

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Picture

EVENT = "_event"


def draw_kaplan_meier(figure: Figure, kind: KaplanMeierKind, material: Material, picture: Picture) -> Drawn:
    """Draws the curves; the frame has `part` curve (every step), at risk (every column of the table), median."""
    rows = rows_of(figure, material, present=[kind.time])
    rows = rows.with_columns(where_true(kind.event, rows).alias(EVENT))
    time, event, group = (rows[name].to_numpy() for name in (kind.time, EVENT, GROUP))
    curves = st.survival.kaplan_meier_by(time, event.astype(float), group, alpha=1 - kind.level)
    series = series_of(figure, material, curves)
    end = kind.end or float(np.max(time))
    at = np.arange(0, end + kind.every * 1e-6, kind.every)
    frame = pl.concat([_numbers(one.id, curves[one.id], at) for one in series])
    upper, lower = upper_and_table(picture, len(series))
    for one in series:
        _draw_curve(upper, one, curves[one.id], kind, end)
    words = [_words(one, frame) for one in series]
    pens = [line_handle(text, pen_of(one.place), mark=False) for one, text in zip(series, words, strict=True)]
    legend_above(upper, pens, columns=1)
    risk = frame.filter(pl.col("part") == "at risk")
    cells = [[f"{n:.0f}" for n in risk.filter(pl.col("group") == one.id)["at_risk"]] for one in series]
    table_below(lower, series, at.tolist(), cells, "Participants at risk")
    share = "without" if kind.shows == "without" else "with"
    upper.set(xlim=(0, end), ylim=(0, 1.02), xlabel=figure.x_label or kind.time,
              ylabel=figure.y_label or f"Share of participants {share} event")  # fmt: skip
    upper.set_xticks(at)
    rule(upper, 0.5)
    notes = [
        f"Medians with {100 * kind.level:g}% limits. Ticks on a curve: participants followed up to then without event."
    ]
    if kind.test and len(series) > 1:
        notes.append(f"Log-rank test: {p_text(st.survival.log_rank(time, event.astype(float), group).p)}.")
    alt = f"Kaplan-Meier curves of the share of participants {share} event. {' '.join(f'{w}.' for w in words)}"
    return Drawn(frame, alt, tuple(notes))


def _numbers(group: str, curve: st.survival.KaplanMeier, at: np.ndarray) -> pl.DataFrame:
    there = st.survival.kaplan_meier_at(curve, at)
    median = st.survival.kaplan_meier_quantile(curve, 0.5)
    columns: dict[str, Sequence[Any]] = {
        "time": [*curve.time, *there.time, float(median.quantile[0])],
        "at_risk": [*curve.n_risk, *there.n_risk, float(len(curve.sample.time))],
        "events": [*curve.n_event.cumsum(), *there.n_event, float(curve.n_event.sum())],
        "censored": [*curve.n_censored, *[None] * len(at), float(curve.n_censored.sum())],
        "survival": [*curve.survival, *there.survival, 0.5],
        "lower": [*curve.lower, *there.lower, float(median.lower[0])],
        "upper": [*curve.upper, *there.upper, float(median.upper[0])],
    }
    parts = ["curve"] * len(curve.time) + ["at risk"] * len(at) + ["median"]
    schema = dict.fromkeys(columns, pl.Float64)
    numbers = pl.DataFrame(columns, schema=schema, strict=False).fill_nan(None)
    return numbers.select(pl.Series("part", parts), pl.lit(group).alias("group"), *columns)


def _draw_curve(axes: Axes, one: Series, curve: st.survival.KaplanMeier, kind: KaplanMeierKind, end: float) -> None:
    pen = pen_of(one.place)
    sign, start = (1.0, 0.0) if kind.shows == "without" else (-1.0, 1.0)
    time = np.append(0.0, curve.time)
    height = start + sign * np.append(1.0, curve.survival)
    axes.plot(time, height, drawstyle="steps-post", color=pen.color, linestyle=pen.line, zorder=2)
    if kind.band:
        lower, upper = (start + sign * np.append(1.0, limit) for limit in (curve.lower, curve.upper))
        axes.fill_between(time, lower, upper, step="post", color=pen.color, alpha=0.13, linewidth=0, zorder=1)
    censored = (curve.n_censored > 0) & (curve.time <= end)
    axes.plot(curve.time[censored], start + sign * curve.survival[censored], linestyle="", marker="|", markersize=7,
              color=pen.color, markeredgewidth=1.0, zorder=3)  # fmt: skip


def _words(one: Series, frame: pl.DataFrame) -> str:
    row = frame.filter((pl.col("part") == "median") & (pl.col("group") == one.id)).row(0, named=True)
    limits = ", ".join("not reached" if row[name] is None else f"{row[name]:.4g}" for name in ("lower", "upper"))
    median = "not reached" if row["time"] is None else f"{row['time']:.4g} ({limits})"
    who = f"{one.label}: " if one.label else ""
    return f"{who}{row['events']:.0f} of {row['at_risk']:.0f} with event, median {median}"
