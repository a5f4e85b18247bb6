"""The ledger beside the limits of the same machine: appending beside a plain insert, verifying beside raw SHA-256.

Appending: one append of 240,000 new records of 10 items, beside plain inserts in one transaction (SQLite: executemany;
PostgreSQL: COPY) into a table without index, trigger or chain. Two of them: the 2.4 million item values as an audit
trail keeps them, one row of who, role, what, old, new, when, why and source for each; and just the 240,000 lines into
which the ledger packs them (number, participant, line, hash), which leaves out the state that an append also keeps.
Verifying: both chains from the database to the last anchor, beside hashlib.sha256 over the same lines in memory, and
beside a plain read of the same rows with hashlib.sha256 over each. All in CPU seconds; those of the PostgreSQL server
count too, on both sides.
"""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pgserver
import psutil
import psycopg

from benchmarks._process import cpu_now
from opencro.ledger import Actor, Change, Ledger, RecordKey, create_ledger
from opencro.ledger.sqlite import connect_sqlite

FACTS = 240_000
ITEMS = 10 * FACTS
LIMIT = 3.0
Measure = tuple[str, float, float, float, float]
Rows = list[tuple[int, str, str, str]]
_ITEM_COLUMNS = (
    "seq bigint, site text, participant text, event text, event_repeat bigint, form text, form_repeat bigint, "
    "item_group text, group_repeat bigint, item text, old_value text, new_value text, actor text, role text, "
    "reason text, source text, recorded_at text, definition_version text, software_version text"
)
ItemRow = tuple[int | str | None, ...]


def make_changes(count: int) -> list[Change]:
    """Vital signs of ten items, 1,000 records for each participant."""
    return [
        Change(
            RecordKey("701", f"701-{i // 1000:05d}", f"VISIT {i % 20}", 1, "VS", 1, "VITALS", i),
            {f"ITEM{j}": f"value {i * j % 977}" for j in range(10)},
        )
        for i in range(count)
    ]


def make_item_rows(changes: list[Change]) -> Iterator[ItemRow]:
    """One row for each item value, with the columns that requirement 3 of the validation plan names."""
    seq = 0
    circumstances = ("loader", "data manager", "", "import", "2026-01-31T12:00:00.123Z", "1", "0.1.0")
    for change in changes:
        for item, value in change.values.items():
            seq += 1
            yield (seq, *change.key, item, None, value, *circumstances)


class _Clock:
    """CPU seconds of this process and, where there is one, of a database server."""

    def __init__(self, server: Path | None = None) -> None:
        self._server = None if server is None else psutil.Process(_postmaster(server))

    def seconds(self, work: Callable[[], object]) -> float:
        start = self._now()
        work()
        return self._now() - start

    def best(self, work: Callable[[], object]) -> float:
        return min(self.seconds(work) for _ in range(3))

    def _now(self) -> float:
        while self._server is not None:
            # A backend that ends meanwhile is counted again, in what the server says of those that ended.
            with contextlib.suppress(psutil.NoSuchProcess):
                times = [p.cpu_times() for p in (self._server, *self._server.children(recursive=True))]
                ended = times[0].children_user + times[0].children_system
                return cpu_now() + ended + sum(t.user + t.system for t in times)
        return cpu_now()


def _postmaster(folder: Path) -> int:
    return int((folder / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])


def _append(ledger: Ledger, changes: list[Change]) -> None:
    ledger.append(changes, actor=Actor("loader", "data manager"), source="import", definition_version="1")


class _Sqlite:
    """A plain table in a file: no index, trigger or chain."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def insert(self, rows: Rows) -> None:
        connection = connect_sqlite(self._path)
        connection.execute("CREATE TABLE plain (seq INTEGER PRIMARY KEY, participant TEXT, body TEXT, hash TEXT)")
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO plain VALUES (?, ?, ?, ?)", rows)
        connection.execute("COMMIT")
        connection.close()

    def insert_items(self, changes: list[Change]) -> None:
        connection = connect_sqlite(self._path)
        connection.execute(f"CREATE TABLE item ({_ITEM_COLUMNS})")
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(f"INSERT INTO item VALUES ({', '.join('?' * 19)})", make_item_rows(changes))
        connection.execute("COMMIT")
        connection.close()

    def read_and_hash(self) -> None:
        connection = connect_sqlite(self._path)
        for body, _ in connection.execute("SELECT cast(body AS BLOB), hash FROM plain ORDER BY seq"):
            hashlib.sha256(body).hexdigest()
        connection.close()


class _Postgres:
    """A plain table on a server."""

    def __init__(self, url: str) -> None:
        self._url = url

    def insert(self, rows: Rows) -> None:
        with psycopg.connect(self._url) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE plain (seq bigint PRIMARY KEY, participant text, body text, hash text)")
            with cursor.copy("COPY plain FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)

    def insert_items(self, changes: list[Change]) -> None:
        with psycopg.connect(self._url) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE item ({_ITEM_COLUMNS})")
            with cursor.copy("COPY item FROM STDIN") as copy:
                for row in make_item_rows(changes):
                    copy.write_row(row)

    def read_and_hash(self) -> None:
        query = "COPY (SELECT body, hash FROM plain ORDER BY seq) TO STDOUT"
        with psycopg.connect(self._url) as connection, connection.cursor() as cursor, cursor.copy(query) as copy:
            for row in copy:
                hashlib.sha256(row).hexdigest()


def _measure(name: str, ledger: Ledger, plain: _Sqlite | _Postgres, clock: _Clock) -> list[Measure]:
    changes = make_changes(FACTS)
    ours = clock.seconds(lambda: _append(ledger, changes))
    lines = list(ledger._store.scan(1, ledger.position))
    rows = [
        (seq, line[94 : line.find(b'"', 94)].decode(), line.decode(), digest.decode()) for seq, line, digest in lines
    ]
    peer = clock.seconds(lambda: plain.insert(rows))
    trail = clock.seconds(lambda: plain.insert_items(changes))
    check = clock.best(lambda: ledger.verify(projection=False))
    raw = clock.best(lambda: [hashlib.sha256(line).hexdigest() for _, line, _ in lines])
    read = clock.best(plain.read_and_hash)
    verified = f"{name}: facts verified per CPU second, beside"
    return [
        (f"{name}: item values appended per CPU second, beside one plain row each", *_beside(ours, trail, ITEMS)),
        (f"{name}: facts of ten items appended per CPU second, beside their plain lines", *_beside(ours, peer)),
        (f"{verified} SHA-256 in memory", *_beside(check, raw)),
        (f"{verified} a plain read and SHA-256", *_beside(check, read)),
    ]


def _beside(ours: float, peer: float, count: int = FACTS) -> tuple[float, float, float, float]:
    return count / ours, count / peer, peer / ours, 1 / LIMIT


def _measure_single(name: str, ledger: Ledger, clock: _Clock) -> Measure:
    changes = make_changes(300)
    ours = clock.seconds(lambda: [_append(ledger, [change]) for change in changes])
    return (f"{name}: saves of one record per CPU second", 300 / ours, 0.0, 0.0, 0.0)


def measure() -> list[Measure]:
    """(name, ours per second, limit of the machine per second, share reached, share asked for), on both databases."""
    results = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder, clock = Path(name), _Clock()
        with create_ledger(folder / "ledger.db", study="BENCH", purpose="rehearsal") as ledger:
            results += _measure("SQLite", ledger, _Sqlite(folder / "plain.db"), clock)
        with create_ledger(folder / "single.db", study="BENCH") as ledger:
            results.append(_measure_single("SQLite", ledger, clock))
        server = pgserver.get_server(folder / "postgres", cleanup_mode="delete")
        url, clock = server.get_uri(), _Clock(folder / "postgres")
        with contextlib.closing(create_ledger(url + "&schema=bench", study="BENCH")) as ledger:
            results += _measure("PostgreSQL", ledger, _Postgres(url), clock)
        with contextlib.closing(create_ledger(url + "&schema=single", study="BENCH")) as ledger:
            results.append(_measure_single("PostgreSQL", ledger, clock))
        server.cleanup()
    return results
