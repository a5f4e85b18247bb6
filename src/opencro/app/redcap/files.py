"""Files: those that are the values of fields, and the project's own repository.

Source: REDCap's API, content=file and content=fileRepository. The bytes are kept under their SHA-256
(`capture/uploads.py`); what stands where is said by the ledger.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from opencro.app.redcap.exchange import Answer, ApiRefused, Call, Upload
from opencro.app.redcap.export_records import may_export
from opencro.app.redcap.import_records import Intake, key_for
from opencro.app.redcap.lines import Line, Lines, read_lines
from opencro.app.redcap.locks import refuse_locked
from opencro.app.redcap.project import CLASSIC_EVENT, Field
from opencro.app.redcap.project_xml import DataRow
from opencro.app.redcap.rows import render_rows
from opencro.app.redcap.session import Session
from opencro.app.redcap.settings import Value, change_settings, read_settings
from opencro.capture import keep_upload, read_upload
from opencro.capture.uploads import file_digest, file_name, file_value
from opencro.ledger import Change, RecordKey

REASON = "file kept through the REDCap API"


def export_file(session: Session, call: Call) -> Answer:
    """content=file, action=export."""
    session.rights.demand("api_export")
    field, line = _field_and_line(session, call)
    if not may_export(session, field):
        raise ApiRefused("You do not have permissions to export this field.", 403)
    stored = "" if line is None else line.values.get(field.name, "")
    content = read_upload(session.study.root, file_digest(stored)) if stored else None
    if content is None:
        raise ApiRefused("There is no file to download for this record.")
    return _attached(file_name(stored), content)


def import_file(session: Session, call: Call) -> Answer:
    """content=file, action=import."""
    session.rights.demand("api_import")
    upload = _upload(call)
    field, _ = _field_and_line(session, call)
    _write_value(session, call, field, file_value(_plain(upload.name), _keep(session, upload)))
    return Answer()


def delete_file(session: Session, call: Call) -> Answer:
    """content=file, action=delete: the value goes, the bytes and the facts stay."""
    session.rights.demand("api_import")
    field, line = _field_and_line(session, call)
    if line is None or not line.values.get(field.name):
        raise ApiRefused("There is no file to delete for this record.")
    _write_value(session, call, field, None)
    return Answer()


def keep_files(session: Session, rows: Iterable[DataRow]) -> None:
    """The files of a project XML become the values of their fields."""
    project = session.project
    lines = read_lines(project, session.ledger)
    changes = []
    for row in rows:
        event = row.event or CLASSIC_EVENT
        kind = project.repeat_of(event, row.form)
        instance = {"instrument": row.form_repeat, "event": row.event_repeat}.get(kind, 1)
        for name, upload in row.files.items():
            field = project.fields.get(name)
            if field is None or field.type != "file" or field.item is None:
                raise ApiRefused(f"The file's field '{name}' is not a file field of the project.")
            intake = Intake(session, lines, sites=dict(lines.sites))
            place = (row.record, event, row.form if kind == "instrument" else "", instance)
            key = key_for(intake, place, field)
            if key is not None:
                text = file_value(_plain(upload.name), _keep(session, upload))
                changes.append(Change(key, {field.item.id: text}))
    if changes:
        session.append(changes, "enter", REASON)


def _keep(session: Session, upload: Upload) -> str:
    try:
        return keep_upload(session.study.root, upload.content)
    except ValueError as error:
        raise ApiRefused(f"The file is too large: {error}.") from None


def _upload(call: Call) -> Upload:
    upload = call.files.get("file")
    if upload is None:
        raise ApiRefused("No valid file was uploaded.")
    return upload


def _field_and_line(session: Session, call: Call) -> tuple[Field, Line | None]:
    project = session.project
    record, name = call.text("record"), call.text("field")
    field = project.fields.get(name)
    if field is None or field.type != "file":
        raise ApiRefused(f"The field '{name}' does not exist or is not a 'file' field")
    lines = read_lines(project, session.ledger, [record], session.rights.sites)
    if record not in lines.sites:
        raise ApiRefused(f"The record '{record}' does not exist. It must exist to hold a file")
    place = _place(session, call, field)
    return field, next((line for line in lines.lines if line.place == (record, *_shown(session, place, field))), None)


def _place(session: Session, call: Call, field: Field) -> tuple[str, str, str, int]:
    """Record, event, repeating instrument, instance, as the parameters name them."""
    project = session.project
    event = call.text("event") if project.longitudinal else CLASSIC_EVENT
    if event not in project.events:
        raise ApiRefused("The event is missing or does not exist.")
    kind = project.repeat_of(event, field.instrument)
    return (
        call.text("record"),
        event,
        field.instrument if kind == "instrument" else "",
        call.number("repeat_instance") or 1,
    )


def _shown(session: Session, place: tuple[str, str, str, int], field: Field) -> tuple[str, str, int]:
    _, event, instrument, instance = place
    repeats = session.project.repeat_of(event, field.instrument) != "no"
    return event, instrument, instance if repeats else 0


def _write_value(session: Session, call: Call, field: Field, text: str | None) -> None:
    lines = read_lines(session.project, session.ledger, [call.text("record")], session.rights.sites)
    intake = Intake(session, Lines(lines.lines, lines.sites), sites=dict(lines.sites))
    key = key_for(intake, _place(session, call, field), field)
    if key is None or field.item is None:
        raise ApiRefused(f"The field '{field.name}' does not belong to this event or instrument.")
    if session.rights.may_write_at is not None and key.site not in session.rights.may_write_at:
        raise ApiRefused("You may not change records of this data access group.", 403)
    if session.rights.view(field.instrument) not in (1, 3):
        raise ApiRefused("You may not change this instrument.", 403)
    refuse_locked(session, [key], _refuse)
    session.publish()
    session.append([Change(key, {field.item.id: text}, reason=REASON)], "enter", REASON)


def _refuse(key: RecordKey, why: str) -> None:
    raise ApiRefused(f"{key.participant}: {why}")


def _plain(name: str) -> str:
    """A file's name without a path and without signs that a header or a folder could misread."""
    bare = re.split(r"[\\/]", name)[-1]
    return re.sub(r'[\x00-\x1f\x7f"#;]', "_", bare).strip() or "file"


def _attached(name: str, content: bytes) -> Answer:
    shown = _plain(name).encode("ascii", "replace").decode().replace("?", "_")
    return Answer(content, f'application/octet-stream; name="{shown}";charset=UTF-8')


def create_folder(session: Session, call: Call) -> Answer:
    """content=fileRepository, action=createFolder."""
    session.rights.demand("api_import", "file_repository")
    name = call.text("name").strip()
    if not name or len(name) > 150:
        raise ApiRefused("The folder needs a name of at most 150 characters.")
    held = _repository(session)
    parent = _folder(session, call)
    if any(e["kind"] == "folder" and e["folder"] == parent and e["name"] == name for e in held.values()):
        raise ApiRefused(f"A folder with the name '{name}' exists already.")
    number = _put(session, {"kind": "folder", "name": name, "folder": parent})
    return render_rows([{"folder_id": number}], ("folder_id",), call.format)


def list_repository(session: Session, call: Call) -> Answer:
    """content=fileRepository, action=list: one level."""
    session.rights.demand("api_export", "file_repository")
    parent = _folder(session, call)
    rows: list[dict[str, object]] = []
    for number, entry in _repository(session).items():
        if entry["folder"] == parent:
            key = "folder_id" if entry["kind"] == "folder" else "doc_id"
            rows.append({key: int(number), "name": entry["name"]})
    rows.sort(key=lambda row: ("doc_id" in row, row["name"]))
    return render_rows(rows, ("folder_id", "doc_id", "name"), call.format)


def export_repository_file(session: Session, call: Call) -> Answer:
    """content=fileRepository, action=export."""
    session.rights.demand("api_export", "file_repository")
    entry = _document(session, call)
    content = read_upload(session.study.root, str(entry["digest"]))
    if content is None:
        raise ApiRefused("The file's bytes are not there any more.")
    return _attached(str(entry["name"]), content)


def import_repository_file(session: Session, call: Call) -> Answer:
    """content=fileRepository, action=import."""
    session.rights.demand("api_import", "file_repository")
    upload = _upload(call)
    entry = {"kind": "file", "name": _plain(upload.name), "folder": _folder(session, call)}
    _put(session, {**entry, "digest": _keep(session, upload)})
    return Answer()


def delete_repository_file(session: Session, call: Call) -> Answer:
    """content=fileRepository, action=delete: the entry goes, its facts and its bytes stay."""
    session.rights.demand("api_import", "file_repository")
    _document(session, call)
    session.append(change_settings(session.ledger, "file", {call.text("doc_id"): None}), "design")
    return Answer()


def _repository(session: Session) -> dict[str, Value]:
    return read_settings(session.ledger, "file")


def _folder(session: Session, call: Call) -> int:
    number = call.number("folder_id") or 0
    if number and _repository(session).get(str(number), {}).get("kind") != "folder":
        raise ApiRefused(
            f"The File Repository folder folder_id={number} does not exist or else you do not have permission to that "
            "folder because it is DAG-restricted or Role-restricted."
        )
    return number


def _document(session: Session, call: Call) -> Value:
    entry = _repository(session).get(call.text("doc_id"))
    if entry is None or entry["kind"] != "file":
        raise ApiRefused("The file does not exist in the file repository.")
    return entry


def _put(session: Session, entry: Value) -> int:
    """Its number is that of the fact that makes it: never used again."""
    number = session.ledger.position + 1
    session.append(change_settings(session.ledger, "file", {str(number): entry}), "design")
    return number
