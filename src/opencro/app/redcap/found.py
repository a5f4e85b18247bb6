"""A new project: a study folder of its own, with the dictionary, events, settings and data of a REDCap project XML.

Source: REDCap's API, content=project with data, by a token that may make projects.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from opencro.app.definition import Definition, write_definition
from opencro.app.redcap.definition import write_sites
from opencro.app.redcap.dictionary import complete_rows
from opencro.app.redcap.document import RedcapDocument, RepeatEntry, ReportEntry, write_redcap
from opencro.app.redcap.exchange import Answer, ApiRefused, Call
from opencro.app.redcap.export_records import EVENT, INSTANCE, INSTRUMENT
from opencro.app.redcap.files import keep_files
from opencro.app.redcap.import_records import gather, store
from opencro.app.redcap.metadata import new_document, read_dictionary
from opencro.app.redcap.project import CLASSIC_EVENT, unique_name
from opencro.app.redcap.project_info import SETTINGS
from opencro.app.redcap.project_xml import DataRow, ProjectXml, XmlEvent, read_project_xml
from opencro.app.redcap.rights import from_xml, owner_flags
from opencro.app.redcap.rows import flatten, parse_rows, render_text
from opencro.app.redcap.session import Founder, Session
from opencro.app.redcap.settings import change_settings
from opencro.app.redcap.structure import map_forms, visit_days
from opencro.app.redcap.users import new_role_name
from opencro.kernel.finding import Refused
from opencro.study import Arm, Protocol, Visit, load_study
from opencro.study.model.protocol import Design, Schedule
from opencro.study.model.whole import StudyFile

_PURPOSES = ("0", "1", "2", "3", "4")
_BLANK = {"field_name": "record_id", "form_name": "form_1", "field_type": "text", "field_label": "Record ID"}


def found_project(founder: Founder, call: Call) -> Answer:
    """content=project with data; answers the token of the new project."""
    info = {k: flatten(v).strip() for row in parse_rows(call.text("data"), call.format) for k, v in row.items()}
    title = info.get("project_title", "")
    if not title or info.get("purpose", "") not in _PURPOSES:
        raise ApiRefused("The project needs a project_title, and a purpose from 0 to 4.")
    odm = read_project_xml(call.text("odm")) if call.text("odm") else _blank_project(info)
    folder = _new_folder(founder.folder, title)
    try:
        _write_study(folder, title, odm, {n: t for n, t in info.items() if n in SETTINGS})
        session = _open(founder, folder)
        _set_up(session, odm, founder.user)
        _take_data(session, odm)
    except (ApiRefused, Refused):
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return render_text(founder.found(folder, founder.user), call.return_format)


def _blank_project(info: Mapping[str, str]) -> ProjectXml:
    row = complete_rows([_BLANK])[0]
    events: tuple[XmlEvent, ...] = ()
    if info.get("is_longitudinal") == "1":
        events = (XmlEvent(CLASSIC_EVENT, "Event 1", 1, "Arm 1", "", "", "", "", ("form_1",)),)
    nothing: dict[str, Any] = {"settings": {}, "groups": (), "roles": (), "repeating": (), "surveys": {}, "reports": ()}
    return ProjectXml("", "record_id", (row,), {"form_1": "Form 1"}, events, **nothing, vendor={})


def _new_folder(projects: Path, title: str) -> Path:
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:48] or "project"
    stem = words if words[0].isalpha() else f"p-{words}"
    number, name = 1, stem
    while (projects / name).exists():
        number += 1
        name = f"{stem}-{number}"
    (projects / name).mkdir(parents=True)
    return projects / name


def _write_study(folder: Path, title: str, odm: ProjectXml, info: Mapping[str, str]) -> None:
    made = read_dictionary(complete_rows(odm.rows), odm.titles)
    visits = tuple(_visit(event, number) for number, event in enumerate(odm.events, 1))
    repeating = {entry.form for entry in odm.repeating}
    forms = {
        form.id: form.model_copy(update={"participant_level": not visits, "repeating": form.id in repeating})
        for form in made.forms.values()
    }
    pairs = [(event.unique, form) for event in odm.events for form in event.forms]
    schedule = map_forms(Schedule(visits=visits), forms, pairs) if visits else Schedule()
    arms = {event.arm: event.arm_name for event in odm.events}
    design = Design(arms=tuple(Arm(id=f"arm_{n}", name=name) for n, name in sorted(arms.items())))
    file = StudyFile(id=folder.name, title=title, version="1")
    protocol = Protocol(design=design, schedule=schedule)
    write_definition(folder, Definition(file, protocol, tuple(forms.values()), tuple(made.codelists.values())))
    update = {
        "longitudinal": bool(visits),
        "event_labels": {event.unique: event.label for event in odm.events if event.label},
        "repeating": tuple(_repeat(entry, bool(visits)) for entry in odm.repeating),
        "settings": {**odm.settings, **info},
        "surveys": odm.surveys,
        "vendor": odm.vendor,
        "reports": {str(number): _report(report) for number, report in enumerate(odm.reports, 1)},
    }
    write_redcap(folder, new_document(odm.rows, made).model_copy(update=update))
    groups = {unique_name(name): name for name in odm.groups}
    write_sites(folder, {RedcapDocument().site: "In no data access group"} | groups)


def _visit(event: XmlEvent, number: int) -> Visit:
    day, window = visit_days(event.day_offset, event.offset_min, event.offset_max)
    return Visit(id=event.unique, name=event.name, number=number, day=day, window=window)


def _repeat(entry: RepeatEntry, longitudinal: bool) -> RepeatEntry:
    return entry if longitudinal else entry.model_copy(update={"event": ""})


def _report(report: Mapping[str, str]) -> ReportEntry:
    split = {
        n: tuple(x for x in report.get(f"redcap_reports_{n}", "").split(",") if x) for n in ("fields", "filter_events")
    }
    title, logic = report.get("title", "") or "Report", report.get("advanced_logic", "")
    return ReportEntry(title=title, fields=split["fields"], events=split["filter_events"], filter=logic)


def _open(founder: Founder, folder: Path) -> Session:
    study = load_study(folder)
    return Session(founder.user, study, founder.open_ledger(study), (), founder.now)


def _set_up(session: Session, odm: ProjectXml, user: str) -> None:
    """The maker has every right; roles come from the file. Both are facts."""
    forms = list(session.project.instruments)
    owner = {**owner_flags(), "forms": dict.fromkeys(forms, 1), "forms_export": dict.fromkeys(forms, 1)}
    acts = change_settings(session.ledger, "user", {user: owner})
    roles = {role.get("unique_role_name") or new_role_name(role.get("role_name", "")): role for role in odm.roles}
    acts += change_settings(session.ledger, "role", {name: from_xml(role, forms) for name, role in roles.items()})
    session.publish()
    session.append(acts, "people")


def _take_data(session: Session, odm: ProjectXml) -> None:
    rows = list(_data_rows(session, odm.data))
    if rows:
        intake = gather(session, rows)
        store(intake, "\n".join(map(repr, rows)), "REDCap project XML")
    keep_files(session, [row for row in odm.data if row.files])


def _data_rows(session: Session, data: Iterable[DataRow]) -> Iterable[dict[str, str]]:
    project = session.project
    found: dict[tuple[str, str, str, int], dict[str, str]] = {}
    for part in data:
        event = part.event or CLASSIC_EVENT
        kind = project.repeat_of(event, part.form)
        instance = {"instrument": part.form_repeat, "event": part.event_repeat}.get(kind, 0)
        place = (part.record, event, part.form if kind == "instrument" else "", instance)
        row = found.setdefault(place, _start(project.record_id, place, project.longitudinal))
        row |= {name: text for name, text in part.values.items() if name != project.record_id}
    return found.values()


def _start(record_id: str, place: tuple[str, str, str, int], longitudinal: bool) -> dict[str, str]:
    record, event, form, instance = place
    row = {record_id: record, **({EVENT: event} if longitudinal else {})}
    return row | ({INSTRUMENT: form, INSTANCE: str(instance)} if instance else {})
