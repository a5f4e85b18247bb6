"""A field becomes an item: type, answers, limits; its logic is said later, when all fields are known.

Source: REDCap's help pages on field types, validation and action tags.
"""

from __future__ import annotations

import re
from typing import Any

from opencro.kernel.finding import Severity
from opencro.study.formats.redcap.field import RedcapField
from opencro.study.formats.redcap.making import Making
from opencro.study.formats.redcap.texts import read_choices
from opencro.study.model.form import Code, Item, ItemType

NO_ITEM = "descriptive"
CHOICES = ("radio", "dropdown", "checkbox")
YESNO = (Code(value="1", label="Yes"), Code(value="0", label="No"))
TRUEFALSE = (Code(value="1", label="True"), Code(value="0", label="False"))
FIELD_TYPES = (
    "text", "notes", "radio", "dropdown", "checkbox", "yesno", "truefalse", "calc", "slider", "file", NO_ITEM, "sql",
)  # fmt: skip
NOTES_LINES = 4
"""Height that REDCap gives to a box for notes."""

_TYPES: dict[str, ItemType] = {
    "date_ymd": "date", "date_mdy": "date", "date_dmy": "date", "time": "time", "time_hh_mm_ss": "time",
    "integer": "integer", "int": "integer", "number": "decimal", "float": "decimal", "number_comma_decimal": "decimal",
}  # fmt: skip
_DATETIME = re.compile(r"datetime(_seconds)?_(ymd|mdy|dmy)")
_DECIMALS = re.compile(r"number_(\d)dp(_comma_decimal)?")
_TAG = re.compile(r"@[A-Za-z][A-Za-z0-9_-]*")
_LIMIT = re.compile(r"@CHARLIMIT\s*=\s*[\"']?(\d+)[\"']?", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")


def make_item(making: Making, field: RedcapField, name: str) -> Item:
    """The item of a field, without what logic says."""
    values: dict[str, Any] = {"id": name, "label": making.words(field.field_label, field) or name}
    values |= {"help": making.words(field.field_note, field), "section": making.words(field.section_header, field)}
    values |= {"required": _is_yes(field.required_field), "sensitive": _is_yes(field.identifier)}
    values |= _by_type(making, field)
    values |= _annotation(making, field, str(values["type"]))
    for what, text in (
        ("alignment", field.custom_alignment),
        ("number of a question", field.question_number),
        ("ranking of a matrix", field.matrix_ranking),
    ):
        if text:
            making.count("RCP-025", field, f"{what} was not read")
    return Item(**values)


def _is_yes(text: str) -> bool:
    return text.casefold() in ("y", "yes", "1", "true")


def _by_type(making: Making, field: RedcapField) -> dict[str, Any]:
    kind = field.field_type
    if kind == "text":
        return _text(making, field)
    if kind == "notes":
        return {"type": "text", "lines": NOTES_LINES}
    if kind in CHOICES:
        return _choice(making, field)
    if kind in ("yesno", "truefalse"):
        codes = YESNO if kind == "yesno" else TRUEFALSE
        return {"type": "choice", "codes": making.codelist(kind.upper(), codes)}
    if kind == "calc":
        return {"type": "decimal"}
    if kind == "slider":
        return _slider(making, field)
    if kind == "file":
        if field.validation == "signature":
            making.say("RCP-024", field, "a drawn signature", "a file", "Read as a file; use an electronic signature.")
        return {"type": "file"}
    if kind == "sql":
        got = "choices that a query gives"
        making.say("RCP-024", field, got, "a list of choices", "Read as text; write the choices as a code list.")
        return {"type": "text"}
    raise AssertionError(f"{kind} was refused before")


def _choice(making: Making, field: RedcapField) -> dict[str, Any]:
    codes = read_choices(field.choices)
    values = [code.value for code in codes]
    twice = sorted({value for value in values if values.count(value) > 1})
    if not codes or not all(values) or twice:
        got = f'code "{twice[0]}" twice' if twice else "a choice without a code" if codes else "no choices"
        making.say("RCP-007", field, got, "code, label | code, label", "Correct the choices.", Severity.ERROR)
        return {"type": "text"}
    if any("," not in choice for choice in field.choices.replace("\n", "|").split("|") if choice.strip()):
        making.say("RCP-007", field, "a choice without a comma", "code, label", "Read with its words as its code.")
    name = field.matrix_group_name or field.field_name
    kind = "choices" if field.field_type == "checkbox" else "choice"
    return {"type": kind, "codes": making.codelist(name, codes)}


def _text(making: Making, field: RedcapField) -> dict[str, Any]:
    written = field.validation
    kind = _TYPES.get(written)
    decimals = _DECIMALS.fullmatch(written)
    if decimals:
        kind = "decimal"
    if _DATETIME.fullmatch(written):
        kind = "datetime"
    if written and kind is None:
        got = f'the validation "{written}"'
        making.say("RCP-020", field, got, "a number, date or time", "Read as text; write an edit check.")
    if "comma" in written:
        making.say("RCP-020", field, "a decimal comma", "a decimal point", "Numbers are written with a point.")
    values: dict[str, Any] = {"type": kind or "text"}
    if decimals:
        values["decimals"] = int(decimals[1])
    return values | (_limits(making, field) if kind in ("integer", "decimal") else {})


def _limits(making: Making, field: RedcapField) -> dict[str, Any]:
    """The limits that are numbers; others are said as edit checks."""
    written = {"minimum": field.text_validation_min, "maximum": field.text_validation_max}
    plain = {name: text.replace(",", ".") for name, text in written.items()}
    found = {name: float(text) for name, text in plain.items() if _NUMBER.fullmatch(text)}
    if len(found) > 1 and found["minimum"] > found["maximum"]:
        got = f"a minimum {found['minimum']:g} above the maximum {found['maximum']:g}"
        making.say("RCP-021", field, got, "minimum <= maximum", "Both were left out; correct them.")
        return {}
    return found


def is_plain_limit(text: str) -> bool:
    """Whether a limit is a number, which an item of a number has by itself."""
    return _NUMBER.fullmatch(text.replace(",", ".")) is not None


def _slider(making: Making, field: RedcapField) -> dict[str, Any]:
    ends = {"minimum": 0.0, "maximum": 100.0} | _limits(making, field)
    low, high = ends["minimum"], ends["maximum"]
    making.say("RCP-024", field, "a slider", "a field", "Read as a whole number; its words stand in the help.")
    marks = [making.words(mark, field) for mark in field.choices.split("|")]
    places = (low, (low + high) / 2, high) if len(marks) > 2 else (low, high)
    shown = [f"{place:g} = {mark}" for place, mark in zip(places, marks, strict=False) if mark]
    note = making.words(field.field_note, field)
    return {"type": "integer", **ends, "help": "; ".join([*shown, note] if note else shown)}


def calculated_text(field: RedcapField) -> str:
    """The calculation of a text that `@CALCTEXT(...)` computes, or an empty text."""
    start = re.search(r"@CALCTEXT\s*\(", field.field_annotation, re.IGNORECASE)
    if start is None:
        return ""
    depth = 1
    for end in range(start.end(), len(field.field_annotation)):
        depth += {"(": 1, ")": -1}.get(field.field_annotation[end], 0)
        if depth == 0:
            return field.field_annotation[start.end() : end].strip()
    return ""


def _annotation(making: Making, field: RedcapField, kind: str) -> dict[str, Any]:
    text = field.field_annotation
    values: dict[str, Any] = {}
    limit = _LIMIT.search(text)
    if limit and kind == "text" and int(limit[1]) > 0:
        values["length"] = int(limit[1])
        text = _LIMIT.sub("", text)
    computed = calculated_text(field)
    if computed:
        text = text.replace(computed, "")
    for tag in _TAG.findall(text):
        if tag.upper() != "@CALCTEXT":
            got = f"the action tag {tag.upper()}"
            making.say("RCP-023", field, got, "what we have", "It does nothing here; see whether it matters.")
    if text and not _TAG.search(text):
        making.count("RCP-025", field, "an annotation was not read")
    return values
