"""All displays out of a folder of analysis datasets: `python -m benchmarks._displays STUDY FOLDER`, prints JSON."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import polars as pl

from benchmarks._process import cpu_now, peak_mib
from opencro.app.build_displays import write_displays
from opencro.study import load_study


def main() -> None:
    """Write them, and say what it took."""
    study, folder = load_study(Path(sys.argv[1])), Path(sys.argv[2])
    files = {path.stem.upper(): path for path in folder.glob("*.parquet")}
    with tempfile.TemporaryDirectory() as written:
        started = cpu_now()
        made = write_displays(study, frozenset(files), lambda n: pl.scan_parquet(files[n]), Path(written))
        spent = cpu_now() - started
    assert made is not None
    shown = {"tables": made.tables, "figures": made.figures, "results": made.results}
    print(json.dumps({"seconds": spent, "mib": peak_mib(), **shown, "each": dict(made.seconds)}))


if __name__ == "__main__":
    main()
