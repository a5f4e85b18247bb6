"""A study's metadata as ODM 1.3.2.

Source: CDISC ODM v1.3.2. What it has no place for (arms, epochs, objectives, criteria) is not written; visit days and
windows go into aliases of the StudyEventDef.
"""

from __future__ import annotations

from lxml import etree

from opencro.study.formats.odm.making import CONTEXT, LOG_EVENT, OdmMaking, event_oid, form_oid, group_oid
from opencro.study.formats.odm.write_items import (
    make_codelist,
    make_conditions,
    make_item_refs,
    make_items,
    make_methods,
    number_conditions,
)
from opencro.study.model.form import Form
from opencro.study.model.protocol import Visit
from opencro.study.model.whole import Study


def make_study_1(making: OdmMaking, study: Study) -> etree._Element:
    """The Study element of ODM 1.3.2."""
    conditions = number_conditions(study)
    metadata = making.node(
        "MetaDataVersion",
        _protocol(making, study),
        *(_event(making, study, visit) for visit in study.protocol.schedule.visits),
        *_log_event(making, study),
        *(_form(making, form) for form in study.forms.values()),
        *_groups(making, study, conditions),
        *make_items(making, study),
        *(make_codelist(making, codelist) for codelist in study.codelists.values()),
        *make_conditions(making, study, conditions),
        *make_methods(making, study),
        OID=f"MDV.{study.file.version}",
        Name=f"{study.id} {study.file.version}",
    )
    return making.node("Study", _globals(making, study), _units(making, study), metadata, OID=study.id)


def _globals(making: OdmMaking, study: Study) -> etree._Element:
    return making.node(
        "GlobalVariables",
        making.node("StudyName", text=study.id),
        making.node("StudyDescription", text=study.file.title),
        making.node("ProtocolName", text=study.file.protocol or study.id),
    )


def _units(making: OdmMaking, study: Study) -> etree._Element | None:
    items = (item for form in study.forms.values() for group in form.groups for item in group.items)
    units = dict.fromkeys(item.unit for item in items if item.unit)
    made = [making.node("MeasurementUnit", making.words("Symbol", unit), OID=f"MU.{unit}", Name=unit) for unit in units]
    return making.node("BasicDefinitions", *made) if made else None


def _protocol(making: OdmMaking, study: Study) -> etree._Element | None:
    visits = study.protocol.schedule.visits
    refs = [
        making.node("StudyEventRef", StudyEventOID=event_oid(v.id), OrderNumber=n, Mandatory=not v.unscheduled)
        for n, v in enumerate(visits, 1)
    ]
    if _log_forms(study):
        number = len(refs) + 1
        refs.append(making.node("StudyEventRef", StudyEventOID=LOG_EVENT, OrderNumber=number, Mandatory=False))
    return making.node("Protocol", *refs) if refs else None


def _log_forms(study: Study) -> list[Form]:
    return [form for form in study.forms.values() if form.participant_level]


def forms_of(study: Study, visit: Visit) -> list[str]:
    """The forms that the activities of a visit fill, in the order of the study's forms."""
    wanted = {f for a in study.protocol.schedule.activities if visit.id in a.visits for f in a.forms}
    return [form.id for form in study.forms.values() if form.id in wanted and not form.participant_level]


def _form_refs(making: OdmMaking, forms: list[str]) -> list[etree._Element]:
    return [making.node("FormRef", FormOID=form_oid(f), OrderNumber=n, Mandatory=False) for n, f in enumerate(forms, 1)]


def visit_aliases(making: OdmMaking, visit: Visit, *, timing: bool) -> list[etree._Element]:
    """What ODM has no attribute for; the timing only where the version has no element for it."""
    window = "" if visit.window is None else f"{visit.window[0]}..{visit.window[1]}"
    return making.aliases(
        [
            (CONTEXT + "number", repr(visit.number)),
            (CONTEXT + "day", str(visit.day) if timing and visit.day is not None else ""),
            (CONTEXT + "window", window if timing else ""),
            (CONTEXT + "epoch", visit.epoch or ""),
            (CONTEXT + "arms", " ".join(visit.arms)),
            (CONTEXT + "contact", visit.contact if visit.contact != "site" else ""),
            (CONTEXT + "start rule", visit.start_rule),
            (CONTEXT + "end rule", visit.end_rule),
        ]
    )


def _event(making: OdmMaking, study: Study, visit: Visit) -> etree._Element:
    return making.node(
        "StudyEventDef",
        making.described(visit.name, f"visit.{visit.id}"),
        *_form_refs(making, forms_of(study, visit)),
        *visit_aliases(making, visit, timing=True),
        OID=event_oid(visit.id),
        Name=visit.name,
        Repeating=visit.unscheduled,
        Type="Unscheduled" if visit.unscheduled else "Scheduled",
    )


def _log_event(making: OdmMaking, study: Study) -> list[etree._Element]:
    forms = [form.id for form in _log_forms(study)]
    if not forms:
        return []
    refs = _form_refs(making, forms)
    return [making.node("StudyEventDef", *refs, OID=LOG_EVENT, Name="Log", Repeating=False, Type="Common")]


def form_aliases(making: OdmMaking, form: Form) -> list[etree._Element]:
    """What ODM has no attribute for at a form."""
    source = form.source if form.source != "site" else ""
    twice = "yes" if form.double_entry else ""
    return making.aliases([(CONTEXT + "source", source), (CONTEXT + "double entry", twice)])


def _form(making: OdmMaking, form: Form) -> etree._Element:
    refs = [
        making.node("ItemGroupRef", ItemGroupOID=group_oid(form.id, g.id), OrderNumber=n, Mandatory=False)
        for n, g in enumerate(form.groups, 1)
    ]
    return making.node(
        "FormDef",
        making.described(form.title, f"form.{form.id}"),
        *refs,
        *form_aliases(making, form),
        OID=form_oid(form.id),
        Name=form.title,
        Repeating=form.repeating,
    )


def _groups(making: OdmMaking, study: Study, conditions: dict[str, str]) -> list[etree._Element]:
    return [
        making.node(
            "ItemGroupDef",
            making.words("Description", group.label, key=f"group.{form.id}.{group.id}") if group.label else None,
            *make_item_refs(making, form, group, conditions),
            OID=group_oid(form.id, group.id),
            Name=group.id,
            Repeating=group.repeating,
        )
        for form in study.forms.values()
        for group in form.groups
    ]
