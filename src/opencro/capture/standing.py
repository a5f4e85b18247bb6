"""Records in memory as the edit checks read them: those of a participant, as they would stand after a save."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from opencro.ledger import StandingRecord

_INTEGERS = ("record", "fact", "event_repeat", "form_repeat", "group_repeat")
_COLUMNS = ("record", "fact", "site", "participant", "event", "event_repeat", "form_repeat", "group_repeat")


@dataclass(frozen=True)
class StandingRecords:
    """A source of records for `run_edit_checks`; `position` is the last fact that they know of."""

    held: tuple[StandingRecord, ...]
    position: int

    def records(self, form: str, group: str | None = None, items: Sequence[str] | None = None) -> pl.DataFrame:
        """As `Snapshot.records` gives them."""
        wanted = [r for r in self.held if r.key.form == form and group in (None, r.key.group)]
        names = list(items) if items is not None else sorted({name for r in wanted for name in r.values})
        schema = {c: pl.Int64() if c in _INTEGERS else pl.String() for c in _COLUMNS}
        rows = [_row(record, names) for record in wanted]
        return pl.DataFrame(rows, schema={**schema, **dict.fromkeys(names, pl.String())}, orient="row")


def _row(record: StandingRecord, names: Iterable[str]) -> tuple[object, ...]:
    k, fact = record.key, record.last_fact
    place = (fact, fact, k.site, k.participant, k.event, k.event_repeat, k.form_repeat, k.group_repeat)
    return (*place, *(record.values.get(name) for name in names))
