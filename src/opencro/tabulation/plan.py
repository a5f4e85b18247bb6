"""From declarations to an order of work: every variable of every domain is a node, what it needs are its edges.

Cycles between domains are allowed (DM takes its reference start from EX, EX its study days from DM) as long as no
variable needs itself. Findings TAB-010..019 belong to the phase "plan".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from opencro.kernel.finding import Finding, Findings, Place, suggest
from opencro.study import Study
from opencro.tabulation.algorithms.derive import names_in
from opencro.tabulation.algorithms.timing import SequenceNumber
from opencro.tabulation.model import Domain, Source, Variable

ROWS = "*"
KEPT = "!"


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """A step: the rows of a domain (`*`), its rows filtered (`!`), or one of its variables."""

    domain: str
    name: str

    def __str__(self) -> str:
        return f"{self.domain}.{self.name}"


def plan_tabulation(study: Study, domains: Mapping[str, Domain]) -> tuple[tuple[Node, ...], Findings]:
    """The order in which rows and variables are made, and what makes that impossible."""
    findings: list[Finding] = []
    graph = plan_edges(study, domains, findings)
    if findings:
        return (), Findings(tuple(findings))
    try:
        return tuple(TopologicalSorter({k: sorted(v) for k, v in sorted(graph.items())}).static_order()), Findings()
    except CycleError as error:
        circle = " needs ".join(str(node) for node in reversed(error.args[1]))
        place = Place(domains[error.args[1][0].domain].file)
        remedy = "Break the circle: let one of them come from an item."
        return (), Findings((Finding("TAB-013", place, f"variables need each other: {circle}", "no circle", remedy),))


def plan_edges(
    study: Study, domains: Mapping[str, Domain], findings: list[Finding] | None = None
) -> dict[Node, set[Node]]:
    """What each node needs; names that do not exist go to `findings`."""
    noted: list[Finding] = [] if findings is None else findings
    graph: dict[Node, set[Node]] = {}
    for domain in domains.values():
        graph[Node(domain.name, ROWS)] = _row_needs(study, domain, domains, noted)
        kept = {Node(domain.name, ROWS)} | {Node(domain.name, n) for n in _own(domain, names_in(domain.keep))}
        graph[Node(domain.name, KEPT)] = kept
        items = _items_of(study, domain)
        for variable in domain.all_variables().values():
            graph[Node(domain.name, variable.name)] = _variable_needs(domain, variable, domains, items, noted)
    return graph


def ancestors(edges: Mapping[Node, set[Node]], nodes: set[Node]) -> set[Node]:
    """Some nodes with all that they need."""
    found: set[Node] = set()
    waiting = [n for n in nodes if n in edges]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting.extend(edges[node])
    return found


def _own(domain: Domain, names: frozenset[str]) -> set[str]:
    return {n for n in names if not n.startswith("raw.") and n in domain.all_variables()}


def _row_needs(study: Study, domain: Domain, domains: Mapping[str, Domain], findings: list[Finding]) -> set[Node]:
    needs: set[Node] = set()
    for i, source in enumerate(domain.sources):
        place = Place(domain.file, None, f"sources/{i}")
        if source.form is not None and source.form not in study.forms:
            remedy = suggest(source.form, study.forms) or "Declare the form under forms/."
            got = f'form "{source.form}" does not exist'
            findings.append(Finding("TAB-010", place, got, "a form of the study", remedy))
        for name in source.datasets:
            if name not in domains:
                remedy = suggest(name, domains) or "Declare it under tabulation/."
                got = f'domain "{name}" does not exist'
                findings.append(Finding("TAB-011", place, got, "a declared domain", remedy))
                continue
            wanted = {*source.by, *names_in(source.where)} & set(domains[name].all_variables())
            needs |= {Node(name, KEPT)} | {Node(name, v) for v in wanted}
    return needs


def _variable_needs(
    domain: Domain, variable: Variable, domains: Mapping[str, Domain], items: frozenset[str], findings: list[Finding]
) -> set[Node]:
    needs = {Node(domain.name, ROWS)}
    if isinstance(variable.algorithm, SequenceNumber):
        needs.add(Node(domain.name, KEPT))
    own = domain.all_variables()
    for name in variable.algorithm.needs():
        place = Place(domain.file, variable.line, variable.name)
        prefix, _, rest = name.partition(".")
        if prefix == "raw":
            if rest not in items:
                remedy = suggest(rest, items) or "Name an item of the form."
                got = f'item "{rest}" is in no source'
                findings.append(Finding("TAB-012", place, got, "an item of the sources", remedy))
        elif not rest and name in own:
            needs.add(Node(domain.name, name))
        elif rest and prefix in domains and rest in domains[prefix].all_variables():
            # Within its own domain a lookup sees all rows, so that it may serve to decide which are kept.
            needs |= {Node(prefix, rest)} if prefix == domain.name else {Node(prefix, rest), Node(prefix, KEPT)}
        else:
            known = [*own, *(f"{d}.{v}" for d in domains for v in domains[d].all_variables())]
            remedy = suggest(name, known) or "Declare the variable."
            findings.append(Finding("TAB-014", place, f'"{name}" is not declared', "a declared variable", remedy))
    return needs


def _items_of(study: Study, domain: Domain) -> frozenset[str]:
    return frozenset().union(*(source_items(study, s) for s in domain.sources))


def source_items(study: Study, source: Source) -> frozenset[str]:
    """Names under which a source's rows carry items."""
    names = {*source.set, *source.by}
    if source.unpivot is not None:
        return frozenset({*names, "test", *source.unpivot.items})
    if source.form is not None and source.form in study.forms:
        groups = [g for g in study.forms[source.form].groups if source.group in (None, g.id)]
        names |= {item.id for group in groups for item in group.items}
    return frozenset(names)
