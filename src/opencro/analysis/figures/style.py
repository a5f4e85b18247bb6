"""How groups are told apart: color, line, mark and hatch each suffice alone, so that a figure reads in print.

Source of the colors: Okabe and Ito (2008), Color Universal Design; told apart with any color vision.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

Dashes = Literal["-"] | tuple[float, tuple[float, ...]]
INK, GREY, PALE, NONE = "#1a1a1a", "#767676", "#e8e8e8", "none"
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#E69F00", "#56B4E9")
LINES: tuple[Dashes, ...] = (
    "-",
    (0, (6, 2)),
    (0, (6, 2, 1.5, 2)),
    (0, (1.5, 1.5)),
    (0, (10, 3)),
    (0, (3, 1.5, 3, 1.5, 1, 1.5)),
    (0, (1, 3)),
)
MARKS = ("o", "s", "^", "D", "v", "P", "X")
HATCHES = ("", "////", "....", "xxxx", "\\\\\\\\", "++++", "oooo")
TINTS = (0.82, 0.55, 0.25, 0.7, 0.4, 0.78, 0.5)
PAGE = (11.0, 8.5)
"""Letter, landscape, in inches."""
MARGIN = 0.75
_SETTINGS: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "white",
    "hatch.color": INK,
    "hatch.linewidth": 0.5,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "legend.handlelength": 3.2,
    "lines.linewidth": 1.5,
    "lines.markersize": 5,
    "text.color": INK,
    "text.parse_math": False,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
    "pdf.compression": 6,
}


@dataclass(frozen=True)
class Pen:
    """How one group is drawn."""

    color: str
    line: Dashes
    mark: str
    hatch: str
    fill: str
    """Of a face: its color, lighter by an amount of its own."""
    open: bool
    """Whether its marks are hollow."""


def pen_of(place: int) -> Pen:
    """The pen of the group at a place, from 0; after seven groups they come round again."""
    i = place % len(COLORS)
    return Pen(COLORS[i], LINES[i], MARKS[i], HATCHES[i], lighten(COLORS[i], TINTS[i]), i % 2 == 1)


def lighten(color: str, share: float) -> str:
    """A color mixed with white: 0 leaves it, 1 is white.

    >>> lighten("#000000", 0.5)
    '#808080'
    """
    parts = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(part + (255 - part) * share):02x}" for part in parts)


@contextmanager
def house_style(salt: str) -> Iterator[None]:
    """The settings of every figure, whatever the reader's own are; `salt` makes the ids in an SVG reproducible."""
    import matplotlib as mpl  # noqa: PLC0415  a picture is rarely wanted, its library is heavy

    with mpl.rc_context():
        mpl.rcdefaults()
        settings: Any = {**_SETTINGS, "svg.hashsalt": salt}
        mpl.rcParams.update(settings)
        yield
