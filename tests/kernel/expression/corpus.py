"""The corpus of expressions: what each gives for a row, whoever evaluates it.

A line of corpus.jsonl is a case: `expression`, `types` and `row` of its names, what it `gives`, and `by` whom it was
written: expectations by `hand` were thought, those by `hypothesis` are what `evaluate` gave on the day they were drawn.
Dates are `{"date": "2014-01-02"}`.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from opencro.kernel.expression import Expression, Value, evaluate, parse_expression
from tests.kernel.expression.drawn import DTYPES, expressions, numbers_in_json, rows

CORPUS = Path(__file__).with_name("corpus.jsonl")
DRAWN = 1000
TYPES = {"T": "text", "U": "number", "N": "number", "I": "number", "B": "boolean", "D": "date", "F.X": "date"}


def read_corpus() -> list[dict[str, Any]]:
    return [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]


def parsed(text: str) -> Expression:
    expression = parse_expression(text)
    assert isinstance(expression, Expression), (text, expression)
    return expression


def read_value(value: Any) -> Value:
    return date.fromisoformat(value["date"]) if isinstance(value, dict) else value


def render_value(value: object) -> object:
    return {"date": value.isoformat()} if isinstance(value, date) else value


def draw_cases() -> list[dict[str, Any]]:
    """New cases, each expression once."""
    cases: dict[str, dict[str, Any]] = {}

    @settings(max_examples=4 * DRAWN, derandomize=True, database=None, phases=[Phase.generate], deadline=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(expressions, rows.filter(numbers_in_json), st.booleans())
    def draw(text: str, row: dict[str, object], read: bool) -> None:
        expression = parsed(text)
        types = {n: TYPES[n] for n in expression.names() if read or n not in ("U", "F.X")}
        types |= {n: "text" for n in expression.names() if n not in types}
        used = {n: render_value(row[n]) for n in expression.names() if row[n] is not None}
        gives = render_value(evaluate(expression, row, types))  # type: ignore[arg-type]
        cases[text] = {"expression": text, "types": types, "row": used, "gives": gives, "by": "hypothesis"}

    draw()
    assert set(TYPES) == set(DTYPES)
    return sorted(cases.values(), key=lambda case: len(case["expression"]))[-DRAWN:]


def write_corpus(cases: list[dict[str, Any]]) -> None:
    lines = (json.dumps(case, allow_nan=False) + "\n" for case in cases)
    CORPUS.write_text("".join(lines), encoding="utf-8", newline="\n")
