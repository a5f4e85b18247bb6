"""Published rules of SDTMIG 3.4 on the pilot: files to findings, first run, cold, in a process of its own.

CDISC's engine, recorded: 22 datasets with 294,211 rows and 425 rules, of which 330 are published, took 964 CPU seconds
and 5.6 GB. The pilot times ten has its records ten times over, so that what grows with the rows can be seen.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import polars as pl

from benchmarks._process import run_alone

SHARED = Path(__file__).resolve().parents[2] / "shared/data/cdisc"
RULES = SHARED / "core/rules_and_cases.tar.xz"
FOLDER = SHARED / "cdiscpilot01/parquet/sdtm"
SECONDS, MIB = 964, 5_600
Row = tuple[str, float, str, str, str]


def measure() -> list[Row]:
    """[what, ours, peer, ratio, limit] in CPU seconds and MiB."""
    if not RULES.is_file():
        return [("conform: ../shared/data is absent", 0.0, "", "", "")]
    rows: list[Row] = []
    made = run_alone("benchmarks._conform", str(RULES), str(FOLDER))
    what = f"conform {made['datasets']} datasets, {made['rows']} rows, {made['rules']} rules"
    rows.append((f"{what}: CPU s", made["seconds"], f"{SECONDS}", f"{SECONDS / made['seconds']:.0f}", "5"))
    rows.append((f"{what}: peak MiB", made["mib"], f"{MIB}", f"{MIB / made['mib']:.1f}", "1000"))
    with tempfile.TemporaryDirectory() as folder:
        _repeat(Path(folder), 10)
        made = run_alone("benchmarks._conform", str(RULES), folder)
    rows.append((f"conform ten times the pilot, {made['rows']} rows: CPU s", made["seconds"], "", "", "50"))
    rows.append(("conform ten times the pilot: peak MiB", made["mib"], "", "", "8000"))
    return rows


def _repeat(folder: Path, times: int) -> None:
    """Every dataset with its subjects `times` times under new names; trial design stays as it is."""
    for file in FOLDER.glob("*.parquet"):
        frame, target = pl.read_parquet(file), folder / file.name
        if "USUBJID" not in frame.columns:
            frame.write_parquet(target)
            continue
        copies = [frame.with_columns(pl.col("USUBJID") + f"-{n}") for n in range(times)]
        pl.concat(copies).write_parquet(target)
