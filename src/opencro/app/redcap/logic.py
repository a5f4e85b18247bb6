"""REDCap's logic, as filters and reports use it: `[age] >= 18 and ([sex] = "1" or [visit_1_arm_1][weight] <> "")`.

Grammar: `or`, `and`, `not`, comparisons (`=`, `==`, `<>`, `!=`, `<`, `<=`, `>`, `>=`), `+ - * /`, parentheses,
numbers, quoted texts, `[field]`, `[field(code)]`, `[event][field]`. Numbers compare as numbers, everything else as
text. A function
is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from opencro.app.redcap.exchange import ApiRefused

_TOKEN = re.compile(
    r"""\s*(?:(?P<field>(?:\[[^\]\[]+\])+)|(?P<text>"[^"]*"|'[^']*')|(?P<number>\d+(?:\.\d+)?|\.\d+)"""
    r"""|(?P<sign><>|<=|>=|!=|==|[=<>()+*/-])|(?P<word>[A-Za-z_]\w*))"""
)
_FIELD = re.compile(r"([a-z0-9_]+)(?:\(([^)]+)\))?\Z")
_COMPARE: dict[str, Callable[[object, object], bool]] = {
    "=": lambda a, b: a == b,
    "==": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,  # type: ignore[operator]
    "<=": lambda a, b: a <= b,  # type: ignore[operator]
    ">": lambda a, b: a > b,  # type: ignore[operator]
    ">=": lambda a, b: a >= b,  # type: ignore[operator]
}
Read = Callable[[str, str, str], str]
"""event ("" for the line's own), field, code ("" unless one answer is meant) -> its text."""
Value = str | float | bool
Node = Callable[[Read], Value]


@dataclass(frozen=True)
class Logic:
    """A parsed condition."""

    node: Node

    def holds(self, read: Read) -> bool:
        """Whether it is true of one line."""
        return _truth(self.node(read))


def parse_logic(text: str) -> Logic:
    """A condition; refused with the place where it cannot be understood."""
    return Logic(_Parser(text).whole())


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        at = 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if match is None:
                raise ApiRefused(f"The filter logic cannot be understood near '{text[at : at + 20].strip()}'.")
            self._tokens.append((str(match.lastgroup), match[str(match.lastgroup)]))
            at = match.end()
        self._at = 0

    def whole(self) -> Node:
        node = self._any()
        if self._peek()[0]:
            raise ApiRefused(f"The filter logic cannot be understood near '{self._peek()[1]}'.")
        return node

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("", "")

    def _take(self, *words: str) -> str:
        kind, word = self._peek()
        if kind in ("sign", "word") and word.lower() in words:
            self._at += 1
            return word.lower()
        return ""

    def _any(self) -> Node:
        nodes = [self._all()]
        while self._take("or"):
            nodes.append(self._all())
        return nodes[0] if len(nodes) == 1 else lambda read: any(_truth(node(read)) for node in nodes)

    def _all(self) -> Node:
        nodes = [self._not()]
        while self._take("and"):
            nodes.append(self._not())
        return nodes[0] if len(nodes) == 1 else lambda read: all(_truth(node(read)) for node in nodes)

    def _not(self) -> Node:
        if self._take("not"):
            node = self._not()
            return lambda read: not _truth(node(read))
        return self._comparison()

    def _comparison(self) -> Node:
        left = self._sum()
        sign = self._take(*_COMPARE)
        if not sign:
            return left
        right = self._sum()
        return lambda read: _compare(sign, left(read), right(read))

    def _sum(self) -> Node:
        node = self._product()
        while sign := self._take("+", "-"):
            node = _calculation(sign, node, self._product())
        return node

    def _product(self) -> Node:
        node = self._factor()
        while sign := self._take("*", "/"):
            node = _calculation(sign, node, self._factor())
        return node

    def _factor(self) -> Node:
        if self._take("("):
            node = self._any()
            if not self._take(")"):
                raise ApiRefused("The filter logic lacks a closing parenthesis.")
            return node
        if self._take("-"):
            return _calculation("-", lambda _: 0.0, self._factor())
        kind, word = self._peek()
        self._at += 1
        if kind == "number":
            return lambda _: float(word)
        if kind == "text":
            return lambda _: word[1:-1]
        if kind == "field":
            return _reference(word)
        what = (
            f"the function '{word}', which is not offered here" if kind == "word" else f"'{word}' where a value belongs"
        )
        raise ApiRefused(f"The filter logic has {what}.")


def _reference(word: str) -> Node:
    parts = word[1:-1].split("][")
    match = _FIELD.match(parts[-1])
    if len(parts) > 2 or match is None:
        raise ApiRefused(f"The filter logic names a field that cannot be understood: {word}.")
    event, name, code = (parts[0] if len(parts) == 2 else ""), match[1], match[2] or ""
    return lambda read: read(event, name, code)


def _calculation(sign: str, left: Node, right: Node) -> Node:
    def compute(read: Read) -> Value:
        a, b = _number(left(read)), _number(right(read))
        if a is None or b is None or (sign == "/" and b == 0):
            return ""
        return {"+": a + b, "-": a - b, "*": a * b}[sign] if sign != "/" else a / b

    return compute


def _compare(sign: str, left: Value, right: Value) -> bool:
    a, b = _number(left), _number(right)
    if a is not None and b is not None:
        return _COMPARE[sign](a, b)
    if sign in ("<", "<=", ">", ">=") and "" in (left, right):
        return False
    return _COMPARE[sign](_text(left), _text(right))


def _number(value: Value) -> float | None:
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, float):
        return value
    return float(value) if re.fullmatch(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)\s*", value) else None


def _text(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _truth(value: Value) -> bool:
    number = _number(value)
    return bool(value) if number is None else number != 0
