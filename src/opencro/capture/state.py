"""The present state of a ledger, as an import needs it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import polars as pl

from opencro.ledger import Ledger, ParticipantEnrolled, Snapshot


class LedgerState:
    """What stands in a ledger now; facts that are appended later do not show."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._snapshot: Snapshot = ledger.snapshot()

    def records(self, form: str, group: str) -> pl.DataFrame:
        """The standing records of an item group."""
        return self._snapshot.records(form, group)

    @cached_property
    def _sites(self) -> dict[str, str]:
        facts = self._ledger.facts(kind=ParticipantEnrolled.NAME, until=self._snapshot.position)
        return {fact.key.participant: fact.key.site for fact in facts}

    def sites(self) -> Mapping[str, str]:
        """The site of every participant who is enrolled."""
        return self._sites
