"""`opencro trace` on the pilot: back from a cell to who entered it, and forward from an item to all that it reaches.

The work of the command in CPU seconds, the loading of the study included: the median and the slowest of a sample of
cells over all datasets made from records; then the whole command in a process of its own, Python's start included.
"""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from statistics import median

from benchmarks._pilot import fill_pilot
from benchmarks._process import cpu_seconds
from opencro.app.build import Build, build
from opencro.app.trace import trace_dataset_cell, trace_dependents
from opencro.study import Study, load_study
from opencro.tabulation import load_domains

TRACES = 60
Row = tuple[str, float, str, str, str]
Cell = tuple[str, str, dict[str, str]]


def measure() -> list[Row]:
    """[what, ours, "", "", limit] in CPU seconds."""
    pilot = fill_pilot()
    study = load_study(pilot.folder)
    cells = _choose_cells(study, build(study))
    items = [(f.id, i.id) for f in study.forms.values() for g in f.groups for i in g.items]
    back = [cpu_seconds(lambda cell=cell: _trace_back(pilot.folder, cell)) for cell in cells]
    forward = [
        cpu_seconds(lambda item=item: _trace_forward(pilot.folder, item))
        for item in random.Random(1).sample(items, TRACES)
    ]
    rows: list[Row] = []
    for what, seconds in (("back from a cell", back), ("forward from an item", forward)):
        rows.append((f"trace {what}, {pilot.records}: median CPU s of {TRACES}", median(seconds), "", "", "1"))
        rows.append((f"trace {what}: slowest", max(seconds), "", "", "1"))
    command = cpu_seconds(lambda: _run_command(pilot.folder, cells[0]))
    rows.append(("trace as a command, with the start of Python: CPU s", command, "", "", "1"))
    return rows


def _choose_cells(study: Study, made: Build) -> list[Cell]:
    """Datasets in turn, a random variable of a random row each time."""
    chosen, domains = random.Random(1), load_domains(study)
    cells: list[Cell] = []
    while len(cells) < TRACES:
        for name, domain in domains.items():
            frame = made.frame(name)
            keys = ["USUBJID"] if name == "DM" else ["USUBJID", f"{name}SEQ"]
            if f"{name}SEQ" not in frame.columns and name != "DM":
                keys = [key for key in domain.keys if key != "STUDYID"]
            row = frame.row(chosen.randrange(frame.height), named=True)
            where = {key: f"{row[key]}" for key in keys}
            cells.append((name, chosen.choice(list(domain.variables)), where))
    return cells[:TRACES]


def _trace_back(folder: Path, cell: Cell) -> None:
    dataset, variable, where = cell
    trace_dataset_cell(load_study(folder), dataset, variable, where)


def _trace_forward(folder: Path, item: tuple[str, str]) -> None:
    trace_dependents(load_study(folder), *item)


def _run_command(folder: Path, cell: Cell) -> None:
    dataset, variable, where = cell
    row = [f"{name}={value}" for name, value in where.items()]
    command = [sys.executable, "-m", "opencro.app.cli.main", "trace", str(folder), f"{dataset}.{variable}", *row]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
