"""From records to SDTM, Define-XML, SAS transport and Dataset-JSON: CPU seconds and memory, and how they grow.

Each build runs in a process of its own on one core: loading of the study included, start of Python not. Analysis
datasets, which a build makes too, have a row of their own. The pilot has its real records; the larger studies are the
pilot rehearsed. `--large` adds 25,000 participants, 100 pilots' worth (half an hour, 20 GB of disk, nearly all of it
for the rehearsal).
"""

from __future__ import annotations

import shutil

from benchmarks._pilot import Filled, fill_pilot, fill_rehearsed
from benchmarks._process import run_alone

SIZES = (250, 2_500)
LARGE = 25_000
Row = tuple[str, float, float | str, float | str, str]


def measure(large: bool = False) -> list[Row]:
    """[what, ours, the same at 250 participants, its ratio to ours, limit] in CPU seconds, milliseconds or GiB."""
    pilot = fill_pilot()
    built = run_alone("benchmarks._build", str(pilot.folder))
    rows: list[Row] = [
        (f"import, {pilot.records}: CPU s for {pilot.facts:,} facts", pilot.seconds, "", "", ""),
        (f"build of SDTM, {pilot.records}: CPU s", built["seconds"], "", "", "5"),
        (f"ADaM and displays on top, {built['rows']:,} rows of both: CPU s", built["analysis"], "", "", ""),
        (f"build, {pilot.records}: GiB", built["mib"] / 1024, "", "", ""),
    ]
    base = 0.0
    for participants in (*SIZES, LARGE) if large else SIZES:
        filled = fill_rehearsed(participants)
        cost, gib = _build_rehearsed(filled, participants)
        base = base or cost
        rows += [
            (f"rehearse {participants:,}: CPU ms per participant", filled.seconds * 1000 / participants, "", "", ""),
            (f"build {participants:,}: CPU ms per participant", cost, base, base / cost, "1 is linear"),
            (f"build {participants:,}: GiB", gib, "", "", "4"),
        ]
    return rows


def _build_rehearsed(filled: Filled, participants: int) -> tuple[float, float]:
    """CPU milliseconds per participant, and GiB."""
    built = run_alone("benchmarks._build", str(filled.folder))
    shutil.rmtree(filled.folder, ignore_errors=True)
    return (built["seconds"] + built["analysis"]) * 1000 / participants, built["mib"] / 1024
