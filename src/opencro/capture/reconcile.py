"""Listings of records that should agree and do not: without a partner on the other side, or different from it.

Records of a participant are partners when every `pair` of the listing holds. Records of one side that say the same in
all items that the listing reads are one line. A difference is listed when no partner is without it. Manual:
docs/reconciliation.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from opencro.capture.reconcile_plan import Reconciliation, Side, expression_types, group_of
from opencro.capture.trail_items import PLACE
from opencro.kernel.expression import Expression, Types, parse_expression, to_polars
from opencro.ledger import RecordKey, Snapshot
from opencro.study import Study

COLUMNS = ("listing", "kind", "site", "participant", "left", "right", "values", "message")
_OWNER = ("site", "participant", "event", "event_repeat")


@dataclass(frozen=True)
class ReconciliationRun:
    """A listing at a position: how many records each side has, how many pairs, and what does not agree (`COLUMNS`).

    `kind` is `only left`, `only right` or the id of a difference; `left` and `right` are the places, "" where none is.
    """

    listing: Reconciliation
    position: int
    left_records: int
    right_records: int
    pairs: int
    rows: pl.DataFrame


def run_reconciliations(
    study: Study, snapshot: Snapshot, listings: Iterable[Reconciliation]
) -> list[ReconciliationRun]:
    """Run listings that `read_reconciliations` found nothing wrong with over the records of a snapshot."""
    return [_run(study, snapshot, listing) for listing in listings]


def _run(study: Study, snapshot: Snapshot, listing: Reconciliation) -> ReconciliationRun:
    left = _side(study, snapshot, listing, listing.left, "left")
    right = _side(study, snapshot, listing, listing.right, "right")
    types = {**_types(study, listing.left), **_types(study, listing.right)}
    pairs = _pairs(listing, left, right, types)
    rows = [pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.String))]
    for side, other, frame in (("left", listing.right, left), ("right", listing.left, right)):
        if listing.unpaired in ("both", side):
            alone = frame.join(pairs, on=f"_{side}", how="anti", maintain_order="left")
            rows.append(_rows(listing, f"only {side}", alone, f"no partner in {other.alias}"))
    for difference in listing.differences:
        expression = parse_expression(difference.when)
        assert isinstance(expression, Expression)
        judged = pairs.with_columns(to_polars(expression, types).alias("_wrong"))
        rows.append(_rows(listing, difference.id, judged.filter(_no_partner_without()), difference.message))
    found = pl.concat(rows).sort("site", "participant", maintain_order=True)
    return ReconciliationRun(listing, snapshot.position, len(left), len(right), len(pairs), found)


def _no_partner_without() -> pl.Expr:
    """Whether a pair is wrong, and so is every other pair of its left record."""
    return pl.col("_wrong").all().over("_left")


def _types(study: Study, side: Side) -> Types:
    return expression_types(study, side, f"{side.alias}.")


def _side(study: Study, snapshot: Snapshot, listing: Reconciliation, side: Side, which: str) -> pl.DataFrame:
    """Owner, number (`_left`), place, words, and the items as `ALIAS.ITEM`; records that say the same are one."""
    group = group_of(study.forms[side.form], side)
    assert group is not None
    items = [item.id for item in group.items]
    records = snapshot.records(side.form, group.id, items)
    if side.where:
        where = parse_expression(side.where)
        assert isinstance(where, Expression)
        records = records.filter(to_polars(where, expression_types(study, side)))
    records = records.with_columns(pl.lit(side.form).alias("form"), pl.lit(group.id).alias("group"))
    places = [str(RecordKey(*key)) for key in records.select(PLACE).iter_rows()]
    named = [pl.col(item).alias(f"{side.alias}.{item}") for item in items]
    frame = records.select(*_OWNER, pl.Series(f"{which}_place", places, dtype=pl.String), *named)
    read = _read_items(listing, side, which)
    owner = _OWNER if listing.same_visit else _OWNER[:2]
    compared = [f"{side.alias}.{item}" for item in items if f"{side.alias}.{item}" in read]
    unique = frame.unique([*owner, *compared], keep="first", maintain_order=True)
    shown = [f"{side.alias}.{item}" for item in side.show] or compared
    words = [pl.format("{} = {}", pl.lit(name), pl.col(name).fill_null("(none)")) for name in shown]
    told = pl.concat_str(words, separator=", ") if words else pl.lit("")
    return unique.with_columns(told.alias(f"{which}_words"), pl.int_range(pl.len()).alias(f"_{which}"))


def _read_items(listing: Reconciliation, side: Side, which: str) -> set[str]:
    """The names of a side that the listing reads or shows."""
    conditions = (parse_expression(difference.when) for difference in listing.differences)
    names = {name for c in conditions if isinstance(c, Expression) for name in c.names()}
    names |= {f"{side.alias}.{item}" for item in side.show}
    return names | {f"{side.alias}.{pair.left if which == 'left' else pair.right}" for pair in listing.pair}


def _pairs(listing: Reconciliation, left: pl.DataFrame, right: pl.DataFrame, types: Types) -> pl.DataFrame:
    owner = _OWNER if listing.same_visit else _OWNER[:2]
    fixed = right.drop([name for name in _OWNER if name not in owner])
    pairs = left.join(fixed, on=list(owner), how="inner", maintain_order="left_right")
    for pair in listing.pair:
        one, other = f"{listing.left.alias}.{pair.left}", f"{listing.right.alias}.{pair.right}"
        if pair.within_days is None:
            pairs = pairs.filter(_plain(one) == _plain(other))
        else:
            near = parse_expression(f"abs(days_between(`{one}`, `{other}`)) <= {pair.within_days}")
            assert isinstance(near, Expression)
            pairs = pairs.filter(to_polars(near, types))
    return pairs


def _plain(name: str) -> pl.Expr:
    return pl.col(name).str.strip_chars().str.to_lowercase()


def _rows(listing: Reconciliation, kind: str, frame: pl.DataFrame, message: str) -> pl.DataFrame:
    def of(suffix: str, separator: str) -> pl.Expr:
        present = [f"{which}_{suffix}" for which in ("left", "right") if f"{which}_{suffix}" in frame.columns]
        return pl.concat_str([pl.col(name) for name in present], separator=separator)

    places = {which: pl.col(f"{which}_place") if f"{which}_place" in frame.columns else pl.lit("")
              for which in ("left", "right")}  # fmt: skip
    return frame.select(
        pl.lit(listing.id).alias("listing"),
        pl.lit(kind).alias("kind"),
        "site",
        "participant",
        **places,
        values=of("words", ", "),
        message=pl.lit(message),
    )
