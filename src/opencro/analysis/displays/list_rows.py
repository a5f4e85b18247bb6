"""From a listing's declaration and datasets to a filled table: sort, print, leave repeats out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from opencro.analysis.displays.listing_model import ListedColumn, Listing
from opencro.analysis.displays.table import HeaderCell, Listed, Table, TableCell, TableRow
from opencro.analysis.displays.template import FIELD, operations_of, render_value
from opencro.analysis.results import SUBJECT, Analysis, Definitions, Material
from opencro.analysis.results.model import SUBJECT_LEVEL

DATE = "date"
NOTHING = "-"
_ROW = "_listed_row"
_PIECE = re.compile(r"[^\s/]+(?:\s+/(?=\s)|/)?\s*|/\s*")
_EPOCH = date(1960, 1, 1)
Print = Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True)
class _Line:
    """One row of the data: its number, what it shows in every column, the value that sets rows apart."""

    at: int
    texts: tuple[str, ...]
    apart: object


def fill_listing(listing: Listing, material: Material) -> Table:
    """The table of a listing; its cells know their rows and variables."""
    rows = tuple(_rows(listing, _lines(listing, material), material))
    heads = tuple(HeaderCell(_wrapped(c.label, c.width), 1, i) for i, c in enumerate(listing.columns))
    return Table(
        listing.id,
        listing.number,
        listing.title,
        listing.subtitle,
        material.definitions.populations[listing.population].label,
        (heads,),
        rows,
        listing.footnotes if rows else (listing.none, *listing.footnotes),
        0,
        tuple(float(column.width) for column in listing.columns),
        tuple(column.align for column in listing.columns),
        listing.lines_per_page,
        "Listing",
    )


def listed_variables(listing: Listing) -> tuple[str, ...]:
    """Every variable that its columns show, once."""
    return tuple(dict.fromkeys(name for column in listing.columns for name in operations_of(column.show)))


def _lines(listing: Listing, material: Material) -> list[_Line]:
    frame = _sorted(listing, material)
    needed = [*listed_variables(listing), *([listing.apart] if listing.apart else [])]
    prints = [_printer(column, material.definitions) for column in listing.columns]
    lines = []
    for values in frame.select(_ROW, *dict.fromkeys(needed)).iter_rows(named=True):
        texts = tuple(one(values) for one in prints)
        lines.append(_Line(values[_ROW], texts, values[listing.apart] if listing.apart else None))
    return lines


def _sorted(listing: Listing, material: Material) -> pl.DataFrame:
    """The rows of the listing in order, with the variables of ADSL that the dataset lacks."""
    numbered = material.datasets[listing.dataset].with_row_index(_ROW)
    here = Material({**dict(material.datasets.items()), listing.dataset: numbered}, material.definitions)
    rows = here.rows(Analysis("count", listing.dataset, listing.population, where=listing.where))
    order = [name.removeprefix("-") for name in listing.order]
    named = dict.fromkeys([*listed_variables(listing), *order, *([listing.apart] if listing.apart else [])])
    lacking = [name for name in named if name not in rows.columns]
    if lacking:
        people = material.datasets[SUBJECT_LEVEL].select(SUBJECT, *lacking)
        rows = rows.join(people, on=SUBJECT, how="left", maintain_order="left")
    descending = [name.startswith("-") for name in listing.order]
    return rows.sort(order, descending=descending, nulls_last=True, maintain_order=True)


def _printer(column: ListedColumn, definitions: Definitions) -> Print:
    names = operations_of(column.show)

    def one(values: Mapping[str, Any]) -> str:
        if all(values[name] in (None, "") for name in names):
            return ""
        return FIELD.sub(lambda found: _word(values[found[1]], found[2] or "", column, definitions), column.show)

    return lambda values: _wrapped(one(values), column.width)


def _word(value: Any, how: str, column: ListedColumn, definitions: Definitions) -> str:
    """A value in words; what is missing beside other values is a dash."""
    value = value.strip() if isinstance(value, str) else value
    if value in (None, ""):
        return NOTHING
    said = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    if said in column.words:
        return column.words[said]
    if how == DATE:
        return _date(value)
    return render_value(value if isinstance(value, str | float) else float(value), how, definitions)


def _date(value: Any) -> str:
    """A day of SAS or a date as ISO 8601; a text stays what it is, for it may be a partial date."""
    if isinstance(value, str):
        return value
    if isinstance(value, date):
        return value.isoformat()[:10]
    return (_EPOCH + timedelta(days=int(value))).isoformat()


def _wrapped(text: str, width: int) -> str:
    """Words broken into lines that leave a sign of room to the next column."""
    room = width - 1
    if "\n" not in text and len(text) <= room:
        return text
    return "\n".join(part for line in text.split("\n") for part in _broken(line, room))


def _broken(line: str, room: int) -> list[str]:
    """A line in parts of at most `room` signs; a word breaks behind a slash, and where nothing else helps."""
    parts = [""]
    for piece in _PIECE.findall(line.strip()):
        if len(parts[-1]) + len(piece.rstrip()) > room and parts[-1]:
            parts[-1] = parts[-1].rstrip()
            parts.append("")
        rest = piece
        while len(rest.rstrip()) > room:
            parts[-1], rest = rest[:room], rest[room:]
            parts.append("")
        parts[-1] += rest
    return [*parts[:-1], parts[-1].rstrip()]


def _rows(listing: Listing, lines: Sequence[_Line], material: Material) -> Iterator[TableRow]:
    sources = [_variables(listing, column, material) for column in listing.columns]
    before: _Line | None = None
    for line in lines:
        cells = tuple(
            TableCell(text, Listed(listing.dataset, line.at, names))
            for text, names in zip(line.texts, sources, strict=True)
        )
        same = _repeated(listing.columns, line, before)
        shown = tuple(TableCell() if i < same else cell for i, cell in enumerate(cells))
        turned = before is not None and any(
            column.page and text != was
            for column, text, was in zip(listing.columns, line.texts, before.texts, strict=True)
        )
        apart = before is not None and line.apart != before.apart
        yield TableRow((), shown, blank=apart and not turned, fresh=turned, again=cells)
        before = line


def _variables(listing: Listing, column: ListedColumn, material: Material) -> tuple[str, ...]:
    own = material.datasets[listing.dataset].columns
    return tuple(f"{listing.dataset if n in own else SUBJECT_LEVEL}.{n}" for n in operations_of(column.show))


def _repeated(columns: Sequence[ListedColumn], line: _Line, before: _Line | None) -> int:
    """How many of the first columns say the same as the row before and are shown once."""
    if before is None or line.apart != before.apart:
        # Where an empty line sets participants apart, all that belongs to the new one is said.
        return 0
    count = 0
    for column, text, was in zip(columns, line.texts, before.texts, strict=True):
        if not column.once or text != was:
            break
        count += 1
    return count
