"""Reading a study folder: what is there comes in, what is bad is refused with a place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from opencro.kernel.finding import Refused
from opencro.study import Study, check_study

Edit = Callable[[str, str, str], None]


def test_a_study_is_read_whole(starter: Path) -> None:
    study = Study.load(str(starter))
    assert study.id == "ABC-1"
    assert [arm.id for arm in study.protocol.design.arms] == ["ACTIVE", "PLACEBO"]
    assert [visit.day for visit in study.protocol.schedule.visits] == [-7, 1, 29, 57]
    assert sorted(study.forms) == sorted(study.transfers) == ["AE", "DM", "VS"]
    assert study.codelists["SEX"].codes[0].value == "F"
    assert [check.id for check in study.checks] == ["AE001", "AE002", "DM001", "VS001"]


def test_documents_of_later_stages_are_kept_with_their_lines(starter: Path, edit: Edit) -> None:
    edit("tabulation/DM.yaml", "", "domain: DM\nvariables:\n  SEX: {item: SEX}\n")
    document = Study.load(starter).documents["tabulation/DM.yaml"]
    assert document.value["variables"]["SEX"] == {"item": "SEX"}
    assert document.line(("variables", "SEX")) == 3


def test_what_is_made_or_hidden_is_not_read(starter: Path, edit: Edit) -> None:
    for name in ("build/x.yaml", "versions/1/study.yaml", ".git/x.yaml", "forms/.#DM.yaml"):
        edit(name, "", "broken: [")
    assert check_study(starter).items == ()


def test_no_folder_and_no_study_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(Refused) as refused:
            Study.load(path)
        assert refused.value.findings.codes() == ("STU-001",)


def test_a_wrong_encoding_is_found_with_its_line(starter: Path) -> None:
    path = starter / "forms" / "VS.yaml"
    path.write_bytes(path.read_text(encoding="utf-8").replace("Vital", "Vitäl").encode("latin-1"))
    (finding,) = [f for f in check_study(starter) if f.code == "YML-001"]
    assert (finding.place.file, finding.place.line) == ("forms/VS.yaml", 3)
    assert "not UTF-8" in finding.got


def test_a_byte_order_mark_does_no_harm(starter: Path) -> None:
    path = starter / "forms" / "VS.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert check_study(starter).items == ()


def test_utf_16_and_binary_files_are_refused(starter: Path) -> None:
    (starter / "forms" / "VS.yaml").write_text("id: VS", encoding="utf-16")
    (starter / "forms" / "AE.yaml").write_bytes(bytes(range(256)))
    (starter / "forms" / "DM.yaml").write_bytes(b"id: D\x00M\n")
    found = {f.place.file for f in check_study(starter).errors if f.code == "YML-001"}
    assert found == {"forms/VS.yaml", "forms/AE.yaml", "forms/DM.yaml"}


def test_a_huge_file_is_refused_unread(starter: Path) -> None:
    (starter / "forms" / "VS.yaml").write_text("# x\n" * 2_000_000, encoding="utf-8")
    (finding,) = check_study(starter).errors
    assert finding.code == "STU-002"
    assert "8,000,000 bytes" in finding.got


def test_aliases_cannot_make_a_short_text_endless(starter: Path, edit: Edit) -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}, *a{i - 1}]" for i in range(1, 60)]
    edit("analysis/bomb.yaml", "", "\n".join(lines))
    assert check_study(starter).codes() == ("STU-004",)


def test_a_link_out_of_the_folder_is_not_followed(starter: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.yaml"
    secret.write_text("id: SECRET\n", encoding="utf-8")
    (starter / "forms" / "LINK.yaml").symlink_to(secret)
    assert check_study(starter).codes() == ("STU-010",)


def test_two_forms_with_one_id_are_both_named(starter: Path) -> None:
    text = (starter / "forms" / "VS.yaml").read_text(encoding="utf-8")
    (starter / "forms" / "VITALS.yaml").write_text(text, encoding="utf-8")
    assert [(f.code, f.place.file) for f in check_study(starter)] == [("STU-102", "forms/VITALS.yaml")]


def test_all_findings_of_all_files_come_together(starter: Path, edit: Edit) -> None:
    edit("forms/VS.yaml", "title:", "titel:")
    edit("protocol/design.yaml", "ratio: 1", "ratio: -1")
    edit("study.yaml", "id:", "idd:")
    with pytest.raises(Refused) as refused:
        Study.load(starter)
    found = {(f.code, f.place.file) for f in refused.value.findings}
    assert {("STU-005", "forms/VS.yaml"), ("STU-007", "protocol/design.yaml"), ("STU-006", "study.yaml")} <= found
