"""The JSON Schema of conduct/rehearsal.yaml, made from the types, so that an editor completes and checks it.

Source: JSON Schema draft 2020-12. The published copy is `schemas/rehearsal.schema.json`; a test keeps it current.
"""

from __future__ import annotations

import json
from typing import Any

from opencro.rehearsal.model import RehearsalPlan

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def rehearsal_schema() -> dict[str, Any]:
    """The schema of a rehearsal's plan; a plain text or number may stand for `{constant: ...}`."""
    made = RehearsalPlan.model_json_schema()
    plain = {"type": ["string", "number"], "description": "the same value always"}
    made["$defs"]["Value"] = {"anyOf": [plain, made["$defs"]["Value"]]}
    title = "conduct/rehearsal.yaml: how virtual participants behave"
    return {"$schema": DIALECT, "$id": "rehearsal.schema.json", **made, "title": title}


def render_schemas() -> dict[str, str]:
    """File name -> text of the schemas of this room."""
    return {"rehearsal.schema.json": json.dumps(rehearsal_schema(), indent=2, ensure_ascii=False) + "\n"}
