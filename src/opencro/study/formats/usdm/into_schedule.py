"""The schedule timelines of USDM as visits with days and windows, and activities with the visits that hold them.

Source: CDISC USDM v4.0, ScheduleTimeline and Timing. The anchor (Fixed Reference) is day 1 unless its value names
another day; a visit d days after it is day d + 1, since there is no day 0 (SDTMIG 3.4 section 4.4.4).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Literal

from opencro.kernel.finding import Severity
from opencro.study.formats.usdm import codes
from opencro.study.formats.usdm.document import Node
from opencro.study.formats.usdm.duration import parse_duration
from opencro.study.formats.usdm.extension import read_extensions, read_flag, read_text, read_texts, read_whole
from opencro.study.formats.usdm.reading import Reading, in_order, words
from opencro.study.model.protocol import Activity, Schedule, Visit

_DAY = timedelta(days=1)
_SAID_DAY = re.compile(r"\bday\s+(-?\d+)\b", re.IGNORECASE)


def read_schedule(reading: Reading) -> Schedule:
    """Visits from the encounters and the timelines that hold them; activities from the instances of those timelines."""
    timelines: list[Any] = reading.design.get("scheduleTimelines") or []
    main = [t for t in timelines if t.get("mainTimeline")]
    encounters = in_order(reading.design.get("encounters") or [])
    visits = tuple(_visit(reading, n, number, timelines, main) for number, n in enumerate(encounters, 1))
    for timeline in timelines:
        _say_instances_apart(reading, timeline)
    activities = _activities(reading, timelines, [e["id"] for e in encounters])
    return Schedule(visits=visits, activities=activities)


def _visit(reading: Reading, node: Node, number: int, timelines: list[Any], main: list[Any]) -> Visit:
    instance, timeline = _instance_of(node, [*main, *(t for t in timelines if t not in main)])
    timing = _timing_of(reading, node, instance, timeline)
    day = _day(reading, node, timing, timeline)
    name = reading.name(node, "visit")
    _check_said_day(reading, node, day)
    text = read_text(node, "number")
    return Visit(
        id=name,
        name=words(node),
        number=float(text) if text else float(number),
        day=day,
        window=_window(reading, node, timing),
        epoch=next(iter(reading.refs([instance["epochId"]])), None) if instance and instance.get("epochId") else None,
        arms=reading.refs(e["valueId"] for e in read_extensions(node, "arm")),
        contact=_contact(reading, node),
        start_rule=_rule(reading, node, "transitionStartRule"),
        end_rule=_rule(reading, node, "transitionEndRule"),
        unscheduled=timeline is not None and not timeline.get("mainTimeline"),
    )


def _rule(reading: Reading, node: Node, name: str) -> str:
    return reading.text(node[name]) if node.get(name) else ""


def _instance_of(node: Node, timelines: Iterable[Any]) -> tuple[Node | None, Node | None]:
    """The first scheduled instance of an encounter, the main timeline first."""
    for timeline in timelines:
        for instance in timeline.get("instances") or []:
            if instance.get("encounterId") == node["id"]:
                return instance, timeline
    return None, None


def _timing_of(reading: Reading, node: Node, instance: Node | None, timeline: Node | None) -> Node | None:
    named = reading.document.nodes.get(node.get("scheduledAtId") or "")
    if named is not None:
        return named[1]
    if instance is None or timeline is None:
        return None
    return _timing_from(timeline, instance["id"])


def _timing_from(timeline: Node, instance: str) -> Node | None:
    timings: list[Any] = timeline.get("timings") or []
    return next((t for t in timings if t.get("relativeFromScheduledInstanceId") == instance), None)


def _day(reading: Reading, node: Node, timing: Node | None, timeline: Node | None) -> int | None:
    if timing is None or timeline is None:
        return None
    if not timeline.get("mainTimeline"):
        return read_whole(timing, "anchorDay")
    found = _anchored(timeline, timing)
    if found is None:
        got = f'timing "{timing["name"]}" cannot be placed on a day'
        expected = "weeks, days or shorter, relative to an anchor"
        reading.say("USDM-057", node, "scheduledAtId", got, expected, "Give the visit a day.")
        return None
    anchor, span = found
    if read_flag(anchor, "noDay"):
        return None
    anchor_day = _anchor_day(anchor)
    elapsed = (anchor_day if anchor_day < 0 else anchor_day - 1) + span // _DAY
    return elapsed + 1 if elapsed >= 0 else elapsed


def _anchored(timeline: Node, timing: Node) -> tuple[Node, timedelta] | None:
    """The anchor that a timing leads to, and the time from there; None where the chain breaks."""
    span = timedelta()
    seen: set[str] = set()
    while timing["id"] not in seen:
        seen.add(timing["id"])
        kind = timing["type"]["code"]
        if kind == codes.FIXED_REFERENCE:
            return timing, span
        step = parse_duration(timing["value"])
        if step is None:
            return None
        span += -step if kind == codes.BEFORE else step
        following = _timing_from(timeline, timing.get("relativeToScheduledInstanceId") or "")
        if following is None:
            return None
        timing = following
    return None


def _anchor_day(anchor: Node) -> int:
    given = read_whole(anchor, "anchorDay")
    if given is not None:
        return given
    value = parse_duration(anchor["value"])
    return value // _DAY if value is not None and value >= _DAY else 1


def _window(reading: Reading, node: Node, timing: Node | None) -> tuple[int, int] | None:
    ours = read_text(node, "window")
    if ours:
        before, after = ours.split("..")
        return int(before), int(after)
    if timing is None or not timing.get("windowLower") or not timing.get("windowUpper"):
        return None
    lower, upper = parse_duration(timing["windowLower"]), parse_duration(timing["windowUpper"])
    if lower is None or upper is None or lower % _DAY or upper % _DAY:
        got = f"window {timing['windowLower']} before to {timing['windowUpper']} after"
        remedy = "Keep the hours in the text of the protocol."
        reading.say("USDM-058", timing, "windowLower", got, "whole days", remedy)
        if lower is None or upper is None:
            return None
    return -abs(lower // _DAY), abs(upper // _DAY)


def _contact(reading: Reading, node: Node) -> Literal["site", "telephone", "home", "remote"]:
    modes = [m["code"] for m in node.get("contactModes") or []]
    settings = [s["code"] for s in node.get("environmentalSettings") or []]
    known = [codes.CONTACTS[m] for m in modes if m in codes.CONTACTS]
    if len(modes) > 1:
        got = f'visit "{words(node)}" has {len(modes)} contact modes'
        remedy = f'Read as "{known[0] if known else "site"}".'
        reading.say("USDM-059", node, "contactModes", got, "one", remedy, Severity.NOTE)
    if known[:1] == ["site"] or not known:
        return "home" if codes.HOME in settings else "site"
    return known[0]  # type: ignore[return-value]


def _check_said_day(reading: Reading, node: Node, day: int | None) -> None:
    """A label that names another day than the timing gives: one of the two is wrong, often by the missing day 0."""
    for name in ("label", "description"):
        said = _SAID_DAY.search(node.get(name) or "")
        if said and day is not None and int(said[1]) != day:
            got = f'visit "{words(node)}" says day {said[1]}, its timing gives day {day}'
            reading.say("USDM-060", node, name, got, "one day", "Ask the sponsor which is meant; the timing was taken.")
            return


def _say_instances_apart(reading: Reading, timeline: Node) -> None:
    seen: dict[str, Node] = {}
    for instance in timeline.get("instances") or []:
        encounter = instance.get("encounterId")
        if instance["instanceType"] == "ScheduledDecisionInstance":
            got = f'decision "{instance["name"]}"'
            remedy = "Put the condition into the rules of the visits."
            reading.say("USDM-061", instance, "conditionAssignments", got, "a schedule without branches", remedy)
        elif encounter and encounter in seen and _apart(timeline, seen[encounter], instance):
            got = f'instance "{instance["name"]}" is another time of the visit of "{seen[encounter]["name"]}"'
            reading.say("USDM-062", instance, "encounterId", got, "one time per visit", "Make it a visit of its own.")
        elif encounter:
            seen.setdefault(encounter, instance)
    if not timeline.get("mainTimeline") and not seen and timeline["id"] not in _inner_timelines(reading):
        got = f'timeline "{timeline["name"]}" runs on the condition "{timeline["entryCondition"]}"'
        remedy = "Make an unscheduled visit or a log form of it."
        reading.say("USDM-063", timeline, "entryCondition", got, "visits of the main timeline", remedy, Severity.NOTE)


def _inner_timelines(reading: Reading) -> set[str]:
    """Timelines that run within an activity or an instance of another timeline."""
    nodes: list[Any] = list(reading.design.get("activities") or [])
    for timeline in reading.design.get("scheduleTimelines") or []:
        nodes += timeline.get("instances") or []
    return {n["timelineId"] for n in nodes if n.get("timelineId")}


def _apart(timeline: Node, first: Node, second: Node) -> bool:
    timing = _timing_from(timeline, second["id"])
    step = parse_duration(timing["value"]) if timing is not None else timedelta()
    return step is None or (step >= _DAY and _timing_from(timeline, first["id"]) is not None)


def _activities(reading: Reading, timelines: list[Any], encounters: list[str]) -> tuple[Activity, ...]:
    nodes = in_order(reading.design.get("activities") or [])
    done = _done_at(nodes, timelines)
    found = []
    for node in nodes:
        if node.get("childIds"):
            got = f'activity "{words(node)}" is a heading over {len(node["childIds"])} activities'
            reading.say(
                "USDM-064", node, "childIds", got, "activities", "Nothing is lost but the heading.", Severity.NOTE
            )
            continue
        notes = [n["text"] for n in node.get("notes") or []]
        found.append(
            Activity(
                id=reading.name(node, "activity"),
                name=words(node),
                forms=read_texts(node, "form"),
                visits=reading.refs(e for e in encounters if e in done.get(node["id"], ())),
                note="\n".join(notes),
            )
        )
    return tuple(found)


def _done_at(nodes: list[Any], timelines: list[Any]) -> dict[str, set[str]]:
    """Activity -> encounters; what a timeline within an activity or instance holds is done where that is done."""
    done: dict[str, set[str]] = {}
    inner: dict[str, set[str]] = {}
    for timeline in timelines:
        for instance in timeline.get("instances") or []:
            encounter = instance.get("encounterId")
            for activity in (instance.get("activityIds") or []) if encounter else []:
                done.setdefault(activity, set()).add(encounter)
            if encounter and instance.get("timelineId"):
                inner.setdefault(instance["timelineId"], set()).add(encounter)
    for node in nodes:
        if node.get("timelineId"):
            inner.setdefault(node["timelineId"], set()).update(done.get(node["id"], ()))
    for timeline in timelines:
        for instance in timeline.get("instances") or []:
            for activity in (instance.get("activityIds") or []) if timeline["id"] in inner else []:
                done.setdefault(activity, set()).update(inner[timeline["id"]])
    return done
