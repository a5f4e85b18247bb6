"""XLSForm's language of expressions, read into a tree: XPath 1.0 with `${question}` for a question's answer.

Source: W3C XPath 1.0 section 3 (grammar, 3.7 for names that are operators); ODK XForms specification (functions).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORD = re.compile(
    r"""(?P<blank>\s+)
      | (?P<question>\$\{[^{}]*\})
      | (?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)
      | "(?P<double>[^"]*)"
      | '(?P<single>[^']*)'
      | (?P<name>[^\W\d][\w.-]*(?::(?!:)[^\W\d][\w.-]*)?)
      | (?P<sign>\.\.|::|//|!=|<=|>=|[-+*/=<>(),|.@\[\]])
      | (?P<unknown>.)""",
    re.VERBOSE | re.DOTALL,
)
_SMART = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"'})
_OPERATORS = frozenset(["and", "or", "div", "mod"])
_BEFORE_OPERAND = frozenset(["", "(", "[", ",", "@", "::", "/", "//", "|", "+", "-", "=", "!=", "<", "<=", ">", ">="])
_DEEPEST = 60


class Unreadable(Exception):
    """An expression that is no XPath, or that names what the form does not have; `got`, `expected` are short words."""

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
class Question:
    """`${name}`: the answer to a question."""

    name: str


@dataclass(frozen=True, slots=True)
class Here:
    """`.`: the answer that is being given."""


@dataclass(frozen=True, slots=True)
class Path:
    """A location path as it is written; `name` is its last step, `plain` when it has parents and children only."""

    text: str
    name: str
    plain: bool


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments."""

    name: str
    arguments: tuple[XPath, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """Two parts joined by `or and = != < <= > >= + - * div mod |`."""

    sign: str
    left: XPath
    right: XPath


@dataclass(frozen=True, slots=True)
class Minus:
    """A part with `-` before it."""

    operand: XPath


XPath = Number | Quoted | Question | Here | Path | Call | Operation | Minus
_LEVELS = (("or",), ("and",), ("=", "!="), ("<", "<=", ">", ">="), ("+", "-"), ("*", "div", "mod"))
"""Operators, the weakest first."""


def parse_xpath(text: str) -> XPath:
    """The tree of an expression; raises `Unreadable`. Typographic quotes are read as plain ones."""
    parser = _Parser(_words(text.translate(_SMART)))
    tree = parser.level(0, 0)
    if parser.kind != "end":
        raise Unreadable(f"`{parser.word}` after the end", "one expression")
    return tree


def _words(text: str) -> list[tuple[str, str]]:
    words: list[tuple[str, str]] = []
    for match in _WORD.finditer(text):
        kind = str(match.lastgroup)
        if kind == "unknown":
            got = "a quote that is not closed" if match[0] in "\"'" else f"the sign `{match[0]}`"
            raise Unreadable(got, "XPath")
        if kind != "blank":
            after = words[-1] if words else ("sign", "")
            operand = after[0] == "operator" or (after[0] == "sign" and after[1] in _BEFORE_OPERAND)
            word = match[kind]
            operator = not operand and (word in _OPERATORS or word == "*")
            words.append(("operator" if operator else kind, word))
    return [*words, ("end", "the end")]


class _Parser:
    """Reads words from left to right."""

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
        return self.kind in ("sign", "operator") and self.word in signs

    def level(self, level: int, depth: int) -> XPath:
        """An expression whose operators are at least as strong as those of a level."""
        if depth > _DEEPEST:
            raise Unreadable(f"more than {_DEEPEST} levels", "an expression with fewer parentheses")
        if level == len(_LEVELS):
            return self._signed(depth)
        tree = self.level(level + 1, depth)
        while self._is(*_LEVELS[level]):
            sign = self._take()
            tree = Operation(sign, tree, self.level(level + 1, depth))
        return tree

    def _signed(self, depth: int) -> XPath:
        if self._is("-"):
            self._take()
            return Minus(self._signed(depth + 1))
        tree = self._value(depth)
        while self._is("|"):
            self._take()
            tree = Operation("|", tree, self._value(depth))
        return tree

    def _value(self, depth: int) -> XPath:
        kind = self.kind
        if kind == "number":
            return Number(self._take())
        if kind in ("double", "single"):
            return Quoted(self._take())
        if kind == "question":
            return self._question(depth)
        if self._is("("):
            self._take()
            tree = self.level(0, depth + 1)
            self._close(")")
            return tree
        if kind == "name" and self._words[self._at + 1] == ("sign", "("):
            return self._call(depth)
        return self._path(depth)

    def _question(self, depth: int) -> XPath:
        written = self._take()
        name = written[2:-1].strip()
        if not name:
            raise Unreadable(f"`{written}`", "the name of a question in ${}")
        if self._is("[", "/", "//"):
            return self._steps(written, depth)
        return Question(name)

    def _call(self, depth: int) -> XPath:
        name = self._take()
        self._take()
        arguments: list[XPath] = []
        while not self._is(")"):
            if arguments:
                if not self._is(","):
                    raise Unreadable(f"`{self.word}`", "`,` or `)`")
                self._take()
            arguments.append(self.level(0, depth + 1))
        self._take()
        if self._is("[", "/", "//"):
            return self._steps(f"{name}(...)", depth)
        return Call(name, tuple(arguments))

    def _path(self, depth: int) -> XPath:
        """A location path that begins with `/`, `.`, `..`, `@` or a name."""
        if self._is("/", "//"):
            return self._steps("", depth)
        if self._is("."):
            self._take()
            return self._steps(".", depth) if self._is("[", "/", "//") else Here()
        if self._is("..", "@", "*") or self.kind == "name":
            return self._steps(self._step(), depth)
        raise Unreadable(f"`{self.word}`", "a question, a number, a text or a function")

    def _step(self) -> str:
        if self._is("@"):
            self._take()
            return f"@{self._step()}"
        if self._is("..", ".", "*") or self.kind == "name":
            word = self._take()
            if self._is("::"):
                self._take()
                return f"{word}::{self._step()}"
            if self._is("("):
                self._take()
                self._close(")")
                return f"{word}()"
            return word
        raise Unreadable(f"`{self.word}`", "a step of a path")

    def _steps(self, start: str, depth: int) -> Path:
        text, last, plain = start, start, not start.startswith(("$", "@")) and "::" not in start and "(" not in start
        while self._is("[", "/", "//"):
            sign = self._take()
            if sign == "[":
                self.level(0, depth + 1)
                self._close("]")
                text, plain = f"{text}[...]", False
                continue
            last = self._step()
            text = f"{text}{sign}{last}"
            plain = plain and sign == "/" and not set("@:(*") & set(last)
        return Path(text, last, plain and last not in ("", ".", "..", "*"))

    def _close(self, sign: str) -> None:
        if not self._is(sign):
            raise Unreadable(f"`{self.word}`", f"`{sign}`")
        self._take()
