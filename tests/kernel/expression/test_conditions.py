"""The conditions of an expression, which of them decide, and parts as text."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given

from opencro.kernel.expression import Verdict, conditions, evaluate, render_part, weigh_conditions
from opencro.kernel.expression.tree import Node
from tests.kernel.expression.corpus import parsed
from tests.kernel.expression.drawn import READ, expressions, rows


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("A > 1 and not (B is missing or C in (1, -2))", ["A > 1", "B is missing", "C in (1, -2)"]),
        ('contains(T, "x") or if(A > 1, B < 2, true)', ['contains(T, "x")', "A > 1", "B < 2"]),
        ("`a b` at previous + 1 > 2 and 1 == 1", ["(`a b` at previous + 1) > 2"]),
        ("A + 1", []),
    ],
)
def test_conditions_are_what_asks_something_of_a_name(text: str, parts: list[str]) -> None:
    assert [render_part(part) for part in conditions(parsed(text))] == parts


@pytest.mark.parametrize(
    ("row", "verdicts"),
    [
        ({"A": "2", "B": "2"}, [(True, False), (True, False)]),
        ({"A": "2", "B": "0"}, [(True, True), (False, False)]),
        ({"A": "0", "B": "0"}, [(False, True), (False, True)]),
        ({"A": "0"}, [(False, True), (False, True)]),
    ],
)
def test_a_condition_decides_where_the_whole_would_be_another_without_it(
    row: dict[str, str], verdicts: list[tuple[bool, bool]]
) -> None:
    found = weigh_conditions(parsed("A > 1 or B > 1"), row, {"A": "number", "B": "number"})
    assert found == tuple(Verdict(*verdict) for verdict in verdicts)


@given(expressions)
def test_a_part_as_text_reads_as_the_same_part(text: str) -> None:
    node = parsed(text).node
    assert _without_columns(parsed(render_part(node)).node) == _without_columns(node)


@given(expressions, rows)
def test_the_only_condition_decides_and_is_true_where_the_whole_is(text: str, row: dict[str, object]) -> None:
    expression = parsed(text)
    asked = conditions(expression)
    verdicts = weigh_conditions(expression, row, READ)
    assert len(verdicts) == len(asked)
    if asked == (expression.node,):
        assert verdicts == (Verdict(evaluate(expression, row, READ) is True, True),)


def _without_columns(node: Node) -> Any:
    fields = {f.name: getattr(node, f.name) for f in dataclasses.fields(node) if f.name != "column"}
    for name, value in fields.items():
        if dataclasses.is_dataclass(value):
            fields[name] = _without_columns(value)  # type: ignore[arg-type]
        elif isinstance(value, tuple):
            fields[name] = tuple(_without_columns(part) for part in value)
    return type(node).__name__, tuple(sorted(fields.items(), key=lambda pair: pair[0]))
