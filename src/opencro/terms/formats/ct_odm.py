"""CT-ODM (controlled terminology as ODM 1.3.2 with NCI's extension) -> rows.

Source: CDISC Controlled Terminology in ODM, ct-1.2.0 (cdisc-org/DataExchange-CT). A document type declaration is
refused, because with it come entities, and with them files and addresses that the reader never asked for.
"""

from __future__ import annotations

import re

from lxml import etree

from opencro.kernel.finding import Finding, Place
from opencro.terms.formats.rows import Published, Row

_ODM = "{http://www.cdisc.org/ns/odm/v1.3}"
_NCI = "{http://ncicb.nci.nih.gov/xml/odm/EVS/CDISC}"
_FILE_OID = re.compile(r"^CDISC_CT\.(?P<name>.+)\.(?P<version>\d{4}-\d{2}-\d{2})$")


def parse_ct_odm(data: bytes, file: str) -> tuple[Published | None, list[Finding]]:
    """Rows of one CT-ODM document, or None with TRM-010 (not XML), TRM-011 (entities), TRM-012 (not CT-ODM)."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        got = "not well-formed XML"
        return None, [Finding("TRM-010", Place(file, error.lineno), got, "a whole XML document", "Correct the file.")]
    if root.getroottree().docinfo.internalDTD is not None:
        got = "a document type declaration"
        return None, [
            Finding("TRM-011", Place(file, 1), got, "XML without DOCTYPE and entities", "Remove the declaration.")
        ]
    lists = list(root.iter(f"{_ODM}CodeList"))
    if root.tag != f"{_ODM}ODM" or not lists:
        got = f"root element {etree.QName(root).localname} with {len(lists)} code lists"
        return None, [Finding("TRM-012", Place(file, _line(root)), got, "CT-ODM 1.3", "Give a CT-ODM file.")]
    match = _FILE_OID.match(root.get("FileOID", ""))
    name = re.sub(r"[^a-z0-9]+", "-", match["name"].lower()) if match else ""
    rows = tuple(row for codelist in lists for row in _codelist_rows(codelist))
    return Published(rows, f"{name}-ct" if name else "", match["version"] if match else ""), []


def _codelist_rows(codelist: etree._Element) -> list[Row]:
    code, name = codelist.get(f"{_NCI}ExtCodeID", ""), codelist.get("Name", "")
    extensible = codelist.get(f"{_NCI}CodeListExtensible", "")
    # NCI's converter writes "Name: definition" into the description.
    description = _text(codelist.find(f"{_ODM}Description/{_ODM}TranslatedText")).removeprefix(f"{name}: ")
    value = _text(codelist.find(f"{_NCI}CDISCSubmissionValue"))
    rows = [_row(codelist, code, "", extensible, name, value, description)]
    for item in codelist.iterchildren(f"{_ODM}EnumeratedItem", f"{_ODM}CodeListItem"):
        definition = _text(item.find(f"{_NCI}CDISCDefinition"))
        rows.append(
            _row(item, item.get(f"{_NCI}ExtCodeID", ""), code, "", name, item.get("CodedValue", ""), definition)
        )
    return rows


def _row(
    element: etree._Element, code: str, codelist: str, extensible: str, name: str, value: str, definition: str
) -> Row:
    synonyms = "; ".join(_text(s) for s in element.iterchildren(f"{_NCI}CDISCSynonym"))
    preferred = _text(element.find(f"{_NCI}PreferredTerm"))
    return Row(_line(element), code, codelist, extensible, name, value, synonyms, definition, preferred)


def _line(element: etree._Element) -> int:
    line: object = element.sourceline
    return line if isinstance(line, int) else 0


def _text(element: etree._Element | None) -> str:
    return "" if element is None else " ".join((element.text or "").split())
