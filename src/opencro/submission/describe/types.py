"""Data types of Define-XML out of a column's name and values.

Source: CDISC Define-XML 2.1 section 4.2.1 (DataType of ItemDef).
"""

from __future__ import annotations

import polars as pl

from opencro.tabulation import Column

_WHOLE_DATE = r"^\d{4}-\d{2}-\d{2}$"
_PART_OF_DATE = r"^\d{4}(-\d{2}(-\d{2})?)?$"
_WHOLE_TIME = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$"
_PART_OF_TIME = r"^\d{4}(-\d{2}(-\d{2}(T\d{2}(:\d{2}(:\d{2})?)?)?)?)?$"
_INTEGER = r"^-?\d+$"
_FLOAT = r"^-?\d*\.?\d+$"


def data_type(column: Column, values: pl.Series) -> str:
    """The Define-XML type of a variable: dates by the parts that are there, numbers as they are, else text."""
    if column.type in ("integer", "float"):
        return column.type
    if column.name.endswith("DTC"):
        return date_type(values)
    if column.name.endswith(("DUR", "ELTM")) and values.drop_nulls().str.starts_with("P").all():
        return "durationDatetime"
    return "text"


def date_type(values: pl.Series) -> str:
    """The narrowest date type that holds all values."""
    present = values.drop_nulls()
    for pattern, name in (
        (_WHOLE_DATE, "date"),
        (_PART_OF_DATE, "partialDate"),
        (_WHOLE_TIME, "datetime"),
        (_PART_OF_TIME, "partialDatetime"),
    ):
        if present.str.contains(pattern).all():
            return name
    return "incompleteDatetime"


def text_type(values: pl.Series) -> str:
    """The type of results that are kept as text: integer, float or text."""
    present = values.drop_nulls()
    if present.is_empty():
        return "text"
    if present.str.contains(_INTEGER).all():
        return "integer"
    return "float" if present.str.contains(_FLOAT).all() else "text"


def has_length(kind: str) -> bool:
    """Whether a type carries a length."""
    return kind in ("text", "integer", "float")


def significant_digits(values: pl.Series) -> int:
    """Digits after the decimal point of the value that has most."""
    digits = values.drop_nulls().cast(pl.String).str.extract(r"\.(\d+)$", 1).str.len_chars().max()
    return int(digits) if isinstance(digits, int) else 0
