"""`opencro design`: reports, approval on record, and interim analyses against what was approved."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from opencro.app.cli.main import app
from opencro.ledger import DesignApproved, open_ledger

RUNNER = CliRunner()


@pytest.fixture
def study(root: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "study"
    shutil.copytree(
        root / "studies" / "cdiscpilot01", folder, ignore=shutil.ignore_patterns("build", "*.sqlite", "versions")
    )
    return folder


def _run(*arguments: str | Path, code: int = 0) -> str:
    done = RUNNER.invoke(app, ["design", *map(str, arguments)])
    assert done.exit_code == code, done.output
    return done.output


def _json(*arguments: str | Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(_run(*arguments, "--json"))
    return read


def test_reports_are_written_as_page_and_paper(study: Path) -> None:
    found = _json(study)
    assert found["designs"]["adas_cog"]["n"] == [181, 181]
    assert [Path(f).name for f in found["files"]] == ["adas_cog.html", "adas_cog.pdf"]
    assert (study / "build/design/adas_cog.pdf").read_bytes().startswith(b"%PDF")
    assert "362 participants" in _run(study, "adas_cog", "--output", study / "elsewhere")
    assert (study / "elsewhere/adas_cog.html").is_file()


def test_an_approval_puts_the_bounds_on_record_once(study: Path) -> None:
    _run(study, "adas_cog", "--approve", "as in the protocol", "--user", "ann")
    with open_ledger(str(study / "ledger.sqlite")) as ledger:
        facts = list(ledger.facts(kind=DesignApproved.NAME))
    assert len(facts) == 1
    assert (facts[0].actor, facts[0].reason) == ("ann", "as in the protocol")
    assert facts[0].payload["efficacy"] == pytest.approx([2.9626, 2.3590, 2.0141], abs=1e-4)
    assert facts[0].payload["futility"][-1] is None
    assert "DES-004" in _run(study, "adas_cog", "--approve", "again", code=1)


def test_interim_analyses_read_the_approved_design_not_the_file(study: Path) -> None:
    _run(study, "adas_cog", "--approve", "as in the protocol")
    before = _json(study, "adas_cog", "--look", "0.95:1.1")
    file = study / "design/adas_cog.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("alpha: 0.025", "alpha: 0.05"), encoding="utf-8")
    assert _json(study, "adas_cog", "--look", "0.95:1.1") == before
    stopped = _json(study, "adas_cog", "--look", "0.95:1.1", "--look", "1.4:2.9")
    assert stopped["looks"][1]["decision"] == "reject and stop"
    assert stopped["final"][0]["p_value"] < 0.025


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("nope",), "DES-003"),
        (("adas_cog", "--look", "1:2"), "LED-012"),
        (("--approve", "no name"), "DES-007"),
        (("adas_cog", "--look", "one"), "DES-006"),
    ],
)
def test_what_cannot_be_is_refused(study: Path, arguments: tuple[str, ...], code: str) -> None:
    assert code in _run(study, *arguments, code=1)


def test_looks_need_an_approved_design_and_must_rise(study: Path) -> None:
    _run(study, "adas_cog", "--approve", "as in the protocol")
    (study / "design/other.yaml").write_text(
        "title: other\nendpoint: {type: means, difference: 1, sd: 2}\nlooks: [0.5, 1]\n", encoding="utf-8"
    )
    assert "DES-005" in _run(study, "other", "--look", "1:2", code=1)
    assert "DES-006" in _run(study, "adas_cog", "--look", "1:1", "--look", "0.5:1", code=1)
