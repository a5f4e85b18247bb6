"""From a declaration and datasets to a filled table: plan, compute each analysis once, print."""

from __future__ import annotations

from collections.abc import Mapping

from opencro.analysis.displays.columns import expand_columns, stack_headings
from opencro.analysis.displays.list_rows import fill_listing
from opencro.analysis.displays.listing_model import Listing
from opencro.analysis.displays.model import CellSpec, Display
from opencro.analysis.displays.plan import PlannedCell, PlannedRow, Planner
from opencro.analysis.displays.table import Table, TableCell, TableRow
from opencro.analysis.displays.template import Value, fill_template
from opencro.analysis.results import METHODS, Analysis, Definitions, Material, Results, compute_results
from opencro.kernel.expression import Expression, evaluate, parse_expression
from opencro.kernel.finding import Findings, Refused


def plan_analyses(display: Display | Listing, material: Material) -> tuple[Analysis, ...]:
    """The analyses that a display shows, each once; a listing shows none."""
    if isinstance(display, Listing):
        return ()
    rows = Planner(display, expand_columns(display, material), material).rows()
    return tuple(dict.fromkeys(cell.cell.analysis for row in rows for cell in row.cells.values()))


def fill_display(display: Display | Listing, material: Material, results: Results | None = None) -> Table:
    """The table of a display; results that are not given are computed."""
    if isinstance(display, Listing):
        return fill_listing(display, material)
    leaves = expand_columns(display, material)
    planned = Planner(display, leaves, material).rows()
    if results is None:
        analyses = (cell.cell.analysis for row in planned for cell in row.cells.values())
        results = compute_results(material, analyses)
    rows = tuple(_fill(row, len(leaves), results, material.definitions) for row in planned)
    stub_width = display.stub_width or tuple(2.0 if i == 0 else 1.0 for i in range(len(display.stub)))
    return Table(
        display.id,
        display.number,
        display.title,
        display.subtitle,
        material.definitions.populations[display.population].label,
        stack_headings(display.stub, leaves),
        rows,
        display.footnotes,
        len(display.stub),
        (*stub_width, *(leaf.width for leaf in leaves)),
        (*("left",) * len(display.stub), *(leaf.align for leaf in leaves)),
        display.lines_per_page,
    )


def _fill(row: PlannedRow, columns: int, results: Results, definitions: Definitions) -> TableRow:
    cells = tuple(_cell(row.cells[i], results, definitions) if i in row.cells else TableCell() for i in range(columns))
    return TableRow(tuple(row.labels), cells, row.level, row.blank, row.keep)


def _cell(planned: PlannedCell, results: Results, definitions: Definitions) -> TableCell:
    spec, cell = planned.spec, planned.cell
    nothing = METHODS[cell.analysis.method].nothing
    values = results.of(cell) or nothing
    if spec.none is not None and values.get("n", 1) == 0:
        return TableCell(spec.none, cell)
    text = fill_template(spec.show, values, definitions)
    if text is None:
        return TableCell(spec.none or "", cell)
    return TableCell(text + _marks(spec, values), cell)


def _marks(spec: CellSpec, values: Mapping[str, Value]) -> str:
    marks = ""
    for mark in spec.marks:
        parsed = parse_expression(mark.when)
        if not isinstance(parsed, Expression):
            raise Refused(Findings(tuple(parsed)))
        known = {name: values.get(name) for name in parsed.names()}
        if evaluate(parsed, known, dict.fromkeys(known, "number")):
            marks += mark.text
    return marks
