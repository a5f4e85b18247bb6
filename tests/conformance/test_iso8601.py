"""Dates and durations of ISO 8601: what the grammar of SDTMIG 4.4 allows, and nothing else."""

from __future__ import annotations

import polars as pl
import pytest

from opencro.conformance import parse_rule
from opencro.conformance.bench import Bench
from opencro.conformance.compile import compile_condition
from opencro.conformance.operators.dates import complete_date, valid_date
from opencro.kernel.partial_date import PartialDate, format_partial_date, parse_partial_date


def holds(expr: pl.Expr, text: str) -> bool:
    return bool(pl.DataFrame({"X": [text]}).select(expr).item())


GOOD = ["2003", "2003-12", "2003-12-15T13:14:17.123+01:00", "2003-12-15T13Z", "2003---15", "--12-15", "-----T07:15"]
GOOD += ["2003-12-15T-:15", "2003-12-15/2004-01", "2004-02-29"]
BAD = [
    "",
    "2003-13",
    "2003-02-29",
    "2004-01/2003-02-29",
    "2003-12-15T24:00",
    "2003-12-15T13:60",
    "2003-12Z",
    "15DEC2003",
]


@pytest.mark.parametrize("text", GOOD)
def test_a_date_of_any_precision_is_valid(text: str) -> None:
    assert holds(valid_date(pl.col("X")), text)


@pytest.mark.parametrize("text", BAD)
def test_what_neither_the_grammar_nor_the_calendar_has_is_invalid(text: str) -> None:
    assert not holds(valid_date(pl.col("X")), text)


def test_every_partial_date_that_we_write_is_valid_and_complete_when_it_is_whole() -> None:
    for mask in range(1, 64):
        values = [v if mask >> n & 1 else None for n, v in enumerate((2003, 12, 15, 13, 14, 17))]
        date = PartialDate(*values)
        text = format_partial_date(date)
        assert holds(valid_date(pl.col("X")), text), text
        plain = parse_partial_date(text)
        whole = plain is not None and plain.whole is not None and "T-" not in text and ":-" not in text
        assert holds(complete_date(pl.col("X")), text) == whole, text


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("P1Y2M10DT2H30M", True),
        ("PT0.5H", True),
        ("P0,5D", True),
        ("P4W", True),
        ("-P1D", True),
        ("P", False),
        ("PT", False),
        ("P1DT", False),
        ("P1.5Y2M", False),
        ("P1W2D", False),
        ("P1H", False),
        ("P2M1Y", False),
    ],
)
def test_a_duration_has_a_count_and_only_its_last_one_a_fraction(text: str, valid: bool) -> None:
    rule, _ = parse_rule(
        "Core: {Id: T-1}\nRule Type: Record Data\nCheck: {all: [{name: X, operator: invalid_duration}]}\n"
        "Outcome: {Message: m}\n",
        "T-1.yml",
    )
    assert rule is not None
    assert rule.check is not None
    frame = pl.DataFrame({"X": [text]})
    assert frame.select(compile_condition(rule.check, Bench(frame.schema, "", {}))).item() is not valid
