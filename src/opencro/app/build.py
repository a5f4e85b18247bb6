"""`opencro build`: a snapshot of the ledger becomes SDTM datasets, Define-XML and a manifest.

What was made is described by `build/manifest.json`: hashes of the definitions and of the records that went in, the
ledger position and anchor, and the hash of every file that came out. When the inputs are the same and the files are
intact, nothing is made again; a dataset whose content did not change is not written again.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from opencro.app.wiring import Progress, no_progress, open_study_ledger, records_of, terms_of
from opencro.kernel.finding import Findings
from opencro.kernel.hashing import canonical_json, hash_file, sha256_hex
from opencro.ledger import Snapshot
from opencro.study import Study, definition_hash
from opencro.submission import write_define_files
from opencro.tabulation import (
    Assembly,
    Dataset,
    Tabulation,
    assemble_datasets,
    load_domains,
    load_links,
    tabulate,
    write_dataset_json,
    write_dataset_parquet,
    write_xpt,
)

MANIFEST = "manifest.json"
KINDS = ("xpt", "json", "parquet")


@dataclass(frozen=True)
class Build:
    """What a build made: datasets by name, findings, files relative to `folder`, seconds per step."""

    folder: Path
    position: int
    anchor: str
    datasets: Mapping[str, Dataset]
    findings: Findings
    files: Mapping[str, str]
    seconds: Mapping[str, float] = field(default_factory=dict)
    reused: bool = False

    def frame(self, dataset: str) -> Any:
        """A dataset's rows as a Polars frame."""
        return self.datasets[dataset].frame


@dataclass
class _Stopwatch:
    """Seconds of processor time per step, and the bar that people watch."""

    progress: Progress
    steps: tuple[str, ...]
    seconds: dict[str, float] = field(default_factory=dict)
    _started: float = field(default_factory=time.perf_counter)

    def lap(self, step: str) -> None:
        """Close a step."""
        now = time.perf_counter()
        self.seconds[step] = self.seconds.get(step, 0.0) + now - self._started
        self._started = now
        self.progress(step, len(self.seconds) / len(self.steps))


STEPS = ("snapshot", "tabulate", "assemble", "datasets", "define", "manifest")


def build(
    study: Study,
    *,
    database: str | None = None,
    position: int | None = None,
    folder: Path | None = None,
    fresh: bool = False,
    progress: Progress = no_progress,
) -> Build:
    """Make everything that a study's declarations say from the state of its ledger.

    `position` takes an earlier state; `folder` is `build/` in the study unless given; `fresh` makes all of it again.
    Raises Refused with findings when the declarations or the data do not allow it; a failed build leaves the former
    one as it was.
    """
    watch = _Stopwatch(progress, STEPS)
    target = folder or study.root / "build"
    with open_study_ledger(study, database) as ledger:
        snapshot = ledger.snapshot(position)
        inputs = _inputs(study, snapshot)
        former = read_manifest(target)
        if not fresh and former is not None and former["inputs"] == inputs and _intact(target, former):
            return _reuse(target, former)
        watch.lap("snapshot")
        made, assembly = tabulate_study(study, snapshot)
    watch.lap("tabulate")
    watch.lap("assemble")
    created = datetime.fromisoformat(snapshot.recorded_at or "1970-01-01T00:00:00+00:00").astimezone(UTC)
    findings = made.findings + assembly.findings
    with _replacing(target) as fresh_folder:
        kept = {} if fresh or former is None else former["datasets"]
        hashes = write_datasets(assembly.datasets, fresh_folder / "sdtm", created, kept, target / "sdtm")
        watch.lap("datasets")
        write_define_files(study, made.domains, assembly.datasets, terms_of(study), fresh_folder / "sdtm", created)
        watch.lap("define")
        files = _write_manifest(fresh_folder, inputs, snapshot, hashes, findings)
    watch.lap("manifest")
    return Build(target, snapshot.position, snapshot.anchor, assembly.datasets, findings, files, watch.seconds)


@contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """A new folder that takes the place of `target` when all went well, and vanishes when not."""
    fresh, former = target.with_name(f"{target.name}.new"), target.with_name(f"{target.name}.old")
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
        shutil.rmtree(former, ignore_errors=True)


def tabulate_study(study: Study, snapshot: Snapshot, participant: str | None = None) -> tuple[Tabulation, Assembly]:
    """Records to datasets, in memory; for all participants or one."""
    catalogue = terms_of(study).catalogue("sdtmig", study.file.standards["sdtmig"])
    made = tabulate(study, load_domains(study), records_of(study, snapshot, participant), catalogue)
    return made, assemble_datasets(study, made, load_links(study), catalogue)


def write_datasets(
    datasets: Mapping[str, Dataset], folder: Path, created: datetime, kept: Mapping[str, str], old: Path
) -> dict[str, str]:
    """Write each dataset as SAS transport, Dataset-JSON and Parquet; one that is as in `kept` comes from `old`."""
    hashes: dict[str, str] = {}
    for kind in KINDS:
        (folder / kind).mkdir(parents=True, exist_ok=True)
    for name, dataset in datasets.items():
        hashes[name] = content_hash(dataset)
        files = [f"{kind}/{name.lower()}.{kind}" for kind in KINDS]
        if kept.get(name) == hashes[name] and all((old / f).is_file() for f in files):
            for file in files:
                os.link(old / file, folder / file)
            continue
        write_xpt(dataset, folder / files[0], created=created)
        write_dataset_json(dataset, folder / files[1], created=created)
        write_dataset_parquet(dataset, folder / files[2])
    return hashes


def content_hash(dataset: Dataset) -> str:
    """A fingerprint of a dataset's description and cells."""
    described = [dataset.name, dataset.label, [(c.name, c.label, c.type, c.length) for c in dataset.columns]]
    rows = dataset.frame.hash_rows(seed=0)
    return sha256_hex(canonical_json([described, len(rows)]) + rows.to_numpy().tobytes())


def _inputs(study: Study, snapshot: Snapshot) -> dict[str, Any]:
    return {
        "study": study.id,
        "definition": definition_hash(study),
        "position": snapshot.position,
        "anchor": snapshot.anchor,
        "software": version("opencro"),
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
    return Build(folder, inputs["position"], inputs["anchor"], {}, Findings(), manifest["files"], reused=True)


def _write_manifest(
    folder: Path, inputs: dict[str, Any], snapshot: Snapshot, hashes: dict[str, str], findings: Findings
) -> dict[str, str]:
    listed = [f.as_dict() for f in findings]
    (folder / "findings.json").write_text(json.dumps(listed, indent=1, ensure_ascii=False), encoding="utf-8")
    files = {
        p.relative_to(folder).as_posix(): hash_file(p)
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != MANIFEST
    }
    manifest = {"inputs": inputs, "recorded_at": snapshot.recorded_at, "datasets": hashes, "files": files}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True), encoding="utf-8")
    return files
