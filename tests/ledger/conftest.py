"""One suite for every database: `url` makes unused places on SQLite and PostgreSQL."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from opencro.ledger import Actor, Ledger, RecordKey, create_ledger

ANN = Actor("ann", "investigator")
_number = itertools.count()


def record(repeat: int = 1, participant: str = "701-1001", form: str = "VS") -> RecordKey:
    """A record of vital signs."""
    return RecordKey("701", participant, "SCREENING", 1, form, 1, "VITALS", repeat)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An unused place for a ledger."""
    return request.getfixturevalue("new_url")()


@pytest.fixture
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes more unused places, on the database that the test runs on."""
    parameters = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    if parameters.get("url") == "postgres":
        base, _ = request.getfixturevalue("postgres")
        return lambda: f"{base}&schema=test_{next(_number)}"
    return lambda: f"sqlite:///{tmp_path / f'ledger_{next(_number)}.db'}"


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    """An empty live ledger."""
    with create_ledger(url, study="CDISCPILOT01") as made:
        yield made


@pytest.fixture
def owner(url: str) -> Callable[..., list[tuple[object, ...]]]:
    """Runs raw SQL as the database's owner, each call in a connection and transaction of its own."""
    if url.startswith("sqlite"):
        import sqlite3

        def run(*statements: str) -> list[tuple[object, ...]]:
            connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
            try:
                rows: list[tuple[object, ...]] = []
                for statement in statements:
                    rows = connection.execute(statement).fetchall()
                return rows
            finally:
                connection.close()

        return run
    import psycopg

    from opencro.ledger.postgres import split_url

    def run_postgres(*statements: str) -> list[tuple[object, ...]]:
        plain, schema = split_url(url)
        with psycopg.connect(plain) as connection:
            connection.execute(f"SET search_path TO {schema}")
            rows: list[tuple[object, ...]] = []
            for statement in statements:
                cursor = connection.execute(statement)
                rows = cursor.fetchall() if cursor.description else []
            return rows

    return run_postgres
