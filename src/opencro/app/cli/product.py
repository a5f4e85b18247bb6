"""Commands about what is made: build, trace, compare."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from opencro.app.browse.write import write_browser
from opencro.app.build import Build, build
from opencro.app.cli.output import (
    Database,
    Exit,
    Json,
    count_findings,
    err,
    out,
    print_findings,
    print_json,
    progress_bar,
    refusing,
)
from opencro.app.cli.render import history_table, result_tree, trace_tree
from opencro.app.compare_results import compare_results, is_build, render_changed
from opencro.app.comparison import compare_with, read_version, render_report
from opencro.app.trace import Answer, as_document, trace_dataset_cell, trace_dependents
from opencro.app.trace_listing import ListedTrace, listing_ids, trace_listing
from opencro.app.trace_result import built_datasets, display_ids, trace_result
from opencro.kernel.finding import Finding, Place, Refused
from opencro.study import Study, load_study

StudyFolder = Annotated[Path, typer.Argument(metavar="STUDY", help="The study's folder.", exists=True, file_okay=False)]


def build_command(
    folder: StudyFolder,
    position: Annotated[int | None, typer.Option("--at", help="Build the state as of this ledger position.")] = None,
    target: Annotated[Path | None, typer.Option("--into", help="Where to write; STUDY/build when left out.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Make everything again.")] = False,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Make SDTM and ADaM (SAS transport, Dataset-JSON, Parquet), Define-XML, results and tables from the records."""
    with refusing(as_json), progress_bar("building", hidden=as_json) as listen:
        made = build(
            load_study(folder), database=database, position=position, folder=target, fresh=fresh, progress=listen
        )
    if as_json:
        print_json(describe_build(made))
        return
    print_build(made)


def browse_command(
    folder: StudyFolder,
    target: Annotated[
        Path | None, typer.Argument(metavar="FOLDER", help="A new folder; STUDY/build/browser when left out.")
    ] = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Write the results browser: static pages in which every number of a table opens what is behind it."""
    study_target = target or folder / "build" / "browser"
    with refusing(as_json), progress_bar("browser", hidden=as_json) as listen:
        study = load_study(folder)
        count = write_browser(
            study, built_datasets(study), study_target, database, lambda share: listen("tables", share)
        )
    if as_json:
        print_json({"ok": True, "folder": str(study_target), "displays": count})
    else:
        out.print(f"{count} tables and figures in {study_target}/index.html")


def describe_build(made: Build) -> dict[str, Any]:
    """A build as plain JSON values."""
    return {
        "ok": made.findings.ok,
        "folder": str(made.folder),
        "position": made.position,
        "anchor": made.anchor,
        "reused": made.reused,
        "datasets": {n: {"rows": d.frame.height, "columns": d.frame.width} for n, d in made.datasets.items()},
        "files": dict(made.files),
        "seconds": dict(made.seconds),
        "analysis_seconds": dict(made.analysis_seconds),
        "display_seconds": dict(made.display_seconds),
        "findings": [f.as_dict() for f in made.findings],
    }


def print_build(made: Build) -> None:
    """A build as a table of datasets with timings below."""
    if made.reused:
        out.print(f"Nothing changed since the last build (ledger position {made.position}): {made.folder}")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, justify in (("dataset", "left"), ("rows", "right"), ("variables", "right"), ("label", "left")):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    for name, dataset in made.datasets.items():
        table.add_row(name, f"{dataset.frame.height:,}", str(dataset.frame.width), dataset.label)
    out.print(table)
    print_findings(made.findings, limit=10)
    if made.analysis_seconds:
        spent = "  ".join(f"{name} {seconds:.2f} s" for name, seconds in made.analysis_seconds.items())
        out.print(f"\nanalysis: {spent}", style="dim")
    if made.display_seconds:
        drawing = sum(made.display_seconds.values())
        out.print(f"displays: {len(made.display_seconds)} tables and figures in {drawing:.2f} s", style="dim")
    steps = "  ".join(f"{step} {seconds:.2f} s" for step, seconds in made.seconds.items())
    out.print(f"\n{steps}  [bold]in all {sum(made.seconds.values()):.2f} s[/bold]")
    found = count_findings(made.findings)
    out.print(f"{len(made.files)} files in {made.folder}, from ledger position {made.position:,}; {found}")


def trace_command(
    folder: StudyFolder,
    what: Annotated[
        str, typer.Argument(help="DATASET.VARIABLE, e.g. AE.AESEV; a table, e.g. T14_2_01; with --from, FORM.ITEM.")
    ],
    where: Annotated[
        list[str] | None,
        typer.Argument(
            help="The row: USUBJID=... AESEQ=...; of a table, row=... column=..., or cell=...", metavar="NAME=VALUE"
        ),
    ] = None,
    forward: Annotated[
        bool, typer.Option("--from", help="What depends on this item, instead of where a cell is from.")
    ] = False,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Where a value comes from, back to who entered it when and why; or, with --from, everything that an item reaches.

    Example: opencro trace mystudy AE.AESEV USUBJID=01-701-1015 AESEQ=1

    Example: opencro trace mystudy T14_2_01 row="Sex/Male" column=Placebo

    Example: opencro trace mystudy L16_2_07 USUBJID=01-701-1015 AESEQ=1 column=Serious
    """
    started = time.perf_counter()
    with refusing(as_json):
        study = load_study(folder)
        if not forward and _trace_display(study, what, where or [], database, as_json):
            return
        left, right = _split_name(what)
        if forward:
            _print_reached(what, trace_dependents(study, left, right), as_json)
            return
        answer = trace_dataset_cell(study, left, right, _conditions(where or []), database=database)
    _print_answer(answer, as_json)
    err.print(f"{time.perf_counter() - started:.2f} s", style="dim")


def _print_answer(answer: Answer, as_json: bool) -> None:
    if as_json:
        print_json(as_document(answer))
        return
    out.print(trace_tree(answer))
    out.print()
    out.print(history_table(answer))


def _print_reached(item: str, reached: Sequence[str], as_json: bool) -> None:
    if as_json:
        print_json({"item": item, "reaches": reached})
    else:
        out.print("\n".join(reached) or "Nothing depends on it.")


def _trace_display(study: Study, what: str, where: list[str], database: str | None, as_json: bool) -> bool:
    """The trace of a cell of a table or listing; no where it is about something else."""
    if what in display_ids(study):
        _trace_number(study, what, where, as_json)
    elif what in listing_ids(study):
        found = trace_listing(study, what, _conditions(where), built_datasets(study), database=database)
        _print_listed(found, as_json)
    else:
        return False
    return True


def _trace_number(study: Study, display: str, where: list[str], as_json: bool) -> None:
    behind = trace_result(study, display, _conditions(where), built_datasets(study))
    if as_json:
        print_json(behind.as_dict())
    else:
        out.print(result_tree(behind))


def _print_listed(found: ListedTrace, as_json: bool) -> None:
    if as_json:
        print_json(found.as_dict())
        return
    out.print(f"[bold]{found.shown}[/bold] in {found.display}: line {found.row}, {found.column}", highlight=False)
    for answer in found.answers:
        out.print(trace_tree(answer))
        out.print(history_table(answer))


def _split_name(what: str) -> tuple[str, str]:
    left, dot, right = what.partition(".")
    if not dot or not left or not right:
        remedy = "Write e.g. AE.AESEV, or with --from a form's item, e.g. AE.AESEV."
        raise Refused([Finding("CLI-001", Place(), f'"{what}"', "DATASET.VARIABLE", remedy)])
    return left, right


def _conditions(words: Sequence[str]) -> dict[str, str]:
    pairs = [word.partition("=") for word in words]
    wrong = [word for word, (_, equals, _) in zip(words, pairs, strict=True) if not equals]
    if wrong:
        raise Refused([Finding("CLI-002", Place(), f'"{wrong[0]}"', "NAME=VALUE", "Write e.g. USUBJID=01-701-1015.")])
    return {name: value for name, _, value in pairs}


def _compare_builds(after: Path, before: Path, study: Path, as_json: bool) -> None:
    with refusing(as_json):
        changed = compare_results(load_study(study), before, after)
    if as_json:
        print_json(changed.as_dict())
    else:
        typer.echo(render_changed(changed))
    if changed.analyses:
        raise typer.Exit(Exit.FOUND)


def compare_command(
    ours: Annotated[
        Path, typer.Argument(help="A dataset, or a folder of them: STUDY/build/sdtm/parquet.", exists=True)
    ],
    theirs: Annotated[Path, typer.Argument(help="The dataset or folder to compare with.", exists=True)],
    study: Annotated[
        Path | None,
        typer.Option(
            "--study", help="Its differences.yaml (tabulation, analysis) say what is known to differ, and why."
        ),
    ] = None,
    keys: Annotated[str, typer.Option("--keys", help="Variables that identify a row, with commas between.")] = "",
    report: Annotated[Path | None, typer.Option("--report", help="Write the whole report as Markdown.")] = None,
    as_json: Json = False,
) -> None:
    """Compare two versions of datasets cell by cell; exit code 1 when a cell differs without a known cause.

    Two builds (with --study) are compared by their results: which changed, and which facts in between can be the cause.
    """
    if study and is_build(ours) and is_build(theirs):
        _compare_builds(ours, theirs, study, as_json)
        return
    with refusing(as_json):
        by = tuple(keys.split(",")) if keys else ()
        loaded = load_study(study) if study else None
        explained = compare_with(read_version(ours), read_version(theirs), loaded, by)
    text = render_report(explained, f"{ours} beside {theirs}", loaded)
    if report is not None:
        report.write_text(text, encoding="utf-8")
    if as_json:
        rows = explained.differences.to_dicts()
        print_json({"equal": not rows, "explained": explained.findings.ok, "differences": rows})
    else:
        typer.echo(text if report is None else f"wrote {report}")
        print_findings(explained.findings)
    if not explained.findings.ok:
        raise typer.Exit(Exit.FOUND)
