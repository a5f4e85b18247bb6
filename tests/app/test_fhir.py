"""Every FHIR file that we have becomes a study without errors, or is refused for its own reason."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from opencro.app.check import check_everything
from opencro.app.convert import convert
from opencro.app.export import export_records
from opencro.app.importing import find_deliveries, import_deliveries
from opencro.app.odm_records import odm_records
from opencro.app.wiring import open_study_ledger
from opencro.kernel.finding import Refused
from opencro.study import Study, load_study
from opencro.study.formats.fhir import read_responses
from opencro.study.formats.odm import OdmRecord

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "edc" / "fhir-questionnaire-lforms" / "test/data/R4"
FILES = sorted(DATA.rglob("*.json"))
ONLY_TEXTS = {
    f"q-with-rendering-{name}.json"
    for name in (
        "markdown-help-and-legal", "markdown-help-and-legal-with-invalid-tag", "markdown-prefix",
        "markdown-prefix-with-invalid-tag", "markdown-text-with-invalid-tag", "xhtml-and-rendering-markdown",
        "xhtml-help-and-legal", "xhtml-help-and-legal-with-invalid-tag", "xhtml-prefix",
        "xhtml-prefix-with-invalid-tag", "xhtml-text-with-invalid-tag",
    )
}  # fmt: skip
REFUSED = {
    "Observation-Extract-Category-Test.R4.json": ("FHR-005", "6237057833524"),  # a linkId twice
    "brokenValueSet.json": ("FHR-004", "item"),  # a question without a linkId
    "enableWhen-test.R4.json": ("FHR-003", "item[7].item[0].repeats"),  # "true" in quotes
    "q-with-modifierExtension.json": ("FHR-008", "modifierExtension"),
    "q-with-duplicate-variable-name-as-launchContext.json": ("FHR-010", "item"),  # a group without items
    "q-with-duplicate-variable-names-root-level.json": ("FHR-010", "item"),
    **dict.fromkeys(ONLY_TEXTS, ("FHR-010", "item")),
}
NO_QUESTIONNAIRE = "USDM-010"
"""Value sets, bundles, reports and responses are no definition of a form."""


def _name(path: Path) -> str:
    return path.name


@pytest.mark.peer
def test_there_are_as_many_files_as_we_know_of(shared: Path) -> None:
    assert shared.is_dir()
    assert len(FILES) == 152


@pytest.mark.peer
@pytest.mark.parametrize("path", FILES, ids=_name)
def test_each_file_becomes_a_study_or_is_refused(path: Path, tmp_path: Path) -> None:
    whole = json.loads(path.read_text(encoding="utf-8"))
    expected = REFUSED.get(path.name)
    if whole.get("resourceType") != "Questionnaire":
        with pytest.raises(Refused) as refused:
            convert(path, tmp_path / "study")
        assert refused.value.findings.codes()
        return
    if expected is not None:
        with pytest.raises(Refused) as refused:
            convert(path, tmp_path / "study")
        assert expected in [(f.code, f.place.path) for f in refused.value.findings.errors]
        assert not (tmp_path / "study").exists()
        return
    findings = convert(path, tmp_path / "study")
    assert findings.ok
    assert all(finding.code.startswith("FHR") and finding.got and finding.place.path for finding in findings)
    checked = check_everything(tmp_path / "study")
    assert checked.ok, checked.errors
    _comes_back(tmp_path)


def _comes_back(folder: Path) -> None:
    """What was read is written, read again and is the same."""
    study = load_study(folder / "study")
    convert(folder / "study", folder / "again.json", "fhir")
    convert(folder / "again.json", folder / "second")
    second = load_study(folder / "second")
    assert second.forms == study.forms
    assert second.checks == study.checks


@pytest.mark.peer
@pytest.mark.parametrize("path", FILES, ids=_name)
def test_every_question_is_an_item_or_named_in_a_finding(path: Path, tmp_path: Path) -> None:
    whole = json.loads(path.read_text(encoding="utf-8"))
    if whole.get("resourceType") != "Questionnaire" or path.name in REFUSED:
        return
    convert(path, tmp_path / "study")
    form = next(iter(load_study(tmp_path / "study").forms.values()))
    items = [item for group in form.groups for item in group.items if not item.id.endswith("_OTHER")]
    questions = list(_questions(whole["item"]))
    assert len(items) == len(questions)
    required = {q["linkId"] for q in questions if q.get("required")}
    assert sum(item.required for item in items) == len(required)


def _questions(elements: list[dict[str, object]]) -> list[dict[str, object]]:
    found = []
    for element in elements:
        found += [element] if element["type"] not in ("group", "display") else []
        found += _questions(element.get("item", []))  # type: ignore[arg-type]
    return found


RESPONSES = {
    "qr-items-under-repeating-choice-item.json": "q-items-under-repeating-choice-item.json",
    "qr-with-answerValueSet-autocomplete-searchfield.json": "q-with-answerValueSet-autocomplete-searchfield.json",
    "qr-with-answerValueSet-autocomplete.json": "q-with-answerValueSet-autocomplete.json",
    "qr-with-answerValueSet-matrix.json": "q-with-answerValueSet-matrix.json",
    "qr-with-answerValueSet-radiobutton-checkbox.json": "q-with-answerValueSet-radiobutton-checkbox.json",
    "qr-with-readonly-repeating-items.json": "q-with-readonly-repeating-items.json",
    "qr-with-repeating-group-exceed-maxOccurs.json": "q-with-minOccurs-maxOccurs.json",
    "hidden-item-questionnaire-response.R4.json": "hidden-item-questionnaire.R4.json",
    "rxterms.R4.QR.json": "rxterms.R4.json",
    "fhir-sdc-response-ussgfht.json": "",
    "questionnaire-response-allinone-cwe-userdata.json": "",
}
"""A response and its questionnaire, where we have it."""


@pytest.mark.peer
@pytest.mark.parametrize("name", [n for n, q in RESPONSES.items() if q])
def test_each_response_becomes_records(name: str, shared: Path, tmp_path: Path) -> None:
    """None of them says whose it is; with a subject they are taken."""
    convert(DATA / RESPONSES[name], tmp_path / "study")
    study = load_study(tmp_path / "study")
    whole = json.loads((DATA / name).read_text(encoding="utf-8"))
    assert "FHR-042" in read_responses(json.dumps(whole).encode(), study).findings.codes()
    whole |= {"subject": {"reference": "Patient/001"}}
    whole.pop("questionnaire", None)
    found = read_responses(json.dumps(whole).encode(), study, name)
    assert found.findings.ok, found.findings.errors
    assert sum(len(record.items) for record in found.records) > 0


def test_responses_are_imported_with_the_audit_of_typing(played: Study, tmp_path: Path) -> None:
    """What is exported as FHIR gives the same records in an empty ledger, and nothing the second time."""
    target = tmp_path / "responses.json"
    count = export_records(played, target, "fhir-r4", user="dm")
    copy = tmp_path / "copy"
    shutil.copytree(played.root, copy, ignore=shutil.ignore_patterns("build", "*.sqlite*", "ledger*"))
    study = load_study(copy)
    with open_study_ledger(study, create=True) as ledger:
        (first,) = import_deliveries(study, ledger, find_deliveries(study, [target]), user="dm", enrol=True)
        assert first.findings.ok, first.findings.errors[:3]
        assert first.counts["new"] == count
        (again,) = import_deliveries(study, ledger, find_deliveries(study, [target]), user="dm", enrol=True)
        assert (again.counts["same"], again.receipt) == (count, None)
        records = [r for r in odm_records(ledger, ledger.snapshot()) if r.items]
    with open_study_ledger(played) as ledger:
        before = [r for r in odm_records(ledger, ledger.snapshot()) if r.items]
    assert {_key(r) for r in records} == {_key(r) for r in before}


def _key(record: OdmRecord) -> tuple[object, ...]:
    return (
        record.site, record.participant, record.event, record.event_repeat, record.form, record.form_repeat,
        record.group, record.group_repeat, tuple(sorted(record.items.items())),
    )  # fmt: skip
