"""A study taken apart into named parts, so that two studies can be compared part by part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel

from opencro.kernel.located import Located
from opencro.study.load import CHECKS, CODELISTS, model_of
from opencro.study.model.whole import Study

PartKey = tuple[str, str]
"""The kind and id of a part."""

ORDER = "order"
"""The field that holds in which order the parts inside a part stand; only parts on both sides are compared."""

_KINDS = {"tabulation": "tabulation", "analysis": "analysis", "submission": "submission"}

_VARIABLES = ("variables", "supplemental", "working")


@dataclass(frozen=True, slots=True)
class StudyPart:
    """A part: its own fields as plain values, and the file it stands in."""

    kind: str
    id: str
    fields: dict[str, Any]
    file: str


def take_apart(study: Study) -> dict[PartKey, StudyPart]:
    """Every part of a study by kind and id, in the order of the protocol, forms and later stages."""
    found: dict[PartKey, StudyPart] = {}
    for part in (*_protocol(study), *_forms(study), *_conduct(study), *_later(study)):
        found.setdefault((part.kind, part.id), part)
    return found


def _part(kind: str, id: str, value: BaseModel, file: str, without: Iterable[str] = ()) -> StudyPart:
    return StudyPart(kind, id, value.model_dump(mode="json", exclude={"id", *without}), file)


def _protocol(study: Study) -> Iterator[StudyPart]:
    design, schedule = study.protocol.design, study.protocol.schedule
    objectives = study.protocol.objectives
    yield _part("study", study.id, study.file, "study.yaml", ["version"])
    for kind, file, parts in (
        ("arm", "design", design.arms),
        ("epoch", "design", design.epochs),
        ("element", "design", design.elements),
        ("visit", "schedule", schedule.visits),
        ("activity", "schedule", schedule.activities),
        ("criterion", "eligibility", study.protocol.eligibility.criteria),
        ("population", "objectives", objectives.populations),
        ("estimand", "objectives", objectives.estimands),
    ):
        for part in parts:
            yield _part(kind, part.id, part, f"protocol/{file}.yaml")
    for cell in design.cells:
        yield _part("cell", f"{cell.arm}/{cell.epoch}", cell, "protocol/design.yaml")
    for objective in objectives.objectives:
        yield _part("objective", objective.id, objective, "protocol/objectives.yaml", ["endpoints"])
        for endpoint in objective.endpoints:
            yield _part("endpoint", endpoint.id, endpoint, "protocol/objectives.yaml")
    for parameter in study.protocol.summary.parameters:
        yield _part("parameter", parameter.code, parameter, "protocol/summary.yaml")


def _forms(study: Study) -> Iterator[StudyPart]:
    for form in study.forms.values():
        file = f"forms/{form.id}.yaml"
        yield _part("form", form.id, form, file, ["groups"])
        for group in form.groups:
            made = _part("group", f"{form.id}.{group.id}", group, file, ["items"])
            yield replace(made, fields={**made.fields, ORDER: [item.id for item in group.items]})
            for item in group.items:
                made = _part("item", f"{form.id}.{item.id}", item, file)
                yield replace(made, fields={**made.fields, "group": group.id})
    for codelist in study.codelists.values():
        made = _part("code list", codelist.id, codelist, CODELISTS, ["codes"])
        yield replace(made, fields={**made.fields, ORDER: [code.value for code in codelist.codes]})
        for code in codelist.codes:
            yield _part("code", f"{codelist.id}/{code.value}", code, CODELISTS)
    for check in study.checks:
        yield _part("check", check.id, check, CHECKS)
    for language, words in study.translations.items():
        yield StudyPart("translation", language, dict(words), f"forms/translations/{language}.yaml")


def _conduct(study: Study) -> Iterator[StudyPart]:
    for transfer in study.transfers.values():
        yield _part("transfer", transfer.id, transfer, f"conduct/transfers/{transfer.id}.yaml")


def _later(study: Study) -> Iterator[StudyPart]:
    """Documents of later stages: named entries of mappings and lists are parts, what is left belongs to the file."""
    for name, document in study.documents.items():
        if model_of(name) is not None:
            continue
        kind = _KINDS.get(name.split("/")[0], "document")
        owner = name_of(document)
        rest: dict[str, Any] = {}
        for key, value in document.value.items():
            entries = _entries(value)
            if entries is None:
                rest[key] = value
                continue
            for entry, fields in entries:
                yield StudyPart(_entry_kind(kind, key), f"{owner}.{entry}", fields, name)
        yield StudyPart(kind, owner, rest, name)


def name_of(document: Located) -> str:
    """What a document of a later stage is called: its domain, its id, or its file without folder and ending."""
    stem = document.file.removesuffix(".yaml").split("/", 1)[-1]
    return str(document.value.get("domain") or document.value.get("id") or stem)


def _entry_kind(kind: str, key: str) -> str:
    if key in _VARIABLES:
        return "variable"
    return "analysis" if kind == "analysis" else key


def _entries(value: Any) -> list[tuple[str, dict[str, Any]]] | None:
    """The named entries of a value: of a mapping of mappings, or of a list of mappings with ids."""
    if isinstance(value, dict) and value and all(isinstance(v, dict) for v in value.values()):
        return list(value.items())
    if isinstance(value, list) and value and all(isinstance(v, dict) and "id" in v for v in value):
        return [(str(v["id"]), {k: x for k, x in v.items() if k != "id"}) for v in value]
    return None
