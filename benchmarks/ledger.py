"""The ledger beside the limits of the same machine: appending beside a plain insert, verifying beside raw SHA-256.

Appending: one append of 240,000 new records of 10 items, beside an insert of the very same rows (number, participant,
line, hash) into a table without index, trigger or chain, in one transaction (SQLite: executemany; PostgreSQL: COPY).
Verifying: both chains from the database to the last anchor, beside hashlib.sha256 over the same lines in memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pgserver
import psycopg

from opencro.ledger import Actor, Change, Ledger, RecordKey, create_ledger
from opencro.ledger.sqlite import connect_sqlite

FACTS = 240_000
LIMIT = 3.0
Measure = tuple[str, float, float, float, float]


def make_changes(count: int) -> list[Change]:
    """Vital signs of ten items, 1,000 records for each participant."""
    return [
        Change(
            RecordKey("701", f"701-{i // 1000:05d}", f"VISIT {i % 20}", 1, "VS", 1, "VITALS", i),
            {f"ITEM{j}": f"value {i * j % 977}" for j in range(10)},
        )
        for i in range(count)
    ]


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _append(ledger: Ledger, changes: list[Change]) -> None:
    ledger.append(changes, actor=Actor("loader", "data manager"), source="import", definition_version="1")


def _insert_sqlite(path: Path, rows: list[tuple[int, str, str, str]]) -> None:
    connection = connect_sqlite(path)
    connection.execute("CREATE TABLE plain (seq INTEGER PRIMARY KEY, participant TEXT, body TEXT, hash TEXT)")
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT INTO plain VALUES (?, ?, ?, ?)", rows)
    connection.execute("COMMIT")
    connection.close()


def _insert_postgres(url: str, rows: list[tuple[int, str, str, str]]) -> None:
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE plain (seq bigint PRIMARY KEY, participant text, body text, hash text)")
        with cursor.copy("COPY plain FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


def _measure(name: str, ledger: Ledger, insert: Callable[[list[tuple[int, str, str, str]]], None]) -> list[Measure]:
    changes = make_changes(FACTS)
    ours = _seconds(lambda: _append(ledger, changes))
    lines = list(ledger._store.scan(1, ledger.position))
    rows = [
        (seq, line[94 : line.find(b'"', 94)].decode(), line.decode(), digest.decode()) for seq, line, digest in lines
    ]
    peer = _seconds(lambda: insert(rows))
    check = min(_seconds(lambda: ledger.verify(projection=False)) for _ in range(3))
    raw = min(_seconds(lambda: [hashlib.sha256(line).hexdigest() for _, line, _ in lines]) for _ in range(3))
    return [
        (f"{name}: facts appended per second", FACTS / ours, FACTS / peer, peer / ours, 1 / LIMIT),
        (f"{name}: facts verified per second", FACTS / check, FACTS / raw, raw / check, 1 / LIMIT),
    ]


def _measure_single(name: str, ledger: Ledger) -> Measure:
    changes = make_changes(300)
    ours = _seconds(lambda: [_append(ledger, [change]) for change in changes])
    return (f"{name}: saves of one record per second", 300 / ours, 0.0, 0.0, 0.0)


def measure() -> list[Measure]:
    """(name, ours per second, limit of the machine per second, share reached, share asked for), on both databases."""
    results = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with create_ledger(folder / "ledger.db", study="BENCH", purpose="rehearsal") as ledger:
            results += _measure("SQLite", ledger, lambda rows: _insert_sqlite(folder / "plain.db", rows))
        with create_ledger(folder / "single.db", study="BENCH") as ledger:
            results.append(_measure_single("SQLite", ledger))
        server = pgserver.get_server(folder / "postgres", cleanup_mode="delete")
        with contextlib.closing(create_ledger(server.get_uri() + "&schema=bench", study="BENCH")) as ledger:
            results += _measure("PostgreSQL", ledger, lambda rows: _insert_postgres(server.get_uri(), rows))
        with contextlib.closing(create_ledger(server.get_uri() + "&schema=single", study="BENCH")) as ledger:
            results.append(_measure_single("PostgreSQL", ledger))
        server.cleanup()
    return results


if __name__ == "__main__":
    for title, ours, peer, ratio, limit in measure():
        beside = f"   limit of the machine {peer:>10,.0f}   share {ratio:.2f} (asked {limit:.2f})" if peer else ""
        print(f"{title:<45}{ours:>10,.0f}{beside}")
