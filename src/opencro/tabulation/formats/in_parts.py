"""Write a dataset whose rows come in parts, in memory for one part; the bytes do not depend on how it was cut.

`Parts` gives frames with the columns of the described dataset, in their order, again each time it is called. The
datasets that are written so hold a study's name in every row, so a blank end of rows (XPT-031) can not occur.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import polars as pl

from opencro.kernel.finding import Finding, Refused
from opencro.tabulation.dataset import Dataset
from opencro.tabulation.formats import xpt_layout as layout
from opencro.tabulation.formats.dataset_json_write import check_encoded, encode_values, join_rows, render_head
from opencro.tabulation.formats.parquet import render_metadata
from opencro.tabulation.formats.xpt_check import check_xpt
from opencro.tabulation.formats.xpt_write import Encoding, render_library, render_member, render_rows

Parts = Callable[[], Iterator[pl.DataFrame]]
ROW_GROUP = 250_000
"""Rows of a Parquet row group: what is in memory while it is written."""


def write_xpt_parts(
    described: Dataset, parts: Parts, path: Path, *, created: datetime, encoding: Encoding = "windows-1252"
) -> None:
    """SAS transport version 5; each text has a length. Refused with XPT-020 to XPT-029, then nothing is written."""
    widths = [c.transport_bytes if c.numeric else c.length or 1 for c in described.columns]
    stamp = layout.render_stamp(created)
    size = 0
    with _whole_file(path) as handle:
        handle.write(render_library(stamp) + render_member(described, widths, encoding, stamp))
        for frame in parts():
            part = replace(described, frame=frame)
            if check_xpt(part, encoding, path.name):
                raise Refused(_check_columns(described, parts, lambda d: check_xpt(d, encoding, path.name)))
            rows = render_rows(part, widths, encoding)
            handle.write(rows.data)
            size += rows.size
        handle.write(b" " * (-size % layout.RECORD))


def write_json_parts(described: Dataset, parts: Parts, path: Path, *, records: int, created: datetime) -> None:
    """Dataset-JSON 1.1 of `records` rows; Refused with DSJ-020, then nothing is written."""

    def check(dataset: Dataset) -> list[Finding]:
        encoded = [encode_values(c, dataset.frame[c.name]) for c in dataset.columns]
        return list(check_encoded(dataset, encoded, path.name))

    with _whole_file(path) as handle:
        handle.write((render_head(described, records, created)[:-1] + ',"rows":[\n').encode())
        written = False
        for frame in parts():
            encoded = [encode_values(c, frame[c.name]) for c in described.columns]
            if list(check_encoded(replace(described, frame=frame), encoded, path.name)):
                raise Refused(_check_columns(described, parts, check))
            if frame.height:
                handle.write((",\n" if written else "").encode())
                handle.write(join_rows(encoded, ",\n").encode())
                written = True
        handle.write(b"\n]}\n" if written else b"]}\n")


def write_parquet_parts(described: Dataset, rows: pl.LazyFrame, path: Path) -> None:
    """Parquet in row groups of a fixed size; the same rows and the same version of Polars give the same bytes."""
    unfinished = path.with_name(path.name + ".part")
    rows.sink_parquet(
        unfinished, compression="zstd", statistics=True, row_group_size=ROW_GROUP, metadata=render_metadata(described)
    )
    unfinished.replace(path)


def _check_columns(described: Dataset, parts: Parts, check: Callable[[Dataset], list[Finding]]) -> list[Finding]:
    """The findings of the whole, with the row numbers of the whole: a column at a time, as that fits in memory."""
    found: list[Finding] = []
    for column in described.columns:
        whole = pl.concat([frame.select(column.name) for frame in parts()])
        found += check(replace(described, columns=(column,), frame=whole))
    return list(dict.fromkeys(found))


@contextmanager
def _whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file that appears whole or not at all."""
    unfinished = path.with_name(path.name + ".part")
    try:
        with unfinished.open("wb") as handle:
            yield handle
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
