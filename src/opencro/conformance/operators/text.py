"""Length, parts and patterns of text. Patterns run in Rust's `regex`: linear in the text, without backtracking."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from opencro.conformance.bench import Bench, Operand, UnknownWord, constant
from opencro.conformance.model import Leaf
from opencro.conformance.operators.compare import same
from opencro.conformance.operators.contain import inside
from opencro.conformance.operators.form import Operator, negate, truth

_LONGEST = 10_000


def check_pattern(pattern: str) -> str:
    """The pattern, when the linear engine accepts it; UnknownWord for look-around, back references and giants."""
    if len(pattern) > _LONGEST:
        raise UnknownWord(f"regular expression of {len(pattern)} characters")
    try:
        pl.Series([""]).str.contains(pattern)
    except pl.exceptions.ComputeError:
        raise UnknownWord(f"regular expression {pattern[:80]}") from None
    return pattern


def _matches(cut: str, positive: bool) -> Operator:
    def operator(leaf: Leaf, bench: Bench) -> pl.Expr:
        target = bench.target(leaf)
        pattern = str(leaf.value)
        text = target.text
        if cut:
            size = int(leaf.options.get(cut, 0))
            text = text.str.head(size) if cut == "prefix" else text.str.tail(size)
        else:
            pattern = f"^(?:{pattern})"
        return matching(text, pattern, positive) & target.expr.is_not_null()

    return operator


def matching(text: pl.Expr, pattern: str, positive: bool = True) -> pl.Expr:
    """Where the text matches; a negative look-ahead at the very start becomes a second, negated match."""
    head = "^(?:"
    for opening in ("^(?!", "(?!"):
        if pattern.startswith(head + opening):
            inner, rest = _split_group(pattern[len(head) + len(opening) : -1])
            barred = text.str.contains(check_pattern(f"^(?:{inner})"))
            found = text.str.contains(check_pattern(f"^(?:{rest})")) & ~barred
            return truth(found if positive else ~found)
    found = text.str.contains(check_pattern(pattern))
    return truth(found if positive else ~found)


def _split_group(text: str) -> tuple[str, str]:
    depth, inside_class, n = 1, False, 0
    while n < len(text):
        sign = text[n]
        if sign == "\\":
            n += 1
        elif inside_class:
            inside_class = sign != "]"
        elif sign in "([":
            depth, inside_class = depth + (sign == "("), sign == "["
        elif sign == ")":
            depth -= 1
            if not depth:
                return text[:n], text[n + 1 :]
        n += 1
    raise UnknownWord("regular expression with an open group")


def _length(compare: Callable[[pl.Expr, pl.Expr], pl.Expr]) -> Operator:
    def operator(leaf: Leaf, bench: Bench) -> pl.Expr:
        target, other = bench.target(leaf), bench.comparator(leaf)
        wanted = other.expr.str.len_chars() if other.is_text else other.expr
        return truth(compare(target.text.str.len_chars(), wanted))

    return operator


def _part(leaf: Leaf, bench: Bench, end: str) -> Operand:
    text = bench.target(leaf).text
    size = int(leaf.options.get(end, 0))
    return Operand(text.str.head(size) if end == "prefix" else text.str.tail(size), pl.String())


def _part_equal(end: str) -> Operator:
    def operator(leaf: Leaf, bench: Bench) -> pl.Expr:
        domain = end == "prefix" and leaf.value == "DOMAIN"
        other = constant(bench.prefix) if domain else bench.comparator(leaf)
        return truth(_part(leaf, bench, end).expr == other.text)

    return operator


def _part_in(end: str) -> Operator:
    def operator(leaf: Leaf, bench: Bench) -> pl.Expr:
        return inside(_part(leaf, bench, end), bench.comparator(leaf))

    return operator


def _edge(start: bool) -> Operator:
    def operator(leaf: Leaf, bench: Bench) -> pl.Expr:
        text, other = bench.target(leaf).text, bench.comparator(leaf)
        return truth(text.str.starts_with(other.text) if start else text.str.ends_with(other.text))

    return operator


def equals_part(leaf: Leaf, bench: Bench) -> pl.Expr:
    """Whether the target equals what a pattern takes out of the comparator."""
    pattern = check_pattern(str(leaf.options.get("regex", "")))
    group = 1 if "(" in pattern.replace("(?:", "").replace("\\(", "") else 0
    part = bench.comparator(leaf).text.str.extract(pattern, group)
    target = bench.target(leaf)
    if leaf.options.get("type_insensitive"):
        target = Operand(target.text, pl.String())
    return same(target, Operand(part, pl.String())) & target.expr.is_not_null()


OPERATORS: dict[str, Operator] = {
    "matches_regex": _matches("", True),
    "not_matches_regex": _matches("", False),
    "prefix_matches_regex": _matches("prefix", True),
    "not_prefix_matches_regex": _matches("prefix", False),
    "suffix_matches_regex": _matches("suffix", True),
    "not_suffix_matches_regex": _matches("suffix", False),
    "longer_than": _length(pl.Expr.gt),
    "longer_than_or_equal_to": _length(pl.Expr.ge),
    "shorter_than": negate(_length(pl.Expr.ge)),
    "shorter_than_or_equal_to": negate(_length(pl.Expr.gt)),
    "has_equal_length": _length(pl.Expr.eq),
    "has_not_equal_length": negate(_length(pl.Expr.eq)),
    "prefix_equal_to": _part_equal("prefix"),
    "prefix_not_equal_to": negate(_part_equal("prefix")),
    "suffix_equal_to": _part_equal("suffix"),
    "suffix_not_equal_to": negate(_part_equal("suffix")),
    "prefix_is_contained_by": _part_in("prefix"),
    "prefix_is_not_contained_by": negate(_part_in("prefix")),
    "suffix_is_contained_by": _part_in("suffix"),
    "suffix_is_not_contained_by": negate(_part_in("suffix")),
    "starts_with": _edge(True),
    "ends_with": _edge(False),
    "equals_string_part": equals_part,
    "does_not_equal_string_part": negate(equals_part),
}
