"""The law of the language: a row and a column of rows mean the same."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from opencro.kernel.expression import Expression, Types, check_expression, evaluate, parse_expression, to_polars
from tests.kernel.expression.drawn import DTYPES, READ, expressions, rows


def _expression(text: str) -> Expression:
    parsed = parse_expression(text)
    assert isinstance(parsed, Expression), (text, parsed)
    return parsed


@settings(max_examples=1000, deadline=None)
@given(expressions, st.lists(rows, max_size=5), st.sampled_from([DTYPES, READ]))
def test_a_row_and_a_column_mean_the_same(text: str, data: list[dict[str, object]], types: Types) -> None:
    expression = _expression(text)
    frame = pl.DataFrame(data, schema=DTYPES)
    column = frame.with_columns(to_polars(expression, types).alias("result")).get_column("result").to_list()
    assert column == [evaluate(expression, row, types) for row in frame.iter_rows(named=True)]


@given(expressions, rows)
def test_a_condition_is_true_or_false_and_its_opposite_is_the_other(text: str, row: dict[str, object]) -> None:
    positive = evaluate(_expression(f"not ({text})"), row, READ)
    negative = evaluate(_expression(f"not (not ({text}))"), row, READ)
    assert {positive, negative} == {True, False}


@given(expressions, rows)
def test_and_or_follow_de_morgan(text: str, row: dict[str, object]) -> None:
    left = evaluate(_expression(f"not (({text}) and B)"), row, READ)
    assert left == evaluate(_expression(f"not ({text}) or not B"), row, READ)


@given(st.text(max_size=40))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    parsed = parse_expression(text)
    if isinstance(parsed, Expression):
        check_expression(parsed, DTYPES)
    else:
        assert parsed.codes()[0].startswith("EXP-00")


def test_a_deep_expression_over_a_column_is_computed_level_by_level() -> None:
    frame = pl.DataFrame({"A": ["1", "x", None]})
    for text, result in (
        ("+".join(["A"] * 50), [50.0, None, None]),
        ("round(" * 50 + "A" + ")" * 50, [1.0, None, None]),
    ):
        assert frame.select(to_polars(_expression(text)).alias("r")).get_column("r").to_list() == result
