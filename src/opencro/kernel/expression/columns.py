"""An expression for whole columns: the same meaning as `rows`, as a Polars expression."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

import polars as pl

from opencro.kernel.expression.functions import FUNCTIONS
from opencro.kernel.expression.reading import ValueType, date_column, finite_column, number_column
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
)
from opencro.kernel.expression.types import Known, Types, common_type, type_of, value_type

_POLARS: dict[ValueType, type[pl.DataType]] = {
    "text": pl.String,
    "number": pl.Float64,
    "boolean": pl.Boolean,
    "date": pl.Date,
}
_SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


@dataclass(frozen=True, slots=True)
class _Column:
    """A Polars expression with the type in which its values are held."""

    values: pl.Expr
    held: Known


def to_polars(expression: Expression, types: Types | None = None) -> pl.Expr:
    """An expression over the columns of a frame; a condition gives true or false, never null.

    `types` maps a column to its Polars type (`frame.schema`), or to one of the words text, number, boolean, date for a
    text column that is to be read so. A column that it lacks is text.
    """
    known = types or {}
    kind = type_of(expression.node, known)
    column = _column(expression.node, known)
    return pl.lit(None, dtype=pl.String) if kind == "missing" else _as(column, kind)


def _as(column: _Column, kind: ValueType) -> pl.Expr:
    if column.held == kind:
        return column.values
    if column.held == "text" and kind == "number":
        return number_column(column.values)
    if column.held == "text" and kind == "date":
        return date_column(column.values)
    return pl.lit(None, dtype=_POLARS[kind])


def _named(name: str, types: Types) -> _Column:
    declared = types.get(name, pl.String)
    if isinstance(declared, str) or value_type(declared) == "text":
        text = pl.col(name).cast(pl.String)
        return _Column(pl.when(text != "").then(text), "text")
    held = value_type(declared)
    values = pl.col(name).cast(_POLARS[held])
    return _Column(finite_column(values) if held == "number" else values, held)


def _constant(value: float | str | bool | None) -> _Column:
    if value is None or value == "":
        return _Column(pl.lit(None, dtype=pl.String), "missing")
    held: ValueType = "boolean" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
    return _Column(pl.lit(value, dtype=_POLARS[held]), held)


def _condition(node: Node, types: Types) -> pl.Expr:
    return _as(_column(node, types), "boolean").fill_null(value=False)


def _column(node: Node, types: Types) -> _Column:
    match node:
        case Constant(value=value):
            return _constant(value)
        case Name(name=name):
            return _named(name, types)
        case Not(operand=operand):
            return _Column(~_condition(operand, types), "boolean")
        case Junction(word=word, operands=operands):
            join = operator.and_ if word == "and" else operator.or_
            return _Column(reduce(join, [_condition(part, types) for part in operands]), "boolean")
        case Presence(operand=operand, missing=missing):
            values = _column(operand, types).values
            return _Column(values.is_null() if missing else values.is_not_null(), "boolean")
        case Compare(sign=sign, left=left, right=right):
            kind = common_type(type_of(left, types), type_of(right, types))
            truth = _SIGNS[sign](_as(_column(left, types), kind), _as(_column(right, types), kind))
            return _Column(truth.fill_null(value=False), "boolean")
        case OneOf():
            return _Column(_one_of(node, types), "boolean")
        case Arithmetic(sign=sign, left=left, right=right):
            first, second = (_as(_column(part, types), "number") for part in (left, right))
            return _Column(finite_column(_SIGNS[sign](first, second)), "number")
        case Call():
            return _call(node, types)


def _one_of(node: OneOf, types: Types) -> pl.Expr:
    kind = common_type(type_of(node.operand, types), *(type_of(choice, types) for choice in node.choices))
    value = _as(_column(node.operand, types), kind)
    hits = [(value == _as(_constant(choice.value), kind)).fill_null(value=False) for choice in node.choices]
    found = reduce(operator.or_, hits)
    return value.is_not_null() & ~found if node.negated else found


def _call(node: Call, types: Types) -> _Column:
    function = FUNCTIONS[node.function]
    arguments = [_as(_column(a, types), function.parameter(i)) for i, a in enumerate(node.arguments)]
    values = function.column(*arguments)
    if function.gives == "boolean":
        values = values.fill_null(value=False)
    elif function.gives == "text":
        values = pl.when(values != "").then(values)
    elif function.gives == "number":
        values = finite_column(values)
    return _Column(values, function.gives)
