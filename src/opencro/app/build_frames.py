"""The datasets of one display, each read when an analysis first asks for it, with just the columns that are named."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

import polars as pl

from opencro.analysis.results.model import SUBJECT_LEVEL

Scan = Callable[[str], pl.LazyFrame]


class FramesOnDemand(Mapping[str, pl.DataFrame]):
    """Datasets by name; ADSL and the one that was last asked for stay in memory, what came before is let go.

    Args:
        names: the datasets that there are.
        scan: opens one of them.
        columns: the names of the variables that are read, of whichever dataset has them.
    """

    def __init__(self, names: Collection[str], scan: Scan, columns: Collection[str]) -> None:
        self._names = sorted(names)
        self._scan = scan
        self._columns = frozenset(columns)
        self._kept: dict[str, pl.DataFrame] = {}

    def __getitem__(self, name: str) -> pl.DataFrame:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._kept:
            self._kept = {n: frame for n, frame in self._kept.items() if SUBJECT_LEVEL in (n, name)}
            frame = self._scan(name)
            self._kept[name] = frame.select(c for c in frame.collect_schema().names() if c in self._columns).collect()
        return self._kept[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
