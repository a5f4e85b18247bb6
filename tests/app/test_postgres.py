"""The same study with its ledger on PostgreSQL: the same datasets, the same trace."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from opencro.app.build import build
from opencro.app.cli.main import app
from opencro.app.rehearsal import rehearse_study
from opencro.study import Study, load_study


def test_a_study_on_postgresql_gives_the_same_datasets_as_on_sqlite(
    played: Study, postgres: tuple[str, Path], tmp_path: Path
) -> None:
    url = f"{postgres[0]}&schema=played"
    folder = tmp_path / "STARTER"
    shutil.copytree(played.root, folder, ignore=shutil.ignore_patterns("build", "ledger*", "versions"))
    study = load_study(folder)
    rehearse_study(study, participants=24, seed=7, database=url)
    shutil.copytree(folder, tmp_path / "files" / "STARTER", ignore=shutil.ignore_patterns("versions"))
    other = load_study(tmp_path / "files" / "STARTER")
    rehearse_study(other, participants=24, seed=7)
    ours, theirs = build(study, database=url), build(other, fresh=True, folder=tmp_path / "sqlite")
    assert set(ours.datasets) == set(theirs.datasets)
    assert all(ours.frame(name).equals(theirs.frame(name)) for name in ours.datasets)
    assert {k: v for k, v in ours.files.items() if "xpt" in k} == {k: v for k, v in theirs.files.items() if "xpt" in k}


@pytest.mark.requirement(8)
def test_verify_and_trace_take_a_database(played: Study, postgres: tuple[str, Path], tmp_path: Path) -> None:
    url = f"{postgres[0]}&schema=traced"
    study = load_study(played.root)
    rehearse_study(study, participants=8, seed=3, database=url)
    event = build(study, database=url, folder=tmp_path / "b").frame("AE").row(0, named=True)
    words = ["AE.AESTDY", f"USUBJID={event['USUBJID']}", f"AESEQ={event['AESEQ']}", "--database", url, "--json"]
    result = CliRunner().invoke(app, ["trace", str(study.root), *words])
    assert json.loads(result.stdout)["trace"]["value"] == event["AESTDY"]
    result = CliRunner().invoke(app, ["verify", str(study.root), "--database", url, "--json"])
    assert json.loads(result.stdout)["ok"]
