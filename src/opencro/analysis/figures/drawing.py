"""A drawn figure and its files: SVG with its words as words, PDF with embedded fonts; the same bytes twice."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import polars as pl

from opencro.analysis.figures.style import MARGIN, PAGE, house_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture
    from matplotlib.text import Text

CREATOR = "openCRO"


@dataclass(frozen=True, eq=False)
class Drawing:
    """A figure on its page: `frame` holds every number that is drawn, `alt` says in words what is seen."""

    id: str
    number: str
    title: str
    alt: str
    frame: pl.DataFrame
    picture: Picture = field(repr=False)

    @cached_property
    def svg(self) -> bytes:
        """The page as SVG."""
        return render_svg(self)


def render_svg(drawing: Drawing) -> bytes:
    """The page as SVG: text stays text, title and description are there for those who don't see it."""
    made = io.BytesIO()
    title = f"Figure {drawing.number} {drawing.title}"
    with house_style(drawing.id):
        drawing.picture.savefig(made, format="svg", metadata={"Date": None, "Creator": CREATOR, "Title": title})
    start, end = f"<title>{escape(title)}</title>", f"\n <desc>{escape(drawing.alt)}</desc>"
    text = made.getvalue().decode()
    labelled = text.replace("<svg ", f'<svg role="img" aria-label="{escape(title, {chr(34): "&quot;"})}" ', 1)
    return labelled.replace(start, start + end, 1).encode()


def render_png(drawing: Drawing, dots_per_inch: float = 150) -> bytes:
    """The page as PNG, for a screen."""
    made = io.BytesIO()
    with house_style(drawing.id):
        drawing.picture.savefig(made, format="png", dpi=dots_per_inch, metadata={"Software": CREATOR})
    return made.getvalue()


def write_pdf(drawings: Sequence[Drawing], path: Path, header: str = "", footer: str = "") -> None:
    """Write figures one after another, a page each; the file appears whole or not at all."""
    from matplotlib.backends.backend_pdf import PdfPages  # noqa: PLC0415  a picture is rarely wanted, it is heavy

    unfinished = path.with_name(path.name + ".part")
    about = {"Creator": CREATOR, "Producer": CREATOR, "Author": CREATOR, "CreationDate": None,
             "Title": header or (drawings[0].title if drawings else "")}  # fmt: skip
    with house_style("pdf"), PdfPages(unfinished, metadata=about) as pages:
        for page, drawing in enumerate(drawings, start=1):
            words = _margins(drawing.picture, header, footer, f"Page {page} of {len(drawings)}")
            pages.savefig(drawing.picture)
            for word in words:
                word.remove()
    unfinished.replace(path)


def _margins(picture: Picture, header: str, footer: str, number: str) -> list[Text]:
    left, top, low = MARGIN / PAGE[0], 1 - 0.42 / PAGE[1], 0.42 / PAGE[1]
    return [
        picture.text(left, top, header, ha="left", va="center", fontsize=8),
        picture.text(1 - left, top, number, ha="right", va="center", fontsize=8),
        picture.text(left, low, footer, ha="left", va="center", fontsize=8),
    ]
