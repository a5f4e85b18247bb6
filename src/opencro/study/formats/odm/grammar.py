"""The grammar of ODM as a table: which attributes and children an element has, in which order, with which values.

Source: CDISC ODM v1.3.2 and v2.0 XML schemas, in `grammar-1.3.2.tsv` and `grammar-2.0.tsv`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cache
from importlib.resources import files

NAMESPACES = {"1.3.2": "http://www.cdisc.org/ns/odm/v1.3", "2.0": "http://www.cdisc.org/ns/odm/v2.0"}
PREFIXES = {
    "http://www.w3.org/XML/1998/namespace": "xml",
    "http://www.w3.org/1999/xlink": "xlink",
    "http://www.w3.org/2000/09/xmldsig#": "ds",
    "http://www.w3.org/1999/xhtml": "xhtml",
}
"""Namespaces that ODM itself uses, by the prefix that the table writes."""
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"


@dataclass(frozen=True, slots=True)
class AttributeRule:
    """One attribute: `type` is a word of `_CHECKS`, or enum:, pattern:, union: with what is permitted."""

    name: str
    type: str
    required: bool


@dataclass(frozen=True, slots=True)
class ChildRule:
    """One kind of child: children stand in the order of `position`; those that share one may be mixed."""

    name: str
    position: int
    required: bool
    many: bool


@dataclass
class ElementRule:
    """All that an element may hold; `choices` are groups of children that exclude each other."""

    text: str = "none"
    attributes: dict[str, AttributeRule] = field(default_factory=dict)
    children: dict[str, ChildRule] = field(default_factory=dict)
    choices: list[tuple[tuple[tuple[str, ...], ...], bool]] = field(default_factory=list)
    uniques: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)


Grammar = Mapping[str, ElementRule]


@cache
def read_grammar(version: str) -> Grammar:
    """The grammar of an ODM version (`1.3.2` or `2.0`): element name -> rule."""
    text = files(__package__).joinpath(f"grammar-{version}.tsv").read_text(encoding="utf-8")
    grammar: dict[str, ElementRule] = {}
    for row in text.splitlines()[1:]:
        element, kind, name, value, count = row.split("\t")
        rule = grammar.setdefault(element, ElementRule())
        if kind == "text":
            rule.text = value
        elif kind == "attribute":
            rule.attributes[name] = AttributeRule(name, value, count == "1")
        elif kind == "child":
            rule.children[name] = ChildRule(name, int(value), count[0] == "1", count.endswith("*"))
        elif kind == "choice":
            branches = tuple(tuple(branch.split()) for branch in name.split("|"))
            rule.choices.append((branches, count == "1"))
        else:
            rule.uniques.append((name, tuple(part.removeprefix("@") for part in value.split("|"))))
    return grammar


def is_permitted(kind: str, value: str) -> bool:
    """Whether a value is of a type of the table."""
    if kind.startswith("union:"):
        return any(is_permitted(part, value) for part in kind.removeprefix("union:").split(" ~ "))
    if kind.startswith("enum:"):
        return value in kind.removeprefix("enum:").split("|")
    if kind.startswith("pattern:"):
        return _pattern(kind.removeprefix("pattern:")).fullmatch(value) is not None
    check = _CHECKS.get(kind)
    return check is None or check(value.strip())


def expected_words(kind: str) -> str:
    """A type of the table in words."""
    if kind.startswith("enum:"):
        return " or ".join(kind.removeprefix("enum:").split("|"))
    if kind.startswith(("pattern:", "union:")):
        return "a value of the form that the standard gives"
    return _WORDS.get(kind, kind)


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _matches(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None


def _is_moment(value: str) -> bool:
    # A trailing fraction may be of any length in XML Schema, Python wants at most six digits.
    value = re.sub(r"(\.\d{6})\d+", r"\1", value)
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return "T" in value


def _is_date(value: str) -> bool:
    try:
        date.fromisoformat(value[:10])
    except ValueError:
        return False
    return re.fullmatch(r"\d{4}-\d{2}-\d{2}(Z|[+-]\d{2}:\d{2})?", value) is not None


def _is_time(value: str) -> bool:
    try:
        time.fromisoformat(value)
    except ValueError:
        return False
    return value.count(":") >= 2


_CHECKS: Mapping[str, Callable[[str], bool]] = {
    "name": bool,
    "token": bool,
    "boolean": lambda value: value in ("true", "false", "1", "0"),
    "integer": _matches(r"[+-]?\d+"),
    "positive": _matches(r"\+?0*[1-9]\d*"),
    "whole": _matches(r"\+?\d+|-0+"),
    "number": _matches(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|-?INF|NaN"),
    "datetime": _is_moment,
    "date": _is_date,
    "time": _is_time,
    "language": _matches(r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*"),
    "hex": _matches(r"([0-9a-fA-F]{2})*"),
    "base64": _matches(r"[A-Za-z0-9+/=\s]*"),
    "duration": _matches(r"-?P(?=.)(\d+Y)?(\d+M)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?"),
}
_WORDS = {
    "name": "text of at least one character",
    "boolean": "true or false",
    "integer": "a whole number",
    "positive": "a whole number above 0",
    "whole": "a whole number from 0",
    "number": "a number",
    "datetime": "a date and time, ISO 8601",
    "date": "a date, ISO 8601",
    "time": "a time, ISO 8601",
}
