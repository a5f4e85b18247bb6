"""The report of a design as PDF (A4), fonts embedded. The same design gives the same bytes."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.resources import files
from io import BytesIO

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Image, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from opencro.design.trial.picture import render_png
from opencro.design.trial.planned import PlannedTrial
from opencro.design.trial.report import Block, Code, Grid, Heading, Picture, Words, make_report

MARGIN = 50.0
WIDTH = A4[0] - 2 * MARGIN
REGULAR, BOLD, MONO = "Design", "Design-Bold", "Design-Mono"
BODY = ParagraphStyle("body", fontName=REGULAR, fontSize=9, leading=12.6, spaceAfter=5)
TITLE = ParagraphStyle("title", fontName=BOLD, fontSize=15, leading=19, spaceAfter=3)
SUB = ParagraphStyle("sub", parent=BODY, textColor=HexColor("#52606d"), spaceAfter=6)
SECTION = ParagraphStyle("section", fontName=BOLD, fontSize=11, leading=14, spaceBefore=11, spaceAfter=5)
CELL = ParagraphStyle("cell", fontName=REGULAR, fontSize=7.6, leading=9.8)
NUMBER = ParagraphStyle("number", parent=CELL, alignment=2)
CODE = ParagraphStyle("code", fontName=MONO, fontSize=7.2, leading=9.4, backColor=HexColor("#f5f7fa"), borderPadding=5)


@cache
def _register() -> None:
    folder = files("matplotlib") / "mpl-data" / "fonts" / "ttf"
    for name, file in ((REGULAR, "DejaVuSans.ttf"), (BOLD, "DejaVuSans-Bold.ttf"), (MONO, "DejaVuSansMono.ttf")):
        pdfmetrics.registerFont(TTFont(name, str(folder / file)))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)


def render_paper(trial: PlannedTrial, study: str) -> bytes:
    """The report as a PDF."""
    _register()
    target = BytesIO()
    document = SimpleDocTemplate(
        target, pagesize=A4, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN, bottomMargin=MARGIN, invariant=1,
        title=trial.design.title, author="openCRO", subject=study, lang="en",
    )  # fmt: skip
    story: list[Flowable] = [
        Paragraph(escape(trial.design.title), TITLE),
        Paragraph(escape(f"{study} · design/{trial.name}.yaml · computed by exact integration"), SUB),
    ]
    blocks = make_report(trial)
    for i, block in enumerate(blocks):
        if isinstance(block, Heading):
            story.append(KeepTogether([Paragraph(escape(block.text), SECTION), *_draw(blocks[i + 1], trial)]))
        elif i == 0 or not isinstance(blocks[i - 1], Heading):
            story += _draw(block, trial)

    def foot(canvas: Canvas, _: SimpleDocTemplate) -> None:
        canvas.setFont(REGULAR, 7)
        canvas.setFillColor(HexColor("#52606d"))
        canvas.drawString(MARGIN, 28, f"{study} · {trial.name}")
        canvas.drawRightString(A4[0] - MARGIN, 28, f"page {canvas.getPageNumber()}")

    document.build(story, onFirstPage=foot, onLaterPages=foot)
    return target.getvalue()


def _draw(block: Block, trial: PlannedTrial) -> list[Flowable]:
    match block:
        case Heading(text):
            return [Paragraph(escape(text), SECTION)]
        case Words(text):
            return [Paragraph(escape(text), BODY)]
        case Code(text):
            return [Paragraph(escape(text).replace("\n", "<br/>"), CODE)]
        case Picture():
            pixels = Image(BytesIO(render_png(trial)))
            pixels.drawHeight, pixels.drawWidth = WIDTH * pixels.imageHeight / pixels.imageWidth, WIDTH
            return [Spacer(1, 6), pixels]
        case Grid():
            return [_grid(block), Spacer(1, 6)]


def _grid(grid: Grid) -> Table:
    style = [CELL if i < grid.words else NUMBER for i in range(len(grid.head))]
    head = [Paragraph(f"<b>{escape(text)}</b>", s) for text, s in zip(grid.head, style, strict=True)]
    rows = [[Paragraph(escape(text), s) for text, s in zip(row, style, strict=True)] for row in grid.rows]
    wide = (
        [WIDTH * 0.42, WIDTH * 0.58] if grid.words == len(grid.head) == 2 else [WIDTH / len(grid.head)] * len(grid.head)
    )
    table = Table([head, *rows], colWidths=wide, repeatRows=1)
    table.setStyle(
        TableStyle(
            [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, 0), 0.7, HexColor("#9aa5b1")),
             ("LINEBELOW", (0, 1), (-1, -1), 0.3, HexColor("#e4e7eb")), ("TOPPADDING", (0, 0), (-1, -1), 2.2),
             ("BOTTOMPADDING", (0, 0), (-1, -1), 2.4), ("LEFTPADDING", (0, 0), (-1, -1), 0)]
        )
    )  # fmt: skip
    return table
