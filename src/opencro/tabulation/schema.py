"""The JSON Schema of tabulation/<DOMAIN>.yaml, made from the types, so that an editor completes and checks it.

Source: JSON Schema draft 2020-12. The published copy is `schemas/domain.schema.json`; a test keeps it current.
"""

from __future__ import annotations

import json
from typing import Any

from opencro.tabulation.algorithms import ALGORITHMS
from opencro.tabulation.algorithms.algorithm import Algorithm
from opencro.tabulation.model import DomainHead, LinkFile

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NESTED = {"case", "first_of", "greatest_of"}
_OPTIONS: dict[str, Any] = {
    "when": {"type": "string", "description": "expression; elsewhere the value is missing"},
    "label": {"type": "string"},
    "type": {"enum": ["Char", "Num"]},
    "length": {"type": "integer", "minimum": 1},
    "origin": {"type": "string"},
    "comment": {"type": "string"},
    "evaluator": {"type": "string"},
    "codelist": {"type": "string", "description": "code list of the pinned terminology, where it is not the guide's"},
}


def domain_schema() -> dict[str, Any]:
    """The schema of a domain's declaration."""
    head = DomainHead.model_json_schema()
    section = {"type": "object", "additionalProperties": {"$ref": "#/$defs/variable"}}
    definitions = {**head.pop("$defs", {}), "variable": {"anyOf": [_rule(a, _OPTIONS) for a in ALGORITHMS.values()]}}
    definitions["rule"] = {"anyOf": [_rule(a, {"when": _OPTIONS["when"]}) for a in ALGORITHMS.values()]}
    head["properties"] |= {"variables": section, "supplemental": section, "working": section}
    return {
        "$schema": DIALECT,
        "$id": "domain.schema.json",
        **head,
        "title": "tabulation/<DOMAIN>.yaml: how the variables of a domain are made",
        "$defs": definitions,
    }


def _rule(algorithm: type[Algorithm], options: dict[str, Any]) -> dict[str, Any]:
    words = (algorithm.__doc__ or "").split("\n")[0]
    if algorithm.key in _NESTED:
        nested = {"type": "array", "items": {"$ref": "#/$defs/rule"}, "minItems": 1}
        properties: dict[str, Any] = {algorithm.key: nested}
    else:
        properties = algorithm.model_json_schema(by_alias=True)["properties"]
    return {
        "type": "object",
        "description": words,
        "properties": {**options, **properties},
        "required": [algorithm.key],
        "additionalProperties": False,
    }


def render_schemas() -> dict[str, str]:
    """File name -> text of the schemas of this room."""
    links = LinkFile.model_json_schema()
    relrec = {
        "$schema": DIALECT,
        "$id": "relrec.schema.json",
        **links,
        "title": "tabulation/RELREC.yaml: related records",
    }
    made = {"domain.schema.json": domain_schema(), "relrec.schema.json": relrec}
    return {name: json.dumps(value, indent=2, ensure_ascii=False) + "\n" for name, value in made.items()}
