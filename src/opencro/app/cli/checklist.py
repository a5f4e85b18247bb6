"""The command about what keeps a study from being locked."""

from __future__ import annotations

from typing import Annotated

import typer

from opencro.app.checklist import LockReport, report_checklist
from opencro.app.cli.data import StudyFolder
from opencro.app.cli.output import Database, Exit, Json, out, print_frame, print_json, refusing
from opencro.capture import BLOCKERS
from opencro.ledger import RecordKey
from opencro.study import load_study

_SHOWN = 5


def checklist_command(
    folder: StudyFolder,
    site: Annotated[str, typer.Option("--site", help="Only this site.")] = "",
    participant: Annotated[str, typer.Option("--participant", help="Only this participant.")] = "",
    visit: Annotated[str, typer.Option("--visit", help="Only this visit.")] = "",
    form: Annotated[str, typer.Option("--form", help="Only this form.")] = "",
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Name everything that keeps a study, site, participant, visit or form from being locked, with place and remedy."""
    scope = RecordKey(site=site, participant=participant, event=visit, form=form)
    with refusing(as_json):
        report = report_checklist(load_study(folder), scope, database=database)
    if as_json:
        print_json(_describe(report))
    else:
        _print(report)
    if not report.checklist.ok:
        raise typer.Exit(Exit.FOUND)


def _print(report: LockReport) -> None:
    checklist = report.checklist
    for code, count in checklist.counts().items():
        out.print(f"{code}: {count:,} {BLOCKERS[code].what}", style="bold")
        for finding in checklist.findings(code, most=_SHOWN):
            out.print(f"  {finding.place.path}: {finding.got}", markup=False)
        if count > _SHOWN:
            out.print(f"  ... and {count - _SHOWN:,} more; --json gives all of them.", style="dim")
        out.print(f"  {BLOCKERS[code].remedy}", style="dim")
    for reason in checklist.not_judged:
        out.print(f"not judged: {reason}", style="yellow", markup=False)
    if len(report.changes):
        out.print("Changes after a lock:")
        print_frame(report.changes)
    scope = checklist.scope
    named = (("site", scope.site), ("participant", scope.participant), ("visit", scope.event), ("form", scope.form))
    where = ", ".join(f"{what} {name}" for what, name in named if name) or "the study"
    out.print(f"Nothing keeps {where} from being locked." if checklist.ok else f"Not to be locked yet: {where}.")


def _describe(report: LockReport) -> dict[str, object]:
    checklist = report.checklist
    return {
        "ok": checklist.ok,
        "scope": str(checklist.scope),
        "position": checklist.position,
        "counts": checklist.counts(),
        "blockers": [finding.as_dict() for finding in checklist.findings()],
        "not_judged": list(checklist.not_judged),
        "changes_after_lock": report.changes.to_dicts(),
    }
