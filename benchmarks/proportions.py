"""Miettinen-Nurminen intervals for 10,000 tables, per CPU second; the peer is R's ratesci, all tables in one call.

The limit is one constrained fit and one score statistic in place of each interval: no search for roots needs less.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable

import numpy as np

from opencro.stats import binary
from opencro.stats.binary.unconditional import score_table

TABLES = 10_000
Row = tuple[str, str, str, str, str]
R_CODE = """
if (!requireNamespace("ratesci", quietly = TRUE)) quit(status = 3)
d <- as.matrix(read.table(file("stdin")))
once <- function() ratesci::scoreci(d[, 1], d[, 2], d[, 3], d[, 4], contrast = "RD", skew = FALSE)
invisible(once())
took <- system.time(once())
cat(nrow(d) / sum(took[1:2]))
"""


def measure() -> list[Row]:
    """(what, ours, peer, ratio, limit) in intervals per CPU second."""
    rng = np.random.default_rng(1)
    x1, x2 = rng.binomial(120, 0.4, TABLES), rng.binomial(118, 0.3, TABLES)
    strata1, strata2 = rng.binomial(24, 0.4, (TABLES, 5)), rng.binomial(24, 0.3, (TABLES, 5))
    peer = _peer(np.stack([x1, np.full(TABLES, 120), x2, np.full(TABLES, 118)], axis=1))
    limit = _speed(lambda: score_table(120, 118, 0.1), done=121 * 119)
    rows = [_row("MN interval", _speed(lambda: binary.miettinen_nurminen_batch(x1, 120, x2, 118)), peer, limit)]
    for name, method in (
        ("MN ratio interval", binary.miettinen_nurminen_ratio_batch),
        ("MN odds ratio interval", binary.miettinen_nurminen_odds_batch),
    ):
        rows.append(_row(name, _speed(lambda m=method: m(x1, 120, x2, 118)), None, limit))  # type: ignore[misc]
    many = _speed(lambda: binary.stratified_miettinen_nurminen_batch(strata1, 24, strata2, 24))
    return [*rows, _row("stratified MN, 5 strata", many, None, limit / 5)]


def _speed(work: Callable[[], object], done: int = TABLES, times: int = 3) -> float:
    work()
    spans = []
    for _ in range(times):
        start = time.process_time()
        work()
        spans.append(time.process_time() - start)
    return done / min(spans)


def _peer(tables: np.ndarray) -> float | None:
    if shutil.which("Rscript") is None:
        return None
    text = "\n".join(" ".join(map(str, row)) for row in tables)
    done = subprocess.run(["Rscript", "-e", R_CODE], input=text, capture_output=True, text=True, check=False)
    return float(done.stdout) if done.returncode == 0 else None


def _row(what: str, ours: float, peer: float | None, limit: float) -> Row:
    if peer is None:
        return what, f"{ours:,.0f}/s", "", "", f"{limit:,.0f}/s"
    return what, f"{ours:,.0f}/s", f"{peer:,.0f}/s", f"{ours / peer:,.0f}", f"{limit:,.0f}/s"
