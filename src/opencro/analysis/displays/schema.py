"""The JSON Schemas of analysis/results.yaml, displays/*.yaml and listings/*.yaml, made from the types.

Source: JSON Schema draft 2020-12. The published copies are under `schemas/`; a test keeps them current.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from opencro.analysis.displays.listing_model import Listing
from opencro.analysis.displays.model import Display
from opencro.analysis.results import Definitions

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_FILES: dict[str, tuple[type[BaseModel], str]] = {
    "results": (Definitions, "analysis/results.yaml: populations, groupings and formats"),
    "display": (Display, "analysis/displays/<id>.yaml: a table"),
    "listing": (Listing, "analysis/listings/<id>.yaml: rows of a dataset as they stand"),
}


def display_schemas() -> dict[str, dict[str, Any]]:
    """Schema name -> schema; words alone may stand for a cell, words or `blank` for a row."""
    made = {}
    for name, (model, title) in _FILES.items():
        schema = model.model_json_schema()
        for part in ("CellSpec", "Row"):
            if part in schema.get("$defs", {}):
                schema["$defs"][part] = {"anyOf": [{"type": "string"}, schema["$defs"][part]]}
        made[name] = {"$schema": DIALECT, "$id": f"{name}.schema.json", **schema, "title": title}
    return made


def render_schemas() -> dict[str, str]:
    """File name -> text of the schemas of displays."""
    made = display_schemas().items()
    return {f"{name}.schema.json": json.dumps(value, indent=2, ensure_ascii=False) + "\n" for name, value in made}
