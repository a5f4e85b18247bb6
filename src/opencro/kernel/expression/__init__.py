"""One tiny typed language for conditions and small computations; its grammar is one page: docs/expressions.md."""

from opencro.kernel.expression.check import check_expression
from opencro.kernel.expression.columns import to_polars
from opencro.kernel.expression.conditions import Verdict, conditions, render_part, weigh_conditions
from opencro.kernel.expression.parser import parse_expression
from opencro.kernel.expression.render import render_json
from opencro.kernel.expression.rows import evaluate
from opencro.kernel.expression.tree import FIRST, PREVIOUS, Expression, Name
from opencro.kernel.expression.types import Types, Value, ValueType

__all__ = [
    "FIRST",
    "PREVIOUS",
    "Expression",
    "Name",
    "Types",
    "Value",
    "ValueType",
    "Verdict",
    "check_expression",
    "conditions",
    "evaluate",
    "parse_expression",
    "render_json",
    "render_part",
    "to_polars",
    "weigh_conditions",
]
