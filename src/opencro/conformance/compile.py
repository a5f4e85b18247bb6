"""A check becomes one Polars expression that is true on the rows that break the rule.

A column that the dataset lacks takes a test out of `any`; it takes the rule off the dataset under `all` and `not`,
and under `any` when no test is left.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from opencro.conformance.bench import Bench, MissingColumn, UnknownWord
from opencro.conformance.model import Condition, Leaf
from opencro.conformance.operators import OPERATORS
from opencro.conformance.operators.form import truth

OPTIONS = frozenset(
    {
        *("value_is_literal", "value_is_reference", "type_insensitive", "round_values", "prefix", "suffix", "within"),
        *("ordering", "order", "regex", "negative", "date_component", "metadata", "separator"),
    }
)


def leaves(condition: Condition) -> Iterator[Leaf]:
    """Every test of a check, in the order in which it is written."""
    if isinstance(condition, Leaf):
        yield condition
        return
    for part in condition.parts:
        yield from leaves(part)


def unknown_words(condition: Condition) -> list[str]:
    """The operators and options of a check that are not known here."""
    words = []
    for leaf in leaves(condition):
        if leaf.operator not in OPERATORS:
            words.append(f"operator {leaf.operator}")
        words.extend(f"option {word}" for word in leaf.options if word not in OPTIONS)
    return list(dict.fromkeys(words))


def compile_condition(condition: Condition, bench: Bench) -> pl.Expr:
    """The expression of a check; MissingColumn when it cannot apply to this dataset, UnknownWord when not known."""
    if isinstance(condition, Leaf):
        operator = OPERATORS.get(condition.operator)
        if operator is None:
            raise UnknownWord(f"operator {condition.operator}")
        return truth(operator(condition, bench))
    if condition.kind == "not":
        return ~compile_condition(condition.parts[0], bench)
    if condition.kind == "all":
        return pl.all_horizontal([compile_condition(part, bench) for part in condition.parts])
    compiled, missing = [], []
    for part in condition.parts:
        try:
            compiled.append(compile_condition(part, bench))
        except MissingColumn as column:
            missing.append(str(column))
    if not compiled:
        raise MissingColumn(", ".join(dict.fromkeys(missing)))
    return pl.any_horizontal(compiled)
