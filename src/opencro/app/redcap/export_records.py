"""Records on their way out, flat or as entity-attribute-value: which columns, which lines, which words.

Source: REDCap's API, content=record. Rights, data access groups and marks of items decide what is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from opencro.app.redcap.dictionary import VALIDATION, is_stored
from opencro.app.redcap.exchange import Answer, ApiRefused, Call
from opencro.app.redcap.lines import Line, Lines, read_lines
from opencro.app.redcap.logic import parse_logic
from opencro.app.redcap.project import Field, Project
from opencro.app.redcap.rights import DE_IDENTIFIED, FULL, NO_ACCESS
from opencro.app.redcap.rows import delimiter_named, render_rows, render_text
from opencro.app.redcap.session import Session
from opencro.app.redcap.values import checked, column_of, render_label, render_value
from opencro.ledger import Act, DataExported, RecordChanged, RecordRemoved
from opencro.study import CodeList

EVENT, INSTRUMENT, INSTANCE = "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"
GROUP = "redcap_data_access_group"
_TITLES = {
    EVENT: "Event Name",
    INSTRUMENT: "Repeat Instrument",
    INSTANCE: "Repeat Instance",
    GROUP: "Data Access Group",
    "redcap_survey_identifier": "Survey Identifier",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a flat export: a field, one answer of a checkbox (`code`), or a form's status."""

    name: str
    field: str
    instrument: str
    title: str
    code: str = ""
    status: bool = False


@dataclass(frozen=True)
class Selection:
    """What of a project is asked for."""

    columns: tuple[Column, ...]
    events: frozenset[str]
    records: frozenset[str]
    explicit: bool
    """Whether fields or forms were named."""


def export_records(session: Session, call: Call) -> Answer:
    """content=record."""
    session.rights.demand("api_export")
    selection = select(session, call)
    kept = chosen_lines(session, call)
    flat = call.text("type", "flat") != "eav"
    rows, columns = (_flat if flat else _eav)(session, call, selection, kept)
    note_export(session, "records", call.format, len(rows))
    titles = {c.name: c.title for c in selection.columns} | _TITLES
    labelled = flat and call.text("rawOrLabelHeaders") == "label"
    delimiter = delimiter_named(call.text("csvDelimiter"))
    if not rows and call.format == "csv":
        return render_text("\n")
    return render_rows(rows, columns, call.format, titles=titles if labelled else None, delimiter=delimiter)


def chosen_lines(session: Session, call: Call) -> list[Line]:
    """The lines that the parameters ask for: records, events, filter, dates, and what they hold of the fields."""
    project, selection = session.project, select(session, call)
    lines = read_lines(project, session.ledger, selection.records or None, session.rights.sites)
    kept = [line for line in lines.lines if line.event in selection.events]
    kept = _in_dates(session, _filtered(project, kept, lines, call), call)
    return [line for line in kept if _is_asked(project, line, selection)]


def raw_renderer(session: Session) -> Callable[[Line, Column], str]:
    """How the raw value of a column is written; "" where nobody said anything."""
    return _renderer(session, Call({"exportBlankForGrayFormStatus": "true"}))


def note_export(session: Session, what: str, format: str, rows: int) -> None:
    """That data left the system is a fact."""
    exported = DataExported(f"REDCap API: {what}", format, session.ledger.position, rows)
    session.append([Act(exported)], "export")


def select(session: Session, call: Call) -> Selection:
    """The columns, events and records that the parameters name; refused where they name what is not there."""
    project = session.project
    fields, forms, events = call.names("fields"), call.names("forms"), call.names("events")
    known = {*project.fields, *(f"{name}_complete" for name in project.instruments), GROUP}
    _refuse_unknown("fields", fields, known)
    _refuse_unknown("forms", forms, project.instruments)
    if events and project.longitudinal:
        _refuse_unknown("events", events, project.events)
    columns = [
        column
        for column in all_columns(session)
        if not (fields or forms) or column.field in fields or column.instrument in forms
    ]
    chosen = frozenset(events) if events and project.longitudinal else frozenset(project.events)
    return Selection(tuple(columns), chosen, frozenset(call.names("records")), bool(fields or forms))


def all_columns(session: Session) -> list[Column]:
    """Every column that the caller may have, form by form, the record's name first."""
    project = session.project
    found: list[Column] = []
    for instrument in project.instruments.values():
        for field in project.fields_of(instrument.name):
            if may_export(session, field):
                found += _columns_of(project, field)
        if session.rights.export(instrument.name) != NO_ACCESS or found:
            name = f"{instrument.name}_complete"
            found.append(Column(name, name, instrument.name, "Complete?", status=True))
    allowed = [c for c in found if c.field == project.record_id or session.rights.export(c.instrument) != NO_ACCESS]
    return sorted(allowed, key=lambda c: c.field != project.record_id)


def _columns_of(project: Project, field: Field) -> list[Column]:
    label = field.row["field_label"]
    if field.type != "checkbox":
        return [Column(field.name, field.name, field.instrument, label)]
    codes = project.study.codelists[field.codes].codes
    return [
        Column(
            column_of(field.name, code.value),
            field.name,
            field.instrument,
            f"{label} (choice={code.label or code.value})",
            code.value,
        )
        for code in codes
    ]


def may_export(session: Session, field: Field) -> bool:
    """Whether the caller may have this field: it holds data, and marks and rights allow it."""
    if not is_stored(field.row):
        return False
    if field.item is not None and field.item.blinded and not session.sees_blinded:
        return False
    level = session.rights.export(field.instrument)
    if field.name == session.project.record_id or level == FULL:
        return True
    if level == NO_ACCESS or field.row["identifier"].lower() == "y":
        return False
    if level == DE_IDENTIFIED:
        free = field.type == "notes" or (field.type == "text" and field.row[VALIDATION] == "")
        return not free and not field.row[VALIDATION].startswith("date")
    return True


def _refuse_unknown(parameter: str, given: Iterable[str], known: Iterable[str]) -> None:
    strange = [name for name in given if name not in set(known)]
    if strange:
        shown = ", ".join(f"'{name}'" for name in strange)
        raise ApiRefused(f'The following values in the parameter "{parameter}" are not valid: {shown}')


def _filtered(project: Project, kept: Sequence[Line], lines: Lines, call: Call) -> list[Line]:
    """Lines for which the logic is true.

    `[event][field]` reads the record's line of that event; a line of an instrument that repeats has the other
    instruments' fields from the line of its event.
    """
    text = call.text("filterLogic")
    if not text:
        return list(kept)
    logic = parse_logic(text)
    places = {line.place: line for line in lines.lines}

    def value(line: Line, event: str, name: str, code: str) -> str:
        field = project.fields.get(name) or project.status.get(name.removesuffix("_complete"))
        if field is None:
            raise ApiRefused(f"The filter logic names the field '{name}', which does not exist.")
        own = (not event or event == line.event) and (not line.instrument or field.instrument == line.instrument)
        at = line if own else places.get((line.record, event or line.event, "", 0))
        if name == project.record_id:
            return line.record
        stored = "" if at is None else at.values.get(name, "")
        return str(int(code in checked(stored))) if code else stored

    return [line for line in kept if logic.holds(partial(value, line))]


def _in_dates(session: Session, kept: list[Line], call: Call) -> list[Line]:
    """Lines of records that were made or changed between two times."""
    begin, end = call.text("dateRangeBegin"), call.text("dateRangeEnd")
    if not begin and not end:
        return kept
    moved = set()
    for kind in (RecordChanged.NAME, RecordRemoved.NAME):
        for fact in session.ledger.facts(kind=kind):
            at = fact.recorded_at.replace("T", " ")[:19]
            if (not begin or at >= begin) and (not end or at <= end):
                moved.add(fact.key.participant)
    return [line for line in kept if line.record in moved]


def _is_asked(project: Project, line: Line, selection: Selection) -> bool:
    """A line is shown where the record's name is asked for, or where it holds something that is."""
    mine = {c.field for c in selection.columns if not line.instrument or c.instrument == line.instrument}
    if not selection.explicit:
        return True
    if line.instrument:
        return bool(mine)
    return project.record_id in mine or any(line.values.get(name) for name in mine)


def _flat(
    session: Session, call: Call, selection: Selection, lines: Sequence[Line]
) -> tuple[list[dict[str, str | int]], list[str]]:
    project = session.project
    render = _renderer(session, call)
    head = [EVENT] if project.longitudinal else []
    head += [INSTRUMENT, INSTANCE] if project.has_repeats else []
    head += [GROUP] if call.says("exportDataAccessGroups") else []
    head += ["redcap_survey_identifier"] if call.says("exportSurveyFields") and project.document.surveys else []
    stamps = call.says("exportSurveyFields")
    id_first = [c.name for c in selection.columns if c.field == project.record_id]
    names = [*id_first, *head]
    for column in selection.columns:
        stamp = f"{column.instrument}_timestamp"
        if stamps and column.instrument in project.document.surveys and stamp not in names:
            names.append(stamp)
        names += [column.name] if column.field != project.record_id else []
    rows: list[dict[str, str | int]] = []
    for line in lines:
        row: dict[str, str | int] = dict.fromkeys(names, "")
        row |= {name: text for name, text in _address(session, call, line).items() if name in row}
        row |= {column.name: render(line, column) for column in selection.columns}
        rows.append(row)
    return rows, names


def _address(session: Session, call: Call, line: Line) -> dict[str, str | int]:
    project = session.project
    labelled = call.text("rawOrLabel") == "label"
    event = project.events[line.event]
    label = event.name if len(project.arms) == 1 else f"{event.name} (Arm {event.arm}: {project.arms[event.arm]})"
    instrument = project.instruments[line.instrument].label if line.instrument and labelled else line.instrument
    return {
        EVENT: label if labelled else event.unique,
        INSTRUMENT: instrument,
        INSTANCE: line.instance or "",
        GROUP: session.group_of(line.site),
    }


def _renderer(session: Session, call: Call) -> Callable[[Line, Column], str]:
    """How a value of a line becomes the text of a column."""
    project = session.project
    codelists = dict(project.study.codelists)
    labelled = call.text("rawOrLabel") == "label"
    box_labels = call.says("exportCheckboxLabel")
    blank_gray = call.says("exportBlankForGrayFormStatus")
    decimal = call.text("decimalCharacter")

    def render(line: Line, column: Column) -> str:
        if column.field == project.record_id:
            return line.record
        if not stands_here(project, line, column.instrument):
            return ""
        if column.status:
            text = line.values.get(column.field, "")
            if not text and column.instrument not in line.touched and blank_gray:
                return ""
            return {"0": "Incomplete", "1": "Unverified", "2": "Complete"}[text or "0"] if labelled else text or "0"
        field = project.fields[column.field]
        stored = line.values.get(column.field, "")
        if column.code:
            is_set = column.code in checked(stored)
            if labelled:
                words = render_label(field, column.code, codelists) if box_labels else "Checked"
                return words if is_set else "" if box_labels else "Unchecked"
            return str(int(is_set))
        return render_label(field, stored, codelists) if labelled else render_value(field, stored, decimal)

    return render


def stands_here(project: Project, line: Line, instrument: str) -> bool:
    """Whether an instrument belongs to a line."""
    if line.instrument:
        return instrument == line.instrument
    repeats = project.repeat_of(line.event, instrument) == "instrument"
    return instrument in line.touched or ((line.event, instrument) in project.mapped and not repeats)


def _eav(
    session: Session, call: Call, selection: Selection, lines: Sequence[Line]
) -> tuple[list[dict[str, str | int]], list[str]]:
    project = session.project
    labelled = call.text("rawOrLabel") == "label"
    codelists = dict(project.study.codelists)
    names = ["record", *([EVENT] if project.longitudinal else [])]
    names += [INSTRUMENT, INSTANCE] if project.has_repeats else []
    names += ["field_name", "value"]
    fields = dict.fromkeys(c.field for c in selection.columns)
    rows: list[dict[str, str | int]] = []
    for line in lines:
        address: dict[str, str | int] = {"record": line.record, **_address(session, call, line)}
        for name in fields:
            for text in _stored_values(project, line, name, labelled, codelists):
                rows.append({**address, "field_name": name, "value": text})
    return rows, names


def _stored_values(
    project: Project, line: Line, name: str, labelled: bool, codelists: dict[str, CodeList]
) -> Iterable[str]:
    stored = line.record if name == project.record_id else line.values.get(name, "")
    if not stored:
        return []
    field = project.fields.get(name) or project.status.get(name.removesuffix("_complete"))
    if field is None:
        return [stored]
    parts = checked(stored) if field.type == "checkbox" else [stored]
    return [render_label(field, part, codelists) if labelled else render_value(field, part) for part in parts]
