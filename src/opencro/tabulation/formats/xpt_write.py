"""Write SAS transport version 5 (`.xpt`), one or several datasets into a file, whole columns at a time.

Source: SAS TS-140; limits of names, labels and text from the FDA Study Data Technical Conformance Guide, section 3.3.
The same datasets and the same `created` give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from opencro.kernel.finding import Findings, Refused
from opencro.tabulation.dataset import Column, Dataset
from opencro.tabulation.formats import xpt_layout as layout
from opencro.tabulation.formats.endpoint import Sink, name_of, write_bytes
from opencro.tabulation.formats.fixed_width import pad_text
from opencro.tabulation.formats.ibm_float import pack_ibm
from opencro.tabulation.formats.sas_format import SasFormat, parse_sas_format
from opencro.tabulation.formats.xpt_check import check_xpt, text_width

Encoding = Literal["windows-1252", "utf-8", "ascii"]
_VERSION = b"9.4     "
_SYSTEM = b"openCRO "


def write_xpt(
    datasets: Dataset | Sequence[Dataset], sink: Sink, *, created: datetime, encoding: Encoding = "windows-1252"
) -> Findings:
    """Write datasets as members of one transport file.

    `created` is stamped into the headers (its clock time as it stands). Text columns are as wide as `Column.length`
    or, without one, as their longest text. Returns warnings (XPT-031 on); raises Refused with XPT-020 to XPT-030 for
    everything that the format cannot hold, and then writes nothing.
    """
    members = [datasets] if isinstance(datasets, Dataset) else list(datasets)
    findings = Findings(tuple(f for d in members for f in check_xpt(d, encoding, name_of(sink))))
    if not findings.ok:
        raise Refused(findings)
    stamp = layout.render_stamp(created)
    parts: list[bytes | memoryview] = [render_library(stamp)]
    for dataset in members:
        parts += _member(dataset, encoding, stamp)
    write_bytes(sink, *parts)
    return findings


def render_library(stamp: bytes) -> bytes:
    """The head of a file."""
    first = b"SAS     SAS     SASLIB  " + _VERSION + _SYSTEM + b" " * 24 + stamp
    return layout.LIBRARY + layout.ZEROS + first + stamp.ljust(layout.RECORD)


def _member(dataset: Dataset, encoding: str, stamp: bytes) -> list[bytes | memoryview]:
    widths = [_width(c, dataset.frame[c.name], encoding) for c in dataset.columns]
    rows = render_rows(dataset, widths, encoding)
    return [render_member(dataset, widths, encoding, stamp), rows.data, b" " * (-rows.size % layout.RECORD)]


def render_member(dataset: Dataset, widths: list[int], encoding: str, stamp: bytes) -> bytes:
    """All that stands before the rows of a member."""
    starts = row_starts(widths)
    first = b"SAS     " + _fixed(dataset.name, 8, encoding) + b"SASDATA " + _VERSION + _SYSTEM + b" " * 24 + stamp
    second = stamp + b" " * 16 + _fixed(dataset.label, 40, encoding) + b" " * 8
    count = f"{len(widths):04}".encode("ascii")
    namestrs = _namestrs(dataset.columns, widths, starts, encoding)
    header = [
        layout.MEMBER + layout.MEMBER_TAIL,
        layout.DESCRIPTOR + layout.ZEROS,
        first,
        second,
        layout.NAMESTR + b"0" * 6 + count + b"0" * 20 + b"  ",
        _filled(namestrs),
        layout.OBSERVATIONS + layout.ZEROS,
    ]
    return b"".join(header)


def row_starts(widths: list[int]) -> list[int]:
    """Where each column begins in a row, and at the end how wide a row is."""
    starts: list[int] = np.concatenate([[0], np.cumsum(widths, dtype=np.int64)]).tolist()
    return starts


def _filled(block: bytes) -> bytes:
    return block + b" " * (-len(block) % layout.RECORD)


def _width(column: Column, values: pl.Series, encoding: str) -> int:
    return column.transport_bytes if column.numeric else text_width(column, values, encoding)


def _fixed(text: str, width: int, encoding: str) -> bytes:
    return text.encode(encoding).ljust(width)


def _namestrs(columns: tuple[Column, ...], widths: list[int], starts: list[int], encoding: str) -> bytes:
    records = []
    for i, (column, width, start) in enumerate(zip(columns, widths, starts, strict=False)):
        shown = parse_sas_format(column.display_format) or SasFormat()
        informat = parse_sas_format(column.informat) or SasFormat()
        record = layout.DESCRIBED.pack(
            layout.NUMERIC if column.numeric else layout.CHARACTER,
            0,
            width,
            i + 1,
            _fixed(column.name, 8, encoding),
            _fixed(column.label, 40, encoding),
            _fixed(shown.name, 8, encoding),
            shown.width,
            shown.decimals,
            0,
            b"\0\0",
            _fixed(informat.name, 8, encoding),
            informat.width,
            informat.decimals,
            start,
        )
        records.append(record.ljust(140, b"\0"))
    return b"".join(records)


def render_rows(dataset: Dataset, widths: list[int], encoding: str) -> npt.NDArray[np.uint8]:
    """The rows, one after another, without filling at the end."""
    starts = row_starts(widths)
    block = np.empty((dataset.frame.height, starts[-1]), dtype=np.uint8)
    for column, width, start in zip(dataset.columns, widths, starts, strict=False):
        values = dataset.frame[column.name]
        if column.numeric:
            words = pack_ibm(as_doubles(values), _marks(dataset, column))
            cells = words.astype(">u8").view(np.uint8).reshape(-1, 8)[:, :width]
        else:
            cells = pad_text(values.str.strip_chars_end(" "), width, encoding)
        block[:, start : start + width] = cells
    return block.reshape(-1)


def as_doubles(values: pl.Series) -> npt.NDArray[np.float64]:
    """A numeric, boolean or decimal-text column as doubles, NaN where null."""
    return values.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _marks(dataset: Dataset, column: Column) -> npt.NDArray[np.uint8] | None:
    special = [m for m in dataset.special_missing if m.column == column.name]
    if not special:
        return None
    marks = np.zeros(dataset.frame.height, dtype=np.uint8)
    for missing in special:
        marks[missing.row] = ord(missing.code)
    return marks
