"""Write Dataset-JSON 1.1 as JSON, NDJSON or compressed (.dsjc), whole columns at a time.

Source: CDISC Dataset-JSON Specification 1.1 (2024-12-05) and Compressed Dataset-JSON 1.1. The rows are put together as
text by Polars, column beside column, so no row passes through Python. Same dataset, same `created`: same bytes.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

import polars as pl

from opencro.kernel.finding import Finding, Findings, Place, Refused, Severity
from opencro.tabulation.dataset import Column, Dataset
from opencro.tabulation.formats.endpoint import Sink, name_of, write_bytes
from opencro.tabulation.formats.moment import numbers_to_moments

Layout = Literal["json", "ndjson", "dsjc"]
VERSION = "1.1.0"
_ESCAPED = r'["\\\x00-\x1f]'
_ESCAPES = {chr(i): f"\\u{i:04x}" for i in range(32)} | {
    '"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"
}  # fmt: skip


def write_dataset_json(dataset: Dataset, sink: Sink, *, created: datetime, layout: Layout = "json") -> Findings:
    """Write one dataset.

    `created` becomes datasetJSONCreationDateTime (without zone when it has none). Returns warnings
    (DSJ-031); raises Refused with DSJ-020 for values that JSON cannot hold, and then writes nothing.
    """
    encoded = [encode_values(column, dataset.frame[column.name]) for column in dataset.columns]
    findings = Findings(tuple(check_encoded(dataset, encoded, name_of(sink))))
    if not findings.ok:
        raise Refused(findings)
    head = render_head(dataset, dataset.frame.height, created)
    rows = join_rows(encoded, "\n" if layout != "json" else ",\n")
    if layout == "json":
        opening = head[:-1] + ',"rows":[\n'
        write_bytes(sink, opening.encode(), rows.encode(), b"\n]}\n" if rows else b"]}\n")
        return findings
    text = f"{head}\n{rows}\n" if rows else f"{head}\n"
    raw = text.encode()
    write_bytes(sink, raw if layout == "ndjson" else zlib.compress(raw, 9))
    return findings


def render_head(dataset: Dataset, records: int, created: datetime) -> str:
    """All but the rows, as one JSON object."""
    return json.dumps(_head(dataset, records, created), ensure_ascii=False, separators=(",", ":"))


def _head(dataset: Dataset, records: int, created: datetime) -> dict[str, Any]:
    told = dataset.exchange
    system = None
    if told.source_system:
        system = {"name": told.source_system, "version": told.source_system_version}
    head = {
        "datasetJSONCreationDateTime": created.isoformat(),
        "datasetJSONVersion": VERSION,
        "fileOID": told.file_oid or None,
        "dbLastModifiedDateTime": told.modified or None,
        "originator": told.originator or None,
        "sourceSystem": system,
        "studyOID": told.study_oid or None,
        "metaDataVersionOID": told.metadata_version_oid or None,
        "metaDataRef": told.metadata_ref or None,
        "itemGroupOID": dataset.item_group_oid or f"IG.{dataset.name}",
        "records": records,
        "name": dataset.name,
        "label": dataset.label,
        "columns": [_column(column, dataset.name) for column in dataset.columns],
    }
    return {key: value for key, value in head.items() if value is not None}


def _column(column: Column, dataset_name: str) -> dict[str, Any]:
    described: dict[str, Any] = {
        "itemOID": column.item_oid or f"IT.{dataset_name}.{column.name}",
        "name": column.name,
        "label": column.label,
        "dataType": {"text": "string", "uri": "URI"}.get(column.type, column.type),
        "targetDataType": column.target or ("decimal" if column.type == "decimal" else None),
        "length": column.length,
        "displayFormat": column.display_format or None,
        "keySequence": column.key_sequence,
    }
    return {key: value for key, value in described.items() if value is not None}


def encode_values(column: Column, values: pl.Series) -> pl.Series:
    """Each value as JSON text; null where the value is null or has no JSON form."""
    if column.target == "integer" and column.type in ("date", "datetime", "time"):
        return _quote(numbers_to_moments(values, column.type))
    if values.dtype == pl.Float64:
        finite = values.to_frame("v").select(pl.when(pl.col("v").is_finite()).then(pl.col("v"))).to_series()
        return finite.cast(pl.String)
    if values.dtype in (pl.Int64, pl.Boolean):
        return values.cast(pl.String)
    return _quote(values)


def _quote(text: pl.Series) -> pl.Series:
    value = pl.col("t")
    if text.str.contains(_ESCAPED).any():
        value = value.str.replace_many(list(_ESCAPES), list(_ESCAPES.values()))
    quoted = pl.concat_str(pl.lit('"'), value, pl.lit('"'))
    return text.to_frame("t").select(quoted).to_series()


def join_rows(encoded: list[pl.Series], separator: str) -> str:
    """Columns of JSON texts as rows of JSON."""
    if not encoded or not len(encoded[0]):
        return ""
    frame = pl.DataFrame([series.alias(str(i)) for i, series in enumerate(encoded)])
    line = pl.concat_str(pl.lit("["), pl.concat_str(pl.all().fill_null("null"), separator=","), pl.lit("]"))
    return str(frame.select(line.str.join(separator)).item())


def check_encoded(dataset: Dataset, encoded: list[pl.Series], file: str) -> Iterator[Finding]:
    """DSJ-020 for values without a JSON form, DSJ-031 for reasons of missing values."""
    for column, written in zip(dataset.columns, encoded, strict=True):
        values = dataset.frame[column.name]
        lost = (written.is_null() & values.is_not_null()).arg_true()
        if len(lost):
            row = int(lost[0])
            place = Place(file, None, f"{dataset.name}.{column.name} row {row + 1}")
            expected = f"a SAS {column.type}" if column.target == "integer" else "a finite number"
            yield Finding("DSJ-020", place, f"{values[row]}", expected, "Correct the value.")
    if dataset.special_missing:
        first = dataset.special_missing[0]
        place = Place(file, None, f"{dataset.name}.{first.column} row {first.row + 1}")
        got = f"{len(dataset.special_missing)} special missing values, the first .{first.code}, become null"
        remedy = "Keep the reason in a column of its own."
        yield Finding("DSJ-031", place, got, "plain missing values", remedy, Severity.WARNING)
