"""What SAS transport version 5 cannot hold, found before a byte is written: XPT-020 to XPT-031.

Source: SAS TS-140 (8-character names, 40-character labels, 200-byte text, IBM doubles).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import numpy as np
import polars as pl

from opencro.kernel.finding import Finding, Place, Severity
from opencro.tabulation.dataset import Column, Dataset
from opencro.tabulation.formats import xpt_layout as layout
from opencro.tabulation.formats.fixed_width import encoded_lengths
from opencro.tabulation.formats.ibm_float import fits_ibm, pack_ibm, unpack_ibm
from opencro.tabulation.formats.sas_format import parse_sas_format

_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
_CODES = frozenset("_ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def check_xpt(dataset: Dataset, encoding: str, file: str) -> list[Finding]:
    """Everything of a dataset that transport version 5 cannot hold in that encoding, with column and first row."""
    return list(_check(dataset, encoding, file))


def text_width(column: Column, values: pl.Series, encoding: str) -> int:
    """Bytes that a text column takes: its declared length, else its longest text, at least 1."""
    if column.length is not None:
        return column.length
    longest = encoded_lengths(values, encoding).max()
    return max(1, longest if isinstance(longest, int) else 1)


def _check(dataset: Dataset, encoding: str, file: str) -> Iterator[Finding]:
    yield from _check_name(dataset.name, dataset.name, "dataset", file)
    yield from _check_label(dataset.label, dataset.name, encoding, file)
    if len(dataset.columns) > layout.MAX_COLUMNS:
        got = f"{len(dataset.columns)} columns"
        yield Finding("XPT-022", Place(file, None, dataset.name), got, "9999 at most", "Split the dataset.")
        return
    folded = Counter(c.name.upper() for c in dataset.columns)
    for column in dataset.columns:
        path = f"{dataset.name}.{column.name}"
        yield from _check_name(column.name, path, "variable", file)
        if folded[column.name.upper()] > 1:
            got = f'"{column.name}" differs from another variable only in case'
            yield Finding("XPT-020", Place(file, None, path), got, "names that differ", "Rename one of them.")
        yield from _check_label(column.label, path, encoding, file)
        yield from _check_formats(column, path, file)
        check = _check_numbers if column.numeric else _check_text
        yield from check(column, dataset, path, encoding, file)
    yield from _check_special(dataset, file)
    yield from _check_blank_end(dataset, encoding, file)


def _check_name(name: str, path: str, kind: str, file: str) -> Iterator[Finding]:
    if len(name) > layout.MAX_NAME or not _NAME.match(name):
        got = f'{kind} name "{name}" ({len(name)} characters)'
        expected = "1 to 8 letters, digits and underscores, no digit first"
        yield Finding("XPT-020", Place(file, None, path), got, expected, "Shorten or rename it.")


def _check_label(label: str, path: str, encoding: str, file: str) -> Iterator[Finding]:
    size = encoded_lengths(pl.Series([label], dtype=pl.String), encoding).item()
    place = Place(file, None, path)
    if size is None:
        remedy = "Write the label in other characters or choose another encoding."
        yield Finding("XPT-023", place, f'label "{label}"', f"characters of {encoding}", remedy)
    elif size > layout.MAX_LABEL:
        yield Finding("XPT-021", place, f'label "{label}" takes {size} bytes', "40 at most", "Shorten the label.")


def _check_formats(column: Column, path: str, file: str) -> Iterator[Finding]:
    for text in (column.display_format, column.informat):
        parsed = parse_sas_format(text)
        if parsed is None or len(parsed.name) > layout.MAX_NAME or not parsed.name.isascii() or parsed.width > 32767:
            remedy = "Give a SAS format such as DATE9. or 8.2."
            yield Finding("XPT-024", Place(file, None, path), f'format "{text}"', "a SAS format", remedy)


def _check_text(column: Column, dataset: Dataset, path: str, encoding: str, file: str) -> Iterator[Finding]:
    values = dataset.frame[column.name]
    sizes = encoded_lengths(values, encoding)
    unknown = sizes.is_null().arg_true()
    if len(unknown):
        row = int(unknown[0])
        got = f"{len(unknown)} texts, the first {values[row]!r}"
        remedy = "Choose an encoding that has the characters, or replace them in the source."
        yield Finding("XPT-025", _cell(file, path, row), got, f"characters of {encoding}", remedy)
    limit = layout.MAX_TEXT if column.length is None else min(column.length, layout.MAX_TEXT)
    long = (sizes > limit).fill_null(False).arg_true()
    if len(long):
        row = int(long[0])
        got = f"{len(long)} texts are too long, the first of {sizes[row]} bytes"
        remedy = "Split the text over supplemental qualifiers." if limit == layout.MAX_TEXT else "Raise the length."
        yield Finding("XPT-026", _cell(file, path, row), got, f"{limit} bytes at most", remedy)
    if column.length is not None and not 1 <= column.length <= layout.MAX_TEXT:
        got = f"length {column.length}"
        yield Finding("XPT-026", Place(file, None, path), got, "1 to 200", "Give the length of the longest text.")


def _check_numbers(column: Column, dataset: Dataset, path: str, encoding: str, file: str) -> Iterator[Finding]:
    del encoding
    values = dataset.frame[column.name]
    numbers = values.cast(pl.Float64, strict=False)
    unread = (numbers.is_null() & values.is_not_null()).arg_true()
    if len(unread):
        row = int(unread[0])
        yield Finding("XPT-027", _cell(file, path, row), f"{values[row]!r}", "a number", "Correct the value.")
    doubles = numbers.fill_null(float("nan")).to_numpy()
    wide = np.flatnonzero(~fits_ibm(doubles))
    if wide.size:
        row = int(wide[0])
        got, expected = f"{wide.size} numbers, the first {doubles[row]}", "0 or a size of 5.4e-79 to 7.2e75"
        yield Finding("XPT-028", _cell(file, path, row), got, expected, "Scale the value.")
    if not 2 <= column.transport_bytes <= 8:
        got = f"{column.transport_bytes} bytes for a number"
        yield Finding("XPT-029", Place(file, None, path), got, "2 to 8", "Give 8 bytes.")
    elif column.transport_bytes < 8 and not wide.size:
        kept = np.uint64((1 << 64) - (1 << (64 - 8 * column.transport_bytes)))
        short = unpack_ibm(pack_ibm(doubles) & kept).values
        lost = np.flatnonzero((short != doubles) & ~np.isnan(doubles))
        if lost.size:
            got = f"{lost.size} numbers lose digits in {column.transport_bytes} bytes, the first {doubles[lost[0]]}"
            yield Finding("XPT-029", _cell(file, path, int(lost[0])), got, "numbers kept whole", "Give 8 bytes.")
    beyond = values.abs() > 2**53 if values.dtype == pl.Int64 else pl.Series([False])
    if beyond.any():
        row = int(beyond.fill_null(False).arg_true()[0])
        yield Finding("XPT-028", _cell(file, path, row), f"{values[row]}", "at most 2**53", "Hold it as text.")


def _check_special(dataset: Dataset, file: str) -> Iterator[Finding]:
    numeric = {c.name for c in dataset.columns if c.numeric}
    for m in dataset.special_missing:
        known = m.code in _CODES and m.column in numeric and 0 <= m.row < dataset.frame.height
        if not known or dataset.frame[m.column][m.row] is not None:
            got = f"special missing value .{m.code}"
            expected = "a code _ or A to Z in a numeric column where the frame holds null"
            yield Finding("XPT-030", _cell(file, f"{dataset.name}.{m.column}", m.row), got, expected, "Correct it.")


def _check_blank_end(dataset: Dataset, encoding: str, file: str) -> Iterator[Finding]:
    """Short rows of blanks at the end cannot be told from the filling of the last record."""
    if not dataset.columns or any(c.numeric for c in dataset.columns) or not dataset.frame.height:
        return
    width = sum(text_width(c, dataset.frame[c.name], encoding) for c in dataset.columns)
    blank = dataset.frame.tail(layout.RECORD).select(
        pl.all_horizontal(pl.all().fill_null("").str.strip_chars(" ") == "").alias("blank")
    )["blank"]
    height = dataset.frame.height
    size = -(-height * width // layout.RECORD) * layout.RECORD
    fewest = max(0, (size - layout.RECORD) // width + 1)
    if fewest < height and blank.tail(height - fewest).any():
        last = blank.reverse().arg_min() or 0
        if last or blank.all():
            got = "the last rows are blank in a row of less than 80 bytes"
            place = _cell(file, dataset.name, height - 1)
            yield Finding("XPT-031", place, got, "a last row with text", "Leave the blank rows out.", Severity.WARNING)


def _cell(file: str, path: str, row: int) -> Place:
    return Place(file, None, f"{path} row {row + 1}")
