"""The port on PostgreSQL: one schema for each ledger, and a role that may add but neither change nor delete.

Every connection works as the role `<schema>_app`. What it is refused stands in the server's log with the statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import psycopg
from psycopg import sql
from psycopg.copy import QueuedLibpqWriter
from psycopg.types.string import ByteaBinaryLoader

from opencro.kernel.finding import Finding, Place, Refused
from opencro.ledger.model import RecordKey
from opencro.ledger.port import MISPLACED, RECORD_COLUMNS, RECORD_LINE, AnchorRow, FactRow, RecordRow

_FEW = 200
_SCHEMA = re.compile(r"^[a-z_][a-z0-9_]{0,50}$")
_KEY_COLUMNS = ("site", "participant", "event", "event_repeat", "form", "form_repeat", "item_group", "group_repeat")
_BLOCK = 2_000
_LINE = "seq, body, hash"
_KEY_IS = " AND ".join(f"{column}=%s" for column in _KEY_COLUMNS)


def split_url(url: str) -> tuple[str, str]:
    """The URL that libpq understands, and the schema (`?schema=`, else `ledger`); refuses an odd schema (LED-012)."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    schema = query.pop("schema", "ledger")
    if not _SCHEMA.match(schema):
        expected = "lower-case letters, digits and _, at most 51"
        raise Refused(
            [Finding("LED-012", Place(path="schema"), f'schema "{schema}"', expected, "Choose another name.")]
        )
    return urlunsplit(parts._replace(query=urlencode(query))), schema


def holds_ledger(url: str) -> bool:
    """Whether the schema that a URL names has a ledger."""
    plain, schema = split_url(url)
    with psycopg.connect(plain) as connection:
        return connection.execute("SELECT to_regclass(%s)", (f"{schema}.fact",)).fetchone() != (None,)


def create_postgres(url: str, meta: dict[str, str]) -> None:
    """Make the schema, its role, tables, triggers and audit view, as the owner, and write what the ledger is for."""
    plain, schema = split_url(url)
    with psycopg.connect(plain) as connection:
        role = sql.Identifier(f"{schema}_app")
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname=%s", (f"{schema}_app",)).fetchone():
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(role))
        for name in ("schema", "projection", "guard"):
            connection.execute(_script(name, schema))
        connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(role))
        insert = sql.SQL("INSERT INTO {}.meta VALUES (%s, %s)").format(sql.Identifier(schema))
        connection.cursor().executemany(insert, list(meta.items()))


class PostgresStore:
    """One connection to one ledger schema; use it from one thread."""

    def __init__(self, url: str) -> None:
        plain, self._schema = split_url(url)
        self.url = url
        self._connection = psycopg.connect(plain, autocommit=True, client_encoding="utf8")
        self._connection.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(self._schema)))
        self._work_as_application()

    def _work_as_application(self) -> None:
        self._connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(f"{self._schema}_app")))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Holds an advisory lock of this schema until the end."""
        with self._connection.transaction():
            self._connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (self._schema,))
            yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One state for all reads."""
        with self._connection.transaction():
            self._connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield

    def read_clock(self) -> str:
        """The server's clock."""
        query = """SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""
        return str(self._rows(query)[0][0])

    def read_meta(self) -> dict[str, str]:
        """Study, purpose, format."""
        return dict(self._rows("SELECT name, value FROM meta"))

    def last_seq(self) -> int:
        """The number of the last fact."""
        return int(self._rows("SELECT coalesce(max(seq), 0) FROM fact")[0][0])

    def last_anchor(self) -> AnchorRow | None:
        """The newest anchor."""
        rows = self._rows("SELECT number, last_seq, body, hash FROM anchor ORDER BY number DESC LIMIT 1")
        return AnchorRow(*rows[0]) if rows else None

    def heads(self, participants: Sequence[str]) -> dict[str, str]:
        """One seek in the index for each participant, in one statement."""
        query = (
            "SELECT p, hash FROM unnest(%s::text[]) AS p, LATERAL "
            '(SELECT hash FROM fact WHERE participant = p COLLATE "C" ORDER BY seq DESC LIMIT 1) AS head'
        )
        return dict(self._rows(query, (list(participants),)))

    def records(self, keys: Sequence[RecordKey]) -> Iterator[RecordRow]:
        """By key when they are few, else by participant."""
        select = f"SELECT {RECORD_COLUMNS} FROM record WHERE "  # noqa: S608 - a constant
        if len(keys) <= _FEW:
            for key in keys:
                yield from map(_record, self._rows(select + _KEY_IS, key))
            return
        participants = list({key.participant for key in keys})
        yield from map(_record, self._rows(select + "participant = ANY(%s)", (participants,)))

    def insert_facts(self, chunks: Iterable[list[FactRow]]) -> None:
        """COPY: the server stores a chunk while the next one is made. JSON has no raw tab or line end to escape."""
        with (
            self._connection.cursor() as cursor,
            cursor.copy("COPY fact FROM STDIN", writer=QueuedLibpqWriter(cursor)) as copy,
        ):
            for chunk in chunks:
                lines = [f"{seq}\t{participant}\t{body}\t{digest}\n" for seq, participant, body, digest in chunk]
                copy.write("".join(lines).replace("\\", "\\\\"))

    def put_records(self, new: list[RecordRow], changed: list[RecordRow]) -> None:
        """New rows by COPY, changed ones in one UPDATE."""
        self._insert_records(new)
        if changed:
            update = (
                "UPDATE record SET item_values = n.v, last_fact = n.l, removed = n.r "
                "FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::smallint[]) AS n(f, v, l, r) "
                "WHERE first_fact = n.f"
            )
            latest = {row.first_fact: row for row in changed}.values()
            columns = zip(*((r.first_fact, r.values, r.last_fact, r.removed) for r in latest), strict=True)
            self._connection.execute(update, [list(column) for column in columns])

    def _insert_records(self, rows: Iterable[RecordRow]) -> None:
        statement = f"COPY record ({RECORD_COLUMNS}) FROM STDIN"
        with self._connection.cursor() as cursor, cursor.copy(statement, writer=QueuedLibpqWriter(cursor)) as copy:
            for chunk in _chunks(rows):
                text = [
                    f"{site}\t{participant}\t{event}\t{n}\t{form}\t{k}\t{group}\t{m}\t{values}\t{first}\t{last}\t{removed}\n"
                    for (site, participant, event, n, form, k, group, m), values, first, last, removed in chunk
                ]
                copy.write("".join(text).replace("\\", "\\\\"))

    def insert_anchor(self, row: AnchorRow) -> None:
        """Close an append."""
        self._connection.execute("INSERT INTO anchor VALUES (%s, %s, %s, %s)", row)

    def scan(self, after: int, until: int, participant: str | None = None) -> Iterator[tuple[int, bytes, bytes]]:
        """In pieces, binary: bytes come as bytes, and no read stays open between pieces."""
        if participant is not None:
            query = f"SELECT {_LINE} FROM fact WHERE seq > %s AND seq <= %s AND participant = %s ORDER BY seq"  # noqa: S608
            yield from self._binary(query, (after, until, participant))
            return
        for block in self.blocks(after, until):
            yield from block

    def blocks(self, after: int, until: int) -> Iterator[list[tuple[int, bytes, bytes]]]:
        """By number; the server fetches a block while the one before is used."""
        query = f"SELECT {_LINE} FROM fact WHERE seq > %s AND seq <= %s ORDER BY seq"  # noqa: S608
        limits = [(start, min(start + _BLOCK, until)) for start in range(after, until, _BLOCK)]
        with ThreadPoolExecutor(1) as ahead:
            pending = [ahead.submit(self._binary, query, limit) for limit in limits[:1]]
            for following in range(1, len(limits) + 1):
                rows = pending.pop().result()
                pending = [ahead.submit(self._binary, query, limit) for limit in limits[following : following + 1]]
                if rows:
                    yield rows

    def misplaced(self, until: int) -> list[int]:
        """Compared by the database, row by row."""
        query = f"SELECT seq FROM fact WHERE seq <= %s AND {MISPLACED} ORDER BY seq"  # noqa: S608 - a constant
        return [seq for (seq,) in self._rows(query, (until,))]

    def anchors(self) -> Iterator[AnchorRow]:
        """All anchors in order."""
        yield from (
            AnchorRow(*row) for row in self._rows("SELECT number, last_seq, body, hash FROM anchor ORDER BY number")
        )

    def record_lines(self, form: str, group: str | None, participants: Sequence[str] | None = None) -> list[str]:
        """Rendered by the database, read by Polars."""
        query = (
            f"SELECT {RECORD_LINE} FROM record WHERE {'' if participants is None else 'participant = ANY(%s) AND '}"  # noqa: S608
            "form=%s AND item_group=coalesce(%s, item_group) AND removed=0 ORDER BY first_fact"
        )
        values = (form, group) if participants is None else (list(participants), form, group)
        return [line for (line,) in self._rows(query, values)]

    def standing(self, participant: str, form: str | None) -> Iterator[RecordRow]:
        """By the index of keys."""
        query = (
            f"SELECT {RECORD_COLUMNS} FROM record WHERE participant=%s AND form=coalesce(%s, form) AND removed=0 "  # noqa: S608
            "ORDER BY event, event_repeat, form, form_repeat, item_group, group_repeat"
        )
        yield from map(_record, self._rows(query, (participant, form)))

    def moved_since(self, position: int, participants: Sequence[str]) -> bool:
        """The index of last facts tells."""
        query = "SELECT EXISTS (SELECT 1 FROM record WHERE last_fact > %s AND participant = ANY(%s))"
        return bool(self._rows(query, (position, list(participants)))[0][0])

    def known_participants(self) -> list[tuple[str, str]]:
        """The (site, participant) pairs that ever had records."""
        return sorted(self._rows("SELECT DISTINCT site, participant FROM record"))

    def forms(self) -> list[tuple[str, str]]:
        """The (form, group) pairs that have standing records."""
        return sorted(self._rows("SELECT DISTINCT form, item_group FROM record WHERE removed=0"))

    def participants(self) -> list[tuple[str, str]]:
        """The (site, participant) pairs that have standing records."""
        return sorted(self._rows("SELECT DISTINCT site, participant FROM record WHERE removed=0"))

    def all_records(self) -> Iterator[RecordRow]:
        """The whole projection."""
        yield from map(_record, self._rows(f"SELECT {RECORD_COLUMNS} FROM record ORDER BY first_fact"))  # noqa: S608

    def replace_records(self, rows: Iterable[RecordRow]) -> None:
        """Works as the owner for as long as it takes; another login is refused by the database."""
        self._connection.execute("RESET ROLE")
        self._connection.execute(sql.SQL("DROP TABLE IF EXISTS {}.record").format(sql.Identifier(self._schema)))
        self._connection.execute(_script("projection", self._schema))
        self._insert_records(rows)
        self._connection.execute(_script("guard", self._schema))
        self._work_as_application()

    def copy_to(self, path: Path) -> bool:  # noqa: ARG002 - the port's signature
        """A server's files are not ours to copy."""
        return False

    def raw(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement as the application role."""
        return self._rows(statement)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _binary(self, query: str, parameters: Sequence[Any]) -> list[Any]:
        cursor = self._connection.cursor(binary=True)
        cursor.adapters.register_loader("text", ByteaBinaryLoader)
        return cursor.execute(query, parameters).fetchall()

    def _rows(self, query: str, parameters: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        cursor = self._connection.execute(query, parameters)
        return cursor.fetchall() if cursor.description is not None else []


def _record(row: tuple[Any, ...]) -> RecordRow:
    return RecordRow(RecordKey(*row[:8]), *row[8:])


def _chunks(rows: Iterable[RecordRow]) -> Iterator[list[RecordRow]]:
    remaining = iter(rows)
    while chunk := list(islice(remaining, _BLOCK)):
        yield chunk


def _script(name: str, schema: str) -> sql.Composed:
    text = files("opencro.ledger").joinpath(f"{name}_postgres.sql").read_text(encoding="utf-8")
    names = {"schema": sql.Identifier(schema), "role": sql.Identifier(f"{schema}_app")}
    return sql.SQL(text).format(**names)
