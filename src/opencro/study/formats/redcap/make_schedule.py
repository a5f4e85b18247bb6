"""Events become visits, and the forms that they ask for activities.

REDCap counts days from 0 at the start of an arm; our day 1 is its day 0, and there is no day 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

from opencro.kernel.finding import Finding, Place, Severity
from opencro.study.formats.redcap.making import fit
from opencro.study.formats.redcap.project import RedcapEvent, RedcapProject
from opencro.study.model.form import Form
from opencro.study.model.protocol import Activity, Arm, Design, Schedule, Visit


def make_schedule(
    project: RedcapProject, forms: Mapping[str, Form], file: str = ""
) -> tuple[Design, Schedule, tuple[Finding, ...]]:
    """Arms, visits and activities; `forms` are those that were made, by REDCap's name of them. RCP-031, RCP-032."""
    found: list[Finding] = []
    arms = {event.arm: event.arm_name for event in project.events if event.arm}
    ids = _ids(project.events)
    visits = [
        _visit(event, number, ids[event.name], len(arms) > 1, (event.name, "") in project.repeating)
        for number, event in enumerate(project.events, 1)
    ]
    if _clash(visits):
        visits = [visit.model_copy(update={"window": None}) for visit in visits]
        place = Place(file, project.events[0].line or None)
        remedy = "Visits have days and no windows; give windows that do not overlap."
        found.append(Finding("RCP-032", place, "windows of events that overlap", "", remedy, Severity.WARNING))
    found += _repeats(project, file)
    activities = tuple(
        Activity(
            id=form.id,
            name=form.title,
            forms=(form.id,),
            visits=tuple(ids[event.name] for event in project.events if name in event.forms),
        )
        for name, form in forms.items()
        if any(name in event.forms for event in project.events)
    )
    design = Design(arms=tuple(Arm(id=fit(f"arm_{arm}"), name=name or f"Arm {arm}") for arm, name in arms.items()))
    return design, Schedule(visits=tuple(visits), activities=activities), tuple(found)


def _ids(events: tuple[RedcapEvent, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for event in events:
        free, number = fit(event.name), 2
        while free in found.values():
            free = f"{fit(event.name)[:60]}_{number}"
            number += 1
        found[event.name] = free
    return found


def _visit(event: RedcapEvent, number: int, name: str, several_arms: bool, repeats: bool) -> Visit:
    offset = event.day_offset
    spread = (-abs(event.offset_min), abs(event.offset_max))
    return Visit(
        id=name,
        name=event.label or event.name,
        number=number,
        day=None if offset is None else offset + 1 if offset >= 0 else offset,
        window=spread if offset is not None and any(spread) else None,
        arms=(fit(f"arm_{event.arm}"),) if several_arms and event.arm else (),
        unscheduled=repeats,
    )


def _clash(visits: list[Visit]) -> bool:
    """Whether windows of an arm overlap, or the order of visits is against their days."""
    planned = [v for v in visits if v.window is not None and v.day is not None and not v.unscheduled]
    for first, second in combinations(planned, 2):
        if first.arms and second.arms and not set(first.arms) & set(second.arms):
            continue
        (start, end), (start2, end2) = _span(first), _span(second)
        if min(end, end2) >= max(start, start2) or start2 < start:
            return True
    return False


def _span(visit: Visit) -> tuple[int, int]:
    day, (earliest, latest) = visit.day or 0, visit.window or (0, 0)
    count = day if day < 0 else day - 1
    return count + earliest, count + latest


def _repeats(project: RedcapProject, file: str) -> list[Finding]:
    found = []
    for event, form in sorted(project.repeating):
        place = Place(file, None, event)
        if not form and project.events:
            got = f"event {event} repeats as a whole"
            remedy = "Read as an unscheduled visit, which may take place several times."
            found.append(Finding("RCP-031", place, got, "", remedy, Severity.WARNING))
        elsewhere = [e.name for e in project.events if form in e.forms and (e.name, form) not in project.repeating]
        if form and elsewhere:
            got = f"form {form} repeats at {event} and not at {', '.join(elsewhere)}"
            found.append(Finding("RCP-031", place, got, "", "It may repeat at all of them.", Severity.WARNING))
    return found
