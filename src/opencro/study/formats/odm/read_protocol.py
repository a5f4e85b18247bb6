"""Objectives with their endpoints, and eligibility criteria, which only ODM 2.0 has.

Source: CDISC ODM v2.0 (StudyObjective, StudyEndPoint, InclusionExclusionCriteria).
"""

from __future__ import annotations

from typing import Any

from lxml import etree

from opencro.study.formats.odm.importing import OdmReading
from opencro.study.formats.odm.read_items import expression_of
from opencro.study.model.protocol import Criterion, Eligibility, Endpoint, Objective, Objectives

_LEVELS = {"primary": "primary", "secondary": "secondary", "exploratory": "exploratory"}


def read_objectives(reading: OdmReading) -> Objectives:
    """Objectives in the order of the file; an endpoint that two of them name belongs to the first."""
    ends = {str(e.get("OID")): e for e in reading.all(reading.metadata, "Protocol/StudyEndPoints/StudyEndPoint")}
    taken: set[str] = set()
    ids: set[str] = set()
    found = []
    for element in reading.all(reading.metadata, "Protocol/StudyObjectives/StudyObjective"):
        endpoints = []
        for ref in reading.all(element, "StudyEndPointRef"):
            oid = str(ref.get("StudyEndPointOID") or "")
            if oid not in ends:
                got = f'StudyEndPointOID "{oid}" names nothing'
                reading.say("ODM-020", ref, got, "the OID of a StudyEndPoint", "Define it.", error=True)
            elif oid in reading.names:
                got = f'endpoint "{oid}" of a second objective'
                reading.say("ODM-036", ref, got, "an endpoint of one objective", "It stands with the first.")
            else:
                end = ends[oid]
                name = reading.name(end, ("END.",), ids, oid_first=True)
                endpoints.append(Endpoint(id=name, text=_text(reading, end), level=_level(reading, end)))
        found.append(
            Objective(
                id=reading.name(element, ("OBJ.",), taken, oid_first=True),
                level=_level(reading, element),
                text=_text(reading, element),
                endpoints=tuple(endpoints),
            )
        )
    return Objectives(objectives=tuple(found))


def read_eligibility(reading: OdmReading) -> Eligibility:
    """Inclusion, then exclusion criteria, with their rule where it is in our language."""
    taken: set[str] = set()
    found = []
    for name, kind in (("InclusionCriteria", "inclusion"), ("ExclusionCriteria", "exclusion")):
        path = f"Protocol/InclusionExclusionCriteria/{name}/Criterion"
        for element in reading.all(reading.metadata, path):
            condition = reading.definition("ConditionDef", element, "ConditionOID")
            rule = "" if condition is None else expression_of(reading, condition) or ""
            text = reading.text(element, "Description") or (
                "" if condition is None else reading.text(condition, "Description")
            )
            found.append(
                Criterion(
                    id=reading.name(element, ("CRIT.",), taken, oid_first=True),
                    type="inclusion" if kind == "inclusion" else "exclusion",
                    text=text or _name(element),
                    rule=rule,
                )
            )
    return Eligibility(criteria=tuple(found))


def _name(element: etree._Element) -> str:
    return str(element.get("Name") or "").strip() or str(element.get("OID"))


def _text(reading: OdmReading, element: etree._Element) -> str:
    return reading.text(element, "Description") or _name(element)


def _level(reading: OdmReading, element: etree._Element) -> Any:
    level = _LEVELS.get(str(element.get("Level") or "").casefold())
    if level is None:
        got = f'"{_name(element)}" has no level'
        reading.say("ODM-036", element, got, ", ".join(_LEVELS), "Read as secondary; give its level.")
    return level or "secondary"
