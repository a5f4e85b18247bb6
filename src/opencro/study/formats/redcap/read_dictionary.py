"""A data dictionary CSV, with the names of the file or of the API in its header, read into fields.

Source: RFC 4180; the columns of `field`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from opencro.kernel.finding import Finding, Place, Refused, Severity, suggest
from opencro.study.formats.redcap.field import COLUMNS, NEEDED, RedcapField

_NAMES = {title.casefold(): name for name, title in COLUMNS.items()} | {name: name for name in COLUMNS}
_NEVER_NA = ("text_validation_type_or_show_slider_number", "identifier", "branching_logic", "custom_alignment")
"""Columns in which REDCap never says NA; where it stands there, R has written it for what is missing."""
_KEPT_NA = ("field_name", "form_name", "field_label")
_NA = "NA"


def is_dictionary(data: bytes) -> bool:
    """Whether a file begins like a data dictionary."""
    head = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip(b'"').lower()
    return head.startswith((b"variable / field name", b"field_name"))


def read_dictionary(data: bytes, file: str = "") -> tuple[tuple[RedcapField, ...], list[Finding]]:
    """The fields of a dictionary, and notes; `file` is its name in findings.

    Raises `Refused` with RCP-001..004 when it is no dictionary or a row of it cannot be read.
    """
    rows = _rows(_text(data, file), file)
    _, header = next(rows, (1, []))
    names = _header(header, file)
    fields: list[RedcapField] = []
    ragged: list[Finding] = []
    for line, row in rows:
        if len(row) != len(names):
            got, expected = f"{len(row)} values", f"{len(names)} values"
            ragged.append(Finding("RCP-004", Place(file, line), got, expected, "Complete the row, or quote its texts."))
            continue
        values = {name: value.strip() for name, value in zip(names, row, strict=True) if name}
        fields.append(RedcapField(**values, line=line))
    if ragged:
        raise Refused(ragged)
    if not fields:
        raise Refused([Finding("RCP-001", Place(file, 1), "no field", "a row for each field", "Give the whole file.")])
    return _without_na(fields, file)


def _text(data: bytes, file: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        got = f"byte {error.start} is not UTF-8"
        remedy = "Save the file as UTF-8, or export it from REDCap again."
        raise Refused([Finding("RCP-002", Place(file, line), got, "UTF-8 text", remedy)]) from error


def _rows(text: str, file: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(10_000_000)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            got = f"a row that cannot be read as CSV ({error})"
            raise Refused([Finding("RCP-004", Place(file, line), got, "rows of CSV", "Correct its quotes.")]) from error
        if row is None:
            return
        if any(row):
            yield line, row


def _delimiter(text: str) -> str:
    """What separates the values: whichever gives most of the columns that are known."""
    first = text.partition("\n")[0].strip()

    def known(delimiter: str) -> int:
        return sum(title.strip().casefold() in _NAMES for title in next(csv.reader([first], delimiter=delimiter), []))

    return max(",;\t", key=known)


def _header(header: list[str], file: str) -> list[str]:
    names = [_NAMES.get(title.strip().casefold(), "") for title in header]
    absent = [COLUMNS[name] for name in NEEDED if name not in names]
    place = Place(file, 1)
    if not any(names):
        remedy = "Give the data dictionary as REDCap exports it."
        raise Refused([Finding("RCP-001", place, "no column of a data dictionary", ", ".join(COLUMNS), remedy)])
    if absent:
        remedy = suggest(absent[0], header) or "Add the column."
        raise Refused([Finding("RCP-003", place, f"no column {', '.join(absent)}", "every column", remedy)])
    unknown = [title for title, name in zip(header, names, strict=True) if not name]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if unknown or twice:
        got = f'unknown column "{unknown[0]}"' if unknown else f"column {COLUMNS[twice[0]]} twice"
        remedy = suggest(unknown[0], COLUMNS.values()) if unknown else ""
        raise Refused([Finding("RCP-003", place, got, "the columns of a data dictionary", remedy or "Take it away.")])
    return names


def _without_na(fields: list[RedcapField], file: str) -> tuple[tuple[RedcapField, ...], list[Finding]]:
    if not any(getattr(field, name) == _NA for field in fields for name in _NEVER_NA):
        return tuple(fields), []
    made = []
    count = 0
    for field in fields:
        empty = {k: "" for k, v in field.values().items() if v == _NA and k not in _KEPT_NA}
        count += len(empty)
        made.append(RedcapField(**{**field.values(), **empty}, line=field.line))
    got = f"NA {count} times, as R writes what is missing"
    remedy = "Read as empty; give the file as REDCap wrote it if NA is meant."
    return tuple(made), [Finding("RCP-010", Place(file), got, "", remedy, Severity.NOTE)]
