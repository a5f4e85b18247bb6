"""Pieces of text, cuts, fixed decimals."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from opencro.tabulation.algorithms.text import FixedDecimals
from opencro.tabulation.model import Domain
from opencro.tabulation.table import Table

Made = Callable[..., list[Any]]


def test_characters_are_counted_from_one(made: Made) -> None:
    rows = {"CODE": ["NPITM01F", "NPI", None]}
    assert made({"part_of": "CODE", "characters": 7}, rows) == ["NPITM01", "NPI", None]
    assert made({"part_of": "CODE", "start": 8}, rows) == ["F", "", None]


def test_a_cut_rounds_nothing_and_leaves_no_point_at_the_end(made: Made) -> None:
    rows = {"N": [33.793, 41.034, 20.0, 100.5, None]}
    assert made({"cut": "N", "width": 4}, rows) == ["33.7", "41.0", "20", "100", None]
    assert made({"cut": "N", "width": 2}, rows) == ["33", "41", "20", "10", None]


def test_decimals_are_always_shown(made: Made) -> None:
    rows = {"N": [1.0, 0.34999999999999998, -0.25, -0.04, None]}
    assert made({"decimals": "N", "places": 1}, rows) == ["1.0", "0.4", "-0.3", "0.0", None]


@given(st.decimals(min_value=-1000, max_value=1000, places=3))
def test_fixed_decimals_round_half_away_from_zero(number: Decimal) -> None:
    frame = pl.DataFrame({"N": [float(number)]})
    table = Table(Domain("XX", (), {}, {}, {}), frame)
    text = frame.select(FixedDecimals(decimals="N", places=2).compute(table, None)).item()  # type: ignore[arg-type]
    assert Decimal(text) == number.quantize(Decimal("0.01"), ROUND_HALF_UP) + 0
    assert len(text.split(".")[1]) == 2
