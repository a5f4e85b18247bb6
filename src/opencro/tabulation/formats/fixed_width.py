"""Text columns <-> fixed-width bytes padded with blanks, whole columns at a time.

A column's cells are joined into one text and split by Polars, which spares a Python string per cell.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

Bytes2D = npt.NDArray[np.uint8]

_SEPARATORS = (0x1F, 0x1E, 0x1D, 0x1C, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07)
_PIECE = 1 << 28


def unpad_text(cells: Bytes2D, encoding: str) -> pl.Series:
    """The text of each row of `cells` without trailing blanks; a blank cell is null (SAS's missing text).

    Raises UnicodeDecodeError where the bytes are not in that encoding.
    """
    rows, width = cells.shape
    if rows == 0 or width == 0:
        return pl.Series([None] * rows, dtype=pl.String)
    step = max(1, _PIECE // (width + 1))
    pieces = [_unpad_piece(cells[start : start + step], encoding) for start in range(0, rows, step)]
    text = pieces[0] if len(pieces) == 1 else pl.concat(pieces)
    frame = text.to_frame("t").select(pl.col("t").str.strip_chars_end(" "))
    return frame.select(pl.when(pl.col("t") != "").then(pl.col("t"))).to_series()


def _unpad_piece(cells: Bytes2D, encoding: str) -> pl.Series:
    rows, width = cells.shape
    joined = np.empty((rows, width + 1), dtype=np.uint8)
    joined[:, :width] = cells
    for separator in _SEPARATORS:
        joined[:, width] = separator
        raw = joined.tobytes()
        if raw.count(separator) == rows:
            return pl.Series([raw[:-1].decode(encoding)]).str.split(chr(separator)).explode()
    return pl.Series([bytes(cell).decode(encoding) for cell in cells], dtype=pl.String)


def pad_text(text: pl.Series, width: int, encoding: str) -> Bytes2D:
    """Each text as `width` bytes, padded with blanks; null is blank.

    The caller has checked with `encoded_lengths` that every text fits and can be encoded.
    """
    filled = text.fill_null("")
    if is_ascii(filled):
        joined = filled.str.pad_end(width, " ").str.join("").item().encode("ascii")
        return np.frombuffer(joined, dtype=np.uint8).reshape(len(text), width)
    words = filled.unique(maintain_order=True)
    cells = b"".join(word.encode(encoding).ljust(width) for word in words)
    places = filled.replace_strict(words, pl.Series(range(len(words)), dtype=pl.UInt32), return_dtype=pl.UInt32)
    padded: Bytes2D = np.frombuffer(cells, dtype=np.uint8).reshape(len(words), width)[places.to_numpy()]
    return padded


def is_ascii(text: pl.Series) -> bool:
    """Whether no text holds a character beyond ASCII."""
    return bool((text.str.len_bytes() == text.str.len_chars()).all())


def encoded_lengths(text: pl.Series, encoding: str) -> pl.Series:
    """Bytes of each text without trailing blanks; null where a text cannot be encoded. Null text takes none."""
    filled = text.fill_null("").str.strip_chars_end(" ")
    if is_ascii(filled) or encoding == "utf-8":
        return filled.str.len_bytes()
    words = filled.unique(maintain_order=True)
    lengths = [_length(word, encoding) for word in words]
    return filled.replace_strict(words, pl.Series(lengths, dtype=pl.UInt32), return_dtype=pl.UInt32)


def _length(word: str, encoding: str) -> int | None:
    try:
        return len(word.encode(encoding))
    except UnicodeEncodeError:
        return None
