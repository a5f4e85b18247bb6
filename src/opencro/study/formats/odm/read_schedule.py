"""Visits from StudyEventDefs, and an activity for each form at the visits that ask for it.

Source: CDISC ODM v1.3.2 and v2.0. A Common event holds forms that belong to no single visit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from lxml import etree

from opencro.study.formats.odm.grammar import is_permitted
from opencro.study.formats.odm.importing import OdmReading
from opencro.study.formats.odm.making import LOG_EVENT
from opencro.study.model.form import Form
from opencro.study.model.protocol import Activity, Arm, Design, Epoch, Schedule, Visit

_DAYS = re.compile(r"(-)?P(?:(\d+)W)?(?:(\d+)D)?")
_CONTACTS = ("site", "telephone", "home", "remote")


def log_forms(reading: OdmReading) -> set[str]:
    """OIDs of the forms that only Common events hold."""
    common: set[str] = set()
    timed: set[str] = set()
    for event in reading.all(reading.metadata, "StudyEventDef"):
        (common if event.get("Type") == "Common" else timed).update(_form_oids(reading, event))
    return common - timed


def _form_refs(reading: OdmReading, event: etree._Element) -> list[etree._Element]:
    return reading.all(event, "FormRef") if reading.version != "2.0" else reading.all(event, "ItemGroupRef")


def _form_oids(reading: OdmReading, event: etree._Element) -> list[str]:
    return [str(ref.get("FormOID") or ref.get("ItemGroupOID")) for ref in _form_refs(reading, event)]


def _form_of(reading: OdmReading, ref: etree._Element, forms: Mapping[str, Form]) -> str:
    """The OID of the form that a visit asks for; in ODM 2.0 it may name a section, which stands for its form."""
    kind, attribute = ("ItemGroupDef", "ItemGroupOID") if reading.version == "2.0" else ("FormDef", "FormOID")
    oid = str(ref.get(attribute))
    if oid in forms or reading.definition(kind, ref, attribute) is None:
        return oid
    for group in reading.all(reading.metadata, "ItemGroupDef"):
        if str(group.get("OID")) in forms and oid in [
            r.get("ItemGroupOID") for r in reading.all(group, "ItemGroupRef")
        ]:
            return str(group.get("OID"))
    return oid


def read_design(reading: OdmReading) -> Design:
    """Arms and epochs, which only ODM 2.0 has; ODM knows no types of them."""
    arms: set[str] = set()
    epochs: set[str] = set()
    structure = reading.one(reading.metadata, "Protocol/StudyStructure")
    if structure is None:
        return Design()
    return Design(
        arms=tuple(
            Arm(id=reading.name(e, ("ARM.",), arms, oid_first=True), name=_name(e), description=_described(reading, e))
            for e in reading.all(structure, "Arm")
        ),
        epochs=tuple(
            Epoch(
                id=reading.name(e, ("EP.",), epochs, oid_first=True), name=_name(e), description=_described(reading, e)
            )
            for e in reading.all(structure, "Epoch")
        ),
    )


def _name(element: etree._Element) -> str:
    return str(element.get("Name") or "").strip() or str(element.get("OID"))


def _described(reading: OdmReading, element: etree._Element) -> str:
    text = reading.text(element, "Description")
    return "" if text == _name(element) else text


def read_schedule(reading: OdmReading, forms: Mapping[str, Form]) -> Schedule:
    """Visits in the order of the protocol; `forms` are those that were read, by OID."""
    taken: set[str] = set()
    days, windows = _timings(reading)
    epochs = _epochs(reading)
    visits: list[Visit] = []
    held: dict[str, list[str]] = {}
    for event in _in_order(reading):
        oids = list(dict.fromkeys(_form_of(reading, ref, forms) for ref in _form_refs(reading, event)))
        if event.get("Type") == "Common" or event.get("OID") == LOG_EVENT:
            continue
        visit = _visit(reading, event, len(visits) + 1, taken, days, windows, epochs)
        visits.append(visit)
        for oid in oids:
            held.setdefault(oid, []).append(visit.id)
    activities = tuple(
        Activity(id=forms[oid].id, name=forms[oid].title, forms=(forms[oid].id,), visits=tuple(ids))
        for oid, ids in held.items()
        if oid in forms
    )
    return Schedule(visits=tuple(visits), activities=activities)


def _in_order(reading: OdmReading) -> list[etree._Element]:
    events = reading.all(reading.metadata, "StudyEventDef")
    refs = reading.all(reading.metadata, "Protocol/StudyEventRef")
    order: dict[str, int] = {}
    for place, ref in enumerate(refs):
        number = str(ref.get("OrderNumber") or "")
        order[str(ref.get("StudyEventOID"))] = int(number) if is_permitted("integer", number) else place
        reading.definition("StudyEventDef", ref, "StudyEventOID")
    return sorted(events, key=lambda event: order.get(str(event.get("OID")), len(events) + len(refs)))


def _visit(
    reading: OdmReading,
    event: etree._Element,
    number: int,
    taken: set[str],
    days: Mapping[str, int],
    windows: Mapping[str, tuple[int, int]],
    epochs: Mapping[str, str],
) -> Visit:
    ours = reading.ours(event)
    oid = str(event.get("OID"))
    window = windows.get(oid)
    if ours.get("window"):
        before, after = ours["window"].split("..")
        window = (int(before), int(after))
    contact = ours.get("contact", "site")
    name = reading.name(event, ("SE.",), taken, oid_first=True)
    reading.translate(event, f"visit.{name}", _name(event))
    return Visit(
        id=name,
        name=_name(event),
        number=float(ours.get("number") or number),
        day=days.get(oid),
        window=window,
        epoch=ours.get("epoch") or epochs.get(oid),
        arms=tuple(ours.get("arms", "").split()),
        contact=contact if contact in _CONTACTS else "site",  # type: ignore[arg-type]
        start_rule=ours.get("start rule", ""),
        end_rule=ours.get("end rule", ""),
        unscheduled=event.get("Type") == "Unscheduled",
    )


def _epochs(reading: OdmReading) -> dict[str, str]:
    """Event -> our epoch, from the event groups of ODM 2.0."""
    found: dict[str, str] = {}
    for group in reading.all(reading.metadata, "StudyEventGroupDef"):
        epoch = reading.names.get(str(group.get("EpochOID")))
        for ref in reading.all(group, "StudyEventRef") if epoch else []:
            found[str(ref.get("StudyEventOID"))] = epoch or ""
    return found


def _timings(reading: OdmReading) -> tuple[dict[str, int], dict[str, tuple[int, int]]]:
    """Days and windows of events from the timing constraints of ODM 2.0."""
    days: dict[str, int] = {}
    windows: dict[str, tuple[int, int]] = {}
    timing = "Protocol/StudyTimings/StudyTiming"
    for event in reading.all(reading.metadata, "StudyEventDef"):
        day = reading.ours(event).get("day")
        if day:
            days[str(event.get("OID"))] = int(day)
    for constraint in reading.all(reading.metadata, f"{timing}/AbsoluteTimingConstraint"):
        got = f'timing "{constraint.get("Name")}" is the date {constraint.get("TimepointTarget")}'
        reading.say("ODM-032", constraint, got, "days from an event that has a day", "Give the visit a day.")
    pending = reading.all(reading.metadata, f"{timing}/RelativeTimingConstraint")
    while True:
        ready = [c for c in pending if str(c.get("PredecessorOID")) in days and _span(c) is not None]
        if not ready:
            break
        pending = [c for c in pending if c not in ready]
        for constraint in ready:
            start = days[str(constraint.get("PredecessorOID"))]
            elapsed = (start if start < 0 else start - 1) + (_span(constraint) or 0)
            days.setdefault(str(constraint.get("SuccessorOID")), elapsed + 1 if elapsed >= 0 else elapsed)
            _note_window(windows, str(constraint.get("SuccessorOID")), constraint)
    for constraint in pending:
        got = f'timing "{constraint.get("Name")}" leads to no day'
        reading.say("ODM-032", constraint, got, "days from an event that has a day", "Give the visit a day.")
    return days, windows


def _span(constraint: etree._Element) -> int | None:
    """Whole days from start to start, or None for a timing of another kind."""
    match = _DAYS.fullmatch(str(constraint.get("TimepointRelativeTarget") or ""))
    if match is None or constraint.get("Type") not in (None, "StartToStart") or not (match[2] or match[3]):
        return None
    days = 7 * int(match[2] or 0) + int(match[3] or 0)
    return -days if match[1] else days


def _note_window(windows: dict[str, tuple[int, int]], event: str, constraint: etree._Element) -> None:
    before = _DAYS.fullmatch(str(constraint.get("TimepointPreWindow") or ""))
    after = _DAYS.fullmatch(str(constraint.get("TimepointPostWindow") or ""))
    if before and after:
        sizes = [7 * int(m[2] or 0) + int(m[3] or 0) for m in (before, after)]
        windows[event] = (-sizes[0], sizes[1])
