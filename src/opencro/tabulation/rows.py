"""Rows of a domain out of its declared sources: records of forms, tests unpivoted, rows of other domains."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from opencro.kernel.expression import to_polars
from opencro.tabulation.algorithms.derive import parsed
from opencro.tabulation.model import Domain, Source, Unpivot
from opencro.tabulation.table import PROVENANCE, Table

Records = Callable[[str, str | None], pl.DataFrame]
"""Gives the records of a form (and group): `record, fact, site, participant, event, event_repeat`, items as text."""

_KEYS = ("record", "fact", "site", "participant", "event", "event_repeat")
_NOT_ITEMS = {*_KEYS, "form_repeat", "group_repeat"}


def gather_rows(domain: Domain, records: Records, tables: Mapping[str, Table]) -> pl.DataFrame:
    """All rows of a domain: provenance columns and one `raw.ITEM` column per item, sources in their order."""
    frames = []
    for number, source in enumerate(domain.sources):
        frame = _from_datasets(source, tables) if source.form is None else _from_form(source, records)
        fixed = [pl.lit(value).alias(f"raw.{name}") for name, value in source.set.items()]
        frames.append(frame.with_columns(pl.lit(number, dtype=pl.Int32).alias("_source"), *fixed))
    return pl.concat(frames, how="diagonal") if len(frames) > 1 else frames[0]


def _from_form(source: Source, records: Records) -> pl.DataFrame:
    frame = records(source.form or "", source.group)
    if source.where:
        frame = frame.filter(to_polars(parsed(source.where), dict(frame.schema)))
    if source.by:
        frame = frame.unique(["participant", "event", *source.by], keep="first", maintain_order=True)
    provenance = [pl.col(k).alias(f"_{k}") for k in _KEYS]
    form = [pl.lit(source.form).alias("_form"), pl.lit(source.group, dtype=pl.String).alias("_group")]
    items = [c for c in frame.columns if c not in _NOT_ITEMS]
    if source.unpivot is None:
        return frame.select(*provenance, *form, *(pl.col(c).alias(f"raw.{c}") for c in items))
    return _unpivot(frame, source.unpivot, items, [*provenance, *form])


def _unpivot(frame: pl.DataFrame, unpivot: Unpivot, items: list[str], provenance: list[pl.Expr]) -> pl.DataFrame:
    parts = []
    for test in unpivot.tests:
        names = {role: pattern.replace("{test}", test) for role, pattern in unpivot.items.items()}
        roles = [
            (pl.col(item) if item in items else pl.lit(None, dtype=pl.String)).alias(f"raw.{role}")
            for role, item in names.items()
        ]
        part = frame.select(*provenance, pl.lit(test).alias("raw.test"), *roles)
        if unpivot.keep:
            bare = {role: pl.String() for role in ("test", *names)}
            kept = to_polars(parsed(unpivot.keep), bare)
            renamed = part.rename({f"raw.{role}": role for role in bare})
            part = part.filter(renamed.select(kept.alias("_keep")).to_series())
        parts.append(part)
    return pl.concat(parts)


def _from_datasets(source: Source, tables: Mapping[str, Table]) -> pl.DataFrame:
    parts = []
    for name in source.datasets:
        frame = tables[name].frame
        if source.where:
            frame = frame.filter(to_polars(parsed(source.where), dict(frame.schema)))
        taken = [pl.col(v).alias(f"raw.{v}") for v in source.by]
        provenance = [pl.col(c) for c in PROVENANCE if c in frame.columns and c != "_source"]
        parts.append(frame.select(*provenance, *taken).drop_nulls([f"raw.{v}" for v in source.by]))
    frame = pl.concat(parts, how="diagonal")
    return frame.unique(["_participant", *(f"raw.{v}" for v in source.by)], keep="first", maintain_order=True)
