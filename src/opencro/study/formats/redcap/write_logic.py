"""Our expressions said in REDCap's logic, with the same meaning for what is missing.

A comparison with something missing is false here; REDCap compares a blank as it stands. So `a != "1"` needs
`[a] <> "1" and [a] <> ""` there.
"""

from __future__ import annotations

from collections.abc import Callable

from opencro.kernel.expression import Expression, parse_expression
from opencro.kernel.expression.tree import (
    Arithmetic,
    Call,
    Compare,
    Constant,
    Junction,
    Name,
    Node,
    Not,
    OneOf,
    Presence,
)
from opencro.study.formats.redcap.logic import LogicError

_OR, _AND, _COMPARE, _SUM, _PRODUCT, _ATOM = range(1, 7)
_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_PLAIN = {"sqrt": "sqrt", "abs": "abs", "min": "min", "max": "max", "sum": "sum", "mean": "mean", "year": "year",
          "upper": "upper", "lower": "lower", "trim": "trim", "length": "length"}  # fmt: skip
_ROUNDING = {"round": "round", "round_down": "rounddown", "round_up": "roundup"}
Said = tuple[str, int]
Field = Callable[[str], str]
"""REDCap's name of an item; raises `LogicError` where it has none."""


def write_logic(text: str, field: Field) -> str:
    """An expression as branching logic or calculation; raises `LogicError` when REDCap cannot say it."""
    expression = parse_expression(text)
    if not isinstance(expression, Expression):
        raise LogicError("an expression with errors", "one that can be read")
    return _say(expression.node, field)[0]


def _within(said: Said, strength: int) -> str:
    return said[0] if said[1] >= strength else f"({said[0]})"


def _say(node: Node, field: Field) -> Said:
    match node:
        case Constant(value=value):
            return _constant(value)
        case Name(name=name):
            return f"[{field(name)}]", _ATOM
        case Not(operand=operand):
            return _opposite(operand, field)
        case Junction():
            return _junction(node, field)
        case Compare():
            return _compare(node, field)
        case OneOf():
            return _one_of(node, field)
        case Presence(operand=operand, missing=missing):
            return f"{_within(_say(operand, field), _SUM)} {'=' if missing else '<>'} ''", _COMPARE
        case Arithmetic():
            return _compute(node, field)
        case Call():
            return _call(node, field)


def _constant(value: object) -> Said:
    if value is None:
        return "''", _ATOM
    if isinstance(value, bool):
        raise LogicError("true or false as a value", "a comparison")
    if isinstance(value, float):
        return f"{value:.15g}", _ATOM
    return _quoted(str(value)), _ATOM


def _quoted(text: str) -> str:
    if "'" not in text:
        return f"'{text}'"
    if '"' in text:
        raise LogicError("a text with both kinds of quotes", "one kind")
    return f'"{text}"'


def _junction(node: Junction, field: Field) -> Said:
    both = _both_blank(node)
    if both is not None:
        return f"{_say(both.left, field)[0]} = {_say(both.right, field)[0]}", _COMPARE
    strength = _AND if node.word == "and" else _OR
    parts: list[str] = []
    operands = list(node.operands)
    while operands:
        pair = _both_blank(Junction("or", tuple(operands[:2]))) if node.word == "or" and len(operands) > 1 else None
        if pair is not None:
            parts.append(f"{_say(pair.left, field)[0]} = {_say(pair.right, field)[0]}")
            operands = operands[2:]
        else:
            parts.append(_within(_say(operands.pop(0), field), strength))
    return f" {node.word} ".join(parts), strength if len(parts) > 1 else _COMPARE


def _both_blank(node: Junction) -> Compare | None:
    """The comparison in `a == b or a is missing and b is missing`, which is REDCap's `[a] = [b]`."""
    match node:
        case Junction(
            word="or",
            operands=(
                Compare(sign="==", left=Name(name=left), right=Name(name=right)) as same,
                Junction(
                    word="and",
                    operands=(
                        Presence(operand=Name(name=first), missing=True),
                        Presence(operand=Name(name=second), missing=True),
                    ),
                ),
            ),
        ) if (left, right) == (first, second):
            return same
    return None


def _compare(node: Compare, field: Field) -> Said:
    left, right = (_within(_say(part, field), _SUM) for part in (node.left, node.right))
    sign = {"==": "=", "!=": "<>"}.get(node.sign, node.sign)
    said = f"{left} {sign} {right}"
    open_parts = [part for part in (node.left, node.right) if isinstance(part, Name)]
    needed = open_parts if node.sign == "!=" else open_parts[:1] if node.sign == "==" and len(open_parts) == 2 else []
    if node.sign in ("==", "!=") and any(not isinstance(p, Name | Constant) for p in (node.left, node.right)):
        return said, _COMPARE
    present = [f"[{field(part.name)}] <> ''" for part in needed]
    return (" and ".join([said, *present]), _AND) if present else (said, _COMPARE)


def _one_of(node: OneOf, field: Field) -> Said:
    operand = _within(_say(node.operand, field), _SUM)
    choices = [_constant(choice.value)[0] for choice in node.choices]
    if not node.negated:
        return " or ".join(f"{operand} = {choice}" for choice in choices), _OR if len(choices) > 1 else _COMPARE
    return " and ".join([*(f"{operand} <> {choice}" for choice in choices), f"{operand} <> ''"]), _AND


def _opposite(node: Node, field: Field) -> Said:
    """The opposite of a condition, pushed inwards: REDCap has no word for it that every version knows."""
    match node:
        case Not(operand=operand):
            return _say(operand, field)
        case Presence(operand=operand, missing=missing):
            return _say(Presence(operand, not missing), field)
        case Junction() if (both := _both_blank(node)) is not None:
            return f"{_say(both.left, field)[0]} <> {_say(both.right, field)[0]}", _COMPARE
        case Junction(word=word, operands=operands):
            other: str = "or" if word == "and" else "and"
            strength = _OR if other == "or" else _AND
            return f" {other} ".join(_within(_opposite(part, field), strength) for part in operands), strength
        case Call(function="selected", arguments=(Name(name=name), Constant(value=str(code)))):
            return f"[{field(name)}({code})] = '0'", _COMPARE
        case Call(function="contains"):
            return f"not_{_contains(node, field)}".replace("not_contains(", "not_contain("), _ATOM
        case Compare(sign=sign, left=left, right=right):
            return _not_compared(sign, left, right, field)
        case OneOf(operand=operand, choices=choices, negated=False):
            said = _within(_say(operand, field), _SUM)
            return " and ".join(f"{said} <> {_constant(c.value)[0]}" for c in choices), _AND
    raise LogicError("the opposite of something", "a comparison")


def _not_compared(sign: str, left: Node, right: Node, field: Field) -> Said:
    words = [_within(_say(part, field), _SUM) for part in (left, right)]
    if sign == "==" and isinstance(right, Constant):
        return f"{words[0]} <> {words[1]}", _COMPARE
    other = {"==": "=", "!=": "<>"}.get(_OPPOSITE[sign], _OPPOSITE[sign])
    blank = [f"{word} = ''" for word, part in zip(words, (left, right), strict=True) if not isinstance(part, Constant)]
    return " or ".join([f"{words[0]} {other} {words[1]}", *blank]), _OR


def _compute(node: Arithmetic, field: Field) -> Said:
    strength = _PRODUCT if node.sign in "*/" else _SUM
    left, right = _say(node.left, field), _say(node.right, field)
    return f"{_within(left, strength)} {node.sign} {_within(right, strength + 1)}", strength


def _contains(node: Call, field: Field) -> str:
    """REDCap does not look at capitals, so only a comparison that does not either can be said."""
    match node.arguments:
        case (Call(function="lower", arguments=(whole,)), Call(function="lower", arguments=(part,))):
            return f"{node.function}({_say(whole, field)[0]}, {_say(part, field)[0]})"
    raise LogicError(f"`{node.function}`, which minds capitals", f"{node.function}(lower(...), lower(...))")


def _call(node: Call, field: Field) -> Said:
    name, given = node.function, node.arguments
    match name, given:
        case "selected", (Name(name=item), Constant(value=str(code))):
            return f"[{field(item)}({code})] = '1'", _COMPARE
        case (("contains" | "starts_with"), _):
            return _contains(node, field), _ATOM
        case "power", (base, exponent):
            return f"({_say(base, field)[0]})^({_say(exponent, field)[0]})", _ATOM
        case "days_between", (start, end):
            return f"datediff({_say(start, field)[0]}, {_say(end, field)[0]}, 'd', 'ymd', true)", _ATOM
        case "number" | "date", (value,):
            return _say(value, field)
        case "if", (condition, then, other):
            words = [_say(part, field)[0] for part in (condition, then, other)]
            return f"if({', '.join(words)})", _ATOM
    if name in _ROUNDING:
        digits = _say(given[1], field)[0] if len(given) > 1 else "0"
        return f"{_ROUNDING[name]}({_say(given[0], field)[0]}, {digits})", _ATOM
    if name in _PLAIN:
        return f"{_PLAIN[name]}({', '.join(_say(part, field)[0] for part in given)})", _ATOM
    raise LogicError(f"`{name}`", "a function that REDCap has")
