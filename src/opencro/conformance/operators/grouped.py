"""Tests that look at a group of rows: uniqueness of keys, one-to-one relationships, consistency."""

from __future__ import annotations

import itertools
import re

import polars as pl

from opencro.conformance.bench import Bench, MissingColumn
from opencro.conformance.model import Leaf
from opencro.conformance.operators.form import Operator, negate, truth
from opencro.conformance.operators.text import check_pattern


def _names(words: object, bench: Bench) -> list[str]:
    """Column names in a word or list of words, with operation results that are lists of names spread out."""
    found: list[str] = []
    for word in words if isinstance(words, list | tuple) else [words]:
        name = bench.name(str(word))
        value = bench.constants.get(name)
        found.extend(_names(list(value), bench) if isinstance(value, list | tuple) else [name])
    return list(dict.fromkeys(found))


def _reduced(name: str, pattern: str, bench: Bench) -> pl.Expr:
    """A text column cut to what the pattern takes, where its first value has that form."""
    column = pl.col(name)
    if not pattern or bench.schema[name] != pl.String:
        return column
    group = 1 if re.search(r"(?<!\\)\((?!\?)", pattern) else 0
    starts = column.drop_nulls().first().str.contains(f"^(?:{check_pattern(pattern)})")
    return pl.when(truth(starts)).then(column.str.extract(pattern, group)).otherwise(column)


def unique_set(leaf: Leaf, bench: Bench) -> pl.Expr:
    """Whether no other row has the same values of target and comparator; absent columns are left out."""
    words = [leaf.name, *(leaf.value if isinstance(leaf.value, list) else [leaf.value])]
    names = [name for name in _names(words, bench) if name in bench.schema]
    if not names:
        raise MissingColumn(leaf.name)
    keys = [_reduced(name, str(leaf.options.get("regex") or ""), bench) for name in names]
    return pl.len().over(keys) <= 1


def _required(words: object, bench: Bench) -> list[str]:
    names = _names(words, bench)
    for name in names:
        bench.column(name)
    return names


def not_one_to_one(leaf: Leaf, bench: Bench) -> pl.Expr:
    """Whether the target's value goes with several values of the comparator, or the other way round."""
    target = _required(leaf.name, bench)[0]
    others = _required(leaf.value, bench)
    left = pl.col(target)
    if len(others) == 1:
        right = pl.col(others[0])
    else:
        complete = pl.all_horizontal([pl.col(name).is_not_null() for name in others])
        right = pl.when(complete).then(pl.struct(others))
    forward = (right.n_unique().over(left) > 1) & left.is_not_null()
    backward = (left.n_unique().over(right) > 1) & right.is_not_null()
    return truth(forward) | truth(backward)


def inconsistent(leaf: Leaf, bench: Bench) -> pl.Expr:
    """Whether the target differs from the value that most rows of its group have; a tie marks the whole group."""
    column = bench.target(leaf)
    groups = [name for name in _names(leaf.value, bench) if name in bench.schema]
    text = column.text
    pattern = leaf.options.get("regex")
    if pattern:
        pattern = check_pattern(str(pattern[0] if isinstance(pattern, list) else pattern))
        group = 1 if re.search(r"(?<!\\)\((?!\?)", pattern) else 0
        text = text.str.extract(pattern, group).fill_null(text)
    value = text.fill_null("\0")
    several = value.n_unique() > 1
    tied = value.mode().len() > 1
    odd = several & (tied | ~value.is_in(value.mode().implode()))
    return odd.over(groups) if groups else odd


def several_rows(leaf: Leaf, bench: Bench) -> pl.Expr:
    """Whether the target's value stands on more rows of its group than the given number (1 if none)."""
    target = bench.target(leaf).expr
    group = bench.column(str(leaf.options.get("within"))).expr
    least = leaf.value if isinstance(leaf.value, int) and leaf.value else 1
    return (pl.len().over([group, target]) > least) | target.is_null() | group.is_null()


def gap_in_enumeration(leaf: Leaf, bench: Bench) -> pl.Expr:
    """Whether VARIABLE(n+1) is populated on a row where VARIABLE(n) is not."""
    stem = bench.name(leaf.name)
    names = [name for name in bench.schema if re.fullmatch(rf"{re.escape(stem)}\d*", name)]
    names.sort(key=lambda name: (len(name), name))
    pairs = itertools.pairwise(names)
    gaps = [pl.col(after).is_not_null() & pl.col(before).is_null() for before, after in pairs]
    return pl.any_horizontal(gaps) if gaps else pl.lit(False)


def different_values(leaf: Leaf, bench: Bench) -> pl.Expr:
    """Whether the column has more than one value."""
    return bench.target(leaf).expr.n_unique() > 1


OPERATORS: dict[str, Operator] = {
    "is_unique_set": unique_set,
    "is_not_unique_set": negate(unique_set),
    "is_not_unique_relationship": not_one_to_one,
    "is_unique_relationship": negate(not_one_to_one),
    "is_inconsistent_across_dataset": inconsistent,
    "present_on_multiple_rows_within": several_rows,
    "not_present_on_multiple_rows_within": negate(several_rows),
    "inconsistent_enumerated_columns": gap_in_enumeration,
    "has_different_values": different_values,
    "has_same_values": negate(different_values),
}
