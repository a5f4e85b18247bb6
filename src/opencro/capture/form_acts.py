"""The last acts about every form of a study at once: completed, signed, changed, flagged; and the queries that stand.

The same meaning as `workflow.FormWork` and `query.next_query` have for one form and one query, for millions of facts.
"""

from __future__ import annotations

import polars as pl

from opencro.capture.trail_items import PLACE
from opencro.ledger import (
    FormCompleted,
    FormSigned,
    QueryAnswered,
    QueryCancelled,
    QueryClosed,
    QueryRaised,
    QueryReopened,
    RecordChanged,
    RecordRemoved,
    ReviewFlagged,
)

FORM = PLACE[:6]
_STATE = {
    QueryRaised.NAME: "open",
    QueryReopened.NAME: "open",
    QueryAnswered.NAME: "answered",
    QueryClosed.NAME: "closed",
    QueryCancelled.NAME: "cancelled",
}


def last_acts(trail: pl.DataFrame) -> pl.DataFrame:
    """A row per form that has facts: `changed`, `completed`, `signed` (last fact of each, 0 for none), `signed_by`."""
    kind = pl.col("kind")

    def last(*kinds: str) -> pl.Expr:
        return pl.col("seq").filter(kind.is_in(kinds)).max().fill_null(0)

    return (
        trail.filter(pl.col("form") != "")
        .group_by(FORM, maintain_order=True)
        .agg(
            changed=last(RecordChanged.NAME, RecordRemoved.NAME),
            completed=last(FormCompleted.NAME),
            signed=last(FormSigned.NAME),
            signed_by=pl.col("actor").filter(kind == FormSigned.NAME).last(),
        )
    )


def standing_flags(trail: pl.DataFrame) -> pl.DataFrame:
    """Places that are marked for review now, with `note` and `actor`; at any width, as they were marked."""
    flags = trail.filter(pl.col("kind") == ReviewFlagged.NAME).with_columns(
        note=pl.col("payload").str.json_path_match("$.note"),
        raised=pl.col("payload").str.json_path_match("$.raised") == "true",
    )
    last = flags.group_by(PLACE, maintain_order=True).last()
    return last.filter("raised").select(*PLACE, "note", "actor")


def standing_queries(trail: pl.DataFrame) -> pl.DataFrame:
    """Queries that are open or answered: place, `query`, `item`, `text`, `state`."""
    facts = trail.filter(pl.col("kind").is_in(list(_STATE))).with_columns(
        query=pl.col("payload").str.json_path_match("$.query"),
        state=pl.col("kind").replace_strict(_STATE, default=None),
    )
    last = facts.group_by("query", maintain_order=True).agg(pl.col("state").last())
    raised = facts.filter(pl.col("kind") == QueryRaised.NAME).select(
        *PLACE,
        "query",
        item=pl.col("payload").str.json_path_match("$.item"),
        text=pl.col("payload").str.json_path_match("$.text"),
    )
    standing = last.filter(pl.col("state").is_in(["open", "answered"]))
    return raised.join(standing, on="query", how="inner", maintain_order="left")
