"""The web application: how long pages and saves take, alone and with many at once, beside a bare transaction.

The starter study with 2,000 virtual participants on files, two processes with eight threads each; every person saves a
form of a participant of her own, with edit checks, queries and audit.
"""

from __future__ import annotations

import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from opencro.app.rehearsal import rehearse_study
from opencro.study import init_study, load_study
from tests.app.web.served import Served, Visitor, serve

Row = tuple[str, float, float, float, float]
NONE = float("nan")
PARTICIPANTS, PEOPLE, SAVES = 2_000, 20, 6
FORM = "forms/SCREENING/1/VS/1/"


def measure() -> list[Row]:
    """(what, ours, peer, ratio, limit) in milliseconds; no peer stands beside it, the limit is a bare transaction."""
    with _site() as served:
        anna = Visitor(served, "anna")
        people = [_enrol(anna) for _ in range(PEOPLE)]
        limit = _bare_transaction(served.folder)
        rows = [
            ("matrix of 2,000 participants, first page: ms", _median(lambda: anna.get("/STARTER/participants/"))),
            ("form opened: ms", _median(lambda: anna.get(people[0] + FORM))),
            ("form saved: ms", statistics.median(_saves(anna, people[0]))),
        ]
        with ThreadPoolExecutor(PEOPLE) as pool:
            visitors = list(pool.map(lambda _: Visitor(served, "anna"), range(PEOPLE)))
            taken = sorted(t for times in pool.map(_saves, visitors, people) for t in times)
        for share in (50, 95, 99):
            at = taken[min(len(taken) - 1, len(taken) * share // 100)]
            rows.append((f"form saved, {PEOPLE} people at once, p{share}: ms", at))
    return [(name, ours, NONE, NONE, limit) for name, ours in rows]


@contextmanager
def _site() -> Iterator[Served]:
    folder = Path(tempfile.mkdtemp())
    study = load_study(init_study(folder / "STARTER", "STARTER", "A starter study"))
    rehearse_study(study, participants=PARTICIPANTS, seed=1)
    served = serve(study.root)
    try:
        yield served
    finally:
        served.kill()
        shutil.rmtree(folder)


def _enrol(visitor: Visitor) -> str:
    page = visitor.get("/STARTER/participants/enrol")[1].partition('id="site"')[2]
    site = page.partition("<option")[2].partition(">")[2].partition("<")[0]
    shown = visitor.post("/STARTER/participants/enrol", {"site": site, "enrolled_on": "2026-01-31"})[1]
    name = shown.partition("<title>")[2].partition(" ·")[0].strip()
    return f"/STARTER/participants/{name}/"


def _saves(visitor: Visitor, person: str) -> list[float]:
    """Milliseconds of each save; what the page had seen is read outside of the clock."""
    found = []
    for number in range(SAVES):
        values = {"VS[1].SYSBP": str(110 + number), "VS[1].DIABP": "80", "reason": f"save {number}"}
        sent = {**visitor.seen(person + FORM), **values}
        start = time.perf_counter()
        status, _ = visitor.post(person + FORM, sent)
        found.append(1_000 * (time.perf_counter() - start))
        assert status == 200, status
    return found


def _median(call: Callable[[], tuple[int, str]]) -> float:
    call()
    found = []
    for _ in range(9):
        start = time.perf_counter()
        assert call()[0] == 200
        found.append(1_000 * (time.perf_counter() - start))
    return statistics.median(found)


def _bare_transaction(folder: Path) -> float:
    """One row, written through to the disk of the study's folder: what no save can be quicker than."""
    connection = sqlite3.connect(folder / "bare.sqlite", isolation_level=None)
    connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE bare (n INTEGER, t TEXT)")
    found = []
    for number in range(50):
        start = time.perf_counter()
        connection.execute("INSERT INTO bare VALUES (?, ?)", (number, "x" * 500))
        found.append(1_000 * (time.perf_counter() - start))
    connection.close()
    return statistics.median(found)
