"""The class tables say what the published schemas say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from opencro.study.formats.usdm.classes import ROOT, VERSIONS, Attribute, read_classes

SCALARS: dict[str, Any] = {
    "text": "words",
    "text+": "words",
    "boolean": True,
    "integer": 3,
    "number": 2.5,
    "date": "2024-02-29",
    "uuid": "6f0c1c9e-5d59-4b3c-9c0e-0f5f3e3a2b11",
}


def smallest(version: str, name: str) -> dict[str, Any]:
    """An object of a class with what is required and nothing else."""
    attributes = read_classes(version)[name].values()
    return {a.name: value(version, a) for a in attributes if a.required}


def value(version: str, attribute: Attribute) -> Any:
    kind = attribute.types[0]
    if attribute.kind == "class":
        return kind
    if attribute.kind == "ref":
        one: Any = "SOME_ID"
    else:
        one = smallest(version, kind) if attribute.holds_objects else SCALARS[kind]
    return [one] if attribute.many else one


@pytest.fixture(scope="module", params=VERSIONS)
def published(request: pytest.FixtureRequest, shared: Path) -> tuple[str, dict[str, Any]]:
    path = shared / "cdisc" / "usdm" / f"usdm-{request.param.replace('.', '-')}-schema.json"
    return request.param, json.loads(path.read_text(encoding="utf-8"))


def is_valid(schema: dict[str, Any], name: str, candidate: Any) -> bool:
    part = schema if name == ROOT else {"$ref": f"#/$defs/{name}", "$defs": schema["$defs"]}
    return jsonschema.Draft202012Validator(part).is_valid(candidate)


@pytest.mark.peer
def test_every_class_of_the_schema_is_in_the_table(published: tuple[str, dict[str, Any]]) -> None:
    version, schema = published
    described = {name for name in schema["$defs"] if not name.endswith("ValidationError")}
    assert set(read_classes(version)) == described | {ROOT}


@pytest.mark.peer
def test_the_smallest_object_of_each_class_is_valid(published: tuple[str, dict[str, Any]]) -> None:
    version, schema = published
    assert [n for n in read_classes(version) if not is_valid(schema, n, smallest(version, n))] == []


@pytest.mark.peer
def test_an_object_without_one_required_attribute_is_invalid(published: tuple[str, dict[str, Any]]) -> None:
    version, schema = published
    wrong = []
    for name in read_classes(version):
        whole = smallest(version, name)
        for missing in whole:
            if is_valid(schema, name, {k: v for k, v in whole.items() if k != missing}):
                wrong.append(f"{name}.{missing}")
    assert wrong == []


@pytest.mark.peer
def test_each_optional_attribute_may_be_given_and_only_those(published: tuple[str, dict[str, Any]]) -> None:
    version, schema = published
    wrong = []
    for name, attributes in read_classes(version).items():
        whole = smallest(version, name)
        for attribute in attributes.values():
            if not is_valid(schema, name, {**whole, attribute.name: value(version, attribute)}):
                wrong.append(f"{name}.{attribute.name}")
        if name != ROOT and is_valid(schema, name, {**whole, "somethingElse": 1}):
            wrong.append(f"{name} is open")
    assert wrong == []
