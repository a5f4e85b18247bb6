"""The command line: every command has help, answers programs in JSON, and says by its exit code how it went."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from opencro.app.cli.main import app

RUN = CliRunner()
COMMANDS = (
    "init",
    "check",
    "schedule",
    "diff",
    "convert",
    "import",
    "rehearse",
    "build",
    "demo",
    "trace",
    "compare",
    "conform",
    "verify",
    "audit",
    "archive",
    "terms",
)


def _json(*words: object) -> tuple[int, object]:
    result = RUN.invoke(app, [*map(str, words), "--json"])
    return result.exit_code, json.loads(result.stdout)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_words_for_each_option(command: str) -> None:
    result = RUN.invoke(app, [command, "--help"])
    assert result.exit_code == 0
    click = typer.main.get_command(app)
    for parameter in click.commands[command].params:  # type: ignore[attr-defined]
        assert getattr(parameter, "help", "x"), f"{command}: {parameter.name}"


def test_a_new_study_is_clean_and_its_files_are_listed(tmp_path: Path) -> None:
    code, made = _json("init", tmp_path / "trial")
    assert code == 0
    assert "tabulation/AE.yaml" in made["files"]  # type: ignore[index]
    assert _json("check", tmp_path / "trial") == (0, {"ok": True, "findings": []})


def test_init_writes_over_nothing(tmp_path: Path) -> None:
    (tmp_path / "keep.txt").write_text("mine")
    code, answer = _json("init", tmp_path)
    assert code == 1
    assert answer["findings"][0]["code"] == "STU-014"  # type: ignore[index]
    assert [p.name for p in tmp_path.iterdir()] == ["keep.txt"]


def test_nine_mistakes_give_nine_findings_with_file_line_and_remedy(tmp_path: Path) -> None:
    RUN.invoke(app, ["init", str(tmp_path / "trial")])
    path = tmp_path / "trial/tabulation/AE.yaml"
    text = path.read_text(encoding="utf-8")
    for good, bad in (
        ("item: AETERM", "itme: AETERM"),
        ("item: AESEV", "item: AESVE"),
        ("study_day: AESTDTC", "study_day: AESTDC"),
    ):
        text = text.replace(good, bad)
    path.write_text(text, encoding="utf-8")
    code, answer = _json("check", tmp_path / "trial")
    assert code == 1
    findings = answer["findings"]  # type: ignore[index]
    assert "TAB-004" in {f["code"] for f in findings}
    assert all(f["place"]["file"] == "tabulation/AE.yaml" and f["remedy"] for f in findings)


def test_wrong_usage_has_its_own_exit_code() -> None:
    assert RUN.invoke(app, ["build", "/nowhere/at/all"]).exit_code == 2
    assert RUN.invoke(app, ["biuld"]).exit_code == 2


def test_build_says_what_it_made_and_then_that_nothing_changed(folder: Path) -> None:
    code, answer = _json("build", folder)
    assert code == 0
    assert answer["reused"] is True  # type: ignore[index]
    assert {"sdtm/define.xml", "sdtm/xpt/ae.xpt", "sdtm/json/ae.json"} <= set(answer["files"])  # type: ignore[index]


def test_trace_ends_at_the_form_with_who_when_and_why(folder: Path) -> None:
    _, built = _json("build", folder, "--fresh", "--into", folder.parent / "again")
    assert built["ok"]  # type: ignore[index]
    import polars as pl

    row = pl.read_parquet(folder.parent / "again/sdtm/parquet/ae.parquet").row(0, named=True)
    code, answer = _json("trace", folder, "AE.AESTDY", f"USUBJID={row['USUBJID']}", f"AESEQ={row['AESEQ']}")
    assert code == 0
    assert answer["trace"]["value"] == row["AESTDY"]  # type: ignore[index]
    reached = {i["item"] for i in answer["items"]}  # type: ignore[index]
    assert {"AESTDAT", "EXSTDAT"} <= reached
    assert all(i["history"][0]["actor"] and i["history"][0]["recorded_at"] for i in answer["items"])  # type: ignore[index]


def test_trace_forward_names_what_an_item_reaches(folder: Path) -> None:
    code, answer = _json("trace", folder, "EX.EXSTDAT", "--from")
    assert code == 0
    assert {"DM.RFSTDTC", "AE.AESTDY", "VS.VSDY", "EX.EXSTDTC"} <= set(answer["reaches"])  # type: ignore[index]
    assert "AE.AETERM" not in answer["reaches"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("AE",), "CLI-001"),
        (("AE.AESEV", "USUBJID"), "CLI-002"),
        (("AE.AESEV",), "TRC-002"),
        (("AE.AESVE", "USUBJID=x", "AESEQ=1"), "TRC-003"),
        (("AE.AESEV", "USUBJID=x", "AESEQ=1"), "TRC-004"),
        (("AE.AESEV", "USUBJID=x", "AESEQ=one"), "TRC-007"),
        (("TA.ARM", "USUBJID=x"), "TRC-001"),
        (("XX.Y", "--from"), "TRC-005"),
        (("AE.Y", "--from"), "TRC-006"),
    ],
)
def test_a_trace_that_cannot_be_answered_says_why(folder: Path, words: tuple[str, ...], code: str) -> None:
    status, answer = _json("trace", folder, *words)
    assert status == 1
    assert answer["findings"][0]["code"] == code  # type: ignore[index]


@pytest.mark.requirement(8)
def test_verify_compares_with_an_anchor_kept_elsewhere(folder: Path) -> None:
    code, answer = _json("verify", folder)
    assert code == 0
    assert _json("verify", folder, "--anchor", answer["anchor"])[0] == 0  # type: ignore[index]
    code, answer = _json("verify", folder, "--anchor", "0" * 64)
    assert code == 1
    assert answer["findings"][0]["code"] == "LED-110"  # type: ignore[index]


def test_an_amendment_is_a_diff_with_what_it_touches(folder: Path, tmp_path: Path) -> None:
    after = tmp_path / "after"
    shutil.copytree(folder, after, ignore=shutil.ignore_patterns("build", "ledger.sqlite*"))
    form = after / "forms/AE.yaml"
    form.write_text(
        form.read_text(encoding="utf-8").replace("label: Severity", "label: How severe it was"), encoding="utf-8"
    )
    code, answer = _json("diff", folder, after)
    assert code == 0
    touched = answer["touched"]  # type: ignore[index]
    assert touched["forms"] == ["AE"]
    assert "AE.AESEV" in touched["datasets"]
    assert len(touched["participants"]) > 0


def test_compare_tells_equal_from_different(folder: Path, tmp_path: Path) -> None:
    ours = folder / "build/sdtm/xpt/dm.xpt"
    assert _json("compare", ours, folder / "build/sdtm/json/dm.json", "--keys", "USUBJID") == (
        0,
        {"equal": True, "explained": True, "differences": []},
    )
    assert (
        RUN.invoke(app, ["compare", str(ours), str(folder / "build/sdtm/xpt/ae.xpt"), "--keys", "USUBJID"]).exit_code
        == 1
    )


def test_a_study_goes_to_usdm_and_odm_and_comes_back(folder: Path, tmp_path: Path) -> None:
    assert RUN.invoke(app, ["convert", str(folder), str(tmp_path / "usdm.json")]).exit_code == 0
    assert (
        RUN.invoke(app, ["convert", str(tmp_path / "usdm.json"), str(tmp_path / "back"), "--to", "study"]).exit_code
        == 0
    )
    assert (tmp_path / "back/protocol/schedule.yaml").is_file()
    assert RUN.invoke(app, ["convert", str(folder), str(tmp_path / "odm.xml")]).exit_code == 0
    assert (
        RUN.invoke(app, ["convert", str(tmp_path / "odm.xml"), str(tmp_path / "forms"), "--to", "study"]).exit_code == 0
    )
    assert (tmp_path / "forms/forms/AE.yaml").is_file()
