"""CPU seconds and peak memory of processes that have one core to themselves.

CPU seconds of the process and of those that it waited for, not seconds on the wall: others share the machine.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def cpu_now() -> float:
    """CPU seconds of this process so far, children that ended included."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU seconds of a piece of work."""
    started = cpu_now()
    work()
    return cpu_now() - started


def peak_mib() -> float:
    """The most memory that this process ever held, in MiB.

    Not `ru_maxrss`: Linux hands that on from the process that started this one.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def run_alone(module: str, *arguments: str) -> dict[str, Any]:
    """Run `python -m module` on one core with one thread, and give the JSON object that it prints last."""
    environment = {**os.environ, "POLARS_MAX_THREADS": "1", "NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        command = [sys.executable, "-m", module, *arguments]
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    finally:
        os.sched_setaffinity(0, cores)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer
