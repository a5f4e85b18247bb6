"""Commands about records: import, rehearse, verify."""

from __future__ import annotations

import getpass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from opencro.app.archive import archive_study
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
from opencro.app.importing import all_findings, find_deliveries, import_deliveries
from opencro.app.rehearsal import rehearse_study
from opencro.app.wiring import open_study_ledger
from opencro.capture import ImportReport
from opencro.rehearsal import render_report
from opencro.study import load_study

StudyFolder = Annotated[Path, typer.Argument(metavar="STUDY", help="The study's folder.", exists=True, file_okay=False)]


def import_command(
    folder: StudyFolder,
    paths: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files, or folders with files.", exists=True)],
    transfer: Annotated[str | None, typer.Option("--transfer", help="Only this transfer.")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Why saved values change.")] = None,
    user: Annotated[str | None, typer.Option("--user", help="Who imports; the login name when left out.")] = None,
    enrol: Annotated[bool, typer.Option("--enrol", help="ODM, REDCap and FHIR may enrol participants.")] = False,
    site: Annotated[str, typer.Option("--site", help="The site of participants for whom a file names none.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen; write nothing.")] = False,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Import records (CSV, SAS transport, Parquet, ODM, REDCap, FHIR), audited as typing is; twice changes nothing."""
    with refusing(as_json), progress_bar("importing", hidden=as_json) as listen:
        study = load_study(folder)
        deliveries = find_deliveries(study, paths, transfer)
        with open_study_ledger(study, database, create=True) as ledger:
            reports = import_deliveries(
                study,
                ledger,
                deliveries,
                user=user,
                reason=reason,
                dry_run=dry_run,
                enrol=enrol,
                site=site,
                progress=listen,
            )
    findings = all_findings(reports)
    if as_json:
        print_json({"ok": findings.ok, "dry_run": dry_run, "files": [_describe(r) for r in reports]})
    else:
        _print_reports(reports, dry_run)
        print_findings(findings)
    if not findings.ok:
        raise typer.Exit(Exit.FOUND)


def _describe(report: ImportReport) -> dict[str, object]:
    receipt = report.receipt
    return {
        "file": report.file,
        "rows": report.plan.rows.to_dicts(),
        "counts": dict(report.counts),
        "facts": receipt.facts if receipt else 0,
        "findings": [f.as_dict() for f in report.findings],
    }


def _print_reports(reports: list[ImportReport], dry_run: bool) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("file")
    statuses = list(reports[0].counts) if reports else []
    for status in (*statuses, "facts"):
        table.add_column(status, justify="right")
    for report in reports:
        facts = report.receipt.facts if report.receipt else 0
        table.add_row(report.file, *(f"{report.counts[s]:,}" for s in statuses), f"{facts:,}")
    out.print(table)
    if dry_run:
        out.print("A dry run: nothing was written.")


def rehearse_command(
    folder: StudyFolder,
    participants: Annotated[int, typer.Option("--participants", min=1, help="How many virtual participants.")] = 100,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same bytes.")] = 1,
    until: Annotated[
        datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="Stop on this day, in mid-study.")
    ] = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Play the whole trial through with virtual participants, in a ledger that says it is a rehearsal."""
    with refusing(as_json), progress_bar("rehearsing", hidden=as_json) as listen:
        study = load_study(folder)
        report = rehearse_study(
            study,
            participants=participants,
            seed=seed,
            database=database,
            progress=listen,
            until=until.date() if until else None,
        )
    if as_json:
        print_json(report.as_dict())
    else:
        typer.echo(render_report(report))


def verify_command(
    folder: StudyFolder,
    anchor: Annotated[
        str | None, typer.Option("--anchor", help="The hash of an anchor that was kept elsewhere.")
    ] = None,
    export: Annotated[Path | None, typer.Option("--export", help="Write the ledger for verify_ledger.py.")] = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Prove that no fact was altered, lost or put in between; find and locate the first that was."""
    with refusing(as_json):
        study = load_study(folder)
        with open_study_ledger(study, database) as ledger:
            findings = ledger.verify(anchor)
            position, anchors = ledger.position, ledger.anchors()
            if export is not None:
                ledger.export_ledger(export)
    head = anchors[-1].hash if anchors else ""
    if as_json:
        listed = [f.as_dict() for f in findings]
        print_json({"ok": findings.ok, "facts": position, "anchors": len(anchors), "anchor": head, "findings": listed})
    else:
        print_findings(findings)
        out.print(f"{position:,} facts under {len(anchors):,} anchors: {count_findings(findings)}")
        out.print(f"anchor {head}", style="dim")
        out.print("Keep this anchor outside (on paper, in an e-mail); verify --anchor compares with it.", style="dim")
    if not findings.ok:
        raise typer.Exit(Exit.FOUND)


def archive_command(
    folder: StudyFolder,
    target: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder for the archive.")],
    user: Annotated[str | None, typer.Option("--user", help="Who archives; the login name when left out.")] = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Write everything about a study in open formats with checksums, readable without openCRO."""
    with refusing(as_json):
        archive_study(load_study(folder), target, user=user or getpass.getuser(), database=database)
    files = sum(p.is_file() for p in target.rglob("*"))
    if as_json:
        print_json({"ok": True, "folder": str(target), "files": files})
    else:
        out.print(f"{files} files in {target}; read README.txt there first")
