"""The annotated CRF of the bundled study says what its datasets take from its forms."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from opencro.kernel.finding import Place
from opencro.study import CodeList, Item, Study, load_study
from opencro.submission.annotated_crf import NOT_SUBMITTED, annotate_item, answers, render_annotated_crf
from opencro.submission.ectd.check_pdf import check_pdf
from opencro.tabulation import Domain, load_domains


@pytest.fixture(scope="module")
def study(root: Path) -> Study:
    return load_study(root / "studies/cdiscpilot01")


@pytest.fixture(scope="module")
def domains(study: Study) -> dict[str, Domain]:
    return load_domains(study)


@pytest.fixture(scope="module")
def pdf(study: Study, domains: dict[str, Domain]) -> bytes:
    return render_annotated_crf(study, domains, {"AE": "Adverse Events"}).content


@pytest.mark.parametrize(
    ("form", "item", "words"),
    [
        ("AE", "AETERM", ["AETERM"]),
        ("AE", "AESOC", ["AEBODSYS", "AESOC"]),
        ("AE", "AEONGO", [NOT_SUBMITTED]),
        ("VS", "SYSBP_VSORRES", ["VSORRES when VSTESTCD = SYSBP"]),
        ("VS", "WEIGHT_VSDAT", ["VSDTC when VSTESTCD = WEIGHT"]),
        ("RAND", "ARMCD", ["ARMCD"]),
        ("IE", "IECRIT", ["QVAL in SUPPDS when QNAM = ENTCRIT"]),
        ("DS", "DTHDAT", ["DTHDTC"]),
    ],
)
def test_annotations_follow_the_declarations(
    study: Study, domains: dict[str, Domain], form: str, item: str, words: list[str]
) -> None:
    declared = next(i for g in study.forms[form].groups for i in g.items if i.id == item)
    assert [note.text for note in annotate_item(domains, study.forms[form], declared)] == words


def test_what_an_item_declares_as_its_variable_is_among_its_annotations(
    study: Study, domains: dict[str, Domain]
) -> None:
    """A second witness: who wrote the forms named the variables by hand."""
    missing = []
    for form in study.forms.values():
        for item in (i for g in form.groups for i in g.items if i.sdtm and not i.sdtm.startswith("SUPP")):
            notes = annotate_item(domains, form, item)
            if item.sdtm not in {f"{n.domain}.{n.text.split(' ')[0]}" for n in notes}:
                missing.append(f"{form.id}.{item.id}")
    assert missing == []


def test_every_question_and_answer_is_on_paper(study: Study, pdf: bytes) -> None:
    text = "".join("".join((page.extract_text() or "").split()) for page in PdfReader(BytesIO(pdf)).pages)
    for form in study.forms.values():
        for item in (i for g in form.groups for i in g.items):
            assert "".join(item.label.split()) in text
            for words in answers(item, study.codelists):
                assert "".join(words.removeprefix("○ ").split()) in text, words
    assert "AE=AdverseEvents" in text


def test_it_is_a_pdf_as_agencies_want_it_and_always_the_same(
    study: Study, domains: dict[str, Domain], pdf: bytes, tmp_path: Path
) -> None:
    (tmp_path / "acrf.pdf").write_bytes(pdf)
    assert list(check_pdf(tmp_path / "acrf.pdf", Place())) == []
    assert render_annotated_crf(study, domains, {"AE": "Adverse Events"}).content == pdf


def test_bookmarks_go_by_visit_and_by_form(study: Study, pdf: bytes) -> None:
    reader = PdfReader(BytesIO(pdf))
    visits, by_visit, forms, by_form = reader.outline
    assert (visits["/Title"], forms["/Title"]) == ("Visits", "Forms")
    assert len(by_form) == len(study.forms)
    assert "WEEK 2" in [entry["/Title"] for entry in by_visit if not isinstance(entry, list)]


def test_a_long_list_of_answers_goes_on_over_pages(study: Study, domains: dict[str, Domain]) -> None:
    codes = [{"value": str(n), "label": f"answer {n} of many"} for n in range(150)]
    many = CodeList.model_validate({"id": "MANY", "codes": codes})
    item = Item.model_validate({"id": "LONG", "label": "A long list", "type": "choice", "codes": "MANY"})
    form = study.forms["DM"]
    longer = form.model_copy(update={"groups": (form.groups[0].model_copy(update={"items": (item,)}),)})
    changed = Study(study.root, study.file, study.protocol, {"DM": longer}, {"MANY": many}, (), {})
    reader = PdfReader(BytesIO(render_annotated_crf(changed, domains, {}).content))
    text = "".join(page.extract_text() or "" for page in reader.pages)
    assert all(f"answer {n} of many" in text for n in range(150))
    assert len(reader.pages) > 1


def test_pages_of_a_variable_are_those_on_which_it_stands(study: Study, domains: dict[str, Domain]) -> None:
    made = render_annotated_crf(study, domains, {})
    texts = [page.extract_text() or "" for page in PdfReader(BytesIO(made.content)).pages]
    assert len(made.pages) > 80
    for (_, variable), pages in made.pages.items():
        assert all(variable in texts[page - 1] for page in pages), variable


def test_headings_hints_and_what_is_computed_are_on_the_page(study: Study) -> None:
    form = study.forms["AE"]
    first, second, *others = form.groups[0].items
    items = (
        first.model_copy(update={"section": "Part one\nabout the event", "help": "In the words of the participant"}),
        second.model_copy(update={"type": "decimal", "codes": None, "derive": "1 + 1"}),
        *others,
    )
    group = form.groups[0].model_copy(update={"items": items})
    forms = {"AE": form.model_copy(update={"groups": (group, *form.groups[1:])})}
    content = render_annotated_crf(replace(study, forms=forms), {}, {}).content
    text = "\n".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)
    assert all(words in text for words in ("Part one", "about the event", "In the words of the", "computed"))
