"""Single items out of the trail's payloads, for many facts at once."""

from __future__ import annotations

import polars as pl

from opencro.ledger import RecordChanged, RecordKey, RecordRemoved, SourceVerified

PLACE = RecordKey._fields
# A string inside JSON has a backslash before each of its quotes, so this matches only where an item's pair begins.
_MOVED = r'"[^"\\]+":\['
_NAME = r'^"([^"]+)"'


def moved_items(trail: pl.DataFrame) -> pl.DataFrame:
    """Key, item and seq of every value that moved, one row each, in the order of the facts."""
    facts = trail.filter(pl.col("kind").is_in([RecordChanged.NAME, RecordRemoved.NAME]))
    names = pl.col("payload").str.extract_all(_MOVED).list.eval(pl.element().str.extract(_NAME))
    return facts.select(*PLACE, "seq", item=names).explode("item").drop_nulls("item")


def verified_items(trail: pl.DataFrame) -> pl.DataFrame:
    """Key, item, seq, actor and recorded_at of every item that was verified, one row each, in order of the facts."""
    facts = trail.filter(pl.col("kind") == SourceVerified.NAME)
    items = pl.col("payload").str.json_decode(pl.Struct({"items": pl.List(pl.String)})).struct.field("items")
    return facts.select(*PLACE, "seq", "actor", "recorded_at", item=items).explode("item").drop_nulls("item")
