"""What the ledger needs of a database; `sqlite.py` and `postgres.py` give it, and one suite holds both to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from opencro.ledger.model import RecordKey


class FactRow(NamedTuple):
    """A row of table `fact`: the line and its hash; `participant` repeats what the line says, for the index."""

    seq: int
    participant: str
    body: str
    hash: str


class RecordRow(NamedTuple):
    """A row of table `record`, the projection: `first_fact` is the record's id, `values` is JSON."""

    key: RecordKey
    values: str
    first_fact: int
    last_fact: int
    removed: int


class AnchorRow(NamedTuple):
    """A row of table `anchor`."""

    number: int
    last_seq: int
    body: str
    hash: str


RECORD_COLUMNS = (
    "site, participant, event, event_repeat, form, form_repeat, item_group, group_repeat, "
    "item_values, first_fact, last_fact, removed"
)
# Key parts need no escape in JSON (they are checked when they come in), so the database can render whole lines.
RECORD_LINE = (
    """'{"record":' || first_fact || ',"fact":' || last_fact || ',"site":"' || site || '","participant":"'"""
    """ || participant"""
    """ || '","event":"' || event || '","event_repeat":' || event_repeat || ',"form_repeat":' || form_repeat"""
    """ || ',"group":"' || item_group || '","group_repeat":' || group_repeat || ',"values":' || item_values || '}'"""
)
# Where a line repeats what the columns say: right behind the 64 digits of the previous hash.
MISPLACED = (
    "substr(body, 79, length(participant || seq) + 25)"
    """ <> ',"participant":"' || participant || '","seq":' || seq || ','"""
)


class Store(Protocol):
    """The port: transactions, the database's clock, appending, and reading in order."""

    url: str

    def writing(self) -> AbstractContextManager[None]:
        """A transaction that holds the study's chain alone; it commits at the end, or leaves nothing."""

    def reading(self) -> AbstractContextManager[None]:
        """A transaction in which all reads see one state."""

    def read_clock(self) -> str:
        """The database's time, UTC with milliseconds: `2026-01-31T12:00:00.123Z`."""

    def read_meta(self) -> dict[str, str]:
        """Study, purpose, format."""

    def last_seq(self) -> int:
        """The number of the last fact; 0 when there is none."""

    def last_anchor(self) -> AnchorRow | None:
        """The newest anchor."""

    def heads(self, participants: Sequence[str]) -> dict[str, str]:
        """The hash of the last fact of each participant who has one."""

    def records(self, keys: Sequence[RecordKey]) -> Iterator[RecordRow]:
        """The stored rows of these keys; rows of other keys may come along."""

    def insert_facts(self, chunks: Iterable[list[FactRow]]) -> None:
        """Append facts; the iterable may not use the store."""

    def put_records(self, new: list[RecordRow], changed: list[RecordRow]) -> None:
        """Bring the projection up to date, after the facts and before the anchor."""

    def insert_anchor(self, row: AnchorRow) -> None:
        """Close an append."""

    def scan(self, after: int, until: int, participant: str | None = None) -> Iterator[tuple[int, bytes, bytes]]:
        """Facts (seq, line, hash) with after < seq <= until, in order."""

    def blocks(self, after: int, until: int) -> Iterator[list[tuple[int, bytes, bytes]]]:
        """The same facts some thousand at a time, no list empty."""

    def misplaced(self, until: int) -> list[int]:
        """Facts whose columns seq and participant don't say what their line says."""

    def anchors(self) -> Iterator[AnchorRow]:
        """All anchors in order."""

    def record_lines(self, form: str, group: str | None, participants: Sequence[str] | None = None) -> list[str]:
        """The standing records of a form, of some participants or all, as JSON lines, ordered by first fact."""

    def standing(self, participant: str, form: str | None) -> Iterator[RecordRow]:
        """The standing records of a participant, of one form or all, in the order of event, form, group, repeats."""

    def moved_since(self, position: int, participants: Sequence[str]) -> bool:
        """Whether a record of these participants has a fact after `position`."""

    def known_participants(self) -> list[tuple[str, str]]:
        """The (site, participant) pairs that ever had records."""

    def forms(self) -> list[tuple[str, str]]:
        """The (form, group) pairs that have standing records."""

    def participants(self) -> list[tuple[str, str]]:
        """The (site, participant) pairs that have standing records."""

    def all_records(self) -> Iterator[RecordRow]:
        """The whole projection, ordered by first fact."""

    def replace_records(self, rows: Iterable[RecordRow]) -> None:
        """Drop the projection and fill it again; needs the owner's rights."""

    def copy_to(self, path: Path) -> bool:
        """Copy the database itself to a file, when it can; False when it can't."""

    def raw(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement as the ledger's own user; for tests and for the curious."""

    def close(self) -> None:
        """Close the connection."""
