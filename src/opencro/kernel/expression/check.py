"""Whether an expression makes sense: known names, fitting types, no comparison that can never be true."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from opencro.kernel.expression.functions import BRANCH, FUNCTIONS
from opencro.kernel.expression.reading import read_date, read_number
from opencro.kernel.expression.tree import (
    FIRST,
    PREVIOUS,
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
    walk,
)
from opencro.kernel.expression.types import EQUALITY, Known, Types, ValueType, common_type, declared_type, type_of
from opencro.kernel.finding import Finding, Findings, suggest


def check_expression(
    expression: Expression,
    known_names: Types,
    *,
    gives: ValueType | None = None,
    visits: Collection[str] | None = None,
) -> Findings:
    """Findings EXP-007 (unknown name), EXP-008 (type), EXP-009 (never true), EXP-010 and EXP-011 (visits).

    `known_names` maps every permitted name to its type; `gives` is the type that the whole must have, if any, where a
    text that is read as a number or date does for these. `visits` are the ids that may follow `at`; None where no value
    of another visit can be read.
    """
    found: list[Finding] = []
    for part in walk(expression.node):
        found += _names(expression, part, known_names)
        found += _visits(expression, part, visits)
        found += _types(expression, part, known_names)
        found += _never_true(expression, part)
    kind = type_of(expression.node, known_names)
    if gives is not None and (kind != gives if gives == "boolean" else not _fits(expression.node, known_names, gives)):
        found.append(_mismatch(expression, expression.node, kind, gives))
    return Findings(tuple(found))


def _finding(expression: Expression, node: Node, code: str, got: str, expected: str, remedy: str) -> Finding:
    shown = expression.text if len(expression.text) <= 80 else expression.text[:77] + "..."
    return Finding(code, expression.place, f"{got} at column {node.column} of `{shown}`", expected, remedy)


def _names(expression: Expression, node: Node, types: Types) -> Iterator[Finding]:
    if isinstance(node, Name) and declared_type(node, types) is None:
        remedy = suggest(node.item, types) or "Use a name that is collected here."
        yield _finding(expression, node, "EXP-007", f"unknown name `{node.item}`", "a known name", remedy)


def _visits(expression: Expression, node: Node, visits: Collection[str] | None) -> Iterator[Finding]:
    if not isinstance(node, Name) or not node.visit:
        return
    if visits is None:
        remedy = "Only edit checks read values of other visits."
        yield _finding(expression, node, "EXP-010", f"`{node.name}`", "a value of the same row", remedy)
    elif node.visit not in (PREVIOUS, FIRST, *visits):
        remedy = suggest(node.visit, (PREVIOUS, FIRST, *visits)) or "Name a visit of the schedule by its id."
        yield _finding(expression, node, "EXP-011", f"visit `{node.visit}`", "`previous`, `first` or a visit", remedy)


def _mismatch(expression: Expression, node: Node, got: Known, expected: ValueType) -> Finding:
    remedy = {
        "boolean": "Make it a condition, with a comparison or `is present`.",
        "text": "Give a text here.",
        "number": "Give a number, or a text that is to be read as a number.",
        "date": "Give a date, or a text that is to be read as a date.",
    }[expected]
    return _finding(expression, node, "EXP-008", f"a {got} value", f"a {expected} value", remedy)


def _fits(node: Node, types: Types, expected: ValueType) -> bool:
    """Whether a part may stand where a type is expected: text is read as number or date, where it can be."""
    kind = type_of(node, types)
    if kind in (expected, "missing"):
        return True
    if isinstance(node, Name) and declared_type(node, types) == "date" and expected == "text":
        return True  # what was collected is a text, also where it is read as a date
    if kind != "text" or expected in ("text", "boolean"):
        return False
    if not isinstance(node, Constant):
        return True
    return (read_number if expected == "number" else read_date)(node.value) is not None


def _types(expression: Expression, node: Node, types: Types) -> Iterator[Finding]:
    for part, expected in _expectations(node, types):
        unknown = isinstance(part, Name) and declared_type(part, types) is None
        if not unknown and not _fits(part, types, expected):
            yield _mismatch(expression, part, type_of(part, types), expected)
    if isinstance(node, Compare) and node.sign not in EQUALITY and _kind(types, node.left, node.right) == "boolean":
        yield _finding(expression, node, "EXP-008", f"`{node.sign}` of conditions", "`==` or `!=`", "Use `==` or `!=`.")


def _kind(types: Types, *parts: Node) -> ValueType:
    return common_type(*(type_of(part, types) for part in parts))


def _expectations(node: Node, types: Types) -> Iterator[tuple[Node, ValueType]]:
    match node:
        case Not(operand=operand):
            yield operand, "boolean"
        case Junction(operands=operands):
            yield from ((part, "boolean") for part in operands)
        case Compare(left=left, right=right):
            yield from ((part, _kind(types, left, right)) for part in (left, right))
        case OneOf(operand=operand, choices=choices):
            yield from ((part, _kind(types, operand, *choices)) for part in (operand, *choices))
        case Arithmetic(left=left, right=right):
            yield from ((part, "number") for part in (left, right))
        case Call(function=function, arguments=(condition, *branches)) if function == BRANCH:
            yield condition, "boolean"
            yield from ((part, _kind(types, *branches)) for part in branches)
        case Call(function=function, arguments=arguments):
            yield from ((part, FUNCTIONS[function].parameter(i)) for i, part in enumerate(arguments))
        case _:
            return


def _never_true(expression: Expression, node: Node) -> Iterator[Finding]:
    parts = (node.left, node.right) if isinstance(node, Compare) else node.choices if isinstance(node, OneOf) else ()
    for part in parts:
        if isinstance(part, Constant) and part.value in (None, ""):
            got = "a comparison with missing" if part.value is None else 'a comparison with ""'
            yield _finding(expression, part, "EXP-009", got, "`is missing` or `is present`", "Write `is missing`.")
