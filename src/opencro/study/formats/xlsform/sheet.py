"""A sheet as rows by column: headers in every spelling that is in use, with the language of a column.

Source: XLSForm's reference documentation; older names of columns (`bind:relevant`, `list name`, `caption`) as forms in
the field still have them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from opencro.study.formats.xlsform.making import Making
from opencro.study.formats.xlsform.workbook import Table

TRANSLATED = frozenset(["label", "hint", "guidance_hint", "constraint_message", "required_message"])
MEDIA = frozenset(["image", "big-image", "audio", "video", "media"])
_ALIASES = {
    "caption": "label", "text": "label", "value": "name", "relevance": "relevant", "read_only": "readonly",
    "repeat_count": "repeat_count", "jr:count": "repeat_count", "calculate": "calculation",
    "constraint_msg": "constraint_message", "jr:constraintmsg": "constraint_message", "requiredmsg": "required_message",
    "jr:requiredmsg": "required_message", "id_string": "form_id", "title": "form_title", "set_form_title": "form_title",
    "set_form_id": "form_id", "command": "type", "tag": "name", "noapperrorstring": "no_app_error_string",
    "no_app_error_string": "no_app_error_string",
}  # fmt: skip
_LARGEST_GAP = 61
"""After so many rows without a cell, what comes is no part of the form: pyxform stops there as well."""
_PREFIXES = ("bind", "control", "body", "media")


class Column(NamedTuple):
    """What a column is for, and in which language (empty: that of the form)."""

    name: str
    language: str = ""

    def __str__(self) -> str:
        return f"{self.name}::{self.language}" if self.language else self.name


@dataclass(frozen=True)
class Row:
    """One row: its 1-based number in the sheet, and its cells that are not empty."""

    sheet: str
    number: int
    cells: Mapping[Column, str]

    def get(self, name: str) -> str:
        """The cell of a column without a language."""
        return self.cells.get(Column(name), "")

    def texts(self, name: str) -> dict[str, str]:
        """Language -> words, of a column that may be there in several."""
        return {column.language: text for column, text in self.cells.items() if column.name == name}


@dataclass(frozen=True)
class Sheet:
    """A sheet that was read: its name, columns and rows."""

    name: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


def read_sheet(making: Making, name: str, table: Table) -> Sheet:
    """The rows of a table below its first row that is not empty; a column that is given twice is XLF-003.

    Two columns that mean the same are read together: the second counts where the first is empty.
    """
    at = next((i for i, row in enumerate(table) if any(row)), None)
    if at is None:
        return Sheet(name, (), ())
    columns: dict[int, Column] = {}
    for index, header in enumerate(table[at]):
        if not header:
            continue
        column = read_column(header)
        twin = next((table[at][i] for i, known in columns.items() if known == column), "")
        if twin and _word(twin) == _word(header):
            got = f'the column "{header}" twice'
            making.error("XLF-003", name, at + 1, str(column), got, "each column once", "Rename or remove one.")
            continue
        if twin:
            got, remedy = f'"{header}", which means the same as "{twin}"', "It counts where the other is empty."
            making.say("XLF-024", name, at + 1, str(column), got, "each column once", remedy)
        columns[index] = column
    rows = tuple(_rows(making, name, table, at, columns))
    return Sheet(name, tuple(dict.fromkeys(columns.values())), rows)


def _rows(making: Making, name: str, table: Table, at: int, columns: Mapping[int, Column]) -> Iterator[Row]:
    last = at
    for number, row in enumerate(table[at + 1 :], at + 2):
        if not any(row):
            continue
        if number - last > _LARGEST_GAP:
            got, remedy = f"a row below {number - last - 1:,} empty ones", "Rows from here on were not read."
            making.say("XLF-024", name, number, "", got, f"up to {_LARGEST_GAP - 1}", remedy)
            return
        last = number
        cells: dict[Column, str] = {}
        for index, text in enumerate(row):
            if text and index in columns:
                cells.setdefault(columns[index], text)
            elif text and (index >= len(table[at]) or not table[at][index]):
                making.count("XLF-024", name, number, "", "a cell in a column without a name")
        if cells:
            yield Row(name, number, cells)


def _word(text: str) -> str:
    return " ".join(text.split()).casefold()


def read_column(header: str) -> Column:
    """What a header says: `label::French (fr)`, `bind:relevant`, `List Name`, `media::image::English`."""
    parts = [part.strip() for part in re.split(r"::", header)]
    if len(parts) == 1 and not header.casefold().startswith("jr:"):
        parts = [part.strip() for part in _split_single(header)]
    first = _word(parts[0])
    while first in _PREFIXES and len(parts) > 1:
        parts = parts[1:]
        first = _word(parts[0])
    name = _ALIASES.get(key := re.sub(r"[ -]", "_", first), key) if first != "big-image" else first
    if len(parts) > 1 and (name in TRANSLATED or name in MEDIA):
        return Column(name, " ".join("::".join(parts[1:]).split()))
    return Column("::".join([name, *parts[1:]]))


def _split_single(header: str) -> list[str]:
    """`label:English` and `bind:jr:constraintMsg`, as they were written before `::`."""
    first, _, rest = header.partition(":")
    if not rest:
        return [header]
    if _word(first) in _PREFIXES:
        return [first, *(_split_single(rest) if not rest.strip().casefold().startswith("jr:") else [rest])]
    return [first, rest]
