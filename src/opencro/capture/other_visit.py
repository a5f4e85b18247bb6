"""Values of other visits: of a visit that is named, of the first, of the one before.

Visits come in the order of their numbers (VISITNUM), repeats of a visit in theirs. `previous` is the nearest earlier
visit at which the item has a value, `first` the earliest at which it has one, which may be the record's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from opencro.kernel.expression import FIRST, PREVIOUS
from opencro.study import Study

_AT = "_at"


@dataclass(frozen=True, slots=True)
class VisitOrder:
    """The ids of a study's visits, earliest first."""

    visits: tuple[str, ...]

    @classmethod
    def of(cls, study: Study) -> VisitOrder:
        """By visit number; visits of one number in the order of the schedule."""
        return cls(tuple(v.id for v in sorted(study.protocol.schedule.visits, key=lambda v: v.number)))

    def rank(self) -> pl.Expr:
        """A number that grows with time, null for no visit or one that the schedule does not have."""
        places = {visit: place for place, visit in enumerate(self.visits)}
        place = pl.col("event").replace_strict(places, default=None, return_dtype=pl.Int64)
        return (place * 1_000_000 + pl.col("event_repeat")).alias(_AT)


def value_at_visit(
    frame: pl.DataFrame, other: pl.DataFrame, visit: str, *, by: Sequence[str], new: Sequence[str], order: VisitOrder
) -> pl.DataFrame | None:
    """`frame` with the columns `new` of `other`, as they are at a visit; null where there is none.

    `other` has one record per `by` and visit, all with a value. None where the visit named was held several times.
    """
    ranked = other.with_columns(order.rank()).filter(pl.col(_AT).is_not_null()).sort(_AT)
    if visit == PREVIOUS:
        return _before(frame.with_columns(order.rank()), ranked.select(*by, _AT, *new), by)
    if visit == FIRST:
        ranked = ranked.unique(by, keep="first", maintain_order=True)
    else:
        ranked = ranked.filter(pl.col("event") == visit)
        if ranked.select(by).is_duplicated().any():
            return None
    return frame.join(ranked.select(*by, *new), on=list(by), how="left", maintain_order="left")


def _before(frame: pl.DataFrame, other: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """The nearest earlier row of `other`; rows keep their order."""
    numbered = frame.with_row_index("_row").sort(_AT, nulls_last=True)
    known, unknown = numbered.filter(pl.col(_AT).is_not_null()), numbered.filter(pl.col(_AT).is_null())
    joined = known.join_asof(
        other, on=_AT, by=list(by), strategy="backward", allow_exact_matches=False, check_sortedness=False
    )
    return pl.concat([joined, unknown], how="diagonal").sort("_row").drop("_row", _AT)
