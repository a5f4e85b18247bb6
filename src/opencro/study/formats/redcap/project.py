"""A REDCap project as its XML says it: fields, events with their forms, what repeats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from opencro.kernel.finding import Finding
from opencro.study.formats.redcap.field import RedcapField

NAMESPACE = "https://projectredcap.org"
ODM = "http://www.cdisc.org/ns/odm/v1.3"


@dataclass(frozen=True, slots=True)
class RedcapEvent:
    """An event: days after the start of its arm with the days before and after, and the forms that it asks for."""

    name: str
    label: str
    arm: str
    arm_name: str
    day_offset: int | None
    offset_min: int
    offset_max: int
    forms: tuple[str, ...]
    line: int = 0


@dataclass(frozen=True)
class RedcapProject:
    """The definition in a project XML; `titles` are the words for forms, `repeating` pairs of event and form.

    A pair whose form is empty is an event that repeats as a whole. `events` is empty where a project is not
    longitudinal.
    """

    title: str
    fields: tuple[RedcapField, ...]
    titles: Mapping[str, str] = field(default_factory=dict)
    events: tuple[RedcapEvent, ...] = ()
    repeating: frozenset[tuple[str, str]] = frozenset()
    findings: tuple[Finding, ...] = ()
