"""Reading analysis/results.yaml and analysis/displays/*.yaml, and whether all that they name exists.

Findings: DSP-001 not as documented, DSP-002 unknown population, DSP-003 unknown grouping, group or format, DSP-004
unknown method, DSP-005 unknown column, DSP-006 a template that cannot be read, DSP-007 the id is not the file's
name, DSP-008 unknown set of cells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from opencro.analysis.displays.model import CellSpec, Column, Display, Row, Scope
from opencro.analysis.displays.template import FIELD
from opencro.analysis.results import METHODS, Definitions
from opencro.kernel.expression import Expression, parse_expression
from opencro.kernel.finding import Finding, Findings, Place, suggest
from opencro.kernel.located import Located
from opencro.study import Study, validation_findings

_T = TypeVar("_T", bound=BaseModel)
RESULTS = "analysis/results.yaml"
FOLDER = "analysis/displays/"
_KINDS = {
    "DSP-002": "a population of analysis/results.yaml",
    "DSP-003": "a grouping of analysis/results.yaml, one of its groups, or a format",
    "DSP-004": "a method",
    "DSP-005": "the id of a column",
    "DSP-008": "a name of `sets`",
}


def read_definitions(study: Study) -> tuple[Definitions | None, Findings]:
    """Populations, groupings and formats; None where the file is absent or wrong."""
    document = study.documents.get(RESULTS)
    return (None, Findings()) if document is None else _validated(Definitions, document)


def read_displays(study: Study, definitions: Definitions) -> tuple[dict[str, Display], Findings]:
    """The displays by id, in the order of their files, and everything that is wrong with them."""
    displays: dict[str, Display] = {}
    findings = Findings()
    for name in sorted(n for n in study.documents if n.startswith(FOLDER)):
        document = study.documents[name]
        display, wrong = _validated(Display, document)
        findings += wrong
        if display is None:
            continue
        findings += tuple(_Checker(display, definitions, document).findings())
        if display.id != PurePosixPath(name).stem:
            place = document.place("id")
            findings += (Finding("DSP-007", place, display.id, PurePosixPath(name).stem, "Call both the same."),)
        displays[display.id] = display
    return displays, findings


def _validated(model: type[_T], document: Located) -> tuple[_T | None, Findings]:
    try:
        return model.model_validate(document.value), Findings()
    except ValidationError as error:
        return None, validation_findings(error, document, "DSP-001", model=model)


class _Checker:
    """Walks a display with the place in the document at hand."""

    def __init__(self, display: Display, definitions: Definitions, document: Located) -> None:
        self._display = display
        self._definitions = definitions
        self._document = document
        self._slots = {"", *(slot for column in display.columns for slot in _slots(column))}

    def findings(self) -> Iterator[Finding]:
        """Everything that is named and does not exist, everything that cannot be read."""
        yield from self._scope(self._display)
        for i, column in enumerate(self._display.columns):
            yield from self._column(column, "columns", i)
        for name, cells in self._display.sets.items():
            yield from self._cells(cells, "sets", name)
        for i, row in enumerate(self._display.rows):
            yield from self._row(row, "rows", i)

    def _column(self, column: Column, *at: str | int) -> Iterator[Finding]:
        if column.population is not None:
            yield from self._known("DSP-002", [column.population], self._definitions.populations, *at, "population")
        if column.each is not None:
            yield from self._known("DSP-003", [column.each], self._definitions.groupings, *at, "each")
            grouping = self._definitions.groupings.get(column.each)
            known = [group.id for group in grouping.groups] if grouping is not None else []
            yield from self._known("DSP-003", column.groups, known, *at, "groups")
        for i, child in enumerate(column.columns):
            yield from self._column(child, *at, "columns", i)

    def _row(self, row: Row, *at: str | int) -> Iterator[Finding]:
        yield from self._scope(row, *at)
        if row.same is not None:
            yield from self._known("DSP-008", [row.same], self._display.sets, *at, "same")
        yield from self._cells(row.cells, *at, "cells")
        yield from self._cells(row.beside, *at, "beside")
        for name, spec in row.lines.items():
            yield from self._cell(spec, *at, "lines", name)
        for i, child in enumerate(row.rows):
            yield from self._row(child, *at, "rows", i)

    def _cells(self, cells: Mapping[str, CellSpec], *at: str | int) -> Iterator[Finding]:
        yield from self._known("DSP-005", cells, self._slots, *at)
        for name, spec in cells.items():
            yield from self._cell(spec, *at, name)

    def _cell(self, spec: CellSpec, *at: str | int) -> Iterator[Finding]:
        yield from self._scope(spec, *at)
        groupings = [*spec.at, *spec.only]
        yield from self._known("DSP-003", groupings, self._definitions.groupings, *at)
        left = FIELD.sub("", spec.show)
        if "{" in left or "}" in left:
            remedy = "Write `{operation}`, `{operation:width.decimals}` or `{operation:format}`."
            yield Finding("DSP-006", self._place(*at), spec.show, "operations in braces", remedy)
        for found in FIELD.finditer(spec.show):
            how = found[2] or ""
            if how and not how.replace(".", "").isdigit():
                yield from self._known("DSP-003", [how], self._definitions.formats, *at)

    def _scope(self, scope: Scope, *at: str | int) -> Iterator[Finding]:
        if scope.population is not None:
            yield from self._known("DSP-002", [scope.population], self._definitions.populations, *at, "population")
        if scope.method is not None:
            yield from self._known("DSP-004", [scope.method], METHODS, *at, "method")
        if scope.where:
            parsed = parse_expression(scope.where, self._place(*at, "where"))
            if not isinstance(parsed, Expression):
                yield from parsed

    def _known(self, code: str, names: object, known: object, *at: str | int) -> Iterator[Finding]:
        permitted = list(known)  # type: ignore[call-overload]
        for name in names:  # type: ignore[attr-defined]
            if name not in permitted:
                remedy = suggest(name, permitted) or "Correct the name."
                yield Finding(code, self._place(*at), f'"{name}"', _KINDS[code], remedy)

    def _place(self, *at: str | int) -> Place:
        return self._document.place(*at)


def _slots(column: Column) -> Iterator[str]:
    if column.id is not None:
        yield column.id
    for child in column.columns:
        yield from _slots(child)
