"""`opencro code` from the first list to a new version, with every step on record."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from opencro.app.cli.main import app
from opencro.app.wiring import open_study_ledger
from opencro.ledger import ItemCoded
from opencro.study import Study


def _run(*words: object) -> tuple[int, dict[str, object]]:
    result = CliRunner().invoke(app, [*map(str, words), "--json"])
    return result.exit_code, json.loads(result.stdout)


@pytest.fixture
def root(played: Study, tmp_path: Path) -> Path:
    """The played study in a folder that may change."""
    return Path(shutil.copytree(played.root, tmp_path / "STARTER"))


@pytest.mark.requirement(6)
def test_a_study_is_coded_to_the_last_term_and_every_step_is_on_record(root: Path) -> None:
    code, first = _run("code", root)
    assert code == 0
    (counts,) = first["counts"]  # type: ignore[misc]
    assert counts["uncoded"] == counts["places"] > 10
    _, auto = _run("code", root, "--auto")
    assert auto["counts"][0]["coded"] == auto["done"]["coded"] > 10  # type: ignore[index]
    left = {row["text"]: row["code"] for row in auto["open"] if row["rank"] == 1}  # type: ignore[attr-defined]
    assert left == {"Swollen ankles": "E0705"}
    _, last = _run("code", root, "--synonym", "swollen ankles=E0705", "--user", "cody")
    assert last["counts"][0]["coded"] == counts["places"]  # type: ignore[index]
    assert last["open"] == []
    with open_study_ledger(Study.load(root)) as ledger:
        kinds = {(f.actor, f.kind) for f in ledger.facts()}
        assert {("auto.coding", "item-coded/1"), ("cody", "synonym-changed/1")} <= kinds
        assert len(list(ledger.facts(kind=ItemCoded.NAME))) == counts["places"]
        assert ledger.verify().ok


def test_a_person_accepts_uncodes_and_asks(root: Path) -> None:
    _, told = _run("code", root, "--accept", "COUGH=E0402", "--user", "cody")
    count = told["done"]["coded"]  # type: ignore[index]
    assert count > 0
    _, told = _run("code", root, "--uncode", "cough")
    assert told["done"] == {"uncoded": count}
    _, told = _run("code", root, "--query", "cough", "--question", "Which kind?")
    assert told["done"] == {"queries": count}
    assert told["counts"][0]["queried"] == count  # type: ignore[index]
    shown = CliRunner().invoke(app, ["code", str(root)])
    assert "Breathlessness" in shown.stdout or "Cough" in shown.stdout


def test_a_new_version_is_weighed_before_it_is_pinned(root: Path) -> None:
    _run("code", root, "--auto")
    table = root / "coding/dictionaries/events/1/terms.csv"
    newer = root / "coding/dictionaries/events/2"
    newer.mkdir()
    text = table.read_text(encoding="utf-8").replace("E0401,Cough,Y", "E0401,Cough,N")
    (newer / "terms.csv").write_text(text, encoding="utf-8")
    code, told = _run("code", root, "--impact", "2")
    assert code == 0
    assert {row["text"] for row in told["impact"] if row["kind"] == "not current"} == {"Cough"}  # type: ignore[attr-defined]
    items = root / "coding/items.yaml"
    items.write_text(items.read_text(encoding="utf-8").replace('events: "1"', 'events: "2"'), encoding="utf-8")
    _, before = _run("code", root)
    _, after = _run("code", root, "--upversion")
    moved = after["done"]["upversioned"]  # type: ignore[index]
    assert after["counts"][0]["other_version"] == before["counts"][0]["other_version"] - moved > 0  # type: ignore[index]


@pytest.mark.parametrize(
    ("words", "finding"),
    [
        (["--accept", "Cough=E9"], "COD-101"),
        (["--synonym", "Cough=E0703"], "COD-102"),
        (["--synonym", "Cough=E9"], "COD-101"),
        (["--accept", "Coughing a lot=E0401"], "COD-103"),
        (["--accept", "Cough=E0401", "--class", "N02"], "COD-104"),
        (["--accept", "Cough=E0401", "--dictionary", "meddra"], "COD-106"),
        (["--impact", "9"], "COD-205"),
    ],
)
def test_what_cannot_be_coded_is_refused_and_nothing_is_written(root: Path, words: list[str], finding: str) -> None:
    with open_study_ledger(Study.load(root)) as ledger:
        before = ledger.position
    code, told = _run("code", root, *words)
    assert (code, told["findings"][0]["code"]) == (1, finding)  # type: ignore[index]
    with open_study_ledger(Study.load(root)) as ledger:
        assert ledger.position == before


def test_a_study_that_codes_nothing_says_so(root: Path) -> None:
    (root / "coding/items.yaml").unlink()
    code, told = _run("code", root)
    assert (code, told["findings"][0]["code"]) == (1, "COD-005")  # type: ignore[index]


def test_several_dictionaries_have_to_be_told_apart(root: Path) -> None:
    shutil.copytree(root / "coding/dictionaries/events", root / "coding/dictionaries/other")
    items = root / "coding/items.yaml"
    text = items.read_text(encoding="utf-8").replace('events: "1"', 'events: "1", other: "1"')
    items.write_text(text + "  - {item: AE.AESPID, dictionary: other}\n", encoding="utf-8")
    code, told = _run("code", root, "--impact", "1")
    assert (code, told["findings"][0]["code"]) == (1, "COD-106")  # type: ignore[index]
    code, _ = _run("code", root, "--impact", "1", "--dictionary", "other")
    assert code == 0
