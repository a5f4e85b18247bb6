"""Several writers at once, and a writer that dies: nothing lost, nothing reordered, nothing half."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import defaultdict

import pytest

from opencro.ledger import Change, Ledger, create_ledger, open_ledger

from .conftest import ANN, record

WRITERS = 8
SAVES = 25
WRITER = """
import sys
from opencro.ledger import Actor, Change, RecordKey, open_ledger
url, me, saves, size = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
with open_ledger(url) as ledger:
    print("ready", flush=True)
    for n in range(saves):
        def key(who, repeat):
            return RecordKey("701", who, "V", 1, "VS", 1, "G", repeat)
        mine = [Change(key("own-" + me, n * size + i), {"N": str(n)}) for i in range(size)]
        shared = [Change(key("shared", int(me) * 100000 + n), {"N": str(n), "BY": me})]
        counter = [Change(key("one", 1), {"N": me + "/" + str(n)}, reason="counted on")]
        ledger.append([*mine, *shared, *counter], actor=Actor("w" + me, "robot"), source="api", definition_version="1")
"""


def start(url: str, me: int, saves: int, size: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, url, str(me), str(saves), str(size)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_eight_processes_lose_and_reorder_nothing(url: str) -> None:
    create_ledger(url, study="S").close()
    writers = [start(url, me, SAVES, 3) for me in range(WRITERS)]
    assert [w.wait(timeout=300) for w in writers] == [0] * WRITERS
    with open_ledger(url) as ledger:
        assert ledger.position == 1 + WRITERS * SAVES * 5
        assert ledger.verify().ok
        for me in range(WRITERS):
            repeats = [f.key.group_repeat for f in ledger.facts(participant=f"own-{me}")]
            assert repeats == list(range(SAVES * 3))
        shared = defaultdict(list)
        for fact in ledger.facts(participant="shared"):
            shared[fact.actor].append(fact.payload["items"]["N"][1])
        assert dict(shared) == {f"w{me}": [str(n) for n in range(SAVES)] for me in range(WRITERS)}
        one = [fact.payload["items"]["N"] for fact in ledger.facts(participant="one")]
        assert [old for old, _ in one[1:]] == [new for _, new in one[:-1]]
        assert len(one) == WRITERS * SAVES


def test_of_two_writers_who_saw_the_same_record_one_is_refused(ledger: Ledger, url: str) -> None:
    from opencro.kernel.finding import Refused

    with open_ledger(url) as other:
        change = Change(record(), {"SYSBP": "1"}, expected_fact=0)
        ledger.append([change], actor=ANN, source="ui", definition_version="1")
        with pytest.raises(Refused):
            other.append([change], actor=ANN, source="ui", definition_version="1")


@pytest.mark.requirement(42)
@pytest.mark.parametrize("delay_s", [0.05, 0.2, 0.5])
def test_a_writer_killed_in_the_middle_leaves_a_consistent_ledger(url: str, delay_s: float) -> None:
    create_ledger(url, study="S").close()
    size = 2000
    writer = start(url, 0, 100_000, size)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    time.sleep(delay_s)
    os.kill(writer.pid, signal.SIGKILL)
    assert writer.wait() == -signal.SIGKILL
    writer.stdout.close()
    with open_ledger(url) as ledger:
        done, rest = divmod(ledger.position - 1, size + 2)
        assert rest == 0
        assert len(ledger.anchors()) == done + 1
        assert ledger.verify().ok
        before = ledger.snapshot().records("VS")
        ledger.rebuild()
        assert ledger.snapshot().records("VS").equals(before)
        ledger.append([Change(record(), {"SYSBP": "1"})], actor=ANN, source="ui", definition_version="1")
        assert ledger.verify().ok
