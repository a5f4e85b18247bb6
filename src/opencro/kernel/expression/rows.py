"""An expression for one row of values."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from opencro.kernel.expression.functions import BRANCH, FUNCTIONS
from opencro.kernel.expression.reading import ValueType, finite, read_date, read_number
from opencro.kernel.expression.tree import (
    AT,
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
)
from opencro.kernel.expression.types import EQUALITY, Types, Value, common_type, type_of

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_SUMS: dict[str, Callable[[float, float], float]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}


def evaluate(expression: Expression, row: Mapping[str, object], types: Types | None = None) -> Value:
    """What an expression gives for one row; None is missing, a condition is never missing.

    `row` maps names to text, numbers, truth values or dates; a name that is absent is missing. `types` says how
    collected text is to be read where the expression leaves it open (comparing two names); without it a value has the
    type that it has in Python.
    """
    own: dict[str, Any] = {name: _own_type(value) for name, value in row.items()}
    known: Types = {**own, **_at_visits(expression, types or {}), **(types or {})}
    value = _value(expression.node, row, known)
    kind = type_of(expression.node, known)
    return value if kind == "missing" else _as(value, kind)


def _at_visits(expression: Expression, types: Types) -> Types:
    """What is declared of an item holds for its values of other visits."""
    if AT not in expression.text:
        return {}
    return {part.name: types[part.item] for part in expression.named() if part.item in types}


def value_as(node: Node, kind: ValueType) -> Value:
    """What a part without names gives, read as a type."""
    return _as(_value(node, {}, {}), kind)


def _own_type(value: object) -> ValueType:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "date" if isinstance(value, date) else "text"


def _as(value: Value, kind: ValueType) -> Value:
    if kind == "number":
        return read_number(value)
    if kind == "date":
        return read_date(value)
    fitting = bool if kind == "boolean" else str
    return value if isinstance(value, fitting) else None


def _present(value: object) -> Value:
    """A value of a row; an empty text is missing."""
    if isinstance(value, str | bool | date):
        return value if value != "" else None
    return read_number(value)


def _condition(node: Node, row: Mapping[str, object], types: Types) -> bool:
    return _value(node, row, types) is True


def _value(node: Node, row: Mapping[str, object], types: Types) -> Value:
    match node:
        case Constant(value=value):
            return _present(value)
        case Name(name=name):
            return _present(row.get(name))
        case Not(operand=operand):
            return not _condition(operand, row, types)
        case Junction(word="and", operands=operands):
            return all(_condition(part, row, types) for part in operands)
        case Junction(operands=operands):
            return any(_condition(part, row, types) for part in operands)
        case Presence(operand=operand, missing=missing):
            return (_value(operand, row, types) is None) is missing
        case Compare(sign=sign, left=left, right=right):
            return _compare(sign, left, right, row, types)
        case OneOf(operand=operand, choices=choices, negated=negated):
            return _one_of(operand, choices, negated, row, types)
        case Arithmetic(sign=sign, left=left, right=right):
            return _compute(sign, read_number(_value(left, row, types)), read_number(_value(right, row, types)))
        case Call():
            return _call(node, row, types)


def _compare(sign: str, left: Node, right: Node, row: Mapping[str, object], types: Types) -> bool:
    kind = common_type(type_of(left, types), type_of(right, types))
    if kind == "boolean" and sign not in EQUALITY:
        return False
    first, second = _as(_value(left, row, types), kind), _as(_value(right, row, types), kind)
    return first is not None and second is not None and _COMPARISONS[sign](first, second)


def _one_of(
    operand: Node, choices: tuple[Constant, ...], negated: bool, row: Mapping[str, object], types: Types
) -> bool:
    kind = common_type(type_of(operand, types), *(type_of(choice, types) for choice in choices))
    value = _as(_value(operand, row, types), kind)
    known = {_as(_present(choice.value), kind) for choice in choices}
    return value is not None and (value in known) is not negated


def _compute(sign: str, left: float | None, right: float | None) -> float | None:
    if left is None or right is None:
        return None
    if sign == "/":
        return None if right == 0 else finite(left / right)
    return finite(_SUMS[sign](left, right))


def _call(node: Call, row: Mapping[str, object], types: Types) -> Value:
    if node.function == BRANCH:
        condition, then, other = node.arguments
        chosen = then if _condition(condition, row, types) else other
        kind = common_type(type_of(then, types), type_of(other, types))
        value = _as(_value(chosen, row, types), kind)
        return value is True if kind == "boolean" else value
    function = FUNCTIONS[node.function]
    arguments = [_as(_value(a, row, types), function.parameter(i)) for i, a in enumerate(node.arguments)]
    if function.skips_missing:
        present = [a for a in arguments if a is not None]
        return _present(function.row(present)) if present else None
    if any(a is None for a in arguments):
        return False if function.gives == "boolean" else None
    return _present(function.row(*arguments))
