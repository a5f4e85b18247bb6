"""The rows of Dataset-JSON as typed columns: every row as wide as the columns, every value of its column's type.

Source: CDISC Dataset-JSON Specification 1.1, "Supported Column Data Type Combinations". Empty text where the column is
a number in the end (decimal, or a date with target integer) is read as missing, as published examples use it.
"""

from __future__ import annotations

import re
from typing import Any

import polars as pl

from opencro.kernel.finding import Finding, Place
from opencro.tabulation.dataset import Column
from opencro.tabulation.formats.moment import moments_to_numbers

_ALLOWED: dict[str, frozenset[type]] = {
    "integer": frozenset({int}),
    "float": frozenset({int, float}),
    "double": frozenset({int, float}),
    "boolean": frozenset({bool}),
}
_WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "text", type(None): "null"}
_DECIMAL = re.compile(r"^[+-]?(?:\d{1,3}(?:,\d{3})+|\d+|(?=\.))(?:\.\d+)?(?:[eE][+-]?\d+)?$")
_REMEDY = "Correct the value at its source."
_LARGEST = 2**63


def read_columns(rows: list[Any], columns: tuple[Column, ...], file: str, findings: list[Finding]) -> list[pl.Series]:
    """The columns of the rows; adds DSJ-011 to DSJ-015 to `findings` and then returns nothing."""
    before = len(findings)
    _check_widths(rows, len(columns), file, findings)
    if len(findings) > before:
        return []
    cells = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    series = [_read(values, column, file, findings) for values, column in zip(cells, columns, strict=True)]
    return series if len(findings) == before else []


def _check_widths(rows: list[Any], width: int, file: str, findings: list[Finding]) -> None:
    if set(map(type, rows)) - {list}:
        row = next(i for i, one in enumerate(rows) if type(one) is not list)
        findings.append(Finding("DSJ-011", Place(file, None, f"row {row + 1}"), "no list", "a list of values", _REMEDY))
        return
    wrong = [i for i, size in enumerate(map(len, rows)) if size != width]
    if wrong:
        got = f"{len(wrong)} rows of another width, the first of {len(rows[wrong[0]])} values"
        place = Place(file, None, f"row {wrong[0] + 1}")
        findings.append(Finding("DSJ-012", place, got, f"{width} values, one per column", _REMEDY))


def _read(values: tuple[Any, ...], column: Column, file: str, findings: list[Finding]) -> pl.Series:
    allowed = _ALLOWED.get(column.type, frozenset({str})) | {type(None)}
    found = set(map(type, values))
    if column.type == "integer" and float in found:
        values = tuple(int(v) if type(v) is float and v.is_integer() else v for v in values)
        found = set(map(type, values))
    if found - allowed:
        wrong = [i for i, v in enumerate(values) if type(v) not in allowed]
        expected = " or ".join(sorted(_WORDS[kind] for kind in allowed))
        _add("DSJ-013", file, column, wrong, values, expected, findings)
        return pl.Series(column.name, [])
    if int in found:
        wrong = [i for i, v in enumerate(values) if type(v) is int and not -_LARGEST <= v < _LARGEST]
        if wrong:
            _add("DSJ-014", file, column, wrong, values, "a number of 64 bits", findings)
            return pl.Series(column.name, [])
    if column.target == "integer":
        return _moments(values, column, file, findings)
    if column.type == "decimal":
        wrong = [i for i, v in enumerate(values) if v and not _DECIMAL.match(v)]
        if wrong:
            _add("DSJ-015", file, column, wrong, values, 'a decimal such as "12.50"', findings)
            return pl.Series(column.name, [])
        values = tuple(v or None for v in values)
    if column.frame_type == pl.Float64 and int in found:
        values = tuple(v if v is None else float(v) for v in values)
    series = pl.Series(column.name, values, dtype=column.frame_type)
    if float in found and len(endless := series.is_infinite().fill_null(False).arg_true()):
        _add("DSJ-014", file, column, endless.to_list(), values, "a number of 64 bits", findings)
    return series


def _moments(values: tuple[Any, ...], column: Column, file: str, findings: list[Finding]) -> pl.Series:
    text = pl.Series(column.name, values, dtype=pl.String)
    kind = column.type
    assert kind in ("date", "datetime", "time")
    text = text.to_frame("t").select(pl.when(pl.col("t") != "").then(pl.col("t")).alias(column.name)).to_series()
    numbers = moments_to_numbers(text, kind)
    wrong = (numbers.is_null() & text.is_not_null()).arg_true().to_list()
    if wrong:
        _add("DSJ-015", file, column, wrong, values, f"a whole ISO 8601 {kind} without zone", findings)
    return numbers


def _add(
    code: str,
    file: str,
    column: Column,
    wrong: list[int],
    values: tuple[Any, ...],
    expected: str,
    findings: list[Finding],
) -> None:
    place = Place(file, None, f"{column.name} row {wrong[0] + 1}")
    got = f"{len(wrong)} values are not, the first {values[wrong[0]]!r}"[:120]
    findings.append(Finding(code, place, got, expected, _REMEDY))
