"""Rows of datasets on their way to the files: in memory while there is one piece, else in a working folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl


class RowStore:
    """The pieces of each dataset in the order in which they stand in the file; `folder` None keeps them in memory."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._pieces: dict[str, list[tuple[str, int, pl.DataFrame | Path]]] = {}
        if folder is not None:
            folder.mkdir(parents=True)

    @property
    def names(self) -> list[str]:
        """The datasets that have pieces."""
        return list(self._pieces)

    def add(self, name: str, rows: pl.DataFrame, rank: str = "") -> None:
        """Put rows behind those of the same rank that are there."""
        pieces = self._pieces.setdefault(name, [])
        if self._folder is None:
            pieces.append((rank, len(pieces), rows))
            return
        path = self._folder / f"{name}.{len(pieces)}.arrow"
        rows.write_ipc(path, compression="lz4")
        pieces.append((rank, len(pieces), path))

    def read(self, name: str) -> Iterator[pl.LazyFrame]:
        """The pieces, one after another."""
        for _, _, piece in sorted(self._pieces[name], key=lambda p: p[:2]):
            yield piece.lazy() if isinstance(piece, pl.DataFrame) else pl.scan_ipc(piece)
