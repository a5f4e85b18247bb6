"""From records to SDTM, Define-XML, SAS transport and Dataset-JSON: CPU seconds and memory, and how they grow.

Each build runs in a process of its own on one core: loading of the study included, start of Python not. Analysis
datasets and displays, which a build makes too, have rows of their own. The pilot has its real records; the larger
studies are the pilot rehearsed. `--large` adds 25,000 participants, 100 pilots' worth: half an hour on a core of its
own, 20 GB of disk for the ledger and as much for the datasets in three formats.
"""

from __future__ import annotations

import shutil

from benchmarks._pilot import fill_pilot, fill_rehearsed
from benchmarks._process import run_alone

SIZES = (250, 2_500)
LARGE = 25_000
ALL = ("seconds", "analysis")
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
        built = run_alone("benchmarks._build", str(filled.folder))
        shutil.rmtree(filled.folder, ignore_errors=True)
        cost, analysis = (sum(built[s] for s in steps) * 1000 / participants for steps in (ALL, ("analysis",)))
        base = base or cost
        rows += [
            (f"rehearse {participants:,}: CPU ms per participant", filled.seconds * 1000 / participants, "", "", ""),
            (f"build {participants:,}: CPU ms per participant", cost, base, base / cost, "1 is linear"),
            (f"of it ADaM and displays, {participants:,}: CPU ms per participant", analysis, "", "", ""),
            (f"build {participants:,}, {built['rows']:,} rows: GiB", built["mib"] / 1024, "", "", "4"),
        ]
    return rows
