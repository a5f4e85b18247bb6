"""What is wrong with declarations before anything runs: names that do not exist, variables that nothing makes.

Findings ADM-010..019 belong to the phase "plan".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from opencro.analysis.adam.graph import order_datasets
from opencro.analysis.adam.model import AnalysisDataset, Step, names_in
from opencro.kernel.finding import Finding, Findings, Place, Refused, suggest

Columns = Mapping[str, Iterable[str]]
"""Dataset -> its variables, of tabulated datasets."""


def check_datasets(datasets: Mapping[str, AnalysisDataset], tabulated: Columns) -> Findings:
    """Unknown datasets and variables, variables without a label or that nothing makes, datasets in a circle."""
    try:
        ordered = order_datasets(datasets)
    except Refused as refusal:
        return refusal.findings
    known = {name: set(columns) for name, columns in tabulated.items()}
    findings: list[Finding] = []
    for dataset in ordered:
        findings += _check_sources(dataset, {*known, *datasets})
        made = yield_columns(dataset, known)
        findings += _check_steps(dataset, known)
        findings += _check_variables(dataset, made, datasets)
        known[dataset.name] = made
    return Findings(tuple(findings))


def yield_columns(dataset: AnalysisDataset, known: Mapping[str, set[str]]) -> set[str]:
    """Every column that a dataset's work frame has at the end, also those that are not variables."""
    rows = set[str]().union(*(known.get(source.dataset, set()) for source in dataset.rows))
    return rows | {name for step in dataset.steps for name in step.makes()}


def label_of(dataset: AnalysisDataset, variable: str, datasets: Mapping[str, AnalysisDataset]) -> str:
    """A variable's label: its own, or that of the same variable in a dataset that is needed (ADSL first)."""
    own = dataset.variables[variable].label
    if own:
        return own
    for name in sorted(dataset.needs() & set(datasets), key=lambda n: (n != "ADSL", n)):
        if variable in datasets[name].variables:
            inherited = label_of(datasets[name], variable, datasets)
            if inherited:
                return inherited
    return ""


def _check_sources(dataset: AnalysisDataset, names: set[str]) -> Iterator[Finding]:
    for i, row in enumerate(dataset.rows):
        if row.dataset not in names:
            yield _unknown("ADM-010", dataset, None, f"rows/{i}", f'dataset "{row.dataset}"', names, row.dataset)
    for step in dataset.steps:
        if step.source and step.source not in names:
            got = f'dataset "{step.source}"'
            yield _unknown("ADM-010", dataset, step.line, step.derivation.name, got, names, step.source)


def _check_steps(dataset: AnalysisDataset, known: Mapping[str, set[str]]) -> Iterator[Finding]:
    there = set[str]().union(*(known.get(source.dataset, set()) for source in dataset.rows))
    for i, row in enumerate(dataset.rows):
        for name in sorted(names_in(row.where) - known.get(row.dataset, set())):
            yield _unknown("ADM-011", dataset, None, f"rows/{i}", name, known.get(row.dataset, set()), name)
    for step in dataset.steps:
        at = step.derivation.name
        for name in sorted(step.reads() - there):
            yield _unknown("ADM-011", dataset, step.line, at, name, there, name)
        columns = there if step.source == dataset.name else known.get(step.source, set())
        if columns:
            for name in sorted(step.reads_source() - columns):
                yield _unknown("ADM-011", dataset, step.line, at, f"{step.source}.{name}", columns, name)
        there = there | set(step.makes()) | set(_values(step))


def _values(step: Step) -> set[str]:
    return {"DTYPE"} if step.derivation.name == "locf_records" else set()


def _check_variables(
    dataset: AnalysisDataset, made: set[str], datasets: Mapping[str, AnalysisDataset]
) -> Iterator[Finding]:
    for name in dataset.variables:
        line = dataset.lines.get(name)
        if name not in made:
            yield _unknown("ADM-012", dataset, line, name, f"{name} is made by no step", made, name)
        if not label_of(dataset, name, datasets):
            place = Place(dataset.file, line, name)
            remedy = "Give it a label of up to 40 characters."
            yield Finding("ADM-014", place, f"{name} has no label", "a label, or one to inherit", remedy)
    for name in (*dataset.keys, *(n.lstrip("-") for n in dataset.order)):
        if name not in made:
            yield _unknown("ADM-012", dataset, None, "keys", f"{name} is made by no step", made, name)


def _unknown(
    code: str, dataset: AnalysisDataset, line: int | None, at: str, got: str, known: Iterable[str], name: str
) -> Finding:
    remedy = suggest(name, known) or "Correct the name, or make it in a step before."
    expected = {"ADM-010": "a dataset", "ADM-011": "a column that is there", "ADM-012": "a column that is made"}[code]
    shown = got if code != "ADM-011" else f"{got} is not there"
    return Finding(code, Place(dataset.file, line, at), shown, expected, remedy)
