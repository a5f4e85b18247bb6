"""Visits and activities as encounters, timings and timelines.

Source: CDISC USDM v4.0, ScheduleTimeline. The anchor is the visit on day 1, or else the first that has a day; every
other visit is so many days before or after it. Unscheduled visits have a timeline each, entered when they happen.
"""

from __future__ import annotations

from itertools import pairwise

from opencro.kernel.finding import Finding, Place, Severity
from opencro.study.formats.usdm import codes
from opencro.study.formats.usdm.making import Made, Making, chain
from opencro.study.formats.usdm.narrative import write_narrative
from opencro.study.model.protocol import Activity, Schedule, Visit

_CONTACT_CODES = {
    "site": codes.IN_PERSON,
    "home": codes.IN_PERSON,
    "telephone": codes.TELEPHONE,
    "remote": codes.VIDEO,
}


def make_schedule(making: Making, schedule: Schedule) -> dict[str, list[Made]]:
    """The attributes encounters, activities and scheduleTimelines of a study design."""
    main = [v for v in schedule.visits if not v.unscheduled]
    anchor = main[_anchor_of(main)] if main else None
    encounters = chain([_encounter(making, v, anchor) for v in schedule.visits])
    activities = chain([_activity(making, a, schedule) for a in schedule.activities])
    timelines = [_timeline(making, "MAIN", main, schedule, main=True)] if main else []
    for visit in schedule.visits:
        if visit.unscheduled:
            timelines.append(_timeline(making, f"TIMELINE_{visit.id}", [visit], schedule, main=False))
    return {"encounters": encounters, "activities": activities, "scheduleTimelines": timelines}


def _anchor_of(visits: list[Visit]) -> int:
    on_day_one = next((i for i, v in enumerate(visits) if v.day == 1), None)
    if on_day_one is not None:
        return on_day_one
    return next((i for i, v in enumerate(visits) if v.day is not None), 0)


def _encounter(making: Making, visit: Visit, anchor: Visit | None) -> Made:
    window = visit.window
    in_timing = window is None or (_fits(window) and visit is not anchor and visit.day is not None)
    # The window of an anchor, of a visit without a day, or one that lies beside its target has no place in a timing.
    beside = window is not None and (visit.unscheduled or not in_timing)
    arms = [i for i in (making.ref("arm", a, f"visit {visit.id}") for a in visit.arms) if i]
    return making.named(
        "visit",
        visit.id,
        "Encounter",
        label=visit.name,
        type=making.code(codes.VISIT),
        contactModes=[making.code(_CONTACT_CODES[visit.contact])],
        environmentalSettings=[making.code(codes.HOME)] if visit.contact == "home" else [],
        transitionStartRule=making.rule(write_narrative(visit.start_rule)),
        transitionEndRule=making.rule(write_narrative(visit.end_rule)),
        ext=[
            *making.text("number", repr(visit.number)),
            *(making.text("window", f"{window[0]}..{window[1]}") if window and beside else []),
            *(making.node("ExtensionAttribute", url="urn:opencro:usdm:arm", valueId=arm) for arm in arms),
        ],
    )


def _activity(making: Making, activity: Activity, schedule: Schedule) -> Made:
    for visit in activity.visits:
        making.ref("visit", visit, f"activity {activity.id}")
    order = [v.id for v in schedule.visits if v.id in activity.visits]
    if order != [v for v in activity.visits if ("visit", v) in making.ids]:
        place = Place("", None, f"activity {activity.id}")
        got = "its visits are not in the order of the schedule"
        remedy = "Put them in order; USDM keeps the order of the schedule."
        making.findings.append(Finding("USDM-066", place, got, "visits in order", remedy, Severity.WARNING))
    notes = [making.node("CommentAnnotation", text=activity.note)] if activity.note else []
    forms = [e for form in activity.forms for e in making.text("form", form)]
    return making.named("activity", activity.id, "Activity", label=activity.name, notes=notes, ext=forms)


def _timeline(making: Making, name: str, visits: list[Visit], schedule: Schedule, *, main: bool) -> Made:
    instances = [_instance(making, v, schedule) for v in visits]
    for before, after in pairwise(instances):
        before["defaultConditionId"] = after["id"]
    leaving = making.node("ScheduleTimelineExit")
    instances[-1]["timelineExitId"] = leaving["id"]
    anchor = _anchor_of(visits)
    timings = [
        _anchor(making, v, instances[i], main=main)
        if i == anchor
        else _timing(making, v, instances[i], visits[anchor], instances[anchor])
        for i, v in enumerate(visits)
        if i == anchor or v.day is not None
    ]
    return making.node(
        "ScheduleTimeline",
        name=name,
        mainTimeline=main,
        entryCondition="Participant identified" if main else visits[0].start_rule or "Visit is needed",
        entryId=instances[0]["id"],
        exits=[leaving],
        timings=timings,
        instances=instances,
    )


def _instance(making: Making, visit: Visit, schedule: Schedule) -> Made:
    epoch = making.ref("epoch", visit.epoch, f"visit {visit.id}") if visit.epoch else None
    return making.named(
        "instance",
        visit.id,
        "ScheduledActivityInstance",
        encounterId=making.ids["visit", visit.id],
        epochId=epoch,
        activityIds=[making.ids["activity", a.id] for a in schedule.activities if visit.id in a.visits],
    )


def _anchor(making: Making, visit: Visit, instance: Made, *, main: bool) -> Made:
    day = visit.day
    extensions = [making.flag("noDay")] if day is None and main else []
    if day is not None and (day < 1 or not main):
        extensions.append(making.whole("anchorDay", day))
    value = f"P{day}D" if day is not None and day > 0 else "P0D"
    return making.named(
        "timing",
        visit.id,
        "Timing",
        type=making.code(codes.FIXED_REFERENCE),
        relativeToFrom=making.code(codes.START_TO_START),
        value=value,
        valueLabel="" if day is None else f"Day {day}",
        relativeFromScheduledInstanceId=instance["id"],
        relativeToScheduledInstanceId=instance["id"],
        ext=extensions,
    )


def _timing(making: Making, visit: Visit, instance: Made, anchor: Visit, anchor_instance: Made) -> Made:
    assert visit.day is not None
    assert anchor.day is not None
    distance = _elapsed(visit.day) - _elapsed(anchor.day)
    window = visit.window if visit.window is not None and _fits(visit.window) else None
    return making.named(
        "timing",
        visit.id,
        "Timing",
        type=making.code(codes.BEFORE if distance < 0 else codes.AFTER),
        relativeToFrom=making.code(codes.START_TO_START),
        value=f"P{abs(distance)}D",
        valueLabel=f"{abs(distance)} days",
        relativeFromScheduledInstanceId=instance["id"],
        relativeToScheduledInstanceId=anchor_instance["id"],
        windowLower=f"P{-window[0]}D" if window else None,
        windowUpper=f"P{window[1]}D" if window else None,
        windowLabel=f"{window[0]}..{window[1]} days" if window else None,
    )


def _elapsed(day: int) -> int:
    return day if day < 0 else day - 1


def _fits(window: tuple[int, int]) -> bool:
    """Whether a window can be said as a length before and a length after its target."""
    return window[0] <= 0 <= window[1]
