"""Files of CDISC and of vendors give the forms and records that they hold, and findings for the rest."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from opencro.study.formats.odm import read_odm, read_odm_data

REDCAP = "edc/redcap-redcapr/inst/test-data/projects"
RAVE = "edc/rave-rwslib/rwslib/tests/fixtures/car_message.xml"


@pytest.mark.peer
def test_cdash_forms_are_read_beside_their_errors(shared: Path) -> None:
    found = read_odm((shared / "cdisc/odm/1.3.2/CDASH_2_1_ODM_no_CodeLists.xml").read_bytes(), "cdash.xml")
    codes = found.findings.codes()
    assert codes.count("ODM-017") == 33
    assert codes.count("ODM-021") == 33
    assert len(found.forms) == 39
    demographics = next(f for f in found.forms if "Demographics" in f.title)
    age = next(i for g in demographics.groups for i in g.items if i.id == "AGE")
    assert (age.label, age.type) == ("What is the subject's age?", "text")
    assert {f.got.split('"')[1] for f in found.findings if f.code == "ODM-020"} > {"CL.C66781.AGEU"}


@pytest.mark.peer
def test_both_versions_of_one_study_give_the_same_forms(shared: Path) -> None:
    folder = shared / "cdisc/odm/2.0/examples/Protocol_to_Workflow"
    old = read_odm((folder / "MetaData_Dave_1_3_2_new_2006_01_26_extra_languages.xml").read_bytes())
    new = read_odm((folder / "Result_ODMv2.xml").read_bytes())
    assert old.findings.ok
    assert new.findings.ok
    assert [f.title for f in old.forms] == [f.title for f in new.forms]
    assert [i.label for f in old.forms for g in f.groups for i in g.items] == [
        i.label for f in new.forms for g in f.groups for i in g.items
    ]
    assert [v.name for v in old.schedule.visits] == [v.name for v in new.schedule.visits]


@pytest.mark.peer
def test_a_language_is_chosen_where_there_are_several(shared: Path) -> None:
    data = (shared / "cdisc/odm/2.0/examples/Data-Collection/RepeatingIG-UC-D-Example.xml").read_bytes()
    english, french = read_odm(data), read_odm(data, language="fr")
    assert english.codelists[0].codes[0].label == "Skin"
    assert french.codelists[0].codes[0].label == "Peau"
    assert english.schedule.activities[0].forms == (english.forms[0].id,), "a visit may name a section of a form"


@pytest.mark.peer
def test_the_crossover_design_has_its_arms_and_epochs(shared: Path) -> None:
    found = read_odm((shared / "cdisc/odm/2.0/examples/Crossover_Studydesign/Crossover_Studydesign.xml").read_bytes())
    assert [a.id for a in found.design.arms] == ["P-L-H", "L-P-H", "L-H-P"]
    assert len(found.design.epochs) == 7


@pytest.mark.peer
@pytest.mark.parametrize("project", ["repeating-instruments", "decimal-dot", "nonnumeric-record-id"])
def test_redcap_values_are_those_of_its_own_csv(shared: Path, project: str) -> None:
    folder = shared / REDCAP / project
    data = read_odm_data((folder / "project.xml").read_bytes(), "project.xml")
    rows = list(csv.DictReader((folder / "data.csv").open(encoding="utf-8-sig", newline="")))
    key = next(iter(rows[0]))
    written = {(r[key], k, v) for r in rows for k, v in r.items() if v and not k.startswith("redcap_")}
    read = {(r.participant, k.split("___")[0], v) for r in data.records for k, v in r.items.items() if v}
    missing = {w for w in written if w not in read and "___" not in w[1] and _plain(w[2])}
    assert missing == set()
    assert len(read) > 5


def _plain(value: str) -> bool:
    """REDCap's CSV turns numbers and line ends into its own form; those are left out of the comparison."""
    return value.isalnum()


@pytest.mark.peer
def test_rave_records_carry_their_audit_and_lines(shared: Path) -> None:
    raw = (shared / RAVE).read_bytes()
    data = read_odm_data(raw, "car.xml")
    assert data.findings.ok
    lines = raw.decode().splitlines()
    audited = [(r, item, audit) for r in data.records for item, audit in r.audits.items()]
    assert len(audited) > 300
    for record, item, audit in audited:
        assert audit.user
        assert audit.at
        assert f'ItemOID="{item}"' in lines[record.lines[item] - 1]


@pytest.mark.peer
@pytest.mark.parametrize("name", ["ae.xml", "dm.xml"])
def test_dataset_xml_is_not_taken_for_clinical_records(shared: Path, name: str) -> None:
    data = read_odm_data((shared / "edc/odm-odmlib/tests/data" / name).read_bytes(), name)
    assert data.records == ()
    assert set(data.findings.codes()) - {"ODM-053"} == {"ODM-011", "ODM-033"}
    assert not data.findings.ok


@pytest.mark.peer
def test_what_was_not_read_is_named(shared: Path) -> None:
    folder = shared / "cdisc/odm/2.0/examples"
    workflow = read_odm((folder / "Protocol_to_Workflow/Result_ODMv2.xml").read_bytes())
    said = [f.got for f in workflow.findings if f.code == "ODM-035"]
    assert any("<WorkflowDef> within <MetaDataVersion>" in got for got in said)
    records = read_odm_data((shared / RAVE).read_bytes())
    assert any("<AuditRecord> within <SubjectData>" in f.got for f in records.findings if f.code == "ODM-053")
