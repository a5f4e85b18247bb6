"""Published results of a reporting event, computed again from datasets."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from opencro.analysis.results.compute import Cell, compute_results
from opencro.analysis.results.formats.ars_read import PlannedAnalysis, PublishedResult, ReportingEvent
from opencro.analysis.results.methods import METHODS
from opencro.analysis.results.prepare import Material

SCHEMA = {
    "analysis": pl.String,
    "operation": pl.String,
    "groups": pl.String,
    "published": pl.String,
    "computed": pl.Float64,
    "equal": pl.Boolean,
    "why": pl.String,
}


def recompute(event: ReportingEvent, datasets: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """A row for each published result: what it is computed as, whether both agree to the published digits, or why not.

    `equal` is null for a result that could not be computed; `why` then says what is lacking.
    """
    material = Material(datasets, event.definitions)
    rows = [row for planned in event.analyses for row in _of_analysis(planned, material)]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _of_analysis(planned: PlannedAnalysis, material: Material) -> list[tuple[object, ...]]:
    why = planned.problem or _lacking(planned, material)
    values = {} if why else compute_results(material, [planned.analysis]).values
    rows: list[tuple[object, ...]] = []
    for result in planned.published:
        groups = {identity: value for identity, value in result.groups if value}
        cell = Cell(planned.analysis, tuple(groups.get(g, "") for g in planned.analysis.by))
        operation = planned.operations.get(result.operation, "")
        found = values.get(cell) or METHODS[planned.analysis.method].nothing if not why else {}
        number = found.get(operation)
        computed = float(number) if isinstance(number, int | float) else None
        equal = None if why else _equal(result, computed)
        told = "|".join(groups.values())
        rows.append((planned.id, operation, told, result.raw, computed, equal, why))
    return rows


def _lacking(planned: PlannedAnalysis, material: Material) -> str:
    analysis = planned.analysis
    wanted = {analysis.dataset} - set(material.datasets)
    if wanted:
        return f"no dataset {', '.join(sorted(wanted))}"
    used = [*analysis.by, *(str(v) for k, v in analysis.options if k in ("across", "response"))]
    for identity in used:
        grouping = material.definitions.groupings[identity]
        name = grouping.dataset or analysis.dataset
        if grouping.variable and grouping.variable not in material.datasets[name].columns:
            return f"{name} has no variable {grouping.variable}"
    return ""


def _equal(result: PublishedResult, computed: float | None) -> bool:
    """Whether a number is the published one to the last published decimal; a whole number must be met exactly."""
    try:
        published = float(result.raw)
    except ValueError:
        return computed is None
    if computed is None:
        return False
    decimals = len(result.raw.partition(".")[2])
    allowed = 0.5000001 * 10.0**-decimals if decimals else 0.0
    return abs(computed - published) <= allowed + 1e-9 * max(1.0, abs(published))
