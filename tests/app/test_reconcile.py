"""`opencro reconcile`: rows told and written, the export on record, listings that do not exist refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from opencro.app.cli.main import app
from opencro.app.wiring import open_study_ledger
from opencro.study import Study

LISTINGS = """\
listings:
  - id: SERIOUS
    title: Serious events beside themselves
    left: {form: AE, name: ONE, show: [AETERM]}
    right: {form: AE, name: OTHER, where: 'AETERM != "Cough"'}
    pair: [{left: AESPID, right: AESPID}, {left: AETERM, right: AETERM}]
"""


def _run(*words: object) -> tuple[int, dict[str, object]]:
    result = CliRunner().invoke(app, [*map(str, words), "--json"])
    return result.exit_code, json.loads(result.stdout)


@pytest.fixture
def root(played: Study, tmp_path: Path) -> Path:
    """The played study with a listing, in a folder that may change."""
    folder = Path(shutil.copytree(played.root, tmp_path / "STARTER"))
    (folder / "conduct/reconciliation.yaml").write_text(LISTINGS, encoding="utf-8")
    return folder


def test_what_does_not_agree_is_told_and_written_and_the_export_is_on_record(root: Path, tmp_path: Path) -> None:
    code, told = _run("reconcile", root, tmp_path / "rows.csv", "--user", "dm1")
    assert code == 0
    (listing,) = told["listings"]  # type: ignore[misc]
    with open_study_ledger(Study.load(root)) as ledger:
        coughs = len(ledger.snapshot().records("AE").filter(pl.col("AETERM") == "Cough"))
        last = list(ledger.facts())[-1]
    assert {row["kind"] for row in listing["rows"]} == {"only left"}
    assert len(listing["rows"]) == coughs == len(pl.read_csv(tmp_path / "rows.csv")) > 0
    assert (last.actor, last.kind, last.payload["rows"]) == ("dm1", "data-exported/1", coughs)
    shown = CliRunner().invoke(app, ["reconcile", str(root), "--listing", "SERIOUS"])
    assert "no partner in OTHER" in shown.stdout


@pytest.mark.parametrize("words", [["--listing", "SERIUS"], []])
def test_a_listing_that_is_not_there_is_refused(root: Path, words: list[str]) -> None:
    if not words:
        (root / "conduct/reconciliation.yaml").unlink()
    code, told = _run("reconcile", root, *words)
    assert (code, told["findings"][0]["code"]) == (1, "REC-004")  # type: ignore[index]
