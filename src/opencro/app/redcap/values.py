"""One value on its way out and in: how the ledger keeps it and how REDCap writes it.

Dates are ISO 8601 on both sides; a date with time has a `T` here and a space there; answers of a checkbox stand in one
text here and in one column each there; a number with a decimal comma is kept with a point.
"""

from __future__ import annotations

import re

from opencro.app.redcap.dictionary import VALIDATION
from opencro.app.redcap.project import Field
from opencro.capture.uploads import file_name
from opencro.study import CodeList

SEPARATOR = ";"
_DATE = re.compile(r"(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})(.*)\Z", re.DOTALL)
UNVALIDATED_FREE_TEXT = ("notes",)


def checked(stored: str) -> list[str]:
    """The answers of a checkbox."""
    return [code for code in stored.split(SEPARATOR) if code]


def column_of(field: str, code: str) -> str:
    """The column of one answer of a checkbox: `race___1`; a sign that a name cannot have becomes `_`."""
    return f"{field}___{re.sub(r'[^a-z0-9_]', '_', code.lower())}"


def render_value(field: Field, stored: str, decimal: str = "") -> str:
    """A kept text as REDCap writes it."""
    validation = field.row[VALIDATION]
    if field.type == "file":
        return file_name(stored)
    if validation.startswith("datetime"):
        return stored.replace("T", " ")
    numeric = validation.startswith("number") or validation == "integer" or field.type == "calc"
    if numeric and decimal:
        return stored.replace("," if decimal == "." else ".", decimal)
    if "comma_decimal" in validation:
        return stored.replace(".", ",")
    return stored


def render_label(field: Field, stored: str, codelists: dict[str, CodeList]) -> str:
    """The words of a choice; other values as they are."""
    codes = codelists.get(field.codes)
    if codes is None:
        return render_value(field, stored)
    return next((code.label or code.value for code in codes.codes if code.value == stored), stored)


def keep_value(field: Field, given: str, date_format: str = "YMD") -> str:
    """A value as it came, as the ledger keeps it; whether it fits its item is judged afterwards."""
    text = given.strip() if field.type != "notes" else given
    validation = field.row[VALIDATION]
    if validation.startswith(("date_", "datetime_")):
        text = _iso(text, date_format)
        return text.replace(" ", "T", 1) if validation.startswith("datetime") else text
    if "comma_decimal" in validation:
        return text.replace(",", ".")
    return text


def _iso(text: str, date_format: str) -> str:
    match = _DATE.match(text)
    if match is None or len(match[1]) == 4:
        return text
    first, second, year, rest = match.groups()
    day, month = (first, second) if date_format == "DMY" else (second, first)
    return f"{year}-{int(month):02d}-{int(day):02d}{rest}"
