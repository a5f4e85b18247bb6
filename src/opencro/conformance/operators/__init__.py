"""The check operators of the rule language, each a function from a test to a Polars expression of true and false."""

from __future__ import annotations

from opencro.conformance.operators import compare, contain, dates, grouped, ordered, text
from opencro.conformance.operators.form import Operator, negate

OPERATORS: dict[str, Operator] = {
    **compare.OPERATORS,
    **contain.OPERATORS,
    **dates.OPERATORS,
    **grouped.OPERATORS,
    **ordered.OPERATORS,
    **text.OPERATORS,
}

__all__ = ["OPERATORS", "Operator", "negate"]
