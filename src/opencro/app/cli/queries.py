"""The command about edit checks and queries."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from opencro.app.cli.data import StudyFolder
from opencro.app.cli.output import Database, Json, out, print_json, refusing
from opencro.app.queries import QueryReport, query_study
from opencro.app.wiring import open_study_ledger
from opencro.capture import CheckRun, Query
from opencro.study import load_study

_SHOWN = 10


def queries_command(
    folder: StudyFolder,
    only: Annotated[list[str] | None, typer.Option("--check", metavar="ID", help="Only this check.")] = None,
    write: Annotated[bool, typer.Option("--raise", help="Raise queries, and close those that are settled.")] = False,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Run the edit checks over all records: what each speaks on now, and the queries that stand."""
    with refusing(as_json):
        study = load_study(folder)
        with open_study_ledger(study, database) as ledger:
            report = query_study(study, ledger, only=only or (), write=write)
    if as_json:
        print_json(_describe(report, write))
    else:
        _print(report, write, shown=_SHOWN if only else 0)


def _print(report: QueryReport, write: bool, shown: int) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("check", no_wrap=True)
    for name in ("records", "speaks on", "participants", "standing"):
        table.add_column(name, justify="right")
    table.add_column("message")
    silent = []
    for run in report.run.runs:
        standing = sum(q.rule == run.check.id and q.state != "closed" for q in report.queries)
        if not (len(run.hits) or standing or shown):
            silent.append(run.check.id)
            continue
        counts = (run.records, len(run.hits), run.hits["participant"].n_unique(), standing)
        table.add_row(run.check.id, *(f"{n:,}" for n in counts), run.check.message)
    if table.row_count:
        out.print(table)
    if silent:
        out.print(f"{len(silent)} checks speak on nothing: {', '.join(silent)}", style="dim")
    for run in report.run.runs if shown else ():
        for row in run.hits.head(shown).iter_rows(named=True):
            out.print(f"  {place_words(run, row)}: {row['values']}", markup=False)
        if len(run.hits) > shown:
            out.print(f"  ... and {len(run.hits) - shown:,} more; --json gives all of them.", style="dim")
    for check, reason in report.run.not_run:
        out.print(f"{check.id} was not run: {reason}", style="yellow", markup=False)
    if write:
        out.print(f"{report.raised:,} queries raised, {report.closed:,} closed.")
    else:
        out.print(f"--raise would raise {report.raised:,} queries and close {report.closed:,}; nothing was written.")


def place_words(run: CheckRun, row: dict[str, Any]) -> str:
    """Where a check speaks, for a person: `701-1015 BL[1] VS[1] VS[3]`."""
    visit = f" {row['event']}[{row['event_repeat']}]" if row["event"] else ""
    return f"{row['participant']}{visit} {run.check.form}[{row['form_repeat']}] {run.group}[{row['group_repeat']}]"


def _describe(report: QueryReport, write: bool) -> dict[str, object]:
    checks = [
        {"check": r.check.id, "severity": r.check.severity, "message": r.check.message, "form": r.check.form,
         "item": r.check.item, "group": r.group, "records": r.records, "hits": r.hits.to_dicts()}
        for r in report.run.runs
    ]  # fmt: skip
    return {
        "position": report.run.position,
        "written": write,
        "raised": report.raised,
        "closed": report.closed,
        "checks": checks,
        "not_run": [{"check": check.id, "reason": reason} for check, reason in report.run.not_run],
        "queries": [_query(query) for query in report.queries],
    }


def _query(query: Query) -> dict[str, object]:
    fields = ("id", "item", "rule", "text", "state", "answer", "raised_at", "raised_by")
    return {"place": str(query.key), **{name: getattr(query, name) for name in fields}}
