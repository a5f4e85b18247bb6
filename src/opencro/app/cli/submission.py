"""Commands about what an agency gets."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from opencro.app.cli.output import (
    Database,
    Exit,
    Json,
    count_findings,
    out,
    print_findings,
    print_json,
    progress_bar,
    refusing,
)
from opencro.app.package import Packaged, package_study, verify_package
from opencro.kernel.finding import Finding, Findings, Place, Refused
from opencro.study import load_study


def package_command(
    folder: Annotated[
        Path | None, typer.Argument(metavar="STUDY", help="The study's folder.", exists=True, file_okay=False)
    ] = None,
    target: Annotated[Path | None, typer.Option("--into", help="The folder of the package and its sequences.")] = None,
    sequence: Annotated[str | None, typer.Option("--sequence", help="Four digits; the next when left out.")] = None,
    dtds: Annotated[
        Path | None,
        typer.Option("--dtd", help="A folder with the DTDs and stylesheets of ICH and FDA.", exists=True),
    ] = None,
    verify: Annotated[
        Path | None, typer.Option("--verify", help="Prove that this package is whole; makes nothing.", exists=True)
    ] = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Make the next eCTD sequence of a study: datasets, define.xml, declarations; only what changed is sent.

    Example: opencro package mystudy --into dossier; opencro package --verify dossier
    """
    if verify is not None:
        _print_verified(verify, verify_package(verify, dtds), as_json)
        return
    with refusing(as_json), progress_bar("packaging", hidden=as_json) as listen:
        if folder is None or target is None:
            remedy = "Write `opencro package STUDY --into FOLDER` or `opencro package --verify FOLDER`."
            raise Refused([Finding("CLI-003", Place(), "no study or no folder", "both", remedy)])
        made = package_study(
            load_study(folder), target, sequence=sequence, dtds=dtds, database=database, progress=listen
        )
    _print_packaged(made, as_json)


def _print_packaged(made: Packaged, as_json: bool) -> None:
    counts = Counter(leaf.operation.value for leaf in made.leaves)
    if as_json:
        listed = [{"operation": leaf.operation.value, "file": leaf.href, "title": leaf.title} for leaf in made.leaves]
        found = [f.as_dict() for f in made.findings]
        print_json({"ok": made.findings.ok, "sequence": made.sequence, "leaves": listed, "findings": found})
    else:
        print_findings(made.findings)
        words = ", ".join(f"{count} {operation}" for operation, count in sorted(counts.items()))
        out.print(f"sequence {made.sequence} in {made.folder}: {words}; ledger position {made.position:,}")
    if not made.findings.ok:
        raise typer.Exit(Exit.FOUND)


def _print_verified(folder: Path, findings: Findings, as_json: bool) -> None:
    if as_json:
        print_json({"ok": findings.ok, "findings": [f.as_dict() for f in findings]})
    else:
        print_findings(findings)
        out.print(f"{folder}: {'whole' if findings.ok else 'not as it was written'}; {count_findings(findings)}")
    if not findings.ok:
        raise typer.Exit(Exit.FOUND)
