"""The command about the test bench of edit checks."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from opencro.app.bench import BenchReport, bench_study
from opencro.app.cli.data import StudyFolder
from opencro.app.cli.output import Database, Exit, Json, count_findings, out, print_findings, print_json, refusing
from opencro.app.cli.queries import place_words
from opencro.study import load_study

_EXAMPLES = 3


def checks_command(
    folder: StudyFolder,
    only: Annotated[list[str] | None, typer.Option("--check", metavar="ID", help="Only this check.")] = None,
    data: Annotated[bool, typer.Option("--data", help="Also say on what each check would have fired so far.")] = False,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Test the edit checks: run the cases beside them, name the branches that no case covers; exit code 1 for any."""
    with refusing(as_json):
        report = bench_study(load_study(folder), only=only or (), data=data, database=database)
    if as_json:
        print_json(_describe(report))
    else:
        _print(report)
    if not report.findings.ok:
        raise typer.Exit(Exit.FOUND)


def _print(report: BenchReport) -> None:
    with_data = report.position is not None
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("check", no_wrap=True)
    for name in ("cases", "branches", "covered", *(("records", "fires on") if with_data else ())):
        table.add_column(name, justify="right")
    for result in report.results:
        run = report.runs.get(result.check.id)
        found = (f"{run.records:,}", f"{len(run.hits):,}") if run else ("not run", "")
        counts = (str(result.cases), str(result.branches), str(result.covered), *(found if with_data else ()))
        table.add_row(result.check.id, *counts)
    out.print(table)
    for run in report.runs.values():
        for row in run.hits.head(_EXAMPLES).iter_rows(named=True):
            out.print(f"  {run.check.id} {place_words(run, row)}: {row['values']}", markup=False)
    for check, reason in report.not_run.items():
        out.print(f"{check} was not run: {reason}", style="yellow", markup=False)
    print_findings(report.findings)
    covered, branches = (sum(getattr(r, word) for r in report.results) for word in ("covered", "branches"))
    cases = sum(result.cases for result in report.results)
    told = f"{len(report.results)} checks, {cases} cases, {covered} of {branches} branches covered"
    out.print(f"{told}: {count_findings(report.findings)}.", style="bold")


def _describe(report: BenchReport) -> dict[str, object]:
    checks = []
    for result in report.results:
        name = result.check.id
        told: dict[str, object] = {
            "check": name,
            "when": result.check.when,
            "cases": result.cases,
            "branches": result.branches,
            "covered": result.covered,
        }
        if name in report.runs:
            run = report.runs[name]
            told |= {"records": run.records, "fires_on": len(run.hits), "examples": run.hits.head(_EXAMPLES).to_dicts()}
        elif name in report.not_run:
            told |= {"not_run": report.not_run[name]}
        checks.append(told)
    findings = [finding.as_dict() for finding in report.findings]
    return {"ok": report.findings.ok, "position": report.position, "checks": checks, "findings": findings}
