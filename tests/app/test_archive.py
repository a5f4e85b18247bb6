"""The archive is whole, and a reader that knows nothing of openCRO can use it."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from lxml import etree

from opencro.app.archive import archive_study
from opencro.app.importing import Delivery, import_deliveries
from opencro.app.wiring import open_study_ledger
from opencro.kernel.finding import Refused
from opencro.ledger import create_ledger
from opencro.study import Study, load_study


@pytest.fixture(scope="module")
def played(played: Study, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A copy, because archiving leaves a fact."""
    folder = tmp_path_factory.mktemp("copy") / "STARTER"
    shutil.copytree(played.root, folder)
    return load_study(folder)


@pytest.fixture(scope="module")
def archive(played: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return archive_study(played, tmp_path_factory.mktemp("kept") / "archive", user="archivist")


@pytest.mark.requirement(41)
def test_every_file_has_its_checksum(archive: Path) -> None:
    sums = dict(reversed(line.split("  ")) for line in (archive / "SHA256SUMS").read_text().splitlines())
    files = {p.relative_to(archive).as_posix() for p in archive.rglob("*") if p.is_file()} - {"SHA256SUMS"}
    assert set(sums) == files
    assert all(hashlib.sha256((archive / name).read_bytes()).hexdigest() == digest for name, digest in sums.items())


@pytest.mark.requirement(41)
def test_the_standard_library_alone_reads_values_audit_and_facts(archive: Path) -> None:
    adverse = json.loads((archive / "datasets/json/ae.json").read_text(encoding="utf-8"))
    assert adverse["records"] == len(adverse["rows"]) > 0
    space = {"o": "http://www.cdisc.org/ns/odm/v1.3"}
    odm = ET.parse(archive / "odm/data.xml").getroot()
    values = odm.findall(".//o:ItemData", space)
    assert len(values) > 500
    with (archive / "audit/audit.csv").open(encoding="utf-8", newline="") as handle:
        lines = list(csv.DictReader(handle))
    assert len(lines) >= len(values)
    checked = subprocess.run(
        [sys.executable, "-I", str(archive / "ledger/verify_ledger.py"), str(archive / "ledger/ledger.jsonl")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout


@pytest.mark.requirement(41)
def test_the_archived_odm_is_valid(archive: Path, shared: Path) -> None:
    schema = etree.XMLSchema(etree.parse(shared / "cdisc/odm/1.3.2/schema/ODM1-3-2.xsd"))
    for name in ("data.xml", "metadata.xml"):
        schema.assertValid(etree.parse(archive / "odm" / name))


@pytest.mark.requirement(34)
def test_archived_records_imported_into_an_empty_ledger_are_the_same_records(
    played: Study, archive: Path, tmp_path: Path
) -> None:
    with open_study_ledger(played) as old, create_ledger(tmp_path / "new.sqlite", study=played.id) as new:
        delivery = Delivery(archive / "odm/data.xml", None)
        (report,) = import_deliveries(played, new, [delivery], user="again", enrol=True)
        assert report.findings.ok, report.findings
        before, after = old.snapshot(), new.snapshot()
        assert before.forms() == after.forms()
        for form, group in before.forms():
            keys = ["participant", "event", "event_repeat", "form_repeat", "group_repeat"]
            frames = [s.records(form, group).drop("record", "fact").sort(keys) for s in (before, after)]
            assert frames[0].equals(frames[1]), form
        (again,) = import_deliveries(played, new, [delivery], user="again", enrol=True)
        assert again.counts["same"] == len(again.plan.rows)
        assert again.receipt is None


@pytest.mark.requirement(6)
def test_the_export_itself_is_on_record(played: Study, archive: Path) -> None:
    assert archive.is_dir()
    with open_study_ledger(played) as ledger:
        assert [f.actor for f in ledger.facts(kind="data-exported/1")] == ["archivist"]


def test_an_archive_is_never_written_over(played: Study, archive: Path) -> None:
    before = (archive / "SHA256SUMS").read_bytes()
    with pytest.raises(Refused) as refused:
        archive_study(played, archive, user="x")
    assert refused.value.findings.codes() == ("ARC-001",)
    assert (archive / "SHA256SUMS").read_bytes() == before
