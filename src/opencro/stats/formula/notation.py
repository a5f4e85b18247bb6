"""The language of formulas: Wilkinson and Rogers' operators over names of columns, and nothing that is evaluated.

Source: Wilkinson GN, Rogers CE. Symbolic description of factorial models for analysis of variance. Applied Statistics
1973; 22:392-399. The order of terms is that of R: by the number of variables, then as written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from opencro.stats.result import StatsError

INTERCEPT = "(Intercept)"
_TOKEN = re.compile(r"\s*(?:(?P<name>(?:[^\W\d]|\.)[\w.]*)|`(?P<quoted>[^`]+)`|(?P<number>\d+)|(?P<sign>[-~+*:^()]))")
_LANGUAGE = "names joined by + - : * ^, parentheses, 1 or 0 for the intercept, one ~ after the response"

_Term = frozenset[str]
_Token = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that was read: the response, whether there is an intercept, and the terms in the order of the model.

    `terms` holds the variables of each term (the intercept is not among them); `variables` are all of them in the
    order of their first appearance.
    """

    text: str
    response: str | None
    intercept: bool
    terms: tuple[tuple[str, ...], ...]
    variables: tuple[str, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """The terms as text, e.g. "ARM:AVISIT", the intercept (if any) first."""
        head = (INTERCEPT,) if self.intercept else ()
        return (*head, *(":".join(term) for term in self.terms))


def parse_formula(text: str) -> Formula:
    """Reads a formula such as `"CHG ~ BASE + ARM * AVISIT"`.

    `a + b` joins terms, `a - b` takes a term away, `a:b` is an interaction, `a * b` is `a + b + a:b`, `(a + b)^2`
    crosses up to that order, `1` is the intercept (there unless `- 1` or `+ 0` removes it). A name holds letters,
    digits, `_` and `.`; any other name stands between backticks. The left side is one name or absent.

    Raises StatsError STA-001 for a text that is no formula.

    >>> parse_formula("y ~ A * B - A").labels
    ('(Intercept)', 'B', 'A:B')
    """
    left, tilde, right = text.partition("~")
    response = _read_response(text, left) if tilde else None
    reader = _Reader(text, _tokens(text, right if tilde else text))
    terms = reader.sum()
    reader.expect_end()
    variables = tuple(dict.fromkeys(reader.names))
    place = {name: i for i, name in enumerate(variables)}
    ordered = sorted((t for t in terms if t), key=len)
    used = {name for term in ordered for name in term}
    return Formula(
        text=text.strip(),
        response=response,
        intercept=frozenset() in terms,
        terms=tuple(tuple(sorted(term, key=place.__getitem__)) for term in ordered),
        variables=tuple(name for name in variables if name in used),
    )


def _read_response(text: str, left: str) -> str | None:
    tokens = _tokens(text, left)
    if not tokens:
        return None
    if len(tokens) != 1 or tokens[0][0] != "name":
        raise _unreadable(text, f"left side {left.strip()!r}")
    return tokens[0][1]


def _tokens(text: str, part: str) -> list[_Token]:
    tokens: list[_Token] = []
    position, part = 0, part.rstrip()
    while position < len(part):
        found = _TOKEN.match(part, position)
        if not found:
            raise _unreadable(text, f"{part[position:].strip()!r}")
        kind = str(found.lastgroup)
        tokens.append(("name" if kind == "quoted" else kind, found[kind], position))
        position = found.end()
    return tokens


def _unreadable(text: str, what: str) -> StatsError:
    return StatsError("STA-001", f"{what} in the formula {text.strip()!r}", _LANGUAGE, "Put an odd name in backticks.")


class _Reader:
    """Recursive descent; a list of terms without duplicates is a dict whose values mean nothing."""

    def __init__(self, text: str, tokens: list[_Token]) -> None:
        self.text, self.tokens, self.at = text, tokens, 0
        self.names: list[str] = []

    def peek(self) -> str:
        """The sign that comes next, or "" before a name, a number or the end."""
        kind, value, _ = self.tokens[self.at] if self.at < len(self.tokens) else ("", "", 0)
        return value if kind == "sign" else ""

    def sum(self) -> dict[_Term, None]:
        """Terms joined by + and -, starting from the intercept at the top level."""
        terms: dict[_Term, None] = {} if self.at else {frozenset(): None}
        sign = self.take_sign("+-") or "+"
        while sign:
            found, zero = self.product()
            if (sign == "+") != zero:
                terms.update(found)
            else:
                terms = {t: None for t in terms if t not in found}
            sign = self.take_sign("+-")
        return terms

    def product(self) -> tuple[dict[_Term, None], bool]:
        """Factors joined by `*`; the flag says that this is the number 0."""
        terms, zero = self.interaction()
        while self.take_sign("*"):
            right, _ = self.interaction()
            terms = {**terms, **right, **_cross(terms, right)}
        return terms, zero

    def interaction(self) -> tuple[dict[_Term, None], bool]:
        """Factors joined by `:`."""
        terms, zero = self.power()
        while self.take_sign(":"):
            terms = _cross(terms, self.power()[0])
        return terms, zero

    def power(self) -> tuple[dict[_Term, None], bool]:
        """A name, a number or a sum in parentheses, perhaps crossed with itself."""
        terms, zero = self.atom()
        while self.take_sign("^"):
            once = dict(terms)
            for _ in range(self.take_number() - 1):
                terms = {**terms, **_cross(terms, once)}
        return terms, zero

    def atom(self) -> tuple[dict[_Term, None], bool]:
        """A name, the number 1 or 0, or a sum in parentheses."""
        if self.take_sign("("):
            terms = self.sum()
            if not self.take_sign(")"):
                raise _unreadable(self.text, "an open parenthesis")
            return terms, False
        kind, value, _ = self.tokens[self.at] if self.at < len(self.tokens) else ("end", "the end", 0)
        self.at += 1
        if kind == "name":
            self.names.append(value)
            return {frozenset({value}): None}, False
        if kind == "number" and value in ("0", "1"):
            return {frozenset(): None}, value == "0"
        raise _unreadable(self.text, f"{value!r}")

    def take_sign(self, signs: str) -> str:
        """The next sign if it is one of these."""
        found = self.peek()
        if found and found in signs:
            self.at += 1
            return found
        return ""

    def take_number(self) -> int:
        """The power after `^`."""
        kind, value, _ = self.tokens[self.at] if self.at < len(self.tokens) else ("end", "the end", 0)
        if kind != "number" or int(value) < 1:
            raise _unreadable(self.text, f"{value!r} after ^")
        self.at += 1
        return int(value)

    def expect_end(self) -> None:
        """Nothing may be left."""
        if self.at < len(self.tokens):
            raise _unreadable(self.text, f"{self.tokens[self.at][1]!r}")


def _cross(left: dict[_Term, None], right: dict[_Term, None]) -> dict[_Term, None]:
    return {a | b: None for a in left for b in right}
