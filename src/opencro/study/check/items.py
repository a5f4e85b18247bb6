"""An item by itself: its type, answers, limits, range and derivation fit each other (STU-105, STU-106, STU-110)."""

from __future__ import annotations

from collections.abc import Iterator

from opencro.kernel.finding import Finding
from opencro.kernel.located import Key
from opencro.study.check.subject import Subject
from opencro.study.model.form import Form, Item

_NUMBERS = ("integer", "decimal")
_CHOICES = ("choice", "choices")
_NEVER_DERIVED = ("choices", "file", "time")
"""Types whose values no expression gives."""


def items_of(form: Form) -> Iterator[tuple[Key, Item]]:
    """The items of a form, each with its path in the file."""
    for i, group in enumerate(form.groups):
        for j, item in enumerate(group.items):
            yield ("groups", i, "items", j), item


def item_findings(subject: Subject, file: str, key: Key, item: Item) -> Iterator[Finding]:
    """What is wrong with the item at a path of a file."""
    yield from _answers(subject, file, key, item)
    yield from _limits(subject, file, key, item)
    yield from _normal(subject, file, key, item)
    if item.derive and item.type in _NEVER_DERIVED:
        got = f"{item.id} is a {item.type} item with derive"
        remedy = "Take derive away, or give the item another type."
        yield subject.finding("STU-110", (file, (*key, "derive")), got, "a type that an expression gives", remedy)


def _answers(subject: Subject, file: str, key: Key, item: Item) -> Iterator[Finding]:
    if item.type in _CHOICES and item.codes is None:
        got = f"{item.id} is a {item.type} item without codes"
        yield subject.finding("STU-105", (file, (*key, "type")), got, "a code list", "Give codes.")
    if item.type not in _CHOICES and item.codes is not None:
        got = f"{item.id} is a {item.type} item with codes"
        yield subject.finding(
            "STU-105", (file, (*key, "codes")), got, "type choice or choices", "Make it a choice item."
        )
    if item.codes is not None:
        yield from subject.unknown((file, (*key, "codes")), "code list", item.codes, subject.study.codelists)


def _limits(subject: Subject, file: str, key: Key, item: Item) -> Iterator[Finding]:
    if item.type not in _NUMBERS and (item.minimum is not None or item.maximum is not None):
        limit = "minimum" if item.minimum is not None else "maximum"
        got = f"{item.id} is a {item.type} item with a {limit}"
        yield subject.finding(
            "STU-106", (file, (*key, limit)), got, "an integer or decimal item", "Take the limit away."
        )
    if item.minimum is not None and item.maximum is not None and item.minimum > item.maximum:
        got = f"minimum {item.minimum:g} is above maximum {item.maximum:g}"
        yield subject.finding("STU-106", (file, (*key, "minimum")), got, "minimum <= maximum", "Exchange them.")
    if item.decimals is not None and item.type != "decimal":
        got = f"{item.id} is a {item.type} item with decimals"
        yield subject.finding("STU-106", (file, (*key, "decimals")), got, "a decimal item", "Make it decimal.")


def _normal(subject: Subject, file: str, key: Key, item: Item) -> Iterator[Finding]:
    if item.normal is None:
        return
    at = (file, (*key, "normal"))
    low, high = item.normal
    if item.type not in _NUMBERS:
        got = f"{item.id} is a {item.type} item with a normal range"
        yield subject.finding("STU-106", at, got, "an integer or decimal item", "Take the range away.")
    elif low is None and high is None:
        yield subject.finding("STU-106", at, "a normal range without an end", "one end or both", "Give an end.")
    elif low is not None and high is not None and low > high:
        got = f"the normal range goes from {low:g} to {high:g}"
        yield subject.finding("STU-106", at, got, "the lower end first", "Exchange them.")
