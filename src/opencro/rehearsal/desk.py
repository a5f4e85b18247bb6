"""The desks at which data are entered: whose turn it is when, in the working hours of each site, by virtual time."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from opencro.ledger import Actor, Entry, Ledger, Source
from opencro.rehearsal.clock import VirtualClock
from opencro.rehearsal.draws import Ints

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CENTRAL = ""
"""The site of those who work for the whole study."""

OPENS = {
    "administrator": 8 * 60,
    "coordinator": 9 * 60,
    "data manager": 13 * 60,
    "edit checks": 16 * 60,
    "investigator": 16 * 60 + 30,
}
"""Minutes after midnight from which a role works; each finishes within two hours, so that answers follow questions."""

FRIDAY = 4


@dataclass
class Desk:
    """Entries wait here for their day; `every` is how many days a desk lets work gather (1 or a multiple of 7)."""

    ledger: Ledger
    clock: VirtualClock
    definition: str
    hours: dict[str, int]
    every: int = 1
    facts: int = 0
    appends: int = 0
    seconds: float = 0.0
    _waiting: dict[int, dict[tuple[str, str], list[Entry]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    def turn(self, day: Ints) -> Ints:
        """The day on which work of a day is done: a working day, the Friday after where work gathers."""
        if self.every > 1:
            return day + (FRIDAY - (day + 3)) % 7
        weekday = (day + 3) % 7
        return day + np.where(weekday == 5, 2, np.where(weekday == 6, 1, 0))

    def lay(self, day: int, site: str, role: str, entries: Iterable[Entry]) -> None:
        """Put entries on a desk for a day that `turn` gave."""
        self._waiting[day][site, role].extend(entries)

    def work(self, before: int) -> None:
        """Enter all that waits for days before `before`, in the order of time."""
        for day in sorted(d for d in self._waiting if d < before):
            desks = self._waiting.pop(day)
            turns = sorted((self._moment(day, *desk), desk) for desk in desks)
            for moment, (site, role) in turns:
                self._append(moment, site, role, desks[site, role])

    def _moment(self, day: int, site: str, role: str) -> datetime:
        spread = zlib.crc32(f"{day}/{site}/{role}".encode()) % 7_200
        minutes = OPENS[role] - 60 * self.hours.get(site, 0)
        return EPOCH + timedelta(days=day, minutes=minutes, seconds=spread)

    def _append(self, moment: datetime, site: str, role: str, entries: list[Entry]) -> None:
        self.clock.move_to(moment)
        user = f"{role.replace(' ', '.')}{'.' + site if site else ''}"
        receipt = self.ledger.append(
            entries, actor=Actor(user, role), source=Source.REHEARSAL, definition_version=self.definition
        )
        self.facts += receipt.facts
        self.appends += 1
