"""Tables as an Excel workbook: a sheet for each, its words as displayed, headings in view and on every printed page.

Cells are text: Excel never makes dates or numbers of them. The same tables give the same bytes.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from opencro.analysis.displays.render_text import column_widths
from opencro.analysis.displays.table import HeaderCell, Table, TableRow

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

CREATED = datetime(2000, 1, 1)
FONT, SIZE, LEADING = "Courier New", 9, 12.5
ROOM = 2
LETTER = 1
LONGEST_NAME, LONGEST_MARGIN = 31, 255
NARROWEST, WIDEST = 6, 255
_ALIGN = {"left": "left", "center": "center", "right": "right", "decimal": "right"}


def write_xlsx(tables: Sequence[Table], path: Path, header: str = "", footer: str = "") -> None:
    """Write a sheet for each table; `header` and `footer` are printed on every page. The file appears whole or not."""
    from xlsxwriter import Workbook  # noqa: PLC0415  every command would start slower, few write workbooks

    unfinished = path.with_name(path.name + ".part")
    book = Workbook(unfinished, {"in_memory": True})
    book.set_properties({"title": header, "author": "openCRO", "created": CREATED})
    pens = _Pens(book)
    taken: set[str] = set()
    for table in tables:
        sheet = book.add_worksheet(name_sheet(table.number, taken))
        taken.add(sheet.get_name().lower())
        _Sheet(sheet, table, pens).draw()
        _prepare_print(sheet, header, footer)
    book.close()
    unfinished.replace(path)


def name_sheet(number: str, taken: set[str]) -> str:
    """A name that Excel allows and no other sheet has; `taken` is in small letters."""
    wanted = re.sub(r"[\[\]:*?/\\\x00-\x1f]", "-", number).strip("' ")[:LONGEST_NAME].strip("' ") or "Table"
    if wanted.lower() == "history":
        wanted = "Table History"
    name, again = wanted, 1
    while name.lower() in taken:
        again += 1
        behind = f" ({again})"
        name = wanted[: LONGEST_NAME - len(behind)] + behind
    return name


def _prepare_print(sheet: Worksheet, header: str, footer: str) -> None:
    above, below = (text.replace("&", "&&") for text in (header, footer))
    pages = "&RPage &P of &N"
    sheet.set_landscape()
    sheet.set_paper(LETTER)
    sheet.fit_to_pages(1, 0)
    sheet.set_header(f"&L{above[: LONGEST_MARGIN - len(pages) - 2]}{pages}")
    sheet.set_footer(f"&L{below[: LONGEST_MARGIN - 2]}")


class _Pens:
    """The formats of a workbook, each made once."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, object], ...], Format] = {}

    def get(self, **properties: object) -> Format:
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            ground = {"font_name": FONT, "font_size": SIZE, "text_wrap": True, "valign": "top"}
            self._made[key] = self._book.add_format({**ground, **properties})
        return self._made[key]


class _Sheet:
    """One sheet while it is written, from the top."""

    def __init__(self, sheet: Worksheet, table: Table, pens: _Pens) -> None:
        self._sheet, self._table, self._pens = sheet, table, pens
        deepest = max((row.level for row in table.rows), default=0)
        widths = [width + ROOM for width in column_widths(table)]
        # A step of Excel's indent is wider than the two signs of plain text.
        widths[max(table.label_columns - 1, 0)] += deepest
        self._widths = [min(max(width, NARROWEST), WIDEST) for width in widths]
        self._line = 0

    def draw(self) -> None:
        """Everything on the sheet."""
        sheet, table = self._sheet, self._table
        sheet.set_default_row(LEADING)
        for column, width in enumerate(self._widths):
            sheet.set_column(column, column, width)
        for text in (table.name, table.title):
            self._across(text, bold=True)
        for text in (table.subtitle, table.population):
            self._across(text)
        self._line += 1
        for level, cells in enumerate(table.header):
            self._heading(cells, first=level == 0, last=level == len(table.header) - 1)
        sheet.freeze_panes(self._line, 0)
        sheet.repeat_rows(0, self._line - 1)
        for number, row in enumerate(table.rows):
            self._row(row, last=number == len(table.rows) - 1)
        for note in table.footnotes:
            self._across(note)
        last = max(self._line - 1, 0)
        sheet.print_area(0, 0, last, table.columns - 1)
        sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{last + 1}"})

    def _across(self, text: str, *, bold: bool = False) -> None:
        if not text:
            return
        room = max(sum(self._widths) - ROOM, 1)
        lines = sum(max(len(textwrap.wrap(line, room)), 1) for line in text.split("\n"))
        self._place(text, 0, self._table.columns, self._pens.get(bold=bold, align="left"))
        self._next(lines)

    def _heading(self, cells: Sequence[HeaderCell], *, first: bool, last: bool) -> None:
        for cell in cells:
            spans = not last and cell.span > 1 and bool(cell.text)
            align = self._table.heading_align(cell)
            borders = {"top": 2 if first else 0, "bottom": 1 if last or spans else 0}
            pen = self._pens.get(bold=True, align=align, num_format="@", **borders)
            pen.set_align("bottom")
            self._place(cell.text, cell.first, cell.span, pen)
        self._next(max(cell.text.count("\n") for cell in cells) + 1)

    def _row(self, row: TableRow, *, last: bool) -> None:
        if row.blank:
            self._line += 1
        table = self._table
        texts = [*row.labels, *(cell.text for cell in row.cells)]
        texts += [""] * (table.columns - len(texts))
        for column, text in enumerate(texts):
            indent = row.level if column == table.label_columns - 1 else 0
            align = _ALIGN[table.aligns[column]]
            pen = self._pens.get(align=align, indent=indent, num_format="@", bottom=2 if last else 0)
            self._place(text, column, 1, pen)
        self._next(max(text.count("\n") for text in texts) + 1)

    def _place(self, text: str, column: int, span: int, pen: Format) -> None:
        """Words as a string, whatever they look like; tabs as the blanks they are in the other renderings."""
        if span > 1:
            self._sheet.merge_range(self._line, column, self._line, column + span - 1, "", pen)
        if text:
            done = self._sheet.write_string(self._line, column, text.replace("\t", "  "), pen)
            if done != 0:
                raise ValueError(f"Excel has no room for this cell of table {self._table.number}: {text[:40]}...")
        elif span == 1:
            self._sheet.write_blank(self._line, column, None, pen)

    def _next(self, lines: int) -> None:
        if lines > 1:
            self._sheet.set_row(self._line, LEADING * lines)
        self._line += 1
