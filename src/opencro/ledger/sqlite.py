"""The port on SQLite: one file, the embedded default.

The owner of the file can take the triggers off; then the chain of hashes finds what was done (`verify`).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from opencro.ledger.model import RecordKey
from opencro.ledger.port import MISPLACED, RECORD_COLUMNS, RECORD_LINE, AnchorRow, FactRow, RecordRow

_WAIT_SECONDS = 120.0
_CHUNK = 2_000
_OF_THESE = "participant IN (SELECT value FROM json_each(?))"
_KEY_IS = (
    "site=? AND participant=? AND event=? AND event_repeat=? AND form=? AND form_repeat=? "
    "AND item_group=? AND group_repeat=?"
)


def connect_sqlite(path: Path) -> sqlite3.Connection:
    """A connection that waits for other writers and survives power loss (WAL, full sync)."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=_WAIT_SECONDS)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA cache_size=-65536")
    return connection


def create_sqlite(path: Path, meta: dict[str, str]) -> None:
    """Make the tables, triggers and the audit view in a new file, and write what the ledger is for."""
    connection = connect_sqlite(path)
    for name in ("schema", "projection", "guard"):
        connection.executescript(_script(name))
    connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
    connection.close()


class SqliteStore:
    """One connection to one ledger file; use it from one thread."""

    def __init__(self, path: Path) -> None:
        self.url = f"sqlite:///{path}"
        self._connection = connect_sqlite(path)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Holds SQLite's write lock from the first statement on."""
        yield from self._transaction("BEGIN IMMEDIATE")

    @contextmanager
    def reading(self) -> Iterator[None]:
        """All reads see the state of the first one."""
        yield from self._transaction("BEGIN")

    def _transaction(self, begin: str) -> Iterator[None]:
        self._connection.execute(begin)
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def read_clock(self) -> str:
        """SQLite's clock."""
        return str(self._one("SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now')")[0])

    def read_meta(self) -> dict[str, str]:
        """Study, purpose, format."""
        return dict(self._connection.execute("SELECT name, value FROM meta").fetchall())

    def last_seq(self) -> int:
        """The number of the last fact."""
        return int(self._one("SELECT coalesce(max(seq), 0) FROM fact")[0])

    def last_anchor(self) -> AnchorRow | None:
        """The newest anchor."""
        query = "SELECT number, last_seq, body, hash FROM anchor ORDER BY number DESC LIMIT 1"
        row = self._connection.execute(query).fetchone()
        return None if row is None else AnchorRow(*row)

    def heads(self, participants: Sequence[str]) -> dict[str, str]:
        """One seek in the index for each participant."""
        query = "SELECT hash FROM fact WHERE participant=? ORDER BY seq DESC LIMIT 1"
        found = ((p, self._connection.execute(query, (p,)).fetchone()) for p in participants)
        return {participant: row[0] for participant, row in found if row is not None}

    def records(self, keys: Sequence[RecordKey]) -> Iterator[RecordRow]:
        """Key by key, or all of a participant where that is fewer steps."""
        select = f"SELECT {RECORD_COLUMNS} FROM record WHERE "  # noqa: S608 - a constant
        by_participant: dict[str, list[RecordKey]] = {}
        for key in keys:
            by_participant.setdefault(key.participant, []).append(key)
        for participant, wanted in by_participant.items():
            query = "SELECT count(*) FROM (SELECT 1 FROM record WHERE participant=? LIMIT ?)"
            enough = 2 * len(wanted)
            if self._connection.execute(query, (participant, enough)).fetchone()[0] < enough:
                yield from map(_record, self._connection.execute(select + "participant=?", (participant,)))
                continue
            for key in wanted:
                yield from map(_record, self._connection.execute(select + _KEY_IS, key))

    def insert_facts(self, chunks: Iterable[list[FactRow]]) -> None:
        """Append facts."""
        for chunk in chunks:
            self._connection.executemany("INSERT INTO fact VALUES (?, ?, ?, ?)", chunk)

    def put_records(self, new: list[RecordRow], changed: list[RecordRow]) -> None:
        """New rows, then changed ones."""
        self._insert_records(new)
        update = "UPDATE record SET item_values=?, last_fact=?, removed=? WHERE first_fact=?"
        self._connection.executemany(update, ((r.values, r.last_fact, r.removed, r.first_fact) for r in changed))

    def _insert_records(self, rows: Iterable[RecordRow]) -> None:
        insert = f"INSERT INTO record ({RECORD_COLUMNS}) VALUES ({', '.join('?' * 12)})"  # noqa: S608 - constants
        self._connection.executemany(insert, ((*r[0], r[1], r[2], r[3], r[4]) for r in rows))

    def insert_anchor(self, row: AnchorRow) -> None:
        """Close an append."""
        self._connection.execute("INSERT INTO anchor VALUES (?, ?, ?, ?)", row)

    def scan(self, after: int, until: int, participant: str | None = None) -> Iterator[tuple[int, bytes, bytes]]:
        """In pieces, so that no read stays open between them; what was appended never changes."""
        for block in self._blocks(after, until, participant):
            yield from block

    def blocks(self, after: int, until: int) -> Iterator[list[tuple[int, bytes, bytes]]]:
        """By number."""
        return self._blocks(after, until, None)

    def _blocks(self, after: int, until: int, participant: str | None) -> Iterator[list[tuple[int, bytes, bytes]]]:
        where = "" if participant is None else "AND participant=?"
        query = f"SELECT seq, body, hash FROM fact WHERE seq>? AND seq<=? {where} ORDER BY seq LIMIT {_CHUNK}"  # noqa: S608
        more = () if participant is None else (participant,)
        while rows := self._fetch_bytes(query, (after, until, *more)):
            yield rows
            after = rows[-1][0]

    def _fetch_bytes(self, query: str, parameters: tuple[int | str, ...]) -> list[tuple[int, bytes, bytes]]:
        self._connection.text_factory = bytes
        try:
            return self._connection.execute(query, parameters).fetchall()
        finally:
            self._connection.text_factory = str

    def misplaced(self, until: int) -> list[int]:
        """Compared by the database, row by row."""
        rows = self._connection.execute(f"SELECT seq FROM fact WHERE seq<=? AND {MISPLACED} ORDER BY seq", (until,))  # noqa: S608
        return [seq for (seq,) in rows]

    def anchors(self) -> Iterator[AnchorRow]:
        """All anchors in order."""
        query = "SELECT number, last_seq, body, hash FROM anchor ORDER BY number"
        yield from (AnchorRow(*row) for row in self._connection.execute(query))

    def record_lines(self, form: str, group: str | None, participants: Sequence[str] | None = None) -> list[str]:
        """Rendered by the database, read by Polars."""
        query = (
            f"SELECT {RECORD_LINE} FROM record WHERE {'' if participants is None else _OF_THESE + ' AND '}"  # noqa: S608
            "form=? AND item_group=coalesce(?, item_group) AND removed=0 ORDER BY first_fact"
        )
        values = (form, group) if participants is None else (json.dumps(list(participants)), form, group)
        return [line for (line,) in self._connection.execute(query, values)]

    def standing(self, participant: str, form: str | None) -> Iterator[RecordRow]:
        """By the index of keys."""
        query = (
            f"SELECT {RECORD_COLUMNS} FROM record WHERE participant=? AND form=coalesce(?, form) AND removed=0 "  # noqa: S608
            "ORDER BY event, event_repeat, form, form_repeat, item_group, group_repeat"
        )
        yield from map(_record, self._connection.execute(query, (participant, form)).fetchall())

    def moved_since(self, position: int, participants: Sequence[str]) -> bool:
        """The index of last facts tells."""
        query = f"SELECT EXISTS (SELECT 1 FROM record WHERE last_fact>? AND {_OF_THESE})"  # noqa: S608 - a constant
        return bool(self._connection.execute(query, (position, json.dumps(list(participants)))).fetchone()[0])

    def known_participants(self) -> list[tuple[str, str]]:
        """The (site, participant) pairs that ever had records: one walk through the index."""
        return sorted(self._connection.execute("SELECT DISTINCT site, participant FROM record"))

    def forms(self) -> list[tuple[str, str]]:
        """The (form, group) pairs that have standing records."""
        query = "SELECT DISTINCT form, item_group FROM record WHERE removed=0 ORDER BY form, item_group"
        return self._connection.execute(query).fetchall()

    def participants(self) -> list[tuple[str, str]]:
        """The (site, participant) pairs that have standing records."""
        query = "SELECT DISTINCT site, participant FROM record WHERE removed=0 ORDER BY site, participant"
        return self._connection.execute(query).fetchall()

    def all_records(self) -> Iterator[RecordRow]:
        """The whole projection."""
        query = f"SELECT {RECORD_COLUMNS} FROM record ORDER BY first_fact"  # noqa: S608 - a constant
        yield from map(_record, self._connection.execute(query))

    def replace_records(self, rows: Iterable[RecordRow]) -> None:
        """Dropping the table takes its triggers along; they come back when it is full."""
        self._connection.execute("DROP TABLE IF EXISTS record")
        self._connection.execute(_script("projection"))
        self._insert_records(rows)
        for statement in _script("guard").split("END;")[:-1]:
            self._connection.execute(statement + "END;")

    def copy_to(self, path: Path) -> bool:
        """SQLite's online backup: a copy of one moment while others write."""
        target = sqlite3.connect(path)
        self._connection.backup(target)
        target.close()
        return True

    def raw(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement."""
        return self._connection.execute(statement).fetchall()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _one(self, query: str) -> tuple[Any, ...]:
        row: tuple[Any, ...] = self._connection.execute(query).fetchone()
        return row


def _record(row: tuple[Any, ...]) -> RecordRow:
    return RecordRow(RecordKey(*row[:8]), *row[8:])


def _script(name: str) -> str:
    return files("opencro.ledger").joinpath(f"{name}_sqlite.sql").read_text(encoding="utf-8")
