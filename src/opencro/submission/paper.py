"""Paper for agencies: letter, fonts that are embedded, lines that fit. The same words give the same bytes."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import cast

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

REGULAR, BOLD = "Paper", "Paper-Bold"
PDF_VERSION = (1, 4)


@cache
def register_fonts() -> None:
    """DejaVu Sans, as matplotlib ships it."""
    folder = files("matplotlib") / "mpl-data" / "fonts" / "ttf"
    for name, file in ((REGULAR, "DejaVuSans.ttf"), (BOLD, "DejaVuSans-Bold.ttf")):
        pdfmetrics.registerFont(TTFont(name, str(folder / file)))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)


def width_of(text: str, size: float, font: str = REGULAR) -> float:
    """How wide a text is, in points."""
    return cast(float, pdfmetrics.stringWidth(text, font, size))


def wrap(text: str, width: float, size: float, font: str = REGULAR) -> list[str]:
    """Lines no wider than `width`; a word that is wider is cut."""
    lines, line = list[str](), ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if width_of(longer, size, font) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        line = word
        while width_of(line, size, font) > width:
            fits = max(n for n in range(1, len(line)) if n == 1 or width_of(line[:n], size, font) <= width)
            lines.append(line[:fits])
            line = line[fits:]
    return [*lines, line] if line or not lines else lines
