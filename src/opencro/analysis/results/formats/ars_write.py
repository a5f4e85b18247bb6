"""Our analyses and their results as a reporting event of the Analysis Results Standard 1.0.

A contrast of two groups stands in the results as a group of the compared grouping with the words of the contrast: the
standard has no place for pairs. A condition that it cannot say stands in the data subset's label alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from opencro.analysis.results.compute import Cell, Results
from opencro.analysis.results.formats.ars_clauses import write_clause
from opencro.analysis.results.methods import METHODS
from opencro.analysis.results.model import SUBJECT_LEVEL, Analysis, Definitions, Grouping


def make_reporting_event(
    identity: str, name: str, definitions: Definitions, results: Results, outputs: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The document of analyses with their results; `outputs` are ids and titles of displays."""
    analyses = list(dict.fromkeys(cell.analysis for cell in results.values))
    ids = {analysis: f"An{i:04d}" for i, analysis in enumerate(analyses, start=1)}
    subsets = {key: f"Dss{i:03d}" for i, key in enumerate(_subsets(analyses), start=1)}
    listed = [
        {"name": f"{a.method} of {a.of or 'participants'}", "level": 1, "order": i, "analysisId": ids[a]}
        for i, a in enumerate(analyses, start=1)
    ]
    return {
        "id": identity,
        "name": name,
        "version": 1,
        "mainListOfContents": {"name": "Analyses", "label": "LOPA", "contentsList": {"listItems": listed}},
        "analysisSets": [_set(i, p.label, p.where) for i, p in definitions.populations.items()],
        "dataSubsets": [_subset(name, where, dataset) for (dataset, where), name in subsets.items()],
        "analysisGroupings": [_grouping(i, g) for i, g in definitions.groupings.items()]
        + [_variable(name, analyses) for name in _variables(analyses, definitions)],
        "methods": [_method(name) for name in dict.fromkeys(a.method for a in analyses)],
        "analyses": [_analysis(a, ids[a], subsets, definitions, results) for a in analyses],
        "outputs": [_output(i, title) for i, title in (outputs or {}).items()],
    }


def write_ars(event: Mapping[str, Any]) -> str:
    """The document as text; the same event gives the same bytes."""
    return json.dumps(event, indent=1, ensure_ascii=False) + "\n"


def _output(identity: str, title: str) -> dict[str, Any]:
    text = {"order": 1, "subSection": {"id": f"{identity}.title", "text": title}}
    sections = [{"sectionType": "Title", "orderedSubSections": [text]}]
    display = {"id": f"{identity}.display", "name": title, "version": 1, "displaySections": sections}
    return {"id": identity, "name": title, "version": 1, "displays": [{"order": 1, "display": display}]}


def _subsets(analyses: Iterable[Analysis]) -> list[tuple[str, str]]:
    return list(dict.fromkeys((a.dataset, a.where) for a in analyses if a.where))


def _set(identity: str, label: str, where: str) -> dict[str, Any]:
    clause = write_clause(where, SUBJECT_LEVEL) if where else None
    return {"id": identity, "name": label, **(clause or {"level": 1, "order": 1})}


def _subset(identity: str, where: str, dataset: str) -> dict[str, Any]:
    return {"id": identity, "name": where, **(write_clause(where, dataset) or {"level": 1, "order": 1})}


def _grouping(identity: str, grouping: Grouping) -> dict[str, Any]:
    dataset = grouping.dataset or SUBJECT_LEVEL
    groups = []
    for order, group in enumerate(grouping.groups, start=1):
        text = group.where or f'{grouping.variable} == "{group.value}"'
        clause = write_clause(text, dataset) or {"level": 1}
        groups.append({"id": f"{identity}.{group.id}", "name": group.title, **clause, "order": order})
    made: dict[str, Any] = {"id": identity, "name": grouping.label or identity, "dataDriven": not groups}
    if grouping.variable:
        made |= {"groupingDataset": dataset, "groupingVariable": grouping.variable}
    return made | ({"groups": groups} if groups else {})


def _variables(analyses: Iterable[Analysis], definitions: Definitions) -> list[str]:
    used = [name for a in analyses for name in a.by if name not in definitions.groupings]
    return list(dict.fromkeys(used))


def _variable(name: str, analyses: Iterable[Analysis]) -> dict[str, Any]:
    dataset = next(a.dataset for a in analyses if name in a.by)
    return {"id": name, "name": name, "dataDriven": True, "groupingDataset": dataset, "groupingVariable": name}


def _method(name: str) -> dict[str, Any]:
    method = METHODS[name]
    operations = [
        {"id": f"{name}.{operation}", "name": operation, "order": i}
        for i, operation in enumerate(method.operations, start=1)
    ]
    return {"id": name, "name": name, "description": method.words, "operations": operations}


def _analysis(
    analysis: Analysis,
    identity: str,
    subsets: Mapping[tuple[str, str], str],
    definitions: Definitions,
    results: Results,
) -> dict[str, Any]:
    across = str(analysis.option("across", ""))
    groupings = [*analysis.by, *([across] if across else [])]
    made: dict[str, Any] = {
        "id": identity,
        "name": f"{METHODS[analysis.method].words}: {analysis.of or 'participants'} ({analysis.dataset})",
        "version": 1,
        "reason": {"controlledTerm": "SPECIFIED IN SAP"},
        "purpose": {"controlledTerm": "PRIMARY OUTCOME MEASURE"},
        "dataset": analysis.dataset,
        "variable": analysis.of or "USUBJID",
        "analysisSetId": analysis.population,
        "methodId": analysis.method,
        "orderedGroupings": [
            {"order": i, "groupingId": g, "resultsByGroup": g != across} for i, g in enumerate(groupings, start=1)
        ],
    }
    if analysis.where:
        made["dataSubsetId"] = subsets[(analysis.dataset, analysis.where)]
    if analysis.options or analysis.take:
        told = dict(analysis.options) | ({"take": analysis.take, "order": analysis.order} if analysis.take else {})
        made["description"] = json.dumps(told, ensure_ascii=False)
    made["results"] = [
        _result(cell, operation, value, definitions)
        for cell, operations in results.values.items()
        if cell.analysis == analysis
        for operation, value in operations.items()
    ]
    return made


def _result(cell: Cell, operation: str, value: float | str | None, definitions: Definitions) -> dict[str, Any]:
    groups = []
    for name, group in zip(cell.analysis.by, cell.groups, strict=True):
        declared = name in definitions.groupings and bool(definitions.groupings[name].groups)
        groups.append({"groupingId": name, **({"groupId": f"{name}.{group}"} if declared else {"groupValue": group})})
    if cell.contrast:
        groups.append({"groupingId": str(cell.analysis.option("across")), "groupValue": cell.contrast})
    raw = "" if value is None else value if isinstance(value, str) else repr(float(value))
    return {"operationId": f"{cell.analysis.method}.{operation}", "resultGroups": groups, "rawValue": raw}
