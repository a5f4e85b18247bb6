"""Find the members of a SAS transport file: where their headers, variable descriptions and rows begin and end.

Source: SAS TS-140, "Header records".
"""

from __future__ import annotations

from dataclasses import dataclass

from opencro.kernel.finding import Finding, Place
from opencro.tabulation.formats import xpt_layout as layout

_AGAIN = "Get the file again from its source: it is damaged."
_HEADERS = 6 * layout.RECORD


@dataclass(frozen=True, slots=True)
class Member:
    """One dataset's place in the file, in bytes from the beginning; names and stamps still as bytes."""

    start: int
    name: bytes
    label: bytes
    version: bytes
    created: bytes
    modified: bytes
    namestr_size: int
    namestrs: int
    columns: int
    rows_start: int
    rows_end: int


def split_members(data: bytes, file: str) -> tuple[list[Member], list[Finding]]:
    """The members of a file and XPT-001 to XPT-008 for what is not as it should be."""
    findings = _check_library(data, file)
    if findings:
        return [], findings
    starts = _member_starts(data)
    if not starts or starts[0] != 3 * layout.RECORD:
        return [], [_finding("XPT-005", file, 3 * layout.RECORD, "no member header", "a member header", _AGAIN)]
    members = []
    for start, end in zip(starts, [*starts[1:], len(data)], strict=True):
        member = _read_member(data, start, end, file, findings)
        if member is not None:
            members.append(member)
    return members, findings


def _check_library(data: bytes, file: str) -> list[Finding]:
    if data.startswith(layout.LIBRARY_V8):
        remedy = "Export it again as version 5 (PROC COPY with the XPORT engine)."
        return [_finding("XPT-002", file, 0, "a transport file of version 8", "version 5", remedy)]
    if data.startswith(layout.CPORT):
        remedy = "Export it again with the XPORT engine instead of PROC CPORT."
        return [_finding("XPT-003", file, 0, "a file of PROC CPORT", "a transport file of version 5", remedy)]
    if not data.startswith(layout.LIBRARY):
        got = "an empty file" if not data else f"a file that begins with {data[:20]!r}"
        return [
            _finding("XPT-001", file, 0, got, "the library header of SAS transport version 5", "Give an .xpt file.")
        ]
    if len(data) % layout.RECORD:
        got = f"{len(data)} bytes"
        return [_finding("XPT-004", file, len(data), got, "a multiple of 80: the file is cut short", _AGAIN)]
    return []


def _member_starts(data: bytes) -> list[int]:
    starts = []
    at = data.find(layout.MEMBER)
    while at >= 0:
        if at % layout.RECORD == 0:
            starts.append(at)
        at = data.find(layout.MEMBER, at + 1)
    return starts


def _read_member(data: bytes, start: int, end: int, file: str, findings: list[Finding]) -> Member | None:
    if end - start < _HEADERS:
        findings.append(_finding("XPT-006", file, end, "the member header is cut short", "its six records", _AGAIN))
        return None
    size = _digits(data[start + 74 : start + 78])
    if size not in layout.NAMESTR_SIZES:
        findings.append(_finding("XPT-006", file, start + 74, f"NAMESTR records of {size} bytes", "140 or 136", _AGAIN))
        return None
    for number, header in ((1, layout.DESCRIPTOR), (4, layout.NAMESTR)):
        at = start + number * layout.RECORD
        if not data.startswith(header, at):
            expected = header[20:28].decode().strip() + " header"
            findings.append(_finding("XPT-006", file, at, f"{data[at : at + 28]!r}", expected, _AGAIN))
            return None
    return _read_described(data, start, end, size, file, findings)


def _read_described(data: bytes, start: int, end: int, size: int, file: str, findings: list[Finding]) -> Member | None:
    names = start + 4 * layout.RECORD
    columns = _digits(data[names + 54 : names + 58])
    if columns is None:
        got = f"{data[names + 54 : names + 58]!r} variables"
        findings.append(_finding("XPT-007", file, names + 54, got, "a count of four digits", _AGAIN))
        return None
    namestrs = names + layout.RECORD
    header = namestrs + -(-columns * size // layout.RECORD) * layout.RECORD
    if header + layout.RECORD > end or not data.startswith(layout.OBSERVATIONS, header):
        got = f"no observation header after {columns} variables"
        findings.append(_finding("XPT-008", file, min(header, end), got, "an OBS header record", _AGAIN))
        return None
    first, second = start + 2 * layout.RECORD, start + 3 * layout.RECORD
    return Member(
        start=start,
        name=data[first + 8 : first + 16],
        label=data[second + 32 : second + 72],
        version=data[first + 24 : first + 32],
        created=data[first + 64 : first + 80],
        modified=data[second : second + 16],
        namestr_size=size,
        namestrs=namestrs,
        columns=columns,
        rows_start=header + layout.RECORD,
        rows_end=end,
    )


def _digits(raw: bytes) -> int | None:
    text = raw.strip()
    return int(text) if text.isdigit() else None


def _finding(code: str, file: str, at: int, got: str, expected: str, remedy: str) -> Finding:
    return Finding(code, Place(file, None, f"byte {at}"), got, expected, remedy)
