"""How the command line speaks: to people in words and tables, to programs in JSON, to shells in exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Annotated, Any

import polars as pl
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from opencro.app.wiring import Progress as Listener
from opencro.kernel.finding import Findings, Refused, Severity, render_finding

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program instead of words for a person.")]
Database = Annotated[
    str | None,
    typer.Option(
        "--database", metavar="URL", help="The ledger: postgresql://... or a file. Default: STUDY/ledger.sqlite."
    ),
]


_WIDEST = 240


class Exit(IntEnum):
    """Exit codes: the same for every command."""

    OK = 0
    FOUND = 1
    USAGE = 2


_COLOUR = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def print_findings(findings: Findings, *, limit: int = 50) -> None:
    """Findings to the error stream, one a line, errors first."""
    ordered = sorted(findings, key=lambda f: list(Severity).index(f.severity))
    for finding in ordered[:limit]:
        err.print(render_finding(finding), style=_COLOUR[finding.severity], markup=False)
    if len(findings) > limit:
        err.print(f"... and {len(findings) - limit} more; --json gives all of them.", style="dim")


def count_findings(findings: Findings) -> str:
    """`2 errors, 1 warning`."""
    counts = [(s, sum(f.severity is s for f in findings)) for s in Severity]
    words = [f"{n} {s}{'s' if n != 1 else ''}" for s, n in counts if n]
    return ", ".join(words) or "no findings"


def print_frame(frame: pl.DataFrame) -> None:
    """As wide as it needs to be; columns in which nothing was counted are left out."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    shown = frame.select(c for c in frame if not (c.dtype.is_integer() and c.sum() == 0))
    for name, dtype in shown.schema.items():
        table.add_column(name.replace("_", " "), justify="right" if dtype.is_integer() else "left", no_wrap=True)
    for row in shown.iter_rows():
        table.add_row(*(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row))
    Console(width=max(out.width, _WIDEST), highlight=False).print(table)


@contextmanager
def refusing(as_json: bool) -> Iterator[None]:
    """Turns a refusal into findings on the screen and exit code 1."""
    try:
        yield
    except Refused as refusal:
        if as_json:
            print_json({"ok": False, "findings": [f.as_dict() for f in refusal.findings]})
        else:
            print_findings(refusal.findings)
            err.print(f"Refused: {count_findings(refusal.findings)}. Nothing was written.", style="bold")
        raise typer.Exit(Exit.FOUND) from None


@contextmanager
def progress_bar(title: str, *, hidden: bool) -> Iterator[Listener]:
    """A bar on the error stream that a `Progress` listener moves; nothing when hidden or not on a terminal."""
    columns = (
        TextColumn("{task.description}", style="bold"),
        BarColumn(),
        TextColumn("{task.fields[step]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, disable=hidden or not err.is_terminal, transient=True) as bar:
        task = bar.add_task(title, total=1.0, step="")

        def listen(step: str, share: float) -> None:
            bar.update(task, completed=share, step=step)

        yield listen
