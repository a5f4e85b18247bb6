"""Marks on the facts of the trail that a reviewer looks for: late, after a query, after a lock, at night.

Every mark is a column of booleans, computed for all facts at once. What each means stands in docs/audit-review.md.

Source: ICH E6(R3) section 4.2.3 (audit trails are reviewed); EMA Guideline on computerised systems (2023), 6.2.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from opencro.capture.sites import Sites
from opencro.capture.trail_items import PLACE
from opencro.ledger import (
    FormLocked,
    FormUnlocked,
    QueryRaised,
    RecordChanged,
    RecordRemoved,
)
from opencro.study import ItemGroup, Study

MARKS = ("late", "after_query", "after_lock", "while_locked", "night", "weekend", "burst")
_BY_PEOPLE = ("ui", "api", "offline", "rehearsal")
"""Doors at which a person sits; imports and the system work at night because nobody waits for them."""

# A string inside JSON has a backslash before each of its quotes, so these match only where an item's pair begins.
_PAIR = r'[^\\]":\['
_SAVED_BEFORE = r'[^\\]":\["'
_EDITED_ITEM = r'"[^"\\]+":\["'
_FULL_DATES = ("date", "datetime")
_DATES = (*_FULL_DATES, "partial-date", "partial-datetime")


def mark_values(trail: pl.DataFrame) -> pl.DataFrame:
    """With `entry`, `edit`, `removal` (what a fact about values is) and `values` (how many of them it moved)."""
    changed, removed = pl.col("kind") == RecordChanged.NAME, pl.col("kind") == RecordRemoved.NAME
    saved = pl.col("payload").str.contains(_SAVED_BEFORE)
    pairs = pl.col("payload").str.count_matches(_PAIR).cast(pl.Int64)
    return trail.with_columns(
        entry=changed & ~saved,
        edit=changed & saved,
        removal=removed,
        values=pl.when(changed | removed).then(pairs).otherwise(0),
    )


def mark_hours(trail: pl.DataFrame, sites: Sites, office: tuple[int, int]) -> pl.DataFrame:
    """With `local` (the clock on the site's wall), `night` and `weekend`, for what people did."""
    local = pl.col("recorded_at").str.to_datetime("%Y-%m-%dT%H:%M:%S%.3fZ", time_zone="UTC", time_unit="ms")
    zones = {site: sites.zone_of(site) for site in trail.get_column("site").unique()}
    moment = pl.lit(None, pl.Datetime("ms"))
    for zone in sorted(set(zones.values())):
        of_zone = pl.col("site").is_in([site for site, its in zones.items() if its == zone])
        here = local.dt.convert_time_zone(zone).dt.replace_time_zone(None)
        moment = pl.when(of_zone).then(here).otherwise(moment)
    person = pl.col("source").is_in(_BY_PEOPLE)
    hour = pl.col("local").dt.hour()
    return trail.with_columns(local=moment).with_columns(
        night=person & ((hour < office[0]) | (hour >= office[1])), weekend=person & (pl.col("local").dt.weekday() > 5)
    )


def mark_bursts(trail: pl.DataFrame, facts: int, gap_minutes: int) -> pl.DataFrame:
    """With `burst` (whether a fact belongs to a burst out of hours) and `burst_id`.

    A burst is so many facts or more of one user at one site out of hours, none later than the gap after the one before.
    """
    by = ["actor", "site"]
    out = trail.filter(pl.col("night") | pl.col("weekend")).select("seq", *by, "local").sort(*by, "seq")
    gap = pl.col("local").diff().over(by)
    starts = gap.is_null() | (gap > pl.duration(minutes=gap_minutes))
    runs = out.with_columns(burst_id=starts.cum_sum().cast(pl.Int64)).with_columns(_size=pl.len().over("burst_id"))
    found = runs.filter(pl.col("_size") >= facts).select("seq", "burst_id")
    return trail.join(found, on="seq", how="left", maintain_order="left").with_columns(
        burst=pl.col("burst_id").is_not_null()
    )


def mark_late(trail: pl.DataFrame, dates: pl.DataFrame, late_days: int) -> pl.DataFrame:
    """With `days` from the record's date to its first entry, and `late` where that is more than `late_days`."""
    joined = trail.join(dates.select("seq", "record_date"), on="seq", how="left", maintain_order="left")
    days = (pl.col("local").dt.date() - pl.col("record_date")).dt.total_days()
    return joined.with_columns(days=days).with_columns(late=(pl.col("days") > late_days).fill_null(value=False))


def record_dates(study: Study, trail: pl.DataFrame) -> pl.DataFrame:
    """First fact (`seq`) and date of each record that ever was: its own as it stands, else the first of its visit."""
    moves = trail.filter(pl.col("entry") | pl.col("edit"))
    frames = [
        moves.filter(pl.col("form") == form, pl.col("group") == group.id).select(
            *PLACE, "seq", own=pl.lit(None, pl.Date) if item is None else _new_date(item)
        )
        for form, group, item in _date_items(study)
    ]
    if not frames:
        return pl.DataFrame(schema={"seq": pl.Int64, "record_date": pl.Date})
    by_record = pl.concat(frames).group_by(PLACE)
    records = by_record.agg(pl.col("seq").min(), pl.col("own").drop_nulls().last())
    of_visit = pl.col("own").min().over("participant", "event", "event_repeat")
    own = pl.coalesce("own", pl.when(pl.col("event") != "").then(of_visit))
    return records.select("seq", record_date=own)


def _new_date(item: str) -> pl.Expr:
    """The whole date that an item got by a fact, null where it got none."""
    got = rf'"{re.escape(item)}":\[(?:null|"(?:[^"\\]|\\.)*"),"(\d{{4}}-\d{{2}}-\d{{2}})'
    return pl.col("payload").str.extract(got).str.to_date(strict=False)


def _date_items(study: Study) -> Iterator[tuple[str, ItemGroup, str | None]]:
    """The item that dates the records of a group: the first whole date that is always asked, else the first partial.

    Forms that a transfer fills are left out: a file comes when it was agreed.
    """
    typed = [form for form in study.forms.values() if form.source != "transfer"]
    for form in typed:
        for group in form.groups:
            asked = [item for item in group.items if item.type in _DATES and not item.show_when]
            asked.sort(key=lambda item: item.type not in _FULL_DATES)
            yield form.id, group, asked[0].id if asked else None


def mark_after_query(trail: pl.DataFrame) -> pl.DataFrame:
    """With `after_query`: an edit of an item (or a removal of the record) about which a query was raised before."""
    place = list(PLACE)
    raised = trail.filter(pl.col("kind") == QueryRaised.NAME).select(
        *place, "seq", item=pl.col("payload").str.json_path_match("$.item").fill_null("")
    )
    first = raised.group_by(*place, "item").agg(raised_at=pl.col("seq").min())
    edits = trail.filter(pl.col("edit") | pl.col("removal")).join(raised.select(place).unique(), on=place, how="semi")
    items = pl.col("payload").str.extract_all(_EDITED_ITEM).list.eval(pl.element().str.extract(r'^"([^"]+)"'))
    touched = edits.select(*place, "seq", item=pl.concat_list(items, pl.lit("").cast(pl.String)))
    hits = touched.explode("item").join(first, on=[*place, "item"]).filter(pl.col("seq") > pl.col("raised_at"))
    return trail.with_columns(after_query=pl.col("seq").is_in(hits.get_column("seq").unique().implode()))


def mark_after_lock(trail: pl.DataFrame) -> pl.DataFrame:
    """With `after_lock` (values moved on a place that had been frozen or locked) and `while_locked` (and still was)."""
    moves = trail.filter(pl.col("entry") | pl.col("edit") | pl.col("removal")).select(*PLACE, "seq")
    locks = trail.filter(pl.col("kind").is_in([FormLocked.NAME, FormUnlocked.NAME])).select(
        *PLACE, "seq", on=pl.col("kind") == FormLocked.NAME, level=pl.col("payload").str.json_path_match("$.level")
    )
    filled = [pl.col(name).cast(pl.String).is_in(["", "0"]).not_().cast(pl.Int8) for name in PLACE]
    ever, still = [trail.clear().get_column("seq")], [trail.clear().get_column("seq")]
    for (pattern, _), same in locks.group_by(pl.concat_str(filled).alias("pattern"), "level"):
        named = [name for name, is_filled in zip(PLACE, str(pattern), strict=True) if is_filled == "1"]
        latest = same.select(*named, "seq", "on").sort("seq")
        last = moves.join_asof(latest, on="seq", by=named or None, strategy="backward", check_sortedness=False)
        ever.append(last.filter(pl.col("on").is_not_null()).get_column("seq"))
        still.append(last.filter(pl.col("on")).get_column("seq"))
    return trail.with_columns(
        after_lock=pl.col("seq").is_in(pl.concat(ever).implode()),
        while_locked=pl.col("seq").is_in(pl.concat(still).implode()),
    )
