"""USDM: the protocol as CDISC exchanges it."""

from opencro.study.formats.usdm.document import UsdmDocument
from opencro.study.formats.usdm.from_protocol import usdm_from_protocol
from opencro.study.formats.usdm.into_protocol import protocol_from_usdm
from opencro.study.formats.usdm.read import check_document, parse_usdm, read_usdm
from opencro.study.formats.usdm.write import write_usdm

__all__ = [
    "UsdmDocument",
    "check_document",
    "parse_usdm",
    "protocol_from_usdm",
    "read_usdm",
    "usdm_from_protocol",
    "write_usdm",
]
