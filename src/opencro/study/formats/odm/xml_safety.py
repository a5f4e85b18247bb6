"""XML read so that a hostile file can do nothing: no DTD, no entities, no network, bounded size and depth.

Source: OWASP ASVS 5.0 section 1.5.1; W3C XML 1.0 section 2.8 (a document type declaration stands before the root).
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from opencro.kernel.finding import Finding, Place

MAX_BYTES = 512 * 1024 * 1024
"""A larger file is refused unread; split it by site."""
_PROLOG = re.compile(r"\ufeff?\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*)*", re.DOTALL)
_ROOT = re.compile(r"<[^\W\d][\w.:-]*")
_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


def parse_xml(data: bytes, file: str) -> tuple[etree._Element | None, list[Finding]]:
    """The root of an XML document, or None with finding ODM-001 (not XML), ODM-002 (DTD) or ODM-003 (too large)."""
    if len(data) > MAX_BYTES:
        remedy = "Split the file, for instance by site."
        return None, [Finding("ODM-003", Place(file), f"{len(data)} bytes", f"at most {MAX_BYTES} bytes", remedy)]
    before = _check_prolog(data, file)
    if before is not None:
        return None, [before]
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        problem = parser.error_log[0].message.strip() if len(parser.error_log) else "not XML"
        return None, [_unreadable(file, error.lineno, problem)]
    if _has_doctype(root):
        return None, [_doctype(file, None)]
    return root, []


_LAST_EXACT_LINE = 65534


def line_of(element: etree._Element) -> int | None:
    """The 1-based line on which an element starts; None for one that was made."""
    sourceline: Any = element.sourceline
    if not sourceline or sourceline <= _LAST_EXACT_LINE:
        return int(sourceline) if sourceline else None
    # Beyond that line libxml2 keeps lines of text only: it answers with the end of the text that follows the tag.
    if element.text:
        return int(sourceline) - element.text.count("\n")
    if len(element):
        return line_of(element[0])
    return int(sourceline) - (element.tail or "").count("\n")


def _has_doctype(root: etree._Element) -> bool:
    info: Any = root.getroottree().docinfo
    return bool(info.doctype)


def _check_prolog(data: bytes, file: str) -> Finding | None:
    """What stands before the root, read before any parser sees the file: entities are expanded while parsing."""
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "latin-1")
    text = data.removeprefix(b"\xef\xbb\xbf").decode(encoding, errors="replace")
    prolog = _PROLOG.match(text)
    end = prolog.end() if prolog else 0
    line = text.count("\n", 0, end) + 1
    if text.startswith("<!DOCTYPE", end):
        return _doctype(file, line)
    if not _ROOT.match(text, end):
        return _unreadable(file, line, "the root element does not follow the XML declaration")
    return None


def _unreadable(file: str, line: int | None, problem: str) -> Finding:
    remedy = "Have the file written again by the system that made it."
    return Finding("ODM-001", Place(file, line or None), f"not readable as XML: {problem}", "well-formed XML", remedy)


def _doctype(file: str, line: int | None) -> Finding:
    got = "a document type declaration, which may hold entities that read files or fill the memory"
    return Finding("ODM-002", Place(file, line), got, "XML without a DTD", "Remove the DOCTYPE; ODM has no use for it.")
