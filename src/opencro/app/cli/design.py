"""Commands about the definition of a study: init, check, schedule, diff."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from opencro.app.amendment import diff_with_reach
from opencro.app.check import check_everything
from opencro.app.cli.output import Database, Exit, Json, count_findings, out, print_findings, print_json, refusing
from opencro.app.schemas import render_every_schema
from opencro.kernel.finding import Findings
from opencro.study import (
    init_study,
    load_study,
    render_diff,
    render_schedule,
    render_schedule_html,
    render_schedule_markdown,
    template_names,
)

StudyFolder = Annotated[Path, typer.Argument(metavar="STUDY", help="The study's folder.", exists=True, file_okay=False)]


def init_command(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder for the study.")],
    title: Annotated[str, typer.Option("--title", help="The study's title.")] = "",
    study_id: Annotated[str, typer.Option("--id", help="The study's id; the folder's name when left out.")] = "",
    template: Annotated[str, typer.Option("--template", help="One of: " + ", ".join(template_names()))] = "parallel",
    as_json: Json = False,
) -> None:
    """Start a study: a small one that works, to be changed."""
    identity = study_id or folder.name.upper().replace("-", "_")
    with refusing(as_json):
        schemas = {f".schemas/{name}": text for name, text in render_every_schema().items()}
        made = init_study(folder, identity, title or f"Study {identity}", template, more=schemas)
    files = sorted(p.relative_to(made).as_posix() for p in made.rglob("*") if p.is_file())
    if as_json:
        print_json({"ok": True, "folder": str(made), "files": files})
        return
    out.print(f"Study {identity} is in {made} ({len(files)} files). Try next:\n")
    for command in (f"check {folder}", f"schedule {folder}", f"rehearse {folder} --participants 50", f"build {folder}"):
        out.print(f"  opencro {command}", style="bold", markup=False)


def check_command(folder: StudyFolder, as_json: Json = False) -> None:
    """Check a study's folder: every file against its schema, every reference, every expression, every declaration."""
    with refusing(as_json):
        findings = check_everything(folder)
    _report(findings, str(folder), as_json)


def _report(findings: Findings, what: str, as_json: bool) -> None:
    if as_json:
        print_json({"ok": findings.ok, "findings": [f.as_dict() for f in findings]})
    else:
        print_findings(findings)
        out.print(f"{what}: {count_findings(findings)}")
    if not findings.ok:
        raise typer.Exit(Exit.FOUND)


class Style(StrEnum):
    """How a schedule is written."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"


_STYLES = {
    Style.TEXT: render_schedule,
    Style.MARKDOWN: render_schedule_markdown,
    Style.HTML: render_schedule_html,
}


def schedule_command(
    folder: StudyFolder,
    style: Annotated[Style, typer.Option("--as", help="How to write it.")] = Style.TEXT,
) -> None:
    """Print the schedule of activities, the table that a clinician knows."""
    with refusing(False):
        typer.echo(_STYLES[style](load_study(folder)))


def diff_command(
    before: Annotated[Path, typer.Argument(help="The study before the amendment.", exists=True, file_okay=False)],
    after: Annotated[Path, typer.Argument(help="The study after it.", exists=True, file_okay=False)],
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Show an amendment as a diff: what changed, and which forms, datasets, analyses and participants it touches."""
    with refusing(as_json):
        difference = diff_with_reach(load_study(before), load_study(after), database)
    if as_json:
        print_json(difference.as_dict())
    else:
        typer.echo(render_diff(difference))
