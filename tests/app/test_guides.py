"""The reviewer's guides say what the build knows, and mark what only people can say."""

from __future__ import annotations

import json
import re
import shutil
from io import BytesIO
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from pypdf import PdfReader

from opencro.app.build import build
from opencro.app.check import check_everything
from opencro.app.package import package_study
from opencro.app.package_documents import make_documents, make_guides
from opencro.kernel.finding import Place, Refused
from opencro.study import Study, load_study
from opencro.submission import render_schemas
from opencro.submission.ectd.check_pdf import check_pdf
from opencro.submission.guides import Guide, Section, render_pdf

TEXTS = """
csdrg:
  protocol-design: Randomized & double-blind.
"""


@pytest.fixture(scope="module")
def guides(played: Study) -> tuple[Guide, ...]:
    return make_guides(played, build(played))


def _section(guide: Guide, title: str) -> Section:
    return next(s for s in guide.sections if s.title == title)


@pytest.fixture
def written(played: Study, tmp_path: Path) -> Path:
    """A copy of the study in which somebody wrote words."""
    folder = Path(shutil.copytree(played.root, tmp_path / "copy"))
    (folder / "submission/guides.yaml").write_text(TEXTS, encoding="utf-8")
    return folder


def test_guides_name_every_dataset_with_its_records(played: Study, guides: tuple[Guide, ...]) -> None:
    made = build(played)
    told = {
        row[0]: row[3]
        for guide, title in zip(guides, ("SDTM Subject Domains", "Analysis Datasets"), strict=True)
        for row in _section(guide, title).blocks[0].rows  # type: ignore[union-attr]
    }
    assert told == {name: f"{size.rows:,}" for name, size in made.sizes.items()}


def test_sections_are_numbered_without_gaps(guides: tuple[Guide, ...]) -> None:
    for guide in guides:
        counts: list[int] = []
        for section in guide.sections:
            numbers = [int(n) for n in section.number.split(".")]
            counts = [*counts, 0, 0][: len(numbers)]
            counts[-1] += 1
            assert numbers == counts, section


def test_pdf_and_page_hold_the_same_words(played: Study) -> None:
    documents = make_documents(played, build(played))
    for document in documents.files[1:]:
        page = documents.pages[document.name.replace(".pdf", ".html")]
        reader = PdfReader(BytesIO(document.content))
        text = "".join("".join((p.extract_text() or "").split()) for p in reader.pages)
        cells = re.findall(r"<(?:td|p)>([^<]*)<", page)
        assert len(cells) > 60
        assert not [c for c in cells if "&" not in c and "".join(c.split()) not in text]


def test_they_are_pdfs_as_agencies_want_them_and_always_the_same(guides: tuple[Guide, ...], tmp_path: Path) -> None:
    for guide in guides:
        path = tmp_path / f"{guide.short}.pdf"
        path.write_bytes(render_pdf(guide, {}))
        assert list(check_pdf(path, Place())) == []
        assert len(PdfReader(path).outline) > 5
        assert render_pdf(guide, {}) == path.read_bytes()


def test_blanks_are_marked_until_somebody_writes_them(played: Study, written: Path) -> None:
    before = make_documents(played, build(played))
    assert "[to be written: protocol-design]" in before.pages["csdrg.html"]
    assert before.findings.codes() == ("ECT-062", "ECT-062")
    study = load_study(written)
    after = make_documents(study, build(study))
    assert "[to be written: protocol-design]" not in after.pages["csdrg.html"]
    assert "Randomized &amp; double-blind." in after.pages["csdrg.html"]
    assert "protocol-design," not in next(f.got for f in after.findings)


def test_words_without_a_blank_are_refused(written: Path, tmp_path: Path) -> None:
    (written / "submission/guides.yaml").write_text("csdrg: {protocol-desing: words}", encoding="utf-8")
    with pytest.raises(Refused) as refused:
        package_study(load_study(written), tmp_path / "dossier")
    assert refused.value.findings.errors[0].code == "ECT-061"
    assert "protocol-design" in refused.value.findings.errors[0].remedy
    assert not (tmp_path / "dossier").exists()


def test_check_reads_the_files_of_submission(written: Path) -> None:
    assert check_everything(written).ok
    (written / "submission/guides.yaml").write_text("csdgr: {}", encoding="utf-8")
    (written / "submission/ectd.yaml").write_text("study: ABC", encoding="utf-8")
    assert {f.code for f in check_everything(written).errors} == {"ECT-051", "ECT-060"}


def test_the_published_schemas_are_current(root: Path) -> None:
    folder = root / "src/opencro/submission/schemas"
    assert {p.name: p.read_text(encoding="utf-8") for p in folder.iterdir()} == render_schemas()
    validator = Draft202012Validator(json.loads(render_schemas()["guides.schema.json"]))
    assert validator.is_valid({"csdrg": {"overview": "words"}})
    assert not validator.is_valid({"csdgr": {}})
