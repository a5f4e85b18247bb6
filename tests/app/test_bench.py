"""`opencro checks`: cases, branches, data so far, exit codes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from opencro.app.cli.main import app
from opencro.app.wiring import open_study_ledger
from opencro.ledger import Actor, Change, RecordKey
from opencro.study import Study, load_study


def _run(*words: object) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(app, ["checks", *map(str, words), "--json"])
    return result.exit_code, json.loads(result.stdout)


def test_the_starter_study_covers_every_branch_of_its_checks(folder: Path) -> None:
    code, told = _run(folder)
    assert (code, told["ok"], told["findings"]) == (0, True, [])
    assert all(check["covered"] == check["branches"] >= 2 for check in told["checks"])
    shown = CliRunner().invoke(app, ["checks", str(folder)])
    assert shown.exit_code == 0
    assert "branches covered: no findings." in shown.stdout


def test_data_so_far_are_told_with_examples_as_queries_tell_them(played: Study, tmp_path: Path) -> None:
    folder = shutil.copytree(played.root, tmp_path / "study", ignore=shutil.ignore_patterns("build"))
    with open_study_ledger(load_study(folder)) as ledger:
        row = ledger.snapshot().records("VS", None, ["SYSBP"]).row(0, named=True)
        place = (row["site"], row["participant"], row["event"], row["event_repeat"])
        key = RecordKey(*place, "VS", row["form_repeat"], "VS", row["group_repeat"])
        wrong = Change(key, {"SYSBP": "80", "DIABP": "120"})
        ledger.append([wrong], actor=Actor("dm1", "data manager"), source="ui", reason="?", definition_version="1")
    code, told = _run(folder, "--data")
    assert code == 0
    assert told["position"] > 0
    asked = json.loads(CliRunner().invoke(app, ["queries", str(folder), "--json"]).stdout)
    hits = {check["check"]: check["hits"] for check in asked["checks"]}
    assert len(hits["VS001"]) == 1
    assert {check["check"]: check["fires_on"] for check in told["checks"]} == {n: len(rows) for n, rows in hits.items()}
    assert all(check["examples"] == hits[check["check"]][:3] for check in told["checks"])
    shown = CliRunner().invoke(app, ["checks", str(folder), "--data"])
    assert "fires on" in shown.stdout


def test_an_open_branch_and_an_unknown_check_stop_the_run(folder: Path, tmp_path: Path) -> None:
    study = shutil.copytree(folder, tmp_path / "study", ignore=shutil.ignore_patterns("build", "ledger*"))
    cases = study / "forms" / "checks" / "cases.yaml"
    cases.write_text(cases.read_text(encoding="utf-8").replace("AESER: N}", "AESER: Y}", 1), encoding="utf-8")
    code, told = _run(study, "--check", "AE002")
    assert code == 1
    assert {finding["code"] for finding in told["findings"]} == {"CHK-004", "CHK-006"}
    assert told["findings"][0]["place"]["line"] > 1
    code, told = _run(study, "--check", "AE009")
    assert (code, told["findings"][0]["code"]) == (1, "QRY-001")
