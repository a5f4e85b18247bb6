"""The command that checks datasets against published rules."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from opencro.app.cli.output import Exit, Json, out, print_findings, print_json, refusing
from opencro.app.conform import RULES_VARIABLE, conform_path
from opencro.conformance import Report, Status, render_page, render_text, render_values, render_workbook


def conform_command(
    path: Annotated[Path, typer.Argument(help="A dataset, or a folder of XPT, Dataset-JSON, Parquet or CSV.")],
    rules: Annotated[
        Path,
        typer.Option("--rules", envvar=RULES_VARIABLE, help="Published rules: a folder, a file or a .tar archive."),
    ],
    standard: Annotated[str, typer.Option("--standard", help="sdtmig, sendig, tig, usdm, adamig ...")] = "sdtmig",
    version: Annotated[str, typer.Option("--version", help="The version of the standard.")] = "3.4",
    substandard: Annotated[str, typer.Option("--substandard", help="For tig: sdtm, send or adam.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="Findings shown per rule and dataset.")] = 1000,
    xlsx: Annotated[Path | None, typer.Option("--xlsx", help="Also write a workbook.")] = None,
    page: Annotated[Path | None, typer.Option("--html", help="Also write a page with search.")] = None,
    as_json: Json = False,
) -> None:
    """Check datasets against CDISC's published conformance rules.

    A rule that cannot run says which word it lacks; it never counts as passed. Exit code 1 when a rule finds something,
    ends in an error, or cannot be read.
    """
    with refusing(as_json):
        report, findings = conform_path(
            path, rules, standard=standard, version=version, substandard=substandard, limit=limit
        )
    if xlsx is not None:
        xlsx.write_bytes(render_workbook(report))
    if page is not None:
        page.write_text(render_page(report), encoding="utf-8")
    if as_json:
        print_json({**render_values(report), "rule_files": [f.as_dict() for f in findings]})
    else:
        out.print(render_text(report), end="", markup=False)
        print_findings(findings)
    if not (findings.ok and _clean(report)):
        raise typer.Exit(Exit.FOUND)


def _clean(report: Report) -> bool:
    counts = report.counts()
    return not counts[Status.FAILED] and not counts[Status.ERROR]
