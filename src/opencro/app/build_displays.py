"""Results, tables and figures of the datasets that a build just wrote: each analysis is computed once."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import polars as pl
from pydantic import BaseModel

from opencro.analysis import figures
from opencro.analysis.displays import (
    Display,
    Listing,
    Table,
    fill_display,
    plan_analyses,
    read_definitions,
    read_displays,
    read_listings,
    render_html,
    render_rtf,
    render_text,
    used_datasets,
    write_pdf,
    write_xlsx,
)
from opencro.analysis.figures import Drawing, Figure, draw_pages, figure_datasets, read_figures
from opencro.analysis.results import METHODS, SUBJECT, Cell, Material, Results, compute_results
from opencro.analysis.results.formats import make_reporting_event, write_ars
from opencro.app.build_frames import FramesOnDemand, Scan
from opencro.kernel.finding import Findings, Refused
from opencro.study import Study

FOLDER = "displays"
RESULTS = "results.parquet"
_T = TypeVar("_T")
Read = Callable[[str], pl.DataFrame]
Watch = Callable[[float], None]
Shell = Display | Listing | Figure


@dataclass(frozen=True)
class Shells:
    """What a study declares to be shown, and (without any dataset yet) what its analyses share; listings are tables."""

    tables: Mapping[str, Display | Listing]
    figures: Mapping[str, Figure]
    empty: Material

    def wanted(self) -> set[str]:
        """The datasets that any of them reads."""
        shells: list[Shell] = [*self.tables.values(), *self.figures.values()]
        return {name for shell in shells for name in self.datasets_of(shell)}

    def datasets_of(self, shell: Shell) -> frozenset[str]:
        """The datasets that one of them reads."""
        definitions = self.empty.definitions
        return (
            used_datasets(shell, definitions) if not isinstance(shell, Figure) else figure_datasets(shell, definitions)
        )

    def words_of(self, shell: Shell) -> set[str]:
        """Every word of a declaration and of what it names, defaults too: no other variable is used by its analyses."""
        unsaid = {variable for method in METHODS.values() for variable in method.variables}
        said, shared = _words(shell), self.empty.definitions
        named = [part for parts in (shared.populations, shared.groupings) for i, part in parts.items() if i in said]
        return unsaid.union(said, *map(_words, named))

    def possible(self, names: frozenset[str]) -> Shells:
        """Those whose datasets are there, still without them."""
        tables = {i: d for i, d in self.tables.items() if self.datasets_of(d) <= names}
        drawn = {i: f for i, f in self.figures.items() if self.datasets_of(f) <= names}
        return Shells(tables, drawn, self.empty)

    def filled(self, names: frozenset[str], read: Read) -> Shells:
        """Those whose datasets are there, with these."""
        material = Material({name: read(name) for name in sorted(self.wanted() & names)}, self.empty.definitions)
        return replace(self.possible(names), empty=material)

    def material_of(self, shell: Shell, scan: Scan) -> Material:
        """What the analyses of one shell need, read when they ask for it."""
        columns = self.words_of(shell) | {SUBJECT}
        return Material(FramesOnDemand(self.datasets_of(shell), scan, columns), self.empty.definitions)


@dataclass(frozen=True)
class MadeDisplays:
    """How many tables (with listings), figures and results a study has, and the seconds that each took."""

    tables: int
    figures: int
    results: int
    seconds: Mapping[str, float] = field(default_factory=dict)


def load_shells(study: Study) -> Shells | None:
    """The declared tables and figures; None where a study declares none. Refused with the findings of all of them."""
    definitions, findings = read_definitions(study)
    if definitions is None:
        if not findings.ok:
            raise Refused(findings)
        return None
    displays, wrong = read_displays(study, definitions)
    listings, unclear = read_listings(study, definitions, displays)
    pictures, faults = read_figures(study, definitions)
    every = Findings((*findings, *wrong, *unclear, *faults))
    if not every.ok:
        raise Refused(every)
    tables: dict[str, Display | Listing] = {**displays, **listings}
    return Shells(tables, pictures, Material({}, definitions)) if tables or pictures else None


def write_displays(
    study: Study, names: frozenset[str], scan: Scan, folder: Path, watch: Watch = lambda _: None
) -> MadeDisplays | None:
    """Write every declared table and figure whose datasets are there into `folder`; None where there is none.

    Of the datasets that `scan` opens each shell reads its own, and of them just the columns that it names.
    """
    declared = load_shells(study)
    if declared is None:
        return None
    shells = declared.possible(names)
    folder.mkdir(parents=True, exist_ok=True)
    seconds: dict[str, float] = {}
    count = len(shells.tables) + len(shells.figures)
    tables: list[Table] = []
    values: dict[Cell, Mapping[str, float | str | None]] = {}
    for table, results in _timed(_tables(shells, scan), seconds):
        _write_table(table, study, folder)
        tables.append(table)
        values.update(results.values)
        watch(len(seconds) / count)
    _write_results(study, shells.empty, Results(values), tables, folder)
    drawings: list[Drawing] = []
    for pages in _timed(_drawings(shells, scan), seconds):
        pages[0].frame.write_parquet(folder / f"{pages[0].id}.parquet", compression="zstd")
        for drawing in pages:
            (folder / f"{drawing.id}.svg").write_bytes(drawing.svg)
        drawings += pages
        watch(len(seconds) / count)
    for kind, plural in (("Table", "tables"), ("Listing", "listings")):
        alike = [table for table in tables if table.kind == kind]
        if alike:
            write_pdf(alike, folder / f"{plural}.pdf", study.id, _footer(study))
            write_xlsx(alike, folder / f"{plural}.xlsx", study.id, _footer(study))
    if drawings:
        figures.write_pdf(drawings, folder / "figures.pdf", study.id, _footer(study))
    return MadeDisplays(len(tables), len(shells.figures), sum(map(len, values.values())), seconds)


def _words(part: BaseModel) -> set[str]:
    return set(re.findall(r"\w+", re.sub(r"\\[bfnrt]", " ", part.model_dump_json())))


def _tables(shells: Shells, scan: Scan) -> Iterator[tuple[str, tuple[Table, Results]]]:
    for display in shells.tables.values():
        material = shells.material_of(display, scan)
        results = compute_results(material, plan_analyses(display, material))
        yield display.id, (fill_display(display, material, results), results)


def _drawings(shells: Shells, scan: Scan) -> Iterator[tuple[str, tuple[Drawing, ...]]]:
    for figure in shells.figures.values():
        yield figure.id, draw_pages(figure, shells.material_of(figure, scan))


def _timed(made: Iterator[tuple[str, _T]], seconds: dict[str, float]) -> Iterator[_T]:
    """What is made, while the seconds of each are kept under its id."""
    started = time.perf_counter()
    for identity, one in made:
        yield one
        now = time.perf_counter()
        seconds[identity] = now - started
        started = now


def _write_results(study: Study, material: Material, results: Results, tables: list[Table], folder: Path) -> None:
    results.to_frame().write_parquet(folder / RESULTS, compression="zstd")
    titles = {table.id: table.title for table in tables if table.kind == "Table"}
    event = make_reporting_event(study.id, study.file.title, material.definitions, results, titles)
    (folder / "ars.json").write_text(write_ars(event), encoding="utf-8")


def _write_table(table: Table, study: Study, folder: Path) -> None:
    (folder / f"{table.id}.rtf").write_text(render_rtf(table, study.id, _footer(study)), encoding="ascii")
    (folder / f"{table.id}.html").write_text(render_html(table), encoding="utf-8")
    (folder / f"{table.id}.txt").write_text(render_text(table), encoding="utf-8")


def _footer(study: Study) -> str:
    return f"{study.id}, definition {study.file.version}; analysis"
