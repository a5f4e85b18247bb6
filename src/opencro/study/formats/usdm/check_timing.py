"""Whether the timings of a schedule can be followed: an anchor, durations, whole windows.

Source: CDISC CORE rules for USDM: DDF00006, DDF00007, DDF00009, DDF00025, DDF00031, DDF00060, DDF00061, DDF00062.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from opencro.kernel.finding import Finding
from opencro.study.formats.usdm.codes import FIXED_REFERENCE
from opencro.study.formats.usdm.document import Node, UsdmDocument
from opencro.study.formats.usdm.duration import is_duration
from opencro.study.formats.usdm.json_lines import Key

_WINDOW = ("windowLabel", "windowLower", "windowUpper")


def check_timing(document: UsdmDocument) -> list[Finding]:
    """Findings USDM-040..044 for every timeline of a document whose structure is sound."""
    found: list[Finding] = []
    for v, version in enumerate(document.value["study"].get("versions") or []):
        for d, design in enumerate(version.get("studyDesigns") or []):
            for t, timeline in enumerate(design.get("scheduleTimelines") or []):
                at: Key = ("study", "versions", v, "studyDesigns", d, "scheduleTimelines", t)
                found += _check_timeline(document, at, timeline)
    return found


def _check_timeline(document: UsdmDocument, key: Key, timeline: Node) -> Iterator[Finding]:
    timings: list[Any] = timeline.get("timings") or []
    if not any(_is_anchor(timing) for timing in timings):
        got = f'timeline "{timeline["name"]}" has no anchor'
        yield document.finding(
            "USDM-040", (*key, "timings"), got, "a timing of type Fixed Reference", "Say which instance is the anchor."
        )
    for i, timing in enumerate(timings):
        at = (*key, "timings", i)
        yield from _check_instances(document, at, timing)
        yield from _check_durations(document, at, timing)
        yield from _check_window(document, at, timing)


def _is_anchor(timing: Node) -> bool:
    return bool(timing["type"]["code"] == FIXED_REFERENCE)


def _check_instances(document: UsdmDocument, at: Key, timing: Node) -> Iterator[Finding]:
    start, target = timing.get("relativeFromScheduledInstanceId"), timing.get("relativeToScheduledInstanceId")
    if _is_anchor(timing) and target not in (None, start):
        got, expected = f'anchor "{timing["name"]}" names two instances', "one instance"
    elif not _is_anchor(timing) and target in (None, start):
        got, expected = f'timing "{timing["name"]}" names one instance', "two instances"
    else:
        return
    yield document.finding("USDM-041", at, got, expected, "Correct relativeToScheduledInstanceId.")


def _check_durations(document: UsdmDocument, at: Key, timing: Node) -> Iterator[Finding]:
    for name in ("value", "windowLower", "windowUpper"):
        value = timing.get(name)
        if value is not None and not is_duration(value):
            got = f'Timing.{name} is "{value}"'
            remedy = "Give a duration that is not negative; the type says before or after."
            yield document.finding("USDM-042", (*at, name), got, "an ISO 8601 duration", remedy)


def _check_window(document: UsdmDocument, at: Key, timing: Node) -> Iterator[Finding]:
    given = [name for name in _WINDOW if timing.get(name)]
    if given and _is_anchor(timing):
        got = f'anchor "{timing["name"]}" has a window'
        yield document.finding("USDM-043", at, got, "no window at an anchor", "Take the window away.")
    elif given and len(given) < len(_WINDOW):
        got = f'timing "{timing["name"]}" gives {", ".join(given)} only'
        yield document.finding("USDM-044", at, got, "all of " + ", ".join(_WINDOW), "Give the whole window or none.")
