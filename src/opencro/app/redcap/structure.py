"""Arms, events, which form stands at which event, and what repeats.

Source: REDCap's API, content=arm, event, formEventMapping, repeatingFormsEvents. An arm is `arm_1` of
protocol/design.yaml, an event a visit of protocol/schedule.yaml whose id is its unique name. Events that go leave
their data in the ledger.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from opencro.app.redcap.definition import Definition
from opencro.app.redcap.document import RedcapDocument, RepeatEntry
from opencro.app.redcap.exchange import Answer, ApiRefused, Call
from opencro.app.redcap.metadata import require_redcap_structure
from opencro.app.redcap.project import CLASSIC_EVENT, Event, Project, unique_name
from opencro.app.redcap.rows import flatten, parse_rows, render_count, render_rows
from opencro.app.redcap.session import Session
from opencro.study import Activity, Arm, Form, Visit
from opencro.study.model.protocol import Design, Schedule

_EVENT_COLUMNS = (
    *("event_name", "arm_num", "day_offset", "offset_min", "offset_max"),
    *("unique_event_name", "custom_event_label", "event_id"),
)


def _require_longitudinal(project: Project, what: str, verb: str = "export") -> None:
    if not project.longitudinal:
        raise ApiRefused(f"You cannot {verb} {what} for classic projects")


def _begin_import(session: Session, what: str) -> list[str]:
    session.rights.demand("api_import", "design")
    require_redcap_structure(session)
    _require_longitudinal(session.project, what, "import")
    return []


def _rows(call: Call) -> list[dict[str, str]]:
    return [{k: flatten(v).strip() for k, v in row.items()} for row in parse_rows(call.text("data"), call.format)]


def _override(call: Call) -> bool:
    return call.says("override")


def export_arms(session: Session, call: Call) -> Answer:
    """content=arm: arms that have events."""
    session.rights.demand("api_export")
    project = session.project
    _require_longitudinal(project, "arms")
    asked = {number for text in call.names("arms") if (number := _arm_number(text))}
    used = {event.arm for event in project.events.values()}
    rows = [
        {"arm_num": number, "name": name}
        for number, name in project.arms.items()
        if number in used and (not asked or number in asked)
    ]
    return render_rows(rows, ("arm_num", "name"), call.format, outer="arms")


def import_arms(session: Session, call: Call) -> Answer:
    """content=arm with data; `override` takes all arms and their events away first."""
    _begin_import(session, "arms")
    rows = _rows(call)
    design, schedule = session.study.protocol.design, session.study.protocol.schedule
    arms = {} if _override(call) else {arm.id: arm for arm in design.arms}
    for row in rows:
        number = _arm_number(row.get("arm_num", ""))
        if not row.get("name"):
            raise ApiRefused("Each arm must have a name (name).")
        arms[f"arm_{number}"] = Arm(id=f"arm_{number}", name=row["name"])
    session.redefine(
        Definition(
            design=_design(design, arms),
            schedule=_without(schedule, session.project.events.values()) if _override(call) else None,
            document=session.project.document.model_copy(update={"longitudinal": True}),
        )
    )
    return render_count(len(rows), call.return_format)


def delete_arms(session: Session, call: Call) -> Answer:
    """content=arm, action=delete: arms with their events."""
    _begin_import(session, "arms")
    project, design = session.project, session.study.protocol.design
    numbers = {_arm_number(text) for text in call.names("arms")}
    strange = numbers - project.arms.keys()
    if strange or not numbers:
        raise ApiRefused(f"The following arms do not exist: {', '.join(map(str, sorted(strange)))}")
    arms = {arm.id: arm for arm in design.arms if arm.id not in {f"arm_{n}" for n in numbers}}
    gone = [event for event in project.events.values() if event.arm in numbers]
    session.redefine(
        Definition(
            design=_design(design, arms),
            schedule=_without(session.study.protocol.schedule, gone),
            document=project.document.model_copy(update={"longitudinal": True}),
        )
    )
    return render_count(len(numbers), call.return_format)


def _arm_number(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d?", text.removesuffix(".0")):
        raise ApiRefused(f"The arm number '{text}' is not valid: use a whole number from 1 to 99.")
    return int(text.removesuffix(".0"))


def _design(design: Design, arms: Mapping[str, Arm]) -> Design:
    ordered = sorted(arms.values(), key=lambda arm: (len(arm.id), arm.id))
    return design.model_copy(update={"arms": tuple(ordered)})


def _without(schedule: Schedule, events: Iterable[Event]) -> Schedule:
    gone = {event.visit for event in events}
    visits = tuple(visit for visit in schedule.visits if visit.id not in gone)
    activities = [
        activity.model_copy(update={"visits": tuple(v for v in activity.visits if v not in gone)})
        for activity in schedule.activities
    ]
    return Schedule(visits=visits, activities=tuple(activities))


def event_ids(project: Project) -> dict[str, int]:
    """Event -> a number, in the order of the schedule."""
    return {name: number for number, name in enumerate(project.events, 1)}


def export_events(session: Session, call: Call) -> Answer:
    """content=event."""
    session.rights.demand("api_export")
    project = session.project
    _require_longitudinal(project, "events")
    asked = {_arm_number(text) for text in call.names("arms")}
    ids = event_ids(project)
    settings = project.document.settings
    scheduled = "1" in (settings.get("scheduling_enabled"), settings.get("SchedulingEnabled"))
    offsets = ("day_offset", "offset_min", "offset_max")
    shown = [c for c in _EVENT_COLUMNS if scheduled or not project.document.record_id or c not in offsets]
    rows = [
        {
            "event_name": event.name,
            "arm_num": event.arm,
            "day_offset": event.day_offset,
            "offset_min": event.offset_min,
            "offset_max": event.offset_max,
            "unique_event_name": event.unique,
            "custom_event_label": event.label,
            "event_id": ids[event.unique],
        }
        for event in project.events.values()
        if not asked or event.arm in asked
    ]
    return render_rows(rows, shown, call.format, outer="events")


def import_events(session: Session, call: Call) -> Answer:
    """content=event with data; an event that is there is changed, `override` takes all away first."""
    _begin_import(session, "events")
    rows = _rows(call)
    schedule = session.study.protocol.schedule
    if _override(call):
        schedule = _without(schedule, session.project.events.values())
    visits = {visit.id: visit for visit in schedule.visits}
    labels = dict(session.project.document.event_labels)
    for row in rows:
        visit = _visit(row, visits, len(visits) + 1)
        visits[visit.id] = visit
        if row.get("custom_event_label"):
            labels[visit.id] = row["custom_event_label"]
    arms = {arm.id: arm for arm in session.study.protocol.design.arms}
    for row in rows:
        number = _arm_number(row.get("arm_num") or "1")
        arms.setdefault(f"arm_{number}", Arm(id=f"arm_{number}", name=f"Arm {number}"))
    session.redefine(
        Definition(
            design=_design(session.study.protocol.design, arms),
            schedule=schedule.model_copy(update={"visits": _in_arms(visits.values())}),
            document=session.project.document.model_copy(update={"event_labels": labels, "longitudinal": True}),
        )
    )
    return render_count(len(rows), call.return_format)


def _visit(row: Mapping[str, str], visits: Mapping[str, Visit], number: int) -> Visit:
    name, arm = row.get("event_name", ""), _arm_number(row.get("arm_num") or "1")
    if not name:
        raise ApiRefused("Each event must have a name (event_name).")
    unique = row.get("unique_event_name") or next(
        (v.id for v in visits.values() if v.name == name and v.id.endswith(f"_arm_{arm}")), ""
    )
    unique = unique or unique_event_name(name, arm, visits)
    held = visits.get(unique)
    day, window = visit_days(row.get("day_offset", ""), row.get("offset_min", ""), row.get("offset_max", ""))
    if held is not None:
        changed: dict[str, Any] = {"name": name}
        if row.get("day_offset"):
            changed |= {"day": day, "window": window}
        return held.model_copy(update=changed)
    return Visit(id=unique, name=name, number=number, day=day, window=window)


def visit_days(offset: str, low: str, high: str) -> tuple[int | None, tuple[int, int] | None]:
    """REDCap's day offset (day 0 is the first) as a study day, of which there is no 0, and the window around it."""
    if not re.fullmatch(r"-?\d{1,5}", offset):
        return None, None
    days = int(offset)
    before, after = (int(text) if re.fullmatch(r"\d{1,5}", text) else 0 for text in (low, high))
    return (days + 1 if days >= 0 else days), ((-before, after) if before or after else None)


def unique_event_name(name: str, arm: int, taken: Iterable[str]) -> str:
    """REDCap's way: 18 characters of the name in small letters, then the arm; a letter where it is taken."""
    stem = unique_name(name)
    held = set(taken)
    options = [f"{stem}_arm_{arm}", *(f"{stem}{letter}_arm_{arm}" for letter in "bcdefghijklmnopqrstuvwxyz")]
    return next(option for option in options if option not in held)


def _in_arms(visits: Iterable[Visit]) -> tuple[Visit, ...]:
    """Visits arm by arm, in the order of their days and else as they came."""
    ordered = sorted(visits, key=lambda visit: int(visit.id.rpartition("_arm_")[2] or 1))
    return tuple(visit.model_copy(update={"number": number}) for number, visit in enumerate(ordered, 1))


def delete_events(session: Session, call: Call) -> Answer:
    """content=event, action=delete."""
    _begin_import(session, "events")
    project, names = session.project, call.names("events")
    strange = [name for name in names if name not in project.events]
    if strange or not names:
        raise ApiRefused(f"The following events do not exist: {', '.join(strange)}")
    schedule = _without(session.study.protocol.schedule, [project.events[name] for name in names])
    document = project.document.model_copy(update={"longitudinal": True})
    session.redefine(Definition(schedule=schedule, document=document))
    return render_count(len(names), call.return_format)


def export_mapping(session: Session, call: Call) -> Answer:
    """content=formEventMapping."""
    session.rights.demand("api_export")
    project = session.project
    _require_longitudinal(project, "form/event mappings")
    asked = {_arm_number(text) for text in call.names("arms")}
    rows = [
        {"arm_num": project.events[event].arm, "unique_event_name": event, "form": form}
        for event, form in project.mapping
        if not asked or project.events[event].arm in asked
    ]
    return render_rows(rows, ("arm_num", "unique_event_name", "form"), call.format, outer="items")


def import_mapping(session: Session, call: Call) -> Answer:
    """content=formEventMapping with data: all pairs anew."""
    _begin_import(session, "form/event mappings")
    project, rows = session.project, _rows(call)
    pairs = []
    for row in rows:
        event, form = row.get("unique_event_name", ""), row.get("form", "")
        if event not in project.events or form not in project.instruments:
            raise ApiRefused(f"The event '{event}' or the instrument '{form}' does not exist.")
        pairs.append((event, form))
    session.redefine(Definition(schedule=map_forms(session.study.protocol.schedule, session.study.forms, pairs)))
    return render_count(len(rows), call.return_format)


def map_forms(schedule: Schedule, forms: Mapping[str, Form], pairs: Sequence[tuple[str, str]]) -> Schedule:
    """A schedule in which each form has one activity, done at the events that are paired with it."""
    known = {activity.id: activity for activity in schedule.activities}
    paired = set(pairs)
    activities = []
    for form in forms.values():
        visits = tuple(v.id for v in schedule.visits if (v.id, form.id) in paired)
        held = known.get(form.id) or Activity(id=form.id, name=form.title)
        activities.append(held.model_copy(update={"forms": (form.id,), "visits": visits}))
    others = [a for a in schedule.activities if not a.forms]
    return schedule.model_copy(update={"activities": (*activities, *others)})


def export_repeating(session: Session, call: Call) -> Answer:
    """content=repeatingFormsEvents."""
    session.rights.demand("api_export")
    project = session.project
    if not project.has_repeats:
        raise ApiRefused(
            "You cannot export repeating instruments and events because the project does not contain any "
            "repeating instruments and events"
        )
    columns = ["event_name"] if project.longitudinal else []
    columns += ["form_name", "custom_form_label"]
    rows = [
        {"event_name": event, "form_name": form, "custom_form_label": label}
        for (event, form), label in project.repeats.items()
    ]
    return render_rows(rows, columns, call.format)


def import_repeating(session: Session, call: Call) -> Answer:
    """content=repeatingFormsEvents with data: everything that repeats anew."""
    session.rights.demand("api_import", "design")
    require_redcap_structure(session)
    project, rows = session.project, _rows(call)
    entries = []
    for row in rows:
        event, form = row.get("event_name", ""), row.get("form_name", "")
        if (project.longitudinal and event not in project.events) or (form and form not in project.instruments):
            raise ApiRefused(f"The event '{event}' or the instrument '{form}' does not exist.")
        entries.append(RepeatEntry(event=event, form=form, label=row.get("custom_form_label", "")))
    session.redefine(repeat_forms(project.document, session.study.forms, entries))
    return render_count(len(rows), call.return_format)


def repeat_forms(document: RedcapDocument, forms: Mapping[str, Form], entries: Sequence[RepeatEntry]) -> Definition:
    """The definition in which these forms and events repeat, and no others."""
    names = {entry.form for entry in entries}
    changed = {form.id: form.model_copy(update={"repeating": form.id in names}) for form in forms.values()}
    plain = tuple(e.model_copy(update={"event": "" if e.event == CLASSIC_EVENT else e.event}) for e in entries)
    return Definition(forms=changed, document=document.model_copy(update={"repeating": plain}))
