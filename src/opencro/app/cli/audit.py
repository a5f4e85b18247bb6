"""Commands about the trail: take it away, review it, and say who had access."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated, Any

import typer

from opencro.app.audit import export_audit
from opencro.app.cli.data import StudyFolder
from opencro.app.cli.output import Database, Exit, Json, err, out, print_frame, print_json, refusing
from opencro.app.review import report_access, review_audit
from opencro.capture import TrailFilter, TrailReview
from opencro.study import Study, load_study

_SHOWN = 40


def _filter(name: str, help_text: str) -> Any:
    return typer.Option(name, help=help_text, rich_help_panel="Review")


def audit_command(
    folder: StudyFolder,
    target: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A new file: .csv for a spreadsheet, .pdf for paper.")
    ] = None,
    site: Annotated[str | None, typer.Option("--site", help="Only this site.")] = None,
    participant: Annotated[str | None, typer.Option("--participant", help="Only this participant.")] = None,
    review: Annotated[bool, _filter("--review", "Count what a reviewer looks at; FILE gets the facts.")] = False,
    by: Annotated[str | None, _filter("--by", "Only what this user did.")] = None,
    role: Annotated[str | None, _filter("--role", "Only in this role.")] = None,
    kind: Annotated[str | None, _filter("--kind", "Only this kind, e.g. record-changed.")] = None,
    since: Annotated[str | None, _filter("--since", "From then on (UTC), e.g. 2026-01-31.")] = None,
    until: Annotated[str | None, _filter("--until", "Until then (UTC).")] = None,
    reason: Annotated[str | None, _filter("--reason", "Only reasons with this text.")] = None,
    user: Annotated[str | None, typer.Option("--user", help="Who exports; the login name when left out.")] = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Write the audit trail for an inspector, or review it (--review); both are on record."""
    acting = user or getpass.getuser()
    with refusing(as_json):
        study = load_study(folder)
        if review:
            where = TrailFilter(by, role, site, participant, kind, None, since, until, reason)
            done = review_audit(study, where, user=acting, path=target, database=database)
            _print_review(done, as_json)
        elif target is None:
            err.print("Name a file to write, or say --review.", style="bold red")
            raise typer.Exit(Exit.USAGE)
        else:
            _export(study, target, acting, site, participant, database, as_json)


def _export(
    study: Study,
    target: Path,
    user: str,
    site: str | None,
    participant: str | None,
    database: str | None,
    as_json: bool,
) -> None:
    count = export_audit(study, target, user=user, site=site, participant=participant, database=database)
    if as_json:
        print_json({"ok": True, "file": str(target), "facts": count.facts, "lines": count.lines})
    else:
        out.print(f"{count.facts:,} facts on {count.lines:,} lines in {target}")


def _print_review(review: TrailReview, as_json: bool) -> None:
    if as_json:
        described = {"ok": True, "position": review.position, "filters": review.filters.as_words()}
        print_json({**described, "facts": len(review.facts), "counts": review.counts.to_dicts()})
        return
    if len(review.counts):
        print_frame(review.counts.head(_SHOWN))
    if len(review.counts) > _SHOWN:
        out.print(f"... and {len(review.counts) - _SHOWN:,} more rows; --json gives all of them.", style="dim")
    rules = review.rules
    out.print(
        f"{len(review.facts):,} facts up to {review.position:,}. Late: more than {rules.late_days} days; night: "
        f"outside {rules.office_hours[0]} to {rules.office_hours[1]} h at the site. The review is on record.",
        style="dim",
    )


def access_command(
    folder: StudyFolder,
    day: Annotated[str, typer.Option("--on", metavar="DATE", help="The day, e.g. 2026-01-31 (UTC).")],
    target: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A new .csv file.")] = None,
    user: Annotated[str | None, typer.Option("--user", help="Who reviews; the login name when left out.")] = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Say who could see what on a day, since when and by whom, and what each did to get at data that day."""
    with refusing(as_json):
        acting = user or getpass.getuser()
        report = report_access(load_study(folder), day, user=acting, path=target, database=database)
    if as_json:
        print_json({"ok": True, "day": str(report.day), "rows": report.rows.to_dicts()})
    elif target is not None:
        out.print(f"{len(report.rows):,} rows in {target}")
    else:
        print_frame(report.rows.drop("may"))
