"""A study's metadata as ODM 2.0.

Source: CDISC ODM v2.0: forms are item groups of type Form that hold item groups of type Section; arms, epochs, timing,
objectives and criteria stand in Protocol. A visit is placed relative to the visit on day 1, or else the first
that has a day.
"""

from __future__ import annotations

from lxml import etree

from opencro.study.formats.odm.making import LOG_EVENT, OdmMaking, event_oid, form_oid, group_oid
from opencro.study.formats.odm.write_items import (
    make_codelist,
    make_conditions,
    make_item_refs,
    make_items,
    make_methods,
    number_conditions,
)
from opencro.study.formats.odm.write_odm_1 import form_aliases, forms_of, visit_aliases
from opencro.study.model.form import Form
from opencro.study.model.protocol import Criterion, Visit
from opencro.study.model.whole import Study


def make_study_2(making: OdmMaking, study: Study) -> etree._Element:
    """The Study element of ODM 2.0."""
    conditions = number_conditions(study)
    metadata = making.node(
        "MetaDataVersion",
        _protocol(making, study),
        *_event_groups(making, study),
        *(_event(making, study, visit) for visit in study.protocol.schedule.visits),
        *_log_event(making, study),
        *(element for form in study.forms.values() for element in _form(making, form, conditions)),
        *make_items(making, study),
        *(make_codelist(making, codelist) for codelist in study.codelists.values()),
        *make_conditions(making, study, conditions),
        *(_criterion_condition(making, c) for c in study.protocol.eligibility.criteria),
        *make_methods(making, study),
        OID=f"MDV.{study.file.version}",
        Name=f"{study.id} {study.file.version}",
    )
    return making.node(
        "Study",
        making.words("Description", study.file.title),
        metadata,
        OID=study.id,
        StudyName=study.id,
        ProtocolName=study.file.protocol or study.id,
        VersionID=study.file.version,
    )


def _protocol(making: OdmMaking, study: Study) -> etree._Element | None:
    refs = [
        making.node("StudyEventGroupRef", StudyEventGroupOID=f"SEG.{epoch}", OrderNumber=n, Mandatory=True)
        for n, epoch in enumerate(_visits_by_epoch(study), 1)
    ]
    parts = [
        _structure(making, study),
        _timings(making, study),
        *_objectives(making, study),
        _criteria(making, study),
        *refs,
    ]
    found = [part for part in parts if part is not None]
    return making.node("Protocol", *found) if found else None


def _structure(making: OdmMaking, study: Study) -> etree._Element | None:
    design = study.protocol.design
    arms = [
        making.node("Arm", making.words("Description", a.description or a.name), OID=f"ARM.{a.id}", Name=a.name)
        for a in design.arms
    ]
    epochs = [
        making.node(
            "Epoch",
            making.words("Description", e.description or e.name),
            OID=f"EP.{e.id}",
            Name=e.name,
            SequenceNumber=n,
        )
        for n, e in enumerate(design.epochs, 1)
    ]
    return making.node("StudyStructure", *arms, *epochs) if arms or epochs else None


def _timings(making: OdmMaking, study: Study) -> etree._Element | None:
    dated = [v for v in study.protocol.schedule.visits if v.day is not None]
    anchor = _anchor(study)
    others = [
        _constraint(
            making,
            "RelativeTimingConstraint",
            visit,
            PredecessorOID=event_oid(anchor.id),
            SuccessorOID=event_oid(visit.id),
            Type="StartToStart",
            TimepointRelativeTarget=_distance(anchor, visit),
        )
        for visit in dated
        if anchor is not None and visit is not anchor
    ]
    return (
        making.node("StudyTimings", making.node("StudyTiming", *others, OID="ST.1", Name="Visits")) if others else None
    )


def _anchor(study: Study) -> Visit | None:
    """The visit that others are timed from; its own day, which ODM can't say, stands in an alias."""
    dated = [v for v in study.protocol.schedule.visits if v.day is not None]
    return next((v for v in dated if v.day == 1), dated[0] if dated else None)


def _constraint(making: OdmMaking, name: str, visit: Visit, **attributes: str) -> etree._Element:
    window = visit.window if visit.window is not None and visit.window[0] <= 0 <= visit.window[1] else None
    return making.node(
        name,
        OID=f"TIM.{visit.id}",
        Name=visit.name,
        TimepointPreWindow=f"P{-window[0]}D" if window else None,
        TimepointPostWindow=f"P{window[1]}D" if window else None,
        **attributes,
    )


def _distance(anchor: Visit, visit: Visit) -> str:
    assert anchor.day is not None
    assert visit.day is not None
    days = _elapsed(visit.day) - _elapsed(anchor.day)
    return f"-P{-days}D" if days < 0 else f"P{days}D"


def _elapsed(day: int) -> int:
    return day if day < 0 else day - 1


def _objectives(making: OdmMaking, study: Study) -> list[etree._Element]:
    objectives = study.protocol.objectives.objectives
    if not objectives:
        return []
    aims = [
        making.node(
            "StudyObjective",
            making.words("Description", o.text),
            *(
                making.node("StudyEndPointRef", StudyEndPointOID=f"END.{e.id}", OrderNumber=n)
                for n, e in enumerate(o.endpoints, 1)
            ),
            OID=f"OBJ.{o.id}",
            Name=o.id,
            Level=o.level.title(),
        )
        for o in objectives
    ]
    ends = [
        making.node(
            "StudyEndPoint", making.words("Description", e.text), OID=f"END.{e.id}", Name=e.id, Level=e.level.title()
        )
        for o in objectives
        for e in o.endpoints
    ]
    made = [making.node("StudyObjectives", *aims)]
    return [*made, making.node("StudyEndPoints", *ends)] if ends else made


def _criteria(making: OdmMaking, study: Study) -> etree._Element | None:
    parts = []
    for name, kind in (("InclusionCriteria", "inclusion"), ("ExclusionCriteria", "exclusion")):
        criteria = [
            making.node(
                "Criterion",
                making.words("Description", c.text),
                OID=f"CRIT.{c.id}",
                Name=c.id,
                ConditionOID=f"C.CRIT.{c.id}",
            )
            for c in study.protocol.eligibility.criteria
            if c.type == kind
        ]
        if criteria:
            parts.append(making.node(name, *criteria))
    return making.node("InclusionExclusionCriteria", *parts) if parts else None


def _criterion_condition(making: OdmMaking, criterion: Criterion) -> etree._Element:
    return making.node(
        "ConditionDef",
        making.words("Description", criterion.text),
        making.signature(),
        making.expression(criterion.rule) if criterion.rule else None,
        OID=f"C.CRIT.{criterion.id}",
        Name=criterion.id,
    )


def _visits_by_epoch(study: Study) -> dict[str, list[Visit]]:
    grouped: dict[str, list[Visit]] = {}
    for visit in study.protocol.schedule.visits:
        if visit.epoch:
            grouped.setdefault(visit.epoch, []).append(visit)
    return grouped


def _event_groups(making: OdmMaking, study: Study) -> list[etree._Element]:
    names = {e.id: e.name for e in study.protocol.design.epochs}
    return [
        making.node(
            "StudyEventGroupDef",
            *(
                making.node("StudyEventRef", StudyEventOID=event_oid(v.id), OrderNumber=n, Mandatory=not v.unscheduled)
                for n, v in enumerate(visits, 1)
            ),
            OID=f"SEG.{epoch}",
            Name=names.get(epoch, epoch),
            EpochOID=f"EP.{epoch}",
        )
        for epoch, visits in _visits_by_epoch(study).items()
    ]


def _event(making: OdmMaking, study: Study, visit: Visit) -> etree._Element:
    timed = visit.day is not None and visit is not _anchor(study)
    beside = visit.window is not None and not visit.window[0] <= 0 <= visit.window[1]
    return making.node(
        "StudyEventDef",
        making.described(visit.name, f"visit.{visit.id}"),
        *_refs(making, [form_oid(form) for form in forms_of(study, visit)]),
        *visit_aliases(making, visit, timing=beside or not timed),
        OID=event_oid(visit.id),
        Name=visit.name,
        Repeating=visit.unscheduled,
        Type="Unscheduled" if visit.unscheduled else "Scheduled",
    )


def _log_event(making: OdmMaking, study: Study) -> list[etree._Element]:
    refs = _refs(making, [form_oid(form.id) for form in study.forms.values() if form.participant_level])
    if not refs:
        return []
    return [making.node("StudyEventDef", *refs, OID=LOG_EVENT, Name="Log", Repeating=False, Type="Common")]


def _refs(making: OdmMaking, oids: list[str]) -> list[etree._Element]:
    return [
        making.node("ItemGroupRef", ItemGroupOID=oid, OrderNumber=n, Mandatory=False) for n, oid in enumerate(oids, 1)
    ]


def _form(making: OdmMaking, form: Form, conditions: dict[str, str]) -> list[etree._Element]:
    """The item group of a form and those of its sections."""
    whole = making.node(
        "ItemGroupDef",
        making.described(form.title, f"form.{form.id}"),
        *_refs(making, [group_oid(form.id, group.id) for group in form.groups]),
        *form_aliases(making, form),
        OID=form_oid(form.id),
        Name=form.title,
        Repeating="Simple" if form.repeating else "No",
        Type="Form",
    )
    sections = [
        making.node(
            "ItemGroupDef",
            making.words("Description", group.label, key=f"group.{form.id}.{group.id}") if group.label else None,
            *make_item_refs(making, form, group, conditions),
            OID=group_oid(form.id, group.id),
            Name=group.id,
            Repeating="Simple" if group.repeating else "No",
            Type="Section",
        )
        for group in form.groups
    ]
    return [whole, *sections]
