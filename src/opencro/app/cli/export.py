"""The command that takes records away: export."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from opencro.app.cli.data import StudyFolder
from opencro.app.cli.output import Database, Exit, Json, err, out, print_json, refusing
from opencro.app.export import FHIR, Extent, Fhir, export_records
from opencro.study import load_study
from opencro.study.formats.odm import OdmVersion

_VERSIONS: dict[str, OdmVersion | Fhir] = {"odm-1.3.2": "1.3.2", "odm-2.0": "2.0", FHIR: FHIR}


def export_command(
    folder: StudyFolder,
    target: Annotated[Path, typer.Argument(metavar="FILE", help="A new file, XML or JSON.")],
    to: Annotated[str, typer.Option("--to", help="odm-1.3.2, odm-2.0 or fhir-r4.")] = "odm-1.3.2",
    transactional: Annotated[bool, typer.Option("--transactional", help="Every change, not what stands.")] = False,
    after: Annotated[int, typer.Option("--after", min=0, help="Changes after this position of the ledger.")] = 0,
    at: Annotated[int | None, typer.Option("--at", min=0, help="As of this position of the ledger.")] = None,
    deidentified: Annotated[bool, typer.Option("--deidentified", help="Without items marked sensitive.")] = False,
    blinded: Annotated[bool, typer.Option("--blinded", help="Without items marked blinded.")] = False,
    user: Annotated[str | None, typer.Option("--user", help="Who exports; the login name when left out.")] = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Write the records as ODM with who entered each value, when and why, or as FHIR responses; it is on record."""
    if to not in _VERSIONS or (after and not transactional) or (transactional and to == FHIR):
        err.print(
            "--to is odm-1.3.2, odm-2.0 or fhir-r4; --transactional goes with ODM, --after with --transactional.",
            style="bold red",
        )
        raise typer.Exit(Exit.USAGE)
    extent = Extent(transactional, after, at, not deidentified, not blinded)
    with refusing(as_json):
        study = load_study(folder)
        who = user or getpass.getuser()
        count = export_records(study, target, _VERSIONS[to], extent, user=who, database=database)
    if as_json:
        print_json({"ok": True, "file": str(target), "records": count})
    else:
        out.print(f"{count:,} {'changes' if transactional else 'records'} in {target}")
