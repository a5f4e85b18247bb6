"""Write the model as define.xml 2.1: the same model gives the same bytes."""

from __future__ import annotations

from lxml import etree

from opencro.kernel.finding import Findings, Refused
from opencro.submission.define_xml.check import check_define
from opencro.submission.define_xml.mapping import DEF, ODM, XLINK, Namespaces, write_element
from opencro.submission.define_xml.model import Define

STYLESHEET = "define.xsl"
_NAMESPACES: Namespaces = {None: ODM, "def": DEF, "xlink": XLINK}


def write_define(define: Define, *, stylesheet: str = STYLESHEET) -> bytes:
    """A define.xml in UTF-8 that names `stylesheet` (a file beside it; empty for none).

    Raises Refused with the errors of `check_define`.
    """
    findings = Findings(tuple(check_define(define)))
    if not findings.ok:
        raise Refused(findings)
    root = write_element(define, "ODM", None, _NAMESPACES)
    etree.indent(root, "  ")
    head = b'<?xml version="1.0" encoding="UTF-8"?>\n'
    if stylesheet:
        head += f'<?xml-stylesheet type="text/xsl" href="{stylesheet}"?>\n'.encode()
    return head + etree.tostring(root, encoding="UTF-8", xml_declaration=False) + b"\n"
