"""Expressions and rows as Hypothesis draws them."""

from __future__ import annotations

import math

import polars as pl
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from opencro.kernel.expression import Types

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


def numbers_in_json(row: dict[str, object]) -> bool:
    """Whether JSON can hold a row."""
    return all(not isinstance(value, float) or math.isfinite(value) for value in row.values())
