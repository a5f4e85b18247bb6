"""The conditions of which an expression is made, and which of them decide what it gives for a row.

A condition decides where the whole would be another if it were the opposite. Cases in which each condition decides,
once being true and once being false, cover every branch: masking MC/DC, J. J. Chilenski, "An investigation of three
forms of the modified condition decision coverage (MCDC) criterion", DOT/FAA/AR-01/18, 2001.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, cast

from opencro.kernel.expression.functions import FUNCTIONS
from opencro.kernel.expression.rows import evaluate
from opencro.kernel.expression.tree import (
    Arithmetic,
    Call,
    Compare,
    Constant,
    Expression,
    Junction,
    Name,
    Node,
    Not,
    OneOf,
    Presence,
    walk,
)
from opencro.kernel.expression.types import Types
from opencro.kernel.expression.words import KEYWORDS

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*\Z")
_NODES = (Constant, Name, Not, Junction, Compare, OneOf, Presence, Arithmetic, Call)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a condition is true of a row, and whether it decides what the whole gives there."""

    true: bool
    decides: bool


def conditions(expression: Expression) -> tuple[Node, ...]:
    """Each comparison, question for presence, choice and function that asks of a name, in order of writing."""
    found = (part for part in walk(expression.node) if _asks(part) and any(isinstance(p, Name) for p in walk(part)))
    return tuple(dict.fromkeys(found))


def weigh_conditions(expression: Expression, row: Mapping[str, object], types: Types) -> tuple[Verdict, ...]:
    """A verdict for each of the `conditions`; row and types as in `evaluate`."""
    whole = evaluate(expression, row, types)
    found = []
    for condition in conditions(expression):
        true = evaluate(replace(expression, node=condition), row, types) is True
        other = replace(expression, node=_put(expression.node, condition, Constant(not true)))
        found.append(Verdict(true, evaluate(other, row, types) != whole))
    return tuple(found)


def render_part(node: Node) -> str:
    """A part of an expression as text that reads as the same part; what is joined stands in parentheses."""
    match node:
        case Constant(value=value):
            return _constant(value)
        case Name(visit=visit):
            return f"{_quoted(node.item)} at {_quoted(visit)}" if visit else _quoted(node.item)
        case Not(operand=operand):
            return f"not {_inner(operand)}"
        case Junction(word=word, operands=operands):
            return f" {word} ".join(_inner(part) for part in operands)
        case Presence(operand=operand, missing=missing):
            return f"{_inner(operand)} is {'missing' if missing else 'present'}"
        case OneOf(operand=operand, choices=choices, negated=negated):
            listed = ", ".join(_constant(choice.value) for choice in choices)
            return f"{_inner(operand)} {'not in' if negated else 'in'} ({listed})"
        case Compare(sign=sign, left=left, right=right) | Arithmetic(sign=sign, left=left, right=right):
            return f"{_inner(left)} {sign} {_inner(right)}"
        case Call(function=function, arguments=arguments):
            return f"{function}({', '.join(render_part(part) for part in arguments)})"


def _asks(node: Node) -> bool:
    if isinstance(node, Call):
        return FUNCTIONS[node.function].gives == "boolean"
    return isinstance(node, Compare | OneOf | Presence)


def _put(node: Node, old: Node, new: Node) -> Node:
    """A tree with one part in the place of another."""
    if node == old:
        return new
    changed: dict[str, Any] = {}
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, _NODES):
            changed[field.name] = _put(value, old, new)
        elif isinstance(value, tuple) and not isinstance(node, OneOf):
            changed[field.name] = tuple(_put(part, old, new) for part in value)
    return replace(node, **changed)


def _inner(node: Node) -> str:
    text = render_part(node)
    return text if isinstance(node, Constant | Name | Call) else f"({text})"


def _quoted(name: str) -> str:
    return name if _PLAIN.match(name) and name not in KEYWORDS else f"`{name}`"


def _constant(value: object) -> str:
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"'
    if isinstance(value, float):
        return repr(value).removesuffix(".0").replace("inf", "1e999")
    return {None: "missing", True: "true", False: "false"}[cast("bool | None", value)]
