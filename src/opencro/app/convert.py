"""`opencro convert`: protocols and datasets from one exchange format to another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from opencro.app.definition import read_definition, write_definition
from opencro.kernel.finding import Finding, Findings, Place, Refused, suggest
from opencro.study import Study, load_study
from opencro.study.formats.fhir import write_questionnaire
from opencro.study.formats.odm import OdmVersion, write_odm
from opencro.study.formats.redcap import dictionary_fields, write_dictionary
from opencro.study.formats.usdm import usdm_from_protocol, write_usdm
from opencro.tabulation import (
    Dataset,
    read_dataset_json,
    read_dataset_parquet,
    read_xpt,
    write_dataset_json,
    write_dataset_parquet,
    write_xpt,
)

TARGETS = ("usdm", "odm-1.3.2", "odm-2.0", "redcap", "fhir", "study", "xpt", "json", "ndjson", "parquet")
_BY_SUFFIX = {
    ".xpt": "xpt",
    ".json": "json",
    ".ndjson": "ndjson",
    ".parquet": "parquet",
    ".xml": "odm-1.3.2",
    ".csv": "redcap",
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
    elif kind == "redcap":
        fields, findings = dictionary_fields(study)
        target.write_bytes(write_dictionary(fields))
        return Findings(findings)
    elif kind == "fhir":
        return _questionnaires(study, target)
    else:
        remedy = "Use `opencro build` for a study's datasets."
        raise Refused(
            [Finding("CNV-002", Place(str(source)), f"a study's folder to {kind}", "usdm, odm, redcap or fhir", remedy)]
        )
    return Findings()


def _questionnaires(study: Study, target: Path) -> Findings:
    """The only form of a study as a file .json, or all of them as files in a folder."""
    single = target.suffix == ".json"
    if single and len(study.forms) != 1:
        got = f"{len(study.forms)} forms in one file"
        remedy = "Name a folder: each form becomes a file there."
        raise Refused([Finding("CNV-002", Place(str(target)), got, "one form, or a folder", remedy)])
    findings = Findings()
    for form in study.forms.values():
        data, notes = write_questionnaire(study, form)
        file = target if single else target / f"{form.id}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        findings += notes
    return findings


def _into_folder(source: Path, target: Path) -> Findings:
    if target.exists() and any(target.iterdir()):
        remedy = "Name a new folder; nothing is written over."
        raise Refused([Finding("CNV-005", Place(str(target)), "the folder is not empty", "a new folder", remedy)])
    made = read_definition(source)
    write_definition(target, made)
    return made.findings
