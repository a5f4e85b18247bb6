"""Datasets as files, and what was built read from them again: nothing of it stays in memory."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import product
from pathlib import Path

import polars as pl

from opencro.app.build_rows import RowStore
from opencro.kernel.hashing import hash_file
from opencro.tabulation import (
    Dataset,
    Outline,
    read_dataset_parquet,
    type_columns,
    write_json_parts,
    write_parquet_parts,
    write_xpt_parts,
)

KINDS = ("parquet", "xpt", "json")


def dataset_file(name: str, kind: str) -> str:
    """Where a dataset stands in a build: `sdtm/xpt/ae.xpt`, `adam/xpt/adae.xpt`."""
    return f"{package_of(name)}/{kind}/{name.lower()}.{kind}"


def package_of(name: str) -> str:
    """The package that a dataset belongs to: analysis datasets begin with AD and are longer than a domain's name."""
    return "adam" if name.startswith("AD") and len(name) > 2 else "sdtm"


class BuiltDatasets(Mapping[str, Dataset]):
    """The datasets of a build by name, each read from its Parquet file when it is asked for."""

    def __init__(self, folder: Path, names: tuple[str, ...]) -> None:
        self._folder = folder
        self._names = names

    def __getitem__(self, name: str) -> Dataset:
        if name not in self._names:
            raise KeyError(name)
        return read_dataset_parquet(self.path(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def path(self, name: str) -> Path:
        """The Parquet file of a dataset."""
        return self._folder / dataset_file(name, "parquet")


def write_datasets(
    outlines: Mapping[str, Outline],
    store: RowStore,
    folders: tuple[Path, Path],
    created: datetime,
    kept: Mapping[str, str],
) -> Iterator[tuple[str, str]]:
    """Write each dataset as Parquet, SAS transport and Dataset-JSON; gives its name and the hash of its content.

    `folders` is where to write and the former build. The content is that of the Parquet file, which holds description
    and cells and no date; what has the hash that `kept` names comes from the former build.
    """
    folder, old = folders
    for kind, name in product(KINDS, outlines):
        (folder / dataset_file(name, kind)).parent.mkdir(parents=True, exist_ok=True)
    for name, outline in outlines.items():
        parquet, *others = (dataset_file(name, kind) for kind in KINDS)
        columns = outline.described.columns
        rows = [type_columns(piece, columns) for piece in store.read(name)]
        write_parquet_parts(outline.described, pl.concat(rows), folder / parquet)
        content = hash_file(folder / parquet)
        if kept.get(name) == content and all((old / file).is_file() for file in others):
            for file in others:
                os.link(old / file, folder / file)
        else:
            _write_for_exchange(outline, rows, folder, created)
        yield name, content


def _write_for_exchange(outline: Outline, rows: list[pl.LazyFrame], folder: Path, created: datetime) -> None:
    described = outline.described

    def parts() -> Iterator[pl.DataFrame]:
        return (piece.collect() for piece in rows)

    write_xpt_parts(described, parts, folder / dataset_file(described.name, "xpt"), created=created)
    path = folder / dataset_file(described.name, "json")
    write_json_parts(described, parts, path, records=outline.summary.rows, created=created)
