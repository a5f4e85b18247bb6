"""The JSON Schemas of analysis/*.yaml, made from the types and the signatures of the derivations.

Source: JSON Schema draft 2020-12. The published copies stand in `schemas/`; a test keeps them current.
"""

from __future__ import annotations

import json
from typing import Any

from opencro.analysis.adam.derive import DERIVATIONS
from opencro.analysis.adam.model import DatasetHead, SwitchFile
from opencro.analysis.adam.read import arguments_model

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_OPTIONS: dict[str, Any] = {
    "when": {"type": "string", "description": "expression; other rows keep what they had"},
    "switch": {"type": "string", "description": "only while this switch of analysis/switches.yaml is on"},
    "unless": {"type": "string", "description": "only while this switch is off"},
    "note": {"type": "string", "description": "a sentence for the reviewer"},
}


def dataset_schema() -> dict[str, Any]:
    """The schema of a dataset's declaration."""
    head = DatasetHead.model_json_schema(by_alias=True)
    definitions: dict[str, Any] = {**head.pop("$defs", {})}
    steps = [_use(), *(_step(name, definitions) for name in sorted(DERIVATIONS))]
    definitions["step"] = {"anyOf": steps}
    head["properties"]["steps"] = {"type": "array", "items": {"$ref": "#/$defs/step"}}
    title = "analysis/<ADxx>.yaml: how an analysis dataset is made"
    return {"$schema": DIALECT, "$id": "analysis.schema.json", **head, "title": title, "$defs": definitions}


def _use() -> dict[str, Any]:
    described = {"type": "string", "description": "a list of steps in `tables` or analysis/tables.yaml"}
    return {"type": "object", "properties": {"use": described}, "required": ["use"], "additionalProperties": False}


def _step(name: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """A step: its arguments, each of which may be the name of a table where it is no text."""
    made = arguments_model(name).model_json_schema()
    for key, value in made.pop("$defs", {}).items():
        definitions[key] = value
    derivation = DERIVATIONS[name]
    properties = {}
    for parameter in derivation.parameters:
        shown = made["properties"][parameter.name]
        named: list[dict[str, Any]] = (
            [{"type": "string", "description": "the name of a table"}] if shown.get("type") != "string" else []
        )
        if parameter.role == "taken":
            named.append({"type": "array", "items": {"type": "string"}})
        properties[parameter.name] = {"anyOf": [shown, *named]} if named else shown
    words = (derivation.function.__doc__ or "").split("\n")[0]
    arguments = {"type": "object", "properties": properties, "additionalProperties": False, "description": words}
    if made.get("required"):
        arguments["required"] = made["required"]
    body = {name: arguments, **_OPTIONS}
    return {"type": "object", "properties": body, "required": [name], "additionalProperties": False}


def render_schemas() -> dict[str, str]:
    """File name -> text of the schemas of this room."""
    switches = {
        "$schema": DIALECT,
        "$id": "switches.schema.json",
        **SwitchFile.model_json_schema(),
        "title": "analysis/switches.yaml: peculiarities of published datasets that steps reproduce",
    }
    made = {"analysis.schema.json": dataset_schema(), "switches.schema.json": switches}
    return {name: json.dumps(value, indent=2, ensure_ascii=False) + "\n" for name, value in made.items()}
