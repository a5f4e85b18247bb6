"""enableWhen as conditions of ours.

Source: HL7 FHIR R4 Questionnaire.item.enableWhen and its operators: `=` and the orders hold where one of the answers
fits, `!=` where none is equal, also where there is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from opencro.kernel.expression import Expression, ValueType, check_expression, parse_expression
from opencro.kernel.finding import suggest
from opencro.study.formats.fhir.reading import Json, Making, parts, text_of, value_of
from opencro.study.formats.fhir.vocabulary import OPERATORS
from opencro.study.model.form import Item
from opencro.study.model.value_types import VALUE_TYPES

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORDS = frozenset(["and", "or", "not", "in", "is", "missing", "present", "true", "false"])


def written(item: str) -> str:
    """The name of an item as it stands in an expression."""
    return item if _PLAIN.fullmatch(item) and item not in _WORDS else f"`{item}`"


@dataclass(frozen=True)
class Asked:
    """A question as a condition finds it: its item, and the repeating group that it stands in."""

    item: Item
    repeat: str


@dataclass
class Conditions:
    """Says conditions among the questions of a form; `silent` are linkIds without an answer."""

    making: Making
    asked: Mapping[str, Asked]
    silent: frozenset[str]

    def say(self, element: Json, repeat: str) -> tuple[str, bool]:
        """The condition of an element, and whether its parts are joined by `or`; empty where it has none.

        `repeat` is the repeating group of the item that is shown. FHR-006 for what names no question, FHR-023 for
        what cannot be said: then the item is always asked.
        """
        link = text_of(element, "linkId")
        found = parts(element, "enableWhen")
        behavior = text_of(element, "enableBehavior") or ("all" if len(found) < 2 else "")
        if behavior not in ("all", "any"):
            got = f'{len(found)} conditions with enableBehavior "{behavior}"'
            self.making.error("FHR-006", link, got, "all or any", "Give enableBehavior.")
            return "", False
        said = [self._one(condition, link, repeat) for condition in found]
        if not all(said):
            return "", False
        joined = " and " if behavior == "all" else " or "
        return joined.join(said), behavior == "any" and len(said) > 1

    def _one(self, condition: Json, link: str, repeat: str) -> str:
        question, operator = text_of(condition, "question"), text_of(condition, "operator")
        key, value = value_of(condition, "answer")
        if operator not in OPERATORS or value is None or (operator == "exists" and not isinstance(value, bool)):
            got = f'enableWhen with operator "{operator}" and {key or "no answer"}'
            expected = f"one of {', '.join(OPERATORS)}, and an answer"
            self.making.error("FHR-006", link, got, expected, "Correct the condition.")
            return ""
        if question in self.silent:
            return self._left(link, f"`{question}`, which has no answer", "a question")
        target = self.asked.get(question)
        if target is None:
            remedy = suggest(question, self.asked) or "Name a question of the questionnaire."
            self.making.error("FHR-006", link, f'enableWhen names "{question}"', "the linkId of a question", remedy)
            return ""
        if target.repeat and target.repeat != repeat:
            return self._left(link, f"`{question}`, an answer inside a repeat", "an answer of the same record")
        said = _compare(target.item, operator, value)
        if said is None:
            return self._left(link, f"`{question} {operator}` with a {key}", "a value that can be compared")
        expression = parse_expression(said)
        types: dict[str, ValueType] = {target.item.id: VALUE_TYPES.get(target.item.type, "text")}
        if not isinstance(expression, Expression) or check_expression(expression, types, gives="boolean").items:
            return self._left(link, f"`{said}`", "values of one type")
        return said

    def _left(self, link: str, got: str, expected: str) -> str:
        self.making.say("FHR-023", link, f"shown by {got}", expected, "It is asked always.")
        return ""


def _compare(item: Item, operator: str, value: object) -> str | None:
    name = written(item.id)
    if operator == "exists":
        return f"{name} is {'present' if value else 'missing'}"
    constant = _constant(item, value)
    if constant is None:
        return None
    if item.type == "choices":
        chosen = f"selected({name}, {constant})"
        return {"=": chosen, "!=": f"not {chosen}"}.get(operator)
    if operator == "!=":
        return f"not ({name} == {constant})"
    return f"{name} {'==' if operator == '=' else operator} {constant}"


def _constant(item: Item, value: object) -> str | None:
    if isinstance(value, bool):
        return f'"{str(value).lower()}"'
    if isinstance(value, dict):
        if "value" in value:
            return _constant(item, value["value"])
        code = text_of(value, "code") or text_of(value, "display")
        return _quoted(code) if code else None
    if isinstance(value, int | Decimal):
        return str(value) if item.type in ("integer", "decimal") else _quoted(str(value))
    return _quoted(value) if isinstance(value, str) and value.strip() else None


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
