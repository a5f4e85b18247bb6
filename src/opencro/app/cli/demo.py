"""`opencro demo`: the bundled study played through with virtual participants, from nothing to a package."""

from __future__ import annotations

import re
import shutil
import time
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from opencro.app.browse.write import write_browser
from opencro.app.build import build
from opencro.app.cli.output import err, out, progress_bar, refusing
from opencro.app.cli.product import print_build
from opencro.app.cli.serve import serve_site
from opencro.app.rehearsal import rehearse_study
from opencro.app.trace_result import built_datasets
from opencro.app.web.site import Site
from opencro.rehearsal import render_report
from opencro.study import load_study

IN_FLIGHT = "in-flight"
IN_FLIGHT_UNTIL = date(2024, 9, 30)
PARTICIPANTS = 306
"""As many as were screened in the real study."""


def demo_command(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Where to play; what an earlier demo left there is replaced.")
    ],
    study: Annotated[Path, typer.Option("--study", help="The study to play.", exists=True)] = Path(
        "studies/cdiscpilot01"
    ),
    participants: Annotated[int, typer.Option("--participants", help="How many virtual participants.")] = PARTICIPANTS,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same bytes.")] = 1,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="End by opening the web application.")] = False,
    port: Annotated[int, typer.Option("--port", help="The port of the web application.")] = 8000,
) -> None:
    """Play a study through: virtual participants, every keystroke, datasets, package; once more to mid-study."""
    started = time.perf_counter()
    target = folder / study.name
    _clear(folder, target)
    shutil.copytree(study, target, ignore=shutil.ignore_patterns("build", "ledger.sqlite*"))
    with refusing(False):
        loaded = load_study(target)
        out.print(f"[bold]{loaded.file.title}[/bold]\n")
        with progress_bar(f"{participants} virtual participants", hidden=False) as listen:
            report = rehearse_study(loaded, participants=participants, seed=seed, progress=listen)
        typer.echo(render_report(report))
        out.print()
        with progress_bar("datasets and package", hidden=False) as listen:
            made = build(loaded, progress=listen)
        print_build(made)
        with progress_bar("results browser", hidden=False) as listen:
            write_browser(
                loaded, built_datasets(loaded), made.folder / "browser", watch=lambda share: listen("", share)
            )
        event = made.frame("AE").row(0, named=True)
        _stop_in_flight(study, folder / IN_FLIGHT, min(participants, 120), seed)
    err.print(f"\nDone in {time.perf_counter() - started:.0f} s.", style="bold")
    _say_what_next(folder, target, f"AE.AESTDY USUBJID={event['USUBJID']} AESEQ={event['AESEQ']}")
    if serve:
        with refusing(False):
            serve_site(Site(folder, demo=True), "127.0.0.1", port, 2)


def _clear(folder: Path, target: Path) -> None:
    """Only what an earlier demo made is removed."""
    if target.exists() and (target / "study.yaml").is_file() and (target / "ledger.sqlite").is_file():
        shutil.rmtree(target)
    folder.mkdir(parents=True, exist_ok=True)


def _say_what_next(folder: Path, target: Path, cell: str) -> None:
    steps = (
        ("read the tables and open any number", f"open {target}/build/browser/index.html in a browser"),
        ("open the web application", f"opencro serve {folder} --demo"),
        ("read the package as a reviewer would", f"open {target}/build/sdtm/define.html in a browser"),
        ("read the analysis datasets' definitions", f"open {target}/build/adam/define.html in a browser"),
        ("ask where a value comes from", f"opencro trace {target} {cell}"),
        ("ask the same of an analysis value", f"opencro trace {target} {cell.replace('AE.AESTDY', 'ADAE.ASTDY')}"),
        ("ask what an item reaches", f"opencro trace {target} AE.AESEV --from"),
        ("prove that nobody changed a record", f"opencro verify {target}"),
        ("see the schedule of activities", f"opencro schedule {target}"),
        ("start a study of your own", "opencro init mystudy"),
    )
    out.print("\n[bold]What to try next[/bold] (source .venv/bin/activate first)")
    for why, how in steps:
        out.print(f"  {why:<40} [bold cyan]{how}[/bold cyan]")


def _stop_in_flight(study: Path, target: Path, participants: int, seed: int) -> None:
    """A copy of the study under an id of its own, played until some participants are still on treatment."""
    if (target / "study.yaml").is_file() and (target / "ledger.sqlite").is_file():
        shutil.rmtree(target)
    shutil.copytree(study, target, ignore=shutil.ignore_patterns("build", "ledger.sqlite*", "versions"))
    file = target / "study.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"(?m)^id:.*$", f"id: {IN_FLIGHT.upper()}", text, count=1), encoding="utf-8")
    with progress_bar("a trial in mid-flight", hidden=False) as listen:
        rehearse_study(load_study(target), participants=participants, seed=seed, progress=listen, until=IN_FLIGHT_UNTIL)
