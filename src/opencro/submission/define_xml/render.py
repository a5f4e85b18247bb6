"""Show a define.xml as HTML: the stylesheet that goes beside it, and its result for browsers without XSLT."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from lxml import etree

from opencro.kernel.finding import Refused
from opencro.submission.define_xml.mapping import safe_parser
from opencro.submission.define_xml.read import examine_define
from opencro.submission.define_xml.write import STYLESHEET


def read_stylesheet() -> bytes:
    """The bytes of define.xsl, to be written beside define.xml."""
    return files("opencro.submission.define_xml").joinpath(STYLESHEET).read_bytes()


def render_define_html(data: bytes) -> str:
    """A define.xml as one HTML page that needs no script and loads nothing.

    A document with findings is shown as far as it goes; raises Refused when it is no Define-XML 2.1 at all
    (DEF-001 to DEF-003).
    """
    define, findings = examine_define(data)
    unreadable = {"DEF-001", "DEF-002", "DEF-003"} & set(findings.codes())
    if define is None and unreadable:
        raise Refused(findings)
    page = _transform()(etree.fromstring(data, parser=safe_parser()))
    return str(page)


@cache
def _transform() -> etree.XSLT:
    access = etree.XSLTAccessControl(  # type: ignore[call-arg]
        read_file=False, write_file=False, create_dir=False, read_network=False, write_network=False
    )
    return etree.XSLT(etree.fromstring(read_stylesheet(), parser=safe_parser()), access_control=access)
