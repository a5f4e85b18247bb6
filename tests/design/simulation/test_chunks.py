"""Chunks: the same sum on any number of workers, after a restart, and after a process has died."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from opencro.design import DesignError, early
from opencro.design.simulation import run_replicates


def _sum(weight: int, first: int, last: int) -> np.ndarray:
    return np.array([weight * sum(range(first, last)), last - first])


def _die_once(marker: str, first: int, last: int) -> np.ndarray:
    if first >= 20 and not Path(marker).exists():
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return _sum(1, first, last)


def _always_die(first: int, last: int) -> np.ndarray:
    os.kill(os.getpid(), signal.SIGKILL)
    return _sum(1, first, last)


def test_a_design_gives_the_same_on_one_and_two_workers_and_on_an_executor() -> None:
    def run(workers: object, chunk_seed: int = 5) -> list[list[int]]:
        found = early.simulate_interval(
            early.boin(0.3), [0.1, 0.3, 0.5], cohorts=8, trials=12_000, seed=chunk_seed, workers=workers
        )
        return found.tally.tolist()

    alone = run(1)
    assert run(2) == alone
    with ThreadPoolExecutor(3) as pool:
        assert run(pool) == alone
    assert run(1, 6) != alone


def test_chunk_size_does_not_matter() -> None:
    task = partial(_sum, 3)
    assert [run_replicates(task, 103, chunk=c).tolist() for c in (1, 7, 103, 500)] == [[3 * sum(range(103)), 103]] * 4


def test_a_process_that_dies_takes_nothing_along(tmp_path: Path) -> None:
    task = partial(_die_once, str(tmp_path / "died"))
    assert run_replicates(task, 60, workers=2, chunk=10).tolist() == [sum(range(60)), 60]
    assert (tmp_path / "died").exists()


def test_processes_that_always_die_are_reported() -> None:
    with pytest.raises(DesignError, match="DES-508"):
        run_replicates(_always_die, 4, workers=2, chunk=1)


def test_a_run_goes_on_from_the_chunks_that_are_there(tmp_path: Path) -> None:
    calls: list[int] = []

    def note(done: int, trials: int) -> None:
        calls.append(done)

    def stop(done: int, trials: int) -> None:
        if done >= 30:
            raise KeyboardInterrupt

    task = partial(_sum, 1)
    with pytest.raises(KeyboardInterrupt):
        run_replicates(task, 100, chunk=10, store=tmp_path, progress=stop)
    assert run_replicates(task, 100, chunk=10, store=tmp_path, progress=note).tolist() == [sum(range(100)), 100]
    assert calls[0] == 40
    assert len(calls) == 7
    assert run_replicates(partial(_sum, 2), 100, chunk=10, store=tmp_path).tolist() == [2 * sum(range(100)), 100]


def test_impossible_numbers_are_refused() -> None:
    with pytest.raises(DesignError, match="DES-507"):
        run_replicates(partial(_sum, 1), 0)
