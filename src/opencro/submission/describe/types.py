"""Data types of Define-XML out of a column's name and values.

Source: CDISC Define-XML 2.1 section 4.2.1 (DataType of ItemDef).
"""

from __future__ import annotations

import re
from collections.abc import Set

from opencro.tabulation import Column, ColumnSummary, ValueSummary

_WHOLE_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_PART_OF_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
_WHOLE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?")
_PART_OF_TIME = re.compile(r"\d{4}(-\d{2}(-\d{2}(T\d{2}(:\d{2}(:\d{2})?)?)?)?)?")


def data_type(column: Column, values: ColumnSummary) -> str:
    """The Define-XML type of a variable: dates by the parts that are there, numbers as they are, else text."""
    if column.type in ("integer", "float"):
        return column.type
    if column.name.endswith("DTC"):
        return date_type(values.patterns)
    if column.name.endswith(("DUR", "ELTM")) and all(p.startswith("P") for p in values.patterns):
        return "durationDatetime"
    return "text"


def date_type(patterns: Set[str]) -> str:
    """The narrowest date type that holds all values; in a pattern every digit is a 0."""
    for form, name in (
        (_WHOLE_DATE, "date"),
        (_PART_OF_DATE, "partialDate"),
        (_WHOLE_TIME, "datetime"),
        (_PART_OF_TIME, "partialDatetime"),
    ):
        if all(form.fullmatch(pattern) for pattern in patterns):
            return name
    return "incompleteDatetime"


def text_type(values: ValueSummary) -> str:
    """The type of results that are kept as text: integer, float or text."""
    return "integer" if values.whole else "float" if values.number else "text"


def has_length(kind: str) -> bool:
    """Whether a type carries a length."""
    return kind in ("text", "integer", "float")
