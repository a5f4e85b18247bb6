"""The form of an operator, and how its opposite is made."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from opencro.conformance.bench import Bench
from opencro.conformance.model import Leaf

Operator = Callable[[Leaf, Bench], pl.Expr]


def truth(expr: pl.Expr) -> pl.Expr:
    """The expression with null read as false."""
    return expr.fill_null(False)


def negate(operator: Operator) -> Operator:
    """The operator that is true exactly where the given one is not."""

    def opposite(leaf: Leaf, bench: Bench) -> pl.Expr:
        return ~truth(operator(leaf, bench))

    return opposite
