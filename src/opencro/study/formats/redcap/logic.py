"""REDCap's language of branching logic and calculations, read into a tree.

Source: REDCap's help pages on branching logic, calculated fields, special functions and smart variables.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORD = re.compile(
    r"""(?P<blank>\s+|//[^\n]*|\#[^\n]*)
      | (?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)
      | "(?P<double>[^"]*)"
      | '(?P<single>[^']*)'
      | \[(?P<field>[^\[\]]*)\]
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<sign><>|!=|<=|>=|==|&&|\|\||[-+*/^<>=(),!%])
      | (?P<unknown>.)""",
    re.VERBOSE | re.DOTALL,
)
_REFERENCE = re.compile(r"\s*([A-Za-z0-9_-]+)\s*(?:\(\s*([^()]*?)\s*\))?\s*(?::(.*))?\s*", re.DOTALL)
_COMPARISONS = {"=": "=", "==": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_DEEPEST = 60


class LogicError(Exception):
    """A logic that cannot be read or cannot be said in our language; `got` and `expected` are short words."""

    def __init__(self, got: str, expected: str) -> None:
        super().__init__(got)
        self.got, self.expected = got, expected


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is written."""

    text: str


@dataclass(frozen=True, slots=True)
class Quoted:
    """A text in quotes."""

    text: str


@dataclass(frozen=True, slots=True)
class Reference:
    """`[field]`, `[field(code)]` or several in a row, such as `[event][field]`; each with its code and suffix."""

    parts: tuple[tuple[str, str, str], ...]

    def __str__(self) -> str:
        return "".join(f"[{n}{f'({c})' if c else ''}{f':{s}' if s else ''}]" for n, c, s in self.parts)


@dataclass(frozen=True, slots=True)
class Operation:
    """Two parts joined by a sign or by `and`, `or`."""

    sign: str
    left: Logic
    right: Logic


@dataclass(frozen=True, slots=True)
class Opposite:
    """A part with `-` or `!` before it."""

    sign: str
    operand: Logic


@dataclass(frozen=True, slots=True)
class Special:
    """A special function with its arguments."""

    name: str
    arguments: tuple[Logic, ...]


Logic = Number | Quoted | Reference | Operation | Opposite | Special


def parse_logic(text: str) -> Logic:
    """The tree of a logic or calculation; raises `LogicError`."""
    parser = _Parser(_words(text))
    tree = parser.alternatives(0)
    if parser.kind != "end":
        raise LogicError(f"`{parser.word}` after the end", "one condition or calculation")
    return tree


def _words(text: str) -> list[tuple[str, str]]:
    words = []
    for match in _WORD.finditer(text):
        kind = str(match.lastgroup)
        if kind == "unknown":
            raise LogicError(f"the sign `{match[0]}`", "REDCap's logic")
        if kind != "blank":
            words.append((kind, match[kind]))
    return [*words, ("end", "the end")]


def _deeper(depth: int) -> int:
    if depth >= _DEEPEST:
        raise LogicError(f"more than {_DEEPEST} levels", "a logic with fewer parentheses")
    return depth + 1


class _Parser:
    """Reads words from left to right, the weakest signs first."""

    def __init__(self, words: list[tuple[str, str]]) -> None:
        self._words = words
        self._at = 0

    @property
    def kind(self) -> str:
        return self._words[self._at][0]

    @property
    def word(self) -> str:
        return self._words[self._at][1]

    def _take(self) -> str:
        word = self.word
        self._at += self.kind != "end"
        return word

    def _is(self, *signs: str) -> bool:
        return self.kind in ("sign", "name") and self.word.casefold() in signs

    def alternatives(self, depth: int) -> Logic:
        """Parts joined by `or`."""
        tree = self._conjunction(_deeper(depth))
        while self._is("or", "||"):
            self._take()
            tree = Operation("or", tree, self._conjunction(depth))
        return tree

    def _conjunction(self, depth: int) -> Logic:
        tree = self._comparison(depth)
        while self._is("and", "&&"):
            self._take()
            tree = Operation("and", tree, self._comparison(depth))
        return tree

    def _comparison(self, depth: int) -> Logic:
        if self._is("!", "not"):
            self._take()
            return Opposite("!", self._comparison(_deeper(depth)))
        tree = self._sum(depth)
        while self._is(*_COMPARISONS):
            sign = _COMPARISONS[self._take()]
            tree = Operation(sign, tree, self._sum(depth))
        return tree

    def _sum(self, depth: int) -> Logic:
        tree = self._product(depth)
        while self._is("+", "-"):
            sign = self._take()
            tree = Operation(sign, tree, self._product(depth))
        return tree

    def _product(self, depth: int) -> Logic:
        tree = self._signed(depth)
        while self._is("*", "/", "%"):
            sign = self._take()
            tree = Operation(sign, tree, self._signed(depth))
        return tree

    def _signed(self, depth: int) -> Logic:
        if self._is("-"):
            self._take()
            return Opposite("-", self._signed(_deeper(depth)))
        tree = self._value(depth)
        if self._is("^"):
            self._take()
            return Operation("^", tree, self._signed(_deeper(depth)))
        return tree

    def _value(self, depth: int) -> Logic:
        kind = self.kind
        if kind == "number":
            return Number(self._take())
        if kind in ("double", "single"):
            return Quoted(self._take())
        if kind == "field":
            return self._reference()
        if kind == "name":
            name = self._take().casefold()
            if name in ("true", "false"):
                return Quoted(name)
            if not self._is("("):
                raise LogicError(f"the bare word `{name}`", "a field in brackets, a text in quotes or a function")
            return Special(name, self._arguments(depth))
        if self._is("("):
            self._take()
            tree = self.alternatives(depth)
            self._close()
            return tree
        raise LogicError(f"`{self.word}`", "a field, a number, a text or a function")

    def _arguments(self, depth: int) -> tuple[Logic, ...]:
        self._take()
        found: list[Logic] = []
        while not self._is(")"):
            if found:
                if not self._is(","):
                    raise LogicError(f"`{self.word}`", "`,` or `)`")
                self._take()
            found.append(self.alternatives(depth))
        self._take()
        return tuple(found)

    def _close(self) -> None:
        if not self._is(")"):
            raise LogicError(f"`{self.word}`", "`)`")
        self._take()

    def _reference(self) -> Reference:
        parts = []
        while self.kind == "field":
            written = self._take()
            match = _REFERENCE.fullmatch(written)
            if match is None:
                raise LogicError(f"`[{written}]`", "the name of a field in brackets")
            parts.append((match[1].casefold(), match[2] or "", match[3] or ""))
        return Reference(tuple(parts))
