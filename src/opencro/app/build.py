"""`opencro build`: a snapshot of the ledger becomes SDTM and ADaM datasets, Define-XML and a manifest.

What was made is described by `build/manifest.json`: hashes of the definitions and of the records that went in, the
ledger position and anchor, and the hash of every file that came out. When the inputs are the same and the files are
intact, nothing is made again; a dataset whose content did not change is not written again.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from opencro.app.build_analysis import MadeAnalysis, analyse_tabulated
from opencro.app.build_displays import FOLDER as DISPLAYS
from opencro.app.build_displays import MadeDisplays, write_displays
from opencro.app.build_files import BuiltDatasets, write_datasets
from opencro.app.build_pieces import Made, tabulate_in_pieces
from opencro.app.wiring import Progress, no_progress, open_study_ledger, terms_of
from opencro.kernel.finding import Findings
from opencro.kernel.hashing import hash_file
from opencro.ledger import Snapshot
from opencro.study import Study, definition_hash
from opencro.submission import write_analysis_define_files, write_define_files

MANIFEST = "manifest.json"
PIECES = "pieces"
LAYOUT = 3
"""Of the files and the manifest: what an older layout made is made again."""


@dataclass(frozen=True)
class Size:
    """How large a dataset is, and its label."""

    rows: int
    columns: int
    label: str


@dataclass(frozen=True)
class Build:
    """What a build made: sizes and datasets by name, findings, files relative to `folder`, seconds per step.

    `analysis_seconds` and `display_seconds` say how long each analysis dataset and each table took. `datasets` and
    `frame` read a dataset from its file
    when they are asked, `scan` lets a query read what it needs.
    """

    folder: Path
    position: int
    anchor: str
    sizes: Mapping[str, Size]
    findings: Findings
    files: Mapping[str, str]
    seconds: Mapping[str, float] = field(default_factory=dict)
    analysis_seconds: Mapping[str, float] = field(default_factory=dict)
    display_seconds: Mapping[str, float] = field(default_factory=dict)
    reused: bool = False

    @property
    def datasets(self) -> BuiltDatasets:
        """The datasets with labels, types and rows."""
        return BuiltDatasets(self.folder, tuple(self.sizes))

    def frame(self, dataset: str) -> pl.DataFrame:
        """A dataset's rows as a Polars frame."""
        return self.datasets[dataset].frame

    def scan(self, dataset: str) -> pl.LazyFrame:
        """A dataset's rows as a lazy Polars frame, for those that are too many for memory."""
        return pl.scan_parquet(self.datasets.path(dataset))


STEPS = {
    "snapshot": 0.02,
    "tabulate": 0.4,
    "sdtm": 0.6,
    "analyse": 0.65,
    "adam": 0.9,
    "define": 0.92,
    "displays": 0.98,
    "manifest": 1.0,
}
"""The steps, and the share of the whole that is done at the end of each."""


@dataclass
class _Stopwatch:
    """Seconds per step, and the bar that people watch."""

    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)
    _started: float = field(default_factory=time.perf_counter)

    def lap(self, step: str) -> None:
        """Close a step."""
        now = time.perf_counter()
        self.seconds[step] = now - self._started
        self._started = now
        self.progress(step, STEPS[step])

    def within(self, step: str, share: float) -> None:
        """A share of a step is done."""
        before = max((done for name, done in STEPS.items() if name in self.seconds), default=0.0)
        self.progress(step, before + share * (STEPS[step] - before))


def build(
    study: Study,
    *,
    database: str | None = None,
    position: int | None = None,
    folder: Path | None = None,
    fresh: bool = False,
    participants_at_once: int | None = None,
    progress: Progress = no_progress,
) -> Build:
    """Make everything that a study's declarations say from the state of its ledger.

    `position` takes an earlier state; `folder` is `build/` in the study unless given; `fresh` makes all of it again.
    `participants_at_once` bounds memory, the files do not depend on it; by default it follows from the number of facts.
    Raises Refused with findings when the declarations or the data do not allow it; a failed build leaves the former
    one as it was.
    """
    watch = _Stopwatch(progress)
    target = folder or study.root / "build"
    with open_study_ledger(study, database) as ledger:
        snapshot = ledger.snapshot(position)
        inputs = _inputs(study, snapshot)
        former = read_manifest(target)
        if not fresh and former is not None and former["inputs"] == inputs and _intact(target, former):
            return _reuse(target, former)
        watch.lap("snapshot")
        with _replacing(target) as making:
            made = tabulate_in_pieces(
                study, snapshot, making / PIECES, participants_at_once, lambda share: watch.within("tabulate", share)
            )
            watch.lap("tabulate")
            kept = {} if fresh or former is None else former["datasets"]
            return _write(study, made, snapshot, inputs, (making, target), kept, watch)


def _write(
    study: Study,
    made: Made,
    snapshot: Snapshot,
    inputs: Mapping[str, Any],
    folders: tuple[Path, Path],
    kept: Mapping[str, str],
    watch: _Stopwatch,
) -> Build:
    making, target = folders
    created = datetime.fromisoformat(snapshot.recorded_at or "1970-01-01T00:00:00+00:00").astimezone(UTC)
    hashes: dict[str, str] = {}
    for name, content in write_datasets(made.outlines, made.rows, folders, created, kept):
        hashes[name] = content
        watch.within("sdtm", len(hashes) / len(made.outlines))
    shutil.rmtree(making / PIECES, ignore_errors=True)
    watch.lap("sdtm")
    analysis = _analyse(study, made, making, watch)
    if analysis is not None:
        written = write_datasets(analysis.outlines, analysis.rows, folders, created, kept)
        for number, (name, content) in enumerate(written, start=1):
            hashes[name] = content
            watch.within("adam", number / len(analysis.outlines))
        shutil.rmtree(making / PIECES, ignore_errors=True)
    watch.lap("adam")
    _define(study, made, analysis, making, created)
    watch.lap("define")
    shown = _show(study, made, analysis, making, watch)
    built = _built(target, snapshot, made, analysis, shown, watch.seconds)
    files = _write_manifest(making, built, inputs, snapshot.recorded_at, hashes)
    watch.lap("manifest")
    return replace(built, files=files)


def _define(study: Study, made: Made, analysis: MadeAnalysis | None, making: Path, created: datetime) -> None:
    terms = terms_of(study)
    write_define_files(study, made.domains, made.outlines, terms, making / "sdtm", created)
    if analysis is not None:
        folder, rows = making / "adam", analysis.outlines
        write_analysis_define_files(study, analysis.datasets, rows, folder, created, domains=made.domains, store=terms)


def _analyse(study: Study, made: Made, making: Path, watch: _Stopwatch) -> MadeAnalysis | None:
    """The analysis datasets out of the tabulated ones that stand in `making`."""
    built = BuiltDatasets(making, tuple(made.outlines))
    columns = {name: list(outline.summary.columns) for name, outline in made.outlines.items()}
    analysis = analyse_tabulated(
        study,
        columns,
        lambda name: pl.scan_parquet(built.path(name)),
        making / PIECES,
        watch=lambda share: watch.within("analyse", share),
    )
    watch.lap("analyse")
    return analysis


def _show(
    study: Study, made: Made, analysis: MadeAnalysis | None, making: Path, watch: _Stopwatch
) -> MadeDisplays | None:
    """The displays out of all datasets that stand in `making`."""
    names = (*made.outlines, *(analysis.outlines if analysis else ()))
    built = BuiltDatasets(making, names)
    shown = write_displays(
        study,
        frozenset(names),
        lambda name: pl.scan_parquet(built.path(name)),
        making / DISPLAYS,
        lambda share: watch.within("displays", share),
    )
    watch.lap("displays")
    return shown


def _built(
    target: Path,
    snapshot: Snapshot,
    made: Made,
    analysis: MadeAnalysis | None,
    shown: MadeDisplays | None,
    seconds: Mapping[str, float],
) -> Build:
    outlines = {**made.outlines, **(analysis.outlines if analysis else {})}
    sizes = {name: Size(o.summary.rows, len(o.described.columns), o.described.label) for name, o in outlines.items()}
    findings = made.findings + (analysis.findings if analysis else ())
    spent = analysis.seconds if analysis else {}
    drawn = shown.seconds if shown else {}
    return Build(target, snapshot.position, snapshot.anchor, sizes, findings, {}, seconds, spent, drawn)


@contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """A new folder that takes the place of `target` when all went well, and vanishes when not."""
    fresh, former = target.with_name(f"{target.name}.new"), target.with_name(f"{target.name}.old")
    if former.exists() and not target.exists():
        former.rename(target)
    for leftover in (fresh, former):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        yield fresh
        if target.exists():
            target.rename(former)
        fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        if target.exists():
            shutil.rmtree(former, ignore_errors=True)


def _inputs(study: Study, snapshot: Snapshot) -> dict[str, Any]:
    return {
        "study": study.id,
        "definition": definition_hash(study),
        "position": snapshot.position,
        "anchor": snapshot.anchor,
        "software": version("opencro"),
        "layout": LAYOUT,
    }


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of the build in a folder, or None."""
    path = folder / MANIFEST
    if not path.is_file():
        return None
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return manifest


def _intact(folder: Path, manifest: Mapping[str, Any]) -> bool:
    return all((folder / f).is_file() and hash_file(folder / f) == digest for f, digest in manifest["files"].items())


def _reuse(folder: Path, manifest: Mapping[str, Any]) -> Build:
    inputs = manifest["inputs"]
    sizes = {name: Size(**size) for name, size in manifest["sizes"].items()}
    return Build(folder, inputs["position"], inputs["anchor"], sizes, Findings(), manifest["files"], reused=True)


def _write_manifest(
    folder: Path, built: Build, inputs: Mapping[str, Any], recorded_at: str, hashes: Mapping[str, str]
) -> dict[str, str]:
    listed = [f.as_dict() for f in built.findings]
    (folder / "findings.json").write_text(json.dumps(listed, indent=1, ensure_ascii=False), encoding="utf-8")
    files = {
        p.relative_to(folder).as_posix(): hash_file(p)
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != MANIFEST
    }
    manifest = {
        "inputs": inputs,
        "recorded_at": recorded_at,
        "datasets": hashes,
        "sizes": {name: asdict(size) for name, size in built.sizes.items()},
        "files": files,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    return files
