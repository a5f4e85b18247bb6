"""Parquet with the eight columns of NCI EVS -> rows."""

from __future__ import annotations

import io

import polars as pl

from opencro.kernel.finding import Finding, Place
from opencro.terms.formats.nci_text import heading_finding
from opencro.terms.formats.rows import COLUMNS, Published, Row

_MAGIC = b"PAR1"


def parse_ct_parquet(data: bytes, file: str) -> tuple[Published | None, list[Finding]]:
    """Rows of one Parquet file, or None with TRM-002 (columns) or TRM-009 (not readable)."""
    broken = Finding("TRM-009", Place(file), "not readable as Parquet", "a Parquet file", "Give the whole file.")
    if len(data) < 12 or not data.startswith(_MAGIC) or not data.endswith(_MAGIC):
        return None, [broken]
    try:
        frame = pl.read_parquet(io.BytesIO(data))
    except (pl.exceptions.PolarsError, OSError):
        return None, [broken]
    if tuple(frame.columns) != COLUMNS:
        return None, [heading_finding(tuple(frame.columns), Place(file))]
    text = frame.select(pl.all().cast(pl.String).fill_null("").str.strip_chars())
    return Published(tuple(Row(number, *fields) for number, fields in enumerate(text.iter_rows(), 1))), []
