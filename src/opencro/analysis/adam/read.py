"""Reading declarations: YAML documents under analysis/ become datasets, or findings ADM-001..009 with file and line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from opencro.analysis.adam.derive import DERIVATIONS, Derivation, Grade, Happening, Parameter, Window
from opencro.analysis.adam.model import (
    AnalysisDataset,
    DatasetHead,
    Step,
    Switch,
    SwitchFile,
    VariableSpec,
)
from opencro.kernel.expression import Expression, parse_expression
from opencro.kernel.finding import Finding, Findings, Refused, suggest
from opencro.kernel.located import Key, Located
from opencro.study import Study, validation_findings

SWITCHES = "analysis/switches.yaml"
TABLES = "analysis/tables.yaml"
_DATASET_FILE = re.compile(r"^analysis/AD[A-Z0-9]{0,6}\.yaml$")
_OPTIONS = ("when", "switch", "unless", "note")
_TYPES: dict[str, Any] = {
    "column": str,
    "source column": str,
    "columns": tuple[str, ...],
    "order": tuple[str, ...],
    "kept": tuple[str, ...],
    "new": str,
    "taken": dict[str, str],
    "given": dict[str, str | float],
    "cases": dict[str, str],
    "template": str,
    "source": str,
    "condition": str,
    "formula": str,
    "windows": tuple[Window, ...],
    "grades": tuple[Grade, ...],
    "events": tuple[Happening, ...],
    "censorings": tuple[Happening, ...],
}
_EXPRESSIONS = ("condition", "formula")
_HAPPENINGS = ("events", "censorings")


def read_datasets(
    study: Study, turned: Mapping[str, bool] | None = None
) -> tuple[dict[str, AnalysisDataset], Findings]:
    """Every declaration in the study's analysis/ folder, by dataset, and what is wrong with them.

    `turned` gives switches another state than the study does.
    """
    findings: list[Finding] = []
    tables = study.documents.get(TABLES)
    shared = dict(tables.value) if tables is not None and isinstance(tables.value, dict) else {}
    declared = _read_switches(study, findings)
    states = {s.id: s.on for s in declared} | dict(turned or {})
    switches = {s.id: s.model_copy(update={"on": states[s.id]}) for s in declared}
    made = {}
    for name, document in sorted(study.documents.items()):
        if _DATASET_FILE.match(name):
            dataset = _read_dataset(document, shared, switches, findings)
            if dataset is not None:
                made[dataset.name] = dataset
    return made, Findings(tuple(findings))


def load_datasets(study: Study) -> dict[str, AnalysisDataset]:
    """The declarations of a study; Refused when any cannot be read."""
    datasets, findings = read_datasets(study)
    if not findings.ok:
        raise Refused(findings)
    return datasets


def read_switches(study: Study) -> tuple[Switch, ...]:
    """The documented peculiarities of the originals that the study reproduces, or could."""
    return tuple(_read_switches(study, []))


def _read_switches(study: Study, findings: list[Finding]) -> tuple[Switch, ...]:
    document = study.documents.get(SWITCHES)
    if document is None:
        return ()
    try:
        return SwitchFile.model_validate(document.value).switches
    except ValidationError as error:
        findings.extend(validation_findings(error, document, "ADM-006"))
        return ()


def _read_dataset(
    document: Located, shared: Mapping[str, Any], switches: Mapping[str, Switch], findings: list[Finding]
) -> AnalysisDataset | None:
    value = document.value
    try:
        head = DatasetHead.model_validate({k: v for k, v in value.items() if k != "steps"})
    except ValidationError as error:
        findings.extend(validation_findings(error, document, "ADM-001"))
        return None
    for i, row in enumerate(head.rows):
        _check_text(document, ("rows", i, "where"), row.where, findings)
    tables = {**shared, **head.tables}
    steps = [
        _read_step(document, ("steps", i), body, tables, switches, findings)
        for i, body in _spliced(document, value.get("steps") or (), tables, findings)
    ]
    return AnalysisDataset(
        head.dataset,
        head.label,
        head.kind,
        head.structure,
        head.keys,
        head.order or head.keys,
        head.rows,
        tuple(s for s in steps if s is not None and _is_on(s, switches)),
        {name: spec or VariableSpec() for name, spec in head.variables.items()},
        head.parameters,
        head.comment,
        document.file,
        {name: document.line(("variables", name)) for name in head.variables},
    )


def _spliced(
    document: Located, steps: Sequence[Any], tables: Mapping[str, Any], findings: list[Finding]
) -> Iterator[tuple[int, Any]]:
    """Steps with those that `use: NAME` takes from a table in its place."""
    for i, body in enumerate(steps):
        if not isinstance(body, dict) or "use" not in body:
            yield i, body
        elif isinstance(tables.get(body["use"]), list):
            yield from ((i, step) for step in tables[body["use"]])
        else:
            remedy = suggest(str(body["use"]), tables) or f"Declare it in {TABLES} or under `tables`."
            got = f'no list of steps "{body["use"]}"'
            findings.append(_finding("ADM-004", document, ("steps", i), got, "a list of steps", remedy))


def _is_on(step: Step, switches: Mapping[str, Switch]) -> bool:
    if step.switch and (step.switch not in switches or not switches[step.switch].on):
        return False
    return not (step.unless and step.unless in switches and switches[step.unless].on)


def _read_step(
    document: Located,
    key: Key,
    body: Any,
    tables: Mapping[str, Any],
    switches: Mapping[str, Switch],
    findings: list[Finding],
) -> Step | None:
    words = [word for word in body if word not in _OPTIONS] if isinstance(body, dict) else []
    if len(words) != 1 or words[0] not in DERIVATIONS:
        got = f"{words or body!r}"
        remedy = suggest(str(words[0]), DERIVATIONS) if words else ""
        findings.append(_finding("ADM-002", document, key, got, "one derivation of docs/adam.md", remedy))
        return None
    derivation = DERIVATIONS[words[0]]
    for option in ("switch", "unless"):
        if body.get(option) and body[option] not in switches:
            remedy = suggest(body[option], switches) or f"Declare it in {SWITCHES}."
            got = f'switch "{body[option]}" is not declared'
            findings.append(_finding("ADM-005", document, (*key, option), got, "a declared switch", remedy))
    if body.get("when") and derivation.rows != "keep":
        remedy = "Say in `where` which records it is about."
        got = f"`when` at {derivation.name}, which makes or chooses records"
        findings.append(_finding("ADM-007", document, (*key, "when"), got, "a step that makes variables", remedy))
    arguments = _arguments(document, (*key, words[0]), derivation, body[words[0]], tables, findings)
    when = str(body.get("when", ""))
    if arguments is None or not _check_text(document, (*key, "when"), when, findings):
        return None
    rest = {option: str(body.get(option, "")) for option in ("switch", "unless", "note")}
    return Step(derivation, arguments, when, line=document.line(key), **rest)


def _arguments(
    document: Located,
    key: Key,
    derivation: Derivation,
    body: Any,
    tables: Mapping[str, Any],
    findings: list[Finding],
) -> dict[str, Any] | None:
    given = dict(body) if isinstance(body, dict) else {}
    for parameter in derivation.parameters:
        value = given.get(parameter.name)
        if isinstance(value, str) and value in tables and _type_of(parameter) is not str:
            value = given[parameter.name] = tables[value]
        if parameter.role == "taken" and isinstance(value, list):
            given[parameter.name] = {name: name for name in value}
    try:
        model = arguments_model(derivation.name).model_validate(given)
    except ValidationError as error:
        findings.extend(validation_findings(error, document, "ADM-003", key))
        return None
    made = {p.name: getattr(model, p.name) for p in derivation.parameters if p.name in model.model_fields_set}
    texts = [made.get(p.name, "") for p in derivation.parameters if p.role in _EXPRESSIONS]
    texts += [t for p in derivation.parameters if p.role == "cases" for t in made.get(p.name, {}).values()]
    texts += [g.where for p in derivation.parameters if p.role == "grades" for g in made.get(p.name, ())]
    texts += [h.where for p in derivation.parameters if p.role in _HAPPENINGS for h in made.get(p.name, ())]
    fine = [_check_text(document, key, text, findings) for text in texts]
    return made if all(fine) else None


@cache
def arguments_model(name: str) -> type[BaseModel]:
    """The arguments of a derivation in a declaration, made from its signature."""
    derivation = DERIVATIONS[name]
    fields: dict[str, Any] = {}
    for parameter in derivation.parameters:
        kind = _type_of(parameter)
        default = ... if parameter.required else parameter.default
        fields[parameter.name] = (kind if default is not None else kind | None, default)
    settings = ConfigDict(extra="forbid", frozen=True)
    return create_model(f"{name}_arguments", __config__=settings, **fields)


def _type_of(parameter: Parameter) -> Any:
    return _TYPES.get(parameter.role, parameter.type)


def _check_text(document: Located, key: Key, text: str | None, findings: list[Finding]) -> bool:
    if not text:
        return True
    outcome = parse_expression(text, document.place(*key))
    if isinstance(outcome, Expression):
        return True
    findings.extend(outcome)
    return False


def _finding(code: str, document: Located, key: Key, got: str, expected: str, remedy: str) -> Finding:
    return Finding(code, document.place(*key), got, expected, remedy or "Correct the declaration.")
