"""Delimited text read strictly: every value stays the text that it is, and what cannot be read is said with its line.

Source: RFC 4180. "NA", "None" and "NULL" are text; only an empty field is missing.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from opencro.capture.formats.packed import unpack
from opencro.kernel.finding import Finding, Place, Refused

LINE = "_line"
MOST_COLUMNS = 2_000
_MOST_FINDINGS = 100
_BOM = b"\xef\xbb\xbf"
_WIDE = (b"\xff\xfe", b"\xfe\xff")


def read_delimited(path: Path, *, encoding: str = "utf-8", delimiter: str = ",") -> pl.DataFrame:
    """A delimited file (also .gz, .zip) as text columns; see `parse_delimited`."""
    return parse_delimited(path.read_bytes(), path.name, encoding=encoding, delimiter=delimiter)


def parse_delimited(data: bytes, file: str, *, encoding: str = "utf-8", delimiter: str = ",") -> pl.DataFrame:
    """The rows of a delimited file: a text column for each column, and `_line`, the 1-based line where a row begins.

    `data` are the bytes of the file, `file` its name in findings. An empty field is null. Raises Refused: CAP-101
    (encoding), CAP-102 (NUL), CAP-103 (empty), CAP-104 (header), CAP-105 (ragged), CAP-106 (quotes), CAP-107 (too many
    columns), CAP-108 (archive).
    """
    text = _decode(unpack(data, file), file, encoding)
    reader = _rows(text, file, delimiter)
    _, header = next(reader, (1, []))
    _check_header(header, file)
    lines: list[int] = []
    rows: list[list[str]] = []
    ragged: list[Finding] = []
    for line, row in reader:
        if len(row) != len(header):
            got = f"{len(row)} fields"
            ragged.append(_finding("CAP-105", file, line, got, f"{len(header)} fields", "Complete the row."))
            if len(ragged) == _MOST_FINDINGS:
                break
        lines.append(line)
        rows.append(row)
    if ragged:
        raise Refused(ragged)
    columns = zip(*rows, strict=True) if rows else (() for _ in header)
    data_columns = [pl.Series(n, values, dtype=pl.String) for n, values in zip(header, columns, strict=True)]
    frame = pl.DataFrame([pl.Series(LINE, lines, dtype=pl.Int64), *data_columns])
    return frame.with_columns(pl.when(pl.col(n) != "").then(pl.col(n)).alias(n) for n in header)


def _decode(data: bytes, file: str, encoding: str) -> str:
    if data.startswith(_WIDE):
        raise _refused("CAP-101", file, 1, "UTF-16 text", f"{encoding} text", "Save the file in that encoding.")
    if data.startswith(_BOM):
        if encoding != "utf-8":
            remedy = "Correct `encoding` of the transfer."
            raise _refused("CAP-101", file, 1, "UTF-8 text with a byte order mark", f"{encoding} text", remedy)
        data = data[len(_BOM) :]
    nul = data.find(b"\0")
    if nul >= 0:
        line, column = _position(data, nul)
        raise _refused("CAP-102", file, line, f"a NUL byte at column {column}", "text", "Ask for the file again.")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line, column = _position(data, error.start)
        got = f"byte {error.start} (0x{data[error.start]:02X}, line {line}, column {column}) is not {encoding}"
        raise _refused("CAP-101", file, line, got, f"{encoding} text", "Correct the encoding.") from error


def _position(data: bytes, offset: int) -> tuple[int, int]:
    """1-based line and column (in bytes) of an offset."""
    return data.count(b"\n", 0, offset) + 1, offset - data.rfind(b"\n", 0, offset)


def _rows(text: str, file: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Line and fields of each row; blank lines are passed over."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        begin = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            got = f"a quote that is not closed, or stands inside a field, in the row that begins at line {begin}"
            raise _refused("CAP-106", file, begin, got, 'quotes "..." around whole fields', "Quote it.") from error
        if row is None:
            return
        if row:
            yield begin, row


def _check_header(header: list[str], file: str) -> None:
    if not any(header):
        raise _refused("CAP-103", file, 1, "no header", "a first row with the names of the columns", "Send the file.")
    if len(header) > MOST_COLUMNS:
        remedy = "Check the delimiter, or send a long table."
        raise _refused("CAP-107", file, 1, f"{len(header):,} columns", f"at most {MOST_COLUMNS:,}", remedy)
    findings = []
    for name, count in Counter(header).items():
        if name == "":
            findings.append(_finding("CAP-104", file, 1, "a column without a name", "a name", "Name every column."))
        elif count > 1:
            remedy = "Rename one of them."
            findings.append(_finding("CAP-104", file, 1, f'column "{name}" {count} times', "each column once", remedy))
        elif name.startswith("_"):
            remedy = "Rename the column."
            findings.append(_finding("CAP-104", file, 1, f'column "{name}"', "a name that begins otherwise", remedy))
    if findings:
        raise Refused(findings)


def _finding(code: str, file: str, line: int, got: str, expected: str, remedy: str) -> Finding:
    return Finding(code, Place(file, line), got, expected, remedy)


def _refused(code: str, file: str, line: int, got: str, expected: str, remedy: str) -> Refused:
    return Refused([_finding(code, file, line, got, expected, remedy)])
