"""Parquet with the description of the dataset inside."""

from __future__ import annotations

import io
from pathlib import Path

import polars as pl
import pytest

from opencro.kernel.finding import Refused
from opencro.tabulation.dataset import Dataset
from opencro.tabulation.formats import read_dataset_parquet, write_dataset_parquet


def _why(data: bytes) -> tuple[str, ...]:
    with pytest.raises(Refused) as refused:
        read_dataset_parquet(data)
    return refused.value.findings.codes()


def _written(frame: pl.DataFrame, **metadata: str) -> bytes:
    sink = io.BytesIO()
    frame.write_parquet(sink, metadata={key.replace("_", "."): value for key, value in metadata.items()})
    return sink.getvalue()


def test_labels_and_types_come_back(vitals: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "vs.parquet"
    write_dataset_parquet(vitals, path)
    assert read_dataset_parquet(path).equals(vitals)
    assert pl.read_parquet(path).equals(vitals.frame)


def test_a_foreign_file_is_read_with_what_its_schema_tells(tmp_path: Path) -> None:
    path = tmp_path / "dm.parquet"
    path.write_bytes(_written(pl.DataFrame({"A": ["x"], "N": pl.Series([1], dtype=pl.Int32)})))
    dataset = read_dataset_parquet(path)
    assert dataset.name == "DM"
    assert [c.type for c in dataset.columns] == ["text", "integer"]


def test_what_is_no_dataset_is_refused(vitals: Dataset) -> None:
    sink = io.BytesIO()
    write_dataset_parquet(vitals, sink)
    whole = sink.getvalue()
    assert _why(b"") == ("PQT-001",)
    assert _why(whole[:-20]) == ("PQT-001",)
    assert _why(whole[:40] + whole[-8:]) == ("PQT-001",)
    assert _why(_written(pl.DataFrame({"A": ["x"]}), opencro_dataset="{}")) == ("PQT-002",)
    assert _why(_written(pl.DataFrame({"A": [[1]]}))) == ("PQT-003",)
