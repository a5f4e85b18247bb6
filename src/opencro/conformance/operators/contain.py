"""Membership: of a value in a list or a column, of a text in a text, of a list in a list."""

from __future__ import annotations

from typing import Any

import polars as pl

from opencro.conformance.bench import Bench, Operand
from opencro.conformance.model import Leaf
from opencro.conformance.operators.form import Operator, negate, truth


def member(target: Operand, allowed: list[Any], folded: bool = False) -> pl.Expr:
    """Whether the target is one of the allowed values of its own kind."""
    if target.is_text:
        texts = [v for v in allowed if isinstance(v, str) and v]
        if folded:
            return truth(target.expr.str.to_lowercase().is_in([t.lower() for t in texts]))
        return truth(target.expr.is_in(texts))
    if target.is_number:
        numbers = [float(v) for v in allowed if isinstance(v, int | float)]
        return truth(target.expr.cast(pl.Float64).is_in(numbers))
    return pl.lit(False)


def _in(folded: bool) -> Operator:
    def operator(leaf: Leaf, bench: Bench) -> pl.Expr:
        target, other = bench.target(leaf), bench.comparator(leaf)
        return inside(target, other, folded)

    return operator


def inside(target: Operand, other: Operand, folded: bool = False) -> pl.Expr:
    """Whether the target is in the other: a list, a column of lists, or the whole of a column."""
    if other.value is not None:
        allowed = other.value if isinstance(other.value, list) else [other.value]
        if target.is_list:
            return _any_in(target, allowed)
        return member(target, allowed, folded)
    if other.is_list:
        if target.is_list:
            return truth(target.expr.list.set_intersection(other.expr).list.len() > 0)
        return truth(other.expr.list.contains(target.text)) & target.expr.is_not_null()
    if target.is_text == other.is_text and other.column:
        if folded and target.is_text:
            return truth(target.expr.str.to_lowercase().is_in(other.expr.str.to_lowercase().unique().implode()))
        return truth(target.expr.is_in(other.expr.unique().implode()))
    return pl.lit(False)


def _any_in(target: Operand, allowed: list[Any]) -> pl.Expr:
    if target.value is not None:
        return pl.lit(any(v in allowed for v in target.value))
    texts = [v for v in allowed if isinstance(v, str)]
    return truth(target.expr.list.eval(pl.element().is_in(texts)).list.any())


def _contains(folded: bool) -> Operator:
    def operator(leaf: Leaf, bench: Bench) -> pl.Expr:
        target, other = bench.target(leaf), bench.comparator(leaf)
        if target.is_list:
            return _list_contains(target, other, folded)
        if not (target.is_text and other.is_text):
            return truth(target.expr == other.expr) if target.is_number and other.is_number else pl.lit(False)
        if other.column and not folded:
            return truth(other.expr.is_in(target.expr.unique().implode()))
        left = target.expr.str.to_lowercase() if folded else target.expr
        right = other.expr.str.to_lowercase() if folded else other.expr
        return truth(left.str.contains(right, literal=True))

    return operator


def _list_contains(target: Operand, other: Operand, folded: bool) -> pl.Expr:
    if target.value is not None and other.value is not None:
        if folded:
            return pl.lit(str(other.value).lower() in str(target.value).lower())
        return pl.lit(other.value in target.value)
    if target.value is not None:
        return member(other, target.value, folded)
    if folded:
        lowered = target.expr.list.eval(pl.element().str.to_lowercase()).list.join("\n")
        return truth(lowered.str.contains(other.text.str.to_lowercase(), literal=True))
    return truth(target.expr.list.contains(other.text))


def contains_all(leaf: Leaf, bench: Bench) -> pl.Expr:
    """Whether the target (a list, or the whole column) holds every value of the comparator."""
    target, other = bench.target(leaf), bench.comparator(leaf)
    if isinstance(other.value, list):
        spread = [bench.constants.get(v, v) if isinstance(v, str) else v for v in other.value]
        flat = [w for v in spread for w in (v if isinstance(v, list) else [v])]
        other = Operand(other.expr, other.dtype, value=flat)
    if target.is_list and other.is_list:
        if target.value is not None and other.value is not None:
            return pl.lit(all(v in target.value for v in other.value))
        return truth(_items(other).list.set_difference(_items(target)).list.len() == 0)
    wanted = _items(other) if other.value is not None else other.expr.drop_nulls().unique().implode()
    held = target.expr.unique().implode()
    return (wanted.list.set_difference(held).list.len() == 0).first()


def _items(operand: Operand) -> pl.Expr:
    if operand.value is None:
        return operand.expr
    values = operand.value if isinstance(operand.value, list) else [operand.value]
    return pl.lit(pl.Series([[str(v) for v in values]], dtype=pl.List(pl.String)))


def _as_list(operand: Operand) -> pl.Expr:
    if operand.is_list:
        return _items(operand)
    return pl.concat_list(operand.text)


def shares_none(leaf: Leaf, bench: Bench) -> pl.Expr:
    """Whether target and comparator, as lists, have nothing in common."""
    left, right = _as_list(bench.target(leaf)), _as_list(bench.comparator(leaf))
    return truth(left.list.set_intersection(right).list.len() == 0)


def shares_one(leaf: Leaf, bench: Bench) -> pl.Expr:
    """Whether target and comparator have exactly one value in common."""
    left, right = _as_list(bench.target(leaf)), _as_list(bench.comparator(leaf))
    return truth(left.list.set_intersection(right).list.len() == 1)


def ordered_subset(leaf: Leaf, bench: Bench) -> pl.Expr:
    """Whether the target's list is part of the comparator's list, in the same order."""
    target, other = bench.target(leaf), bench.comparator(leaf)
    if not isinstance(target.value, list) or not isinstance(other.value, list):
        return pl.lit(False)
    places = {name: n for n, name in enumerate(other.value)}
    if any(name not in places for name in target.value):
        return pl.lit(False)
    positions = [places[name] for name in target.value]
    return pl.lit(positions == sorted(positions))


OPERATORS: dict[str, Operator] = {
    "is_contained_by": _in(False),
    "is_not_contained_by": negate(_in(False)),
    "is_contained_by_case_insensitive": _in(True),
    "is_not_contained_by_case_insensitive": negate(_in(True)),
    "contains": _contains(False),
    "does_not_contain": negate(_contains(False)),
    "contains_case_insensitive": _contains(True),
    "does_not_contain_case_insensitive": negate(_contains(True)),
    "contains_all": contains_all,
    "not_contains_all": negate(contains_all),
    "shares_no_elements_with": shares_none,
    "shares_at_least_one_element_with": negate(shares_none),
    "shares_exactly_one_element_with": shares_one,
    "is_ordered_subset_of": ordered_subset,
    "is_not_ordered_subset_of": negate(ordered_subset),
}
