"""Review of an audit trail of a million facts beside a plain program that just reads and parses them.

The trail: 900,000 new records of five items of 5,000 participants, 70,000 edits, 20,000 queries, 10,000 locks. The
review marks late entries, edits after queries and locks, nights, weekends and bursts, and counts them; the plain
program parses each line as JSON and counts facts per user. In CPU seconds on SQLite; the limit is a read of the lines.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks._process import cpu_seconds, run_alone
from opencro.ledger import (
    Act,
    Actor,
    Change,
    Entry,
    FormLocked,
    Ledger,
    QueryRaised,
    RecordKey,
    create_ledger,
    open_ledger,
)
from opencro.study import Form, Item, ItemGroup, Protocol, Study, StudyFile

RECORDS, EDITS, QUERIES, LOCKS = 900_000, 70_000, 20_000, 10_000
FACTS = RECORDS + EDITS + QUERIES + LOCKS
_ITEMS = ("VISDAT", "SYSBP", "DIABP", "PULSE", "WEIGHT")
_BATCH = 50_000
_START = datetime(2026, 1, 1, 6, 0, tzinfo=UTC)
Row = tuple[str, float | str, float | str, float | str, str]


def make_study() -> Study:
    """A form of five items."""
    items = tuple(Item(id=name, label=name, type="date" if name == "VISDAT" else "integer") for name in _ITEMS)
    form = Form(id="VS", title="Vital signs", groups=(ItemGroup(id="VS", repeating=True, items=items),))
    file = StudyFile(id="BENCH", title="Benchmark", version="1")
    return Study(Path(), file, Protocol(), {"VS": form}, {}, (), {})


def _key(number: int) -> RecordKey:
    site, participant = f"7{number % 50:02d}", f"7{number % 50:02d}-{number % 5_000:04d}"
    return RecordKey(site, participant, f"V{number // 5_000 % 20}", 1, "VS", 1, "VS", number // 100_000 + 1)


def _new(number: int) -> Change:
    day = (_START + timedelta(days=number % 300)).date().isoformat()
    return Change(_key(number), dict(zip(_ITEMS, (day, "120", "80", str(60 + number % 40), "75"), strict=True)))


def fill(ledger: Ledger, clock: list[datetime]) -> None:
    """Append the facts, each batch by another user at another hour."""
    entries: list[Entry] = [_new(i) for i in range(RECORDS)]
    entries += [Act(QueryRaised(f"Q{i}", "SYSBP", "", "Is this right?"), _key(i * 7)) for i in range(QUERIES)]
    entries += [Act(FormLocked("lock"), _key(i * 11)._replace(group="", group_repeat=0)) for i in range(LOCKS)]
    entries += [Change(_key(i * 7), {"SYSBP": str(100 + i % 50)}) for i in range(EDITS)]
    for n, start in enumerate(range(0, len(entries), _BATCH)):
        clock[0] = _START + timedelta(days=13 * n, hours=7 * n)
        ledger.append(
            entries[start : start + _BATCH], actor=Actor(f"user{n % 7}", "coordinator"), source="ui",
            reason="misread", definition_version="1",
        )  # fmt: skip


def _plain(ledger: Ledger) -> Counter[str]:
    counts: Counter[str] = Counter()
    for block in ledger._store.blocks(0, ledger.position):
        for _, line, _ in block:
            counts[json.loads(line)["actor"]] += 1
    return counts


def _read(ledger: Ledger) -> int:
    return sum(len(block) for block in ledger._store.blocks(0, ledger.position))


def measure() -> list[Row]:
    """[what, ours, plain program, ratio, limit]: facts per CPU second."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        path = f"sqlite:///{name}/ledger.db"
        clock = [_START]
        with create_ledger(path, study="BENCH", purpose="rehearsal", clock=lambda: clock[0]) as ledger:
            fill(ledger, clock)
        with open_ledger(path, clock=lambda: clock[0]) as ledger:
            limit = cpu_seconds(lambda: _read(ledger))
            plain = cpu_seconds(lambda: _plain(ledger))
        ours = run_alone("benchmarks._audit_review", path)
    words = f"{ours['mib']:,.0f} MiB; a read alone {FACTS / limit:,.0f}; {ours['after_query']:,} edits after a query"
    what = "audit review: facts marked and counted per CPU second, beside JSON alone"
    return [(what, FACTS / ours["seconds"], FACTS / plain, plain / ours["seconds"], words)]
