"""The command about source data verification."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from opencro.app.cli.data import StudyFolder
from opencro.app.cli.output import Database, Json, out, print_frame, print_json, refusing
from opencro.app.sdv import report_sdv
from opencro.capture import count_sdv
from opencro.study import load_study

By = Literal["site", "participant", "form", "level"]


def sdv_command(
    folder: StudyFolder,
    by: Annotated[By, typer.Option("--by", help="Count by this.")] = "site",
    site: Annotated[str | None, typer.Option("--site", help="Only this site.")] = None,
    participant: Annotated[str | None, typer.Option("--participant", help="Only this participant.")] = None,
    target: Annotated[Path | None, typer.Option("--list", metavar="FILE", help="Write what is open as CSV.")] = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Say what the plan of source data verification asks for, what is verified, and what changed since."""
    with refusing(as_json):
        progress = report_sdv(load_study(folder), site=site, participant=participant, path=target, database=database)
    counts = count_sdv(progress.items, *(("site", "participant") if by == "participant" else (by,)))
    if as_json:
        print_json({"ok": True, "position": progress.position, "counts": counts.to_dicts()})
        return
    print_frame(counts)
    required, verified = counts["required"].sum(), counts["verified"].sum()
    out.print(f"{verified:,} of {required:,} values are verified as they stand.", style="dim")
