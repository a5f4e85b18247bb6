"""Build one study in a process of its own: `python -m benchmarks._build FOLDER` prints CPU seconds and memory."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks._process import cpu_now, peak_mib
from opencro.app.build import build
from opencro.study import load_study

SDTM = ("snapshot", "tabulate", "sdtm", "define", "manifest")


class _Watch:
    """CPU seconds of each step, from the progress that a build tells."""

    def __init__(self) -> None:
        self.steps: dict[str, float] = {}
        self._last = cpu_now()

    def __call__(self, step: str, share: float) -> None:
        now = cpu_now()
        self.steps[step] = self.steps.get(step, 0.0) + now - self._last
        self._last = now


def main() -> None:
    """Load and build, nothing reused; the seconds of analysis datasets and displays apart."""
    watch = _Watch()
    study = load_study(Path(sys.argv[1]))
    made = build(study, fresh=True, progress=watch)
    seconds = sum(watch.steps.pop(step) for step in SDTM)
    analysis = sum(watch.steps.values())
    rows = sum(size.rows for size in made.sizes.values())
    print(json.dumps({"seconds": seconds, "analysis": analysis, "mib": peak_mib(), "rows": rows}))


if __name__ == "__main__":
    main()
