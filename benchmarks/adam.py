"""From SDTM to the ten analysis datasets of the pilot: CPU seconds of each, memory, and how they grow.

The published SDTM is read from Parquet; larger studies are the pilot many times with other subjects. Each run is a
process of its own on one core; rows that memory should not hold go to a working folder, as in a build. `--large` adds
100 pilots (21 million rows).
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import polars as pl

from benchmarks._process import run_alone

ROOT = Path(__file__).parent.parent
STUDY = ROOT / "studies/cdiscpilot01"
PILOT = ROOT.parent / "shared/data/cdisc/cdiscpilot01/parquet/sdtm"
TIMES = (1, 10)
LARGE = 100
Row = tuple[str, float, float | str, float | str, str]


def measure(large: bool = False) -> list[Row]:
    """[what, ours, the same for one pilot, its ratio to ours, limit] in CPU seconds or GiB; none without the pilot."""
    if not PILOT.is_dir():
        return []
    rows: list[Row] = []
    base = 0.0
    for times in (*TIMES, LARGE) if large else TIMES:
        with tempfile.TemporaryDirectory() as name:
            repeat_pilot(Path(name), times)
            ran = run_alone("benchmarks._adam", str(STUDY), name)
        each = ran["seconds"] / times
        base = base or each
        count = sum(ran["rows"].values())
        if times == 1:
            rows += [(f"{d}: s for {ran['rows'][d]:,} rows", s, "", "", "") for d, s in ran["each"].items()]
        rows += [
            (f"ADaM of {times} pilots: CPU s for {count:,} rows", ran["seconds"], "", "", ""),
            (f"ADaM of {times} pilots: CPU s per pilot", each, base, base / each, "1 is linear"),
            (f"ADaM of {times} pilots: GiB", ran["mib"] / 1024, "", "", "6"),
        ]
    return rows


def repeat_pilot(folder: Path, times: int, source: Path = PILOT) -> None:
    """The pilot's datasets so many times, with other subjects, in the order of USUBJID."""
    for path in sorted(source.glob("*.parquet")):
        frame = pl.scan_parquet(path)
        if "USUBJID" not in frame.collect_schema().names():
            frame.sink_parquet(folder / path.name)
            continue
        copies = [frame.with_columns(pl.lit(f"{i:03}-").add(pl.col("USUBJID")).alias("USUBJID")) for i in range(times)]
        pl.concat(copies).sink_parquet(folder / path.name, row_group_size=100_000)
