"""How far source data verification has come: for each item that the plan asks for, whether it is verified as it stands.

An item that changed after it was verified is to be verified again. Manual: docs/sdv.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from opencro.capture.sdv_plan import Enrolled, SdvTargets
from opencro.capture.trail_items import PLACE, moved_items, verified_items
from opencro.ledger import Ledger, ParticipantEnrolled, Snapshot

_ITEM = [*PLACE, "item"]
STATES = ("verified", "changed since", "open")


@dataclass(frozen=True)
class SdvProgress:
    """`items`: one row for each value that the plan asks for: the key, item, level, state (`STATES`), fact (the last of
    the record), verified (the fact that verified it, 0 for none), by, at. `position` is the ledger's at that time.
    """

    position: int
    items: pl.DataFrame


def count_sdv(items: pl.DataFrame, *by: str) -> pl.DataFrame:
    """How many values of `SdvProgress.items` are required, verified, changed since and open, by columns of it."""
    sums = [(pl.col("state") == state).sum().cast(pl.Int64).alias(state.replace(" ", "_")) for state in STATES]
    return items.group_by(by).agg(pl.len().cast(pl.Int64).alias("required"), *sums).sort(by)


def read_enrolled(ledger: Ledger, until: int | None = None) -> list[Enrolled]:
    """All participants in the order in which they were enrolled."""
    facts = ledger.facts(kind=ParticipantEnrolled.NAME, until=until)
    return list(dict.fromkeys(Enrolled(fact.key.site, fact.key.participant) for fact in facts))


def sdv_progress(ledger: Ledger, targets: SdvTargets, participant: str | None = None) -> SdvProgress:
    """Every value that stands and that the plan asks for, of all participants or of one, with what became of it."""
    snapshot = ledger.snapshot(participant=participant)
    required = required_values(snapshot, targets)
    trail = ledger.trail_frame(participant, until=snapshot.position)
    return SdvProgress(snapshot.position, judge_items(required, trail))


def required_values(snapshot: Snapshot, targets: SdvTargets) -> pl.DataFrame:
    """Key, item, level and record's last fact of every standing value that the plan asks for."""
    frames = [
        _required(snapshot, level, form, group, items, targets)
        for level, groups in targets.items.items()
        for (form, group), items in groups.items()
    ]
    integers = ("event_repeat", "form_repeat", "group_repeat", "fact")
    schema = {name: pl.Int64 if name in integers else pl.String for name in (*_ITEM, "level", "fact")}
    return pl.concat([pl.DataFrame(schema=schema), *frames])


def _required(
    snapshot: Snapshot, level: str, form: str, group: str, items: tuple[str, ...], targets: SdvTargets
) -> pl.DataFrame:
    whom = [person for person, levels in targets.chosen.items() if level in levels]
    records = snapshot.records(form, group, list(items)).filter(pl.col("participant").is_in(whom))
    keyed = records.with_columns(form=pl.lit(form), group=pl.lit(group))
    long = keyed.unpivot(items, index=[*PLACE, "fact"], variable_name="item", value_name="value")
    return long.filter(pl.col("value").is_not_null()).select(*_ITEM, pl.lit(level).alias("level"), "fact")


def judge_items(required: pl.DataFrame, trail: pl.DataFrame) -> pl.DataFrame:
    """Required values (`required_values`) with state, verified, by and at, as `SdvProgress.items` has them."""
    last = (
        verified_items(trail)
        .group_by(_ITEM)
        .agg(verified=pl.col("seq").last(), by=pl.col("actor").last(), at=pl.col("recorded_at").last())
    )
    joined = required.join(last, on=_ITEM, how="left", maintain_order="left").with_columns(
        pl.col("verified").fill_null(0)
    )
    # Only records that moved on since can have an item that did.
    moved_on = joined.filter(pl.col("fact") > pl.col("verified"), pl.col("verified") > 0)
    touched = trail.join(moved_on.select(PLACE).unique(), on=PLACE, how="semi")
    moved = moved_items(touched).group_by(_ITEM).agg(moved=pl.col("seq").max())
    state = (
        pl.when(pl.col("verified") == 0)
        .then(pl.lit("open"))
        .when(pl.col("moved") > pl.col("verified"))
        .then(pl.lit("changed since"))
        .otherwise(pl.lit("verified"))
    )
    judged = joined.join(moved, on=_ITEM, how="left", maintain_order="left").with_columns(state=state)
    return judged.select(*_ITEM, "level", "state", "fact", "verified", "by", "at")
