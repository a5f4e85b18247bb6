"""ODM metadata in.

Source: CDISC ODM v1.3.2 (and 1.3, 1.3.1, which have its namespace) and v2.0.
"""

from __future__ import annotations

from lxml import etree

from opencro.kernel.finding import Finding, Findings, Place, Refused, Severity
from opencro.study.formats.odm.check_grammar import VendorPart, check_grammar
from opencro.study.formats.odm.grammar import NAMESPACES
from opencro.study.formats.odm.importing import OdmImport, OdmReading
from opencro.study.formats.odm.left_out import METADATA, check_left_out
from opencro.study.formats.odm.read_forms import read_forms
from opencro.study.formats.odm.read_items import read_checks, read_codelists
from opencro.study.formats.odm.read_protocol import read_eligibility, read_objectives
from opencro.study.formats.odm.read_schedule import log_forms, read_design, read_schedule
from opencro.study.formats.odm.xml_safety import line_of, parse_xml

_ROOTS = ("ODM", "MetaDataVersion")


def read_odm(data: bytes, file: str = "", language: str = "") -> OdmImport:
    """The metadata of an ODM file; `file` is its name in findings, `language` the one to take where there are several.

    Left out, it is the first that the file names. Words in other languages are translations.
    Findings ODM-010..019 are errors of the file, ODM-020..036 what could not be carried; ODM-033 is a vendor's.
    Raises `Refused` with ODM-001..005 when the file is not safe XML or not ODM.
    """
    root, version = open_odm(data, file)
    wrong, vendor = check_grammar(root, version, file)
    findings = [*wrong, *note_vendors(vendor, file)]
    metadata = _metadata(root, version, file, findings)
    if metadata is None:
        return OdmImport(version, vendor=vendor, findings=Findings(tuple(findings)))
    return _import(OdmReading(version, file, metadata, language), vendor, findings)


def open_odm(data: bytes, file: str) -> tuple[etree._Element, str]:
    """The root of an ODM file and its version; raises `Refused` with ODM-001..005."""
    root, unsafe = parse_xml(data, file)
    if root is None:
        raise Refused(unsafe)
    name = etree.QName(root)
    version = next((v for v, namespace in NAMESPACES.items() if namespace == name.namespace), None)
    place = Place(file, line_of(root))
    if version is None:
        got = f"the root element is <{name.localname}> of the namespace {name.namespace or '(none)'}"
        expected = " or ".join(NAMESPACES.values())
        raise Refused([Finding("ODM-004", place, got, expected, "Give an ODM file of version 1.3.2 or 2.0.")])
    if name.localname not in _ROOTS:
        got = f"the root element is <{name.localname}>"
        raise Refused([Finding("ODM-005", place, got, "<ODM> or <MetaDataVersion>", "Give the whole file.")])
    return root, version


def note_vendors(vendor: tuple[VendorPart, ...], file: str) -> list[Finding]:
    """One note per vendor's element or attribute: it is named, and it was not read."""
    notes = []
    for part in vendor:
        got = f"{part.namespace}: {part.name} within <{part.within}>, {part.count} times"
        remedy = "Nothing was taken from it; see whether it matters."
        notes.append(Finding("ODM-033", Place(file, part.line), got, "", remedy, Severity.NOTE))
    return notes


def _metadata(root: etree._Element, version: str, file: str, findings: list[Finding]) -> etree._Element | None:
    namespace = NAMESPACES[version]
    if etree.QName(root).localname == "MetaDataVersion":
        return root
    found = root.findall(f"{{{namespace}}}Study/{{{namespace}}}MetaDataVersion")
    if len(found) > 1:
        got = f"{len(found)} metadata versions"
        remedy = "Read the last; split the file for the others."
        place = Place(file, line_of(found[-1]))
        findings.append(Finding("ODM-031", place, got, "one", remedy, Severity.WARNING))
    if found:
        return found[-1]
    place = Place(file, line_of(root))
    remedy = "Read the records of the file instead."
    findings.append(Finding("ODM-030", place, "no metadata version", "forms", remedy, Severity.NOTE))
    return None


def _import(reading: OdmReading, vendor: tuple[VendorPart, ...], findings: list[Finding]) -> OdmImport:
    metadata = reading.metadata
    study = metadata.getparent()
    codelists = read_codelists(reading)
    forms = read_forms(reading, log_forms(reading))
    design = read_design(reading)
    schedule = read_schedule(reading, forms)
    checks = read_checks(reading)
    objectives, eligibility = read_objectives(reading), read_eligibility(reading)
    name, title, protocol = _identity(reading, study)
    left = check_left_out([metadata], reading.version, METADATA, "ODM-035", reading.file)
    return OdmImport(
        version=reading.version,
        study_oid="" if study is None else str(study.get("OID") or ""),
        study_name=name,
        title=title,
        protocol_name=protocol,
        metadata_oid=str(metadata.get("OID") or ""),
        forms=tuple(forms.values()),
        codelists=codelists,
        checks=(*checks, *reading.checks),
        design=design,
        schedule=schedule,
        objectives=objectives,
        eligibility=eligibility,
        language=reading.language,
        translations=reading.translations,
        names=dict(reading.names),
        vendor=vendor,
        findings=Findings((*findings, *reading.findings, *left)),
    )


def _identity(reading: OdmReading, study: etree._Element | None) -> tuple[str, str, str]:
    """Study name, title and protocol name."""
    if study is None:
        return "", "", ""
    if reading.version == "2.0":
        return (
            str(study.get("StudyName") or ""),
            reading.text(study, "Description"),
            str(study.get("ProtocolName") or ""),
        )
    words = [reading.one(study, f"GlobalVariables/{n}") for n in ("StudyName", "StudyDescription", "ProtocolName")]
    name, title, protocol = ("" if w is None else (w.text or "").strip() for w in words)
    return name, title, protocol
