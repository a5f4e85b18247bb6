"""`make benchmark`: every benchmark in one run, one table: ours, peer, ratio, the machine's limit."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table


def main() -> None:
    """Run the named benchmarks, or all."""
    names = sorted(m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)]) if not m.name.startswith("_"))
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names))
    wanted = parser.parse_args().names or names
    console = Console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("what", "ours", "peer", "ratio", "limit"):
        table.add_column(name, justify="left" if name in ("what", "limit") else "right")
    for name in wanted:
        started = time.perf_counter()
        with console.status(f"{name} ..."):
            rows = importlib.import_module(f"benchmarks.{name}").measure()
        console.print(f"{name}: {time.perf_counter() - started:.0f} s", style="dim")
        for row in rows:
            table.add_row(*(str(cell) for cell in row))
    console.print(table)


if __name__ == "__main__":
    main()
