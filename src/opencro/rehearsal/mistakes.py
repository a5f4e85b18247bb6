"""Slips of the hand: a wrong value that is corrected later with a reason, a record that is entered twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from opencro.rehearsal.draws import Ints
from opencro.rehearsal.model import Entry
from opencro.rehearsal.records import Sheet
from opencro.rehearsal.world import Texts
from opencro.study import CodeList, Item

REASONS = (
    "Typing error",
    "Value of another visit was entered",
    "Corrected after comparison with the source",
    "Read wrongly from the source",
)
RESENT = "Corrected by the sender of the transfer"
WRONG_PERSON = "Entered in the wrong participant's record"
AGAIN = "Entered again in the right record"
_MIN_TEXT = 4


@dataclass(frozen=True)
class Mistakes:
    """What goes wrong on a sheet: `right[i]` is the item and its true value where record `i` got a wrong one at first;

    `after[i]` are the days from entry to correction; `removed` are records that are taken out and entered again.
    """

    entered: dict[str, Texts]
    right: Mapping[int, tuple[str, str]]
    removed: frozenset[int]
    after: Ints


def make_mistakes(
    sheet: Sheet, plan: Entry, codelists: Mapping[str, CodeList], random: np.random.Generator
) -> Mistakes:
    """Choose records and spoil one value of each."""
    size = len(sheet)
    lot = random.random(size)
    low, high = plan.corrected_after
    after = random.integers(low, high + 1, size)
    items = [item for item in sheet.group.items if _can_slip(item)]
    entered = dict(sheet.columns)
    right: dict[int, tuple[str, str]] = {}
    chosen = np.flatnonzero(lot < plan.mistakes).tolist() if items else []
    order = random.random((len(chosen), len(items)))
    for i, ranks in zip(chosen, order, strict=True):
        for at in np.argsort(ranks).tolist():
            item = items[at]
            true = sheet.columns[item.id][i]
            wrong = None if true is None else _spoil(item, true, codelists, random)
            if wrong is not None and wrong != true:
                if entered[item.id] is sheet.columns[item.id]:
                    entered[item.id] = entered[item.id].copy()
                entered[item.id][i] = wrong
                right[i] = (item.id, true)
                break
    removed = np.flatnonzero((lot >= plan.mistakes) & (lot < plan.mistakes + plan.removed))
    return Mistakes(entered, right, frozenset(removed.tolist()), after)


def _can_slip(item: Item) -> bool:
    return item.type in ("integer", "decimal", "date", "partial-date", "choice", "text")


def _spoil(item: Item, text: str, codelists: Mapping[str, CodeList], random: np.random.Generator) -> str | None:
    """A wrong value that somebody might have typed; None where there is none."""
    if item.type in ("integer", "decimal"):
        return _spoil_number(text, random)
    if item.type in ("date", "partial-date"):
        return _spoil_date(text, random)
    if item.type == "choice":
        codes = codelists[item.codes].codes if item.codes is not None and item.codes in codelists else ()
        others = [code.value for code in codes if code.value != text]
        return others[int(random.integers(len(others)))] if others else None
    if len(text) < _MIN_TEXT or (item.length is not None and len(text) > item.length):
        return None
    at = int(random.integers(1, len(text) - 1))
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _spoil_number(text: str, random: np.random.Generator) -> str | None:
    digits = [i for i, sign in enumerate(text) if sign.isdigit()]
    if len(digits) < 2:
        return f"{text}{text[-1]}"
    if random.random() < 0.3 and "." in text:
        return text.replace(".", "", 1).lstrip("0") or None
    at = int(random.integers(len(digits) - 1))
    signs = list(text)
    signs[digits[at]], signs[digits[at + 1]] = signs[digits[at + 1]], signs[digits[at]]
    return "".join(signs)


def _spoil_date(text: str, random: np.random.Generator) -> str | None:
    if len(text) != 10:
        return None
    days = (-365, -31, -7, 7, 31, 365)[int(random.integers(6))]
    return (date.fromisoformat(text) + timedelta(days=days)).isoformat()
