"""Read SAS transport version 5 (`.xpt`), all members of a file, whole columns at a time.

Source: SAS TS-140. Numbers come as Float64 (a SAS date format makes the column a date with target `integer`), text
as String, SAS's missing values as null. A file that is not whole, or not of this format, is refused with findings that
name the byte offset; nothing is guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

from opencro.kernel.finding import Finding, Place, Refused
from opencro.tabulation.dataset import Column, Dataset, Exchange, SpecialMissing
from opencro.tabulation.formats import xpt_layout as layout
from opencro.tabulation.formats.endpoint import Source, read_bytes
from opencro.tabulation.formats.fixed_width import unpad_text
from opencro.tabulation.formats.ibm_float import DOT, unpack_ibm
from opencro.tabulation.formats.sas_format import SasFormat, moment_of
from opencro.tabulation.formats.xpt_split import Member, split_members

ENCODINGS = ("utf-8", "windows-1252")


@dataclass(frozen=True, slots=True)
class _Field:
    """One NAMESTR record, still as bytes."""

    numeric: bool
    width: int
    position: int
    name: bytes
    label: bytes
    format: SasFormat
    informat: SasFormat


def read_xpt(source: Source, *, encoding: str | None = None) -> list[Dataset]:
    """All datasets of a transport file.

    Without `encoding` (a Python codec name), text is UTF-8 if all of it can be, else windows-1252. Raises Refused
    (XPT-001 to XPT-012) with all findings; OSError when the file cannot be opened.
    """
    data, file = read_bytes(source)
    members, findings = split_members(data, file)
    fields = [_read_fields(data, member, file, findings) for member in members]
    if findings:
        raise Refused(findings)
    codec = encoding or _detect_encoding(data, members, fields)
    datasets = [_read_member(data, m, f, codec, file, findings) for m, f in zip(members, fields, strict=True)]
    if findings:
        raise Refused(findings)
    return [dataset for dataset in datasets if dataset is not None]


def _read_fields(data: bytes, member: Member, file: str, findings: list[Finding]) -> list[_Field]:
    fields = []
    for i in range(member.columns):
        at = member.namestrs + i * member.namestr_size
        kind, field = _read_field(data, at)
        if kind not in (layout.NUMERIC, layout.CHARACTER):
            findings.append(_broken(file, at, f"variable {i + 1} has type {kind}", "type 1 or 2"))
        elif field.width < 1 or (field.numeric and not 2 <= field.width <= 8):
            limits = "2 to 8 bytes" if field.numeric else "1 byte or more"
            findings.append(_broken(file, at + 4, f"variable {i + 1} takes {field.width} bytes", limits))
        elif field.position < 0:
            findings.append(_broken(file, at + 84, f"variable {i + 1} starts at byte {field.position}", "0 or more"))
        fields.append(field)
    _check_fields(fields, member, file, findings)
    width = _row_width(fields)
    if not findings and _count_rows(data, member, width) * width > member.rows_end - member.rows_start:
        whole = (member.rows_end - member.rows_start) // width
        got = f"row {whole + 1} is cut short, a row takes {width} bytes"
        findings.append(_broken(file, member.rows_start + whole * width, got, "whole rows", "XPT-010"))
    return fields


def _row_width(fields: list[_Field]) -> int:
    return max((f.position + f.width for f in fields), default=0)


def _read_field(data: bytes, at: int) -> tuple[int, _Field]:
    kind, _, width, _, name, label, *shown, informat, informat_width, informat_decimals, position = (
        layout.DESCRIBED.unpack_from(data, at)
    )
    field = _Field(
        numeric=kind == layout.NUMERIC,
        width=width,
        position=position,
        name=name,
        label=label,
        format=_format(shown[0], shown[1], shown[2]),
        informat=_format(informat, informat_width, informat_decimals),
    )
    return kind, field


def _format(name: bytes, width: int, decimals: int) -> SasFormat:
    return SasFormat(name.decode("latin-1").strip(" \x00"), max(0, width), max(0, decimals))


def _check_fields(fields: list[_Field], member: Member, file: str, findings: list[Finding]) -> None:
    seen: set[bytes] = set()
    for i, field in enumerate(fields):
        at = member.namestrs + i * member.namestr_size + 8
        if not field.name.strip(b" \x00"):
            findings.append(_broken(file, at, f"variable {i + 1} has no name", "a name"))
        elif field.name in seen:
            name = field.name.decode("latin-1").strip()
            findings.append(_broken(file, at, f"variable {name} stands twice", "each name once"))
        seen.add(field.name)
    placed = sorted((field.position, field.width) for field in fields)
    for (start, width), (following, _) in pairwise(placed):
        if start + width > following:
            got = f"variables overlap at byte {following} of the row"
            findings.append(_broken(file, member.namestrs, got, "variables side by side"))
            return


def _detect_encoding(data: bytes, members: list[Member], fields: list[list[_Field]]) -> str:
    for member, described in zip(members, fields, strict=True):
        pieces = [field.name + b"\n" + field.label for field in described]
        if not data[member.rows_start : member.rows_end].isascii():
            cells = _cells(data, member, described)
            pieces += [cells[:, f.position : f.position + f.width].tobytes() for f in described if not f.numeric]
        for piece in pieces:
            if not piece.isascii() and not _decodes(piece, "utf-8"):
                return "windows-1252"
    return "utf-8"


def _decodes(piece: bytes, encoding: str) -> bool:
    try:
        piece.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _cells(data: bytes, member: Member, fields: list[_Field]) -> npt.NDArray[np.uint8]:
    width = _row_width(fields)
    rows = _count_rows(data, member, width)
    return np.frombuffer(data, dtype=np.uint8, count=rows * width, offset=member.rows_start).reshape(rows, width)


def _count_rows(data: bytes, member: Member, width: int) -> int:
    """Rows that the block holds: the fewest that leave less than a record of blanks after them."""
    size = member.rows_end - member.rows_start
    if width == 0 or size == 0:
        return 0
    last = data[member.rows_end - layout.RECORD : member.rows_end]
    filled = size - layout.RECORD + len(last.rstrip(b" "))
    return max(-(-filled // width), (size - layout.RECORD) // width + 1)


def _read_member(
    data: bytes, member: Member, fields: list[_Field], codec: str, file: str, findings: list[Finding]
) -> Dataset | None:
    cells = _cells(data, member, fields)
    columns, series, special = [], [], []
    for i, field in enumerate(fields):
        column = _column(field, codec, file, member.namestrs + i * member.namestr_size, findings)
        piece = cells[:, field.position : field.position + field.width]
        if field.numeric:
            values, marks = _numbers(piece)
            special += _special(column.name, marks)
        else:
            values = _text(piece, codec, column.name, file, member.rows_start, findings)
        columns.append(column)
        series.append(values.alias(column.name))
    if findings:
        return None
    name, label = (_decode(part, codec, file, member.start, findings) for part in (member.name, member.label))
    exchange = Exchange(
        source_system="SAS",
        source_system_version=member.version.decode("latin-1").strip(" \x00"),
        created=layout.parse_stamp(member.created),
        modified=layout.parse_stamp(member.modified),
    )
    return Dataset(name, label, tuple(columns), pl.DataFrame(series), special_missing=tuple(special), exchange=exchange)


def _column(field: _Field, codec: str, file: str, at: int, findings: list[Finding]) -> Column:
    name = _decode(field.name, codec, file, at + 8, findings)
    label = _decode(field.label, codec, file, at + 16, findings)
    shown, informat = str(field.format), str(field.informat)
    if not field.numeric:
        return Column(name, label, "text", field.width, shown, informat)
    moment = moment_of(field.format.name)
    if moment is None:
        return Column(name, label, "float", None, shown, informat, transport_bytes=field.width)
    return Column(name, label, moment, None, shown, informat, target="integer", transport_bytes=field.width)


def _decode(raw: bytes, codec: str, file: str, at: int, findings: list[Finding]) -> str:
    try:
        return raw.decode(codec).rstrip(" \x00")
    except UnicodeDecodeError as error:
        findings.append(_unreadable(file, at + error.start, raw[error.start], codec))
        return ""


def _numbers(piece: npt.NDArray[np.uint8]) -> tuple[pl.Series, npt.NDArray[np.uint8]]:
    rows, width = piece.shape
    whole = np.zeros((rows, 8), dtype=np.uint8)
    whole[:, :width] = piece
    unpacked = unpack_ibm(whole.view(">u8").reshape(rows).astype(np.uint64))
    values = pl.Series(unpacked.values, dtype=pl.Float64)
    return values.fill_nan(None) if unpacked.missing.any() else values, unpacked.missing


def _special(name: str, marks: npt.NDArray[np.uint8]) -> list[SpecialMissing]:
    rows = np.flatnonzero((marks != 0) & (marks != DOT))
    return [SpecialMissing(name, int(row), chr(marks[row])) for row in rows]


def _text(
    piece: npt.NDArray[np.uint8], codec: str, name: str, file: str, start: int, findings: list[Finding]
) -> pl.Series:
    try:
        return unpad_text(piece, codec)
    except UnicodeDecodeError as error:
        row = next(i for i, cell in enumerate(piece) if not _decodes(cell.tobytes(), codec))
        byte = error.object[error.start]
        place = Place(file, None, f"{name} row {row + 1}, observations from byte {start}")
        expected = f"text in {codec}"
        findings.append(Finding("XPT-012", place, f"byte 0x{byte:02X}", expected, _ENCODING_REMEDY))
        return pl.Series([None] * len(piece), dtype=pl.String)


_ENCODING_REMEDY = "Name the encoding in which the file was written."


def _unreadable(file: str, at: int, byte: int, codec: str) -> Finding:
    return Finding(
        "XPT-012", Place(file, None, f"byte {at}"), f"byte 0x{byte:02X}", f"text in {codec}", _ENCODING_REMEDY
    )


def _broken(file: str, at: int, got: str, expected: str, code: str = "XPT-009") -> Finding:
    place = Place(file, None, f"byte {at}")
    return Finding(code, place, got, expected, "Get the file again from its source: it is damaged.")
