"""An own dictionary: `terms.csv` with columns code, term, current (may be absent), then a pair for each level.

A pair is `<level>_code,<level>_term`; levels stand in the order of the file, from the term upwards.
"""

from __future__ import annotations

import io

import polars as pl

from opencro.capture.coding.formats.text import decode
from opencro.capture.coding.model import NO_CLASSES, Dictionary
from opencro.kernel.finding import Finding, Place, Refused

FILES = ("terms.csv",)


def read_own(name: str, version: str, data: bytes) -> Dictionary:
    """The dictionary in terms.csv; Refused with COD-203 (columns), COD-204 (a code given twice)."""
    try:
        read = pl.read_csv(io.StringIO(decode(data)), infer_schema=False)
    except pl.exceptions.PolarsError:
        _refuse("COD-203", 1, "not readable as CSV", "a table with a heading")
    for column in ("code", "term"):
        if column not in read.columns:
            _refuse("COD-203", 1, f"no column {column}", "columns code and term")
    levels = tuple(c.removesuffix("_code") for c in read.columns if c.endswith("_code"))
    for level in levels:
        if f"{level}_term" not in read.columns:
            _refuse("COD-203", 1, f"{level}_code without {level}_term", "a pair of columns for each level")
    twice = read.get_column("code").is_duplicated()
    if twice.any():
        row = int(twice.arg_max() or 0)
        _refuse("COD-204", row + 2, f'code "{read.item(row, "code")}" is given twice', "codes that are unique")
    current = pl.col("current") != "N" if "current" in read.columns else pl.lit(value=True)
    columns = [f"{level}_{part}" for level in levels for part in ("code", "term")]
    terms = read.select("code", "term", current.fill_null(value=True).alias("current"), *columns)
    return Dictionary(name, version, levels, terms, NO_CLASSES)


def _refuse(code: str, line: int, got: str, expected: str) -> None:
    raise Refused([Finding(code, Place("terms.csv", line), got, expected, "Correct the file.")])
