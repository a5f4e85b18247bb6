"""The JSON Schema of analysis/figures/*.yaml, made from the types.

Source: JSON Schema draft 2020-12. The published copy is under `schemas/`; a test keeps it current.
"""

from __future__ import annotations

import json
from typing import Any

from opencro.analysis.figures.model import Figure

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def figure_schema() -> dict[str, Any]:
    """The schema as a JSON value."""
    about = {"$schema": DIALECT, "$id": "figure.schema.json"}
    return {**about, **Figure.model_json_schema(), "title": "analysis/figures/<id>.yaml: a figure"}


def render_schemas() -> dict[str, str]:
    """File name -> text of the schema of figures."""
    return {"figure.schema.json": json.dumps(figure_schema(), indent=2, ensure_ascii=False) + "\n"}
