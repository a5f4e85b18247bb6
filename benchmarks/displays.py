"""From analysis datasets to all tables and figures of the pilot: CPU seconds, memory, and how they grow.

The published analysis datasets are read from Parquet; larger studies are the pilot many times with other subjects.
Every format is written: RTF, HTML, text, PDF, Excel, results, the reporting event. The first row adds what the analysis
datasets themselves take; `benchmarks.adam` says how that grows. `--large` adds 100 pilots.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from benchmarks._process import run_alone
from benchmarks.adam import PILOT, STUDY, repeat_pilot

ANALYSED = PILOT.parent / "adam"
TIMES = (1, 10)
LARGE = 100
Row = tuple[str, float | str, float | str, float | str, str]


def measure(large: bool = False) -> list[Row]:
    """[what, ours, the same for one pilot, its ratio to ours, limit] in CPU seconds or GiB."""
    if not (PILOT.is_dir() and ANALYSED.is_dir()):
        return [(f"displays: skipped, no pilot data under {PILOT.parent.name}", "", "", "", "")]
    rows: list[Row] = []
    base = 0.0
    for times in (*TIMES, LARGE) if large else TIMES:
        ran = _run("benchmarks._displays", ANALYSED, times)
        seconds = ran["seconds"]
        if times == 1:
            base = seconds
            analysed = _run("benchmarks._adam", PILOT, times)["seconds"]
            rows.append(("pilot: SDTM to ADaM to every display: CPU s", analysed + seconds, "", "", "10"))
        what = f"{ran['tables']} tables, {ran['figures']} figures of {times} pilots"
        rows += [
            (f"{what}: CPU s for {ran['results']:,} results", seconds, "", "", ""),
            (f"{what}: CPU s per pilot", seconds / times, base, base * times / seconds, "at least 1 is linear"),
            (f"{what}: GiB", ran["mib"] / 1024, "", "", "6"),
        ]
    return rows


def _run(module: str, source: Path, times: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        repeat_pilot(Path(name), times, source)
        return run_alone(module, str(STUDY), name)
