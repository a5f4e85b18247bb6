"""The JSON Schema of design/*.yaml, made from the types, so that an editor completes and checks it.

Source: JSON Schema draft 2020-12.
"""

from __future__ import annotations

import json

from opencro.design.trial.model import TrialDesign

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def render_schemas() -> dict[str, str]:
    """File name -> text of the schema of a trial design."""
    made = {"$schema": DIALECT, "$id": "trial-design.schema.json", **TrialDesign.model_json_schema()}
    text = json.dumps({**made, "title": "design/*.yaml: a trial design"}, indent=2, ensure_ascii=False)
    return {"trial-design.schema.json": text + "\n"}
