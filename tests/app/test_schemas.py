"""`opencro init` gives every file of a new study a schema that the editor finds and the file satisfies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from opencro.app.cli.main import app
from opencro.app.schemas import render_every_schema
from opencro.kernel.located import read_located
from opencro.rehearsal import render_schemas


def test_every_file_of_a_new_study_names_its_schema_and_satisfies_it(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    assert CliRunner().invoke(app, ["init", str(folder)]).exit_code == 0
    files = sorted(folder.rglob("*.yaml"))
    assert len(files) > 20
    for path in files:
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith("# yaml-language-server: $schema="), path
        schema = json.loads((path.parent / first.split("=", 1)[1]).read_text(encoding="utf-8"))
        document, _ = read_located(path, folder)
        assert document is not None
        assert not [e.message for e in Draft202012Validator(schema).iter_errors(document.value)], path


def test_the_published_schema_of_a_rehearsal_is_current(root: Path) -> None:
    folder = root / "src/opencro/rehearsal/schemas"
    assert {p.name: p.read_text(encoding="utf-8") for p in folder.iterdir()} == render_schemas()


@pytest.mark.parametrize("spoil", [{"sits": {}}, {"entry": {"mistakes": 2}}, {"forms": {"AE": {"who": "nobody"}}}])
def test_the_schema_of_a_rehearsal_refuses_what_the_reader_refuses(spoil: dict[str, object], root: Path) -> None:
    schema = json.loads(render_every_schema()["rehearsal.schema.json"])
    document, _ = read_located(root / "studies/cdiscpilot01/conduct/rehearsal.yaml", root)
    assert document is not None
    validator = Draft202012Validator(schema)
    assert validator.is_valid(document.value)
    assert not validator.is_valid({**document.value, **spoil})
