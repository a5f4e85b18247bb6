"""A protocol may stand in the folder as USDM instead of its readable split."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from opencro.kernel.finding import Refused
from opencro.study import Study, check_study, render_schedule
from opencro.study.formats.usdm import usdm_from_protocol, write_usdm

Edit = Callable[[str, str, str], None]


@pytest.fixture
def as_usdm(starter: Path) -> Path:
    """The starter study with protocol/usdm.json."""
    study = Study.load(starter)
    data = write_usdm(usdm_from_protocol(study.file, study.protocol))
    for path in (starter / "protocol").iterdir():
        path.unlink()
    (starter / "protocol" / "usdm.json").write_bytes(data)
    return starter


def test_the_same_protocol_comes_from_usdm(starter: Path) -> None:
    split = Study.load(starter)
    data = write_usdm(usdm_from_protocol(split.file, split.protocol))
    for path in (starter / "protocol").iterdir():
        path.unlink()
    (starter / "protocol" / "usdm.json").write_bytes(data)
    whole = Study.load(starter)
    assert whole.protocol.design == split.protocol.design
    assert whole.protocol.schedule == split.protocol.schedule
    assert render_schedule(whole) == render_schedule(split)
    assert check_study(starter).ok


def test_findings_about_a_usdm_protocol_name_its_file(as_usdm: Path, edit: Edit) -> None:
    (as_usdm / "forms" / "DM.yaml").unlink()
    places = {f.place.file for f in check_study(as_usdm) if f.code == "STU-103" and "DM" in f.got}
    assert "protocol/usdm.json" in places


def test_a_broken_usdm_document_is_refused(as_usdm: Path) -> None:
    (as_usdm / "protocol" / "usdm.json").write_text('{"study": ', encoding="utf-8")
    with pytest.raises(Refused) as refused:
        Study.load(as_usdm)
    assert all(f.place.file == "protocol/usdm.json" for f in refused.value.findings)
    assert all(f.code.startswith("USDM-") for f in refused.value.findings)


@pytest.mark.peer
def test_the_published_usdm_examples_make_studies(starter: Path, shared: Path) -> None:
    examples = sorted((shared / "cdisc" / "usdm" / "examples").rglob("*.json"))
    assert examples
    for path in (starter / "protocol").iterdir():
        path.unlink()
    loaded = 0
    for example in examples:
        (starter / "protocol" / "usdm.json").write_bytes(example.read_bytes())
        findings = check_study(starter)
        assert all(f.place.file and f.remedy for f in findings), example
        loaded += not [f for f in findings.errors if f.code.startswith("USDM")]
    assert loaded >= 1
