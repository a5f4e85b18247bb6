"""Records taken away or renamed: their facts stay in the ledger.

Source: REDCap's API, content=record with action=delete or action=rename.
"""

from __future__ import annotations

from collections.abc import Iterable

from opencro.app.redcap.exchange import Answer, ApiRefused, Call
from opencro.app.redcap.lines import Line, read_lines
from opencro.app.redcap.locks import refuse_locked
from opencro.app.redcap.project import Project
from opencro.app.redcap.rows import render_count
from opencro.app.redcap.session import Session
from opencro.ledger import Act, Change, ParticipantEnrolled, RecordKey, Removal

REASON = "deleted through the REDCap API"


def delete_records(session: Session, call: Call) -> Answer:
    """action=delete: whole records, or what they hold in an arm, an event, an instrument or a repeat."""
    session.rights.demand("api_import", "record_delete")
    records = call.names("records")
    if not records:
        raise ApiRefused("The parameter 'records' is required.")
    lines = read_lines(session.project, session.ledger, records, session.rights.sites)
    absent = [record for record in records if record not in lines.sites]
    if absent:
        raise ApiRefused(
            "One or more of the records provided cannot be deleted because they do not exist in the project. "
            f"The following records do not exist: {', '.join(absent)}"
        )
    keys = [key for line in lines.lines for key in _meant(session.project, line, call)]
    _refuse_if_locked(session, keys)
    session.append([Removal(key, reason=REASON) for key in keys], "enter", REASON)
    return render_count(len(dict.fromkeys(records)), call.return_format)


def rename_record(session: Session, call: Call) -> Answer:
    """action=rename: everything that a record holds moves to another name."""
    session.rights.demand("api_import", "record_rename")
    old, new = call.text("record"), call.text("new_record_name")
    lines = read_lines(session.project, session.ledger, (old, new), session.rights.sites)
    if old not in lines.sites:
        raise ApiRefused(f"The record '{old}' does not exist.")
    if not new or new in lines.sites:
        raise ApiRefused(f"The record cannot be renamed to '{new}': the name is missing or taken.")
    named = session.project.fields[session.project.record_id]
    item = named.item.id if named.item is not None else ""
    entries: list[Act | Change | Removal] = [Act(ParticipantEnrolled(enrolled_on=""), RecordKey(lines.sites[old], new))]
    keys = [key for line in lines.of(old) for key in line.keys]
    _refuse_if_locked(session, keys)
    for record in session.ledger.standing(old):
        values = {name: new if name == item else text for name, text in record.values.items()}
        entries.append(Change(record.key._replace(participant=new), values))
        entries.append(Removal(record.key))
    session.append(entries, "enter", f"renamed from {old} to {new} through the REDCap API")
    return render_count(1, call.return_format)


def _meant(project: Project, line: Line, call: Call) -> Iterable[RecordKey]:
    arm, event, instrument = call.number("arm"), call.text("event"), call.text("instrument")
    repeat = call.number("repeat_instance")
    if event and event not in project.events:
        raise ApiRefused(f"The event '{event}' does not exist.")
    if instrument and instrument not in project.instruments:
        raise ApiRefused(f"The instrument '{instrument}' does not exist.")
    at = project.events[line.event]
    if (arm is not None and at.arm != arm) or (event and line.event != event):
        return []
    if repeat is not None and line.instance not in (0, repeat):
        return []
    if not instrument:
        return line.keys
    one = project.instruments[instrument]
    return [key for key in line.keys if key.form == one.form and key.group in one.groups]


def _refuse_if_locked(session: Session, keys: Iterable[RecordKey]) -> None:
    said: list[str] = []
    refuse_locked(session, keys, lambda key, why: said.append(f"{key.participant}: {why}"))
    if said:
        raise ApiRefused("\n".join(said))
