"""`opencro checklist`: blockers by name, scopes that exist, exit codes."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from opencro.app.cli.main import app
from opencro.study import Study


def _run(*words: object) -> tuple[int, dict[str, object]]:
    result = CliRunner().invoke(app, [*map(str, words), "--json"])
    return result.exit_code, json.loads(result.stdout)


@pytest.mark.requirement(38)
def test_blockers_are_told_with_place_and_remedy_and_stop_the_run(played: Study) -> None:
    code, told = _run("checklist", played.root)
    assert code == 1
    assert sum(told["counts"].values()) == len(told["blockers"]) > 0  # type: ignore[attr-defined, arg-type]
    assert all(b["place"]["path"] and b["remedy"] for b in told["blockers"])  # type: ignore[attr-defined]
    shown = CliRunner().invoke(app, ["checklist", str(played.root)])
    assert "Not to be locked yet: the study." in shown.stdout
    code, inside = _run("checklist", played.root, "--form", "AE")
    assert code == 1
    assert 0 < len(inside["blockers"]) <= len(told["blockers"])  # type: ignore[arg-type]
    assert all("/AE[" in b["place"]["path"] for b in inside["blockers"])  # type: ignore[attr-defined]


@pytest.mark.parametrize("words", [["--site", "none"], ["--participant", "none"], ["--form", "ZZ"], ["--visit", "ZZ"]])
def test_a_scope_that_does_not_exist_is_refused(played: Study, words: list[str]) -> None:
    code, told = _run("checklist", played.root, *words)
    assert (code, told["findings"][0]["code"]) == (1, "AUD-003")  # type: ignore[index]
