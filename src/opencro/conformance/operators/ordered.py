"""Tests that look at the order of rows within a group."""

from __future__ import annotations

from typing import Any

import polars as pl

from opencro.conformance.bench import Bench
from opencro.conformance.model import Leaf
from opencro.conformance.operators.form import Operator, negate, truth


def _within(leaf: Leaf, bench: Bench) -> list[pl.Expr]:
    words = leaf.options.get("within")
    return [bench.column(str(w)).expr for w in (words if isinstance(words, list) else [words])]


def empty_but_last(leaf: Leaf, bench: Bench) -> pl.Expr:
    """Whether the target is missing on a row that is not the last of its group."""
    group = bench.column(str(leaf.value)).expr
    order = leaf.options.get("ordering")
    by = bench.column(str(order)).expr if order else pl.int_range(pl.len())
    place = by.rank("ordinal").over(group)
    return truth((place < pl.len().over(group)) & bench.target(leaf).expr.is_null())


def filled_but_last(leaf: Leaf, bench: Bench) -> pl.Expr:
    """Whether the target is present on a row that is not the last of its group."""
    group = bench.column(str(leaf.value)).expr
    order = leaf.options.get("ordering")
    by = bench.column(str(order)).expr if order else pl.int_range(pl.len())
    place = by.rank("ordinal").over(group)
    return truth((place < pl.len().over(group)) & bench.target(leaf).expr.is_not_null())


def has_next(leaf: Leaf, bench: Bench) -> pl.Expr:
    """Whether the target equals the comparator of the next row of the group; the last row always does."""
    target, other = bench.target(leaf).expr, bench.column(str(leaf.value)).expr
    groups, order = _within(leaf, bench), bench.column(str(leaf.options.get("ordering"))).expr
    following = other.shift(-1).over(groups, order_by=order)
    last = order.rank("ordinal").over(groups) == pl.len().over(groups)
    return truth(target == following) | truth(last)


def sorted_by(leaf: Leaf, bench: Bench) -> pl.Expr:
    """Whether, in the order of the target within a group, each comparator rises (or falls) with it."""
    target, groups = bench.target(leaf).expr, _within(leaf, bench)
    return pl.all_horizontal([_rises(target, groups, key, bench) for key in leaf.value or ()])


def _rises(target: pl.Expr, groups: list[pl.Expr], key: dict[str, Any], bench: Bench) -> pl.Expr:
    value = bench.column(str(key["name"])).expr
    falls = str(key.get("sort_order", "asc")).lower() == "desc"
    known = pl.when(value.is_not_null()).then(target)
    mismatch = known.rank("ordinal").over(groups) != value.rank("ordinal", descending=falls).over(
        groups, order_by=target
    )
    before = value.forward_fill().shift(1).over(groups, order_by=target)
    after = value.backward_fill().shift(-1).over(groups, order_by=target)
    wrong = (before < value) | (after > value) if falls else (before > value) | (after < value)
    place = target.rank("ordinal")
    first_null = pl.when(value.is_null()).then(place).min()
    last_known = pl.when(value.is_not_null()).then(place).max()
    last_null = pl.when(value.is_null()).then(place).max()
    first_known = pl.when(value.is_not_null()).then(place).min()
    at_end = str(key.get("null_position", "last")) == "last"
    misplaced = (first_null < last_known) if at_end else (last_null > first_known)
    nulls = value.is_null() & misplaced.over(groups)
    return ~(truth(mismatch) | truth(wrong) | truth(nulls))


def ordered_set(leaf: Leaf, bench: Bench) -> pl.Expr:
    """Whether the target stands where sorting its group would put it."""
    target = bench.target(leaf).expr
    words = leaf.value if isinstance(leaf.value, list) else [leaf.value]
    groups = [bench.column(str(w)).expr for w in words]
    return truth(target == target.sort().over(groups))


def ordered_by(leaf: Leaf, bench: Bench) -> pl.Expr:
    """Whether the target stands where sorting the column would put it."""
    target = bench.target(leaf).expr
    return truth(target == target.sort(descending=leaf.options.get("order") == "dsc"))


OPERATORS: dict[str, Operator] = {
    "empty_within_except_last_row": empty_but_last,
    "non_empty_within_except_last_row": filled_but_last,
    "has_next_corresponding_record": has_next,
    "does_not_have_next_corresponding_record": negate(has_next),
    "target_is_sorted_by": sorted_by,
    "target_is_not_sorted_by": negate(sorted_by),
    "is_ordered_set": ordered_set,
    "is_not_ordered_set": negate(ordered_set),
    "is_ordered_by": ordered_by,
    "is_not_ordered_by": negate(ordered_by),
}
