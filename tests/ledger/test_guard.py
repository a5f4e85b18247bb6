"""The database itself refuses what would alter the trail; each attempt is made with raw SQL."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from opencro.ledger import Change, Ledger, create_ledger, open_ledger

from .conftest import ANN, record

Raw = Callable[..., list[tuple[object, ...]]]
ERRORS = (sqlite3.DatabaseError, psycopg.Error)


@pytest.fixture
def filled(ledger: Ledger) -> Ledger:
    """Two saves of one record and one of another."""
    for n, value in ((1, "1"), (1, "2"), (2, "1")):
        ledger.append(
            [Change(record(n), {"SYSBP": value})], actor=ANN, source="ui", definition_version="1", reason="typing error"
        )
    return ledger


ATTEMPTS = [
    "UPDATE fact SET body = 'x'",
    "UPDATE fact SET participant = 'x' WHERE seq = 2",
    "DELETE FROM fact",
    "DELETE FROM fact WHERE seq = 4",
    "UPDATE anchor SET hash = 'x'",
    "DELETE FROM anchor",
    "UPDATE meta SET value = 'rehearsal' WHERE name = 'purpose'",
    "DELETE FROM meta",
    "INSERT INTO fact VALUES (2, 'p', 'b', 'h')",
    "INSERT INTO anchor VALUES (9, 4, 'b', 'h')",
    "UPDATE record SET item_values = '{}'",
    "UPDATE record SET last_fact = 4 WHERE first_fact = 2",
    "UPDATE record SET removed = 1 WHERE first_fact = 2",
    "DELETE FROM record",
    "INSERT INTO record SELECT 's', 'p', 'e', 1, 'f', 1, 'g', 1, '{}', 9, 9, 0",
]
SQLITE_ONLY = [
    "UPDATE OR IGNORE fact SET body = 'x'",
    "UPDATE OR REPLACE fact SET body = 'x'",
    "INSERT OR REPLACE INTO fact VALUES (2, 'p', 'b', 'h')",
    "REPLACE INTO anchor VALUES (2, 4, 'b', 'h')",
    "REPLACE INTO meta VALUES ('purpose', 'rehearsal')",
    "REPLACE INTO record SELECT site, participant, event, event_repeat, form, form_repeat, item_group, group_repeat,"
    " '{}',"
    " first_fact, last_fact, removed FROM record",
    "DELETE FROM refused_attempt",
]
POSTGRES_ONLY = [
    "TRUNCATE fact",
    "TRUNCATE anchor",
    "TRUNCATE meta",
    "TRUNCATE record",
    "TRUNCATE fact, anchor, record CASCADE",
]


@pytest.mark.requirement(1)
@pytest.mark.requirement(2)
def test_even_the_owner_is_refused_while_the_triggers_stand(filled: Ledger, owner: Raw, url: str) -> None:
    before = [(f.seq, f.hash) for f in filled.facts()], filled.snapshot().records("VS").rows()
    for attempt in ATTEMPTS + (SQLITE_ONLY if url.startswith("sqlite") else POSTGRES_ONLY):
        if attempt.startswith("DELETE FROM refused") and not owner("SELECT * FROM refused_attempt"):
            continue
        with pytest.raises(ERRORS):
            owner(attempt)
    assert ([(f.seq, f.hash) for f in filled.facts()], filled.snapshot().records("VS").rows()) == before
    assert filled.verify().ok


@pytest.mark.requirement(2)
def test_the_application_role_is_refused_and_cannot_disable_triggers(filled: Ledger, url: str) -> None:
    more = SQLITE_ONLY
    if not url.startswith("sqlite"):
        more = [
            *POSTGRES_ONLY,
            "ALTER TABLE fact DISABLE TRIGGER ALL",
            "ALTER TABLE fact DISABLE TRIGGER append_only",
            "DROP TRIGGER append_only ON fact",
            "SET session_replication_role = replica",
            "DROP TABLE fact",
            "INSERT INTO meta VALUES ('x', 'y')",
            "UPDATE record SET participant = 'x'",
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        ]
    raw = filled._store.raw
    for attempt in ATTEMPTS + more:
        with pytest.raises(ERRORS) as error:
            raw(attempt)
        if attempt.startswith(("UPDATE fact", "DELETE FROM fact", "TRUNCATE", "ALTER", "DROP")) and not url.startswith(
            "sqlite"
        ):
            assert isinstance(error.value, psycopg.errors.InsufficientPrivilege)
    assert filled.verify().ok


@pytest.mark.requirement(2)
def test_a_refused_attempt_is_logged(filled: Ledger, url: str, owner: Raw, request: pytest.FixtureRequest) -> None:
    with pytest.raises(ERRORS):
        filled._store.raw("DELETE FROM fact WHERE seq = 3")
    if url.startswith("sqlite"):
        ((at, what),) = owner("SELECT at, what FROM refused_attempt")
        assert what == "DELETE fact 3"
        assert str(at).endswith("Z")
    else:
        _, log = request.getfixturevalue("postgres")
        text = Path(log).read_text()
        assert "permission denied for table fact" in text
        assert "STATEMENT:  DELETE FROM fact WHERE seq = 3" in text


@pytest.mark.requirement(1)
def test_a_raw_change_of_a_record_together_with_a_raw_fact_is_found(filled: Ledger, owner: Raw) -> None:
    owner(
        f"INSERT INTO fact VALUES (5, '{record().participant}', '{{}}', 'h')",
        'UPDATE record SET item_values = \'{"SYSBP":"9"}\', last_fact = 5 WHERE first_fact = 2',
        "INSERT INTO anchor VALUES (5, 5, '{}', 'h')",
    )
    assert {"LED-101", "LED-104"} <= set(filled.verify().codes())


@pytest.mark.requirement(7)
def test_no_environment_variable_and_no_argument_turns_the_trail_off(
    url: str, root: Path, monkeypatch: pytest.MonkeyPatch, owner: Raw
) -> None:
    room = root / "src" / "opencro" / "ledger"
    source = "\n".join(path.read_text() for path in sorted(room.rglob("*.py")))
    assert not re.search(r"\bos\b|environ|getenv|settings|DISABLE TRIGGER|session_replication_role", source)
    for name in ("OPENCRO_AUDIT", "OPENCRO_LEDGER", "AUDIT"):
        monkeypatch.setenv(name, "off")
    create_ledger(url, study="S").close()
    with open_ledger(url) as opened:
        opened.append([Change(record(), {"SYSBP": "1"})], actor=ANN, source="system", definition_version="1")
    assert owner("SELECT count(*) FROM fact") == [(2,)]
