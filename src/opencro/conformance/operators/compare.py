"""Equality, emptiness, existence and order of values."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from opencro.conformance.bench import Bench, Operand
from opencro.conformance.model import Leaf
from opencro.conformance.operators.form import Operator, negate, truth


def _canonical(operand: Operand) -> pl.Expr:
    """Numbers and texts in one form: 200.00 and "200" alike."""
    if not operand.is_text:
        return operand.text
    number = Operand(operand.expr.str.strip_chars().cast(pl.Float64, strict=False), pl.Float64())
    return number.text.fill_null(operand.expr.str.strip_chars())


def _rounded(operand: Operand) -> Operand:
    if operand.is_text:
        number = operand.number
        return Operand(Operand(number.round(0), pl.Float64()).text.fill_null(operand.expr), pl.String())
    return Operand(operand.expr.cast(pl.Float64).round(0), pl.Float64())


def _reference(leaf: Leaf, bench: Bench) -> Operand:
    """The column that the value of a column names, row by row."""
    pointer = bench.column(str(leaf.value)).expr
    found = pl.lit(None, dtype=pl.String)
    for name in bench.schema:
        operand = bench.column(name)
        if not operand.is_list:
            found = pl.when(pointer == name).then(operand.text).otherwise(found)
    return Operand(found, pl.String())


def _pair(leaf: Leaf, bench: Bench) -> tuple[Operand, Operand]:
    target = bench.target(leaf)
    if leaf.options.get("value_is_reference"):
        target, other = Operand(target.text, pl.String()), _reference(leaf, bench)
    else:
        other = bench.comparator(leaf)
    if leaf.options.get("round_values"):
        target, other = _rounded(target), _rounded(other)
    if leaf.options.get("type_insensitive"):
        return Operand(_canonical(target), pl.String()), Operand(_canonical(other), pl.String())
    return target, other


def same(target: Operand, other: Operand, folded: bool = False) -> pl.Expr:
    """Whether two values of one kind are equal; values of different kinds never are."""
    if folded:
        if not (target.is_text and other.is_text):
            return pl.lit(False)
        return truth(target.expr.str.to_lowercase() == other.expr.str.to_lowercase())
    if (target.is_text and other.is_text) or (target.is_number and other.is_number):
        left = target.expr.cast(pl.Float64) if target.dtype == pl.Boolean != other.dtype else target.expr
        right = other.expr.cast(pl.Float64) if other.dtype == pl.Boolean != target.dtype else other.expr
        return truth(left == right)
    if target.is_list and other.is_list and target.value is None and other.value is None:
        return truth(target.expr == other.expr)
    return pl.lit(False)


def _equal(folded: bool) -> Operator:
    def operator(leaf: Leaf, bench: Bench) -> pl.Expr:
        target, other = _pair(leaf, bench)
        if target.is_list and other.is_list and target.value is not None and other.value is not None:
            return pl.lit(target.value == other.value)
        return same(target, other, folded) & target.expr.is_not_null()

    return operator


def _unequal(folded: bool) -> Operator:
    def operator(leaf: Leaf, bench: Bench) -> pl.Expr:
        target, other = _pair(leaf, bench)
        return ~same(target, other, folded) & ~(target.expr.is_null() & other.expr.is_null())

    return operator


def exists(leaf: Leaf, bench: Bench) -> pl.Expr:
    """Whether the dataset has the column, or a list of an operation names it."""
    name = bench.name(leaf.name)
    listed = any(isinstance(v, list | tuple) and name in v for v in bench.constants.values())
    return pl.lit(bench.has(name) or listed)


def empty(leaf: Leaf, bench: Bench) -> pl.Expr:
    """Whether the target is missing: null, empty text or an empty list."""
    target = bench.target(leaf)
    if target.is_list:
        if target.value is not None:
            return pl.lit(not target.value)
        return target.expr.is_null() | (target.expr.list.len() == 0)
    return target.expr.is_null()


def _ordered(compare: Callable[[pl.Expr, pl.Expr], pl.Expr]) -> Operator:
    def operator(leaf: Leaf, bench: Bench) -> pl.Expr:
        return truth(compare(bench.target(leaf).number, bench.comparator(leaf).number))

    return operator


OPERATORS: dict[str, Operator] = {
    "equal_to": _equal(False),
    "not_equal_to": _unequal(False),
    "equal_to_case_insensitive": _equal(True),
    "not_equal_to_case_insensitive": _unequal(True),
    "exists": exists,
    "not_exists": negate(exists),
    "empty": empty,
    "non_empty": negate(empty),
    "less_than": _ordered(pl.Expr.lt),
    "less_than_or_equal_to": _ordered(pl.Expr.le),
    "greater_than": _ordered(pl.Expr.gt),
    "greater_than_or_equal_to": _ordered(pl.Expr.ge),
}
