"""Words into a tree: a Pratt parser, one binding strength per operator.

Source: V. Pratt, "Top down operator precedence", POPL 1973. The grammar is docs/expressions.md.
"""

from __future__ import annotations

from typing import cast

from opencro.kernel.expression.functions import FUNCTIONS
from opencro.kernel.expression.tree import (
    AT,
    NOWHERE,
    Arithmetic,
    Call,
    Compare,
    Comparison,
    Constant,
    Expression,
    Junction,
    Name,
    Node,
    Not,
    OneOf,
    Presence,
)
from opencro.kernel.expression.words import Word, split_words
from opencro.kernel.finding import Finding, Findings, Place, suggest

_OR, _AND, _NOT, _COMPARE, _ADD, _MULTIPLY, _SIGN = range(1, 8)
_STRENGTH = {
    "or": _OR,
    "and": _AND,
    **dict.fromkeys(("in", "not", "is", "==", "!=", "<", "<=", ">", ">="), _COMPARE),
    **dict.fromkeys(("+", "-"), _ADD),
    **dict.fromkeys(("*", "/"), _MULTIPLY),
}
_FOREIGN = {"=": "==", "&&": "and", "||": "or", "<>": "!="}
_MAX_DEPTH = 60
_MAX_LENGTH = 20_000
_MAX_DIGITS = 10
_ROUNDING = ("round", "round_down", "round_up")


def parse_expression(text: str, place: Place = NOWHERE) -> Expression | Findings:
    """Read an expression; findings EXP-001..EXP-006 with the column say why it cannot be read."""
    try:
        return Expression(text, _Parser(text, place).whole(), place)
    except _Stop as stop:
        return Findings((stop.finding,))


class _Stop(Exception):
    """The first thing that cannot be read; never leaves this module."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding.code)


class _Parser:
    def __init__(self, text: str, place: Place) -> None:
        self.text = text
        self.place = place
        if len(text) > _MAX_LENGTH:
            raise self.stop("EXP-006", 1, f"{len(text)} characters", f"at most {_MAX_LENGTH}", "Shorten it.")
        self.words = split_words(text)
        self.at = 0

    @property
    def word(self) -> Word:
        return self.words[self.at]

    def stop(self, code: str, column: int, got: str, expected: str, remedy: str) -> _Stop:
        shown = self.text if len(self.text) <= 80 else self.text[:77] + "..."
        return _Stop(Finding(code, self.place, f"{got} at column {column} of `{shown}`", expected, remedy))

    def take(self) -> Word:
        word = self.word
        self.at += 1
        return word

    def is_sign(self, *texts: str) -> bool:
        return self.word.kind in ("sign", "keyword") and self.word.text in texts

    def expect(self, text: str) -> Word:
        if not self.is_sign(text):
            raise self.unexpected(f"`{text}`")
        return self.take()

    def unexpected(self, expected: str) -> _Stop:
        word = self.word
        if word.kind == "end":
            return self.stop("EXP-002", word.column, "the end", expected, "Complete the expression.")
        if word.kind == "open text":
            return self.stop("EXP-003", word.column, "a text without end", 'a closing `"`', 'Close it with `"`.')
        if word.text in _FOREIGN:
            remedy = f"Write `{_FOREIGN[word.text]}`."
        else:
            remedy = "See docs/expressions.md for the grammar."
        code = "EXP-001" if word.kind == "unknown" or word.text in _FOREIGN else "EXP-002"
        return self.stop(code, word.column, f"`{word.text}`", expected, remedy)

    def whole(self) -> Node:
        node = self.expression(0, 0)
        if self.word.kind != "end":
            raise self.unexpected("an operator or the end")
        return node

    def expression(self, strength: int, depth: int) -> Node:
        node = self.prefix(depth)
        while self.word.kind in ("sign", "keyword") and _STRENGTH.get(self.word.text, 0) > strength:
            depth += 0 if self.is_sign("and", "or") else 1
            self.refuse_depth(depth)
            compared = isinstance(node, Compare | OneOf | Presence) and self.words[self.at - 1].text != ")"
            if compared and _STRENGTH[self.word.text] == _COMPARE:
                raise self.stop(
                    "EXP-002",
                    self.word.column,
                    "a second comparison",
                    "`and`",
                    "Write `a < b and b < c`, not `a < b < c`.",
                )
            node = self.infix(node, depth)
        return node

    def refuse_depth(self, depth: int) -> None:
        if depth > _MAX_DEPTH:
            got = f"more than {_MAX_DEPTH} levels"
            raise self.stop("EXP-006", self.word.column, got, f"at most {_MAX_DEPTH}", "Split it into several rules.")

    def prefix(self, depth: int) -> Node:
        self.refuse_depth(depth)
        word = self.word
        if word.kind == "number":
            return Constant(float(self.take().text), word.column)
        if word.kind == "text":
            return Constant(self.take().text, word.column)
        if word.kind == "name":
            return self.name_or_call(depth)
        if self.is_sign("true", "false"):
            return Constant(self.take().text == "true", word.column)
        if self.is_sign("missing"):
            self.take()
            return Constant(None, word.column)
        if self.is_sign("not"):
            self.take()
            return Not(self.expression(_NOT, depth + 1), word.column)
        if self.is_sign("-"):
            self.take()
            return Arithmetic("-", Constant(0.0, word.column), self.expression(_SIGN, depth + 1), word.column)
        if self.is_sign("("):
            self.take()
            node = self.expression(0, depth + 1)
            self.expect(")")
            return node
        raise self.unexpected("a value, a name or `(`")

    def name_or_call(self, depth: int) -> Node:
        word = self.take()
        if self.word.kind == "name" and self.word.text == AT.strip():
            self.take()
            if self.word.kind != "name":
                raise self.unexpected("the id of a visit, `previous` or `first`")
            visit = self.take().text
            return Name(f"{word.text}{AT}{visit}", word.column, visit)
        if not self.is_sign("("):
            return Name(word.text, word.column)
        function = FUNCTIONS.get(word.text)
        if function is None:
            remedy = suggest(word.text, FUNCTIONS) or f"Use one of {', '.join(FUNCTIONS)}."
            raise self.stop("EXP-004", word.column, f"unknown function `{word.text}`", "a function", remedy)
        self.take()
        arguments: list[Node] = []
        while not self.is_sign(")"):
            if arguments:
                self.expect(",")
            arguments.append(self.expression(0, depth + 1))
        self.take()
        if not function.accepts(len(arguments)):
            expected = (
                " or more ".join((", ".join(function.takes), "")) if function.several else ", ".join(function.takes)
            )
            got = f"`{word.text}` with {len(arguments)} argument(s)"
            raise self.stop("EXP-005", word.column, got, f"({expected.strip()})", "Give the arguments that it takes.")
        self.refuse_digits(word, arguments)
        return Call(word.text, tuple(arguments), word.column)

    def refuse_digits(self, word: Word, arguments: list[Node]) -> None:
        """Decimals are fixed when the rule is written, so that a result has one precision."""
        if word.text not in _ROUNDING or len(arguments) < 2:
            return
        digits = arguments[1]
        plain = isinstance(digits, Constant) and isinstance(digits.value, float) and digits.value.is_integer()
        if not plain or not 0 <= cast(Constant, digits).value <= _MAX_DIGITS:  # type: ignore[operator]
            expected = f"a whole number from 0 to {_MAX_DIGITS}"
            raise self.stop("EXP-005", digits.column, f"decimals of `{word.text}`", expected, "Write them as a number.")

    def infix(self, left: Node, depth: int) -> Node:
        word = self.take()
        match word.text:
            case "and" | "or":
                right = self.expression(_STRENGTH[word.text], depth + 1)
                same = isinstance(left, Junction) and left.word == word.text
                before = cast(Junction, left).operands if same else (left,)
                return Junction("and" if word.text == "and" else "or", (*before, right), left.column)
            case "is":
                negated = self.is_sign("not")
                if negated:
                    self.take()
                if not self.is_sign("missing", "present"):
                    raise self.unexpected("`missing` or `present`")
                return Presence(left, (self.take().text == "missing") is not negated, left.column)
            case "in":
                return self.one_of(left, negated=False)
            case "not":
                self.expect("in")
                return self.one_of(left, negated=True)
            case "+" | "-" | "*" | "/":
                right = self.expression(_STRENGTH[word.text], depth + 1)
                return Arithmetic(word.text, left, right, left.column)
            case _:
                right = self.expression(_COMPARE, depth + 1)
                return Compare(cast(Comparison, word.text), left, right, left.column)

    def one_of(self, left: Node, *, negated: bool) -> Node:
        self.expect("(")
        choices = [self.choice()]
        while self.is_sign(","):
            self.take()
            choices.append(self.choice())
        self.expect(")")
        return OneOf(left, tuple(choices), negated, left.column)

    def choice(self) -> Constant:
        column = self.word.column
        negative = self.is_sign("-")
        if negative:
            self.take()
        if self.word.kind == "number":
            number = float(self.take().text)
            return Constant(-number if negative else number, column)
        if self.word.kind == "text" and not negative:
            return Constant(self.take().text, column)
        raise self.unexpected("a number or a text in quotes")
