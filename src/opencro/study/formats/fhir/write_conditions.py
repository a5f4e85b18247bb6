"""Conditions of ours as enableWhen, where FHIR can say them: comparisons with constants, all of them or any of them."""

from __future__ import annotations

from typing import Any

from opencro.kernel.expression import Expression, parse_expression
from opencro.kernel.expression.tree import Call, Compare, Constant, Junction, Name, Node, Not, Presence
from opencro.study.formats.fhir.reading import Json
from opencro.study.model.form import Form, Item

_ANSWERS = {
    "integer": "answerInteger",
    "decimal": "answerDecimal",
    "date": "answerDate",
    "datetime": "answerDateTime",
    "time": "answerTime",
    "text": "answerString",
    "choice": "answerCoding",
    "choices": "answerCoding",
}


def enable_when(form: Form, item: Item) -> tuple[list[Json], str]:
    """The conditions of an item and whether `all` or `any` must hold; none where FHIR cannot say them."""
    expression = parse_expression(item.show_when) if item.show_when else None
    if not isinstance(expression, Expression):
        return [], "all"
    node = expression.node
    operands = node.operands if isinstance(node, Junction) else (node,)
    behavior = "any" if isinstance(node, Junction) and node.word == "or" else "all"
    items = {i.id: i for group in form.groups for i in group.items}
    said = [_condition(items, operand) for operand in operands]
    return ([one for one in said if one], behavior) if all(said) else ([], "all")


def _condition(items: dict[str, Item], node: Node) -> Json | None:
    match node:
        case Presence(operand=Name(name=name), missing=missing) if name in items:
            return {"question": name, "operator": "exists", "answerBoolean": not missing}
        case Not(operand=inner):
            said = _condition(items, inner)
            return {**said, "operator": "!="} if said is not None and said["operator"] == "=" else None
        case Call(function="selected", arguments=(Name(name=name), Constant(value=value))) if name in items:
            return _answer(items[name], "=", value)
        case Compare(sign=sign, left=Name(name=name), right=Constant(value=value)) if name in items and sign != "!=":
            return _answer(items[name], "=" if sign == "==" else sign, value)
        case _:
            return None


def _answer(item: Item, operator: str, value: object) -> Json | None:
    key = _ANSWERS.get(item.type)
    made = _value(item, value)
    if key is None or made is None or (item.type in ("choice", "choices") and operator not in ("=", "!=")):
        return None
    return {"question": item.id, "operator": operator, key: made}


def _value(item: Item, value: object) -> Any:
    if item.type in ("integer", "decimal"):
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        whole = float(value).is_integer()
        return int(value) if whole else value if item.type == "decimal" else None
    if not isinstance(value, str) or not value.strip():
        return None
    return {"code": value} if item.type in ("choice", "choices") else value
