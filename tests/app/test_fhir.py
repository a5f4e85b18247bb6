"""Every FHIR file that we have becomes a study without errors, or is refused for its own reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from opencro.app.check import check_everything
from opencro.app.convert import convert
from opencro.kernel.finding import Refused
from opencro.study import load_study

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
