"""A FHIR resource as JSON whose parts are of the kinds that they should be, and what is gathered while it is read.

Source: HL7 FHIR R4 (4.0.1): JSON representation, Questionnaire, ValueSet. Decimals keep the digits that were written.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from opencro.kernel.finding import Finding, Findings, Place, Refused, Severity

Json = dict[str, Any]
_LONGEST = 64
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_DEEPEST = 60
_LISTS = frozenset([
    "item", "answerOption", "initial", "enableWhen", "extension", "modifierExtension", "code", "contained", "answer",
    "concept", "contains", "include", "coding", "identifier",
])  # fmt: skip
_TEXTS = frozenset([
    "linkId", "text", "type", "prefix", "title", "name", "url", "version", "status", "question", "operator", "display",
    "system", "answerValueSet", "enableBehavior", "definition", "language", "unit", "reference", "authored",
])  # fmt: skip
_TRUTHS = frozenset(["required", "repeats", "readOnly", "initialSelected", "valueBoolean", "answerBoolean"])
_PARTS = frozenset(["compose", "expansion", "subject", "encounter", "valueCoding", "valueQuantity", "answerCoding"])
_ELSEWHERE: Mapping[str, frozenset[str]] = {"text": frozenset(["div", "status"])}
"""Names that are a text in a questionnaire's items and an object (a narrative) in a resource."""


def fit(word: str) -> str:
    """A word made fit for an id of ours."""
    fitted = re.sub(r"[^A-Za-z0-9_.-]+", "_", word).strip("_.-")
    return (fitted if fitted[:1].isalpha() else f"n{fitted}")[:_LONGEST]


@dataclass
class Making:
    """One resource on its way: `file` is its name in findings."""

    file: str
    findings: list[Finding] = field(default_factory=list)
    _counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    _first: dict[tuple[str, str], str] = field(default_factory=dict)

    def error(self, code: str, path: str, got: str, expected: str, remedy: str) -> None:
        """Note what makes the resource unfit."""
        self.say(code, path, got, expected, remedy, Severity.ERROR)

    def say(
        self, code: str, path: str, got: str, expected: str, remedy: str, severity: Severity = Severity.WARNING
    ) -> None:
        """Note a finding at an item (its linkId) or a path."""
        self.findings.append(Finding(code, Place(self.file, None, path), got, expected, remedy, severity))

    def count(self, code: str, path: str, what: str) -> None:
        """Count what is of one kind and worth one finding for all of it."""
        self._counts[code, what] += 1
        self._first.setdefault((code, what), path)

    def all_findings(self) -> Findings:
        """Every finding; what was counted comes once, with its number, at the first place."""
        return Findings((*self.findings, *self._counted()))

    def _counted(self) -> Iterator[Finding]:
        for (code, what), number in self._counts.items():
            got = f"{what}, {number} times" if number > 1 else what
            place = Place(self.file, None, self._first[code, what])
            yield Finding(code, place, got, "", "It was not read; see whether it matters.", Severity.WARNING)

    def name(self, word: str, taken: set[str], path: str) -> str:
        """An id for a word; another than the word is a finding."""
        chosen = word if _NAME.fullmatch(word) else fit(word)
        free, number = chosen, 2
        while free.casefold() in taken:
            free = f"{chosen[: _LONGEST - 4]}_{number}"
            number += 1
        taken.add(free.casefold())
        if free != word:
            self.say("FHR-020", path, f'"{word}" is called {free}', "", "Use the new name, also in data.")
        return free


def read_json(data: bytes, file: str) -> Json:
    """The object in a file; raises `Refused` with FHR-001 for anything else."""
    try:
        found = json.loads(data.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise _refuse(file, f"byte {error.start + 1} is no UTF-8") from None
    except json.JSONDecodeError as error:
        raise _refuse(file, f"{error.msg.lower()} at line {error.lineno}") from None
    except (RecursionError, ValueError):
        raise _refuse(file, "JSON that is nested too deeply or holds no numbers") from None
    if not isinstance(found, dict):
        raise _refuse(file, "JSON that is no object")
    return found


def _no_number(word: str) -> float:
    raise ValueError(word)


def _refuse(file: str, got: str) -> Refused:
    return Refused([Finding("FHR-001", Place(file), got, "a FHIR resource in JSON", "Export it again.")])


def check_kinds(making: Making, value: object, path: str = "", depth: int = 0) -> None:
    """FHR-003 for every part of a resource that is not of its kind: a list of objects, a text, a truth value."""
    if depth > _DEEPEST:
        making.error("FHR-003", path, f"more than {_DEEPEST} levels", "fewer levels", "Flatten it.")
        return
    if isinstance(value, list):
        for number, part in enumerate(value):
            check_kinds(making, part, f"{path}[{number}]", depth + 1)
    if not isinstance(value, dict):
        return
    for key, part in value.items():
        at = f"{path}.{key}" if path else key
        wrong = _wrong(key, part)
        if key == "contained" and not wrong:
            part = [p for p in part if p.get("resourceType") == "ValueSet"]
        if wrong:
            making.error("FHR-003", at, f"`{key}` is {_kind(part)}", wrong, "Correct the resource.")
        else:
            check_kinds(making, part, at, depth + 1)


def _wrong(key: str, part: object) -> str:
    """What a part should be, or an empty text where it may be what it is."""
    if key in _LISTS and not (isinstance(part, list) and all(isinstance(p, dict) for p in part)):
        return "" if key in ("code", "identifier") and isinstance(part, str | dict) else "a list of objects"
    if key in _TEXTS and not isinstance(part, str):
        narrative = key in _ELSEWHERE and isinstance(part, dict)
        return "" if narrative or (key == "code" and isinstance(part, list)) else "a text"
    if key in _TRUTHS and not isinstance(part, bool):
        return "true or false"
    if key in _PARTS and not isinstance(part, dict):
        return "an object"
    if key == "maxLength" and (not isinstance(part, int) or isinstance(part, bool) or part < 1):
        return "a whole number from 1"
    return ""


def _kind(part: object) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "a truth value", type(None): "null"}
    return names.get(type(part), "a number")


def parts(element: Json, key: str) -> list[Json]:
    """The objects in a list of an element; none where it is not there."""
    found = element.get(key)
    return found if isinstance(found, list) else []


def text_of(element: Json, key: str) -> str:
    """A text of an element, without blanks at its ends; empty where it is not there."""
    found = element.get(key)
    return found.strip() if isinstance(found, str) else ""


def value_of(element: Json, start: str = "value") -> tuple[str, Any]:
    """The name and value of a choice of types: (`valueCoding`, {...}); empty and None where there is none."""
    for key, value in element.items():
        if key.startswith(start) and key != start:
            return key, value
    return "", None
