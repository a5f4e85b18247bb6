"""Designs beside each other under the same scenarios: one table, one picture, resumable cell by cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Protocol

import polars as pl

from opencro.design.errors import DesignError
from opencro.design.simulation.chunks import Workers, identify_task
from opencro.stats import Result


class Simulated(Protocol):
    """What every simulator of this room gives: a table of characteristics with their standard errors."""

    def summary(self) -> pl.DataFrame:
        """Columns characteristic, estimate, se."""
        ...


Run = Callable[..., Simulated]


@dataclass(frozen=True)
class Grid(Result):
    """Designs x scenarios x characteristics, each estimate with its Monte Carlo standard error."""

    title: ClassVar[str] = "Designs under scenarios"

    table: pl.DataFrame
    trials: int
    seed: int

    def columns(self) -> Mapping[str, Any]:
        """Columns design, scenario, characteristic, estimate, se."""
        return self.table.to_dict(as_series=False)

    def beside(self, characteristic: str) -> pl.DataFrame:
        """One characteristic: a row a scenario, a column a design."""
        rows = self.table.filter(pl.col("characteristic") == characteristic)
        return rows.pivot("design", index="scenario", values="estimate")

    def plot(self) -> Any:
        """A panel for each characteristic, scenarios along it, a line for each design with 95 % Monte Carlo limits.

        Returns a Matplotlib figure.
        """
        figure = import_module("matplotlib.figure").Figure
        names = self.table["characteristic"].unique(maintain_order=True).to_list()
        picture = figure(figsize=(3.2 * len(names), 3.2), layout="constrained")
        panels = picture.subplots(1, len(names), squeeze=False)[0]
        for panel, name in zip(panels, names, strict=True):
            for (design,), rows in self.table.filter(pl.col("characteristic") == name).group_by(
                ["design"], maintain_order=True
            ):
                panel.errorbar(rows["scenario"], rows["estimate"], yerr=1.96 * rows["se"], marker="o", label=design)
            panel.set_title(name)
            panel.tick_params(axis="x", rotation=30)
        panels[0].legend()
        return picture


def run_grid(
    designs: Mapping[str, Run], scenarios: Mapping[str, Any], *, trials: int, seed: int, workers: Workers = 1,
    store: Path | None = None, progress: Callable[[int, int], None] | None = None,
) -> Grid:  # fmt: skip
    """The characteristics of each design under each scenario.

    `designs`: names and functions `run(truth, trials=, seed=, scenario=, workers=)`, as
    `functools.partial(simulate_multi_arm, plan)` is one. `scenarios`: names and truths, numbered in this order; the
    designs see the same streams in a scenario. `store`: a folder where finished cells are kept, so that a run that was
    stopped goes on. `progress(done, cells)` is called after each cell. DesignError DES-524 for an empty grid.

    >>> from opencro.design.early import boin, keyboard, simulate_interval
    >>> designs = {d.name: partial(simulate_interval, d, cohorts=8) for d in (boin(0.3), keyboard(0.3))}
    >>> run_grid(designs, {"steep": [0.1, 0.3, 0.6]}, trials=100, seed=1).beside("treated").columns
    ['scenario', 'BOIN', 'Keyboard']
    """
    if not designs or not scenarios:
        raise DesignError(
            "DES-524",
            f"{len(designs)} designs, {len(scenarios)} scenarios",
            "at least one of each",
            "Name what to compare.",
        )
    cells = [(d, s, number) for d in designs for number, s in enumerate(scenarios)]
    found = []
    for done, (design, scenario, number) in enumerate(cells, 1):
        given = partial(designs[design], scenarios[scenario], trials=trials, seed=seed, scenario=number)
        kept = store and store / f"{identify_task(given)}.parquet"
        if kept and kept.exists():
            table = pl.read_parquet(kept)
        else:
            table = given(workers=workers).summary()
            if kept:
                kept.parent.mkdir(parents=True, exist_ok=True)
                table.write_parquet(kept)
        names = pl.lit(design).alias("design"), pl.lit(scenario).alias("scenario")
        found.append(table.select(*names, pl.all()))
        if progress:
            progress(done, len(cells))
    return Grid(pl.concat(found), trials, seed)
