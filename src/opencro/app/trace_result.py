"""`opencro trace STUDY T14_2_01 row=... column=...`: from a number in a table to the rows behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

import polars as pl

from opencro.analysis.displays import Table, TableRow, fill_display
from opencro.analysis.results import METHODS, Cell, Material, RowFinder, compute_results
from opencro.app.browse.tables import conditions_of
from opencro.app.build import read_manifest
from opencro.app.build_displays import load_shells
from opencro.app.build_files import BuiltDatasets
from opencro.kernel.finding import Finding, Place, Refused, suggest
from opencro.study import Study

SUBJECT = "USUBJID"


@dataclass(frozen=True)
class ResultTrace:
    """A cell of a table: what it shows, how it was computed, and the rows that went in."""

    display: str
    row: str
    column: str
    shown: str
    method: str
    cell: Cell
    operations: Mapping[str, float | str | None]
    where: tuple[str, ...]
    dataset: str
    rows: pl.DataFrame

    @property
    def participants(self) -> list[str]:
        """Who is behind the number, in order."""
        return sorted(self.rows[SUBJECT].unique().to_list()) if SUBJECT in self.rows.columns else []

    def as_dict(self) -> dict[str, Any]:
        """The trace as plain JSON values; rows by their keys."""
        return {
            "display": self.display,
            "row": self.row,
            "column": self.column,
            "shown": self.shown,
            "method": self.method,
            "operations": dict(self.operations),
            "conditions": list(self.where),
            "dataset": self.dataset,
            "rows": self.rows.height,
            "participants": self.participants,
        }


def built_datasets(study: Study) -> BuiltDatasets:
    """The datasets of the study's build; Refused (TRC-011) where there is none."""
    manifest = read_manifest(study.root / "build")
    if manifest is None:
        remedy = "Run `opencro build` first."
        raise Refused([Finding("TRC-011", Place("build"), "the study is not built", "a build", remedy)])
    return BuiltDatasets(study.root / "build", tuple(manifest["sizes"]))


def display_ids(study: Study) -> tuple[str, ...]:
    """The ids of the declared displays."""
    names = (PurePosixPath(n) for n in study.documents)
    return tuple(n.stem for n in names if n.parent == PurePosixPath("analysis/displays"))


def trace_result(study: Study, display: str, where: Mapping[str, str], built: BuiltDatasets) -> ResultTrace:
    """The trace of a cell of a table, computed again from the datasets of a build.

    `where` says the cell: `cell` as "row.column" (counted from 0, as in the HTML), or `row` and `column` by their
    labels, parts of a row's path with "/" between. Refused (TRC-008 to TRC-010) where that is no cell, or several.
    """
    shells = load_shells(study)
    known = shells.tables if shells is not None else {}
    if shells is None or display not in known:
        remedy = suggest(display, known) or "Name a display of analysis/displays."
        raise Refused([Finding("TRC-008", Place(), f'display "{display}"', "a declared display", remedy)])
    one = replace(shells, tables={display: known[display]}, figures={})
    material = one.filled(frozenset(built), lambda name: built[name].frame).empty
    table = fill_display(known[display], material)
    row, column = _find(table, where)
    cell = table.rows[row].cells[column]
    if not isinstance(cell.source, Cell):
        got = f"row {row}, column {column} of {display}"
        raise Refused([Finding("TRC-010", Place(), got, "a cell with a number", "Name another cell.")])
    return _trace(table, (row, column), cell.source, material)


def _trace(table: Table, at: tuple[int, int], source: Cell, material: Material) -> ResultTrace:
    from_results = METHODS[source.analysis.method]
    analysis = source.analysis
    conditions = conditions_of(source, material)
    found = dict(compute_results(material, [analysis]).of(source) or from_results.nothing)
    row, column = at
    words = f"{from_results.words}" + (f" of {analysis.of}" if analysis.of else "")
    return ResultTrace(
        table.id,
        " / ".join(_path(table.rows, row)),
        column_title(table, column),
        table.rows[row].cells[column].text,
        words,
        source,
        found,
        tuple(conditions),
        analysis.dataset,
        RowFinder(material).rows(source),
    )


def _path(rows: tuple[TableRow, ...], at: int) -> tuple[str, ...]:
    """The labels above a row and its own."""
    level, parts = rows[at].level, [rows[at].labels[-1].strip()]
    stub = dict(enumerate(rows[at].labels[:-1]))
    for earlier in reversed(rows[:at]):
        for place, label in stub.items():
            if not label and earlier.labels[place]:
                stub[place] = earlier.labels[place]
        if earlier.level < level and earlier.labels[-1]:
            parts.append(earlier.labels[-1].strip())
            level = earlier.level
    return tuple(p for p in (*stub.values(), *reversed(parts)) if p)


def column_title(table: Table, column: int) -> str:
    """The headings over a column of cells."""
    place = table.label_columns + column
    parts = [c.text for cells in table.header for c in cells if c.first <= place < c.first + c.span and c.text]
    return " / ".join(" ".join(part.split()) for part in parts)


def _find(table: Table, where: Mapping[str, str]) -> tuple[int, int]:
    if "cell" in where:
        return cell_at(table, where["cell"])
    rows = {i: " / ".join(_path(table.rows, i)) for i, row in enumerate(table.rows) if any(c.text for c in row.cells)}
    columns = {i: column_title(table, i) for i in range(table.columns - table.label_columns)}
    return one_fitting("row", where.get("row", ""), rows), one_fitting("column", where.get("column", ""), columns)


def cell_at(table: Table, words: str) -> tuple[int, int]:
    """Row and column of "row.column", counted from 0; Refused (TRC-009)."""
    last = (len(table.rows) - 1, table.columns - table.label_columns - 1)
    parts = [int(p) for p in words.split(".") if p.isdigit()]
    if len(parts) == 2 and parts[0] <= last[0] and parts[1] <= last[1]:
        return parts[0], parts[1]
    expected = f"0.0 to {last[0]}.{last[1]}"
    raise Refused([Finding("TRC-009", Place(), f'cell "{words}"', expected, "Write ROW.COLUMN.")])


def one_fitting(what: str, wanted: str, known: Mapping[int, str]) -> int:
    """The number of the one of `known` that the words mean; Refused (TRC-009) for none or several."""
    parts = [p.strip().casefold() for p in wanted.split("/") if p.strip()]
    fitting = [i for i, path in known.items() if parts and _fits(parts, [p.strip() for p in path.split("/")])]
    if len(fitting) == 1:
        return fitting[0]
    got = f'{what} "{wanted}"' + (f" fits {len(fitting)}" if fitting else "")
    remedy = suggest(wanted, known.values()) or f"Name one, e.g. {next(iter(known.values()), '')}."
    if fitting:
        remedy = f"Say which: {'; '.join(known[i] for i in fitting[:4])}."
    raise Refused([Finding("TRC-009", Place(), got, f"one {what} of the table", remedy)])


def _fits(parts: list[str], path: list[str]) -> bool:
    """The last part is the row's own label, or a heading's beginning; the others stand above it in order."""
    remaining: Iterator[str] = iter(p.casefold() for p in path[:-1])
    own = path[-1].casefold()
    last = parts[-1] == own or own.startswith(f"{parts[-1]} (") or parts[-1] == own.partition(" (n=")[0]
    return last and all(any(part == p for p in remaining) for part in parts[:-1])
