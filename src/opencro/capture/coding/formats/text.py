"""Lines of dictionaries into columns: fields between separators, or at fixed places."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from opencro.kernel.finding import Finding, Place, Refused


def decode(data: bytes) -> str:
    """UTF-8 where it is, else windows-1252, in which older versions were written."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("windows-1252", errors="replace")


def read_fields(data: bytes, file: str, separator: str, names: Mapping[int, str]) -> pl.DataFrame:
    """The numbered fields (from 0) of every line as text; an empty field is null. Refused with COD-201."""
    lines = _lines(data)
    split = lines.str.split(separator)
    short = split.list.len() <= max(names)
    if short.any():
        number = int(short.arg_max() or 0)
        got = f"{split.list.len()[number]} fields"
        _refuse(file, number, got, f"at least {max(names) + 1} fields between {separator}")
    return pl.DataFrame([_tidy(split.list.get(i).alias(name)) for i, name in names.items()])


def read_columns(data: bytes, file: str, places: Mapping[str, tuple[int, int | None]]) -> pl.DataFrame:
    """The characters start..end (from 0, end excluded, None: all) of every line as text. Refused with COD-201."""
    lines = _lines(data)
    least = max(start for start, _ in places.values())
    short = lines.str.len_chars() <= least
    if short.any():
        number = int(short.arg_max() or 0)
        _refuse(file, number, f"{len(lines[number])} characters", f"more than {least} characters")
    return pl.DataFrame(
        [
            _tidy(lines.str.slice(start, None if end is None else end - start).alias(name))
            for name, (start, end) in places.items()
        ]
    )


def _lines(data: bytes) -> pl.Series:
    text = decode(data).replace("\r\n", "\n")
    return pl.Series([line for line in text.split("\n") if line.strip()], dtype=pl.String)


def _tidy(values: pl.Series) -> pl.Series:
    trimmed = values.str.strip_chars()
    return trimmed.set(trimmed == "", None)


def _refuse(file: str, number: int, got: str, expected: str) -> None:
    remedy = "Take the file as it was distributed."
    raise Refused([Finding("COD-201", Place(file, number + 1), got, expected, remedy)])
