"""`opencro package`: the next eCTD sequence of a study out of its build, and the proof that a package is whole.

A package is a folder of sequences. Beside them stand what agencies don't take into a sequence (`beside/0001`:
Dataset-JSON, the guides as HTML), and SHA256SUMS over everything.

A sequence appears with what stands beside it and its sums, or not at all: all of it is prepared in one hidden folder,
whose change of name decides. What a stopped run left is taken away by the next one, or put in place if it was decided.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from opencro.app.build import build
from opencro.app.package_documents import make_documents
from opencro.app.wiring import Progress, no_progress
from opencro.kernel.finding import Finding, Findings, Place, Refused
from opencro.kernel.hashing import hash_file
from opencro.study import Study
from opencro.submission.ectd import Leaf, check_dossier, load_dossier, read_sequences, write_sequence
from opencro.submission.study_files import DATASETS, plan_study_files, section_of

SUMS = "SHA256SUMS"
BESIDE = "beside"
REGIONAL = "submission/m1"
PENDING, READY = ".opencro-pending", ".opencro-ready"


@dataclass(frozen=True)
class Packaged:
    """What a sequence sends, and what its checks found."""

    folder: Path
    sequence: str
    position: int
    leaves: tuple[Leaf, ...]
    findings: Findings


def package_study(
    study: Study,
    folder: Path,
    *,
    sequence: str | None = None,
    dtds: Path | None = None,
    database: str | None = None,
    progress: Progress = no_progress,
) -> Packaged:
    """Build a study and write the next sequence of its package; a sequence is written whole or not at all.

    Refused where the folder holds something else (ECT-041) or a package that was changed (ECT-040), and as
    `write_sequence` does.
    """
    dossier = load_dossier(study)
    finish_interrupted(folder)
    _refuse_folder(folder)
    made = build(study, database=database, progress=progress)
    number = sequence or _next_number(folder)
    labels = {name: size.label for name, size in made.sizes.items()}
    documents = make_documents(study, made)
    if not documents.findings.ok:
        raise Refused(documents.findings)
    files = plan_study_files(study, dossier, made.folder, labels, documents.files)
    pending = folder / PENDING
    pending.mkdir(parents=True)
    try:
        leaves = write_sequence(
            folder, number, dossier, section_of(study, dossier), files, dtds, pending, study.root / REGIONAL
        )
        _put_beside(pending / BESIDE / number, made.folder, documents.pages)
        sums = sorted([*_told(folder), *sum_files(pending).splitlines(keepends=True)], key=lambda line: line[66:])
        (pending / SUMS).write_text("".join(sums), encoding="utf-8")
        pending.rename(folder / READY)
    finally:
        shutil.rmtree(pending, ignore_errors=True)
    finish_interrupted(folder)
    return Packaged(folder, number, made.position, leaves, documents.findings + check_dossier(folder, dtds))


def finish_interrupted(folder: Path) -> None:
    """Take away what a run left that was stopped while it prepared, put in place what one had prepared to the end."""
    shutil.rmtree(folder / PENDING, ignore_errors=True)
    ready = folder / READY
    if not ready.is_dir():
        return
    (folder / BESIDE).mkdir(exist_ok=True)
    beside = [path.relative_to(ready) for path in sorted((ready / BESIDE).glob("*"))]
    sequences = [path.relative_to(ready) for path in sorted(ready.iterdir()) if path.name not in (BESIDE, SUMS)]
    for name in (*sequences, *beside):
        (ready / name).rename(folder / name)
    if (ready / SUMS).is_file():
        (ready / SUMS).replace(folder / SUMS)
    shutil.rmtree(ready)


def _told(folder: Path) -> list[str]:
    """The lines of the sums that stand."""
    path = folder / SUMS
    return path.read_text(encoding="utf-8").splitlines(keepends=True) if path.is_file() else []


def _put_beside(folder: Path, built: Path, pages: Mapping[str, str]) -> None:
    for package in DATASETS:
        if (built / package / "json").is_dir():
            shutil.copytree(built / package / "json", folder / "dataset-json" / package, dirs_exist_ok=True)
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")


def verify_package(folder: Path, dtds: Path | None = None) -> Findings:
    """Whether a package is as it was written: every byte, every leaf (ECT-040, ECT-041 and those of sequences)."""
    changed = _check_sums(folder)
    return Findings(tuple(changed)) + check_dossier(folder, dtds)


def sum_files(folder: Path) -> str:
    """The SHA-256 of every file below a folder, as `sha256sum -c` reads them."""
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return "".join(f"{hash_file(folder / name)}  {name}\n" for name in names if name != SUMS)


def _check_sums(folder: Path) -> list[Finding]:
    if not (folder / SUMS).is_file():
        remedy = "Name a folder that `opencro package` made."
        return [Finding("ECT-041", Place(str(folder)), f"no {SUMS}", "a package", remedy)]
    told = set((folder / SUMS).read_bytes().decode("utf-8", "replace").splitlines(keepends=True))
    real = set(sum_files(folder).splitlines(keepends=True))
    names = sorted({line.rstrip("\n")[66:] for line in told ^ real})
    return [
        Finding("ECT-040", Place(name or SUMS), "changed, added or taken away", f"what {SUMS} says", "Make it again.")
        for name in names
    ]


def _refuse_folder(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        found = _check_sums(folder)
        if found:
            raise Refused(found)


def _next_number(folder: Path) -> str:
    former = read_sequences(folder)
    return f"{int(former[-1].number) + 1:04d}" if former else "0001"
