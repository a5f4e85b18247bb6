"""Results and displays of the datasets that a build just wrote: each analysis once, every table in every format."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from opencro.analysis.displays import (
    Display,
    Table,
    fill_display,
    plan_analyses,
    read_definitions,
    read_displays,
    render_html,
    render_rtf,
    render_text,
    used_datasets,
    write_pdf,
)
from opencro.analysis.results import Cell, Material, Results, compute_results
from opencro.analysis.results.formats import make_reporting_event, write_ars
from opencro.kernel.finding import Refused
from opencro.study import Study

FOLDER = "displays"
RESULTS = "results.parquet"
Read = Callable[[str], pl.DataFrame]
Watch = Callable[[float], None]


@dataclass(frozen=True)
class MadeDisplays:
    """The tables of a study, how many results stand behind them, and the seconds that each took."""

    tables: tuple[Table, ...]
    results: int
    seconds: Mapping[str, float] = field(default_factory=dict)


def load_shells(study: Study) -> tuple[dict[str, Display], Material | None]:
    """The declared displays, and what their analyses need besides data; Refused with the findings of both."""
    definitions, findings = read_definitions(study)
    if definitions is None:
        if not findings.ok:
            raise Refused(findings)
        return {}, None
    displays, wrong = read_displays(study, definitions)
    if not (findings + wrong).ok:
        raise Refused(findings + wrong)
    return displays, Material({}, definitions)


def material_of(displays: Mapping[str, Display], empty: Material, names: frozenset[str], read: Read) -> Material:
    """The datasets that displays name, with what the study declares."""
    wanted = {name for display in displays.values() for name in used_datasets(display, empty.definitions)}
    return Material({name: read(name) for name in sorted(wanted & names)}, empty.definitions)


def write_displays(
    study: Study, names: frozenset[str], read: Read, folder: Path, watch: Watch = lambda _: None
) -> MadeDisplays | None:
    """Write every declared table whose datasets are there into `folder`; None where the study declares none."""
    displays, empty = load_shells(study)
    if not displays or empty is None:
        return None
    material = material_of(displays, empty, names, read)
    possible = [d for d in displays.values() if used_datasets(d, empty.definitions) <= set(material.datasets)]
    folder.mkdir(parents=True, exist_ok=True)
    seconds: dict[str, float] = {}
    tables: list[Table] = []
    values: dict[Cell, Mapping[str, float | str | None]] = {}
    for number, display in enumerate(possible, start=1):
        started = time.perf_counter()
        results = compute_results(material, plan_analyses(display, material))
        values.update(results.values)
        table = fill_display(display, material, results)
        _write_table(table, study, folder)
        tables.append(table)
        seconds[display.id] = time.perf_counter() - started
        watch(number / len(possible))
    everything = Results(values)
    everything.to_frame().write_parquet(folder / RESULTS, compression="zstd")
    event = make_reporting_event(
        study.id, study.file.title, empty.definitions, everything, {t.id: t.title for t in tables}
    )
    (folder / "ars.json").write_text(write_ars(event), encoding="utf-8")
    if tables:
        write_pdf(tables, folder / "tables.pdf", study.id, _footer(study))
    return MadeDisplays(tuple(tables), sum(map(len, values.values())), seconds)


def _write_table(table: Table, study: Study, folder: Path) -> None:
    (folder / f"{table.id}.rtf").write_text(render_rtf(table, study.id, _footer(study)), encoding="ascii")
    (folder / f"{table.id}.html").write_text(render_html(table), encoding="utf-8")
    (folder / f"{table.id}.txt").write_text(render_text(table), encoding="utf-8")


def _footer(study: Study) -> str:
    return f"{study.id}, definition {study.file.version}; analysis/displays"
