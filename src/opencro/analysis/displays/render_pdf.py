"""A table as PDF: letter, landscape; title, headings and footnotes on each page; fonts embedded, a bookmark for it.

The same table gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

from reportlab.lib.pagesizes import landscape, letter
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from opencro.analysis.displays.pages import split_pages
from opencro.analysis.displays.table import HeaderCell, Table, TableRow

PAGE = landscape(letter)
MARGIN = 54.0
SIZE, LEADING = 8.0, 10.5
REGULAR, BOLD = "Display", "Display-Bold"


def write_pdf(tables: Sequence[Table], path: Path, header: str = "", footer: str = "") -> None:
    """Write tables one after another; the file appears whole or not at all."""
    _register_fonts()
    unfinished = path.with_name(path.name + ".part")
    canvas = Canvas(str(unfinished), pagesize=PAGE, invariant=1, pageCompression=1)
    canvas.setAuthor("openCRO")
    canvas.setTitle(header or (tables[0].title if tables else ""))
    for table in tables:
        pages = split_pages(table)
        for number, rows in enumerate(pages, start=1):
            if number == 1:
                canvas.bookmarkPage(table.id)
                canvas.addOutlineEntry(f"{table.name} {table.title}", table.id, level=0)
            _Page(canvas, table).draw(rows, header, footer, f"Page {number} of {len(pages)}")
            canvas.showPage()
    canvas.save()
    unfinished.replace(path)


class _Page:
    """One page while it is drawn, from the top."""

    def __init__(self, canvas: Canvas, table: Table) -> None:
        self._canvas = canvas
        self._table = table
        self._y = PAGE[1] - MARGIN
        usable, whole = PAGE[0] - 2 * MARGIN, sum(table.widths)
        edges, so_far = [MARGIN], 0.0
        for width in table.widths:
            so_far += width
            edges.append(MARGIN + usable * so_far / whole)
        self._edges = edges

    def draw(self, rows: Sequence[TableRow], header: str, footer: str, number: str) -> None:
        """Everything on the page."""
        canvas, table = self._canvas, self._table
        canvas.setFont(REGULAR, SIZE)
        canvas.drawString(MARGIN, PAGE[1] - 34, header)
        canvas.drawRightString(PAGE[0] - MARGIN, PAGE[1] - 34, number)
        canvas.drawString(MARGIN, 30, footer)
        for line, font in ((table.name, BOLD), (table.title, BOLD), (table.subtitle, REGULAR),
                           (table.population, REGULAR)):  # fmt: skip
            if line:
                canvas.setFont(font, SIZE + 1)
                canvas.drawCentredString(PAGE[0] / 2, self._y, line)
                self._y -= LEADING + 1
        self._rule(1.0)
        for level, cells in enumerate(table.header):
            self._heading(cells, last=level == len(table.header) - 1)
        self._rule(0.5)
        canvas.setFont(REGULAR, SIZE)
        for row in rows:
            self._row(row)
        self._rule(1.0)
        canvas.setFont(REGULAR, SIZE - 1)
        for note in table.footnotes:
            for line in _wrap(note, PAGE[0] - 2 * MARGIN, SIZE - 1):
                canvas.drawString(MARGIN, self._y - LEADING + 2, line)
                self._y -= LEADING - 1

    def _rule(self, weight: float) -> None:
        self._canvas.setLineWidth(weight)
        self._canvas.line(MARGIN, self._y - 2, PAGE[0] - MARGIN, self._y - 2)
        self._y -= 3

    def _heading(self, cells: Sequence[HeaderCell], *, last: bool) -> None:
        split = [cell.text.split("\n") for cell in cells]
        height = max(len(lines) for lines in split)
        self._canvas.setFont(BOLD, SIZE)
        for cell, lines in zip(cells, split, strict=True):
            left, right = self._edges[cell.first], self._edges[cell.first + cell.span]
            for number, line in enumerate(lines):
                y = self._y - LEADING * (height - len(lines) + number + 1) + 2
                self._text(line, left, right, y, self._table.heading_align(cell), BOLD)
            if not last and cell.span > 1 and cell.text:
                y = self._y - LEADING * height
                self._canvas.setLineWidth(0.4)
                self._canvas.line(left + 4, y, right - 4, y)
        self._y -= LEADING * height + 2

    def _row(self, row: TableRow) -> None:
        if row.blank:
            self._y -= LEADING
        texts = [*row.labels, *(cell.text for cell in row.cells)]
        split = [text.replace("\t", "  ").split("\n") for text in texts]
        for i, lines in enumerate(split):
            left, right = self._edges[i], self._edges[i + 1]
            if i == len(row.labels) - 1:
                left += 9.0 * row.level
            for number, line in enumerate(lines):
                self._text(line, left, right, self._y - LEADING * (number + 1) + 2, self._table.aligns[i], REGULAR)
        self._y -= LEADING * max(len(lines) for lines in split)

    def _text(self, text: str, left: float, right: float, y: float, align: str, font: str) -> None:
        if not text.strip():
            return
        if align == "left":
            self._squeezed(text, left + 2, y, right - left - 4, font)
        elif align == "center":
            # Blanks in front align numbers with one another: they are as wide as a figure, not as a blank.
            figure = pdfmetrics.stringWidth("0", font, SIZE)
            bare = text.lstrip(" ")
            width = pdfmetrics.stringWidth(bare, font, SIZE) + figure * (len(text) - len(bare))
            self._canvas.drawString((left + right - width) / 2 + figure * (len(text) - len(bare)), y, bare)
        else:
            self._canvas.drawRightString(right - 2, y, text)

    def _squeezed(self, text: str, x: float, y: float, room: float, font: str) -> None:
        """Words from the left, narrower where they would reach into the next column of a listing."""
        wide = pdfmetrics.stringWidth(text, font, SIZE)
        if self._table.label_columns or wide <= room:
            self._canvas.drawString(x, y, text)
            return
        line = self._canvas.beginText(x, y)
        line.setHorizScale(100 * room / wide)
        line.textOut(text)
        line.setHorizScale(100)
        self._canvas.drawText(line)


def _wrap(text: str, width: float, size: float) -> list[str]:
    lines, line = [], ""
    for word in text.split(" "):
        longer = f"{line} {word}".strip()
        if line and pdfmetrics.stringWidth(longer, REGULAR, size) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    return [*lines, line]


@cache
def _register_fonts() -> None:
    folder = files("matplotlib") / "mpl-data" / "fonts" / "ttf"
    for name, file in ((REGULAR, "DejaVuSans.ttf"), (BOLD, "DejaVuSans-Bold.ttf")):
        pdfmetrics.registerFont(TTFont(name, str(folder / file)))
