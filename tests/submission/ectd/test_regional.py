"""Documents of module 1 stand under their headings of us-regional.xml, as its DTD permits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from pydantic import ValidationError
from reportlab.pdfgen.canvas import Canvas

from opencro.kernel.finding import Refused
from opencro.submission.ectd import Dossier, StudySection, check_dossier, read_sequences, write_sequence
from tests.submission.ectd.conftest import HEAD, planned

DOCUMENTS = [
    {"file": "debarment.pdf", "title": "Debarment Certification", "heading": "debarment certification"},
    {"file": "cover.pdf", "title": "Cover Letter", "heading": "cover letters"},
    {"file": "form-356h.pdf", "title": "Form FDA 356h", "heading": "forms", "form": "356h"},
    {"file": "finance.pdf", "title": "Financial Disclosure", "heading": "financial disclosure"},
]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A page for each document."""
    folder = tmp_path / "m1"
    folder.mkdir()
    for document in DOCUMENTS:
        canvas = Canvas(str(folder / document["file"]), pdfVersion=(1, 4), invariant=1)
        canvas.showPage()
        canvas.save()
    return folder


def _with(dossier: Dossier, documents: list[dict[str, str]]) -> Dossier:
    told: dict[str, Any] = dossier.model_dump(mode="json")
    told["sequences"]["0001"] = {**HEAD, "documents": documents}
    return Dossier.model_validate(told)


def test_documents_stand_under_their_headings_and_are_checked(
    dossier: Dossier, section: StudySection, files: Path, tmp_path: Path, shared: Path
) -> None:
    into = tmp_path / "dossier"
    write_sequence(into, "0001", _with(dossier, DOCUMENTS), section, planned(dm="1"), regional_files=files)
    root = etree.parse(into / "0001/m1/us/us-regional.xml").getroot()
    found = [(leaf.getparent().tag, leaf.findtext("title")) for leaf in root.iter("leaf")]
    assert found == [
        ("form", "Form FDA 356h"),
        ("m1-2-cover-letters", "Cover Letter"),
        ("m1-3-3-debarment-certification", "Debarment Certification"),
        ("m1-3-4-financial-certification-and-disclosure", "Financial Disclosure"),
    ]
    assert root.find(".//form").get("form-type") == "fdaft2"
    etree.DTD(str(shared / "regulatory/ectd322/us/us-regional-v3-3.dtd")).assertValid(root)
    findings = check_dossier(into, shared / "regulatory/ectd322")
    assert findings.ok, findings
    assert {f.code for f in findings} <= {"ECT-033"}


def test_a_later_sequence_leaves_them_as_they_are(
    dossier: Dossier, section: StudySection, files: Path, tmp_path: Path
) -> None:
    into = tmp_path / "dossier"
    told = _with(dossier, DOCUMENTS[:2])
    write_sequence(into, "0001", told, section, planned(dm="1"), regional_files=files)
    write_sequence(into, "0002", told, section, planned(dm="2"))
    assert check_dossier(into).ok
    assert [leaf.href for _, leaf in read_sequences(into)[1].leaves() if leaf.href.endswith(".pdf")] == []


def test_one_byte_of_a_document_is_found(dossier: Dossier, section: StudySection, files: Path, tmp_path: Path) -> None:
    into = tmp_path / "dossier"
    write_sequence(into, "0001", _with(dossier, DOCUMENTS[:2]), section, planned(dm="1"), regional_files=files)
    path = into / "0001/m1/us/cover.pdf"
    path.write_bytes(path.read_bytes() + b" ")
    assert "ECT-006" in check_dossier(into).codes()


def test_a_document_that_is_not_there_is_refused(dossier: Dossier, section: StudySection, tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        write_sequence(tmp_path / "d", "0001", _with(dossier, DOCUMENTS), section, planned(dm="1"))
    assert [f.code for f in refused.value.findings] == ["ECT-055"] * 4
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize(
    "document",
    [
        {"file": "f.pdf", "title": "Form", "heading": "forms"},
        {"file": "f.pdf", "title": "Cover", "heading": "cover letters", "form": "356h"},
        {"file": "../f.pdf", "title": "Cover", "heading": "cover letters"},
        {"file": "f.doc", "title": "Cover", "heading": "cover letters"},
    ],
)
def test_what_the_backbone_cannot_say_is_refused(dossier: Dossier, document: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        _with(dossier, [document])
