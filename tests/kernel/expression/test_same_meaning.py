"""The law of the language: a row and a column of rows mean the same."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from opencro.kernel.expression import Expression, Types, check_expression, evaluate, parse_expression, to_polars

DTYPES = {
    "T": pl.String,
    "U": pl.String,
    "N": pl.Float64,
    "I": pl.Int64,
    "B": pl.Boolean,
    "D": pl.Date,
    "F.X": pl.String,
}
READ: Types = {**DTYPES, "U": "number", "F.X": "date"}

WORDS = ["", " ", "M", "F", "ß", "İ", "ΣΑΣ", "ﬁ", "a\u00a0", 'say "x"']
NUMERALS = ["12", "12.0", "+7", " 3. ", ".5", "1e3", "1e400", "inf", "nan", "0x1", "1_000", "-", "1,5", "١٢"]
DATES = ["2014-01-02", "2014-01", "2014", "UN-JAN-2014", "02-JAN-2014", "2014-01-02T10:30", "2003---15"]
NO_DATES = ["0000-01-01", "2014-00-10", "29-FEB-2013"]
texts = st.one_of(st.sampled_from([*WORDS, *NUMERALS, *DATES, *NO_DATES]), st.text(max_size=6))
rows = st.fixed_dictionaries(
    {
        "T": st.none() | texts,
        "U": st.none() | texts,
        "N": st.none() | st.floats(),
        "I": st.none() | st.integers(-(2**62), 2**62) | st.integers(-5, 5),
        "B": st.none() | st.booleans(),
        "D": st.none() | st.dates(),
        "F.X": st.none() | texts,
    }
)
quoted = texts.map(lambda t: '"' + t.replace('"', '""') + '"')
numbers = st.sampled_from(["0", "1", "2.5", ".5", "12", "1e3", "1e308", "65"])
leaves = st.one_of(st.sampled_from([*DTYPES, "true", "false", "missing"]), quoted, numbers)
CALLS = {
    **dict.fromkeys(
        [
            "length",
            "upper",
            "lower",
            "trim",
            "number",
            "date",
            "year",
            "abs",
            "round",
            "round_down",
            "round_up",
            "sqrt",
        ],
        1,
    ),
    **dict.fromkeys(["contains", "starts_with", "days_between", "age_years", "selected", "power"], 2),
    "if": 3,
}


def _inner(part: SearchStrategy[str]) -> SearchStrategy[str]:
    signs = st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "and", "or"])
    choices = st.lists(quoted | numbers, min_size=1, max_size=3).map(", ".join)
    calls = st.sampled_from(sorted(CALLS)).flatmap(
        lambda f: st.lists(part, min_size=CALLS[f], max_size=CALLS[f]).map(lambda a: f"{f}({', '.join(a)})")
    )
    return st.one_of(
        st.tuples(part, signs, part).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
        st.tuples(part, st.sampled_from(["in", "not in"]), choices).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
        st.tuples(part, st.sampled_from(["is missing", "is present", "is not missing"])).map(
            lambda t: f"({t[0]}) {t[1]}"
        ),
        part.map(lambda p: f"not ({p})"),
        part.map(lambda p: f"-({p})"),
        st.tuples(part, st.integers(0, 3)).map(lambda t: f"round({t[0]}, {t[1]})"),
        st.tuples(st.sampled_from(["min", "max", "sum", "mean"]), st.lists(part, min_size=1, max_size=3)).map(
            lambda t: f"{t[0]}({', '.join(t[1])})"
        ),
        calls,
    )


expressions = st.recursive(leaves, _inner, max_leaves=8)


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
