"""A guide as PDF: contents, bookmarks, embedded fonts. The same guide gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from io import BytesIO
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle
from reportlab.platypus.tableofcontents import TableOfContents

from opencro.submission.guides.model import Blank, Block, Grid, Guide, Words
from opencro.submission.paper import BOLD, PDF_VERSION, REGULAR, register_fonts

MARGIN = 56.0
WIDTH = letter[0] - 2 * MARGIN
_TEXT = {"fontName": REGULAR, "bulletFontName": REGULAR, "fontSize": 9, "leading": 12.5}
BODY = ParagraphStyle("body", **_TEXT, spaceAfter=6)
CELL = ParagraphStyle("cell", fontName=REGULAR, fontSize=7.2, leading=9.2)
HEAD = ParagraphStyle("head", parent=CELL, fontName=BOLD)
TITLE = ParagraphStyle("title", fontName=BOLD, fontSize=17, leading=22, spaceAfter=6)
SUBTITLE = ParagraphStyle("subtitle", fontName=BOLD, fontSize=12, leading=16, spaceAfter=8)
OPEN = ParagraphStyle("open", parent=BODY, backColor=HexColor("#fff0b3"), borderPadding=3, spaceBefore=5)
HEADINGS = tuple(
    ParagraphStyle(
        f"h{n}", fontName=BOLD, fontSize=size, leading=size + 4, spaceBefore=10, spaceAfter=4, keepWithNext=1
    )
    for n, size in enumerate((13, 10.5, 9.5), start=1)
)
LINES = tuple(ParagraphStyle(f"toc{n}", **_TEXT, leftIndent=14 * n) for n in range(3))


class _Document(SimpleDocTemplate):  # type: ignore[misc]
    """A document that tells its contents and bookmarks as headings are placed."""

    def afterFlowable(self, flowable: Any) -> None:
        """Called by reportlab for each thing that it placed."""
        mark = getattr(flowable, "section", None)
        if mark is None:
            return
        key, level = f"s{mark.number}", mark.level - 1
        text = f"{mark.number} {mark.title}"
        self.canv.bookmarkPage(key)
        self.canv.addOutlineEntry(text, key, level, closed=level >= 1)
        self.notify("TOCEntry", (level, escape(text), self.page, key))


def render_pdf(guide: Guide, words: Mapping[str, str]) -> bytes:
    """The guide with the words that were written; blanks without words are marked."""
    register_fonts()
    target = BytesIO()
    document = _Document(
        target, pagesize=letter, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN, bottomMargin=MARGIN,
        title=f"{guide.title}, {guide.study}", author="openCRO", invariant=1, pageCompression=1,
        initialFontName=REGULAR,
    )  # fmt: skip
    plain = TableStyle([("FONTNAME", (0, 0), (-1, -1), REGULAR), ("VALIGN", (0, 0), (-1, -1), "TOP")])
    contents = TableOfContents(levelStyles=list(LINES), dotsMinLevel=0, tableStyle=plain)
    story: list[Any] = [Paragraph(escape(guide.title), TITLE), Paragraph(escape(guide.study), SUBTITLE), contents]
    story.append(PageBreak())
    for section in guide.sections:
        heading = Paragraph(escape(f"{section.number} {section.title}"), HEADINGS[section.level - 1])
        heading.section = section
        story.append(heading)
        for block in section.blocks:
            story += _block(block, words)
    foot = _foot(guide)
    document.multiBuild(story, canvasmaker=_canvas, onFirstPage=foot, onLaterPages=foot)
    return target.getvalue()


def _canvas(*arguments: Any, **options: Any) -> Canvas:
    return Canvas(*arguments, **{**options, "pdfVersion": PDF_VERSION})


def _foot(guide: Guide) -> Any:
    def draw(canvas: Canvas, _: Any) -> None:
        canvas.setFont(REGULAR, 7.5)
        canvas.drawString(MARGIN, 34, f"{guide.study}, {guide.title}")
        canvas.drawRightString(letter[0] - MARGIN, 34, f"Page {canvas.getPageNumber()}")

    return draw


def _block(block: Block, words: Mapping[str, str]) -> Iterator[Any]:
    if isinstance(block, Words):
        yield Paragraph(escape(block.text), BODY)
    elif isinstance(block, Blank):
        text = words.get(block.id)
        yield Paragraph(escape(text), BODY) if text else Paragraph(f"[to be written: {escape(block.id)}]", OPEN)
        yield Spacer(1, 4)
    elif block.rows:
        yield _table(block)
        yield Spacer(1, 8)


def _table(grid: Grid) -> Table:
    headed = any(grid.head)
    rows = [[Paragraph(escape(cell), HEAD if i == 0 and not headed else CELL) for i, cell in enumerate(row)]
            for row in grid.rows]  # fmt: skip
    if headed:
        rows.insert(0, [Paragraph(escape(cell), HEAD) for cell in grid.head])
    whole = sum(grid.widths)
    style = [
        ("GRID", (0, 0), (-1, -1), 0.4, HexColor("#9aa3ad")),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ("FONTNAME", (0, 0), (-1, -1), REGULAR),
    ]
    if headed:
        style.append(("BACKGROUND", (0, 0), (-1, 0), HexColor("#e6edf4")))
    return Table(
        rows, colWidths=[WIDTH * w / whole for w in grid.widths], repeatRows=int(headed), style=TableStyle(style)
    )
