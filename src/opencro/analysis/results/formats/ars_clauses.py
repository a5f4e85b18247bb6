"""Where clauses of the Analysis Results Standard and our expressions, one into the other.

A clause is a condition (dataset, variable, comparator, values) or a compound of clauses.
Source: CDISC ARS 1.0, WhereClause.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opencro.kernel.expression import Expression, parse_expression
from opencro.kernel.expression.tree import Compare, Constant, Junction, Name, Node, Not, OneOf, Presence

SIGNS = {"EQ": "==", "NE": "!=", "GT": ">", "GE": ">=", "LT": "<", "LE": "<="}
_WORDS = {sign: word for word, sign in SIGNS.items()}
_TURNED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
Clause = Mapping[str, Any]


def read_clause(clause: Clause) -> str:
    """A clause as an expression; EQ or NE without a value is missing or present. KeyError for what is no clause."""
    if "compoundExpression" in clause:
        compound = clause["compoundExpression"]
        parts = [f"({read_clause(part)})" for part in compound.get("whereClauses", [])]
        word = str(compound["logicalOperator"]).lower()
        return f"not {parts[0]}" if word == "not" else f" {word} ".join(parts)
    condition = clause["condition"]
    variable, comparator = condition["variable"], condition["comparator"]
    values = [str(value) for value in condition.get("value", [])]
    if comparator in ("IN", "NOTIN"):
        word = "in" if comparator == "IN" else "not in"
        return f"{variable} {word} ({', '.join(map(_quoted, values))})"
    sign = SIGNS[comparator]
    if not values or values == [""]:
        return f"{variable} is {'missing' if sign == '==' else 'present'}"
    ordered = comparator not in ("EQ", "NE") and _is_number(values[0])
    return f"{variable} {sign} {values[0] if ordered else _quoted(values[0])}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def datasets_of(clause: Clause) -> set[str]:
    """The datasets that a clause names."""
    if "compoundExpression" in clause:
        parts = clause["compoundExpression"].get("whereClauses", [])
        return {name for part in parts for name in datasets_of(part)}
    return {clause["condition"]["dataset"]}


def write_clause(text: str, dataset: str) -> dict[str, Any] | None:
    """An expression as a clause; None for one that the standard cannot say, such as a computation."""
    parsed = parse_expression(text)
    return _write(parsed.node, dataset, 1) if isinstance(parsed, Expression) else None


def _write(node: Node, dataset: str, level: int) -> dict[str, Any] | None:
    match node:
        case Junction(word=word, operands=operands):
            return _compound(word.upper(), [_write(part, dataset, level + 1) for part in operands], level)
        case Not(operand=operand):
            return _compound("NOT", [_write(operand, dataset, level + 1)], level)
        case Presence(operand=Name(name=name), missing=missing):
            return _condition(dataset, name, "EQ" if missing else "NE", [""], level)
        case OneOf(operand=Name(name=name), choices=choices, negated=negated):
            values = [_text(choice) for choice in choices]
            return None if None in values else _condition(dataset, name, "NOTIN" if negated else "IN", values, level)
        case Compare(sign=sign, left=Name(name=name), right=Constant() as constant):
            return _condition(dataset, name, _WORDS[sign], [_text(constant)], level)
        case Compare(sign=sign, left=Constant() as constant, right=Name(name=name)):
            return _condition(dataset, name, _WORDS[_TURNED[sign]], [_text(constant)], level)
        case _:
            return None


def _text(node: Node) -> str | None:
    if not isinstance(node, Constant) or node.value is None:
        return None
    value = node.value
    return f"{value:g}" if isinstance(value, float) else str(value)


def _condition(dataset: str, variable: str, comparator: str, values: list[str | None], level: int) -> dict[str, Any]:
    condition = {"dataset": dataset, "variable": variable, "comparator": comparator, "value": values}
    return {"level": level, "order": 1, "condition": condition}


def _compound(operator: str, parts: list[dict[str, Any] | None], level: int) -> dict[str, Any] | None:
    if None in parts:
        return None
    clauses = [{**part, "order": i} for i, part in enumerate(parts, start=1) if part is not None]
    return {"level": level, "order": 1, "compoundExpression": {"logicalOperator": operator, "whereClauses": clauses}}
