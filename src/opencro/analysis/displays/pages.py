"""Where a table's pages end: by lines, never between lines that belong together, headings carried over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from opencro.analysis.displays.table import Table, TableRow


def split_pages(table: Table) -> list[list[TableRow]]:
    """The rows of each page; a group that goes on is headed again, with "(continued)" behind its label."""
    pages: list[list[TableRow]] = [[]]
    room = table.lines_per_page
    for block in _blocks(table.rows):
        height = sum(_height(row) for row in block)
        if pages[-1] and (height > room or block[0].fresh):
            pages.append(_carried(pages[-1], block[0]))
            room = table.lines_per_page - sum(_height(row) for row in pages[-1])
        for row in block:
            if _height(row) > room and pages[-1]:
                pages.append(_carried(pages[-1], row))
                room = table.lines_per_page - sum(_height(r) for r in pages[-1])
            placed = replace(row, cells=row.again, blank=False) if row.again and not pages[-1] else row
            pages[-1].append(placed)
            room -= _height(placed)
    return pages


def _height(row: TableRow) -> int:
    texts = (*row.labels, *(cell.text for cell in row.cells))
    return max(text.count("\n") for text in texts) + 1 + row.blank


def _blocks(rows: tuple[TableRow, ...]) -> Iterator[list[TableRow]]:
    """Rows that stay together: those marked so, and a heading or a group's own line with the line below it."""
    block: list[TableRow] = []
    for row in rows:
        heading = bool(block) and (row.level > block[-1].level or not any(cell.text for cell in block[-1].cells))
        together = bool(block) and row.keep and block[-1].keep and not (row.blank or row.fresh)
        if block and not (heading or together):
            yield block
            block = []
        block.append(row)
    if block:
        yield block


def _carried(page: list[TableRow], row: TableRow) -> list[TableRow]:
    """The headings under which a row stands on the page before."""
    headings: list[TableRow] = []
    level = row.level
    for earlier in reversed(page):
        if earlier.level < level and earlier.labels[-1]:
            label = earlier.labels[-1].removesuffix(" (continued)")
            headings.append(TableRow((*earlier.labels[:-1], f"{label} (continued)"), (), earlier.level))
            level = earlier.level
    return headings[::-1]
