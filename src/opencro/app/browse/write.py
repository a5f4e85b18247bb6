"""`opencro browse`: a folder of static pages, complete in itself, that opens from a file."""

from __future__ import annotations

import html
import shutil
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import polars as pl

from opencro.analysis.displays import Display, Listing, Table, fill_display, plan_analyses
from opencro.analysis.figures import draw_pages
from opencro.analysis.results import Material, compute_results
from opencro.app.browse.chain import variable_chain
from opencro.app.browse.figures import write_figure
from opencro.app.browse.people import write_people, write_script
from opencro.app.browse.tables import PLACE, describe_listing, describe_table, number_rows
from opencro.app.build_displays import Shells, load_shells
from opencro.app.build_files import BuiltDatasets
from opencro.app.wiring import open_study_ledger
from opencro.kernel.finding import Finding, Place, Refused
from opencro.study import Study

Watch = Callable[[float], None]
KEPT = 60
"""The columns of a dataset that a page shows of a participant's rows are the first so many."""


def write_browser(
    study: Study, built: BuiltDatasets, folder: Path, database: str | None = None, watch: Watch = lambda _: None
) -> int:
    """Write the pages into a new folder, whole or not at all; returns the number of tables and figures.

    Refused (BRW-001) where the study declares no displays or the build has none of their datasets, BRW-002 where the
    folder is there already.
    """
    if folder.exists() and any(folder.iterdir()):
        raise Refused([Finding("BRW-002", Place(str(folder)), "the folder is not empty", "a new folder", "Name one.")])
    shells = _possible(study, built)
    count = len(shells.tables) + len(shells.figures)
    unfinished = folder.with_name(folder.name + ".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        links: list[tuple[str, str, str]] = []
        for display in shells.tables.values():
            table = _write_table(display, shells.empty, unfinished)
            links.append((table.id, table.name, table.title))
            watch(0.7 * len(links) / count)
        for figure in shells.figures.values():
            for drawing in draw_pages(figure, shells.empty):
                write_figure(drawing, unfinished)
                links.append((drawing.id, f"Figure {drawing.number}", figure.title))
            watch(0.7 * len(links) / count)
        write_script(unfinished / "lineage.js", "lineage", variable_chain(study))
        _write_people(study, shells.empty, unfinished, database)
        for name in ("browser.css", "browser.js"):
            (unfinished / name).write_bytes(files("opencro.app.browse").joinpath(name).read_bytes())
        (unfinished / "index.html").write_text(_page(study, links), encoding="utf-8")
        if folder.exists():
            folder.rmdir()
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    watch(1.0)
    return count


def _possible(study: Study, built: BuiltDatasets) -> Shells:
    """The displays whose datasets are there, and these with their rows numbered; Refused (BRW-001) for none."""
    declared = load_shells(study)
    shells = declared.filled(frozenset(built), lambda name: built[name].frame) if declared is not None else None
    if shells is None or not (shells.tables or shells.figures):
        remedy = "Declare displays under analysis/displays, then run `opencro build`."
        raise Refused([Finding("BRW-001", Place("analysis/displays"), "no display can be shown", "one", remedy)])
    return replace(shells, empty=Material(number_rows(shells.empty.datasets), shells.empty.definitions))


def _write_table(display: Display | Listing, material: Material, folder: Path) -> Table:
    results = compute_results(material, plan_analyses(display, material))
    table = fill_display(display, material, results)
    told = (
        describe_listing(table, display, material)
        if isinstance(display, Listing)
        else describe_table(table, material, results)
    )
    write_script(folder / "tables" / f"{table.id}.js", "table", told)
    return table


def _write_people(study: Study, material: Material, folder: Path, database: str | None) -> None:
    frames: dict[str, pl.DataFrame] = {}
    for name, frame in material.datasets.items():
        plain = frame.drop(PLACE, strict=False)
        frames[name] = plain.select(plain.columns[:KEPT])
    with open_study_ledger(study, database) as ledger:
        template = study.file.usubjid.replace("{study}", study.id)
        known = {
            participant: template.replace("{site}", site).replace("{participant}", participant)
            for site, participant in ledger.snapshot().known_participants()
        }
        write_people(folder / "people", frames, ledger, known)


def _page(study: Study, displays: list[tuple[str, str, str]]) -> str:
    links = "".join(
        f'<li><a href="#{identity}"><b>{html.escape(number)}</b>{html.escape(title)}</a></li>'
        for identity, number, title in displays
    )
    title = html.escape(f"{study.id}: results")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="stylesheet" href="browser.css"><script src="browser.js"></script>'
        '<script src="lineage.js"></script><script src="people/index.js"></script></head>'
        f'<body><nav aria-label="Tables"><h1>{title}</h1><p>Every number opens what is behind it.</p>'
        f"<ul>{links}</ul></nav>"
        '<main id="main" aria-live="polite"></main>'
        '<aside id="panel" aria-label="What is behind the number" hidden></aside></body></html>\n'
    )
