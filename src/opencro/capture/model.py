"""The frozen types of capture: what comes in, what is planned with it, what was done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

import polars as pl

from opencro.kernel.finding import Finding, Findings, Place, Severity
from opencro.ledger import Act, Change, Receipt

LINE, STATUS = "_line", "status"
SITE, PARTICIPANT, EVENT = "_site", "_participant", "_event"
EVENT_REPEAT, FORM_REPEAT, GROUP_REPEAT = "_event_repeat", "_form_repeat", "_group_repeat"
ADDRESS = (SITE, PARTICIPANT, EVENT, EVENT_REPEAT, FORM_REPEAT, GROUP_REPEAT)

Status = Literal["new", "changed", "same", "not taken", "refused"]
STATUSES: tuple[Status, ...] = ("new", "changed", "same", "not taken", "refused")


class ImportState(Protocol):
    """What an import must know of the ledger."""

    def records(self, form: str, group: str) -> pl.DataFrame:
        """Standing records: fact, participant, event, event_repeat, form_repeat, group_repeat, then items as text."""

    def sites(self) -> Mapping[str, str]:
        """The site of every participant who is enrolled."""


class IncomingRecord(NamedTuple):
    """A record with its whole address, as ODM gives it; repeats are text or numbers, empty where there is none.

    An item that is not named is left as it is; an item whose value is None or "" has no value any more.
    """

    site: str
    participant: str
    event: str
    event_repeat: str | int
    form: str
    form_repeat: str | int
    group: str
    group_repeat: str | int
    items: Mapping[str, str | None]
    line: int


@dataclass(frozen=True)
class ImportPlan:
    """What an import would do.

    `rows` has one row for each row of the file: line, status, site, participant, form, group, event, event_repeat,
    form_repeat, group_repeat. `acts` and `changes` are what would be appended, in order.
    """

    rows: pl.DataFrame
    findings: Findings
    acts: tuple[Act, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def counts(self) -> dict[Status, int]:
        """How many rows have each status; all statuses are named."""
        found = dict(self.rows.group_by(STATUS).len().iter_rows())
        return {status: int(found.get(status, 0)) for status in STATUSES}


@dataclass(frozen=True)
class ImportReport:
    """What an import did: `receipt` is None when nothing was appended (dry run, nothing new)."""

    file: str
    plan: ImportPlan
    dry_run: bool
    receipt: Receipt | None = None
    seconds: Mapping[str, float] = field(default_factory=dict, compare=False)

    @property
    def counts(self) -> dict[Status, int]:
        """How many rows have each status."""
        return self.plan.counts

    @property
    def findings(self) -> Findings:
        """What was found in the file."""
        return self.plan.findings


@dataclass
class Notes:
    """Findings collected while a file is looked through, and the lines that they refuse."""

    file: str
    found: list[Finding] = field(default_factory=list)
    lines: set[int] = field(default_factory=set)
    whole_file: bool = False
    """An error that no single row can be blamed for: nothing can be taken, not even in part."""

    def row(self, code: str, line: int, column: str, got: str, expected: str, remedy: str) -> None:
        """An error in one row."""
        self.lines.add(line)
        self.found.append(Finding(code, Place(self.file, line, column), got, expected, remedy))

    def file_error(self, code: str, column: str, got: str, expected: str, remedy: str) -> None:
        """An error of the whole file, or of its description."""
        self.whole_file = True
        self.found.append(Finding(code, Place(self.file, None, column), got, expected, remedy))

    def warn(self, code: str, line: int | None, column: str, got: str, expected: str, remedy: str) -> None:
        """Something that a person should look at and that stops nothing."""
        place = Place(self.file, line, column)
        self.found.append(Finding(code, place, got, expected, remedy, Severity.WARNING))

    @property
    def findings(self) -> Findings:
        """All of them, in the order of lines, those of the whole file first."""
        return Findings(tuple(sorted(self.found, key=lambda f: f.place.line or 0)))
