"""`python -m benchmarks.coverage` writes docs/statistics/coverage.md; with names of parts it prints only their rows."""

from __future__ import annotations

import argparse
import importlib
import sys
import warnings
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from benchmarks._process import cpu_now
from benchmarks.coverage.notes import NOTES
from benchmarks.coverage.row import Row

PARTS = {
    "one_proportion": "One proportion",
    "two_proportions": "Two proportions",
    "strata": "Stratified and matched tables",
    "means": "Means",
    "ranks": "Ranks",
    "events": "Time to event",
    "exposure": "Rates over time at risk",
    "responses": "Binary outcomes and counts",
    "repeated": "Repeated measures",
    "pairs": "Win statistics, recurrent events, bioequivalence",
    "models": "Models: linear, generalized, adjusted means",
    "times": "Times: further models, competing risks, recurrent events",
    "tables": "Tables, rates, pairs, equivalence, several hypotheses: further methods",
    "gaps": "Missing outcomes",
    "agreements": "Agreement and accuracy",
    "beliefs": "Bayesian methods",
    "doses": "Dose-response",
    "families": "Several hypotheses: the family-wise error",
}
PAGE = Path(__file__).resolve().parents[2] / "docs" / "statistics" / "coverage.md"
HEAD = """# Coverage and type-I error

How often a 95 % interval holds the true value, and how often a test at 5 % rejects what is true.
`python -m benchmarks.coverage` writes this page, with fixed seeds.

Where the Monte Carlo error is *exact*, every possible outcome was enumerated and weighted by its probability;
elsewhere it is the standard error of the observed share, and a share within two or three of it agrees with the nominal
one. An interval with a limit that is not defined (Katz and Woolf without events) counts as one that does not cover.
Where a method is far from its level, the scenario says why: few events, continuity corrections, ties, discrete
outcomes, unequal spread, strata that were ignored.
"""


def main() -> None:
    """Measure all parts, or print those that are named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    wanted = parser.parse_args().parts
    # A simulated trial without events or with separation is counted, not announced.
    warnings.simplefilter("ignore", RuntimeWarning)
    text = [HEAD]
    for part in wanted or PARTS:
        started = cpu_now()
        rows = list(importlib.import_module(f"benchmarks.coverage.{part}").measure())
        print(f"{part}: {len(rows)} rows, {cpu_now() - started:.0f} CPU s", file=sys.stderr)
        note = f"{NOTES[part]}\n" if part in NOTES else ""
        text.append(f"## {PARTS[part]}\n\n{note}{render_table(rows)}")
    if wanted:
        print("\n".join(text[1:]))
    else:
        PAGE.write_text("\n".join(text), encoding="utf-8")


def render_table(rows: Sequence[Row]) -> str:
    """Markdown; the name of a method stands in its first row."""
    lines = ["| method | scenario | nominal | observed | Monte Carlo error | trials |", "|---|---|--:|--:|--:|--:|"]
    for method, group in groupby(rows, key=lambda row: row.method):
        for number, row in enumerate(group):
            name = "" if number else f"`{method}`"
            error = "exact" if row.error is None else f"{row.error:.4f}"
            lines.append(
                f"| {name} | {row.scenario} | {row.nominal:g} | {row.observed:.4f} | {error} | {row.trials:,} |"
            )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
