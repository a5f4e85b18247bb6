"""`make benchmark`: every benchmark in one run, one table: ours, peer, ratio, the machine's limit."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

LARGE = ("adam", "build", "displays")
_WIDE = 140
COLUMNS = ("what", "ours", "peer", "ratio", "limit")


def main() -> None:
    """Run the named benchmarks, or all."""
    folder = str(Path(__file__).parent)
    names = sorted(m.name for m in pkgutil.iter_modules([folder]) if not (m.ispkg or m.name.startswith("_")))
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names))
    parser.add_argument("--large", action="store_true", help="also what takes half an hour: 25,000 participants")
    options = parser.parse_args()
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDE)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in COLUMNS:
        table.add_column(
            name, justify="left" if name == "what" else "right", no_wrap=name != "what", min_width=36 * (name == "what")
        )
    for name in options.names or names:
        started = time.perf_counter()
        with console.status(f"{name} ..."):
            benchmark = importlib.import_module(f"benchmarks.{name}")
            rows = benchmark.measure(large=True) if options.large and name in LARGE else benchmark.measure()
        console.print(f"{name}: {time.perf_counter() - started:.0f} s", style="dim")
        for row in rows:
            table.add_row(*map(_render, row))
    console.print(table)


def _render(cell: object) -> str:
    """Numbers with three digits that count; nothing where there is no peer."""
    if not isinstance(cell, float):
        return str(cell)
    if cell != cell or cell == 0:
        return ""
    return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:#.3g}"


if __name__ == "__main__":
    main()
