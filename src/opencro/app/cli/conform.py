"""The command that checks datasets against published rules."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from opencro.app.cli.output import Exit, Json, out, print_findings, print_json, refusing
from opencro.app.conform import RULES_VARIABLE, conform_path, library_of
from opencro.app.wiring import USER_TERMS
from opencro.conformance import Report, Status, check_cases, render_page, render_text, render_values, render_workbook
from opencro.kernel.finding import Findings
from opencro.terms import TermsStore

Rules = Annotated[
    Path | None,
    typer.Option("--rules", envvar=RULES_VARIABLE, help="Published rules: a folder, a file or a .tar archive."),
]
Exceptions = Annotated[
    Path | None, typer.Option("--exceptions", exists=True, dir_okay=False, help="Explained findings, in YAML.")
]


def conform_command(
    path: Annotated[
        Path, typer.Argument(help="A dataset, or a folder of XPT, Dataset-JSON, Parquet or CSV; with --test, of rules.")
    ],
    rules: Rules = None,
    standard: Annotated[str, typer.Option("--standard", help="sdtmig, sendig, tig, usdm, adamig ...")] = "sdtmig",
    version: Annotated[str, typer.Option("--version", help="The version of the standard.")] = "3.4",
    substandard: Annotated[str, typer.Option("--substandard", help="For tig: sdtm, send or adam.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="Findings shown per rule and dataset.")] = 1000,
    exceptions: Exceptions = None,
    xlsx: Annotated[Path | None, typer.Option("--xlsx", help="Also write a workbook.")] = None,
    page: Annotated[Path | None, typer.Option("--html", help="Also write a page with search.")] = None,
    test: Annotated[bool, typer.Option("--test", help="Run the cases that stand beside rules.")] = False,
    as_json: Json = False,
) -> None:
    """Check datasets against CDISC's published conformance rules.

    A rule that cannot run says which word it lacks; it never counts as passed. Exit code 1 when a rule finds something,
    ends in an error, or cannot be read.
    """
    if test:
        _test(path, standard, version, as_json)
        return
    if rules is None:
        raise typer.BadParameter(f"say where the published rules are: --rules PATH, or {RULES_VARIABLE}")
    with refusing(as_json):
        report, findings = conform_path(
            path,
            rules,
            standard=standard,
            version=version,
            substandard=substandard,
            limit=limit,
            exceptions=exceptions,
        )
    if xlsx is not None:
        xlsx.write_bytes(render_workbook(report))
    if page is not None:
        page.write_text(render_page(report), encoding="utf-8")
    _show(report, findings, as_json)


def _test(folder: Path, standard: str, version: str, as_json: bool) -> None:
    with refusing(as_json):
        good, findings = check_cases(folder, library_of(standard, version), TermsStore((USER_TERMS,)))
    if as_json:
        print_json({"ok": findings.ok, "cases": good, "findings": [f.as_dict() for f in findings]})
    else:
        print_findings(findings)
        out.print(f"{good} cases gave what is expected")
    if not findings.ok:
        raise typer.Exit(Exit.FOUND)


def _show(report: Report, findings: Findings, as_json: bool) -> None:
    if as_json:
        print_json({**render_values(report), "rule_files": [f.as_dict() for f in findings]})
    else:
        out.print(render_text(report), end="", markup=False)
        print_findings(findings)
    if not (findings.ok and _clean(report)):
        raise typer.Exit(Exit.FOUND)


def _clean(report: Report) -> bool:
    failed = [o for o in report.outcomes if o.status is Status.FAILED and not o.is_explained]
    return not failed and not report.counts()[Status.ERROR]
