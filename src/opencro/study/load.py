"""A study folder read into types: the phase "read", which understands each file by itself.

Source: docs/study-folder.md. References between files are resolved in `check`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from opencro.kernel.finding import Finding, Findings, Place, Refused
from opencro.kernel.located import Located
from opencro.study.folder import USDM, FolderText, read_folder
from opencro.study.formats.usdm.into_protocol import protocol_from_usdm
from opencro.study.formats.usdm.read import read_usdm
from opencro.study.model.form import CodeList, CodeLists, EditChecks, Form, Translation
from opencro.study.model.protocol import Design, Eligibility, Objectives, Protocol, Schedule, Summary
from opencro.study.model.transfer import Transfer
from opencro.study.model.whole import Study, StudyFile
from opencro.study.model_findings import validation_findings

M = TypeVar("M", bound=BaseModel)

PROTOCOL_FILES: Mapping[str, type[BaseModel]] = {
    "protocol/design.yaml": Design,
    "protocol/schedule.yaml": Schedule,
    "protocol/eligibility.yaml": Eligibility,
    "protocol/objectives.yaml": Objectives,
    "protocol/summary.yaml": Summary,
}
CODELISTS, CHECKS = "forms/codelists.yaml", "forms/checks.yaml"
_FORM_FILES: Mapping[str, type[BaseModel]] = {CODELISTS: CodeLists, CHECKS: EditChecks}


@dataclass
class Reading:
    """What was read, even where a part of it could not be understood."""

    study: Study | None
    findings: Findings
    unread: frozenset[str] = field(default_factory=frozenset)
    """Ids of forms and code lists that exist but could not be understood; what names them is not wrong."""


def model_of(name: str) -> type[BaseModel] | None:
    """The type of a definition file by its name; None for documents of later stages."""
    if name == "study.yaml":
        return StudyFile
    if name in PROTOCOL_FILES:
        return PROTOCOL_FILES[name]
    parts = name.split("/")
    if parts[:2] == ["forms", "translations"]:
        return Translation if len(parts) == 3 else None
    if parts[0] == "forms" and len(parts) == 2:
        return _FORM_FILES.get(name, Form)
    return Transfer if parts[:2] == ["conduct", "transfers"] and len(parts) == 3 else None


def load_study(path: Path) -> Study:
    """The study in a folder; raises `Refused` with every finding of the reading."""
    reading = read_study(path)
    if reading.study is None or not reading.findings.ok:
        raise Refused(reading.findings)
    return reading.study


def read_study(path: Path) -> Reading:
    """Read a folder as far as it can be read; `study` is None when study.yaml itself cannot be understood."""
    folder = read_folder(path)
    models: dict[str, BaseModel] = {}
    findings = list(folder.findings)
    unread: set[str] = set()
    for name, document in folder.documents.items():
        model = model_of(name)
        if model is None:
            continue
        part = _understand(document, model, findings)
        if part is None:
            unread |= _ids(document)
        else:
            models[name] = part
    refused = {finding.place.file for finding in folder.findings}
    unread |= {Path(name).stem for name in {*folder.texts, *refused} if name not in folder.documents}
    protocol = _protocol(folder, models, findings)
    study = _study(path, folder, models, protocol)
    return Reading(study, Findings(tuple(findings)), frozenset(unread))


def _understand(document: Located, model: type[M], findings: list[Finding]) -> M | None:
    try:
        return model.model_validate(document.value)
    except ValidationError as error:
        findings.extend(validation_findings(error, document, model=model))
        return None


def _ids(document: Located) -> set[str]:
    lists = document.value.get("codelists")
    parts = lists if isinstance(lists, list) else [document.value]
    return {str(part["id"]) for part in parts if isinstance(part, dict) and "id" in part} | {Path(document.file).stem}


def _protocol(folder: FolderText, models: Mapping[str, BaseModel], findings: list[Finding]) -> Protocol:
    if USDM not in folder.texts:
        return Protocol.model_validate({Path(name).stem: models.get(name, m()) for name, m in PROTOCOL_FILES.items()})
    split = [name for name in folder.texts if name in PROTOCOL_FILES]
    if split:
        got = f"the protocol is given twice: {USDM} and {', '.join(split)}"
        remedy = "Keep one: usdm.json, or the readable split."
        findings.append(Finding("STU-008", Place(USDM), got, "one protocol", remedy))
    try:
        protocol, said = protocol_from_usdm(read_usdm(folder.texts[USDM], USDM))
    except Refused as refused:
        findings.extend(refused.findings)
        return Protocol()
    findings.extend(said)
    return protocol


def _study(path: Path, folder: FolderText, models: Mapping[str, BaseModel], protocol: Protocol) -> Study | None:
    file = models.get("study.yaml")
    if not isinstance(file, StudyFile):
        return None
    codelists = models.get(CODELISTS)
    checks = models.get(CHECKS)
    lists: tuple[CodeList, ...] = codelists.codelists if isinstance(codelists, CodeLists) else ()
    return Study(
        root=path,
        file=file,
        protocol=protocol,
        forms={part.id: part for part in models.values() if isinstance(part, Form)},
        codelists={part.id: part for part in lists},
        checks=checks.checks if isinstance(checks, EditChecks) else (),
        translations={Path(n).stem: part.root for n, part in models.items() if isinstance(part, Translation)},
        transfers={part.id: part for part in models.values() if isinstance(part, Transfer)},
        documents=folder.documents,
        texts=folder.texts,
    )


Study.reader = staticmethod(load_study)
