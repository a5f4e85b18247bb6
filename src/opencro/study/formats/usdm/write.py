"""USDM JSON out.

Source: CDISC USDM v4.0. A document is written in the order in which it was read, so that reading it again gives an
equal value.
"""

from __future__ import annotations

import json

from opencro.study.formats.usdm.document import UsdmDocument


def write_usdm(document: UsdmDocument) -> bytes:
    """A USDM document as UTF-8 JSON, two spaces to a level, ending in a newline."""
    return (json.dumps(document.value, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()
