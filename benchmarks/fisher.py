"""Fisher's exact test of 25,000 participants: CPU seconds, and how far a simulation of 100,000 tables is away.

The categories are from rare to as frequent as can be: the more of them and the more even, the more tables there are.
The peer is R's fisher.test with the workspace that it takes at most; where that gives up, there is none.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from opencro.stats import StatsError
from opencro.stats import categorical as cat

PARTICIPANTS = 25_000
SHARES = {
    "3 x 2, rare": (3, (0.02, 0.98)),
    "3 x 2, even": (3, (0.5, 0.5)),
    "4 x 2, even": (4, (0.5, 0.5)),
    "2 x 4, even": (2, (0.25,) * 4),
    "3 x 3, rare": (3, (0.01, 0.93, 0.06)),
    "3 x 3, less rare": (3, (0.12, 0.68, 0.2)),
    "3 x 3, even": (3, (0.33, 0.33, 0.34)),
    "3 x 4, even": (3, (0.25,) * 4),
}
R_CODE = """
x <- as.matrix(read.table(file("stdin")))
took <- system.time(p <- tryCatch(fisher.test(x, workspace = 2e8)$p.value, error = function(e) NA))
cat(if (is.na(p)) "" else sum(took[1:2]))
"""
Row = tuple[str, float | str, float | str, float | str, str]
_T = TypeVar("_T")


def measure() -> list[Row]:
    """[what, ours, R, ours to R, what simulation says] in CPU seconds."""
    cat.fisher_exact([[1698, 6635], [1642, 6691], [1705, 6628]])
    rng = np.random.default_rng(1)
    rows: list[Row] = []
    for name, (arms, shares) in SHARES.items():
        table = np.array([rng.multinomial(PARTICIPANTS // arms, shares) for _ in range(arms)])
        seconds, exact = _timed(lambda t=table: _p_value(t))  # type: ignore[misc]
        simulating, simulated = _timed(lambda t=table: cat.fisher_exact_simulated(t, 1))  # type: ignore[misc]
        peer = _peer(table)
        near = f"{simulated.p_value:.4f} with standard error {simulated.standard_error:.4f} in {simulating:.2f} s"
        words = "refused" if exact is None else f"p = {exact:.4f}"
        ratio = peer / seconds if isinstance(peer, float) else ""
        rows.append((f"Fisher {name}: CPU s, {words}", seconds, peer, ratio, near))
    return rows


def _p_value(table: np.ndarray) -> float | None:
    try:
        return cat.fisher_exact(table).p_value
    except StatsError:
        return None


def _timed(work: Callable[[], _T]) -> tuple[float, _T]:
    started = time.process_time()
    made = work()
    return time.process_time() - started, made


def _peer(table: np.ndarray) -> float | str:
    if shutil.which("Rscript") is None:
        return ""
    text = "\n".join(" ".join(map(str, row)) for row in table)
    done = subprocess.run(["Rscript", "-e", R_CODE], input=text, capture_output=True, text=True, check=False)
    return float(done.stdout) if done.returncode == 0 and done.stdout else ""
