"""`opencro convert`: protocols and datasets from one exchange format to another."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import yaml
from pydantic import BaseModel

from opencro.kernel.finding import Finding, Findings, Place, Refused, suggest
from opencro.study import CodeList, EditCheck, Form, Protocol, load_study
from opencro.study.formats.odm import OdmVersion, read_odm, write_odm
from opencro.study.formats.usdm import protocol_from_usdm, read_usdm, usdm_from_protocol, write_usdm
from opencro.study.model.form import CodeLists, EditChecks, Translation
from opencro.study.model.whole import StudyFile
from opencro.tabulation import (
    Dataset,
    read_dataset_json,
    read_dataset_parquet,
    read_xpt,
    write_dataset_json,
    write_dataset_parquet,
    write_xpt,
)

TARGETS = ("usdm", "odm-1.3.2", "odm-2.0", "study", "xpt", "json", "ndjson", "parquet")
_BY_SUFFIX = {
    ".xpt": "xpt",
    ".json": "json",
    ".ndjson": "ndjson",
    ".parquet": "parquet",
    ".xml": "odm-1.3.2",
    "": "study",
}
_DATASETS = ("xpt", "json", "ndjson", "parquet")


def convert(source: Path, target: Path, to: str = "") -> Findings:
    """Write `source` as `target`; findings say what cannot be said there. Refused when it cannot be done at all."""
    kind = to or ("usdm" if source.is_dir() and target.suffix == ".json" else _BY_SUFFIX.get(target.suffix, ""))
    if kind not in TARGETS:
        remedy = suggest(kind, TARGETS) or "Give --to."
        raise Refused([Finding("CNV-001", Place(str(target)), f'target "{kind}"', ", ".join(TARGETS), remedy)])
    if kind == "study":
        return _into_folder(source, target)
    if source.is_dir():
        return _from_folder(source, target, kind)
    if kind not in _DATASETS:
        remedy = "Convert it to a study's folder first."
        raise Refused([Finding("CNV-002", Place(str(source)), "a single file", f"a study's folder for {kind}", remedy)])
    return _write_dataset(read_any(source), target, kind)


def read_any(source: Path) -> Dataset:
    """One dataset out of a file, by its suffix; Refused (CNV-003, CNV-004) when it is none or holds several."""
    readers: Mapping[str, Callable[[Path], Dataset]] = {
        ".json": read_dataset_json,
        ".ndjson": read_dataset_json,
        ".dsjc": read_dataset_json,
        ".parquet": read_dataset_parquet,
    }
    if source.suffix == ".xpt":
        found = read_xpt(source)
        if len(found) != 1:
            got = f"{len(found)} datasets: {', '.join(d.name for d in found)}"
            raise Refused([Finding("CNV-004", Place(source.name), got, "one dataset in the file", "Split the file.")])
        return found[0]
    if source.suffix not in readers:
        got = f'file type "{source.suffix}"'
        raise Refused(
            [Finding("CNV-003", Place(source.name), got, "xpt, json, ndjson, dsjc or parquet", "Name such a file.")]
        )
    return readers[source.suffix](source)


def _write_dataset(dataset: Dataset, target: Path, kind: str) -> Findings:
    created = datetime.now(UTC)
    if kind == "xpt":
        return write_xpt(dataset, target, created=created)
    if kind == "parquet":
        write_dataset_parquet(dataset, target)
        return Findings()
    return write_dataset_json(dataset, target, created=created, layout="ndjson" if kind == "ndjson" else "json")


def _from_folder(source: Path, target: Path, kind: str) -> Findings:
    study = load_study(source)
    if kind == "usdm":
        target.write_bytes(write_usdm(usdm_from_protocol(study.file, study.protocol)))
    elif kind in ("odm-1.3.2", "odm-2.0"):
        version: OdmVersion = "2.0" if kind == "odm-2.0" else "1.3.2"
        target.write_bytes(write_odm(study, version, created=datetime.now(UTC)))
    else:
        remedy = "Use `opencro build` for a study's datasets."
        raise Refused([Finding("CNV-002", Place(str(source)), f"a study's folder to {kind}", "usdm or odm", remedy)])
    return Findings()


def _into_folder(source: Path, target: Path) -> Findings:
    if target.exists() and any(target.iterdir()):
        remedy = "Name a new folder; nothing is written over."
        raise Refused([Finding("CNV-005", Place(str(target)), "the folder is not empty", "a new folder", remedy)])
    if source.suffix == ".json":
        document = read_usdm(source.read_bytes(), source.name)
        protocol, findings = protocol_from_usdm(document)
        name = str(document.value["study"].get("name") or source.stem)
        write_folder(
            target, StudyFile(id=_identity(name), title=name, version="1", standards={"usdm": "4.0"}), protocol
        )
        return findings
    read = read_odm(source.read_bytes(), source.name)
    if not read.findings.ok:
        raise Refused(read.findings)
    title = read.title or read.study_name or source.stem
    file = StudyFile(
        id=_identity(read.study_name or source.stem), title=title, version="1", protocol=read.protocol_name
    )
    protocol = Protocol(design=read.design, schedule=read.schedule)
    write_folder(target, file, protocol, read.forms, read.codelists, read.checks)
    return read.findings


def _identity(name: str) -> str:
    words = re.sub(r"[^A-Za-z0-9_.-]+", "_", name).strip("_.-")
    return (words if words[:1].isalpha() else f"S{words}")[:64]


def write_folder(
    folder: Path,
    file: StudyFile,
    protocol: Protocol,
    forms: tuple[Form, ...] = (),
    codelists: tuple[CodeList, ...] = (),
    checks: tuple[EditCheck, ...] = (),
    translations: Mapping[str, Mapping[str, str]] = {},
) -> None:
    """A study's folder out of its parts; parts that are empty get no file."""
    parts: dict[str, BaseModel] = {"study.yaml": file}
    parts |= {f"protocol/{name}.yaml": getattr(protocol, name) for name in type(protocol).model_fields}
    parts |= {f"forms/{form.id}.yaml": form for form in forms}
    if codelists:
        parts["forms/codelists.yaml"] = CodeLists(codelists=codelists)
    if checks:
        parts["forms/checks.yaml"] = EditChecks(checks=checks)
    parts |= {f"forms/translations/{tag}.yaml": Translation(dict(words)) for tag, words in translations.items()}
    for name, part in parts.items():
        values = part.model_dump(mode="json", exclude_defaults=True)
        if values:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=120), encoding="utf-8")
