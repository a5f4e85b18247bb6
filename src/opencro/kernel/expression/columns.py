"""An expression for whole columns: the same meaning as `rows`, as a Polars expression."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

import polars as pl

from opencro.kernel.expression.functions import BRANCH, FUNCTIONS
from opencro.kernel.expression.reading import ValueType, date_column, finite_column, number_column, once
from opencro.kernel.expression.rows import value_as
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
from opencro.kernel.expression.types import EQUALITY, Types, common_type, type_of, value_type

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
    held: ValueType


def to_polars(expression: Expression, types: Types | None = None) -> pl.Expr:
    """An expression over the columns of a frame; a condition gives true or false, never null.

    `types` maps a column to its Polars type (`frame.schema`), or to one of the words text, number, boolean, date for a
    text column that is to be read so. A column that it lacks is text. An expression without names gives one value.
    """
    known = types or {}
    kind = type_of(expression.node, known)
    return _read(expression.node, "text" if kind == "missing" else kind, known)


def _read(node: Node, kind: ValueType, types: Types) -> pl.Expr:
    """A part as values of a type. A part without names is computed once: Polars does not stretch every literal."""
    if not any(isinstance(part, Name) for part in walk(node)):
        return pl.lit(value_as(node, kind), dtype=_POLARS[kind])
    column = _column(node, types)
    if column.held == kind:
        return column.values
    if column.held == "text" and kind == "number":
        return number_column(column.values)
    if column.held == "text" and kind == "date":
        return date_column(column.values)
    return _all_missing(column.values, _POLARS[kind])


def _first_named(node: Node) -> pl.Expr:
    return pl.col(next(part.name for part in walk(node) if isinstance(part, Name)))


def _all_missing(values: pl.Expr, dtype: type[pl.DataType]) -> pl.Expr:
    """Nulls, as many as there are rows: what a value is where its type does not fit."""
    return values.map_batches(
        lambda column: pl.Series(column.name, [None] * len(column), dtype=dtype),
        return_dtype=dtype,
        is_elementwise=True,
    )


def _named(name: str, types: Types) -> _Column:
    declared = types.get(name, pl.String)
    if isinstance(declared, str) or value_type(declared) == "text":
        text = pl.col(name).cast(pl.String)
        return _Column(pl.when(text != "").then(text), "text")
    held = value_type(declared)
    values = pl.col(name).cast(_POLARS[held])
    return _Column(finite_column(values) if held == "number" else values, held)


def _condition(node: Node, types: Types) -> pl.Expr:
    return _read(node, "boolean", types).fill_null(value=False)


def _column(node: Node, types: Types) -> _Column:
    match node:
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
            first, second = (_read(part, kind, types) for part in (left, right))
            if kind == "boolean" and sign not in EQUALITY:
                return _Column(_all_missing(_first_named(node), pl.Boolean).fill_null(value=False), "boolean")
            truth = _SIGNS[sign](first, second)
            return _Column(truth.fill_null(value=False), "boolean")
        case OneOf():
            return _Column(_one_of(node, types), "boolean")
        case Arithmetic(sign=sign, left=left, right=right):
            first, second = (_read(part, "number", types) for part in (left, right))
            if sign == "/":
                return _Column(finite_column(once(operator.truediv, pl.Float64, first, second)), "number")
            return _Column(finite_column(_SIGNS[sign](first, second)), "number")
        case Call():
            return _call(node, types)
        case Constant():
            raise AssertionError("a part without names is computed, not made a column")


def _one_of(node: OneOf, types: Types) -> pl.Expr:
    kind = common_type(type_of(node.operand, types), *(type_of(choice, types) for choice in node.choices))
    known = [value for choice in node.choices if (value := value_as(choice, kind)) is not None]
    found = _read(node.operand, kind, types).is_in(pl.Series(known, dtype=_POLARS[kind]).implode())
    return (~found if node.negated else found).fill_null(value=False)


def _call(node: Call, types: Types) -> _Column:
    if node.function == BRANCH:
        return _branch(node, types)
    function = FUNCTIONS[node.function]
    arguments = [_read(a, function.parameter(i), types) for i, a in enumerate(node.arguments)]
    values = function.column(*arguments)
    if function.gives == "boolean":
        values = values.fill_null(value=False)
    elif function.gives == "text":
        values = once(_present, pl.String, values)
    elif function.gives == "number":
        values = finite_column(values)
    return _Column(values, function.gives)


def _branch(node: Call, types: Types) -> _Column:
    condition, *branches = node.arguments
    kind = common_type(*(type_of(part, types) for part in branches))
    then, other = (_read(part, kind, types) for part in branches)
    values = once(_chosen, _POLARS[kind], _condition(condition, types), then, other)
    return _Column(values.fill_null(value=False) if kind == "boolean" else values, kind)


def _chosen(condition: pl.Series, then: pl.Series, other: pl.Series) -> pl.Series:
    return then.zip_with(condition, other)


def _present(text: pl.Series) -> pl.Series:
    return text.set(text == "", None)
