"""The pilot study with a ledger: its real records from ../shared/data, else as many virtual participants."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

from benchmarks._process import cpu_seconds
from opencro.app.importing import find_deliveries, import_deliveries
from opencro.app.rehearsal import rehearse_study
from opencro.app.wiring import open_study_ledger
from opencro.study import load_study

ROOT = Path(__file__).resolve().parents[1]
STUDY = ROOT / "studies" / "cdiscpilot01"
CDISC = ROOT.parent / "shared" / "data" / "cdisc"
RECORDS = (CDISC / "raw_360i" / "raw", CDISC / "cdiscpilot01" / "parquet" / "sdtm")
PARTICIPANTS = 306
"""As many as were screened in the real study."""


class Filled(NamedTuple):
    """A study whose ledger has records: its folder, what they are, their number, CPU seconds that filling took."""

    folder: Path
    records: str
    facts: int
    seconds: float


@functools.cache
def fill_pilot() -> Filled:
    """The pilot with its records, made once for all benchmarks of a run."""
    if not all(folder.is_dir() for folder in RECORDS):
        return fill_rehearsed(PARTICIPANTS)
    folder = copy_study()
    study = load_study(folder)
    with open_study_ledger(study, create=True) as ledger:
        deliveries = find_deliveries(study, RECORDS)
        seconds = cpu_seconds(lambda: import_deliveries(study, ledger, deliveries, user="benchmark"))
        return Filled(folder, "254 treated, real records", ledger.position, seconds)


def fill_rehearsed(participants: int) -> Filled:
    """The pilot played through with so many virtual participants."""
    folder = copy_study()
    study = load_study(folder)
    seconds = cpu_seconds(lambda: rehearse_study(study, participants=participants, seed=1))
    with open_study_ledger(study) as ledger:
        return Filled(folder, f"{participants:,} virtual participants", ledger.position, seconds)


def copy_study() -> Path:
    """The bundled study without a ledger, in a folder that goes away with this process."""
    room = Path(tempfile.mkdtemp(prefix="opencro-benchmark-"))
    atexit.register(shutil.rmtree, room, ignore_errors=True)
    folder = room / STUDY.name
    shutil.copytree(STUDY, folder, ignore=shutil.ignore_patterns("build", "ledger.sqlite*"))
    return folder
