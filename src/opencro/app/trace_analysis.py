"""A cell of an analysis dataset traced through tabulated cells to the items of the forms.

Only what the cell may depend on is made again, for one participant, or for all where the declaration looks at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import polars as pl

from opencro.analysis import (
    AnalysisDataset,
    Leaf,
    Step,
    Tracer,
    closure,
    needs_across,
    needs_of,
    plain,
    plain_leaf,
)
from opencro.app.wiring import records_of, terms_of
from opencro.kernel.finding import Finding, Place, Refused, suggest
from opencro.ledger import Snapshot
from opencro.study import Study
from opencro.tabulation import (
    Domain,
    Records,
    Tabulation,
    Trace,
    assemble_rows,
    design_rows,
    load_domains,
    load_links,
    order_rows,
    tabulate,
    trace_cell,
)
from opencro.tabulation.algorithms.algorithm import Bench
from opencro.tabulation.table import Table

Names = set[tuple[str, str]]
_AT = "_place"
_EPOCH = date(1960, 1, 1)


@dataclass(frozen=True)
class _Tabulated:
    """Tabulated frames in the order of their datasets, and where each row stands in its work table."""

    made: Tabulation
    records: Records
    frames: Mapping[str, pl.DataFrame]
    places: Mapping[str, Sequence[int]]


def trace_analysis(
    study: Study,
    snapshots: tuple[Snapshot, Snapshot],
    datasets: Mapping[str, AnalysisDataset],
    cell: tuple[str, str],
    where: Mapping[str, str],
) -> Trace:
    """The trace of `cell` (dataset, variable) in the one row whose variables have the values of `where`.

    `snapshots` are that of the participant and that of everybody. Raises Refused (TRC-003, TRC-004).
    """
    dataset, variable = cell
    _check_names(datasets[dataset], [variable, *where])
    pruned, needed = _prune(datasets, dataset, [variable, *where])
    wide = {d for d, _ in needs_across(pruned, needed)}
    parts = _parts(study, snapshots, {n for n in needed if n[0] not in datasets}, wide)
    tracer = Tracer(pruned, {n: part.frames[n] for n, part in parts.items()}, _leaf(study, parts))
    return tracer.trace(dataset, variable, _find_row(dataset, tracer.frame(dataset), where))


def _parts(
    study: Study, snapshots: tuple[Snapshot, Snapshot], tabulated: Names, wide: set[str]
) -> dict[str, _Tabulated]:
    """Each tabulated dataset that is needed: of everybody where it is one of `wide`, else of the participant alone."""
    parts: dict[str, _Tabulated] = {}
    for snapshot, whole in zip(snapshots, (False, True), strict=True):
        names = {name for name in tabulated if (name[0] in wide) is whole}
        if names:
            made = _tabulate(study, records_of(study, snapshot), names)
            parts |= {name: made for name in made.frames if (name in wide) is whole}
    return parts


def _prune(
    datasets: Mapping[str, AnalysisDataset], dataset: str, variables: Iterable[str]
) -> tuple[dict[str, AnalysisDataset], Names]:
    """The datasets that a cell may depend on, without steps that make nothing it needs, and all that it needs."""
    graph = needs_of(datasets)
    start = {(dataset, v) for v in variables}
    while True:
        needed = closure(graph, start)
        ordered = {(d, n.lstrip("-")) for d in {d for d, _ in needed} & set(datasets) for n in datasets[d].order}
        if ordered <= needed:
            break
        start |= ordered
    pruned = {}
    for name in {d for d, _ in needed} & set(datasets):
        columns = {v for d, v in needed if d == name}
        steps = [s for s in datasets[name].steps if s.derivation.rows != "keep" or columns & set(s.makes())]
        pruned[name] = replace(datasets[name], steps=tuple(_narrow(s, columns) for s in steps))
    return pruned, needed


def _narrow(step: Step, columns: set[str]) -> Step:
    """A step that takes over and keeps only columns that are needed."""
    arguments = dict(step.arguments)
    for parameter in step.derivation.parameters:
        value = arguments.get(parameter.name)
        if parameter.role == "taken" and value is not None:
            arguments[parameter.name] = {new: old for new, old in value.items() if new in columns}
        elif parameter.role == "kept" and value is not None:
            arguments[parameter.name] = tuple(name for name in value if name in columns)
    return replace(step, arguments=arguments)


def _tabulate(study: Study, records: Records, needed: Names) -> _Tabulated:
    domains = load_domains(study)
    catalogue = terms_of(study).catalogue("sdtmig", study.file.standards["sdtmig"])
    if any(dataset not in domains for dataset, _ in needed):
        made = tabulate(study, domains, records, catalogue)
        rows, design = assemble_rows(made, load_links(study), catalogue), design_rows(study, catalogue)
        frames = {**rows.frames, **design.frames}
    else:
        wanted = {(d, v) for d, v in needed if v in domains[d].all_variables()}
        wanted |= {(d, n.lstrip("-")) for d in {d for d, _ in needed} for n in domains[d].order}
        made = tabulate(study, domains, records, catalogue, wanted)
        frames = {}
    ordered = {name: _ordered(table) for name, table in made.tables.items()}
    frames = {**frames, **{n: _public(domains[n], frame) for n, frame in ordered.items()}}
    return _Tabulated(made, records, frames, {n: frame.get_column(_AT).to_list() for n, frame in ordered.items()})


def _ordered(table: Table) -> pl.DataFrame:
    frame = table.frame.with_row_index(_AT)
    missing = [n for n in table.domain.order if n.lstrip("-") not in frame.columns]
    return frame if missing else order_rows(Table(table.domain, frame))


def _public(domain: Domain, frame: pl.DataFrame) -> pl.DataFrame:
    return plain(frame.select(c for c in frame.columns if c in domain.variables))


def _leaf(study: Study, parts: Mapping[str, _Tabulated]) -> Leaf:
    """Ends a trace in a tabulated cell by handing over to the trace of tabulation; `parts` has that of each dataset."""
    benches = {id(part): Bench(study, part.made.tables, part.records) for part in parts.values()}

    def leaf(dataset: str, variable: str, row: int) -> Trace:
        part = parts[dataset]
        if dataset in part.places:
            return trace_cell(study, part.made, benches[id(part)], dataset, variable, part.places[dataset][row])
        return plain_leaf(part.frames)(dataset, variable, row)

    return leaf


def _check_names(dataset: AnalysisDataset, names: Iterable[str]) -> None:
    wrong = [
        _finding("TRC-003", f"{dataset.name} has no variable {name}", "a variable", suggest(name, dataset.variables))
        for name in names
        if name not in dataset.variables
    ]
    if wrong:
        raise Refused(wrong)


def _find_row(dataset: str, frame: pl.DataFrame, where: Mapping[str, str]) -> int:
    rows = frame.with_row_index(_AT)
    for name, text in where.items():
        kind = frame.schema[name]
        if kind in (pl.Date, pl.Datetime):
            rows = rows.filter(pl.col(name).dt.date() == _date(name, text[:10]))
        elif kind.is_numeric():
            rows = rows.filter(pl.col(name) == _number(name, text))
        else:
            rows = rows.filter(pl.col(name).str.strip_chars() == text.strip())
    if rows.height != 1:
        keys = ", ".join(f"{k}={v}" for k, v in where.items())
        remedy = "Add a variable that tells the rows apart, e.g. AVISIT." if rows.height else "Correct the values."
        raise Refused([_finding("TRC-004", f"{rows.height} rows of {dataset} have {keys}", "exactly one row", remedy)])
    return int(rows.item(0, _AT))


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Refused([_finding("TRC-007", f'{name}="{text}"', f"a number: {name} is numeric", "")]) from None


def _date(name: str, text: str) -> date:
    """A date as ISO 8601 text or as a SAS day."""
    try:
        return date.fromisoformat(text) if "-" in text else _EPOCH + timedelta(days=int(text))
    except ValueError:
        raise Refused([_finding("TRC-007", f'{name}="{text}"', f"a date: {name} is a date", "")]) from None


def _finding(code: str, got: str, expected: str, remedy: str) -> Finding:
    return Finding(code, Place(), got, expected, remedy or "Correct it.")
