"""Describing: participants counted, numbers summarized, for all groups in one pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from opencro.analysis.results.model import SUBJECT, Analysis
from opencro.analysis.results.options import option_names
from opencro.analysis.results.prepare import Material, group_column

Found = tuple[tuple[str, ...], str, Mapping[str, float | str | None]]


def count_subjects(material: Material, analysis: Analysis) -> Iterator[Found]:
    """Participants with a row in a group (n), rows (records), participants they are a share of (N), share in percent.

    100 % are the participants of the population in the groups of `base` (the groupings of the columns, unless said
    otherwise), or, with option `within`, those who have rows in the groups of these groupings.
    """
    rows = material.rows(analysis)
    keys = [group_column(g) for g in analysis.by]
    counted = _grouped(rows, keys, pl.col(SUBJECT).n_unique().alias("n"), pl.len().alias("records"))
    within = analysis.option("within")
    if within is None:
        base = option_names(analysis.option("base", ()))
        people = material.population_rows(analysis, base)
    else:
        base = option_names(within)
        people = rows
    shared = [group_column(g) for g in base]
    whole = _grouped(people, shared, pl.col(SUBJECT).n_unique().alias("N"))
    joined = counted.join(whole, on=shared, how="left") if shared else counted.join(whole, how="cross")
    share = joined.with_columns((100 * pl.col("n") / pl.col("N")).alias("pct"))
    yield from _found(share, keys, ("n", "pct", "N", "records"))


def summarize_values(material: Material, analysis: Analysis) -> Iterator[Found]:
    """Descriptive statistics of the present values; quartiles by SAS definition 5 (the mean where two are as near)."""
    rows = material.rows(analysis).drop_nulls(analysis.of)
    keys = [group_column(g) for g in analysis.by]
    value = pl.col(analysis.of).cast(pl.Float64)
    made = _grouped(
        rows,
        keys,
        pl.len().alias("n"),
        value.mean().alias("mean"),
        value.std(ddof=1).alias("sd"),
        (value.std(ddof=1) / pl.len().sqrt()).alias("se"),
        value.sort().alias("_sorted"),
        value.min().alias("min"),
        value.max().alias("max"),
        value.sum().alias("sum"),
    )
    quantiles = {"q1": 0.25, "median": 0.5, "q3": 0.75}
    made = made.with_columns(_quantile(share).alias(name) for name, share in quantiles.items())
    yield from _found(made, keys, ("n", "mean", "sd", "se", "median", "q1", "q3", "min", "max", "sum"))


def _quantile(share: float) -> pl.Expr:
    """SAS PCTLDEF=5: the mean of x[j] and x[j+1] where n times the share is a whole number j, else x[j+1]."""
    values = pl.col("_sorted")
    place = pl.col("n") * share
    index = place.floor().cast(pl.Int64)
    above = values.list.get(index, null_on_oob=True)
    below = values.list.get(index - 1, null_on_oob=True)
    return pl.when(place == place.floor()).then((below + above) / 2).otherwise(above)


def _grouped(rows: pl.DataFrame, keys: list[str], *made: pl.Expr) -> pl.DataFrame:
    if not keys:
        whole = [e.implode() if e.meta.output_name() == "_sorted" else e for e in made]
        return rows.select(whole)
    return rows.group_by(keys, maintain_order=True).agg(*made)


def _found(frame: pl.DataFrame, keys: list[str], operations: tuple[str, ...]) -> Iterator[Found]:
    for row in frame.iter_rows(named=True):
        yield tuple(row[k] for k in keys), "", {o: row[o] for o in operations}
