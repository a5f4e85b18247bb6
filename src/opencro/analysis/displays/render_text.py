"""A table as plain text: for a terminal, for golden tests, for a diff."""

from __future__ import annotations

from collections.abc import Iterable

from opencro.analysis.displays.table import HeaderCell, Table, TableRow

INDENT = 2
_PLACED = {"left": str.ljust, "center": str.center, "right": str.rjust, "decimal": str.center}


def render_text(table: Table) -> str:
    """Title, headings, rows and footnotes, columns as wide as what stands in them."""
    body = [_row_texts(row) for row in table.rows]
    widths = column_widths(table)
    total = sum(widths) + 2 * (len(widths) - 1)
    lines = [table.name, table.title, *([table.subtitle] if table.subtitle else []), table.population, ""]
    lines.append("-" * total)
    for level, cells in enumerate(table.header):
        lines += _header_lines(cells, widths, table, last=level == len(table.header) - 1)
    lines.append("-" * total)
    for row, texts in zip(table.rows, body, strict=True):
        if row.blank:
            lines.append("")
        lines += _wrapped(texts, widths, table)
    lines.append("-" * total)
    lines += list(table.footnotes)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _row_texts(row: TableRow) -> list[str]:
    labels = [*row.labels[:-1], *(" " * (INDENT * row.level) + label for label in row.labels[-1:])]
    return [*labels, *(cell.text for cell in row.cells)]


def column_widths(table: Table) -> list[int]:
    """How many signs each column needs for what stands in it, indented labels and headings among them."""
    widths = [0] * table.columns
    for row in table.rows:
        for i, text in enumerate(_row_texts(row)):
            widths[i] = max(widths[i], *(len(line) for line in text.split("\n")))
    for cell in table.header[-1]:
        widths[cell.first] = max(widths[cell.first], *(len(line) for line in cell.text.split("\n")))
    for cells in table.header[:-1]:
        for cell in cells:
            inside = range(cell.first, cell.first + cell.span)
            need = (
                max(len(line) for line in cell.text.split("\n")) - sum(widths[i] for i in inside) - 2 * (cell.span - 1)
            )
            for n in range(max(need, 0)):
                widths[inside[n % cell.span]] += 1
    return widths


def _header_lines(cells: Iterable[HeaderCell], widths: list[int], table: Table, *, last: bool) -> list[str]:
    blocks = []
    for cell in cells:
        inside = range(cell.first, cell.first + cell.span)
        width = sum(widths[i] for i in inside) + 2 * (cell.span - 1)
        words = cell.text.split("\n") if cell.text else []
        if not last and cell.span > 1 and words:
            words = [*words, "-" * width]
        blocks.append((width, words, table.heading_align(cell)))
    height = max((len(words) for _, words, _ in blocks), default=0)
    lines = []
    for number in range(height):
        parts = []
        for width, words, align in blocks:
            place = number - (height - len(words))
            text = words[place] if place >= 0 else ""
            parts.append(_PLACED[align](text, width))
        lines.append("  ".join(parts))
    return lines


def _wrapped(texts: list[str], widths: list[int], table: Table) -> list[str]:
    split = [text.split("\n") for text in texts]
    lines = []
    for number in range(max(len(part) for part in split)):
        parts = [part[number] if number < len(part) else "" for part in split]
        places = zip(parts, widths, table.aligns, strict=True)
        lines.append("  ".join(_PLACED[align](text, width) for text, width, align in places))
    return lines
