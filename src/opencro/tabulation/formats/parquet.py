"""Datasets as Parquet: columns as they are, their description as JSON in the file's metadata.

Source: Apache Parquet format, "File metadata" (key_value_metadata). Key `opencro.dataset` holds the description;
a file without it is read with what its schema tells.
"""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from pathlib import Path

import polars as pl
from pydantic import TypeAdapter, ValidationError

from opencro.kernel.finding import Finding, Place, Refused
from opencro.kernel.hashing import canonical_json
from opencro.tabulation.dataset import Column, Dataset, DataType, Exchange, SpecialMissing
from opencro.tabulation.formats.endpoint import Sink, Source, read_bytes, write_bytes

KEY = "opencro.dataset"
_MAGIC = b"PAR1"
_COLUMNS = TypeAdapter(tuple[Column, ...])
_SPECIAL = TypeAdapter(tuple[SpecialMissing, ...])
_EXCHANGE = TypeAdapter(Exchange)


def write_dataset_parquet(dataset: Dataset, sink: Sink) -> None:
    """Write one dataset, zstd-compressed; the same dataset gives the same bytes with the same Polars version."""
    buffer = io.BytesIO()
    dataset.frame.write_parquet(buffer, compression="zstd", statistics=True, metadata=render_metadata(dataset))
    write_bytes(sink, buffer.getbuffer())


def render_metadata(dataset: Dataset) -> dict[str, str]:
    """What the file's metadata say of a dataset."""
    described = {
        "name": dataset.name,
        "label": dataset.label,
        "structure": dataset.structure,
        "item_group_oid": dataset.item_group_oid,
        "columns": [asdict(column) for column in dataset.columns],
        "special_missing": [asdict(missing) for missing in dataset.special_missing],
        "exchange": asdict(dataset.exchange),
    }
    return {KEY: canonical_json(described).decode()}


def read_dataset_parquet(source: Source) -> Dataset:
    """One dataset from Parquet.

    Raises Refused: PQT-001 not Parquet or damaged, PQT-002 a description that does not fit the columns, PQT-003 a
    column of a type that datasets don't have.
    """
    raw, file = read_bytes(source)
    if len(raw) < 12 or raw[:4] != _MAGIC or raw[-4:] != _MAGIC:
        raise Refused([_finding("PQT-001", file, "no Parquet file, or one cut short", "PAR1 at both ends")])
    try:
        described = pl.read_parquet_metadata(io.BytesIO(raw)).get(KEY)
        frame = pl.read_parquet(io.BytesIO(raw))
    except (pl.exceptions.PolarsError, OSError) as error:
        got = f"Parquet that cannot be read ({type(error).__name__})"
        raise Refused([_finding("PQT-001", file, got, "a whole Parquet file")]) from error
    return _described(described, frame, file) if described is not None else _undescribed(frame, file)


def _described(text: str, frame: pl.DataFrame, file: str) -> Dataset:
    try:
        told = json.loads(text)
        dataset = Dataset(
            name=told["name"],
            label=told["label"],
            columns=_COLUMNS.validate_python(told["columns"]),
            frame=frame,
            structure=told["structure"],
            item_group_oid=told["item_group_oid"],
            special_missing=_SPECIAL.validate_python(told["special_missing"]),
            exchange=_EXCHANGE.validate_python(told["exchange"]),
        )
    except (json.JSONDecodeError, KeyError, TypeError, ValidationError, ValueError) as error:
        got = f"a description that does not fit ({type(error).__name__})"
        raise Refused([_finding("PQT-002", file, got, "the description of these columns")]) from error
    wrong = [c.name for c in dataset.columns if frame.schema[c.name] != c.frame_type]
    if wrong:
        raise Refused([_finding("PQT-002", file, f"{wrong[0]} is {frame.schema[wrong[0]]}", "the described type")])
    return dataset


def _undescribed(frame: pl.DataFrame, file: str) -> Dataset:
    kinds: dict[pl.DataType, DataType] = {
        pl.String(): "text", pl.Int64(): "integer", pl.Float64(): "float", pl.Boolean(): "boolean"
    }  # fmt: skip
    narrow = pl.selectors
    frame = frame.with_columns(narrow.integer().cast(pl.Int64), narrow.float().cast(pl.Float64))
    foreign = [name for name, kind in frame.schema.items() if kind not in kinds]
    if foreign:
        expected = "text, integer, floating-point or boolean columns"
        raise Refused([_finding("PQT-003", file, f"{n} is {frame.schema[n]}", expected) for n in foreign])
    columns = tuple(Column(name, type=kinds[kind]) for name, kind in frame.schema.items())
    return Dataset(Path(file).stem.upper(), "", columns, frame)


def _finding(code: str, file: str, got: str, expected: str) -> Finding:
    return Finding(code, Place(file), got, expected, "Write the file again from its source.")
