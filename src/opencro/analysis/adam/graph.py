"""What needs what: every variable of every analysis dataset with the variables that it is made of.

`DATASET.*` stands for which rows there are. The same graph gives the order of work, what a cell may depend on, and
everything that a tabulated variable can reach.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from opencro.analysis.adam.model import AnalysisDataset, Step, names_in
from opencro.kernel.finding import Finding, Place, Refused

ROWS = "*"
Name = tuple[str, str]
"""Dataset and variable; `*` is the rows."""


def order_datasets(datasets: Mapping[str, AnalysisDataset]) -> tuple[AnalysisDataset, ...]:
    """Datasets in an order in which each finds what it needs; Refused (ADM-013) where two need each other."""
    needs = {name: sorted(d.needs() & set(datasets)) for name, d in sorted(datasets.items())}
    try:
        return tuple(datasets[name] for name in TopologicalSorter(needs).static_order())
    except CycleError as error:
        circle = " needs ".join(reversed(error.args[1]))
        place = Place(datasets[error.args[1][0]].file)
        remedy = "Move what both need into a dataset of its own."
        got = f"datasets need each other: {circle}"
        raise Refused([Finding("ADM-013", place, got, "no circle", remedy)]) from None


def needs_of(datasets: Mapping[str, AnalysisDataset]) -> dict[Name, set[Name]]:
    """Each variable with what it is made of; variables of tabulated datasets are named and have no entry."""
    graph: dict[Name, set[Name]] = {}
    for dataset in datasets.values():
        graph[dataset.name, ROWS] = _rows_need(dataset)
        made = {name for step in dataset.steps for name in step.makes()}
        for variable in {*dataset.variables, *made, *_read(dataset)}:
            graph[dataset.name, variable] = _variable_needs(dataset, variable)
    return graph


def closure(graph: Mapping[Name, set[Name]], start: Iterable[Name]) -> set[Name]:
    """Some names with all that they need."""
    found: set[Name] = set()
    waiting = list(start)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(graph.get(name, ()))
    return found


def find_analysis_dependents(datasets: Mapping[str, AnalysisDataset], tabulated: Iterable[str]) -> tuple[str, ...]:
    """Every analysis variable that tabulated variables (`AE.AESEV`, `AE.*`) can reach, as `ADAE.AESEV`.

    `ADAE.*` where they decide which rows there are, or where the value of every variable may change.
    """
    users: dict[Name, set[Name]] = {}
    for name, needs in needs_of(datasets).items():
        for need in needs:
            users.setdefault(need, set()).add(name)
    start: list[Name] = []
    for text in tabulated:
        domain, _, variable = text.partition(".")
        start += [n for n in users if n[0] == domain] if variable == ROWS else [(domain, variable)]
    seen = closure(users, start)
    public = {(d.name, v) for d in datasets.values() for v in d.variables}
    whole = {d for d, v in seen if v == ROWS and d in datasets}
    single = {f"{d}.{v}" for d, v in seen & public if d not in whole}
    return tuple(sorted(single | {f"{d}.{ROWS}" for d in whole}))


def needs_across(datasets: Mapping[str, AnalysisDataset], names: Iterable[Name]) -> set[Name]:
    """What is needed of every participant for some names; nothing where only the own rows count."""
    wanted = set(names)
    made = {
        (d.name, variable) for d in datasets.values() for step in d.steps if step.derivation.across
        for variable in step.makes()
    }  # fmt: skip
    return closure(needs_of(datasets), made & wanted)


def _read(dataset: AnalysisDataset) -> set[str]:
    return {name for step in dataset.steps for name in (*step.reads(), *_by(step))}


def _by(step: Step) -> set[str]:
    """Columns of the data by which rows belong together or are matched."""
    return {name for value in step.of_role("columns") for name in value}


def _rows_need(dataset: AnalysisDataset) -> set[Name]:
    needs: set[Name] = set()
    for source in dataset.rows:
        needs |= {(source.dataset, ROWS), *((source.dataset, n) for n in names_in(source.where))}
    for step in dataset.steps:
        if step.derivation.rows != "keep":
            decide = [n for value in step.of_role("condition") for n in names_in(value)]
            needs |= {(dataset.name, n) for n in (*decide, *_by(step))}
    return needs


def _variable_needs(dataset: AnalysisDataset, variable: str) -> set[Name]:
    needs: set[Name] = {(dataset.name, ROWS)}
    making = [step for step in dataset.steps if variable in step.makes()]
    for step in making:
        needs |= {(dataset.name, n) for n in step.reads() | _by(step) if n != variable}
        if step.source:
            needs |= {(step.source, n) for n in _taken(step, variable)}
    if not making or making[0].when:
        needs |= {(source.dataset, variable) for source in dataset.rows}
    return needs


def _taken(step: Step, variable: str) -> set[str]:
    """Columns of the source on which one of the variables that a step makes depends."""
    taken = {column for value in step.of_role("taken") for column in value.values()}
    own = {value[variable] for value in step.of_role("taken") if variable in value}
    return (set(step.reads_source()) - taken) | own | {ROWS}
