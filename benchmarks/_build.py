"""Build one study in a process of its own: `python -m benchmarks._build FOLDER` prints CPU seconds and memory."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks._process import cpu_seconds, peak_mib
from opencro.app.build import Build, build
from opencro.study import load_study


def main() -> None:
    """Load and build, nothing reused."""
    made: list[Build] = []
    seconds = cpu_seconds(lambda: made.append(build(load_study(Path(sys.argv[1])), fresh=True)))
    rows = sum(size.rows for size in made[0].sizes.values())
    print(json.dumps({"seconds": seconds, "mib": peak_mib(), "rows": rows}))


if __name__ == "__main__":
    main()
