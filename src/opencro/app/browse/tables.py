"""What the browser tells of each table: its page, and for every cell the analysis and the rows behind it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import polars as pl

from opencro.analysis.displays import Listed, Listing, Table, render_html
from opencro.analysis.results import METHODS, Analysis, Cell, Material, Results, RowFinder, names_of

SUBJECT = "USUBJID"
PLACE = "_place"


def number_rows(frames: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The frames with the number of each row within its participant's rows, from 0."""
    place = pl.int_range(pl.len()).over(SUBJECT).cast(pl.Int64).alias(PLACE)
    return {n: f.with_columns(place) if SUBJECT in f.columns else f for n, f in frames.items()}


def describe_table(table: Table, material: Material, results: Results) -> dict[str, Any]:
    """The HTML of a table and its cells: "row.column" -> number of a source; sources are told once.

    `material` holds frames of `number_rows`. For a listing see `describe_listing`.
    """
    finder = RowFinder(material)
    cells: dict[str, int] = {}
    known: dict[Cell, int] = {}
    sources: list[dict[str, Any]] = []
    for r, row in enumerate(table.rows):
        for c, cell in enumerate(row.cells):
            if not isinstance(cell.source, Cell) or not cell.text:
                continue
            if cell.source not in known:
                known[cell.source] = len(sources)
                sources.append(_source(cell.source, finder, results))
            cells[f"{r}.{c}"] = known[cell.source]
    return {"id": table.id, "html": render_html(table, whole=False), "cells": cells, "sources": sources}


def describe_listing(table: Table, listing: Listing, material: Material) -> dict[str, Any]:
    """The HTML of a listing, the variables of each column, and whose row each line is: [participant, place]."""
    frame = material.datasets[listing.dataset].select(SUBJECT, PLACE)
    sources = [cell.source for row in table.rows for cell in row.again[:1]]
    rows = [frame.row(source.row) for source in sources if isinstance(source, Listed)]
    columns = [c.source.variables for c in table.rows[0].again if isinstance(c.source, Listed)] if table.rows else []
    population = material.definitions.populations[listing.population]
    conditions = [f"population {population.label}: {population.where or 'everybody'}"]
    conditions += [f"rows: {listing.where}"] if listing.where else []
    told = {"dataset": listing.dataset, "columns": columns, "rows": rows, "conditions": conditions}
    page = render_html(table, whole=False)
    return {"id": table.id, "html": page, "cells": {}, "sources": [], "listed": told}


def _source(cell: Cell, finder: RowFinder, results: Results) -> dict[str, Any]:
    analysis = cell.analysis
    method = METHODS[analysis.method]
    rows = finder.rows(cell)
    behind: dict[str, list[int]] = {}
    if SUBJECT in rows.columns:
        for person, places in rows.group_by(SUBJECT, maintain_order=True).agg(pl.col(PLACE)).iter_rows():
            behind[person] = places
    found = results.of(cell) or method.nothing
    return {
        "method": method.words + (f" of {analysis.of}" if analysis.of else ""),
        "conditions": conditions_of(cell, finder.material),
        "operations": {name: value for name, value in found.items() if value is not None},
        "dataset": analysis.dataset,
        "variables": used_variables(analysis, finder.material),
        "rows": behind,
    }


def conditions_of(cell: Cell, material: Material) -> list[str]:
    """Which rows a cell stands for, in words, one condition a line."""
    analysis = cell.analysis
    population = material.definitions.populations[analysis.population]
    lines = [f"population {population.label}: {population.where or 'everybody'}"]
    if analysis.where:
        lines.append(f"rows: {analysis.where}")
    if analysis.take:
        lines.append(f"one row of each participant: {analysis.take} {', '.join(analysis.order)}".rstrip())
    for grouping, group in zip(analysis.by, cell.groups, strict=True):
        known = material.groups_of(grouping)
        title = known.group(group).title if known is not None else group
        lines.append(f"{known.label if known and known.label else grouping}: {' '.join(title.split())}")
    if cell.contrast:
        lines.append(f"{analysis.option('across')}: {cell.contrast}")
    model = analysis.option("model")
    return [*lines, f"model: {model}"] if model else lines


def used_variables(analysis: Analysis, material: Material) -> list[str]:
    """The variables of the analysis dataset that decide its rows and values, as DATASET.VARIABLE."""
    columns = material.datasets[analysis.dataset].columns
    named = [analysis.of, *names_of(analysis.where), *analysis.order, *_model_names(analysis), *_censoring(analysis)]
    found = [f"{analysis.dataset}.{n}" for n in dict.fromkeys(named) if n in columns]
    for identity in dict.fromkeys((*analysis.by, *_compared(analysis))):
        grouping = material.groups_of(identity)
        if grouping is None:
            found += [f"{analysis.dataset}.{identity}"] if identity in columns else []
            continue
        names = [grouping.variable, *(n for g in grouping.groups for n in names_of(g.where))]
        owner = grouping.dataset or analysis.dataset
        found += [f"{owner}.{n}" for n in dict.fromkeys(names) if n]
    population = material.definitions.populations[analysis.population].where
    return list(dict.fromkeys([*found, *(f"ADSL.{n}" for n in names_of(population))]))


def _compared(analysis: Analysis) -> list[str]:
    told = [value for name, value in analysis.options if name in ("across", "response", "strata", "base")]
    return [str(name) for value in told for name in (value if isinstance(value, tuple) else (value,))]


def _censoring(analysis: Analysis) -> list[str]:
    return [str(analysis.option("censor", "CNSR"))] if "censor" in METHODS[analysis.method].options else []


def _model_names(analysis: Analysis) -> list[str]:
    model = str(analysis.option("model") or "")
    return re.findall(r"[A-Za-z_][A-Za-z0-9_]*", model)
