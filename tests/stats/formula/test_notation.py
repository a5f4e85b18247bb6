"""Formulas: which terms a text means, and which texts mean nothing."""

from __future__ import annotations

import pytest

from opencro.stats import StatsError
from opencro.stats.formula import parse_formula


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("y ~ A + B", ["(Intercept)", "A", "B"]),
        ("y ~ A * B", ["(Intercept)", "A", "B", "A:B"]),
        ("y ~ B:A + A + B", ["(Intercept)", "A", "B", "B:A"]),
        ("y ~ A*B*x - A:B:x", ["(Intercept)", "A", "B", "x", "A:B", "A:x", "B:x"]),
        ("~ (A + B + C)^2 - A:C", ["(Intercept)", "A", "B", "C", "A:B", "B:C"]),
        ("~ A - 1", ["A"]),
        ("~ 0 + A", ["A"]),
        ("~ -1 + A + 1", ["(Intercept)", "A"]),
        ("~ 1", ["(Intercept)"]),
        ("~ A + A + A:A", ["(Intercept)", "A"]),
        ("~ (A + B):x", ["(Intercept)", "A:x", "B:x"]),
        ("~ C * Q + I.x + _y", ["(Intercept)", "C", "Q", "I.x", "_y", "C:Q"]),
        ("~ `Log dose (mg)` + 体重", ["(Intercept)", "Log dose (mg)", "体重"]),
        ("~ A * B - A", ["(Intercept)", "B", "A:B"]),
    ],
)
def test_terms(text: str, labels: list[str]) -> None:
    assert list(parse_formula(text).labels) == labels


def test_the_left_side_is_one_name() -> None:
    assert parse_formula("AVAL ~ A").response == "AVAL"
    assert parse_formula(" ~ A").response is None
    assert parse_formula("A + B").response is None


@pytest.mark.parametrize(
    "text",
    ["y ~", "y ~ A +", "y ~ (A", "y ~ A)", "y ~ A ^ B", "y ~ 2", "a + b ~ A", "y ~ A & B", "y ~ log(x)", "~ A B"],
)
def test_a_text_that_is_no_formula(text: str) -> None:
    with pytest.raises(StatsError) as error:
        parse_formula(text)
    assert error.value.code == "STA-001"


def test_nothing_is_evaluated() -> None:
    with pytest.raises(StatsError):
        parse_formula("y ~ __import__('os')")
