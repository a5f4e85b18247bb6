"""`opencro sdv`: counts, what is left to do, and the refusal without a plan."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from opencro.app.cli.main import app
from opencro.app.wiring import open_study_ledger
from opencro.ledger import Act, Actor, RecordKey, SourceVerified
from opencro.study import Study


def _run(*words: object) -> tuple[int, dict[str, object]]:
    result = CliRunner().invoke(app, [*map(str, words), "--json"])
    return result.exit_code, json.loads(result.stdout)


@pytest.fixture
def planned(played: Study, tmp_path: Path) -> Path:
    """The played study with a plan, in a folder that may change."""
    root = shutil.copytree(played.root, tmp_path / "STARTER")
    (root / "conduct/sdv.yaml").write_text("seed: s\nlevels:\n  - {id: all, items: [DM.SEX]}\n", encoding="utf-8")
    return root


def test_progress_is_told_by_site_and_what_is_left_is_listed(played: Study, planned: Path, tmp_path: Path) -> None:
    with open_study_ledger(played) as ledger:
        records = ledger.snapshot().records("DM")
    first = records.row(0, named=True)
    key = RecordKey(first["site"], first["participant"], first["event"], first["event_repeat"], "DM",
                    first["form_repeat"], "DM", first["group_repeat"])  # fmt: skip
    with open_study_ledger(Study.load(planned)) as ledger:
        done = Act(SourceVerified(["SEX"]), key)
        ledger.append([done], actor=Actor("mona", "monitor"), source="ui", definition_version="1")
    code, told = _run("sdv", planned, "--list", tmp_path / "left.csv")
    assert code == 0
    counts = told["counts"]
    assert sum(row["required"] for row in counts) == len(records)  # type: ignore[attr-defined]
    assert sum(row["verified"] for row in counts) == 1  # type: ignore[attr-defined]
    assert len(pl.read_csv(tmp_path / "left.csv")) == len(records) - 1
    code, told = _run("sdv", planned, "--by", "participant", "--participant", first["participant"])
    assert [(r["participant"], r["verified"]) for r in told["counts"]] == [(first["participant"], 1)]  # type: ignore[attr-defined]


def test_without_a_plan_it_says_so(played: Study) -> None:
    code, told = _run("sdv", played.root)
    assert (code, told["findings"][0]["code"]) == (1, "SDV-005")  # type: ignore[index]
