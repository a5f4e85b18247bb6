"""Whether a collected text fits its item: number, date, code, length, range.

Source: CDISC ODM 2.0 (DataType, Length, CodeListRef, RangeCheck); dates as in `kernel.partial_date`. A value outside
its range is a warning: the sender says what was measured, a person at the site says whether it is true.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from opencro.capture.model import LINE, Notes
from opencro.kernel.finding import suggest
from opencro.kernel.partial_date import PartialDate, parse_partial_date
from opencro.study import CodeList, Item, ItemGroup

_INTEGER = re.compile(r"[+-]?\d+\Z")
_DECIMAL = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?\Z")
_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?\Z")
SEPARATOR = ";"
"""Between the answers of a `choices` item."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """What is wrong with a value; `soft` when the value may stand and a person should look at it."""

    code: str
    expected: str
    remedy: str
    soft: bool = False


def check_value(item: Item, text: str, codelists: Mapping[str, CodeList]) -> Misfit | None:
    """What is wrong with a text as the value of an item, or None: CAP-301..305."""
    if item.type in ("integer", "decimal"):
        return _number(item, text)
    if item.type in _DATES:
        return _date(item, text)
    if item.type == "time" and not _TIME.match(text):
        return Misfit("CAP-302", "a time such as 14:30", "Correct the time.")
    if item.type in ("choice", "choices") and item.codes is not None and item.codes in codelists:
        return _code(text.split(SEPARATOR) if item.type == "choices" else [text], codelists[item.codes])
    if item.length is not None and len(text) > item.length:
        return Misfit(
            "CAP-304", f"at most {item.length} characters, not {len(text)}", "Shorten it, or lengthen the item."
        )
    return None


def check_values(group: ItemGroup, frame: pl.DataFrame, codelists: Mapping[str, CodeList], notes: Notes) -> None:
    """Look through the item columns of a frame: each different text is judged once, every line is named."""
    for item in group.items:
        if item.id not in frame.columns:
            continue
        values = frame.get_column(item.id)
        misfits = {
            text: found
            for text in values.unique().drop_nulls()
            if text and (found := check_value(item, text, codelists))
        }
        if misfits:
            hits = frame.filter(pl.col(item.id).is_in(list(misfits))).select(LINE, item.id)
            for line, text in hits.iter_rows():
                found = misfits[text]
                note = notes.warn if found.soft else notes.row
                note(found.code, line, item.id, f'"{_short(text)}"', found.expected, found.remedy)


def check_required(group: ItemGroup, frame: pl.DataFrame, notes: Notes) -> None:
    """CAP-306, one warning for each required item that has no value in some rows."""
    for item in group.items:
        if not item.required or item.show_when:
            continue
        absent = frame.filter(pl.col(item.id) == "") if item.id in frame.columns else frame.clear()
        if absent.height:
            got = f"{item.id} has no value in {absent.height} row(s)"
            line = int(absent.item(0, LINE))
            notes.warn("CAP-306", line, item.id, got, "a value in every row", "Ask the sender for the missing values.")


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def _number(item: Item, text: str) -> Misfit | None:
    whole = item.type == "integer"
    if not (_INTEGER if whole else _DECIMAL).match(text):
        remedy = "Use a decimal point." if "," in text else "Correct the number."
        return Misfit("CAP-301", "a whole number" if whole else "a number", remedy)
    value = float(text)
    low, high = item.minimum, item.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        bounds = f"{'-' if low is None else f'{low:g}'} to {'-' if high is None else f'{high:g}'}"
        return Misfit("CAP-305", f"{bounds} {item.unit or ''}".rstrip(), "Ask the site whether it is true.", soft=True)
    decimals = len(text.partition(".")[2]) if "e" not in text.lower() else 0
    if item.decimals is not None and decimals > item.decimals:
        return Misfit("CAP-305", f"at most {item.decimals} decimals", "Ask for the precision.", soft=True)
    return None


def _has_day(value: PartialDate) -> bool:
    return None not in (value.year, value.month, value.day)


_DATES: dict[str, tuple[Callable[[PartialDate], bool], str]] = {
    "date": (lambda d: _has_day(d) and d.hour is None, "a date that exists, such as 2014-01-31 or 31-JAN-2014"),
    "partial-date": (lambda d: d.hour is None, "a date, of which parts may be unknown, such as 2014-01 or UN-JAN-2014"),
    "datetime": (lambda d: _has_day(d) and d.minute is not None, "a date with time, such as 2014-01-31T14:30"),
    "partial-datetime": (lambda _: True, "a date and time, of which parts may be unknown, such as 2014-01-31"),
}


def _date(item: Item, text: str) -> Misfit | None:
    fits, expected = _DATES[item.type]
    value = parse_partial_date(text)
    return None if value is not None and fits(value) else Misfit("CAP-302", expected, "Correct the date.")


def _code(answers: list[str], codes: CodeList) -> Misfit | None:
    known = [code.value for code in codes.codes]
    for answer in answers:
        if answer not in known:
            shown = ", ".join(known[:8]) + (", ..." if len(known) > 8 else "")
            return Misfit(
                "CAP-303", f"a code of {codes.id}: {shown}", suggest(answer, known) or "Use one of the codes."
            )
    return None
