"""A REDCap project as its XML says it: fields, events with their forms, what repeats."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from opencro.kernel.finding import Finding, Refused
from opencro.study.formats.odm.xml_safety import parse_xml
from opencro.study.formats.redcap.field import RedcapField

NAMESPACE = "https://projectredcap.org"
ODM = "http://www.cdisc.org/ns/odm/v1.3"
_ATTRIBUTE = re.compile(rb'(\s[\w:.-]+=")([^"<]*\n[^"<]*)"')


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


def parse_project(data: bytes, file: str) -> etree._Element:
    """The root of a project XML; raises `Refused` with ODM-001..003.

    REDCap writes the lines of a text into an attribute as they are, where a reader of XML must take each break for a
    blank: they are written as XML wants them before it is read, and after the attribute, for lines to be counted.
    """
    root, unsafe = parse_xml(_ATTRIBUTE.sub(_kept, data), file)
    if root is None:
        raise Refused(unsafe)
    return root


def _kept(match: re.Match[bytes]) -> bytes:
    text = match[2].replace(b"\r\n", b"\n")
    return match[1] + text.replace(b"\n", b"&#10;") + b'"' + b"\n" * text.count(b"\n")
