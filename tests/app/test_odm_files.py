"""Every ODM file of others becomes a study without errors, or is refused for what is wrong with it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
from lxml import etree

from opencro.app.check import check_everything
from opencro.app.convert import convert
from opencro.app.importing import find_deliveries, import_deliveries
from opencro.app.wiring import open_study_ledger
from opencro.kernel.finding import Refused, Severity
from opencro.study import load_study
from opencro.study.formats.odm import OdmVersion, read_odm, write_odm

NOW = datetime(2026, 1, 2, 3, 4, 5)
EDC = Path(__file__).resolve().parents[3] / "shared" / "data" / "edc"
EXAMPLES, ODMLIB, RAVE = "odm2-cdisc/examples", "odm-odmlib/tests/data", "rave-rwslib/rwslib/tests/fixtures"
MATRIX = f"{EXAMPLES}/Matrix_CRF_From_TAUG_Dyslipidemia_1_0/Hypercholesterolemia_CV_Risk_factors_FH_CRF"
PHYSIO = f"{EXAMPLES}/Physio_Underwater_Therapy_workflow/Physio_Underwater_Therapy_BPMN_to_ODMv2_Workflow"
REPEATING = f"{EXAMPLES}/Repeating_ItemGroup_CDASH_1-1_Stroke_LungDisease_IBD_CancerHistory_CRF"
WORKFLOW = f"{EXAMPLES}/Protocol_to_Workflow"

IMPORTED: dict[str, tuple[int, dict[str, int]]] = {
    f"{EXAMPLES}/Atlas_RS/Atlas_QS_ODMv2.xml": (1, {"ODM-024": 1}),
    f"{EXAMPLES}/Chronic_Low_Back_Pain/Chronic_Low_Back_Pain_example.xml": (2, {"ODM-027": 1}),
    f"{EXAMPLES}/Conditional_Repeats/Conditional_Repeats.xml": (0, {}),
    f"{EXAMPLES}/Crossover_Studydesign/Crossover_Studydesign.xml": (0, {}),
    f"{EXAMPLES}/Data-Collection/RepeatingIG-UC-D-Example.xml": (1, {"ODM-027": 1}),
    f"{EXAMPLES}/Demographics_RACE/Demographics_RACE_check_all_that_apply.xml": (
        1,
        {"ODM-021": 1, "ODM-026": 1, "ODM-027": 1},
    ),
    f"{EXAMPLES}/Inclusion_Exclusion_Criteria_Workflow/Inclusion_Exclusion_Simple_Workflow.xml": (1, {}),
    f"{MATRIX}_alternative_ValueLists.xml": (1, {"ODM-027": 1}),
    f"{PHYSIO}_2019-10-18_result.xml": (0, {}),
    f"{PHYSIO}_result.xml": (0, {}),
    f"{WORKFLOW}/MetaData_Dave_1_3_2_new_2006_01_26_extra_languages.xml": (
        7,
        {"ODM-021": 4, "ODM-024": 1, "ODM-029": 13},
    ),
    f"{WORKFLOW}/Result_ODMv2.xml": (7, {"ODM-021": 4, "ODM-024": 1, "ODM-029": 13}),
    f"{REPEATING}/CDASH_1-1_MH_Example_Stroke_LungDisease_IBD_CancerHistory.xml": (
        1,
        {"ODM-024": 1, "ODM-027": 1, "ODM-029": 2},
    ),
    f"{EXAMPLES}/SimpleTimingConstraints/SimpleTimingConstraints.xml": (0, {"ODM-032": 2}),
    f"{EXAMPLES}/Timing_LZZT/Timing_LZZT_Example_ODM.xml": (0, {"ODM-032": 6}),
    f"{ODMLIB}/cdash.odm_updated.xml": (22, {"ODM-021": 11, "ODM-022": 14}),
    f"{ODMLIB}/odm-data-snapshot.xml": (7, {}),
}
"""File -> number of forms, and the warnings with their numbers; what else was not read is a note (ODM-033, ODM-035)."""

REFUSED: dict[str, dict[str, int]] = {
    f"{EXAMPLES}/Columbia_Suicidal_Scale/Columbia-Suicide_Severity_Scale_ODMv2.xml": {"ODM-020": 4},
    f"{EXAMPLES}/FHIR/fhir-example.xml": {"ODM-020": 9},
    f"{EXAMPLES}/FHIR_Integration/Data_Retrieval_From_FHIR_in_ODM.xml": {"ODM-020": 2},
    f"{MATRIX}_1_3_2.xml": {"ODM-011": 3, "ODM-015": 2, "ODM-017": 1},
    f"{ODMLIB}/ae.xml": {"ODM-011": 16, "ODM-030": 1},
    f"{ODMLIB}/dm.xml": {"ODM-011": 5, "ODM-030": 1},
    f"{ODMLIB}/cdash-odm-test.xml": {"ODM-020": 3},
    f"{ODMLIB}/cdash-odm-test-insert.xml": {"ODM-020": 3},
    f"{ODMLIB}/cdash-odm-test-invalid.xml": {"ODM-010": 1, "ODM-013": 1, "ODM-020": 3},
    f"{ODMLIB}/test_clinical_data_01.xml": {"ODM-030": 1},
    f"{ODMLIB}/test_odm_001.xml": {"ODM-001": 1},
    f"{ODMLIB}/test_odm_002.xml": {"ODM-020": 9},
    f"{RAVE}/car_message.xml": {"ODM-030": 1},
    f"{RAVE}/test_double_byte_chars.xml": {"ODM-030": 1},
}
"""File -> the errors for which it is refused: dangling references, the wrong version, records without metadata."""


@pytest.fixture(scope="session")
def schemas(shared: Path) -> dict[str, etree.XMLSchema]:
    folder = shared / "edc" / "odm2-cdisc"
    files = {"1.3.2": folder / "archive/ODM1-3-2/ODM1-3-2.xsd", "2.0": folder / "schema/ODM.xsd"}
    return {version: etree.XMLSchema(etree.parse(path)) for version, path in files.items()}


@pytest.mark.peer
def test_no_file_is_forgotten(shared: Path) -> None:
    folders = [shared / "edc" / name for name in ("odm2-cdisc", "odm-odmlib", "rave-rwslib")]
    found = {str(path.relative_to(shared / "edc")) for folder in folders for path in folder.rglob("*.xml")}
    assert found == {*IMPORTED, *REFUSED}


@pytest.mark.peer
@pytest.mark.parametrize("name", IMPORTED)
def test_a_file_becomes_a_study_and_is_written_validly(
    schemas: dict[str, etree.XMLSchema], name: str, tmp_path: Path
) -> None:
    count, warnings = IMPORTED[name]
    findings = convert(EDC / name, tmp_path / "study")
    assert Counter(f.code for f in findings if f.severity is Severity.WARNING) == warnings
    assert {f.code for f in findings if f.severity is Severity.NOTE} <= {"ODM-033", "ODM-035"}
    checked = check_everything(tmp_path / "study")
    assert checked.ok, checked.errors
    study = load_study(tmp_path / "study")
    assert len(study.forms) == count
    versions: tuple[OdmVersion, ...] = ("1.3.2", "2.0")
    for version in versions:
        data = write_odm(study, version, created=NOW)
        schemas[version].validate(etree.fromstring(data))
        assert [entry.message for entry in schemas[version].error_log] == []
        again = read_odm(data, language=study.file.language)
        assert again.findings.ok
        assert {form.id: form for form in again.forms} == dict(study.forms)
        assert set(again.checks) == set(study.checks)
        assert again.schedule.visits == study.protocol.schedule.visits


@pytest.mark.peer
@pytest.mark.parametrize("name", REFUSED)
def test_a_file_is_refused_for_what_is_wrong_with_it(name: str, tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        convert(EDC / name, tmp_path / "study")
    assert Counter(f.code for f in refused.value.findings.errors) == REFUSED[name]
    assert all(f.remedy and f.place.line for f in refused.value.findings.errors)
    assert not (tmp_path / "study").exists()


@pytest.mark.peer
def test_words_in_other_languages_become_translations(shared: Path, tmp_path: Path) -> None:
    convert(shared / "edc" / f"{WORKFLOW}/Result_ODMv2.xml", tmp_path / "study")
    study = load_study(tmp_path / "study")
    assert study.file.language == "en"
    assert {"de", "fr", "it"} <= set(study.translations)
    assert len(study.translations["de"]) > 100
    assert all(words for words in study.translations["de"].values())


@pytest.mark.peer
def test_range_checks_that_are_no_bounds_become_edit_checks(shared: Path, tmp_path: Path) -> None:
    convert(shared / "edc" / f"{WORKFLOW}/Result_ODMv2.xml", tmp_path / "study")
    checks = load_study(tmp_path / "study").checks
    assert len(checks) == 14
    assert any(check.when.endswith(">= 220") for check in checks)


RECORDS = {
    f"{EXAMPLES}/Atlas_RS/Atlas_QS_ODMv2.xml": (2, 0),
    f"{EXAMPLES}/Chronic_Low_Back_Pain/Chronic_Low_Back_Pain_example.xml": (4, 0),
    f"{EXAMPLES}/Data-Collection/RepeatingIG-UC-D-Example.xml": (4, 0),
    f"{ODMLIB}/odm-data-snapshot.xml": (55, 0),
    f"{EXAMPLES}/Demographics_RACE/Demographics_RACE_check_all_that_apply.xml": (20, 1),
}
"""File with its own metadata and records -> new records, refused ones."""


@pytest.mark.peer
@pytest.mark.parametrize("name", RECORDS)
def test_the_records_of_a_file_find_the_items_that_its_metadata_made(name: str, tmp_path: Path) -> None:
    convert(EDC / name, tmp_path / "study")
    study = load_study(tmp_path / "study")
    with open_study_ledger(study, None, create=True) as ledger:
        deliveries = find_deliveries(study, [EDC / name])
        (report,) = import_deliveries(study, ledger, deliveries, user="ann", enrol=True, site="01", dry_run=True)
    assert (report.counts["new"], report.counts["refused"]) == RECORDS[name]
    assert not {"CAP-308", "CAP-404"} & set(report.findings.codes())
