"""Every analysis once, its results as data: operation by operation, group by group, at full precision."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from opencro.analysis.results.methods import METHODS
from opencro.analysis.results.model import Analysis
from opencro.analysis.results.prepare import Material, group_column
from opencro.kernel.finding import Finding, Place, Refused, suggest

Value = float | str | None
Groups = tuple[str, ...]
CONTRAST_OVERALL = ""
CELL_COLUMNS = (
    "method",
    "dataset",
    "variable",
    "population",
    "where",
    "by",
    "options",
    "groups",
    "contrast",
    "operation",
)
"""The columns that tell one result from another in a frame."""


@dataclass(frozen=True)
class Cell:
    """Where results stand: an analysis, the group of each of its `by`, and for a comparison the contrast."""

    analysis: Analysis
    groups: Groups = ()
    contrast: str = CONTRAST_OVERALL


@dataclass(frozen=True)
class Results:
    """Results by cell: operation -> value; None is not estimable."""

    values: Mapping[Cell, Mapping[str, Value]]

    def of(self, cell: Cell) -> Mapping[str, Value]:
        """The operations of a cell; empty where the analysis had no rows for it."""
        return self.values.get(cell, {})

    def to_frame(self) -> pl.DataFrame:
        """Long: one row for each operation of each cell."""
        rows = [
            {**_told(cell), "operation": operation, **_told_value(value)}
            for cell, operations in self.values.items()
            for operation, value in operations.items()
        ]
        schema = {**dict.fromkeys(CELL_COLUMNS, pl.String), "value": pl.Float64, "text": pl.String}
        return pl.DataFrame(rows, schema=schema)


def _told(cell: Cell) -> dict[str, str]:
    analysis = cell.analysis
    options = dict(analysis.options) | ({"take": analysis.take, "order": analysis.order} if analysis.take else {})
    return {
        "method": analysis.method,
        "dataset": analysis.dataset,
        "variable": analysis.of,
        "population": analysis.population,
        "where": analysis.where,
        "by": ", ".join(analysis.by),
        "options": json.dumps(options, ensure_ascii=False) if options else "",
        "groups": ", ".join(cell.groups),
        "contrast": cell.contrast,
    }


def _told_value(value: Value) -> dict[str, float | str | None]:
    number = float(value) if isinstance(value, int | float) else None
    return {"value": number, "text": value if isinstance(value, str) else None}


@dataclass
class RowFinder:
    """The rows behind cells; those of an analysis are divided once for all of its cells."""

    material: Material
    _parts: dict[Analysis, dict[Groups, pl.DataFrame]] = field(default_factory=dict)

    def rows(self, cell: Cell) -> pl.DataFrame:
        """The rows of a dataset that a cell's results were computed from; of a contrast those of its groups.

        Participants of the population without a row are in an analysis as those that have none.
        """
        across = str(cell.analysis.option("across", ""))
        parts = self._divided(cell.analysis, across)
        compared = cell.contrast.partition("@")[0].split(":") if cell.contrast else None
        found = [
            part
            for groups, part in parts.items()
            if groups[: len(cell.groups)] == cell.groups
            and (compared is None or not across or groups[len(cell.groups)] in compared)
        ]
        return pl.concat(found) if found else self.material.rows(cell.analysis).clear()

    def _divided(self, analysis: Analysis, across: str) -> dict[Groups, pl.DataFrame]:
        if analysis not in self._parts:
            keys = (*analysis.by, *((across,) if across else ()))
            rows = self.material.with_groups(self.material.rows(analysis), analysis.dataset, keys)
            columns = [group_column(k) for k in keys]
            plain = [c for c in rows.columns if not c.startswith(group_column(""))]
            parts = rows.partition_by(columns, as_dict=True, maintain_order=True) if columns else {(): rows}
            self._parts[analysis] = {
                tuple("" if k is None else str(k) for k in key): part.select(plain) for key, part in parts.items()
            }
        return self._parts[analysis]


def compute_results(material: Material, analyses: Iterable[Analysis]) -> Results:
    """The results of analyses, each computed once; Refused with ANL-001 for a method that does not exist."""
    values: dict[Cell, Mapping[str, Value]] = {}
    for analysis in dict.fromkeys(analyses):
        method = METHODS.get(analysis.method)
        if method is None:
            remedy = suggest(analysis.method, METHODS) or f"Use one of {', '.join(METHODS)}."
            raise Refused([Finding("ANL-001", Place(), f'method "{analysis.method}"', "a method", remedy)])
        for groups, contrast, operations in method.compute(material, analysis):
            values[Cell(analysis, groups, contrast)] = {name: _finite(value) for name, value in operations.items()}
    return Results(values)


def _finite(value: Value) -> Value:
    """A number, or None where there is none: not estimable, or without end."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
