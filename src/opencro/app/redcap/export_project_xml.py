"""The whole project as one file that makes a project again.

Source: REDCap's API, content=project_xml.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from opencro.app.redcap.exchange import Answer, Call
from opencro.app.redcap.export_records import Column, all_columns, chosen_lines, note_export, raw_renderer, select
from opencro.app.redcap.lines import Line
from opencro.app.redcap.project_info import VERSION
from opencro.app.redcap.project_xml import REDCAP
from opencro.app.redcap.rights import to_xml
from opencro.app.redcap.session import Session
from opencro.app.redcap.settings import read_settings
from opencro.app.redcap.write_project_xml import add_groups, child, item_groups, make_root
from opencro.capture import read_upload
from opencro.capture.uploads import file_digest, file_name


def export_project_xml(session: Session, call: Call) -> Answer:
    """content=project_xml: metadata, and data unless `returnMetadataOnly`; files with `exportFiles`."""
    session.rights.demand("api_export", "design")
    root = make_root(session.project, session.now().strftime("%Y-%m-%dT%H:%M:%S"), VERSION)
    groups = list(session.groups().values()) if session.rights.may("data_access_groups") else []
    roles = read_settings(session.ledger, "role") if session.rights.may("user_rights") else {}
    add_groups(root, groups, {name: to_xml(role) for name, role in roles.items()})
    if not call.says("returnMetadataOnly"):
        lines = chosen_lines(session, call)
        _data(session, call, root, lines)
        note_export(session, "project XML", "xml", len(lines))
    body = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return Answer(body, "text/xml; charset=utf-8")


@dataclass(frozen=True)
class _Writing:
    """What is the same for every line of one file."""

    session: Session
    columns: Sequence[Column]
    render: Callable[[Line, Column], str]
    homes: Mapping[str, str]
    with_files: bool


def _writing(session: Session, call: Call) -> _Writing:
    project = session.project
    asked = {c.name for c in select(session, call).columns}
    columns = [c for c in all_columns(session) if c.name in asked]
    homes = {f.name: oid for name in project.instruments for oid, fields in item_groups(project, name) for f in fields}
    return _Writing(session, columns, raw_renderer(session), homes, call.says("exportFiles"))


def _data(session: Session, call: Call, root: etree._Element, lines: Sequence[Line]) -> None:
    project = session.project
    said = {"StudyOID": f"Project.{project.study.id}", "MetaDataVersionOID": f"Metadata.{project.study.id}"}
    clinical = child(root, "ClinicalData", **said)
    writing = _writing(session, call)
    subject, at = clinical, ""
    for line in lines:
        if line.record != at:
            subject, at = child(clinical, "SubjectData", SubjectKey=line.record), line.record
            subject.set(f"{REDCAP}RecordIdField", project.record_id)
        _line(writing, subject, line)


def _line(writing: _Writing, subject: etree._Element, line: Line) -> None:
    project = writing.session.project
    parent = subject
    if project.longitudinal:
        repeat = str(line.instance if line.instance and not line.instrument else 1)
        said = {"StudyEventOID": f"Event.{line.event}", "StudyEventRepeatKey": repeat}
        parent = child(subject, "StudyEventData", **said, redcap_UniqueEventName=line.event)
    for name in project.instruments:
        first = name == project.fields[project.record_id].instrument
        if (name in line.touched or (first and not line.instrument)) and line.instrument in ("", name):
            repeat = str(line.instance if line.instrument else 1)
            form = child(parent, "FormData", FormOID=f"Form.{name}", FormRepeatKey=repeat)
            _form(writing, form, line, name)


def _form(writing: _Writing, form: etree._Element, line: Line, name: str) -> None:
    groups: dict[str, etree._Element] = {}
    for column in writing.columns:
        stored = line.values.get(column.field, "")
        text = writing.render(line, column) if column.instrument == name else ""
        if not text or (column.code and not stored):
            continue
        oid = writing.homes.get(column.field, f"{name}.{column.field}")
        if oid not in groups:
            groups[oid] = child(form, "ItemGroupData", ItemGroupOID=oid, ItemGroupRepeatKey="1")
        if file_digest(stored):
            _file(writing, groups[oid], column, stored)
        else:
            child(groups[oid], "ItemData", ItemOID=column.name, Value=text)
        group = writing.session.group_of(line.site)
        if column.field == writing.session.project.record_id and group:
            child(groups[oid], "ItemData", ItemOID="redcap_data_access_group", Value=group)


def _file(writing: _Writing, parent: etree._Element, column: Column, stored: str) -> None:
    root = writing.session.study.root
    content = read_upload(root, file_digest(stored)) if writing.with_files else None
    if content is not None:
        text = base64.b64encode(content).decode()
        said = {"ItemOID": column.name, "redcap_DocName": file_name(stored)}
        child(parent, "ItemDataBase64Binary", text, **said, redcap_MimeType="application/octet-stream")
