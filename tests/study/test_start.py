"""A starter study works at once, and nothing is written over."""

from __future__ import annotations

from pathlib import Path

import pytest

from opencro.kernel.finding import Refused
from opencro.study import Study, check_study, init_study, template_names


@pytest.mark.parametrize("template", template_names())
def test_a_starter_study_is_clean_and_bears_its_name(tmp_path: Path, template: str) -> None:
    root = init_study(tmp_path / "new", "XYZ-99", "Äpfel: a trial, 50% of it #1", template)
    assert check_study(root).items == ()
    study = Study.load(root)
    assert (study.id, study.file.title) == ("XYZ-99", "Äpfel: a trial, 50% of it #1")
    assert not any(mark in text for text in study.texts.values() for mark in ("@ID@", "@TITLE@"))


def test_later_stages_add_their_files(tmp_path: Path) -> None:
    more = {"tabulation/DM.yaml": "domain: DM\nstudy: '@ID@'\n"}
    study = Study.load(init_study(tmp_path / "new", "XYZ", "x", more=more))
    assert study.documents["tabulation/DM.yaml"].value == {"domain": "DM", "study": "XYZ"}


@pytest.mark.parametrize(
    ("id", "title", "template", "code"),
    [
        ("9X", "x", "parallel", "STU-015"),
        ("X", 'say "x"', "parallel", "STU-015"),
        ("X", "two\nlines", "parallel", "STU-015"),
        ("X", " ", "parallel", "STU-015"),
        ("X", "x", "paralel", "STU-013"),
    ],
)
def test_what_cannot_be_started_is_refused(tmp_path: Path, id: str, title: str, template: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        init_study(tmp_path / "new", id, title, template)
    assert refused.value.findings.codes() == (code,)
    assert not (tmp_path / "new").exists()


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(Refused) as refused:
        init_study(tmp_path, "X", "x")
    assert refused.value.findings.codes() == ("STU-014",)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
