"""`opencro audit`: complete, by site and participant, refused where it cannot be, and itself on record."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from pypdf import PdfReader
from typer.testing import CliRunner

from opencro.app.cli.main import app
from opencro.app.wiring import open_study_ledger
from opencro.study import Study, load_study


@pytest.fixture
def copied(played: Study, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The played study in a folder that may change."""
    return load_study(shutil.copytree(played.root, tmp_path_factory.mktemp("copied") / "STARTER"))


def _run(*words: object) -> tuple[int, dict[str, object]]:
    result = CliRunner().invoke(app, [*map(str, words), "--json"])
    return result.exit_code, json.loads(result.stdout)


@pytest.mark.requirement(10)
def test_the_trail_is_written_for_spreadsheets_and_for_paper_and_the_export_is_on_record(
    copied: Study, tmp_path: Path
) -> None:
    with open_study_ledger(copied) as ledger:
        before = ledger.position
        _, participant = next(iter(ledger.snapshot().known_participants()))
    code, told = _run("audit", copied.root, tmp_path / "all.csv", "--user", "inspector")
    assert (code, told["facts"]) == (0, before)
    with (tmp_path / "all.csv").open(encoding="utf-8-sig", newline="") as lines:
        assert sum(1 for _ in csv.DictReader(lines)) == told["lines"]
    code, told = _run("audit", copied.root, tmp_path / "one.pdf", "--participant", participant, "--user", "inspector")
    assert code == 0
    text = "".join(page.extract_text() for page in PdfReader(tmp_path / "one.pdf").pages)
    assert participant in text
    assert f"{told['facts']:,} facts on {told['lines']:,} lines" in text
    with open_study_ledger(copied) as ledger:
        last = list(ledger.facts(after=before))
        assert [(f.actor, f.kind.partition("/")[0]) for f in last] == [("inspector", "data-exported")] * 2
        assert ledger.verify().ok


@pytest.mark.parametrize(
    ("file", "options", "finding"),
    [
        ("trail.doc", [], "AUD-001"),
        ("there.csv", [], "AUD-002"),
        ("trail.csv", ["--site", "nowhere"], "AUD-003"),
        ("trail.csv", ["--participant", "nobody"], "AUD-003"),
    ],
)
def test_what_cannot_be_exported_is_refused_and_nothing_is_written(
    copied: Study, tmp_path: Path, file: str, options: list[str], finding: str
) -> None:
    (tmp_path / "there.csv").write_text("mine")
    code, told = _run("audit", copied.root, tmp_path / file, *options)
    assert code == 1
    assert told["findings"][0]["code"] == finding  # type: ignore[index]
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"there.csv": "mine"}
