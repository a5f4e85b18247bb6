"""An expression as plain JSON, every reading of a text decided: what an evaluator in another language needs.

The form is docs/expressions.md, "As JSON". In the browser app/web/static/web/expression.js evaluates it; both are held
to one corpus, tests/kernel/expression/corpus.jsonl.
"""

from __future__ import annotations

import json
import math
from typing import Any

from opencro.kernel.expression.functions import BRANCH, FUNCTIONS
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
)
from opencro.kernel.expression.types import EQUALITY, Types, Value, common_type, type_of

FORM = 1
"""The number of this form of JSON; it changes when an evaluator that knows the old form would go wrong."""


def render_json(expression: Expression, types: Types) -> str:
    """An expression as JSON text: `form`, `gives` (its type), `names` and the `tree` of its parts.

    `types` maps names to types, as in `evaluate`; a name that it lacks is text. Each part says what it is (`part`), and
    `as` says how values are read where that depends on the types of names. The same expression and types always give
    the same text.
    """
    tree = {
        "form": FORM,
        "gives": type_of(expression.node, types),
        "names": list(expression.names()),
        "tree": _part(expression.node, types),
    }
    return json.dumps(tree, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _part(node: Node, types: Types) -> dict[str, Any]:
    match node:
        case Constant(value=value):
            return {"part": "constant", "value": _constant(value)}
        case Name(name=name):
            return {"part": "name", "name": name}
        case Not(operand=operand):
            return {"part": "not", "operand": _part(operand, types)}
        case Junction(word=word, operands=operands):
            return {"part": word, "operands": [_part(each, types) for each in operands]}
        case Presence(operand=operand, missing=missing):
            return {"part": "missing" if missing else "present", "operand": _part(operand, types)}
        case Compare():
            return _compare(node, types)
        case OneOf(operand=operand, choices=choices, negated=negated):
            kind = common_type(type_of(operand, types), *(type_of(choice, types) for choice in choices))
            values = [_constant(choice.value) for choice in choices]
            return {
                "part": "not in" if negated else "in",
                "as": kind,
                "operand": _part(operand, types),
                "choices": values,
            }
        case Arithmetic(sign=sign, left=left, right=right):
            return {"part": "compute", "sign": sign, "left": _part(left, types), "right": _part(right, types)}
        case Call():
            return _call(node, types)


def _compare(node: Compare, types: Types) -> dict[str, Any]:
    kind = common_type(type_of(node.left, types), type_of(node.right, types))
    if kind == "boolean" and node.sign not in EQUALITY:
        return {"part": "constant", "value": False}
    left, right = _part(node.left, types), _part(node.right, types)
    return {"part": "compare", "sign": node.sign, "as": kind, "left": left, "right": right}


def _call(node: Call, types: Types) -> dict[str, Any]:
    parts = [_part(argument, types) for argument in node.arguments]
    if node.function == BRANCH:
        kind = common_type(*(type_of(argument, types) for argument in node.arguments[1:]))
        return {"part": "if", "as": kind, "condition": parts[0], "then": parts[1], "other": parts[2]}
    function = FUNCTIONS[node.function]
    takes = [function.parameter(i) for i in range(len(parts))]
    call = {"part": "call", "function": node.function, "takes": takes, "gives": function.gives, "arguments": parts}
    return {**call, "skips_missing": True} if function.skips_missing else call


def _constant(value: Value) -> Value:
    """A constant; one beyond all bounds (1e400) is missing, and JSON has no word for it."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
