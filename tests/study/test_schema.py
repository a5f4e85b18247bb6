"""The published JSON Schemas are those of the types, and say of a file what `check` says of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from opencro.kernel.located import parse_located
from opencro.study import check_study, init_study, render_schemas, schema_of, write_schemas

FILES = {
    "study": "study.yaml",
    **{n: f"protocol/{n}.yaml" for n in ("design", "schedule", "eligibility", "objectives", "summary")},
    "form": "forms/AE.yaml",
    "codelists": "forms/codelists.yaml",
    "checks": "forms/checks.yaml",
    "translation": "forms/translations/de.yaml",
    "transfer": "conduct/transfers/AE.yaml",
}
SPOILS = {
    "study": {"id": "9"},
    "design": {"arms": [{"id": "A"}]},
    "schedule": {"visits": [{"id": "V", "name": "v", "number": "one"}]},
    "eligibility": {"criteria": [{"id": "C", "type": "perhaps", "text": "x"}]},
    "objectives": {"estimands": [{"id": "E"}]},
    "summary": {"parameters": [{"code": "lower"}]},
    "form": {"groups": []},
    "codelists": {"codelists": [{"id": "A", "codes": []}]},
    "checks": {"checks": [{"id": "A", "form": "F", "when": "", "message": "x"}]},
    "translation": {"form.DM": ""},
    "transfer": {"format": "docx"},
}


def _value(path: Path) -> Any:
    document, findings = parse_located(path.read_text(encoding="utf-8"), path.name)
    assert document is not None
    assert not findings
    return document.value


def test_the_published_schemas_are_current(root: Path) -> None:
    folder = root / "src" / "opencro" / "study" / "schemas"
    published = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    assert published == render_schemas(), "write_schemas(src/opencro/study/schemas) makes them current"


def test_schemas_are_written_as_they_are_rendered(tmp_path: Path) -> None:
    write_schemas(tmp_path / "schemas")
    assert {p.name: p.read_text(encoding="utf-8") for p in (tmp_path / "schemas").iterdir()} == render_schemas()


@pytest.mark.parametrize("name", FILES)
def test_a_schema_accepts_the_starter_and_refuses_what_check_refuses(starter: Path, name: str) -> None:
    schema = schema_of(name)
    assert schema["$schema"].endswith("2020-12/schema")
    assert schema["title"]
    assert schema["description"]
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    path = starter / FILES[name]
    value = _value(path)
    assert list(validator.iter_errors(value)) == []
    for spoiled in ({**value, "nonsense": 1}, {**value, **SPOILS[name]}):
        assert list(validator.iter_errors(spoiled))
        path.write_text(json.dumps(spoiled), encoding="utf-8")  # JSON is YAML
        assert {f.code for f in check_study(starter)} & {"STU-005", "STU-006", "STU-007"}


def test_every_file_names_its_schema_to_the_editor(starter: Path, tmp_path: Path) -> None:
    started = init_study(tmp_path / "started", "ABC", "A trial")
    files = [path for root in (starter, started) for path in root.rglob("*.yaml")]
    later = {"tabulation", "analysis", "submission", "coding", "checks"}
    named = [path for path in files if not later & set(path.parts) and path.name != "rehearsal.yaml"]
    for path in named:
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith("# yaml-language-server: $schema=")
        assert (path.parent / first.split("=", 1)[1]).is_file(), path
