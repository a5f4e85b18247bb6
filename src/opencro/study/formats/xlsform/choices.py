"""The sheets with choices, as code lists.

Source: XLSForm's reference documentation (choices, external choices, translated labels, or_other).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from opencro.study.formats.xlsform.making import Making, fit
from opencro.study.formats.xlsform.sheet import MEDIA, Row, Sheet
from opencro.study.model.form import Code, CodeList

LIST = "list_name"
OTHER = "other"
SEPARATORS = (" ", ";")
"""What parts the answers of a question with several: a blank in XLSForm, `;` here."""


@dataclass(frozen=True)
class ChoiceList:
    """A list of choices: its name in the workbook, the id and codes that it has here, and its rows."""

    name: str
    codelist: CodeList
    rows: tuple[Row, ...]
    labels: Mapping[str, Mapping[str, str]]
    """Code -> language -> words."""


def read_choices(
    making: Making, sheet: Sheet, taken: set[str], *, duplicates: bool, filters: str = ""
) -> dict[str, ChoiceList]:
    """The lists of a sheet by their name; XLF-007 for a choice without a name or list, and for one that is given twice.

    `taken` are the ids of code lists that are there. `duplicates` says that the form permits them: then the first
    counts, the others only in choice filters. `filters` is what those say: the columns that they name are read there.
    """
    by_list: dict[str, list[Row]] = {}
    words = frozenset(re.findall(r"[\w.:-]+", filters.casefold()))
    names = {column.name for column in sheet.columns}
    if sheet.rows and LIST not in names:
        got = "no column list_name"
        making.error("XLF-002", sheet.name, None, LIST, got, "list_name, name and label", "Name the lists.")
        return {}
    for row in sheet.rows:
        name = row.get(LIST)
        if not name:
            if any(column.name == "name" for column in row.cells):
                remedy = "Name its list, or remove the row."
                making.error("XLF-007", sheet.name, row.number, LIST, "a choice without a list", "a list", remedy)
            continue
        by_list.setdefault(name, []).append(row)
        _say_unread(making, row, words)
    lists = {}
    for name, rows in by_list.items():
        made = _list(making, name, rows, taken, duplicates=duplicates)
        if made is not None:
            lists[name] = made
    return lists


def _say_unread(making: Making, row: Row, filtered: frozenset[str]) -> None:
    for column in row.cells:
        if column.name in MEDIA:
            making.count("XLF-024", row.sheet, row.number, str(column), f"the column {column} of pictures and sounds")
        elif column.name not in (LIST, "name", "label") and str(column) not in filtered:
            making.count("XLF-024", row.sheet, row.number, str(column), f"the column {column}")


def _list(making: Making, name: str, rows: list[Row], taken: set[str], *, duplicates: bool) -> ChoiceList | None:
    codes: dict[str, Code] = {}
    labels: dict[str, Mapping[str, str]] = {}
    for row in rows:
        value = row.get("name")
        if not value:
            remedy = "Give the code that is stored."
            making.error("XLF-007", row.sheet, row.number, "name", "a choice without a name", "a name", remedy)
        elif value in codes and not duplicates:
            got = f'"{value}" is in the list {name} twice'
            remedy = "Rename one, or set allow_choice_duplicates to yes."
            making.error("XLF-007", row.sheet, row.number, "name", got, "each choice once", remedy)
        elif value not in codes:
            labels[value] = row.texts("label")
            codes[value] = Code(value=value)
    if not codes:
        return None
    fitted = making.name(name, taken, rows[0].sheet, rows[0].number, LIST)
    return ChoiceList(name, CodeList(id=fitted, codes=tuple(codes.values())), tuple(rows), labels)


def with_other(choices: ChoiceList, taken: set[str]) -> ChoiceList:
    """The list with one more choice, for `or_other`; the list itself when it has it."""
    if any(code.value == OTHER for code in choices.codelist.codes):
        return choices
    name, number = fit(f"{choices.codelist.id[:58]}_{OTHER}"), 2
    while name.casefold() in taken:
        name, number = f"{choices.codelist.id[:56]}_{OTHER}_{number}", number + 1
    taken.add(name.casefold())
    codelist = CodeList(id=name, codes=(*choices.codelist.codes, Code(value=OTHER)))
    return ChoiceList(choices.name, codelist, choices.rows, {**choices.labels, OTHER: {"": "Other"}})
