"""The work table of one domain: its rows with the records behind them, growing a column per variable."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from opencro.tabulation.model import Domain

PROVENANCE = {
    "_record": pl.Int64,
    "_fact": pl.Int64,
    "_site": pl.String,
    "_participant": pl.String,
    "_event": pl.String,
    "_event_repeat": pl.Int64,
    "_form": pl.String,
    "_group": pl.String,
    "_source": pl.Int32,
}
"""Columns that say which record a row comes from; `_source` is the number of the declared source."""


@dataclass
class Table:
    """Rows of a domain: provenance columns, `raw.ITEM` columns, and the variables made so far."""

    domain: Domain
    frame: pl.DataFrame

    def per_participant(self, variable: str, other: Table) -> pl.Series:
        """A variable of this table (one row per participant) aligned with another table's rows."""
        mine = self.frame.select("_participant", pl.col(variable).alias("_value")).unique("_participant", keep="first")
        rows = other.frame.select("_participant")
        return rows.join(mine, on="_participant", how="left", maintain_order="left").get_column("_value")
