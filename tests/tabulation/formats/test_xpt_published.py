"""Published transport files are read as another reader reads them and written again byte for byte."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path

import polars as pl
import pyreadstat
import pytest

from opencro.tabulation.dataset import Dataset
from opencro.tabulation.formats import read_xpt, write_xpt
from opencro.tabulation.formats import xpt_layout as layout

pytestmark = pytest.mark.peer
VERSIONED = {1, 2, 5, 6}


def _written(dataset: Dataset) -> bytes:
    sink = io.BytesIO()
    write_xpt(dataset, sink, created=datetime(2012, 4, 4, 22, 16, 21))
    return sink.getvalue()


def _peer(path: Path) -> tuple[dict[str, list[object]], list[str]]:
    cells, about = pyreadstat.read_xport(
        path, encoding="windows-1252", disable_datetime_conversion=True, output_format="dict"
    )
    return {name: list(values) for name, values in cells.items()}, [label or "" for label in about.column_labels]


def _as_peer(column: pl.Series) -> list[object]:
    if column.dtype == pl.String:
        return column.fill_null("").to_list()
    return column.to_list()


def _missing_as_none(values: list[object]) -> list[object]:
    return [None if value != value else value for value in values]


@pytest.mark.requirement(34)
def test_every_cell_of_the_pilot_is_read_as_pyreadstat_reads_it(pilot_xpt: dict[str, bytes], tmp_path: Path) -> None:
    assert len(pilot_xpt) == 26
    for name, data in pilot_xpt.items():
        path = tmp_path / name
        path.write_bytes(data)
        (dataset,) = read_xpt(path)
        cells, labels = _peer(path)
        assert dataset.frame.columns == list(cells), name
        assert [c.label for c in dataset.columns] == labels, name
        for column in dataset.frame:
            assert _as_peer(column) == _missing_as_none(cells[column.name]), f"{name} {column.name}"


@pytest.mark.requirement(34)
def test_the_pilot_is_written_again_with_the_same_bytes(pilot_xpt: dict[str, bytes]) -> None:
    for name, data in pilot_xpt.items():
        (dataset,) = read_xpt(data)
        again = _written(dataset)
        assert len(again) == len(data), name
        records = range(0, len(data), layout.RECORD)
        changed = {i // layout.RECORD for i in records if data[i : i + 80] != again[i : i + 80]}
        assert changed <= VERSIONED, f"{name}: records {sorted(changed)}"


def test_observations_of_other_writers_are_kept(other_xpt: list[tuple[str, bytes]]) -> None:
    assert len(other_xpt) > 150
    longer_fractions = []
    for name, data in other_xpt:
        (dataset,) = read_xpt(data)
        again = _written(dataset)
        start = data.index(layout.OBSERVATIONS)
        if data[start:] != again[again.index(layout.OBSERVATIONS) :]:
            longer_fractions.append(name)
    # These six hold IBM fractions of more than 53 bits, which no IEEE double can keep.
    assert sorted(longer_fractions) == [f"{name}.xpt.gz" for name in ("bg", "bw", "fw", "lb", "om", "pc")]


def test_the_pilots_windows_character_is_read(pilot_xpt: dict[str, bytes]) -> None:
    (ts,) = read_xpt(pilot_xpt["ts.xpt"])
    assert ts.frame["TSVAL"].str.contains("’").any()
    assert ts.exchange.created == "2012-04-04T22:16:22"
