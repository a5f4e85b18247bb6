"""Reading analysis/figures/*.yaml, and whether all that they name exists.

Findings: FIG-001 not as documented, FIG-002 unknown population, FIG-003 unknown grouping or group, FIG-004 unknown
dataset, FIG-005 unknown variable, FIG-006 the id is not the file's name, FIG-007 a model that cannot be read. Datasets
and variables are held against the declarations of the study (analysis/ADxx.yaml), as far as there are any.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

import polars as pl
from pydantic import ValidationError

import opencro.stats as st
from opencro.analysis.adam import read_datasets
from opencro.analysis.figures.data import FOLDER
from opencro.analysis.figures.model import Figure
from opencro.analysis.figures.uses import SUBJECT_LEVEL, conditions_of, uses_of
from opencro.analysis.results import Definitions
from opencro.kernel.expression import Expression, parse_expression
from opencro.kernel.finding import Finding, Findings, Place, suggest
from opencro.kernel.located import Located
from opencro.study import Study, validation_findings

Known = Mapping[str, Iterable[str]]


def read_figures(study: Study, definitions: Definitions) -> tuple[dict[str, Figure], Findings]:
    """The figures by id, in the order of their files, and everything that is wrong with them."""
    figures: dict[str, Figure] = {}
    findings = Findings()
    known = {name: tuple(dataset.variables) for name, dataset in read_datasets(study)[0].items()}
    for name in sorted(n for n in study.documents if n.startswith(FOLDER)):
        document = study.documents[name]
        try:
            figure = Figure.model_validate(document.value)
        except ValidationError as error:
            findings += validation_findings(error, document, "FIG-001", model=Figure)
            continue
        findings += tuple(_check(figure, definitions, known, document))
        figures[figure.id] = figure
    return figures, findings


def check_data(figure: Figure, datasets: Mapping[str, pl.DataFrame]) -> Findings:
    """FIG-004 and FIG-005 of a figure against the datasets that are there."""
    known = {name: frame.columns for name, frame in datasets.items()}
    return Findings(tuple(_check_uses(figure, known, Located({}, f"{FOLDER}{figure.id}.yaml"))))


def _check(figure: Figure, definitions: Definitions, known: Known, document: Located) -> Iterator[Finding]:
    file = PurePosixPath(document.file).stem
    if figure.id != file:
        yield Finding("FIG-006", document.place("id"), figure.id, file, "Call both the same.")
    expected = "a population of analysis/results.yaml"
    yield from _known("FIG-002", [figure.population], definitions.populations, expected, document.place("population"))
    yield from _check_groups(figure, definitions, document)
    if known:
        yield from _check_uses(figure, known, document)
    for condition, at in conditions_of(figure):
        if condition:
            parsed = parse_expression(condition, document.place(*at))
            if not isinstance(parsed, Expression):
                yield from parsed
    if figure.forest is not None and figure.forest.model:
        try:
            st.formula.parse_formula(figure.forest.model)
        except st.StatsError as refused:
            place = document.place("forest", "model")
            yield Finding("FIG-007", place, f'"{figure.forest.model}"', "response ~ terms", str(refused))


def _check_groups(figure: Figure, definitions: Definitions, document: Located) -> Iterator[Finding]:
    expected = "a grouping of analysis/results.yaml"
    if figure.by is not None:
        yield from _known("FIG-003", [figure.by], definitions.groupings, expected, document.place("by"))
        grouping = definitions.groupings.get(figure.by)
        if grouping is not None and grouping.groups:
            groups = [group.id for group in grouping.groups]
            expected_group = f"a group of {figure.by}"
            yield from _known("FIG-003", figure.groups, groups, expected_group, document.place("groups"))
            yield from _known("FIG-003", figure.pair, groups, expected_group, document.place(figure.kind, "pair"))
    if figure.forest is not None:
        for i, line in enumerate(figure.forest.lines):
            each = [] if line.each is None else [line.each]
            place = document.place("forest", "lines", i, "each")
            yield from _known("FIG-003", each, definitions.groupings, expected, place)


def _check_uses(figure: Figure, known: Known, document: Located) -> Iterator[Finding]:
    for use in uses_of(figure):
        place = document.place(*use.at)
        if use.dataset not in known:
            if not use.variable:
                yield from _known("FIG-004", [use.dataset], known, "a dataset of the study", place)
            continue
        if use.variable:
            permitted = [*known[use.dataset], *(known.get(SUBJECT_LEVEL, ()) if use.condition else ())]
            yield from _known("FIG-005", [use.variable], permitted, f"a variable of {use.dataset}", place)


def _known(code: str, names: Iterable[str], known: Iterable[str], expected: str, place: Place) -> Iterator[Finding]:
    permitted = list(known)
    for name in names:
        if name not in permitted:
            yield Finding(code, place, f'"{name}"', expected, suggest(name, permitted) or "Correct the name.")
