"""One analysis of a folder of SDTM datasets: `python -m benchmarks._adam STUDY FOLDER`, prints JSON."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import polars as pl

from benchmarks._process import cpu_now, peak_mib
from opencro.app.build_analysis import analyse_tabulated
from opencro.study import load_study


def main() -> None:
    """Analyse, and say what it took."""
    study, folder = load_study(Path(sys.argv[1])), Path(sys.argv[2])
    files = {path.stem.upper(): path for path in folder.glob("*.parquet")}
    columns = {name: pl.read_parquet_schema(path).names() for name, path in files.items()}
    with tempfile.TemporaryDirectory(dir=folder) as pieces:
        started = cpu_now()
        made = analyse_tabulated(study, columns, lambda n: pl.scan_parquet(files[n]), Path(pieces) / "rows")
        assert made is not None
        rows = {name: outline.summary.rows for name, outline in made.outlines.items()}
        spent = cpu_now() - started
        print(json.dumps({"seconds": spent, "mib": peak_mib(), "rows": rows, "each": dict(made.seconds)}))


if __name__ == "__main__":
    main()
