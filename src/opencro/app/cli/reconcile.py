"""The command about reconciliation listings."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from opencro.app.cli.data import StudyFolder
from opencro.app.cli.output import Database, Json, out, print_json, refusing
from opencro.app.reconcile import reconcile_study
from opencro.capture import ReconciliationRun
from opencro.study import load_study

_SHOWN = 10


def reconcile_command(
    folder: StudyFolder,
    target: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A new .csv file for the rows.")] = None,
    only: Annotated[list[str] | None, typer.Option("--listing", metavar="ID", help="Only this listing.")] = None,
    user: Annotated[str | None, typer.Option("--user", help="Who exports; the login name when left out.")] = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """List what should agree between two forms and does not: serious events, deaths, reasons for leaving."""
    with refusing(as_json):
        by = user or getpass.getuser()
        runs = reconcile_study(load_study(folder), only or (), user=by, path=target, database=database)
    if as_json:
        print_json({"ok": True, "listings": [_describe(run) for run in runs]})
        return
    for run in runs:
        _print(run)


def _print(run: ReconciliationRun) -> None:
    listing = run.listing
    out.print(f"{listing.id}  {listing.title}", style="bold", markup=False)
    out.print(
        f"  {run.left_records:,} of {listing.left.alias}, {run.right_records:,} of {listing.right.alias}, "
        f"{run.pairs:,} pairs: {len(run.rows):,} do not agree",
        markup=False,
    )
    for row in run.rows.head(_SHOWN).iter_rows(named=True):
        where = " and ".join(place for place in (row["left"], row["right"]) if place)
        out.print(f"  {where}: {row['message']} ({row['values']})", markup=False)
    if len(run.rows) > _SHOWN:
        out.print(f"  ... and {len(run.rows) - _SHOWN:,} more; --json gives all of them.", style="dim")


def _describe(run: ReconciliationRun) -> dict[str, object]:
    return {
        "id": run.listing.id,
        "title": run.listing.title,
        "position": run.position,
        "left_records": run.left_records,
        "right_records": run.right_records,
        "pairs": run.pairs,
        "rows": run.rows.to_dicts(),
    }
