"""What was altered is found and located, in the database and in an export, by us and by the separate script."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from opencro.ledger import Act, Change, Ledger, RecordKey, Removal, RoleChanged

from .conftest import ANN, record

Raw = Callable[..., list[tuple[object, ...]]]
PEOPLE = ("701-1001", "701-1002", "702-2001")


@pytest.fixture
def filled(ledger: Ledger) -> Ledger:
    """Ten saves of three participants, in eleven appends with the first."""
    for n in range(10):
        change = Change(record(n, PEOPLE[n % 3]), {"SYSBP": str(100 + n), "NOTE": "naïve \\ \n"})
        ledger.append([change], actor=ANN, source="ui", definition_version="1")
    return ledger


@pytest.fixture
def tamper(owner: Raw, url: str) -> Callable[[str], None]:
    """Runs a statement as the owner with all guards taken off."""
    if url.startswith("sqlite"):

        def run(statement: str) -> None:
            triggers = owner("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            owner(*(f"DROP TRIGGER {name}" for (name,) in triggers), statement)

        return run

    def run_postgres(statement: str) -> None:
        owner("SET session_replication_role = replica", statement)

    return run_postgres


def places(ledger: Ledger, code: str) -> list[str]:
    return [f.place.path.split()[0] for f in ledger.verify() if f.code == code]


def test_an_untouched_ledger_verifies(filled: Ledger) -> None:
    assert len(filled.verify(filled.anchors()[-1].hash)) == 0


def test_chains_go_on_over_blocks_in_runs_and_alternating_and_without_participant(
    ledger: Ledger, tamper: Callable[[str], None]
) -> None:
    role = Act(RoleChanged("ann", "", "investigator"), RecordKey("701"))
    runs = [Change(record(n, PEOPLE[n // 700]), {"SYSBP": "1"}) for n in range(2_100)]
    turns = [Change(record(n + 3_000, PEOPLE[n % 2]), {"SYSBP": "1"}) for n in range(700)]
    for entries in ([role, *runs], [role], [*turns, role]):
        ledger.append(entries, actor=ANN, source="import", definition_version="1")
    assert ledger.position == 2_804
    assert len(ledger.verify()) == 0
    zeros = "0" * 64
    tamper(f"UPDATE fact SET body = substr(body, 1, 13) || '{zeros}' || substr(body, 78) WHERE seq in (2103, 2804)")
    assert places(ledger, "LED-102") == ["fact/2103", "fact/2804"]


@pytest.mark.requirement(8)
@pytest.mark.parametrize("seq", [1, 2, 7, 11])
def test_a_flipped_byte_is_found_at_its_fact(filled: Ledger, tamper: Callable[[str], None], seq: int) -> None:
    tamper(f'UPDATE fact SET body = replace(body, \'"role":"\', \'"role":"X\') WHERE seq = {seq}')
    assert places(filled, "LED-101") == [f"fact/{seq}"]
    assert filled.verify().codes() == ("LED-101",)


@pytest.mark.requirement(8)
def test_any_flipped_byte_of_a_line_is_found(filled: Ledger, tamper: Callable[[str], None], owner: Raw) -> None:
    ((body,),) = owner("SELECT body FROM fact WHERE seq = 5")
    assert isinstance(body, str)
    for at in range(0, len(body), 23):
        flipped = body[:at] + ("~" if body[at] != "~" else "!") + body[at + 1 :]
        tamper("UPDATE fact SET body = '" + flipped.replace("'", "''") + "' WHERE seq = 5")
        assert "fact/5" in places(filled, "LED-101"), at


@pytest.mark.requirement(8)
@pytest.mark.parametrize(
    ("statement", "code", "where"),
    [
        ("UPDATE fact SET hash = replace(hash, substr(hash, 1, 4), 'zzzz') WHERE seq = 6", "LED-101", "fact/6"),
        ("DELETE FROM fact WHERE seq = 6", "LED-103", "fact/7"),
        ("UPDATE fact SET seq = 99 WHERE seq = 11", "LED-103", "fact/99"),
        ("UPDATE fact SET participant = '701-9999' WHERE seq = 6", "LED-108", "fact/6"),
        ("UPDATE anchor SET body = replace(body, 'Z', 'z') WHERE number = 4", "LED-104", "anchor/4"),
        ("UPDATE anchor SET hash = '0' WHERE number = 4", "LED-104", "anchor/4"),
        ("DELETE FROM anchor WHERE number = 11", "LED-106", "fact/11"),
        ("DELETE FROM anchor WHERE number = 5", "LED-104", "anchor/6"),
        ("DELETE FROM fact WHERE seq > 9", "LED-103", "anchor/10"),
        ('UPDATE record SET item_values = \'{"SYSBP":"1"}\' WHERE first_fact = 6', "LED-105", ""),
        ("DELETE FROM record WHERE first_fact = 6", "LED-105", ""),
    ],
)
def test_each_way_to_alter_is_located(
    filled: Ledger, tamper: Callable[[str], None], statement: str, code: str, where: str
) -> None:
    tamper(statement)
    found = places(filled, code)
    assert found
    assert found[0].startswith(where)


@pytest.mark.requirement(8)
def test_an_end_that_was_cut_off_with_its_anchors_is_found_by_the_anchor_kept_outside(
    filled: Ledger, tamper: Callable[[str], None]
) -> None:
    kept = filled.anchors()[-1].hash
    tamper("DELETE FROM fact WHERE seq > 8")
    tamper("DELETE FROM anchor WHERE number > 8")
    tamper("DELETE FROM record WHERE last_fact > 8")
    assert filled.verify().ok
    assert filled.verify(kept).codes() == ("LED-110",)


def test_a_clock_that_goes_back_is_a_warning(url: str) -> None:
    from datetime import UTC, datetime

    from opencro.ledger import create_ledger

    times = iter([datetime(2030, 1, 2, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)])
    with create_ledger(url, study="S", purpose="rehearsal", clock=lambda: next(times)) as ledger:
        ledger.append([Change(record(), {"A": "1"})], actor=ANN, source="rehearsal", definition_version="1")
        assert ledger.verify().codes() == ("LED-107",)
        assert ledger.verify().ok


def run_script(root: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", root / "src/opencro/ledger/verify_ledger.py", *arguments]
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)


def test_the_script_is_short_and_imports_nothing_of_ours(root: Path) -> None:
    text = (root / "src/opencro/ledger/verify_ledger.py").read_text()
    assert len(text.splitlines()) < 100
    tree = ast.walk(ast.parse(text))
    imported = {a.name for node in tree if isinstance(node, ast.Import | ast.ImportFrom) for a in node.names}
    assert imported <= {"annotations", "argparse", "hashlib", "json", "sys", "Any", "Iterator", "Path"}


@pytest.mark.requirement(8)
def test_the_separate_script_verifies_an_export_and_locates_what_was_altered(
    filled: Ledger, tmp_path: Path, root: Path
) -> None:
    export = tmp_path / "ledger.jsonl"
    assert filled.export_ledger(export) == filled.position == 11
    kept = filled.anchors()[-1].hash
    good = run_script(root, export, "--anchor", kept)
    assert good.returncode == 0, good.stdout + good.stderr
    assert "11 facts, 4 chains, 11 anchors" in good.stdout
    lines = export.read_bytes().splitlines(keepends=True)
    bad = tmp_path / "bad.jsonl"
    for number in range(1, len(lines)):
        for at in (12, 90, len(lines[number]) // 2, len(lines[number]) - 5):
            changed = bytes([lines[number][at] ^ 1])
            altered = lines[number][:at] + changed + lines[number][at + 1 :]
            bad.write_bytes(b"".join([*lines[:number], altered, *lines[number + 1 :]]))
            if at == 90 or number < 3:
                found = run_script(root, bad)
                assert found.returncode == 1
                assert f"line {number + 1}: " in found.stdout
    bad.write_bytes(b"".join(lines[:3] + lines[5:]))
    assert run_script(root, bad).returncode == 1
    bad.write_bytes(b"".join(lines[:-2]))
    assert run_script(root, bad).returncode == 0
    cut = run_script(root, bad, "--anchor", kept)
    assert cut.returncode == 1
    assert "kept elsewhere" in cut.stdout


def test_a_removed_record_stays_readable_in_its_history(filled: Ledger) -> None:
    filled.append([Removal(record(0))], actor=ANN, source="ui", definition_version="1", reason="entered twice")
    assert [(c.item, c.old, c.new) for c in filled.history(record(0))][-2:] == [
        ("NOTE", "naïve \\ \n", None),
        ("SYSBP", "100", None),
    ]
    assert filled.snapshot().records("VS")["group_repeat"].to_list() == list(range(1, 10))
    assert filled.verify().ok
