"""One answer of a response as the text that is stored, and back.

Source: HL7 FHIR R4 QuestionnaireResponse.item.answer.value[x]; formats of date, dateTime (a time has an offset) and
time (with seconds).
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from opencro.kernel.partial_date import parse_partial_date
from opencro.study.formats.fhir.choices import SEPARATOR
from opencro.study.formats.fhir.reading import Json, text_of
from opencro.study.model.form import CodeList, Item

_OFFSET = re.compile(r"(.*T[0-9:.]+)(Z|[+-]\d{2}:\d{2})")
_INTEGER = re.compile(r"-?(0|[1-9]\d{0,8})")
_DECIMAL = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?")
_TEXTS = ("valueString", "valueUri")
_KINDS: dict[str, tuple[str, ...]] = {
    "text": (*_TEXTS, "valueInteger", "valueDecimal", "valueDate", "valueDateTime", "valueTime", "valueBoolean"),
    "integer": ("valueInteger",),
    "decimal": ("valueDecimal", "valueInteger"),
    "date": ("valueDate",),
    "partial-date": ("valueDate",),
    "time": ("valueTime",),
    "datetime": ("valueDateTime", "valueDate"),
    "partial-datetime": ("valueDateTime", "valueDate"),
    "choice": ("valueBoolean", "valueInteger", "valueDate", "valueTime", "valueDecimal", "valueUri"),
    "choices": ("valueBoolean", "valueInteger", "valueDate", "valueTime", "valueDecimal", "valueUri"),
}
"""Types of answers that an item takes as they are written; a text is taken by all, the checks judge it."""


class Answer(NamedTuple):
    """The text of an answer; what is wrong with it, or what of it is lost."""

    text: str = ""
    wrong: str = ""
    lost: str = ""


def read_answer(item: Item, kind: str, value: Any) -> Answer:
    """The text of an answer to an item; `kind` is the name of its value in JSON."""
    if kind == "valueCoding" and isinstance(value, dict):
        return _coding(item, value)
    if kind == "valueQuantity" and isinstance(value, dict):
        return _quantity(item, value)
    if kind == "valueAttachment" and isinstance(value, dict):
        name = text_of(value, "title") or text_of(value, "url")
        lost = "the content of a file" if "data" in value else ""
        return Answer(name, "" if item.type == "file" else "a file", lost)
    if kind == "valueReference" and isinstance(value, dict):
        return Answer(text_of(value, "reference"), "" if item.type == "text" else "a reference")
    if kind not in (*_TEXTS, *_KINDS.get(item.type, ())) or isinstance(value, dict | list) or value is None:
        return Answer(wrong=f"a {kind or 'missing value'}")
    if isinstance(value, bool):
        return Answer(str(value).lower(), "" if kind == "valueBoolean" else "true or false")
    text = str(value).strip()
    offset = _OFFSET.fullmatch(text) if kind == "valueDateTime" else None
    return Answer(offset[1], lost=f"the offset {offset[2]} of a time") if offset else Answer(text)


def _coding(item: Item, value: Json) -> Answer:
    text = text_of(value, "code") or text_of(value, "display")
    fits = item.type in ("choice", "choices", "text")
    return Answer(text, "" if fits and text else "a coding" if text else "a coding without a code")


def _quantity(item: Item, value: Json) -> Answer:
    number, unit = value.get("value"), text_of(value, "code") or text_of(value, "unit")
    if item.type not in ("integer", "decimal") or isinstance(number, bool) or not isinstance(number, int | Decimal):
        return Answer(wrong="a quantity")
    known = {text.casefold() for text in (text_of(value, "code"), text_of(value, "unit")) if text}
    if item.unit and known and item.unit.casefold() not in known:
        return Answer(wrong=f"a quantity in {unit}, not {item.unit}")
    return Answer(str(number), lost=f"the unit {unit}" if unit and not item.unit else "")


def write_answers(item: Item, text: str, codes: CodeList | None, zone: str) -> list[tuple[str, Any, bool]]:
    """The answers of an item's text: name and value in JSON, and whether these give the text back as it is.

    `zone` is the time zone in which a time of day was meant.
    """
    if item.type in ("choice", "choices"):
        answers = text.split(SEPARATOR) if item.type == "choices" else [text]
        return [_write_coding(answer, codes) for answer in answers]
    kind, value = _write(item, text, zone)
    return [(kind, value, read_answer(item, kind, value).text == text)]


def _write_coding(code: str, codes: CodeList | None) -> tuple[str, Any, bool]:
    label = next((c.label for c in codes.codes if c.value == code), "") if codes else ""
    coding = {"code": code, "display": label} if label else {"code": code}
    return "valueCoding", coding, code == code.strip() != ""


def _write(item: Item, text: str, zone: str) -> tuple[str, Any]:
    """The value of the type that FHIR has for it, or a text where it is none."""
    if item.type == "integer" and _INTEGER.fullmatch(text):
        return "valueInteger", int(text)
    if item.type == "decimal" and _DECIMAL.fullmatch(text):
        return "valueDecimal", Decimal(text)
    if item.type == "time" and _TIME.fullmatch(text):
        return "valueTime", text if len(text) == 8 else f"{text}:00"
    if item.type == "file":
        return "valueAttachment", {"title": text}
    if item.type in ("date", "partial-date", "datetime", "partial-datetime"):
        return _write_date(item, text, zone)
    return "valueString", text


def _write_date(item: Item, text: str, zone: str) -> tuple[str, Any]:
    found = parse_partial_date(text)
    if found is None or found.year is None or (found.month is None and found.day is not None):
        return "valueString", text
    day = "-".join(
        f"{part:02d}" if i else f"{part:04d}" for i, part in enumerate((found.year, found.month, found.day)) if part
    )
    timed = item.type in ("datetime", "partial-datetime")
    if found.hour is None or found.minute is None or found.day is None:
        whole = found.hour is None
        return ("valueDateTime" if timed else "valueDate", day) if whole else ("valueString", text)
    moment = datetime(found.year, found.month or 1, found.day, found.hour, found.minute, found.second or 0)
    return "valueDateTime", moment.replace(tzinfo=ZoneInfo(zone)).isoformat()
