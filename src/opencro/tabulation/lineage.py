"""Where a value comes from, back to the items of the forms, and what depends on an item.

Nothing is recorded beside the data: the declaration that made a value is asked again, for one participant. Variables
of other rows are followed by the rule that picked them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import singledispatch

import polars as pl

from opencro.kernel.expression import to_polars
from opencro.study import Study
from opencro.tabulation.algorithms.algorithm import Algorithm, Bench
from opencro.tabulation.algorithms.derive import Case, FirstPresent, Greatest, parsed
from opencro.tabulation.algorithms.lookup import FormItem, Lookup
from opencro.tabulation.model import Domain, Link, Source
from opencro.tabulation.plan import ROWS, Node, plan_edges
from opencro.tabulation.table import Table
from opencro.tabulation.tabulate import Tabulation

Cell = str | float | int | None
_IN_BRACES = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class ItemSource:
    """The end of a trace: an item of a stored record; `record` is the number of its first fact."""

    form: str
    item: str
    record: int
    value: Cell


@dataclass(frozen=True, slots=True)
class Trace:
    """A value with the derivation that made it and the values that went into it."""

    domain: str
    variable: str
    row: int
    value: Cell
    words: str
    code: str
    declared: str
    sources: tuple[Trace | ItemSource, ...]

    def items(self) -> tuple[ItemSource, ...]:
        """Every item below, each once."""
        found: dict[tuple[int, str], ItemSource] = {}
        for source in self.sources:
            for item in (source,) if isinstance(source, ItemSource) else source.items():
                found.setdefault((item.record, item.item), item)
        return tuple(found.values())


@dataclass(frozen=True, slots=True)
class _Reach:
    """A variable in a row of a table that a value was taken from."""

    domain: str
    variable: str
    row: int


def trace_cell(study: Study, made: Tabulation, bench: Bench, domain: str, variable: str, row: int) -> Trace:
    """The trace of one cell of a work table; `row` is the row of the table, from 0."""
    return _trace(study, made, bench, _Reach(domain, variable, row), ())


def _trace(study: Study, made: Tabulation, bench: Bench, at: _Reach, path: tuple[_Reach, ...]) -> Trace:
    table = made.tables[at.domain]
    declared = table.domain.all_variables()[at.variable]
    algorithm = declared.algorithm
    sources: list[Trace | ItemSource] = []
    for reach in reached(algorithm, table, at.row, bench):
        if isinstance(reach, ItemSource):
            sources.append(reach)
        elif reach not in path and reach.domain in made.tables:
            sources.append(_trace(study, made, bench, reach, (*path, at)))
    return Trace(
        at.domain,
        at.variable,
        at.row,
        table.frame.get_column(at.variable)[at.row],
        algorithm.words(),
        f"{type(algorithm).__module__}.{type(algorithm).__qualname__}",
        f"{table.domain.file}:{declared.line}",
        tuple(sources),
    )


@singledispatch
def reached(algorithm: Algorithm, table: Table, row: int, bench: Bench) -> list[_Reach | ItemSource]:
    """What an algorithm took its value from in this row."""
    return _named(algorithm.needs(), table, row, bench)


@reached.register
def _(algorithm: Case, table: Table, row: int, bench: Bench) -> list[_Reach | ItemSource]:
    one = table.frame.slice(row, 1)
    found: list[_Reach | ItemSource] = []
    for branch in algorithm.case:
        if branch.when:
            asked = _named(frozenset(parsed(branch.when).names()), table, row, bench)
            found += [source for source in asked if source not in found]
            taken = one.select(to_polars(parsed(branch.when), dict(one.schema)).alias("_w")).item()
        if not branch.when or taken:
            return found + [s for s in reached(branch.then, table, row, bench) if s not in found]
    return found


@reached.register
def _(algorithm: FirstPresent, table: Table, row: int, bench: Bench) -> list[_Reach | ItemSource]:
    for part in algorithm.first_of:
        found = reached(part, table, row, bench)
        if any(_value(bench, source) is not None for source in found):
            return found
    return []


@reached.register
def _(algorithm: Greatest, table: Table, row: int, bench: Bench) -> list[_Reach | ItemSource]:
    return [source for part in algorithm.greatest_of for source in reached(part, table, row, bench)]


@reached.register
def _(algorithm: Lookup, table: Table, row: int, bench: Bench) -> list[_Reach | ItemSource]:
    pairs = algorithm.pairs
    other = bench.tables[algorithm.other].frame.with_row_index("_at")
    if algorithm.where:
        other = other.filter(to_polars(parsed(algorithm.where), dict(other.schema)))
    for mine, theirs in pairs.items():
        other = other.filter(pl.col(theirs) == pl.lit(table.frame.get_column(mine)[row]))
    if algorithm.pick in ("first", "last"):
        falling = [n.startswith("-") for n in algorithm.order]
        other = other.sort([n.lstrip("-") for n in algorithm.order], descending=falling, maintain_order=True)
    if algorithm.pick in ("earliest", "latest"):
        value = pl.col(algorithm.taken)
        other = other.filter(value == (value.min() if algorithm.pick == "earliest" else value.max()))
    rows = other.get_column("_at").to_list()
    if algorithm.pick not in ("total", "count"):
        rows = rows[-1:] if algorithm.pick == "last" else rows[:1]
    found: list[_Reach | ItemSource] = [_Reach(algorithm.other, algorithm.taken, at) for at in rows]
    return found


@reached.register
def _(algorithm: FormItem, table: Table, row: int, bench: Bench) -> list[_Reach | ItemSource]:
    rows = bench.records(algorithm.form, None)
    if algorithm.where:
        rows = rows.filter(to_polars(parsed(algorithm.where), dict(rows.schema)))
    for key in ["participant", "event"] if algorithm.same_visit else ["participant"]:
        rows = rows.filter(pl.col(key) == pl.lit(table.frame.get_column(f"_{key}")[row]))
    rows = rows.drop_nulls(algorithm.item).head(1)
    return [
        ItemSource(algorithm.form, algorithm.item, record, value)
        for record, value in rows.select("record", algorithm.item).iter_rows()
    ]


def _named(names: Iterable[str], table: Table, row: int, bench: Bench) -> list[_Reach | ItemSource]:
    found: list[_Reach | ItemSource] = []
    for name in sorted(names):
        prefix, _, rest = name.partition(".")
        if prefix == "raw":
            item = item_behind(table, row, rest)
            if item is not None:
                found.append(item)
        elif not rest and prefix in table.domain.all_variables():
            found.append(_Reach(table.domain.name, prefix, row))
        elif rest and prefix in bench.tables and rest in bench.tables[prefix].frame.columns:
            participant = table.frame.get_column("_participant")[row]
            rows = bench.tables[prefix].frame.with_row_index("_at").filter(pl.col("_participant") == participant)
            found += [_Reach(prefix, rest, at) for at in rows.get_column("_at").to_list()[:1]]
    return found


def item_behind(table: Table, row: int, name: str) -> ItemSource | None:
    """The stored item behind `raw.NAME` in a row; None when the declaration itself set the value."""
    source = table.domain.sources[table.frame.get_column("_source")[row]]
    if name in source.set or source.form is None or name == "test":
        return None
    record = table.frame.get_column("_record")[row]
    if record is None:
        return None
    item = name
    if source.unpivot is not None:
        test = table.frame.get_column("raw.test")[row]
        item = source.unpivot.items[name].replace("{test}", test)
    return ItemSource(source.form, item, int(record), table.frame.get_column(f"raw.{name}")[row])


def _value(bench: Bench, source: _Reach | ItemSource) -> Cell:
    if isinstance(source, ItemSource):
        return source.value
    cell: Cell = bench.tables[source.domain].frame.get_column(source.variable)[source.row]
    return cell


def find_dependents(
    study: Study, domains: Mapping[str, Domain], form: str, item: str, links: Sequence[Link] = ()
) -> tuple[str, ...]:
    """Every variable that a form's item can reach, as `AE.AESEV`; `AE.*` where it decides which rows there are."""
    edges = plan_edges(study, domains)
    users: dict[Node, set[Node]] = {}
    for node, needs in edges.items():
        for need in needs:
            users.setdefault(need, set()).add(node)
    reach: list[Node] = []
    for domain in domains.values():
        names = {name for source in domain.sources for name in names_of_item(source, form, item)}
        if any(_decides_rows(source, form, item) for source in domain.sources):
            reach.append(Node(domain.name, ROWS))
        for variable in domain.all_variables().values():
            raw = {n.removeprefix("raw.") for n in variable.algorithm.needs() if n.startswith("raw.")}
            if raw & names or asks_form(variable.algorithm, form, item):
                reach.append(Node(domain.name, variable.name))
    seen: set[Node] = set()
    while reach:
        node = reach.pop()
        if node not in seen:
            seen.add(node)
            reach.extend(users.get(node, ()))
    whole = {n.domain for n in seen if n.name == ROWS}
    single = {n for n in seen if n.domain not in whole and n.name in _public(domains[n.domain])}
    related = ["RELREC.*"] if any(_decides_relation(link, seen) for link in links) else []
    return tuple(sorted([*(f"{domain}.*" for domain in whole), *map(str, single), *related]))


def _decides_relation(link: Link, seen: set[Node]) -> bool:
    left = {Node(link.left, n) for n in (*link.by, *_IN_BRACES.findall(link.relation))}
    return bool(seen & (left | {Node(link.right, n) for n in link.by.values()}))


def _public(domain: Domain) -> set[str]:
    return {*domain.variables, *domain.supplemental}


def names_of_item(source: Source, form: str, item: str) -> set[str]:
    """What an item of a form is called in the rows that a source gives: its name, or its roles if unpivoted."""
    if source.form != form:
        return set()
    if source.unpivot is None:
        return {item}
    tests, roles = source.unpivot.tests, source.unpivot.items
    return {role for role, pattern in roles.items() if any(pattern.replace("{test}", t) == item for t in tests)}


def _decides_rows(source: Source, form: str, item: str) -> bool:
    if source.form != form:
        return False
    kept = set(parsed(source.where).names()) if source.where else set()
    if source.unpivot is not None and source.unpivot.keep:
        kept_roles = set(parsed(source.unpivot.keep).names())
        return item in kept or bool(kept_roles & names_of_item(source, form, item))
    return item in kept


def asks_form(algorithm: Algorithm, form: str, item: str) -> bool:
    """Whether an algorithm looks an item up in another form."""
    if isinstance(algorithm, FormItem):
        return algorithm.form == form and algorithm.item == item
    if isinstance(algorithm, Case):
        return any(asks_form(b.then, form, item) for b in algorithm.case)
    if isinstance(algorithm, FirstPresent):
        return any(asks_form(a, form, item) for a in algorithm.first_of)
    if isinstance(algorithm, Greatest):
        return any(asks_form(a, form, item) for a in algorithm.greatest_of)
    return False
