"""Whether a document is built as USDM is: known classes and attributes, everything required, values of the right type.

Source: CDISC USDM v4.0 and v3.0 API schemas; CDISC CORE rules DDF00081, DDF00082, DDF00125, DDF00126.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from opencro.kernel.finding import Finding, suggest
from opencro.study.formats.usdm.classes import ROOT, Attribute, ClassTable, read_classes
from opencro.study.formats.usdm.document import Node, UsdmDocument
from opencro.study.formats.usdm.json_lines import Key

_UUID = re.compile(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")


def check_structure(document: UsdmDocument) -> list[Finding]:
    """Compare every object with its class: findings USDM-020..026, in document order."""
    return list(_check_object(document, read_classes(document.version), ROOT, (), document.value))


def _check_object(document: UsdmDocument, classes: ClassTable, name: str, key: Key, node: Node) -> Iterator[Finding]:
    attributes = classes[name]
    for word in node:
        # The outermost object may carry more: the schema closes every class but this one.
        if word not in attributes and name != ROOT:
            remedy = suggest(word, attributes) or "Carry it as an extensionAttribute."
            got = f'{name} has an attribute "{word}"'
            yield document.finding("USDM-020", (*key, word), got, f"an attribute of {name}", remedy)
    for attribute in attributes.values():
        value = node.get(attribute.name)
        at = (*key, attribute.name)
        if value is None:
            yield from _check_absent(document, name, attribute, key, attribute.name in node)
        elif attribute.many:
            yield from _check_list(document, classes, name, attribute, at, value)
        else:
            yield from _check_value(document, classes, name, attribute, at, value)


def _check_absent(
    document: UsdmDocument, name: str, attribute: Attribute, key: Key, written: bool
) -> Iterator[Finding]:
    word = f"{name}.{attribute.name}"
    if attribute.required:
        at = (*key, attribute.name) if written else key
        got = f"{word} is null" if written else f"{word} is missing"
        yield document.finding("USDM-021", at, got, _words(attribute), f"Give {attribute.name}.")
    elif written and attribute.many:
        at = (*key, attribute.name)
        yield document.finding("USDM-022", at, f"{word} is null", "a list", "Give a list, empty if there is nothing.")


def _check_list(
    document: UsdmDocument, classes: ClassTable, name: str, attribute: Attribute, at: Key, value: Any
) -> Iterator[Finding]:
    word = f"{name}.{attribute.name}"
    if not isinstance(value, list):
        yield document.finding("USDM-022", at, f"{word} is {_kind(value)}", "a list", "Put the value in a list.")
        return
    if len(value) < attribute.least:
        yield document.finding("USDM-023", at, f"{word} is an empty list", _words(attribute), "Give at least one.")
    for i, item in enumerate(value):
        yield from _check_value(document, classes, name, attribute, (*at, i), item)


def _check_value(
    document: UsdmDocument, classes: ClassTable, name: str, attribute: Attribute, at: Key, value: Any
) -> Iterator[Finding]:
    word = f"{name}.{attribute.name}"
    if attribute.holds_objects:
        if not isinstance(value, dict):
            yield document.finding("USDM-022", at, f"{word} is {_kind(value)}", _words(attribute), "Give an object.")
            return
        owner = _class_of(attribute, value)
        if owner is None and ("instanceType" in value or len(attribute.types) > 1):
            got = f"{word} holds instanceType {value.get('instanceType')!r}"
            remedy = suggest(str(value.get("instanceType")), attribute.types) or "Give the class that belongs here."
            yield document.finding("USDM-025", (*at, "instanceType"), got, _words(attribute), remedy)
        if owner is None:
            owner = attribute.types[0] if len(attribute.types) == 1 else None
        if owner is not None:
            yield from _check_object(document, classes, owner, at, value)
    elif attribute.kind != "class":
        problem = _problem_of_scalar(attribute.types[0], value)
        if problem:
            got, expected = problem
            yield document.finding("USDM-022", at, f"{word} is {got}", expected, f"Give {expected}.")


def _class_of(attribute: Attribute, value: Node) -> str | None:
    """The class of an object, or None when its instanceType is not one that may stand here."""
    written = value.get("instanceType")
    return written if isinstance(written, str) and written in attribute.types else None


def _problem_of_scalar(kind: str, value: Any) -> tuple[str, str] | None:
    if kind == "boolean":
        return None if isinstance(value, bool) else (_kind(value), "true or false")
    if kind == "integer":
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        return None if whole and not isinstance(value, bool) else (_kind(value), "a whole number")
    if kind == "number":
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return None if is_number else (_kind(value), "a number")
    if not isinstance(value, str):
        return _kind(value), "text"
    if kind == "text+" and not value:
        return "empty", "text of at least one character"
    if kind == "date" and not _is_date(value):
        return repr(value), "a date as YYYY-MM-DD"
    if kind == "uuid" and not _UUID.match(value):
        return repr(value), "a UUID"
    return None


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}
    return names[type(value)]


def _words(attribute: Attribute) -> str:
    types = " or ".join(attribute.types)
    if attribute.kind == "ref":
        return f"the id of {types}" if attribute.types != ("*",) else "an id"
    return f"at least one {types}" if attribute.many else types
