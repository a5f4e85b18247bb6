"""The JSON Schema of every definition file, made from the types, so that an editor completes and checks it.

Source: JSON Schema draft 2020-12. The published copies are `schemas/*.schema.json`; a test keeps them current.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from opencro.study.model.form import CodeLists, EditChecks, Form, Translation
from opencro.study.model.protocol import Design, Eligibility, Objectives, Schedule, Summary
from opencro.study.model.transfer import Transfer
from opencro.study.model.whole import StudyFile

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMAS: Mapping[str, tuple[type[BaseModel], str]] = {
    "study": (StudyFile, "study.yaml: identity and pinned standards"),
    "design": (Design, "protocol/design.yaml: arms, epochs, elements, cells"),
    "schedule": (Schedule, "protocol/schedule.yaml: visits and activities"),
    "eligibility": (Eligibility, "protocol/eligibility.yaml: inclusion and exclusion criteria"),
    "objectives": (Objectives, "protocol/objectives.yaml: objectives, endpoints, estimands, populations"),
    "summary": (Summary, "protocol/summary.yaml: trial summary parameters"),
    "form": (Form, "forms/<id>.yaml: a case report form"),
    "codelists": (CodeLists, "forms/codelists.yaml: permitted answers"),
    "checks": (EditChecks, "forms/checks.yaml: edit checks"),
    "translation": (Translation, "forms/translations/<language>.yaml: texts in another language"),
    "transfer": (Transfer, "conduct/transfers/<id>.yaml: a file that somebody sends"),
}
"""Schema name -> its type and title."""


def schema_of(name: str) -> dict[str, Any]:
    """One schema as a JSON value."""
    model, title = SCHEMAS[name]
    made = model.model_json_schema()
    return {"$schema": DIALECT, "$id": f"{name}.schema.json", **made, "title": title}


def render_schemas() -> dict[str, str]:
    """File name -> text of every schema."""
    return {f"{name}.schema.json": json.dumps(schema_of(name), indent=2, ensure_ascii=False) + "\n" for name in SCHEMAS}


def write_schemas(folder: Path) -> None:
    """Write every schema into a folder; the published ones stand in `src/opencro/study/schemas`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in render_schemas().items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
