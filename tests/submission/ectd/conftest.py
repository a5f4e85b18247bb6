"""A small study in three sequences: sent, changed, nearly taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from opencro.submission.ectd import Dossier, PlannedFile, StudySection, write_sequence

HEAD = {"submission": "0001", "type": "original application", "subtype": "application"}


@pytest.fixture
def dossier() -> Dossier:
    """Metadata of the sequences."""
    contact = {"name": "A. Person", "telephones": [{"number": "+1 555 0100"}], "emails": ["a.person@example.org"]}
    return Dossier.model_validate(
        {
            "applicant": {"id": "999999999", "company": "Example & Sons", "contacts": [contact]},
            "application": {"number": "123456", "type": "nda"},
            "sequences": {"0001": HEAD, "0002": {**HEAD, "subtype": "amendment"}, "0003": HEAD, "0004": HEAD},
            "indication": "pain",
            "study": "abc-1",
        }
    )


@pytest.fixture
def section() -> StudySection:
    """Where the study stands."""
    folder = "m5/53-clin-stud-rep/535-rep-effic-safety-stud/pain/5351-stud-rep-contr/abc-1"
    return StudySection("ABC-1", "A study of <pain>", "pain", folder, {"type-of-control": "placebo"})


def planned(**contents: str) -> list[PlannedFile]:
    """Files of a study by name."""
    folder = "m5/datasets/abc-1/tabulations/sdtm"
    tag = ("data-tabulation-dataset-sdtm", "us")
    return [PlannedFile(f"{folder}/{n}.txt", text.encode(), f"Dataset {n}", tag) for n, text in contents.items()]


@pytest.fixture
def folder(tmp_path: Path, dossier: Dossier, section: StudySection) -> Path:
    """A dossier of three sequences."""
    write_sequence(tmp_path, "0001", dossier, section, planned(ae="1", dm="1", vs="1"))
    write_sequence(tmp_path, "0002", dossier, section, planned(ae="1", dm="2", vs="1", lb="1"))
    write_sequence(tmp_path, "0003", dossier, section, planned(ae="1", dm="2", lb="1"))
    return tmp_path
