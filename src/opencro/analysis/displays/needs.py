"""Which datasets a display reads."""

from __future__ import annotations

from collections.abc import Iterator

from opencro.analysis.displays.listing_model import Listing
from opencro.analysis.displays.model import Column, Display, Row, Scope
from opencro.analysis.results import Definitions
from opencro.analysis.results.model import SUBJECT_LEVEL


def used_datasets(display: Display | Listing, definitions: Definitions) -> frozenset[str]:
    """The names of the datasets of its analyses and of the groupings that it uses; of a listing, those of its rows."""
    if isinstance(display, Listing):
        return frozenset({SUBJECT_LEVEL, display.dataset})
    scopes = [display, *_scopes(display.rows), *(cell for cells in display.sets.values() for cell in cells.values())]
    named = {scope.dataset for scope in scopes if scope.dataset is not None}
    used = {*_groupings(display.columns), *_row_groupings(display.rows)}
    divided = {definitions.groupings[g].dataset for g in used if g in definitions.groupings}
    return frozenset({SUBJECT_LEVEL, *named, *(d for d in divided if d is not None)})


def _scopes(rows: tuple[Row, ...]) -> Iterator[Scope]:
    for row in rows:
        yield row
        yield from row.cells.values()
        yield from row.lines.values()
        yield from row.beside.values()
        yield from _scopes(row.rows)


def _groupings(columns: tuple[Column, ...]) -> Iterator[str]:
    for column in columns:
        if column.each is not None:
            yield column.each
        yield from _groupings(column.columns)


def _row_groupings(rows: tuple[Row, ...]) -> Iterator[str]:
    for row in rows:
        if row.each is not None:
            yield row.each
        yield from _row_groupings(row.rows)
