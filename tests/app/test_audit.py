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
from opencro.ledger import Act, Actor, RecordKey, RoleChanged
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


@pytest.mark.requirement(11)
def test_a_review_counts_per_user_and_is_on_record_with_its_filters(copied: Study, tmp_path: Path) -> None:
    with open_study_ledger(copied) as ledger:
        before = ledger.position
        site, _ = next(iter(ledger.snapshot().known_participants()))
    code, told = _run("audit", copied.root, "--review", "--site", site, "--user", "mona")
    assert code == 0
    assert sum(row["facts"] for row in told["counts"]) == told["facts"] > 100  # type: ignore[attr-defined]
    code, _ = _run("audit", copied.root, tmp_path / "facts.csv", "--review", "--by", "edit.checks", "--user", "mona")
    assert code == 0
    with (tmp_path / "facts.csv").open(encoding="utf-8-sig", newline="") as lines:
        assert "after_lock" in next(csv.reader(lines))
    with open_study_ledger(copied) as ledger:
        kept = [(f.actor, f.kind, f.payload.get("filters")) for f in ledger.facts(after=before)]
    assert kept == [
        ("mona", "trail-reviewed/1", {"site": site}),
        ("mona", "trail-reviewed/1", {"user": "edit.checks"}),
        ("mona", "data-exported/1", None),
    ]


@pytest.mark.requirement(27)
def test_access_on_a_day_is_told_and_written(copied: Study, tmp_path: Path) -> None:
    with open_study_ledger(copied) as ledger:
        admin = Actor("ada", "administrator")
        given = Act(RoleChanged("cora", "", "coordinator"), RecordKey("701"))
        ledger.append([given], actor=admin, source="ui", definition_version="1")
        day = [fact.recorded_at[:10] for fact in ledger.facts(kind=RoleChanged.NAME)][-1]
    code, told = _run("access", copied.root, "--on", day)
    assert code == 0
    held = {(r["user"], r["site"], r["role"]) for r in told["rows"]}  # type: ignore[attr-defined]
    assert ("cora", "701", "coordinator") in held
    code, _ = _run("access", copied.root, tmp_path / "access.csv", "--on", day)
    assert code == 0
    assert "cora,701,coordinator" in (tmp_path / "access.csv").read_text(encoding="utf-8-sig")


@pytest.mark.parametrize(
    ("words", "finding"),
    [
        (["audit", "--review", "--since", "March"], "AUD-004"),
        (["audit", "there.csv", "--review"], "AUD-002"),
        (["audit", "facts.pdf", "--review"], "AUD-001"),
        (["access", "--on", "yesterday"], "AUD-004"),
        (["access", "--on", "2026-01-31", "there.txt"], "AUD-001"),
    ],
)
def test_a_review_that_cannot_be_is_refused_and_not_on_record(
    copied: Study, tmp_path: Path, words: list[str], finding: str
) -> None:
    (tmp_path / "there.csv").write_text("mine")
    with open_study_ledger(copied) as ledger:
        before = ledger.position
    named = [tmp_path / w if "." in w else w for w in words[1:]]
    code, told = _run(words[0], copied.root, *named)
    assert (code, told["findings"][0]["code"]) == (1, finding)  # type: ignore[index]
    with open_study_ledger(copied) as ledger:
        assert ledger.position == before
