"""What must be known of all rows of a dataset before the first is written, so that the rows may come in pieces.

A summary is made per piece and merged; merged summaries are those of the whole, however it was cut.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce

import polars as pl

from opencro.tabulation.dataset import Dataset

_INTEGER = r"^-?\d+$"
_FLOAT = r"^-?\d*\.?\d+$"
_DATED = ("DTC", "DUR", "ELTM")
_DECODED_BY = {"TESTCD": "TEST", "PARMCD": "PARM", "PARAMCD": "PARAM"}

Coded = Callable[[str], bool]
"""Whether the distinct values of a variable are wanted, because a code list describes it."""


@dataclass(frozen=True, slots=True)
class ValueSummary:
    """Texts of a value list: UTF-8 bytes of the longest, most digits after a point, what all of them are."""

    longest: int
    decimals: int
    whole: bool
    number: bool

    def merged(self, other: ValueSummary) -> ValueSummary:
        """The summary of both."""
        return ValueSummary(
            max(self.longest, other.longest),
            max(self.decimals, other.decimals),
            self.whole and other.whole,
            self.number and other.number,
        )


@dataclass(frozen=True, slots=True)
class ColumnSummary:
    """A column: `longest` counts UTF-8 bytes of texts, `whole_digits`, `digits` and `decimals` characters of numbers.

    `patterns` holds date-like texts with every digit as 0; `values` and `decodes` hold the distinct texts and what they
    stand for, where they were asked for.
    """

    rows: int
    missing: int
    text: bool
    longest: int = 0
    whole: bool = True
    whole_digits: int = 0
    digits: int = 0
    decimals: int = 0
    patterns: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()
    decodes: Mapping[str, str] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether no row has a value."""
        return self.missing == self.rows

    def merged(self, other: ColumnSummary) -> ColumnSummary:
        """The summary of both; an empty column takes the type of the other."""
        return ColumnSummary(
            self.rows + other.rows,
            self.missing + other.missing,
            other.text if self.empty else self.text,
            max(self.longest, other.longest),
            self.whole and other.whole,
            max(self.whole_digits, other.whole_digits),
            max(self.digits, other.digits),
            max(self.decimals, other.decimals),
            self.patterns | other.patterns,
            self.values | other.values,
            {**other.decodes, **self.decodes},
        )


Levels = Mapping[str, ValueSummary]


@dataclass(frozen=True, slots=True)
class DatasetSummary:
    """Columns in order, and values of a variable by those of another (--ORRES by --TESTCD, QVAL by QNAM)."""

    rows: int
    columns: Mapping[str, ColumnSummary]
    levels: Mapping[tuple[str, str], Levels]

    def merged(self, other: DatasetSummary) -> DatasetSummary:
        """The summary of both; the columns are the same."""
        columns = {name: column.merged(other.columns[name]) for name, column in self.columns.items()}
        levels = {key: _merged_levels(level, other.levels[key]) for key, level in self.levels.items()}
        return DatasetSummary(self.rows + other.rows, columns, levels)


@dataclass(frozen=True, slots=True)
class Outline:
    """A dataset without its rows: its description, in a dataset that has none, and what is known of all rows."""

    described: Dataset
    summary: DatasetSummary


def _merged_levels(one: Levels, other: Levels) -> Levels:
    both = {code: value.merged(other[code]) for code, value in one.items() if code in other}
    return {**one, **other, **both}


def merge_summaries(parts: list[DatasetSummary]) -> DatasetSummary:
    """The summary of all parts, at least one."""
    return reduce(DatasetSummary.merged, parts)


def summarize_frame(name: str, frame: pl.DataFrame, coded: Coded) -> DatasetSummary:
    """The summary of rows of dataset `name`."""
    columns = {c.name: _summarize(c, frame, coded(c.name)) for c in frame.get_columns()}
    levels = {
        (condition, variable): _levels(frame, condition, variable)
        for condition, variable in ((f"{name}TESTCD", f"{name}ORRES"), ("QNAM", "QVAL"))
        if {condition, variable} <= set(frame.columns)
    }
    return DatasetSummary(frame.height, columns, levels)


def _summarize(values: pl.Series, frame: pl.DataFrame, coded: bool) -> ColumnSummary:
    if values.dtype != pl.String:
        return _summarize_numbers(values)
    present = values.drop_nulls()
    dated = values.name.endswith(_DATED)
    distinct = present.unique() if dated or coded else None
    return ColumnSummary(
        len(values),
        values.null_count(),
        text=True,
        longest=_longest(present.str.len_bytes()),
        patterns=frozenset() if distinct is None or not dated else _patterns(distinct),
        values=frozenset() if distinct is None or not coded else frozenset(distinct.to_list()),
        decodes=_decodes(values.name, frame) if coded else {},
    )


def _summarize_numbers(values: pl.Series) -> ColumnSummary:
    present = values.drop_nulls().unique()
    whole = bool((present == present.round(0)).all())
    texts = present.cast(pl.String)
    return ColumnSummary(
        len(values),
        values.null_count(),
        text=False,
        whole=whole,
        whole_digits=_longest(present.cast(pl.Int64).cast(pl.String).str.len_chars()) if whole else 0,
        digits=_longest(texts.str.len_chars()),
        decimals=count_decimals(texts),
    )


def _longest(lengths: pl.Series) -> int:
    longest = lengths.max()
    return longest if isinstance(longest, int) else 0


def count_decimals(texts: pl.Series) -> int:
    """Digits after the decimal point of the text that has most."""
    return _longest(texts.str.extract(r"\.(\d+)$", 1).str.len_chars())


def _patterns(distinct: pl.Series) -> frozenset[str]:
    return frozenset(distinct.str.replace_all(r"[0-9]", "0").unique().to_list())


def _decodes(name: str, frame: pl.DataFrame) -> dict[str, str]:
    for ending, decode in _DECODED_BY.items():
        partner = name.removesuffix(ending) + decode
        if name.endswith(ending) and partner in frame.columns:
            pairs = frame.select(name, partner).drop_nulls().unique(name, keep="first", maintain_order=True)
            return dict(pairs.iter_rows())
    return {}


def _levels(frame: pl.DataFrame, condition: str, variable: str) -> dict[str, ValueSummary]:
    value = pl.col(variable)
    found = (
        frame.select(condition, variable)
        .drop_nulls()
        .unique()
        .group_by(condition)
        .agg(
            value.str.len_bytes().max().alias("longest"),
            value.str.extract(r"\.(\d+)$", 1).str.len_chars().max().fill_null(0).alias("decimals"),
            value.str.contains(_INTEGER).all().alias("whole"),
            value.str.contains(_FLOAT).all().alias("number"),
        )
    )
    return {str(code): ValueSummary(*rest) for code, *rest in found.iter_rows()}
