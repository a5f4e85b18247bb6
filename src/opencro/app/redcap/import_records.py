"""Records on their way in: rows become records of the ledger, with the same checks and the same audit as typing.

Source: REDCap's API, content=record. A row that cannot be taken refuses the whole import, and says which value of
which record.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from opencro.app.redcap.calculated import derived_values
from opencro.app.redcap.completing import bare_status, complete_forms
from opencro.app.redcap.eav import flat_rows
from opencro.app.redcap.exchange import Answer, ApiRefused, Call
from opencro.app.redcap.export_records import EVENT, GROUP, INSTANCE, INSTRUMENT
from opencro.app.redcap.lines import Lines, read_lines
from opencro.app.redcap.locks import refuse_locked
from opencro.app.redcap.project import CLASSIC_EVENT, Field, Project
from opencro.app.redcap.record_names import number_records
from opencro.app.redcap.rows import delimiter_named, flatten, parse_rows, render_taken
from opencro.app.redcap.session import Session
from opencro.app.redcap.values import SEPARATOR, checked, column_of, keep_value
from opencro.capture import ImportReport, IncomingRecord, import_records
from opencro.capture.uploads import file_name
from opencro.kernel.finding import Finding
from opencro.ledger import Act, ParticipantEnrolled, RecordKey

REASON = "imported through the REDCap API"
_ADDRESS = (EVENT, INSTRUMENT, INSTANCE, GROUP, "redcap_survey_identifier", "redcap_survey_timestamp")
_VIEW_AND_EDIT = (1, 3)


@dataclass
class Intake:
    """What the rows of an import amount to, record by record of the ledger."""

    session: Session
    lines: Lines
    overwrite: bool = False
    date_format: str = "YMD"
    with_calculated: bool = False
    items: dict[RecordKey, dict[str, str]] = field(default_factory=dict)
    at_line: dict[RecordKey, int] = field(default_factory=dict)
    records: dict[int, str] = field(default_factory=dict)
    present: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    """(record, event) -> the row and the event's repeat that say so."""
    sites: dict[str, str] = field(default_factory=dict)
    problems: list[tuple[str, str, str, str]] = field(default_factory=list)
    complete: list[RecordKey] = field(default_factory=list)
    """Records of forms of which the rows say that they are complete, in studies that keep no item for it."""

    @property
    def project(self) -> Project:
        """The study in REDCap's words."""
        return self.session.project

    def touched(self, record: str, event: str) -> set[str]:
        """Instruments that hold data of a record at an event."""
        return {name for line in self.lines.of(record) if line.event == event for name in line.touched}

    def refuse(self, record: str, name: str, value: str, message: str) -> None:
        """Note what is wrong with one value."""
        self.problems.append((record, name, value, message))


def take_records(session: Session, call: Call) -> Answer:
    """content=record with data."""
    session.rights.demand("api_import")
    rows = parse_rows(call.text("data"), call.format, delimiter=delimiter_named(call.text("csvDelimiter")))
    project = session.project
    texts = [{name: flatten(value) for name, value in row.items()} for row in rows]
    if call.text("type", "flat") == "eav":
        texts = flat_rows(project, texts)
    given = [row.get(project.record_id, "").strip() for row in texts]
    auto = number_records(session, given) if call.says("forceAutoNumber") else {}
    if auto:
        texts = [{**row, project.record_id: auto[row.get(project.record_id, "").strip()]} for row in texts]
    intake = gather(
        session,
        texts,
        overwrite=call.text("overwriteBehavior") == "overwrite",
        date_format=call.text("dateFormat", "YMD"),
    )
    calculate(intake)
    store(intake, call.text("data"), "REDCap API")
    ids = list(dict.fromkeys(row[project.record_id].strip() for row in texts))
    what = call.text("returnContent", "count")
    if what == "auto_ids" and auto:
        return render_taken([f"{new},{old}" for old, new in auto.items()], "ids", call.return_format)
    return render_taken(ids, "count" if what == "auto_ids" else what, call.return_format)


def gather(
    session: Session,
    rows: Sequence[Mapping[str, str]],
    *,
    overwrite: bool = False,
    date_format: str = "YMD",
    with_calculated: bool = False,
) -> Intake:
    """What the rows say, against what stands; refused where a row has no record or names what is not there."""
    project = session.project
    known = {c: f for f in project.fields.values() for c in _columns(project, f)}
    known |= {f"{name}_complete": f for name, f in project.status.items()}
    strange = {name for row in rows for name in row} - known.keys() - {*_ADDRESS} - bare_status(project).keys()
    strange -= {f"{name}_timestamp" for name in project.instruments}
    if strange:
        shown = ", ".join(sorted(strange))
        raise ApiRefused(f"The following fields were not found in the project as real data fields: {shown}")
    records = [row.get(project.record_id, "").strip() for row in rows]
    if not all(records):
        raise ApiRefused(f"The record's name ({project.record_id}) is missing in one or more rows.")
    lines = read_lines(project, session.ledger, records)
    intake = Intake(session, lines, overwrite, date_format, with_calculated)
    groups = {record: g for record, row in zip(records, rows, strict=True) if (g := row.get(GROUP, "").strip())}
    for record in dict.fromkeys(records):
        _take_site(intake, record, groups.get(record, ""))
    for number, (record, row) in enumerate(zip(records, rows, strict=True), 1):
        intake.records[number] = record
        _take_row(intake, number, record, row, known)
    _note_presence(intake)
    return intake


def store(intake: Intake, text: str, file: str) -> ImportReport | None:
    """Write what was gathered, all or nothing; refused with one line for each value that is wrong."""
    session = intake.session
    refuse_locked(session, intake.items, lambda key, why: intake.refuse(key.participant, key.form, "", why))
    if intake.problems:
        raise ApiRefused(_problem_lines(intake.problems))
    session.publish()
    records = [
        IncomingRecord(*_key_parts(key), items=values, line=intake.at_line[key]) for key, values in intake.items.items()
    ]
    report = None
    if records:
        report = import_records(
            session.study,
            records,
            session.ledger,
            actor=session.actor("enter", next(iter(intake.sites.values()), None)),
            digest=hashlib.sha256(text.encode()).hexdigest(),
            file=file,
            format="redcap",
            reason=REASON,
            enrols=True,
            request_id=session.request_id or None,
            source=session.source,
            restores=True,
        )
        errors = [f for f in report.findings if f.severity == "error"]
        if errors:
            raise ApiRefused(_problem_lines([_problem(intake, finding) for finding in errors]))
    _enrol_empty(intake)
    complete_forms(session, intake.items, intake.complete)
    return report


def _key_parts(key: RecordKey) -> tuple[str, str, str, int, str, int, str, int]:
    return (*key,)


def _columns(project: Project, field: Field) -> list[str]:
    if field.type != "checkbox":
        return [field.name]
    return [column_of(field.name, code.value) for code in project.study.codelists[field.codes].codes]


def calculate(intake: Intake) -> None:
    """Derived items of forms that change, from what stands and what comes in."""
    for key in list(intake.items):
        held = next((x.values for x in intake.lines.of(key.participant) if key in x.keys), {})
        names = intake.project.names_in(key.form, key.group)
        row: dict[str, object] = {item: held[name] for item, name in names.items() if name in held}
        for item, text in derived_values(intake.session.study, key, row | intake.items[key]).items():
            if text != row.get(item, ""):
                intake.items[key][item] = text


def _take_row(intake: Intake, number: int, record: str, row: Mapping[str, str], known: Mapping[str, Field]) -> None:
    project = intake.project
    event = (
        _event_named(project, row.get(EVENT, _first_event(project)).strip()) if project.longitudinal else CLASSIC_EVENT
    )
    if event not in project.events:
        intake.refuse(record, EVENT, event, "This is not the unique name of an event of the project.")
        return
    instrument = _instrument_named(project, row.get(INSTRUMENT, "").strip())
    instance = _instance(intake, record, event, instrument, row.get(INSTANCE, "").strip())
    if instrument and project.repeat_of(event, instrument) != "instrument":
        intake.refuse(record, INSTRUMENT, instrument, "This instrument does not repeat at this event.")
        return
    if instance is None:
        intake.refuse(
            record, INSTANCE, row.get(INSTANCE, ""), "The repeat instance must be a whole number from 1, or new."
        )
        return
    intake.present.setdefault((record, event), (number, instance if project.repeat_of(event, "") == "event" else 1))
    boxes: dict[str, dict[str, str]] = {}
    for name, text in row.items():
        found = known.get(name)
        if found is None or name == project.record_id:
            continue
        if found.type == "checkbox":
            boxes.setdefault(found.name, {})[name] = text.strip()
        elif text.strip() or (intake.overwrite and found.type not in ("file", "calc")):
            _take_value(intake, number, (record, event, instrument, instance), found, text)
    for name, answers in boxes.items():
        _take_boxes(intake, number, (record, event, instrument, instance), project.fields[name], answers)
    for column, name in bare_status(project).items():
        first = project.fields_of(name)[-1] if row.get(column, "").strip() == "2" else None
        key = key_for(intake, (record, event, instrument, instance), first) if first else None
        intake.complete += [key] if key and (name in intake.touched(record, event) or key in intake.items) else []


def _first_event(project: Project) -> str:
    """Where rows without a column for the event belong."""
    return next(iter(project.events), "")


def _event_named(project: Project, given: str) -> str:
    """The unique name of an event that is given by it or by its label."""
    if given in project.events:
        return given
    return next((e.unique for e in project.events.values() if e.name == given), given)


def _instrument_named(project: Project, given: str) -> str:
    if given in project.instruments:
        return given
    return next((i.name for i in project.instruments.values() if i.label == given), given)


def _take_site(intake: Intake, record: str, group: str) -> None:
    """The site of a record is the data access group that is named, the caller's, or that of records in none."""
    rights = intake.session.rights
    known = intake.session.groups()
    home = intake.lines.sites.get(record) or intake.lines.homes.get(record) or intake.sites.get(record)
    if group and group not in known:
        intake.refuse(record, GROUP, group, "There is no such data access group.")
        return
    if group and rights.group and group != rights.group:
        intake.refuse(record, GROUP, group, "You may not assign records to another data access group.")
    only = next(iter(rights.may_write_at)) if rights.may_write_at and len(rights.may_write_at) == 1 else ""
    site = home or group or rights.group or only or intake.project.document.site
    if home and group and home != group:
        intake.refuse(record, GROUP, group, f"The record belongs to {home}; a participant does not change sites here.")
    if rights.may_write_at is not None and site not in rights.may_write_at:
        intake.refuse(record, intake.project.record_id, record, "You may not change records of this data access group.")
    if record not in intake.lines.sites and not rights.may("record_create"):
        intake.refuse(record, intake.project.record_id, record, "You may not create records.")
    intake.sites.setdefault(record, site)


def _instance(intake: Intake, record: str, event: str, instrument: str, given: str) -> int | None:
    if given == "new":
        held = [x.instance for x in intake.lines.of(record) if x.event == event and x.instrument == instrument]
        by_group = bool(instrument) and intake.project.instruments[instrument].by_group
        kind = "group_repeat" if by_group else "form_repeat" if instrument else "event_repeat"
        fresh = [int(getattr(k, kind)) for k in intake.items if k.participant == record]
        return max([*held, *fresh, 0]) + 1
    if not given:
        return 1
    whole = given.removesuffix(".0")
    return int(whole) if whole.isascii() and whole.isdigit() and int(whole) > 0 else None


def _take_value(intake: Intake, number: int, place: tuple[str, str, str, int], found: Field, text: str) -> None:
    record = place[0]
    if found.type == "calc" and not intake.with_calculated:
        return
    if found.type == "file":
        held = [file_name(x.values.get(found.name, "")) for x in intake.lines.of(record)]
        if text.strip() not in ("[document]", *held):
            intake.refuse(record, found.name, text, "Files are imported with content=file.")
        return
    if intake.session.rights.view(found.instrument) not in _VIEW_AND_EDIT:
        intake.refuse(record, found.name, text, "You may not change this instrument.")
        return
    key = key_for(intake, place, found)
    if key is None:
        intake.refuse(record, found.name, text, "This field does not belong to this repeating instrument or event.")
        return
    _put(intake, key, number, found, keep_value(found, text, intake.date_format))


def _take_boxes(
    intake: Intake, number: int, place: tuple[str, str, str, int], found: Field, answers: Mapping[str, str]
) -> None:
    """Answers that are named are set or taken away, the others of the field stay as they are."""
    said = {name: text for name, text in answers.items() if text in ("0", "1", "Checked", "Unchecked")}
    if said and intake.session.rights.view(found.instrument) not in _VIEW_AND_EDIT:
        intake.refuse(place[0], found.name, "", "You may not change this instrument.")
        return
    for name in answers.keys() - said.keys():
        if answers[name]:
            intake.refuse(place[0], name, answers[name], "The value must be 0 or 1.")
    key = key_for(intake, place, found) if said else None
    if key is None:
        if any(text in ("1", "Checked") for text in said.values()):
            intake.refuse(
                place[0], found.name, "1", "This field does not belong to this repeating instrument or event."
            )
        return
    item = found.item.id if found.item else ""
    standing = next((x.values.get(found.name, "") for x in intake.lines.of(place[0]) if key in x.keys), "")
    held = set(checked(intake.items.get(key, {}).get(item, standing)))
    codes = [code.value for code in intake.project.study.codelists[found.codes].codes]
    for code in codes:
        text = said.get(column_of(found.name, code))
        if text is not None:
            held = held | {code} if text in ("1", "Checked") else held - {code}
    after = SEPARATOR.join(code for code in codes if code in held)
    if after != standing or after:
        _put(intake, key, number, found, after)


def key_for(intake: Intake, place: tuple[str, str, str, int], found: Field) -> RecordKey | None:
    """Where in the ledger a field of a place is kept; None where it does not belong there."""
    record, event, instrument, instance = place
    project = intake.project
    one = project.instruments[found.instrument]
    kind = project.repeat_of(event, found.instrument)
    if (instrument and instrument != found.instrument) or (kind == "instrument" and not instrument):
        return None
    visit = project.events[event].visit
    event_repeat = (instance if kind == "event" else 1) if visit else 0
    repeat = instance if kind == "instrument" else 1
    form_repeat, group_repeat = (1, repeat) if one.by_group else (repeat, 1)
    site = intake.sites.get(record, project.document.site)
    return RecordKey(site, record, visit, event_repeat, one.form, form_repeat, found.group, group_repeat)


def _put(intake: Intake, key: RecordKey, number: int, found: Field, text: str) -> None:
    if found.item is not None:
        intake.items.setdefault(key, {})[found.item.id] = text
        intake.at_line.setdefault(key, number)


def _note_presence(intake: Intake) -> None:
    """A record stands at an event without any value: its name is kept on its form, or the first form's status."""
    project = intake.project
    named = project.fields[project.record_id]
    for (record, event), (number, repeat) in intake.present.items():
        place = (record, event, "", repeat)
        key = key_for(intake, place, named) if named.item is not None else None
        mine = [k for k in intake.items if k.participant == record and k.event == project.events[event].visit]
        standing = any(x.touched for x in intake.lines.of(record) if x.event == event)
        if key is not None and ((event, named.instrument) in project.mapped or not project.mapped):
            if key in intake.items or not (mine or standing):
                _put(intake, key, number, named, record)
        elif not mine and not standing:
            _mark_first_form(intake, place, number)


def _mark_first_form(intake: Intake, place: tuple[str, str, str, int], number: int) -> None:
    for event, instrument in intake.project.mapping:
        status = intake.project.status.get(instrument)
        if event == place[1] and status is not None:
            key = key_for(intake, place, status)
            if key is not None:
                _put(intake, key, number, status, "0")
                return


def _enrol_empty(intake: Intake) -> None:
    """A record that came with its name only, in a study that keeps no item for it, is enrolled all the same."""
    session = intake.session
    held = {key.participant for key in intake.items}
    acts = [
        Act(ParticipantEnrolled(enrolled_on=""), RecordKey(site, record))
        for record, site in intake.sites.items()
        if record not in held and record not in intake.lines.homes
    ]
    if acts:
        session.append(acts, "enrol", REASON)


def _problem(intake: Intake, finding: Finding) -> tuple[str, str, str, str]:
    record = intake.records.get(finding.place.line or 0, "")
    expected = f" Expected: {finding.expected}." if finding.expected else ""
    return record, finding.place.path, finding.got.strip('"'), f"{finding.code}: {finding.remedy}{expected}"


def _problem_lines(problems: Iterable[tuple[str, str, str, str]]) -> str:
    return "\n".join(",".join('"' + part.replace('"', '""') + '"' for part in problem) for problem in problems)
