"""A table as RTF 1.9: landscape pages with title, headings and footnotes on each, as reviewers expect.

Every page is a section of its own table, so that "Page x of y" and repeated headings hold in any reader.
Source: Microsoft Rich Text Format Specification 1.9.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opencro.analysis.displays.pages import split_pages
from opencro.analysis.displays.table import HeaderCell, Table, TableRow

TWIPS = 1440
PAGE_WIDTH, PAGE_HEIGHT = 15840, 12240
MARGIN = TWIPS
FONT_SIZE = 18
_ALIGN = {"left": r"\ql", "center": r"\qc", "right": r"\qr", "decimal": r"\qr"}
_TOP, _BOTTOM = r"\clbrdrt\brdrs\brdrw15", r"\clbrdrb\brdrs\brdrw15"


def render_rtf(table: Table, header: str = "", footer: str = "") -> str:
    """The document; `header` stands on top of every page (study, date of the data), `footer` at its end (program)."""
    pages = split_pages(table)
    parts = [_prologue(header, footer)]
    for number, rows in enumerate(pages):
        if number:
            parts.append(r"\page" + "\n")
        parts.append(_titles(table))
        parts += _headings(table)
        parts += [_row(row, table, last=i == len(rows) - 1) for i, row in enumerate(rows)]
        parts += [_paragraph(note, r"\ql", size=FONT_SIZE - 2) for note in table.footnotes]
    return "".join([*parts, "}\n"])


def _prologue(header: str, footer: str) -> str:
    page = rf"\paperw{PAGE_WIDTH}\paperh{PAGE_HEIGHT}\landscape\margl{MARGIN}\margr{MARGIN}\margt{MARGIN}\margb{MARGIN}"
    tab = rf"\tqr\tx{PAGE_WIDTH - 2 * MARGIN}"
    return (
        r"{\rtf1\ansi\ansicpg1252\uc1\deff0{\fonttbl{\f0\fmodern\fprq1 Courier New;}}"
        f"{page}\\fs{FONT_SIZE}\n"
        rf"{{\header\pard\plain\f0{tab}\fs{FONT_SIZE} {escape_rtf(header)}\tab Page {{\field{{\*\fldinst PAGE}}}}"
        rf" of {{\field{{\*\fldinst NUMPAGES}}}}\par}}"
        "\n"
        rf"{{\footer\pard\plain\f0\fs{FONT_SIZE - 2} {escape_rtf(footer)}\par}}"
        "\n"
    )


def _titles(table: Table) -> str:
    lines = [table.name, table.title, table.subtitle, table.population]
    return "".join(_paragraph(line, r"\qc") for line in lines if line) + _paragraph("", r"\qc")


def _paragraph(text: str, align: str, size: int = FONT_SIZE) -> str:
    return rf"\pard{align}\fs{size} {escape_rtf(text)}\par" + "\n"


def _edges(table: Table) -> list[int]:
    """The right edge of each column in twips."""
    whole = sum(table.widths)
    usable = PAGE_WIDTH - 2 * MARGIN
    edges, so_far = [], 0.0
    for width in table.widths:
        so_far += width
        edges.append(round(usable * so_far / whole))
    return edges


def _gap(table: Table) -> int:
    """Half the room between columns in twips; those of a listing are counted in signs, with room for it."""
    return 60 if table.label_columns else 20


def _headings(table: Table) -> Iterator[str]:
    for level, cells in enumerate(table.header):
        first, last = level == 0, level == len(table.header) - 1
        borders = (_TOP if first else "") + (_BOTTOM if last else "")
        yield _cells(table, cells, borders, last=last)


def _cells(table: Table, cells: Sequence[HeaderCell], borders: str, *, last: bool) -> str:
    edges = _edges(table)
    defined, texts = "", ""
    for cell in cells:
        over = _BOTTOM if not last and cell.span > 1 and cell.text else ""
        defined += rf"{borders}{over}\clvertalb\cellx{edges[cell.first + cell.span - 1]}"
        align = _ALIGN[table.heading_align(cell)]
        texts += rf"\pard\intbl{align} {escape_rtf(cell.text)}\cell"
    return rf"\trowd\trhdr\trgaph{_gap(table)}{defined}" + "\n" + texts + r"\row" + "\n"


def _row(row: TableRow, table: Table, *, last: bool) -> str:
    border = _BOTTOM if last else ""
    defined = "".join(rf"{border}\cellx{edge}" for edge in _edges(table))
    cells = list(row.cells)
    texts = [rf"\pard\intbl\ql\li{200 * row.level if i == len(row.labels) - 1 else 0} {escape_rtf(label)}\cell"
             for i, label in enumerate(row.labels)]  # fmt: skip
    for i in range(table.columns - table.label_columns):
        words = cells[i].text if i < len(cells) else ""
        texts.append(rf"\pard\intbl{_ALIGN[table.aligns[table.label_columns + i]]} {escape_rtf(words)}\cell")
    empty = ""
    if row.blank:
        nothing = r"\pard\intbl\cell" * table.columns
        edges = "".join(rf"\cellx{edge}" for edge in _edges(table))
        empty = rf"\trowd\trgaph{_gap(table)}{edges}" + "\n" + nothing + r"\row" + "\n"
    return empty + rf"\trowd\trgaph{_gap(table)}\trkeep{defined}" + "\n" + "".join(texts) + r"\row" + "\n"


def escape_rtf(text: str) -> str:
    """Words for RTF: backslashes and braces escaped, other signs by their code, blanks kept where they align."""
    parts = []
    for sign in text:
        if sign in "\\{}":
            parts.append("\\" + sign)
        elif sign == "\n":
            parts.append(r"\line ")
        elif sign == "\t":
            parts.append(r"\~\~")
        elif sign == " " and (not parts or parts[-1] in (" ", r"\~")):
            parts.append(r"\~")
        elif ord(sign) < 128:
            parts.append(sign)
        else:
            parts += [rf"\u{unit if unit < 32768 else unit - 65536}?" for unit in _units(sign)]
    return "".join(parts)


def _units(sign: str) -> Iterator[int]:
    code = sign.encode("utf-16-le")
    for i in range(0, len(code), 2):
        yield int.from_bytes(code[i : i + 2], "little")
