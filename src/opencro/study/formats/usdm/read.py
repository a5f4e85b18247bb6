"""USDM JSON in.

Source: CDISC USDM v4.0; a v3.0 document is read too, with a note that says so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from opencro.kernel.finding import Finding, Findings, Place, Refused, Severity
from opencro.study.formats.usdm.check_references import check_references
from opencro.study.formats.usdm.check_structure import check_structure
from opencro.study.formats.usdm.check_timing import check_timing
from opencro.study.formats.usdm.document import UsdmDocument
from opencro.study.formats.usdm.json_lines import parse_json

_OTHER_FORMATS = {
    "resourceType": "a FHIR resource",
    "datasetJSONVersion": "a CDISC Dataset-JSON file",
    "reportingEvent": "a CDISC ARS reporting event",
    "protocolSection": "a ClinicalTrials.gov record",
    "openapi": "an OpenAPI description",
    "$defs": "a JSON schema",
    "clinicalStudy": "a USDM document older than version 3.0",
}
_WORKBENCH = "SOA Workbench"


def read_usdm(data: bytes | str, file: str = "") -> UsdmDocument:
    """Read a USDM document; `file` is its name in findings. Raises `Refused` when anything in it is an error."""
    document, findings = parse_usdm(data, file)
    if document is None or not findings.ok:
        raise Refused(findings)
    return document


def parse_usdm(data: bytes | str, file: str = "") -> tuple[UsdmDocument | None, Findings]:
    """Read a USDM document as far as it can be read.

    Returns the document, or None when it is not USDM at all, and every finding USDM-001..044. A document with errors
    is returned so that a person can repair it; its `findings` are the same.
    """
    value, text, unread = parse_json(data, file)
    if any(f.severity is Severity.ERROR for f in unread):
        return None, Findings(tuple(unread))
    strange = _check_format(value, file)
    if strange is not None:
        return None, Findings((strange,))
    version, said = _version(value, file)
    if version is None:
        return None, Findings(tuple(said))
    document = UsdmDocument(version, value, file, text=text)
    found = Findings(tuple(said)) + _workbench(document) + check_document(document)
    return replace(document, findings=found), found


def check_document(document: UsdmDocument) -> Findings:
    """Structure, references and timings of a document: findings USDM-020..044."""
    structure = check_structure(document)
    references = check_references(document)
    timing = check_timing(document) if not structure else []
    return Findings((*structure, *references, *timing))


def _check_format(value: Any, file: str) -> Finding | None:
    expected = 'an object with "study" and "usdmVersion"'
    remedy = "Give a USDM v4.0 study definition in JSON."
    if not isinstance(value, dict):
        return Finding("USDM-010", Place(file, 1), "the outermost value is not an object", expected, remedy)
    if isinstance(value.get("study"), dict):
        return None
    what = next((words for key, words in _OTHER_FORMATS.items() if key in value), "")
    got = f"this is {what}" if what else 'there is no object "study"'
    return Finding("USDM-010", Place(file, 1), got, expected, remedy)


def _version(value: dict[str, Any], file: str) -> tuple[str | None, list[Finding]]:
    written = value.get("usdmVersion")
    place = Place(file, None, "usdmVersion")
    if isinstance(written, str):
        short = ".".join(written.split(".")[:2])
        if short == "4.0":
            return short, []
        if short == "3.0":
            remedy = "Nothing is lost; convert to 4.0 before you send it on."
            note = Finding("USDM-011", place, "this is USDM 3.0", "USDM 4.0", remedy, Severity.WARNING)
            return short, [note]
    got = "usdmVersion is missing" if written is None else f"usdmVersion is {written!r}"
    return None, [Finding("USDM-012", place, got, '"4.0" or "3.0"', "Say which version of USDM this is.")]


def _workbench(document: UsdmDocument) -> list[Finding]:
    if document.value.get("systemName") != _WORKBENCH:
        return []
    got = f'this is a working file of "{_WORKBENCH}": a schedule of activities with biomedical concepts'
    remedy = "Export a whole USDM study definition, or import the schedule from that instead."
    return [document.finding("USDM-013", ("systemName",), got, "a whole USDM study definition", remedy)]
