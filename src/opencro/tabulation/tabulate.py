"""Running the plan: records in, one work table per domain out. Nothing is read or written here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from opencro.kernel.expression import to_polars
from opencro.kernel.finding import Finding, Findings, Place, Refused, Severity
from opencro.study import Study
from opencro.tabulation.algorithms.algorithm import Bench
from opencro.tabulation.algorithms.derive import column_of, parsed
from opencro.tabulation.model import Domain, Variable
from opencro.tabulation.plan import KEPT, ROWS, Node, ancestors, plan_edges, plan_tabulation
from opencro.tabulation.rows import Records, gather_rows
from opencro.tabulation.table import Table
from opencro.terms import Catalogue


@dataclass(frozen=True)
class Tabulation:
    """What a run made: a work table per domain, and what was noticed about the data."""

    domains: Mapping[str, Domain]
    tables: Mapping[str, Table]
    findings: Findings


def tabulate(
    study: Study,
    domains: Mapping[str, Domain],
    records: Records,
    catalogue: Catalogue,
    wanted: Iterable[tuple[str, str]] | None = None,
) -> Tabulation:
    """Make every declared domain from the records; Refused when the declarations cannot be planned.

    `records(form, group)` gives a frame with `record, fact, site, participant, event, event_repeat` and one text column
    per item.
    `wanted` names (domain, variable) pairs: only they and what they need are made.
    """
    order, findings = plan_tabulation(study, domains)
    if not findings.ok:
        raise Refused(findings)
    if wanted is not None:
        needed = ancestors(plan_edges(study, domains), {Node(d, n) for d, name in wanted for n in (name, KEPT)})
        order = tuple(node for node in order if node in needed)
    tables: dict[str, Table] = {}
    bench = Bench(study, tables, records)
    types = {(d.name, v.name): v.type for d in catalogue.domains for v in d.variables}
    for node in order:
        domain = domains[node.domain]
        if node.name == ROWS:
            tables[domain.name] = Table(domain, gather_rows(domain, records, tables))
        elif node.name == KEPT:
            _keep(tables[domain.name])
        else:
            variable = domain.all_variables()[node.name]
            _make(tables[domain.name], variable, variable.type or types.get((domain.name, variable.name), ""), bench)
    return Tabulation(domains, tables, Findings(tuple(bench.findings)))


def _keep(table: Table) -> None:
    if table.domain.keep:
        table.frame = table.frame.filter(to_polars(parsed(table.domain.keep), dict(table.frame.schema)))


def _make(table: Table, variable: Variable, kind: str, bench: Bench) -> None:
    column = column_of(table, variable.algorithm.compute(table, bench))
    if column.dtype == pl.Null:
        column = column.cast(pl.String)
    if kind == "Num" and column.dtype == pl.String:
        column = _numbers(column, table, variable, bench)
    elif kind == "Num":
        column = column.cast(pl.Float64)
    elif kind == "Char" and column.dtype != pl.String:
        column = number_text(column)
    if column.dtype == pl.String:
        column = column.set(column == "", None)
    table.frame = table.frame.with_columns(column.alias(variable.name))


def number_text(values: pl.Series) -> pl.Series:
    """Numbers as text the way a person writes them: 5, not 5.0."""
    whole = values.cast(pl.Float64)
    integer = whole.cast(pl.Int64, strict=False).cast(pl.String)
    is_whole = (whole == whole.round(0)).fill_null(value=False)
    return (
        pl.DataFrame({"w": is_whole, "i": integer, "f": whole.cast(pl.String)})
        .select(pl.when("w").then("i").otherwise("f").alias(values.name))
        .to_series()
    )


def _numbers(column: pl.Series, table: Table, variable: Variable, bench: Bench) -> pl.Series:
    numbers = column.str.strip_chars().cast(pl.Float64, strict=False)
    lost = column.filter(numbers.is_null() & column.is_not_null() & (column != "")).unique()
    for text in sorted(lost.to_list()):
        place = Place(table.domain.file, variable.line, variable.name)
        got = f'"{text}" is not a number'
        remedy = "Correct the data by a query, or keep the text in a Char variable."
        bench.findings.append(Finding("TAB-103", place, got, "a number", remedy, Severity.WARNING))
    return numbers
