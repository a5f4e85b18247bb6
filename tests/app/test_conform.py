"""`opencro conform` reads rules and datasets, reports in every form, and says by its exit code how it went."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from opencro.app.cli.main import app

RUN = CliRunner()
RULE = """Core: {Id: OWN-1}
Rule Type: Record Data
Check: {all: [{name: AETERM, operator: empty}]}
Outcome: {Message: AETERM is missing.}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ae.csv").write_text("STUDYID,DOMAIN,USUBJID,AESEQ,AETERM\nS,AE,S-1,1,\nS,AE,S-1,2,Headache\n")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/OWN-1.yml").write_text(RULE, encoding="utf-8")
    return tmp_path


def test_findings_come_as_text_json_workbook_and_page(folder: Path) -> None:
    words = ["conform", str(folder), "--rules", str(folder / "rules")]
    text = RUN.invoke(app, words)
    assert text.exit_code == 1
    assert "AE:1: OWN-1: AETERM is missing." in text.stdout
    result = RUN.invoke(app, [*words, "--json", "--xlsx", str(folder / "r.xlsx"), "--html", str(folder / "r.html")])
    report = json.loads(result.stdout)
    assert report["counts"]["failed"] == 1
    assert report["findings"][0]["keys"] == {"USUBJID": "S-1", "AESEQ": 1.0}
    assert (folder / "r.xlsx").read_bytes().startswith(b"PK")
    assert "OWN-1" in (folder / "r.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("place", ["xpt", "sdtm/xpt", "build/sdtm/xpt"])
def test_a_study_or_its_build_stands_for_its_datasets(folder: Path, place: str) -> None:
    inside = folder / "study" / place
    inside.mkdir(parents=True)
    (folder / "ae.csv").rename(inside / "ae.csv")
    result = RUN.invoke(app, ["conform", str(folder / "study"), "--rules", str(folder / "rules")])
    assert "AE:1: OWN-1: AETERM is missing." in result.stdout


def test_clean_data_end_with_zero_and_absent_rules_with_one(folder: Path) -> None:
    (folder / "ae.csv").write_text("DOMAIN,AETERM\nAE,Headache\n")
    assert RUN.invoke(app, ["conform", str(folder), "--rules", str(folder / "rules")]).exit_code == 0
    result = RUN.invoke(app, ["conform", str(folder), "--rules", str(folder / "none")])
    assert result.exit_code == 1
    assert "CNF-005" in result.stderr


def test_rules_must_be_named(folder: Path) -> None:
    result = RUN.invoke(app, ["conform", str(folder)], env={"OPENCRO_RULES": ""})
    assert result.exit_code == 2


def test_own_rules_are_tested_with_their_cases(folder: Path) -> None:
    own = folder / "own/OWN-1"
    for kind, term, result in (("positive", "x", ""), ("negative", "", "AE,1,AETERM,\n")):
        (own / kind / "01/data").mkdir(parents=True)
        (own / kind / "01/results").mkdir()
        (own / kind / "01/data/ae.csv").write_text(f"DOMAIN,AETERM,AESEQ\nAE,{term},1\n", encoding="utf-8")
        (own / kind / "01/results/results.csv").write_text(f"Dataset,Record,Variable,Value\n{result}", encoding="utf-8")
    (own / "rule.yml").write_text(RULE, encoding="utf-8")
    tested = RUN.invoke(app, ["conform", str(folder / "own"), "--test"])
    assert (tested.exit_code, tested.stdout) == (0, "2 cases gave what is expected\n")
    (own / "negative/01/results/results.csv").write_text("Dataset,Record,Variable,Value\n", encoding="utf-8")
    failing = RUN.invoke(app, ["conform", str(folder / "own"), "--test", "--json"])
    assert failing.exit_code == 1
    assert [f["code"] for f in json.loads(failing.stdout)["findings"]] == ["CNF-007"]


def test_explained_findings_do_not_fail_the_run(folder: Path) -> None:
    words = ["conform", str(folder), "--rules", str(folder / "rules"), "--exceptions", str(folder / "e.yaml"), "--json"]
    text = "exceptions:\n  - {finding: OWN-1/AE/*, explanation: Not collected.}\n"
    (folder / "e.yaml").write_text(text, encoding="utf-8")
    result = RUN.invoke(app, words)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["findings"][0]["explanation"] == "Not collected."
    (folder / "e.yaml").write_text(text.replace("OWN-1", "OWN-2"), encoding="utf-8")
    unused = RUN.invoke(app, words)
    assert (unused.exit_code, json.loads(unused.stdout)["rule_files"][0]["code"]) == (1, "CNF-010")
    (folder / "e.yaml").write_text(text.replace("explanation", "because"), encoding="utf-8")
    assert {f["code"] for f in json.loads(RUN.invoke(app, words).stdout)["rule_files"]} == {"CNF-009"}
