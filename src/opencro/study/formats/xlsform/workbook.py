"""A workbook as text: sheets of rows of cells, out of .xlsx, .xlsm, .xls, .csv and .md.

Source: XLSForm's reference documentation; in .csv and .md the name of a sheet stands alone in the first cell, its rows
begin with an empty one. Python reads cells of a workbook as they are typed; here every cell is text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineError, CalamineWorkbook

from opencro.kernel.finding import Finding, Place, Refused

_SIGNATURES = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
"""How a ZIP archive (.xlsx) and a compound file (.xls) begin."""
_LARGEST = 50_000_000
_EPOCH = date(1899, 12, 31)
"""Day 0 of a workbook: a time without a date, and what is called a date by mistake, stand on it."""

Table = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Workbook:
    """The sheets of a file by the name that they have there, each a table of text."""

    sheets: Mapping[str, Table]


def is_workbook(data: bytes) -> bool:
    """Whether a file is a workbook of a spreadsheet program, by its first bytes."""
    return data.startswith(_SIGNATURES)


def read_workbook(data: bytes, file: str = "") -> Workbook:
    """The sheets of a workbook, or of text in the CSV or Markdown variant; raises `Refused` with XLF-001."""
    if len(data) > _LARGEST:
        raise _refuse(file, f"{len(data):,} bytes", f"up to {_LARGEST:,}", "Take away what is no form.")
    if is_workbook(data):
        return _spreadsheet(data, file)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        got = f"byte {error.start + 1} is no UTF-8"
        raise _refuse(file, got, "a workbook, or text in UTF-8", "Save the file as .xlsx.") from None
    if "\0" in text:
        raise _refuse(file, "bytes that are no text", "a workbook, or text in UTF-8", "Save the file as .xlsx.")
    rows = _markdown(text) if text.lstrip().startswith("|") else _delimited(text, file)
    return _stacked(rows)


def _refuse(file: str, got: str, expected: str, remedy: str) -> Refused:
    return Refused([Finding("XLF-001", Place(file), got, expected, remedy)])


def _spreadsheet(data: bytes, file: str) -> Workbook:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        tables = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}
    except CalamineError:
        remedy = "Open it in a spreadsheet program and save it as .xlsx."
        raise _refuse(file, "a workbook that cannot be read", "a whole workbook", remedy) from None
    return Workbook({name: [[_cell(cell) for cell in row] for row in rows] for name, rows in tables.items()})


def _cell(value: str | float | bool | date | time | datetime | timedelta) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        whole = value.time() == time() and value.microsecond == 0
        return value.date().isoformat() if whole else value.isoformat(sep="T", timespec="seconds")
    if isinstance(value, date | time):
        return _day(value) if isinstance(value, date) else value.isoformat()
    return str(value).replace("\xa0", " ").strip()


def _day(value: date) -> str:
    """A number that a workbook shows as a date: the first days of its calendar are numbers that somebody formatted."""
    days = (value - _EPOCH).days
    return str(days) if 0 <= days <= 1 else value.isoformat()


def _delimited(text: str, file: str) -> list[list[str]]:
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), skipinitialspace=True))
    except csv.Error:
        raise _refuse(file, "text that is no CSV", "a workbook or CSV", "Save the file as .xlsx.") from None
    return [[cell.strip() for cell in row] for row in rows]


def _markdown(text: str) -> list[list[str]]:
    rows = []
    for line in text.splitlines():
        bare = line.strip()
        cells = [cell.strip() for cell in bare.strip("|").split("|")] if bare.startswith("|") else []
        rule = bool(cells) and all(set(cell) <= {"-", ":"} and cell for cell in cells)
        rows.append([] if rule else cells)
    return rows


def _stacked(rows: Table) -> Workbook:
    """Sheets one below the other; a row keeps the number that it has in the file, so that findings name its line."""
    sheets: dict[str, list[list[str]]] = {}
    name = ""
    for number, row in enumerate(rows, 1):
        first = row[0] if row else ""
        if first:
            name = first
            sheets[name] = [[]] * number
        elif name:
            sheets[name].append(list(row[1:]))
    return Workbook(sheets)
