"""A study as REDCap's project XML: ODM 1.3.1 with REDCap's additions, metadata alone or with data and files.

Source: files that REDCap's own export makes; `project_xml.py` reads what is written here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lxml import etree

from opencro.app.redcap.dictionary import CHOICES, VALIDATION, parse_choices
from opencro.app.redcap.project import Field, Project
from opencro.app.redcap.project_info import SETTINGS
from opencro.app.redcap.project_xml import ODM, REDCAP, ROW_ATTRIBUTES
from opencro.app.redcap.values import column_of
from opencro.study import Code

NAMESPACES: dict[Any, str] = {None: ODM.strip("{}"), "redcap": REDCAP.strip("{}")}
_OLD_TYPES = {"dropdown": "select", "notes": "textarea"}
_OLD_VALIDATIONS = {"integer": "int", "number": "float"}
_STATUS = (("0", "Incomplete"), ("1", "Unverified"), ("2", "Complete"))


def child(parent: etree._Element, name: str, text: str | None = None, **said: str) -> etree._Element:
    """An element of CDISC, or of REDCap where its name begins with `redcap:`; so with its attributes (`redcap_X`)."""
    tag = f"{REDCAP}{name[7:]}" if name.startswith("redcap:") else f"{ODM}{name}"
    made = etree.SubElement(parent, tag)
    for key, value in said.items():
        made.set(f"{REDCAP}{key[7:]}" if key.startswith("redcap_") else key, value)
    made.text = text
    return made


def make_root(project: Project, now: str, version: str) -> etree._Element:
    """The file's root, with the study's metadata."""
    root = etree.Element(f"{ODM}ODM", nsmap=NAMESPACES)
    title = project.study.file.title
    head = {"ODMVersion": "1.3.1", "FileOID": project.study.id, "FileType": "Snapshot", "Description": title}
    head |= {"AsOfDateTime": now, "CreationDateTime": now, "SourceSystem": "openCRO", "SourceSystemVersion": version}
    for key, value in head.items():
        root.set(key, value)
    study = child(root, "Study", OID=f"Project.{project.study.id}")
    _variables(study, project)
    metadata = child(
        study,
        "MetaDataVersion",
        OID=f"Metadata.{project.study.id}",
        Name=title,
        redcap_RecordIdField=project.record_id,
    )
    _events(metadata, project)
    _forms(metadata, project)
    return root


def _variables(study: etree._Element, project: Project) -> None:
    parent = child(study, "GlobalVariables")
    document, title = project.document, project.study.file.title
    child(parent, "StudyName", title)
    child(parent, "StudyDescription", f'Metadata and data of the study "{title}".')
    child(parent, "ProtocolName", title)
    said = {SETTINGS[n][0] if n in SETTINGS else n: text for n, text in document.settings.items()}
    for name, text in said.items():
        if name:
            child(parent, f"redcap:{name}", text)
    _repeating(parent, project)
    if document.surveys:
        group = child(parent, "redcap:SurveysGroup")
        for form, settings in document.surveys.items():
            child(group, "redcap:Surveys", **{**settings, "form_name": form})
    if document.reports:
        group = child(parent, "redcap:ReportsGroup")
        for report in document.reports.values():
            made = child(group, "redcap:Reports", title=report.title, advanced_logic=report.filter)
            made.set("redcap_reports_fields", ",".join(report.fields))
            made.set("redcap_reports_filter_events", ",".join(report.events))
    for text in document.vendor.values():
        parent.append(etree.fromstring(text, etree.XMLParser(resolve_entities=False, no_network=True)))


def _repeating(parent: etree._Element, project: Project) -> None:
    if not project.has_repeats:
        return
    group = child(parent, "redcap:RepeatingInstrumentsAndEvents")
    forms = [(event, form, label) for (event, form), label in project.repeats.items() if form]
    for event, form in project.repeats:
        if not form:
            child(group, "redcap:RepeatingEvent", redcap_UniqueEventName=event)
    if forms:
        inner = child(group, "redcap:RepeatingInstruments")
        for event, form, label in forms:
            child(
                inner,
                "redcap:RepeatingInstrument",
                redcap_UniqueEventName=event,
                redcap_RepeatInstrument=form,
                redcap_CustomLabel=label,
            )


def _events(metadata: etree._Element, project: Project) -> None:
    if not project.longitudinal:
        return
    protocol = child(metadata, "Protocol")
    for number, name in enumerate(project.events, 1):
        child(protocol, "StudyEventRef", StudyEventOID=f"Event.{name}", OrderNumber=str(number), Mandatory="No")
    for event in project.events.values():
        arm = project.arms[event.arm]
        made = child(
            metadata,
            "StudyEventDef",
            OID=f"Event.{event.unique}",
            Name=f"{event.name} (Arm {event.arm}: {arm})",
            Type="Common",
            Repeating="No",
            redcap_EventName=event.name,
            redcap_CustomEventLabel=event.label,
            redcap_UniqueEventName=event.unique,
            redcap_ArmNum=str(event.arm),
            redcap_ArmName=arm,
            redcap_DayOffset=str(event.day_offset),
            redcap_OffsetMin=str(event.offset_min),
            redcap_OffsetMax=str(event.offset_max),
        )
        forms = [form for at, form in project.mapping if at == event.unique]
        for number, form in enumerate(forms, 1):
            said = {"FormOID": f"Form.{form}", "OrderNumber": str(number), "Mandatory": "No"}
            child(made, "FormRef", **said, redcap_FormName=form)


def item_columns(project: Project, field: Field) -> list[tuple[str, str]]:
    """The items that a field is in ODM: itself, or one for each answer of a checkbox, with its code."""
    if field.type != "checkbox":
        return [(field.name, "")]
    codes = project.study.codelists[field.codes].codes
    return [(column_of(field.name, code.value), code.value) for code in codes]


def item_groups(project: Project, instrument: str) -> list[tuple[str, list[Field]]]:
    """The fields of an instrument by heading: a group begins where a field has a section header."""
    groups: list[tuple[str, list[Field]]] = []
    for field in project.fields_of(instrument):
        if not groups or field.row["section_header"]:
            groups.append((f"{instrument}.{field.name}", []))
        groups[-1][1].append(field)
    return groups


def _forms(metadata: etree._Element, project: Project) -> None:
    for instrument in project.instruments.values():
        form = child(
            metadata,
            "FormDef",
            OID=f"Form.{instrument.name}",
            Name=instrument.label,
            Repeating="No",
            redcap_FormName=instrument.name,
        )
        status = f"{instrument.name}_complete"
        for oid, _ in (*item_groups(project, instrument.name), (f"{instrument.name}.{status}", [])):
            child(form, "ItemGroupRef", ItemGroupOID=oid, Mandatory="No")
    for name, instrument in project.instruments.items():
        for oid, fields in item_groups(project, name):
            title = fields[0].row["section_header"] or instrument.label
            group = child(metadata, "ItemGroupDef", OID=oid, Name=title, Repeating="No")
            for field in fields:
                for column, _ in item_columns(project, field):
                    must = "Yes" if field.row["required_field"] else "No"
                    child(group, "ItemRef", ItemOID=column, Mandatory=must, redcap_Variable=field.name)
        status = f"{name}_complete"
        group = child(metadata, "ItemGroupDef", OID=f"{name}.{status}", Name="Form Status", Repeating="No")
        child(group, "ItemRef", ItemOID=status, Mandatory="No", redcap_Variable=status)
    for field in project.fields.values():
        for column, _ in item_columns(project, field):
            _item(metadata, field, column)
    for name in project.instruments:
        _status(metadata, name)
    _codelists(metadata, project)


def _item(metadata: etree._Element, field: Field, column: str) -> None:
    row = field.row
    type, length = _data_type(field)
    said = {"OID": column, "Name": column, "DataType": type, "Length": length, "redcap_Variable": field.name}
    said["redcap_FieldType"] = _OLD_TYPES.get(field.type, field.type)
    for attribute, name in ROW_ATTRIBUTES.items():
        if row[name]:
            text = _OLD_VALIDATIONS.get(row[name], row[name]) if name == VALIDATION else row[name]
            said[f"redcap_{attribute}"] = text
    marks = (("Identifier", "identifier"), ("RequiredField", "required_field"), ("MatrixRanking", "matrix_ranking"))
    said |= {f"redcap_{attribute}": "y" for attribute, name in marks if row[name]}
    special = {"calc": "Calculation", "slider": "SliderLabels", "sql": "SQL"}.get(field.type)
    if special and row[CHOICES]:
        said[f"redcap_{special}"] = row[CHOICES]
    item = child(metadata, "ItemDef", **said)
    question = child(item, "Question")
    child(question, "TranslatedText", row["field_label"])
    if field.type in ("radio", "dropdown", "checkbox"):
        child(item, "CodeListRef", CodeListOID=f"{column}.choices")
    for sign, name in (("GE", "text_validation_min"), ("LE", "text_validation_max")):
        if row[name]:
            check = child(item, "RangeCheck", Comparator=sign, SoftHard="Soft")
            child(check, "CheckValue", row[name])


def _data_type(field: Field) -> tuple[str, str]:
    validation = field.row[VALIDATION]
    if field.type in ("yesno", "truefalse", "checkbox"):
        return "boolean", "1"
    if validation == "integer" or field.type == "slider":
        return "integer", "999"
    if field.type == "calc" or validation.startswith("number"):
        return "float", "999"
    if validation.startswith("datetime"):
        return "partialDatetime", "999"
    return ("date" if validation.startswith("date") else "text"), "999"


def _status(metadata: etree._Element, instrument: str) -> None:
    name = f"{instrument}_complete"
    item = child(
        metadata,
        "ItemDef",
        OID=name,
        Name=name,
        DataType="text",
        Length="1",
        redcap_Variable=name,
        redcap_FieldType="select",
        redcap_SectionHeader="Form Status",
    )
    child(child(item, "Question"), "TranslatedText", "Complete?")
    child(item, "CodeListRef", CodeListOID=f"{name}.choices")


def _codelists(metadata: etree._Element, project: Project) -> None:
    for field in project.fields.values():
        codes = parse_choices(field.row[CHOICES])
        if field.type in ("radio", "dropdown"):
            _codelist(metadata, field.name, field.name, ((code.value, code.label) for code in codes))
        elif field.type == "checkbox":
            for column, _ in item_columns(project, field):
                made = _codelist(metadata, column, field.name, (("1", "Checked"), ("0", "Unchecked")))
                made.set(f"{REDCAP}CheckboxChoices", _choices(codes))
    for instrument in project.instruments:
        name = f"{instrument}_complete"
        _codelist(metadata, name, name, _STATUS)


def _choices(codes: Sequence[Code]) -> str:
    return " | ".join(f"{code.value}, {code.label}" for code in codes)


def _codelist(metadata: etree._Element, oid: str, variable: str, codes: Iterable[tuple[str, str]]) -> etree._Element:
    made = child(metadata, "CodeList", OID=f"{oid}.choices", Name=oid, DataType="text", redcap_Variable=variable)
    for value, label in codes:
        decode = child(child(made, "CodeListItem", CodedValue=value), "Decode")
        child(decode, "TranslatedText", label)
    return made


def add_groups(root: etree._Element, groups: Iterable[str], roles: Mapping[str, Mapping[str, str]]) -> None:
    """Data access groups and user roles, for whom they are."""
    variables = root.find(f"{ODM}Study/{ODM}GlobalVariables")
    if variables is None:
        return
    made = child(variables, "redcap:DataAccessGroupsGroup")
    for title in groups:
        child(made, "redcap:DataAccessGroups", group_name=title)
    made = child(variables, "redcap:UserRolesGroup")
    for name, said in roles.items():
        child(made, "redcap:UserRoles", unique_role_name=name, **said)
