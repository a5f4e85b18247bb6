"""The four types of values, what is known of names, and which type a part of an expression has."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

import polars as pl

from opencro.kernel.expression.functions import BRANCH, FUNCTIONS
from opencro.kernel.expression.reading import ValueType
from opencro.kernel.expression.tree import Arithmetic, Call, Constant, Name, Node

__all__ = ["EQUALITY", "Known", "Types", "Value", "ValueType", "common_type", "declared_type", "type_of", "value_type"]

Value = str | float | bool | date | None
"""What an expression gives for a row; None is missing."""

Types = Mapping[str, ValueType | pl.DataType | type[pl.DataType]]
"""Name -> its type: one of the four words (collected text, to be read so), or the Polars type of the column."""

EQUALITY = ("==", "!=")
"""The comparisons that truth values have; no other comparison of them is ever true."""

Known = ValueType | Literal["missing"]


def value_type(declared: ValueType | pl.DataType | type[pl.DataType]) -> ValueType:
    """The type of values in a column; every Polars type that is no number, truth value or date is text."""
    if isinstance(declared, str):
        return declared
    if declared.is_numeric():
        return "number"
    if declared == pl.Boolean:
        return "boolean"
    return "date" if declared in (pl.Date, pl.Datetime) else "text"


def declared_type(node: Name, types: Types) -> ValueType | pl.DataType | type[pl.DataType] | None:
    """What is said of a name, or of its item where it is a value of another visit; None where nothing is."""
    return types.get(node.name, types.get(node.item))


def type_of(node: Node, types: Types) -> Known:
    """The type that a part gives; a name that `types` lacks is text."""
    match node:
        case Constant(value=None) | Constant(value=""):
            return "missing"
        case Constant(value=bool()):
            return "boolean"
        case Constant(value=str()):
            return "text"
        case Constant() | Arithmetic():
            return "number"
        case Name():
            declared = declared_type(node, types)
            return "text" if declared is None else value_type(declared)
        case Call(function=function, arguments=(_, then, other)) if function == BRANCH:
            return common_type(type_of(then, types), type_of(other, types))
        case Call(function=function):
            return FUNCTIONS[function].gives
        case _:
            return "boolean"


def common_type(*types: Known) -> ValueType:
    """How values of these types are compared: as numbers where one is a number, then dates, truth values, text."""
    ranked: tuple[ValueType, ...] = ("number", "date", "boolean")
    return next((t for t in ranked if t in types), "text")
