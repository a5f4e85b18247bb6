"""Replicates in chunks that may be computed anywhere, twice, and in any order, with the same sum at the end.

A chunk is (first, last) replicates of a task; its result, an array of counts, depends on nothing else because the
streams are keyed by scenario and replicate. So chunks go to processes of this machine, to any
`concurrent.futures.Executor` (for a Dask cluster: `distributed.Client(...).get_executor()`), or are read back from a
folder where an earlier run left them. A process that dies takes nothing along: its chunks are computed again.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor, as_completed
from contextlib import suppress
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opencro.design.errors import DesignError

Tally = NDArray[Any]
Task = Callable[[int, int], Tally]
Workers = int | Executor
Progress = Callable[[int, int], None]
Chunk = tuple[int, int]
CHUNK = 5_000
_ATTEMPTS = 3


def run_replicates(
    task: Task, trials: int, *, workers: Workers = 1, chunk: int = CHUNK, store: Path | None = None,
    progress: Progress | None = None,
) -> Tally:  # fmt: skip
    """The sum of `task(first, last)` over all replicates 0 to `trials` - 1.

    `task`: a `functools.partial` of a module's function where it goes to other processes or to a `store`. `workers`: a
    number of processes (1: here, no other process), or an executor. `chunk`: replicates computed at once. `store`: a
    folder in which finished chunks are kept; a run that finds chunks of the same task there goes on from them.
    `progress(done, trials)` is called after each chunk. DesignError DES-507 for fewer than one trial or worker, DES-508
    when processes keep dying.
    """
    if trials < 1 or chunk < 1 or (isinstance(workers, int) and workers < 1):
        raise DesignError(
            "DES-507", f"{trials} trials in chunks of {chunk} on {workers} workers", "at least one of each",
            "Give positive whole numbers.",
        )  # fmt: skip
    wanted = [(first, min(first + chunk, trials)) for first in range(0, trials, chunk)]
    found: dict[Chunk, Tally] = {}
    folder = None if store is None else store / identify_task(task)
    for span in wanted if folder else []:
        with suppress(FileNotFoundError):
            found[span] = np.load(_path(folder, span))  # type: ignore[arg-type]
    missing = [span for span in wanted if span not in found]
    done = sum(last - first for first, last in found)
    for span, tally in _compute(task, missing, workers):
        found[span] = tally
        done += span[1] - span[0]
        if folder:
            _keep(folder, span, tally)
        if progress:
            progress(done, trials)
    total = found[wanted[0]].copy()
    for span in wanted[1:]:
        total += found[span]
    return total


def identify_task(task: Callable[..., Any]) -> str:
    """A name for what a task computes: its function, its arguments and this program's version, as a digest."""
    digest = hashlib.sha256(version("opencro").encode())
    function = task.func if isinstance(task, partial) else task
    digest.update(f"{function.__module__}.{function.__qualname__}".encode())
    arguments = (*task.args, *sorted(task.keywords.items())) if isinstance(task, partial) else ()
    for argument in arguments:
        if isinstance(argument, np.ndarray):
            digest.update(f"{argument.dtype} {argument.shape} ".encode() + argument.tobytes())
        elif callable(argument):
            digest.update(f"{argument.__module__}.{argument.__qualname__};".encode())
        else:
            digest.update(f"{type(argument).__name__} {argument!r};".encode())
    return digest.hexdigest()[:24]


def _compute(task: Task, spans: list[Chunk], workers: Workers) -> Iterator[tuple[Chunk, Tally]]:
    if isinstance(workers, Executor):
        yield from _submit(task, spans, workers)
    elif workers == 1 or len(spans) < 2:
        for span in spans:
            yield span, task(*span)
    else:
        yield from _in_processes(task, spans, workers)


def _in_processes(task: Task, spans: list[Chunk], workers: int) -> Iterator[tuple[Chunk, Tally]]:
    missing = dict.fromkeys(spans)
    for _ in range(_ATTEMPTS):
        with (
            suppress(BrokenExecutor),
            ProcessPoolExecutor(min(workers, len(missing)), multiprocessing.get_context("spawn")) as pool,
        ):
            for span, tally in _submit(task, list(missing), pool):
                del missing[span]
                yield span, tally
        if not missing:
            return
    raise DesignError(
        "DES-508", f"{_ATTEMPTS} times a process died before its {len(missing)} chunks were done",
        "processes that live",
        "Look for what kills them (memory?), use fewer workers or smaller chunks.",
    )  # fmt: skip


def _submit(task: Task, spans: list[Chunk], pool: Executor) -> Iterator[tuple[Chunk, Tally]]:
    futures = {pool.submit(task, *span): span for span in spans}
    for future in as_completed(futures):
        yield futures[future], future.result()


def _path(folder: Path, span: Chunk) -> Path:
    return folder / f"{span[0]}-{span[1]}.npy"


def _keep(folder: Path, span: Chunk, tally: Tally) -> None:
    """Write a chunk whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{span[0]}-{span[1]}.{os.getpid()}.part"
    with unfinished.open("wb") as out:
        np.save(out, tally)
    unfinished.replace(_path(folder, span))
