"""One dataset as it is exchanged: rows in a frame, and what a receiver must know of each column.

Neutral between SAS transport, Dataset-JSON, Parquet and Define-XML. Data types are those of Dataset-JSON 1.1
(section "Supported Column Data Type Combinations"; `text` is its `string`). In the frame

- text, uri, decimal and dates without a target are String (decimals keep their digits as written),
- integer is Int64, boolean is Boolean, float and double are Float64,
- date, datetime and time with target `integer` are Float64: SAS days or seconds since 1960-01-01, seconds of the day.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import polars as pl

DataType = Literal[
    "text", "integer", "decimal", "float", "double", "date", "datetime", "time", "boolean", "uri"
]  # fmt: skip
Target = Literal["", "integer", "decimal"]

FrameType = type[pl.DataType]
_FRAME_TYPES: dict[str, FrameType] = {
    "integer": pl.Int64,
    "float": pl.Float64,
    "double": pl.Float64,
    "boolean": pl.Boolean,
}


@dataclass(frozen=True, slots=True)
class Column:
    """What is known of one column.

    `length` counts the characters (bytes in SAS transport) of a text and the digits of a number; `transport_bytes` is
    how many bytes a number takes in SAS transport (2 to 8). `key_sequence` counts from 1.
    """

    name: str
    label: str = ""
    type: DataType = "text"
    length: int | None = None
    display_format: str = ""
    informat: str = ""
    key_sequence: int | None = None
    target: Target = ""
    item_oid: str = ""
    codelist: str = ""
    transport_bytes: int = 8

    @property
    def numeric(self) -> bool:
        """Whether SAS stores it as a number."""
        return self.type in ("integer", "decimal", "float", "double", "boolean") or self.target == "integer"

    @property
    def frame_type(self) -> FrameType:
        """The Polars type of this column's values."""
        return pl.Float64 if self.target == "integer" else _FRAME_TYPES.get(self.type, pl.String)


@dataclass(frozen=True, slots=True)
class SpecialMissing:
    """A SAS missing value that says why: code `_` or `A` to `Z`; `row` counts from 0. The frame holds null there."""

    column: str
    row: int
    code: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """Where a dataset came from and what describes it; times are ISO 8601 text, as written in the file."""

    file_oid: str = ""
    study_oid: str = ""
    metadata_version_oid: str = ""
    metadata_ref: str = ""
    originator: str = ""
    source_system: str = ""
    source_system_version: str = ""
    created: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """A dataset: `frame` has exactly the columns of `columns`, in their order; `structure` says what one row is."""

    name: str
    label: str
    columns: tuple[Column, ...]
    frame: pl.DataFrame
    structure: str = ""
    item_group_oid: str = ""
    special_missing: tuple[SpecialMissing, ...] = ()
    exchange: Exchange = field(default_factory=Exchange)

    def __post_init__(self) -> None:
        if [c.name for c in self.columns] != self.frame.columns:
            raise ValueError(f"{self.name}: the frame has {self.frame.columns}, the columns are declared otherwise")

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of the key columns in key order."""
        keyed = [(c.key_sequence, c.name) for c in self.columns if c.key_sequence is not None]
        return tuple(name for _, name in sorted(keyed))

    def column(self, name: str) -> Column:
        """The column of that name; KeyError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def select(self, *names: str) -> Dataset:
        """The same rows with only these columns, in this order."""
        columns = tuple(self.column(name) for name in names)
        special = tuple(m for m in self.special_missing if m.column in names)
        return replace(self, columns=columns, frame=self.frame.select(names), special_missing=special)

    def rows(self, start: int, count: int) -> Dataset:
        """`count` rows from `start` (from 0)."""
        special = tuple(
            replace(m, row=m.row - start) for m in self.special_missing if start <= m.row < start + count
        )  # fmt: skip
        return replace(self, frame=self.frame.slice(start, count), special_missing=special)

    def equals(self, other: Dataset) -> bool:
        """Whether description and every cell are the same; nulls equal nulls."""
        described = replace(self, frame=other.frame)
        return (
            all(getattr(described, part) == getattr(other, part) for part in _DESCRIPTION)
            and self.frame.schema == other.frame.schema
            and self.frame.equals(other.frame)
        )


_DESCRIPTION = ("name", "label", "columns", "structure", "item_group_oid", "special_missing", "exchange")
