"""One participant on one axis of days: what was taken, what happened, what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from opencro.analysis.figures.data import Nothing, in_order, rows_of
from opencro.analysis.figures.model import Curve, Figure, ProfileKind, Track
from opencro.analysis.figures.page import Drawn, face_handle, listed, many
from opencro.analysis.figures.style import GREY, INK, PALE, pen_of
from opencro.analysis.results import SUBJECT, Analysis, Material

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Picture

CURVE_LANES = 4.5
"""A curve is as high as so many lines of bars."""
SCHEMA = {"part": pl.String, "label": pl.String, "text": pl.String, "tone": pl.String, "start": pl.Float64,
          "end": pl.Float64, "value": pl.Float64, "lower": pl.Float64, "upper": pl.Float64}  # fmt: skip


def participants_of(figure: Figure, material: Material) -> tuple[str, ...]:
    """The participants of whom a profile can be drawn, by name."""
    return tuple(rows_of(figure, material)[SUBJECT].unique().sort())


def draw_profile(figure: Figure, kind: ProfileKind, material: Material, picture: Picture) -> Drawn:
    """Draws the profile; the frame has `part` track (bars: text, tone, start, end) and curve (start is the day)."""
    known = participants_of(figure, material)
    who = kind.participant or known[0]
    if who not in known:
        raise Nothing
    specs: list[Track | Curve] = [*kind.tracks, *kind.curves]
    made = [(spec, _bars(spec, figure, material, who) if isinstance(spec, Track) else
             _points(spec, figure, material, who)) for spec in specs]  # fmt: skip
    filled = [(spec, rows) for spec, rows in made if rows.height]
    if not filled:
        raise Nothing
    frame = pl.concat([rows for _, rows in filled])
    days = pl.concat([frame["start"], frame["end"]]).drop_nulls().sort()
    first, last = float(days[0]), float(days[-1])
    _stack(picture, filled, first, last, figure.x_label or "Study day")
    empty = [spec.label for spec, rows in made if rows.is_empty()]
    notes = [f"No record of: {listed(empty)}."] if empty else []
    if any(isinstance(spec, Track) and spec.end is not None and rows["end"].has_nulls() for spec, rows in filled):
        notes.append("An arrow: no end is recorded.")
    if any(isinstance(spec, Curve) and spec.lower is not None for spec, _ in filled):
        notes.append("Shaded: the normal range.")
    said = [
        f"{many(rows.height, 'bar' if isinstance(spec, Track) else 'value')} of {spec.label}" for spec, rows in filled
    ]
    alt = f"Profile of participant {who} from day {first:g} to day {last:g}: {listed(said)}."
    return Drawn(frame, alt, tuple(notes), _facts(kind, material, who))


def _stack(picture: Picture, parts: list[tuple[Track | Curve, pl.DataFrame]], first: float, last: float,
           words: str) -> None:  # fmt: skip
    heights = [_height(spec, rows) for spec, rows in parts]
    stack = picture.subplots(len(parts), 1, sharex=True, height_ratios=heights, squeeze=False)[:, 0]
    for axes, (spec, rows) in zip(stack, parts, strict=True):
        if isinstance(spec, Track):
            _draw_track(axes, spec, rows, last)
        else:
            _draw_curve(axes, spec, rows)
        axes.grid(axis="x", color=PALE, linewidth=0.8, zorder=0)
        axes.set_axisbelow(True)
    room = 0.02 * (last - first + 1)
    stack[-1].set(xlim=(first - room, last + 2 * room), xlabel=words)


def _facts(kind: ProfileKind, material: Material, who: str) -> str:
    row = material.datasets["ADSL"].filter(pl.col(SUBJECT) == who).row(0, named=True)
    said = [f"{words} {_short(row[name])}" for words, name in kind.facts.items()]
    return "; ".join([f"Participant {who}", *said])


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else "missing" if value in (None, "") else str(value)


def _rows(spec: Track | Curve, figure: Figure, material: Material, who: str) -> pl.DataFrame:
    analysis = Analysis("figure", spec.dataset, figure.population, where=spec.where)
    return material.rows(analysis).filter(pl.col(SUBJECT) == who)


def _number(value: str | float | None) -> pl.Expr:
    return (pl.col(value) if isinstance(value, str) else pl.lit(value)).cast(pl.Float64)


def _text(name: str | None) -> pl.Expr:
    return pl.lit("") if name is None else pl.col(name).cast(pl.String).fill_null("").str.strip_chars()


def _bars(track: Track, figure: Figure, material: Material, who: str) -> pl.DataFrame:
    rows = _rows(track, figure, material, who)
    made = {"part": pl.lit("track"), "label": pl.lit(track.label), "text": _text(track.text), "tone": _text(track.tone),
            "start": _number(track.start), "end": _number(track.end if track.end is not None else track.start),
            "value": pl.lit(None), "lower": pl.lit(None), "upper": pl.lit(None)}  # fmt: skip
    bars = rows.select(made[name].cast(dtype).alias(name) for name, dtype in SCHEMA.items())
    return in_order(bars.drop_nulls("start"), "start", "text", "end", "tone").unique(maintain_order=True)


def _points(curve: Curve, figure: Figure, material: Material, who: str) -> pl.DataFrame:
    rows = _rows(curve, figure, material, who)
    made = {"part": pl.lit("curve"), "label": pl.lit(curve.label), "text": pl.lit(""), "tone": pl.lit(""),
            "start": _number(curve.day), "end": pl.lit(None), "value": _number(curve.of),
            "lower": _number(curve.lower), "upper": _number(curve.upper)}  # fmt: skip
    points = rows.select(made[name].cast(dtype).alias(name) for name, dtype in SCHEMA.items())
    return in_order(points.drop_nulls(["start", "value"]), "start", "value").unique(maintain_order=True)


def _height(spec: Track | Curve, rows: pl.DataFrame) -> float:
    return max(1.6, rows["text"].n_unique() + 0.6) if isinstance(spec, Track) else CURVE_LANES


def _draw_track(axes: Axes, track: Track, rows: pl.DataFrame, last: float) -> None:
    lanes = rows["text"].unique(maintain_order=True).to_list()
    tones = sorted(rows["tone"].unique().to_list())
    for text, tone, start, end in rows.select("text", "tone", "start", "end").iter_rows():
        pen, lane = pen_of(tones.index(tone)), lanes.index(text)
        stop = last if end is None else max(end, start)
        axes.barh(lane, stop - start + 1, left=start, height=0.62, color=pen.fill, edgecolor=INK, linewidth=0.6,
                  hatch=pen.hatch, zorder=2)  # fmt: skip
        if end is None:
            axes.plot([stop + 1], [lane], marker=">", color=INK, markersize=5, clip_on=False, zorder=3)
    axes.set_ylim(len(lanes) - 0.4, -0.6)
    axes.set_yticks(range(len(lanes)), [_cut(text) for text in lanes], fontsize=max(5.0, min(8.0, 170 / len(lanes))))
    axes.tick_params(axis="y", length=0)
    _heading(axes, track.label)
    if track.tone is not None:
        handles = [face_handle(tone or "unknown", pen_of(i)) for i, tone in enumerate(tones)]
        axes.legend(handles=handles, loc="lower right", bbox_to_anchor=(1, 1), ncols=len(handles), fontsize=7.5,
                    borderaxespad=0.1, handlelength=2)  # fmt: skip


def _draw_curve(axes: Axes, curve: Curve, rows: pl.DataFrame) -> None:
    axes.plot(rows["start"], rows["value"], color=pen_of(0).color, marker="o", markersize=4, linewidth=1.1, zorder=3)
    if curve.lower is not None:
        limits = rows.drop_nulls(["lower", "upper"])
        axes.fill_between(limits["start"], limits["lower"], limits["upper"], color=GREY, alpha=0.18, linewidth=0,
                          step="mid", zorder=1)  # fmt: skip
    axes.margins(y=0.15)
    _heading(axes, curve.label)


def _heading(axes: Axes, words: str) -> None:
    axes.set_title(words, loc="left", fontsize=8.5, fontweight="bold", pad=3)


def _cut(text: str, most: int = 38) -> str:
    return text if len(text) <= most else text[: most - 1] + "\N{HORIZONTAL ELLIPSIS}"
