"""Read Dataset-JSON 1.1: JSON, NDJSON, and both compressed (zlib as specified, gzip as some send).

Source: CDISC Dataset-JSON Specification 1.1 (2024-12-05); the permitted attributes and types are those of its JSON
Schema. Nothing is guessed: what the metadata says and what the rows hold must agree, or the file is refused.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import polars as pl

from opencro.kernel.finding import Finding, Place, Refused, suggest
from opencro.tabulation.dataset import Column, Dataset, DataType, Exchange, Target
from opencro.tabulation.formats.dataset_json_rows import read_columns
from opencro.tabulation.formats.endpoint import Source, read_bytes

_TYPES: dict[str, DataType] = {
    "string": "text", "integer": "integer", "decimal": "decimal", "float": "float", "double": "double",
    "boolean": "boolean", "datetime": "datetime", "date": "date", "time": "time", "URI": "uri",
}  # fmt: skip
_TEXTS = (
    "datasetJSONCreationDateTime", "datasetJSONVersion", "fileOID", "dbLastModifiedDateTime", "originator",
    "studyOID", "metaDataVersionOID", "metaDataRef", "itemGroupOID", "name", "label",
)  # fmt: skip
_HEAD = {*_TEXTS, "sourceSystem", "records", "columns", "rows"}
_REQUIRED = (
    "datasetJSONCreationDateTime", "datasetJSONVersion", "itemGroupOID", "records", "name", "label", "columns",
)  # fmt: skip
_COLUMN = {"itemOID", "name", "label", "dataType", "targetDataType", "length", "displayFormat", "keySequence"}
_MOMENT = re.compile(r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?"
                     r"([+-]([01]\d|2[0-3]):[0-5]\d|Z)?$")  # fmt: skip
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_VERSION = re.compile(r"^1\.1(\.(0|[1-9][0-9]*))?$")
_REMEDY = "Correct the file at its source."
_MAX_EXPANSION = 1 << 33


def read_dataset_json(source: Source) -> Dataset:
    """One dataset from Dataset-JSON; the layout is told from the content, not from the file's name.

    Raises Refused (DSJ-001 to DSJ-015) with all findings; OSError when the file cannot be opened.
    """
    raw, file = read_bytes(source)
    reading = _Reading(file)
    text = _decompress(raw, reading)
    head, rows = _parse(text, reading) if text is not None else (None, [])
    if head is None:
        raise Refused(reading.findings)
    columns = _read_head(head, reading)
    reading.refuse()
    if head["records"] != len(rows):
        got = f"{len(rows)} rows where records says {head['records']}"
        reading.add("DSJ-010", "records", got, "as many rows as records")
    series = read_columns(rows, columns, file, reading.findings)
    reading.refuse()
    return Dataset(
        name=head["name"],
        label=head["label"],
        columns=columns,
        frame=pl.DataFrame(series),
        item_group_oid=head["itemGroupOID"],
        exchange=_exchange(head),
    )


@dataclass(slots=True)
class _Reading:
    """The findings of one file while it is read."""

    file: str
    findings: list[Finding] = field(default_factory=list)

    def add(
        self, code: str, path: str, got: str, expected: str, remedy: str = _REMEDY, line: int | None = None
    ) -> None:
        self.findings.append(Finding(code, Place(self.file, line, path), got, expected, remedy))

    def refuse(self) -> None:
        """Raise what has been found, if anything."""
        if self.findings:
            raise Refused(self.findings)


def _decompress(raw: bytes, reading: _Reading) -> str | None:
    if raw[:1] == b"\x78" or raw[:2] == b"\x1f\x8b":
        stream = zlib.decompressobj(wbits=47)
        try:
            raw = stream.decompress(raw, _MAX_EXPANSION)
        except zlib.error:
            raw = b""
        if not stream.eof:
            reading.add("DSJ-002", "", "a compressed file that is damaged or cut short", "a whole zlib stream")
            return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        reading.add("DSJ-001", f"byte {error.start}", f"byte 0x{raw[error.start]:02X}", "UTF-8 text")
        return None


@dataclass(slots=True)
class _Decoder:
    """JSON as RFC 8259 has it: a key given twice and NaN are noted instead of passed over."""

    repeated: list[str] = field(default_factory=list)
    constants: list[str] = field(default_factory=list)

    def decode(self, text: str) -> Any:
        return json.loads(text, object_pairs_hook=self._pairs, parse_constant=self._constant)

    def _pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) < len(pairs):
            names = [name for name, _ in pairs]
            self.repeated += sorted({name for name in names if names.count(name) > 1})
        return value

    def _constant(self, word: str) -> None:
        self.constants.append(word)


def _parse(text: str, reading: _Reading) -> tuple[dict[str, Any] | None, list[Any]]:
    decoder = _Decoder()
    first, _, rest = text.partition("\n")
    lines: list[str] = []
    try:
        if rest.lstrip()[:1] == "[" and first.rstrip()[-1:] == "}":
            head = decoder.decode(first)
            lines = rest.splitlines() if "\r" in rest else rest.split("\n")
            while lines and not lines[-1].strip():
                lines.pop()
            rows = decoder.decode(f"[{','.join(lines)}]") if lines else []
        else:
            head = decoder.decode(text)
            rows = head.pop("rows", []) if isinstance(head, dict) else []
    except (json.JSONDecodeError, RecursionError) as error:
        line = _bad_line(first, lines) if lines else getattr(error, "lineno", None)
        place = Place(reading.file, line)
        expected = "JSON or one JSON text per line"
        reading.findings.append(Finding("DSJ-003", place, "not readable as JSON", expected, _REMEDY))
        return None, []
    for name in decoder.repeated:
        reading.add("DSJ-004", name, f'attribute "{name}" is given twice', "each attribute once")
    for word in sorted(set(decoder.constants)):
        reading.add("DSJ-003", "", f"{word} stands for a number", "a number or null")
    if _HALF.search(text) and not _encodes((head, rows)):
        reading.add("DSJ-001", "", "half a character (a lone surrogate)", "whole Unicode characters")
    if not isinstance(head, dict) or not isinstance(rows, list):
        reading.add("DSJ-003", "", "no object with metadata and rows", "a Dataset-JSON object")
        return None, []
    return (None if reading.findings else head), rows


def _encodes(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _bad_line(first: str, lines: list[str]) -> int | None:
    for number, line in enumerate([first, *lines], start=1):
        try:
            json.loads(line)
        except (json.JSONDecodeError, RecursionError):
            return number
    return None


def _read_head(head: dict[str, Any], reading: _Reading) -> tuple[Column, ...]:
    for name in _REQUIRED:
        if name not in head:
            reading.add("DSJ-005", name, f"no {name}", f"the attribute {name}")
    for name in sorted(set(head) - _HEAD):
        remedy = suggest(name, _HEAD) or "Take extensions out: they are not part of the standard."
        reading.add("DSJ-006", name, f'attribute "{name}"', "an attribute of Dataset-JSON 1.1", remedy)
    for name in _TEXTS:
        if name in head and not isinstance(head[name], str):
            reading.add("DSJ-007", name, f"{head[name]!r}"[:60], "text")
        elif not head.get(name, "-") and (name == "name" or name.endswith("OID")):
            reading.add("DSJ-007", name, "empty text", "at least one character")
    _check_patterns(head, reading)
    _check_system(head.get("sourceSystem"), reading)
    records = head.get("records", 0)
    if type(records) is not int or records < 0:
        reading.add("DSJ-007", "records", f"{records!r}"[:60], "a whole number from 0")
    described = head.get("columns", [])
    if not isinstance(described, list):
        reading.add("DSJ-007", "columns", "no list", "a list of columns")
        return ()
    columns = [c for i, one in enumerate(described) if (c := _read_column(one, i, reading)) is not None]
    names = [c.name for c in columns]
    for name in sorted({n for n in names if names.count(n) > 1}):
        reading.add("DSJ-008", f"columns/{name}", f'column "{name}" stands twice', "each name once")
    return tuple(columns)


def _check_patterns(head: dict[str, Any], reading: _Reading) -> None:
    for name, pattern, expected in (
        ("datasetJSONVersion", _VERSION, "1.1 or 1.1.x"),
        ("datasetJSONCreationDateTime", _MOMENT, "an ISO 8601 date and time"),
        ("dbLastModifiedDateTime", _MOMENT, "an ISO 8601 date and time"),
    ):
        value = head.get(name)
        if isinstance(value, str) and not pattern.match(value):
            reading.add("DSJ-007", name, f'"{value}"'[:60], expected)


def _check_system(system: Any, reading: _Reading) -> None:
    if system is None:
        return
    if not isinstance(system, dict):
        reading.add("DSJ-007", "sourceSystem", f"{system!r}"[:60], "an object with name and version")
        return
    for name in ("name", "version"):
        if not isinstance(system.get(name), str):
            reading.add("DSJ-005", f"sourceSystem/{name}", f"no {name}", "text")
    for name in sorted(set(system) - {"name", "version"}):
        remedy = "Take extensions out: they are not part of the standard."
        reading.add("DSJ-006", f"sourceSystem/{name}", f'attribute "{name}"', "name and version only", remedy)


def _read_column(one: Any, index: int, reading: _Reading) -> Column | None:
    path = f"columns/{index + 1}"
    if not isinstance(one, dict):
        reading.add("DSJ-007", path, "no object", "an object that describes a column")
        return None
    before = len(reading.findings)
    for finding in _check_column(one, path, reading.file):
        reading.findings.append(finding)
    if len(reading.findings) > before:
        return None
    kind = _TYPES[one["dataType"]]
    target = cast(Target, "" if kind == "decimal" else one.get("targetDataType", ""))
    return Column(
        name=one["name"],
        label=one["label"],
        type=kind,
        length=one.get("length"),
        display_format=one.get("displayFormat", ""),
        key_sequence=one.get("keySequence"),
        target=target,
        item_oid=one["itemOID"],
    )


def _check_column(one: dict[str, Any], path: str, file: str) -> Iterator[Finding]:
    def finding(code: str, name: str, got: str, expected: str, remedy: str = _REMEDY) -> Finding:
        return Finding(code, Place(file, None, f"{path}/{name}"), got, expected, remedy)

    for name in ("itemOID", "name", "label", "dataType"):
        if name not in one:
            yield finding("DSJ-005", name, f"no {name}", f"the attribute {name}")
    for name in sorted(set(one) - _COLUMN):
        yield finding("DSJ-006", name, f'attribute "{name}"', "a column attribute", suggest(name, _COLUMN) or _REMEDY)
    for name in ("itemOID", "name", "label", "displayFormat"):
        if name in one and not isinstance(one[name], str):
            yield finding("DSJ-007", name, f"{one[name]!r}"[:60], "text")
    for name in ("length", "keySequence"):
        if name in one and (type(one[name]) is not int or one[name] < 1):
            yield finding("DSJ-007", name, f"{one[name]!r}"[:60], "a whole number from 1")
    kind, target = one.get("dataType"), one.get("targetDataType")
    if "dataType" in one and (not isinstance(kind, str) or kind not in _TYPES):
        yield finding("DSJ-009", "dataType", f"{kind!r}"[:60], ", ".join(_TYPES), suggest(str(kind), _TYPES) or _REMEDY)
    elif "targetDataType" in one and (kind, target) not in _TARGETS:
        expected = "integer for date, datetime and time, decimal for decimal"
        yield finding("DSJ-009", "targetDataType", f"{target!r} for {kind}"[:60], expected)


_TARGETS = {("date", "integer"), ("datetime", "integer"), ("time", "integer"), ("decimal", "decimal")}


def _exchange(head: dict[str, Any]) -> Exchange:
    system = head.get("sourceSystem") or {}
    return Exchange(
        file_oid=head.get("fileOID", ""),
        study_oid=head.get("studyOID", ""),
        metadata_version_oid=head.get("metaDataVersionOID", ""),
        metadata_ref=head.get("metaDataRef", ""),
        originator=head.get("originator", ""),
        source_system=system.get("name", ""),
        source_system_version=system.get("version", ""),
        created=head["datasetJSONCreationDateTime"],
        modified=head.get("dbLastModifiedDateTime", ""),
    )
