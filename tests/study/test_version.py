"""Published definitions stay as they were."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from opencro.kernel.finding import Refused
from opencro.study import Study, definition_hash, load_version, publish, published_versions

Edit = Callable[[str, str, str], None]


def _amend(edit: Edit) -> None:
    edit("study.yaml", 'version: "1"', 'version: "2"')
    edit("forms/VS.yaml", "label: Pulse rate", "label: Herzfrequenz in Ruhe")
    edit("study.yaml", "language: en", "language: de")


@pytest.mark.requirement(35)
def test_an_old_form_keeps_its_old_wording_and_language(starter: Path, edit: Edit) -> None:
    publish(Study.load(starter))
    _amend(edit)
    publish(Study.load(starter))
    old, new = load_version(starter, "1"), load_version(starter, "2")
    assert [study.forms["VS"].groups[0].items[3].label for study in (old, new)] == [
        "Pulse rate",
        "Herzfrequenz in Ruhe",
    ]
    assert [study.file.language for study in (old, new)] == ["en", "de"]
    assert [version.name for version in published_versions(starter)] == ["1", "2"]


@pytest.mark.requirement(35)
def test_a_published_version_cannot_get_another_content(starter: Path, edit: Edit) -> None:
    first = publish(Study.load(starter))
    assert publish(Study.load(starter)) == first
    edit("forms/VS.yaml", "label: Pulse rate", "label: Heart rate")
    with pytest.raises(Refused) as refused:
        publish(Study.load(starter))
    (finding,) = refused.value.findings
    assert (finding.code, finding.place.file, finding.place.line) == ("STU-301", "study.yaml", 4)
    assert load_version(starter, "1").forms["VS"].groups[0].items[3].label == "Pulse rate"


@pytest.mark.requirement(35)
def test_a_changed_archive_is_noticed(starter: Path, edit: Edit) -> None:
    publish(Study.load(starter))
    edit("versions/1/forms/VS.yaml", "label: Pulse rate", "label: Heart rate")
    with pytest.raises(Refused) as refused:
        load_version(starter, "1")
    assert refused.value.findings.codes() == ("STU-302",)


def test_an_unreadable_manifest_is_a_finding(starter: Path, edit: Edit) -> None:
    publish(Study.load(starter))
    edit("versions/1/manifest.json", "", "[]")
    with pytest.raises(Refused) as refused:
        published_versions(starter)
    assert refused.value.findings.codes() == ("STU-302",)


def test_a_version_that_was_never_published_is_refused(starter: Path) -> None:
    publish(Study.load(starter))
    with pytest.raises(Refused) as refused:
        load_version(starter, "1.0")
    (finding,) = refused.value.findings
    assert (finding.code, finding.remedy) == ("STU-304", "Use one of 1.")


@pytest.mark.parametrize("name", ["../evil", "a/b", ".hidden", "1\\n", " 2"])
def test_a_version_is_no_path(starter: Path, edit: Edit, name: str) -> None:
    edit("study.yaml", 'version: "1"', f'version: "{name}x"')
    study = Study.load(starter)
    if study.file.version == "2x":
        return
    with pytest.raises(Refused) as refused:
        publish(study)
    assert refused.value.findings.codes() == ("STU-303",)
    assert not (starter / "versions").exists()


def test_the_hash_depends_on_every_file_and_on_nothing_else(starter: Path, edit: Edit) -> None:
    before = definition_hash(Study.load(starter))
    edit("build/out.yaml", "", "x: 1")
    assert definition_hash(Study.load(starter)) == before
    edit("analysis/plan.yaml", "", "x: 1")
    assert definition_hash(Study.load(starter)) != before
