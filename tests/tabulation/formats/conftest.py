"""What the format tests share: published transport files and a small dataset that every format can hold."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from opencro.tabulation.dataset import Column, Dataset


def _transport_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".xpt":
            yield path.name, path.read_bytes()
        elif path.name.endswith(".xpt.gz"):
            yield path.name, gzip.decompress(path.read_bytes())
        elif path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    if name.endswith(".xpt"):
                        yield name, archive.read(name)


@pytest.fixture(scope="session")
def pilot_xpt(shared: Path) -> dict[str, bytes]:
    """Every transport file of the CDISC pilot by name, zipped ones unpacked."""
    return dict(_transport_files(shared / "cdisc" / "cdiscpilot01"))


@pytest.fixture(scope="session")
def other_xpt(shared: Path) -> list[tuple[str, bytes]]:
    """Transport files that other software wrote: CDISC's examples and SEND packages."""
    folders = [shared / "cdisc" / "dataset_json" / "examples", shared / "lab" / "send"]
    return [found for folder in folders for found in _transport_files(folder)]


@pytest.fixture
def vitals() -> Dataset:
    """Three rows with text, a number, a decimal, a date as number and a flag."""
    columns = (
        Column("USUBJID", "Unique Subject Identifier", "text", 6, key_sequence=1),
        Column("VSSEQ", "Sequence Number", "integer", key_sequence=2),
        Column("VSSTRESN", "Numeric Result", "float", display_format="8.2"),
        Column("VSORRES", "Result as Collected", "decimal"),
        Column("ADT", "Analysis Date", "date", display_format="DATE9.", target="integer"),
        Column("VSDTC", "Date/Time", "datetime", 16),
    )
    frame = pl.DataFrame(
        {
            "USUBJID": ["701-01", "701-02", None],
            "VSSEQ": [1, 2, None],
            "VSSTRESN": [120.25, None, -0.5],
            "VSORRES": ["120.250", None, "-0.5"],
            "ADT": [19000.0, None, 0.0],
            "VSDTC": ["2012-01-08T09:30", None, "2012-02"],
        },
        schema={c.name: c.frame_type for c in columns},
    )
    return Dataset("VS", "Vital Signs", columns, frame)
