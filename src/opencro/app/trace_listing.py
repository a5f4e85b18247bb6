"""`opencro trace STUDY L16_2_07 cell=3.4`: from a listed value through the row that it stands in to the keystrokes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import polars as pl

from opencro.analysis import load_datasets
from opencro.analysis.displays import Listed, Listing, Table, fill_display
from opencro.analysis.results import SUBJECT
from opencro.app.build_displays import load_shells
from opencro.app.build_files import BuiltDatasets
from opencro.app.trace import Answer, as_document, trace_dataset_cell
from opencro.app.trace_result import cell_at, column_title, one_fitting
from opencro.kernel.finding import Finding, Place, Refused
from opencro.study import Study
from opencro.tabulation import load_domains


@dataclass(frozen=True)
class ListedTrace:
    """A cell of a listing: what it shows, and the trace of each variable that it shows."""

    display: str
    row: int
    column: str
    shown: str
    answers: tuple[Answer, ...]

    def as_dict(self) -> dict[str, Any]:
        """The trace as plain JSON values."""
        told = [as_document(answer) for answer in self.answers]
        return {"display": self.display, "row": self.row, "column": self.column, "shown": self.shown, "variables": told}


def listing_ids(study: Study) -> tuple[str, ...]:
    """The ids of the declared listings."""
    names = (PurePosixPath(n) for n in study.documents)
    return tuple(n.stem for n in names if n.parent == PurePosixPath("analysis/listings"))


def trace_listing(
    study: Study, display: str, where: Mapping[str, str], built: BuiltDatasets, *, database: str | None = None
) -> ListedTrace:
    """The trace of a cell of a listing, its row found again in the datasets of a build.

    `where` says the cell: `cell` as "row.column" (counted from 0, as in the HTML), or `column` by its heading and the
    row by values of its dataset (USUBJID=... AESEQ=...). Refused (TRC-009, TRC-010) where that is no cell, or several.
    """
    shells = load_shells(study)
    listing = shells.tables.get(display) if shells is not None else None
    if shells is None or not isinstance(listing, Listing):
        remedy = "Name a listing of analysis/listings."
        raise Refused([Finding("TRC-008", Place(), f'listing "{display}"', "a declared listing", remedy)])
    frame = built[listing.dataset].frame
    table = fill_display(listing, shells.material_of(listing, lambda name: pl.scan_parquet(built.path(name))))
    row, column = _find(table, frame, where)
    cell = table.rows[row].again[column]
    if not isinstance(cell.source, Listed) or not cell.source.variables:
        got = f"row {row}, column {column} of {display}"
        raise Refused([Finding("TRC-010", Place(), got, "a cell with a value", "Name another cell.")])
    values = frame.row(cell.source.row, named=True)
    answers = []
    for dataset, variable in (name.split(".") for name in cell.source.variables):
        at = {SUBJECT: values[SUBJECT]} if dataset != listing.dataset else _identify(study, dataset, frame, values)
        answers.append(trace_dataset_cell(study, dataset, variable, at, database=database))
    return ListedTrace(display, row, column_title(table, column), cell.text, tuple(answers))


def _find(table: Table, frame: pl.DataFrame, where: Mapping[str, str]) -> tuple[int, int]:
    if "cell" in where:
        return cell_at(table, where["cell"])
    column = one_fitting("column", where.get("column", ""), {i: column_title(table, i) for i in range(table.columns)})
    wanted = {name: text for name, text in where.items() if name != "column"}
    at = [cell.source.row for row in table.rows for cell in row.again[:1] if isinstance(cell.source, Listed)]
    fitting = [i for i, place in enumerate(at) if wanted and _fits(frame.row(place, named=True), wanted)]
    if len(fitting) == 1:
        return fitting[0], column
    said = " ".join(f"{name}={text}" for name, text in wanted.items()) or "no row"
    remedy = "Name values of the row's dataset that tell it apart, or cell=ROW.COLUMN."
    raise Refused([Finding("TRC-009", Place(), f"{said} fits {len(fitting)} rows", "one row of the listing", remedy)])


def _fits(values: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    return all(name in values and _text(values[name]) == text.strip() for name, text in wanted.items())


def _identify(study: Study, dataset: str, frame: pl.DataFrame, values: Mapping[str, Any]) -> dict[str, str]:
    """The values that tell a row from every other: its sequence number or keys, and what else is needed."""
    own = frame.filter(pl.col(SUBJECT) == values[SUBJECT])
    chosen = {SUBJECT: values[SUBJECT]}
    for name in _candidates(study, dataset, frame.columns):
        if own.height == 1:
            break
        if name in chosen or values[name] in (None, ""):
            continue
        left = own.filter(pl.col(name) == values[name])
        if left.height < own.height:
            chosen[name], own = values[name], left
    return {name: _text(value) for name, value in chosen.items()}


def _candidates(study: Study, dataset: str, columns: Sequence[str]) -> list[str]:
    analysis, domains = load_datasets(study), load_domains(study)
    keys = analysis[dataset].keys if dataset in analysis else domains[dataset].keys if dataset in domains else ()
    numbers = [f"{dataset}SEQ"] if f"{dataset}SEQ" in columns else []
    return [name for name in dict.fromkeys([*numbers, *keys, *columns]) if name in columns]


def _text(value: object) -> str:
    return f"{value:.15g}" if isinstance(value, int | float) else str(value or "").strip()
