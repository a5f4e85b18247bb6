"""What is written is read again unchanged, for any dataset, in every format (requirements 34 and 41)."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opencro.tabulation.dataset import Column, Dataset, Exchange
from opencro.tabulation.formats import (
    read_dataset_json,
    read_dataset_parquet,
    read_xpt,
    write_dataset_json,
    write_dataset_parquet,
    write_xpt,
)

CREATED = datetime(2024, 2, 29, 23, 59, 58)
NAMES = st.from_regex(r"[A-Z_][A-Z0-9_]{0,7}", fullmatch=True)
ASCII = st.characters(min_codepoint=0x20, max_codepoint=0x7E)
TEXTS = st.text(st.characters(codec="cp1252", min_codepoint=0x20), min_size=1, max_size=200).filter(
    lambda t: not t.endswith(" ")
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e75, max_value=1e75).filter(
    lambda x: x == 0 or abs(x) > 1e-78
)


@st.composite
def datasets(draw: st.DrawFn) -> Dataset:
    """A dataset of text, numbers and dates that every format can hold."""
    names = draw(st.lists(NAMES, min_size=1, max_size=6, unique_by=str.upper))
    height = draw(st.integers(0, 8))
    columns, series = [], []
    for i, name in enumerate(names):
        label = draw(st.text(ASCII, max_size=40)).strip()
        kind = draw(st.sampled_from(["text", "float", "date"])) if i else "float"
        if kind == "text":
            values = draw(st.lists(st.none() | TEXTS, min_size=height, max_size=height))
            columns.append(Column(name, label, "text", 200))
        elif kind == "float":
            values = draw(st.lists(st.none() | NUMBERS, min_size=height, max_size=height))
            columns.append(Column(name, label, "float", display_format=draw(st.sampled_from(["", "8.2", "BEST12."]))))
        else:
            days = draw(st.lists(st.none() | st.integers(-100_000, 200_000), min_size=height, max_size=height))
            values = [None if day is None else float(day) for day in days]
            columns.append(Column(name, label, "date", display_format="DATE9.", target="integer"))
        series.append(pl.Series(name, values, dtype=columns[-1].frame_type))
    return Dataset(draw(NAMES), draw(st.text(ASCII, max_size=40)).strip(), tuple(columns), pl.DataFrame(series))


def _xpt(dataset: Dataset, encoding: str = "utf-8") -> bytes:
    sink = io.BytesIO()
    write_xpt(dataset, sink, created=CREATED, encoding=encoding)
    return sink.getvalue()


def _json(dataset: Dataset, layout: str) -> bytes:
    sink = io.BytesIO()
    write_dataset_json(dataset, sink, created=CREATED, layout=layout)
    return sink.getvalue()


def _parquet(dataset: Dataset) -> bytes:
    sink = io.BytesIO()
    write_dataset_parquet(dataset, sink)
    return sink.getvalue()


@pytest.mark.requirement(34)
@given(dataset=datasets(), encoding=st.sampled_from(["utf-8", "windows-1252"]))
@settings(max_examples=150, deadline=None)
def test_any_dataset_survives_sas_transport(dataset: Dataset, encoding: str) -> None:
    limited = [c for c in dataset.columns if c.type != "text" or encoding == "windows-1252" or _short(dataset, c)]
    dataset = dataset.select(*[c.name for c in limited])
    written = _xpt(dataset, encoding)
    (again,) = read_xpt(written, encoding=encoding)
    assert replace(again, exchange=Exchange()).equals(dataset)
    assert _xpt(again, encoding) == written


def _short(dataset: Dataset, column: Column) -> bool:
    return (dataset.frame[column.name].str.len_bytes().max() or 0) <= 200


@pytest.mark.requirement(34)
@given(dataset=datasets(), layout=st.sampled_from(["json", "ndjson", "dsjc"]))
@settings(max_examples=150, deadline=None)
def test_any_dataset_survives_dataset_json(dataset: Dataset, layout: str) -> None:
    written = _json(dataset, layout)
    again = read_dataset_json(written)
    assert again.frame.equals(dataset.frame)
    assert [c.label for c in again.columns] == [c.label for c in dataset.columns]
    assert _json(again, layout) == written


@pytest.mark.requirement(34)
@given(dataset=datasets())
@settings(max_examples=60, deadline=None)
def test_any_dataset_survives_parquet(dataset: Dataset) -> None:
    written = _parquet(dataset)
    again = read_dataset_parquet(written)
    assert again.equals(dataset)
    assert _parquet(again) == written


@pytest.mark.requirement(34)
@given(text=st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"])), max_size=5))
@settings(max_examples=200, deadline=None)
def test_any_text_survives_dataset_json(text: list[str | None]) -> None:
    dataset = Dataset("T", "", (Column("A"),), pl.DataFrame({"A": text}, schema={"A": pl.String}))
    for layout in ("json", "ndjson"):
        assert read_dataset_json(_json(dataset, layout)).frame.equals(dataset.frame)


@pytest.mark.requirement(41)
def test_the_same_dataset_through_each_format_keeps_its_cells(vitals: Dataset) -> None:
    by_json = read_dataset_json(_json(vitals, "ndjson"))
    by_parquet = read_dataset_parquet(_parquet(vitals))
    (by_xpt,) = read_xpt(_xpt(vitals))
    assert by_json.frame.equals(vitals.frame)
    assert by_parquet.equals(vitals)
    assert by_json.keys == vitals.keys == ("USUBJID", "VSSEQ")
    as_numbers = vitals.frame.with_columns(pl.col("VSSEQ", "VSORRES").cast(pl.Float64))
    assert by_xpt.frame.equals(as_numbers)
