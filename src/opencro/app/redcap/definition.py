"""A study folder changed by a program: only what is new is written, and a version in use is left alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel

from opencro.app.redcap.document import RedcapDocument, read_redcap, write_redcap
from opencro.study import CodeList, Form, Study, capture_hash, load_study, published_versions
from opencro.study.model.form import CodeLists
from opencro.study.model.protocol import Design, Schedule

SITES = "conduct/sites.yaml"


@dataclass(frozen=True)
class Definition:
    """The parts of a study that are to become so; what is left out stays."""

    forms: Mapping[str, Form] | None = None
    codelists: Mapping[str, CodeList] | None = None
    schedule: Schedule | None = None
    design: Design | None = None
    document: RedcapDocument | None = None
    title: str | None = None
    sites: Mapping[str, str] | None = None
    """Site -> its name: all that conduct/sites.yaml is to hold."""


def write_definition(study: Study, definition: Definition) -> None:
    """Write what differs into the study's folder and give the study a new version where the old one was published."""
    root = study.root
    if definition.forms is not None:
        _write_forms(study, definition.forms)
    if definition.codelists is not None and dict(definition.codelists) != dict(study.codelists):
        _write(root / "forms/codelists.yaml", CodeLists(codelists=tuple(definition.codelists.values())))
    for name, part, held in (
        ("schedule", definition.schedule, study.protocol.schedule),
        ("design", definition.design, study.protocol.design),
    ):
        if part is not None and part != held:
            _write(root / f"protocol/{name}.yaml", part)
    if definition.document is not None and definition.document != read_redcap(study):
        write_redcap(root, definition.document)
    if definition.title is not None and definition.title != study.file.title:
        _put_line(root / "study.yaml", "title", definition.title)
    if definition.sites is not None:
        write_sites(root, definition.sites)
    _next_version(root)


def read_sites(study: Study) -> dict[str, str]:
    """Site -> name, as conduct/sites.yaml says."""
    found = study.documents.get(SITES)
    sites = {} if found is None else found.value.get("sites") or {}
    return {str(site): str((entry or {}).get("name") or site) for site, entry in sites.items()}


def write_sites(root: Path, sites: Mapping[str, str]) -> None:
    """Sites and their names; what else the file says of them stays."""
    path = root / SITES
    held = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
    held = held or {}
    before = held.get("sites") or {}
    held["sites"] = {site: {**(before.get(site) or {}), "name": name} for site, name in sites.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_text(held), encoding="utf-8")


def _write_forms(study: Study, forms: Mapping[str, Form]) -> None:
    for form in forms.values():
        if study.forms.get(form.id) != form:
            _write(study.root / f"forms/{form.id}.yaml", form)
    for name in study.forms.keys() - forms.keys():
        (study.root / f"forms/{name}.yaml").unlink(missing_ok=True)


def _write(path: Path, part: BaseModel) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_text(part.model_dump(mode="json", exclude_defaults=True)), encoding="utf-8")


def _text(values: object) -> str:
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=120)


def _next_version(root: Path) -> None:
    study = load_study(root)
    published = {version.name: version for version in published_versions(root)}
    name = study.file.version
    if name not in published or published[name].definition_hash == capture_hash(study):
        return
    while name in published:
        match = re.search(r"\d+\Z", name)
        name = f"{name[: match.start()]}{int(match[0]) + 1}" if match else f"{name}.1"
    _put_line(root / "study.yaml", "version", name)


def _put_line(path: Path, key: str, value: str) -> None:
    """One line of study.yaml; the rest, with its comments, stays as it was written."""
    text = path.read_text(encoding="utf-8")
    line = f"{key}: {yaml.safe_dump(value, allow_unicode=True, default_style=chr(34), width=10_000).strip()}"
    changed, count = re.subn(rf"^{key}:.*(?:\n[ \t]+.*)*$", lambda _: line, text, count=1, flags=re.MULTILINE)
    path.write_text(changed if count else f"{text.rstrip()}\n{line}\n", encoding="utf-8")
