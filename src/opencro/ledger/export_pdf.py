"""The audit trail as a PDF that an investigator reads without any technical skill.

One block for each fact in the order of the ledger, with a line for each item; every page repeats what the document is
and its headings. The same facts give the same bytes.
Source: 21 CFR 11.10(b); EMA guideline on computerised systems 2023.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from opencro.ledger.export import AuditCount, AuditRow, audit_rows
from opencro.ledger.model import Fact

PAGE = landscape(A4)
MARGIN, SIZE, LEADING = 34.0, 7.2, 9.2
TOP, BOTTOM = PAGE[1] - 74.0, 40.0
COLUMNS = (
    ("Fact", 38.0),
    ("When (UTC), who, role", 118.0),
    ("What, where", 140.0),
    ("Item", 96.0),
    ("Old value", 112.0),
    ("New value", 132.0),
    ("Why, how", 130.0),
)
GAP = 6.0
Lines = list[list[str]]


@dataclass(frozen=True)
class AuditScope:
    """What a document is about: study, what of it, and the position of the ledger up to which it goes."""

    study: str
    part: str
    position: int
    anchor: str


def write_audit_pdf(facts: Iterable[Fact], path: Path, scope: AuditScope, site: str | None) -> AuditCount:
    """Write the trail as PDF (A4, landscape), of one site where given; the file appears whole or not at all."""
    _register_font()
    count = lines = 0
    pages: list[list[Lines]] = [[]]
    room = TOP - BOTTOM
    for fact in facts:
        if site is not None and fact.key.site != site:
            continue
        rows = list(audit_rows(fact))
        count, lines = count + 1, lines + len(rows)
        for block in _fitting(_block(fact, rows)):
            height = _height(block)
            if height > room:
                pages.append([])
                room = TOP - BOTTOM
            pages[-1].append(block)
            room -= height
    unfinished = path.with_name(path.name + ".part")
    _draw(pages, unfinished, scope, AuditCount(count, lines))
    unfinished.replace(path)
    return AuditCount(count, lines)


def _block(fact: Fact, rows: Sequence[AuditRow]) -> Lines:
    """The lines of a fact by column; those of an item stand beside one another."""
    key = fact.key
    at = (key.site, key.participant, _repeated(key.event, key.event_repeat), _repeated(key.form, key.form_repeat))
    place = " / ".join(part for part in (*at, _repeated(key.group, key.group_repeat)) if part)
    who = f"{fact.recorded_at[:19].replace('T', ' ')}\n{fact.actor}, {fact.role}"
    device = f"device time {fact.device_time}" if fact.device_time else ""
    why = "\n".join(
        part for part in (fact.reason or "", f"{fact.source}, version {fact.definition_version}", device) if part
    )
    cells = [(str(fact.seq), 0), (who, 1), (f"{rows[0].what}\n{place}", 2), (why, 6)]
    block: Lines = [[] for _ in COLUMNS]
    for text, column in cells:
        block[column] = _wrap(text, COLUMNS[column][1] - GAP)
    for row in rows:
        beside = [(row.item, 3), (row.old, 4), (row.details or row.new, 5)]
        wrapped = {column: _wrap(text, COLUMNS[column][1] - GAP) for text, column in beside}
        height = max(len(lines) for lines in wrapped.values())
        for column, lines in wrapped.items():
            block[column] += [*lines, *[""] * (height - len(lines))]
    return block


def _repeated(name: str, repeat: int) -> str:
    return f"{name}[{repeat}]" if name and repeat > 1 else name


def _fitting(block: Lines) -> Iterator[Lines]:
    """A block higher than a page goes on on the next one, under the number of its fact."""
    most = int((TOP - BOTTOM) // LEADING) - 1
    for start in range(0, max(len(cell) for cell in block), most):
        part = [cell[start : start + most] for cell in block]
        yield part if start == 0 else [block[0], *part[1:]]


def _height(block: Lines) -> float:
    return max(len(cell) for cell in block) * LEADING + 4


def _draw(pages: Sequence[Sequence[Lines]], path: Path, scope: AuditScope, count: AuditCount) -> None:
    canvas = Canvas(str(path), pagesize=PAGE, invariant=1, pageCompression=1)
    canvas.setTitle(f"Audit trail of {scope.study}, {scope.part}")
    canvas.setAuthor("openCRO")
    for number, page in enumerate(pages, start=1):
        _draw_frame(canvas, scope, count, f"page {number} of {len(pages)}")
        y = TOP
        for block in page:
            x = MARGIN
            for cell, (_, width) in zip(block, COLUMNS, strict=True):
                for i, line in enumerate(cell):
                    canvas.drawString(x, y - (i + 1) * LEADING, line)
                x += width
            y -= _height(block)
            canvas.setStrokeGray(0.85)
            canvas.line(MARGIN, y - 1, PAGE[0] - MARGIN, y - 1)
        canvas.showPage()
    canvas.save()


def _draw_frame(canvas: Canvas, scope: AuditScope, count: AuditCount, page: str) -> None:
    canvas.setFont("Audit-Bold", 11)
    canvas.drawString(MARGIN, PAGE[1] - 34, f"Audit trail of {scope.study}: {scope.part}")
    canvas.setFont("Audit", SIZE)
    summary = f"{count.facts:,} facts on {count.lines:,} lines, up to ledger position {scope.position:,}"
    canvas.drawString(MARGIN, PAGE[1] - 46, summary)
    canvas.drawRightString(PAGE[0] - MARGIN, PAGE[1] - 46, page)
    canvas.drawString(MARGIN, 22, f"anchor {scope.anchor}")
    canvas.setFont("Audit-Bold", SIZE)
    x = MARGIN
    for name, width in COLUMNS:
        canvas.drawString(x, TOP + 4, name)
        x += width
    canvas.setStrokeGray(0.3)
    canvas.line(MARGIN, TOP, PAGE[0] - MARGIN, TOP)
    canvas.setFont("Audit", SIZE)


@cache
def _register_font() -> None:
    folder = files("matplotlib") / "mpl-data" / "fonts" / "ttf"
    pdfmetrics.registerFont(TTFont("Audit", str(folder / "DejaVuSans.ttf")))
    pdfmetrics.registerFont(TTFont("Audit-Bold", str(folder / "DejaVuSans-Bold.ttf")))


@cache
def _widths() -> dict[int, float]:
    face = pdfmetrics.getFont("Audit").face
    return {code: width * SIZE / 1000 for code, width in face.charWidths.items() if code in face.charToGlyph}


def _wrap(text: str, width: float) -> list[str]:
    """Lines no wider than `width`; what the font cannot draw stands as its code point, so that nothing is lost."""
    known = _widths()
    lines: list[str] = []
    for paragraph in text.split("\n"):
        shown = "".join(c if ord(c) in known else f"\\u{ord(c):04x}" for c in paragraph)
        line, used, blank = "", 0.0, -1
        for sign in shown:
            if used + known[ord(sign)] > width and line:
                kept, rest = (line[:blank], line[blank + 1 :]) if blank > 0 else (line, "")
                lines.append(kept)
                line, blank = rest, -1
                used = sum(known[ord(c)] for c in line)
            if sign == " ":
                blank = len(line)
            line += sign
            used += known[ord(sign)]
        lines.append(line)
    return lines
