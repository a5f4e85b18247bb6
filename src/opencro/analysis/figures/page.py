"""The page of a figure: number, title and population above, footnotes below, the picture between them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import polars as pl

from opencro.analysis.figures.data import Series
from opencro.analysis.figures.style import GREY, INK, MARGIN, PAGE, Pen

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Picture

LINE = 0.185
"""Height of a line of words, in inches."""
TITLE_CHARACTERS, NOTE_CHARACTERS, AXIS_CHARACTERS, LEGEND_CHARACTERS = 105, 165, 100, 100
"""How many characters of their size go on a line."""
AXIS_POINTS = 520.0
"""About how wide an axis is with names on its left."""


@dataclass(frozen=True)
class Drawn:
    """What a kind gives back: the numbers behind the picture, a sentence that says what it shows, notes to print.

    `pages` is how many pages the figure has in all; the numbers are those of all of them.
    """

    frame: pl.DataFrame
    alt: str
    notes: tuple[str, ...] = ()
    facts: str = ""
    pages: int = 1


def pages_for(participants: int, per_page: int) -> int:
    """How many pages so many participants need.

    >>> pages_for(46, 45), pages_for(0, 45)
    (2, 1)
    """
    return max(1, -(-participants // per_page))


def new_picture() -> Picture:
    """An empty landscape page."""
    from matplotlib.figure import Figure as Picture  # noqa: PLC0415  a picture is rarely wanted, its library is heavy

    return Picture(figsize=PAGE, layout="constrained")


def frame_page(picture: Picture, headings: Sequence[str], notes: Sequence[str]) -> None:
    """Words around the picture, which gets the room between them; the first two headings are bold."""
    width, height = PAGE
    y = height - MARGIN
    for number, heading in enumerate(headings):
        for line in textwrap.wrap(heading, TITLE_CHARACTERS) if heading else ():
            weight = "bold" if number < 2 else "normal"
            picture.text(0.5, y / height, line, ha="center", va="top", fontsize=10, fontweight=weight, color=INK)
            y -= LINE
    lines = [line for note in notes for line in textwrap.wrap(note, NOTE_CHARACTERS)]
    bottom = MARGIN + LINE * 0.82 * len(lines) + 0.12
    for number, line in enumerate(lines):
        at = bottom - 0.12 - LINE * 0.82 * number
        picture.text(MARGIN / width, at / height, line, ha="left", va="top", fontsize=7.5, color=INK)
    left, room = MARGIN / width, (y - 0.08 - bottom) / height
    engine: Any = picture.get_layout_engine()
    engine.set(rect=(left, bottom / height, 1 - 2 * left, room), w_pad=0.06, h_pad=0.05, hspace=0.0, wspace=0.0)


def settle(picture: Picture) -> None:
    """Lay the page out once and keep it so; rounded, for the solver's last digits differ from run to run."""
    picture.draw_without_rendering()
    picture.set_layout_engine("none")
    for axes in picture.axes:
        axes.set_position([round(value, 5) for value in axes.get_position().bounds])  # type: ignore[arg-type]


def legend_above(axes: Axes, handles: Sequence[Any], columns: int | None = None, title: str = "") -> None:
    """A legend that never lies over data: above the axes."""
    if not handles:
        return
    longest = max(len(str(handle.get_label())) for handle in handles)
    shown = columns or max(1, min(len(handles), LEGEND_CHARACTERS // (longest + 8)))
    axes.legend(handles=list(handles), loc="lower left", bbox_to_anchor=(0, 1.0), ncols=shown, borderaxespad=0.2,
                title=title or None, alignment="left", columnspacing=1.8)  # fmt: skip


def line_handle(label: str, pen: Pen, *, mark: bool = True, line: bool = True) -> Any:
    """What stands in a legend for a line, its marks, or marks alone."""
    from matplotlib.lines import Line2D  # noqa: PLC0415  a picture is rarely wanted, its library is heavy

    face = "white" if pen.open else pen.color
    return Line2D([], [], color=pen.color, linestyle=pen.line if line else "", marker=pen.mark if mark else "",
                  markerfacecolor=face, label=label)  # fmt: skip


def face_handle(label: str, pen: Pen) -> Any:
    """What stands in a legend for bars and boxes."""
    from matplotlib.patches import Patch  # noqa: PLC0415  a picture is rarely wanted, its library is heavy

    return Patch(facecolor=pen.fill, edgecolor=INK, hatch=pen.hatch, label=label, linewidth=0.8)


def table_below(
    axes: Axes, series: Sequence[Series], at: Sequence[float], cells: Sequence[Sequence[str]], heading: str
) -> None:
    """Numbers in line with the axis above, one row for each group; smaller where they would touch."""
    widest = max((len(text) for texts in cells for text in texts), default=1)
    size = max(3.5, min(8.5, nearest(at) * AXIS_POINTS / (0.7 * (widest + 0.7))))
    axes.set_ylim(len(series) - 0.5, -0.5)
    axes.set_yticks(range(len(series)), [one.label or "All" for one in series])
    axes.tick_params(length=0, labelbottom=False)
    axes.tick_params(axis="y", pad=16)
    for row, texts in enumerate(cells):
        for x, text in zip(at, texts, strict=True):
            axes.text(x, row, text, ha="center", va="center_baseline", fontsize=size, clip_on=False)
    axes.set_title(heading, loc="left", fontsize=8.5, fontweight="bold", pad=4)
    for spine in axes.spines.values():
        spine.set_visible(False)


def upper_and_table(picture: Picture, rows: int) -> tuple[Axes, Axes]:
    """Axes for curves, and below them axes for a table of so many rows on the same x axis."""
    share = max(0.05 + 0.035 * rows, 0.09)
    upper, lower = picture.subplots(2, 1, sharex=True, height_ratios=(1 - share, share))
    upper.tick_params(labelbottom=True)
    return upper, lower


def rule(axes: Axes, at: float, *, across: bool = True) -> None:
    """A thin grey dashed line over the whole width (or height)."""
    draw = axes.axhline if across else axes.axvline
    draw(at, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0.5)


def nearest(places: Sequence[float]) -> float:
    """The least distance of neighbors, as a share of the whole; 1 for a single place.

    >>> nearest([0, 1, 4])
    0.25
    """
    whole = places[-1] - places[0]
    return min((b - a for a, b in pairwise(places)), default=1.0) / whole if whole else 1.0


def ticks_at(axes: Axes, rows: pl.DataFrame, names: tuple[str, str | None], at: Sequence[float],
             places: Sequence[float]) -> None:  # fmt: skip
    """Ticks at `places` with the words of each x: those of a variable, or the number.

    `names` are the variable of x and that of its words. Words are broken, or turned where even that is too wide.
    """
    x, text = names
    said = {} if text is None else dict(rows.select(x, pl.col(text).str.strip_chars()).sort(x, text).iter_rows())
    room = max(2, int(AXIS_CHARACTERS * nearest(places)))
    words = [str(said.get(value) or f"{value:g}") for value in at]
    if max(len(part) for word in words for part in word.split()) > room:
        axes.set_xticks(places, words, rotation=90)
        return
    broken = ["\n".join(textwrap.wrap(word, max(2, room - 2), break_long_words=False)) for word in words]
    axes.set_xticks(places, broken)


def listed(words: Sequence[str]) -> str:
    """Words as a sentence lists them.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def many(count: int, word: str) -> str:
    """A number of things, the word in the plural where it is not 1.

    >>> many(1, "bar"), many(2, "bar")
    ('1 bar', '2 bars')
    """
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def number(value: float | None, digits: int = 1) -> str:
    """A number for a sentence; "not estimable" where there is none."""
    return "not estimable" if value is None or value != value else f"{value:.{digits}f}"


def p_text(p: float) -> str:
    """A p-value with its sign of comparison.

    >>> p_text(0.00001)
    'p < 0.0001'
    """
    return "p < 0.0001" if p < 0.0001 else f"p = {p:.4f}"
