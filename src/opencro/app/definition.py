"""The definition of a study out of a file that somebody else's system wrote, and the folder that it becomes.

A file is known by what it says of itself, not by its name alone: REDCap's project XML is ODM to the eye.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import BaseModel

from opencro.kernel.finding import Findings, Refused, Severity
from opencro.kernel.located import render_yaml
from opencro.study import CodeList, EditCheck, Form, Protocol
from opencro.study.formats.fhir import is_questionnaire, read_questionnaire
from opencro.study.formats.odm import read_odm
from opencro.study.formats.redcap import is_redcap, read_redcap
from opencro.study.formats.usdm import protocol_from_usdm, read_usdm
from opencro.study.formats.xlsform import is_xlsform, read_xlsform
from opencro.study.model.form import CodeLists, EditChecks, Translation
from opencro.study.model.whole import StudyFile


@dataclass(frozen=True)
class Definition:
    """The parts of a study's folder, and what could not be carried into them."""

    file: StudyFile
    protocol: Protocol = field(default_factory=Protocol)
    forms: tuple[Form, ...] = ()
    codelists: tuple[CodeList, ...] = ()
    checks: tuple[EditCheck, ...] = ()
    translations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    findings: Findings = field(default_factory=Findings)


def read_definition(source: Path) -> Definition:
    """The definition in a USDM, ODM, REDCap, XLSForm or FHIR file; raises `Refused` where it holds errors."""
    data = source.read_bytes()
    if source.suffix == ".json" and not is_questionnaire(data):
        return _usdm(data, source)
    if source.suffix == ".json":
        made = _questionnaire(data, source)
    elif is_redcap(data):
        made = _redcap(data, source)
    else:
        made = _xlsform(data, source) if is_xlsform(data, source.name) else _odm(data, source)
    if not made.findings.ok:
        raise Refused(made.findings)
    return made


def _usdm(data: bytes, source: Path) -> Definition:
    document = read_usdm(data, source.name)
    protocol, findings = protocol_from_usdm(document)
    name = str(document.value["study"].get("name") or source.stem)
    file = StudyFile(id=_identity(name), title=name, version="1", standards={"usdm": "4.0"})
    return Definition(file, protocol, findings=findings)


def _odm(data: bytes, source: Path) -> Definition:
    read = read_odm(data, source.name)
    title = read.title or read.study_name or source.stem
    name = _identity(read.study_name or source.stem)
    file = StudyFile(id=name, title=title, version="1", protocol=read.protocol_name, language=read.language)
    protocol = Protocol(
        design=read.design, schedule=read.schedule, objectives=read.objectives, eligibility=read.eligibility
    )
    if "ODM-030" in read.findings.codes():
        none = [replace(f, severity=Severity.ERROR) for f in read.findings if f.code == "ODM-030"]
        raise Refused([*read.findings.errors, *none])
    return Definition(file, protocol, read.forms, read.codelists, read.checks, read.translations, read.findings)


def _redcap(data: bytes, source: Path) -> Definition:
    read = read_redcap(data, source.name)
    title = read.title or source.stem
    file = StudyFile(id=_identity(title), title=title, version="1", participant="{number}")
    protocol = Protocol(design=read.design, schedule=read.schedule)
    return Definition(file, protocol, read.forms, read.codelists, read.checks, findings=read.findings)


def _questionnaire(data: bytes, source: Path) -> Definition:
    read = read_questionnaire(data, source.name)
    name, version = _identity(read.name or source.stem), read.version or "1"
    title, language = read.title or name, read.language or "en"
    file = StudyFile(id=name, title=title, version=version, language=language, participant="{number}")
    return Definition(
        file,
        forms=read.forms,
        codelists=read.codelists,
        checks=read.checks,
        translations=read.translations,
        findings=read.findings,
    )


def _xlsform(data: bytes, source: Path) -> Definition:
    read = read_xlsform(data, source.name)
    name, version = _identity(read.name), read.version or "1"
    file = StudyFile(id=name, title=read.title, version=version, language=read.language, participant="{number}")
    return Definition(
        file,
        forms=read.forms,
        codelists=read.codelists,
        checks=read.checks,
        translations=read.translations,
        findings=read.findings,
    )


def _identity(name: str) -> str:
    words = re.sub(r"[^A-Za-z0-9_.-]+", "_", name).strip("_.-")
    return (words if words[:1].isalpha() else f"S{words}")[:64]


def write_definition(folder: Path, made: Definition) -> None:
    """A study's folder out of its parts; parts that are empty get no file."""
    parts: dict[str, BaseModel] = {"study.yaml": made.file}
    parts |= {f"protocol/{name}.yaml": getattr(made.protocol, name) for name in type(made.protocol).model_fields}
    parts |= {f"forms/{form.id}.yaml": form for form in made.forms}
    if made.codelists:
        parts["forms/codelists.yaml"] = CodeLists(codelists=made.codelists)
    if made.checks:
        parts["forms/checks.yaml"] = EditChecks(checks=made.checks)
    parts |= {f"forms/translations/{tag}.yaml": Translation(dict(words)) for tag, words in made.translations.items()}
    for name, part in parts.items():
        values = part.model_dump(mode="json", exclude_defaults=True)
        if values:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(render_yaml(values), encoding="utf-8")
