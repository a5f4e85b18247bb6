"""Read define.xml 2.1 into the model, or refuse it with findings that name the line.

Entities and document types are refused before anything is read: a define.xml needs none, and they open files.
"""

from __future__ import annotations

from dataclasses import replace

from lxml import etree

from opencro.kernel.finding import Finding, Findings, Place, Refused
from opencro.submission.define_xml.check import check_define
from opencro.submission.define_xml.mapping import DEF, ODM, ElementReader, line_of, safe_parser
from opencro.submission.define_xml.model import Define

_REMEDY = "Correct the document."
_TOLD_WITH_LINES = ("DEF-004", "DEF-008")


def read_define(data: bytes, *, file: str = "define.xml") -> Define:
    """The model of a define.xml.

    Raises Refused with DEF-001 to DEF-010 (what the document is made of) and the errors of `check_define`
    (DEF-020 on), all of them, with lines.
    """
    define, findings = examine_define(data, file=file)
    if define is None or not findings.ok:
        raise Refused(findings)
    return define


def examine_define(data: bytes, *, file: str = "define.xml") -> tuple[Define | None, Findings]:
    """The model, if there is one, with every finding, warnings too."""
    root, findings = _parse(data, file)
    if root is None:
        return None, Findings(tuple(findings))
    reader = ElementReader(file, findings)
    define = reader.read(Define, root)
    if not isinstance(define, Define):
        return None, Findings(tuple(findings))
    lines = {oid: line_of(e) for e in root.iter() if (oid := e.get("OID") or e.get("ID"))}
    located = [_locate(f, lines) for f in check_define(define, file=file) if f.code not in _TOLD_WITH_LINES]
    return define, Findings((*findings, *located))


def _parse(data: bytes, file: str) -> tuple[etree._Element | None, list[Finding]]:
    try:
        root = etree.fromstring(data, parser=safe_parser())
    except etree.XMLSyntaxError as error:
        place = Place(file, error.lineno)
        return None, [Finding("DEF-001", place, "not well-formed XML", "an XML document", _REMEDY)]
    if root.getroottree().docinfo.internalDTD is not None:
        remedy = "Take the document type and its entities out."
        return None, [Finding("DEF-002", Place(file, 1), "a document type declaration", "none", remedy)]
    versions = {str(value) for value in root.nsmap.values()}
    if root.tag != f"{{{ODM}}}ODM" or DEF not in versions | _namespaces(root):
        other = sorted(v for v in versions if "cdisc.org/ns/def" in v)
        got = f"namespace {other[0]}" if other else f"root element {etree.QName(root).localname}"
        return None, [Finding("DEF-003", Place(file, line_of(root)), got, f"ODM 1.3 with {DEF}", _REMEDY)]
    return root, []


def _namespaces(root: etree._Element) -> set[str]:
    return {str(etree.QName(e).namespace) for e in root.iter(etree.Element)}


def _locate(finding: Finding, lines: dict[str, int | None]) -> Finding:
    oid = finding.place.path.partition("[")[2].partition("]")[0]
    return replace(finding, place=replace(finding.place, line=lines.get(oid)))
