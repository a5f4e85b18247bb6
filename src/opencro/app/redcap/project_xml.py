"""REDCap's project XML (ODM 1.3.1 with REDCap's additions) as dictionary rows, events, settings and rows of data.

Source: files that REDCap's own export makes. Pure: bytes in, values out; refused with the reason where it is no such
file.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from opencro.app.redcap.dictionary import CHOICES, COLUMNS, VALIDATION
from opencro.app.redcap.document import RepeatEntry
from opencro.app.redcap.exchange import ApiRefused, Upload
from opencro.study.formats.redcap.project import parse_project

ODM = "{http://www.cdisc.org/ns/odm/v1.3}"
REDCAP = "{https://projectredcap.org}"
ROW_ATTRIBUTES = {
    "SectionHeader": "section_header",
    "FieldNote": "field_note",
    "TextValidationType": VALIDATION,
    "BranchingLogic": "branching_logic",
    "CustomAlignment": "custom_alignment",
    "QuestionNumber": "question_number",
    "MatrixGroupName": "matrix_group_name",
    "FieldAnnotation": "field_annotation",
}
_UNDERSTOOD = (
    "DataAccessGroupsGroup",
    "UserRolesGroup",
    "RepeatingInstrumentsAndEvents",
    "SurveysGroup",
    "ReportsGroup",
)
_TYPES = {"textarea": "notes", "select": "dropdown", "": "text"}


@dataclass(frozen=True)
class XmlEvent:
    """An event of the file."""

    unique: str
    name: str
    arm: int
    arm_name: str
    day_offset: str
    offset_min: str
    offset_max: str
    label: str
    forms: tuple[str, ...]


@dataclass(frozen=True)
class DataRow:
    """What a file says of one record, event, instrument and repeat: texts by column, files by field."""

    record: str
    event: str
    form: str
    event_repeat: int
    form_repeat: int
    values: Mapping[str, str]
    files: Mapping[str, Upload]


@dataclass(frozen=True)
class ProjectXml:
    """A whole file."""

    title: str
    record_id: str
    rows: tuple[dict[str, str], ...]
    titles: Mapping[str, str]
    events: tuple[XmlEvent, ...]
    settings: Mapping[str, str]
    groups: tuple[str, ...]
    roles: tuple[Mapping[str, str], ...]
    repeating: tuple[RepeatEntry, ...]
    surveys: Mapping[str, Mapping[str, str]]
    reports: tuple[Mapping[str, str], ...]
    vendor: Mapping[str, str]
    data: tuple[DataRow, ...] = field(default=())


def read_project_xml(text: str) -> ProjectXml:
    """A project XML; refused where it is not XML (ODM-001..003) or has no metadata."""
    root = parse_project(text.strip().encode(), "project.xml")
    metadata = root.find(f"{ODM}Study/{ODM}MetaDataVersion")
    variables = root.find(f"{ODM}Study/{ODM}GlobalVariables")
    if metadata is None or variables is None:
        raise ApiRefused("The ODM file has no Study with GlobalVariables and MetaDataVersion.")
    forms = {str(form.get("OID")): form for form in metadata.findall(f"{ODM}FormDef")}
    names = {oid: _said(form, "FormName") or oid.removeprefix("Form.") for oid, form in forms.items()}
    rows = tuple(_rows(metadata, forms, names))
    if not rows:
        raise ApiRefused("The ODM file has no fields.")
    return ProjectXml(
        title=variables.findtext(f"{ODM}StudyName") or "",
        record_id=_said(metadata, "RecordIdField") or rows[0]["field_name"],
        rows=rows,
        titles={names[oid]: str(form.get("Name") or names[oid]) for oid, form in forms.items()},
        events=tuple(_events(metadata, names)),
        settings={_local(e): (e.text or "").strip() for e in _redcap(variables) if not len(e) and not e.attrib},
        groups=tuple(str(e.get("group_name")) for e in variables.iter(f"{REDCAP}DataAccessGroups")),
        roles=tuple(_attributes(e) for e in variables.iter(f"{REDCAP}UserRoles")),
        repeating=tuple(_repeating(variables)),
        surveys={str(e.get("form_name")): _attributes(e) for e in variables.iter(f"{REDCAP}Surveys")},
        reports=tuple(_attributes(e) for e in variables.iter(f"{REDCAP}Reports")),
        vendor={
            _local(e): etree.tostring(e, encoding="unicode", with_tail=False)
            for e in _redcap(variables)
            if (len(e) or e.attrib) and _local(e) not in _UNDERSTOOD
        },
        data=tuple(_data(root, names)),
    )


def _local(element: etree._Element) -> str:
    return str(etree.QName(element).localname)


def _said(element: etree._Element, name: str) -> str:
    return str(element.get(f"{REDCAP}{name}") or "")


def _redcap(parent: etree._Element) -> list[etree._Element]:
    return [e for e in parent if isinstance(e.tag, str) and e.tag.startswith(REDCAP)]


def _attributes(element: etree._Element) -> dict[str, str]:
    return {str(etree.QName(str(name)).localname): str(value) for name, value in element.attrib.items()}


def _repeating(variables: etree._Element) -> Iterator[RepeatEntry]:
    for event in variables.iter(f"{REDCAP}RepeatingEvent"):
        yield RepeatEntry(event=_said(event, "UniqueEventName"))
    for form in variables.iter(f"{REDCAP}RepeatingInstrument"):
        yield RepeatEntry(
            event=_said(form, "UniqueEventName"), form=_said(form, "RepeatInstrument"), label=_said(form, "CustomLabel")
        )


def _events(metadata: etree._Element, names: Mapping[str, str]) -> Iterator[XmlEvent]:
    for event in metadata.findall(f"{ODM}StudyEventDef"):
        refs = event.findall(f"{ODM}FormRef")
        number = _said(event, "ArmNum")
        yield XmlEvent(
            unique=_said(event, "UniqueEventName") or str(event.get("OID")).removeprefix("Event."),
            name=_said(event, "EventName") or str(event.get("Name")),
            arm=int(number) if number.isdigit() else 1,
            arm_name=_said(event, "ArmName") or "Arm 1",
            day_offset=_said(event, "DayOffset"),
            offset_min=_said(event, "OffsetMin"),
            offset_max=_said(event, "OffsetMax"),
            label=_said(event, "CustomEventLabel"),
            forms=tuple(names[str(ref.get("FormOID"))] for ref in refs if str(ref.get("FormOID")) in names),
        )


def _rows(
    metadata: etree._Element, forms: Mapping[str, etree._Element], names: Mapping[str, str]
) -> Iterator[dict[str, str]]:
    groups = {str(g.get("OID")): g for g in metadata.findall(f"{ODM}ItemGroupDef")}
    items = {str(i.get("OID")): i for i in metadata.findall(f"{ODM}ItemDef")}
    lists = {str(c.get("OID")): c for c in metadata.findall(f"{ODM}CodeList")}
    for oid, form in forms.items():
        seen: set[str] = set()
        refs = [
            ref
            for group in form.findall(f"{ODM}ItemGroupRef")
            for ref in groups.get(str(group.get("ItemGroupOID")), form).findall(f"{ODM}ItemRef")
        ]
        for ref in refs:
            item = items.get(str(ref.get("ItemOID")))
            name = _said(ref, "Variable") or str(ref.get("ItemOID"))
            if item is None or name in seen or name.startswith("redcap_") or name == f"{names[oid]}_complete":
                continue
            if not item.get(f"{REDCAP}FieldType"):
                continue
            seen.add(name)
            yield _row(item, name, names[oid], lists)


def _row(item: etree._Element, name: str, form: str, lists: Mapping[str, etree._Element]) -> dict[str, str]:
    row = dict.fromkeys(COLUMNS, "") | {"field_name": name, "form_name": form}
    kind = _said(item, "FieldType")
    row |= {column: _said(item, attribute) for attribute, column in ROW_ATTRIBUTES.items()}
    row["field_type"] = _TYPES.get(kind, kind)
    row["field_label"] = _question(item)
    row["identifier"] = "y" if _said(item, "Identifier").lower() == "y" else ""
    row["required_field"] = "y" if _said(item, "RequiredField").lower() in ("y", "1") else ""
    row["matrix_ranking"] = "y" if _said(item, "MatrixRanking").lower() in ("y", "1") else ""
    row[CHOICES] = _said(item, "Calculation") or _said(item, "SliderLabels") or _said(item, "SQL")
    if row["field_type"] in ("radio", "dropdown", "checkbox"):
        row[CHOICES] = _choices(item, lists)
    for check in item.findall(f"{ODM}RangeCheck"):
        column = {"GE": "text_validation_min", "LE": "text_validation_max"}.get(str(check.get("Comparator")))
        if column:
            row[column] = check.findtext(f"{ODM}CheckValue") or ""
    return row


def _question(item: etree._Element) -> str:
    found = item.find(f"{ODM}Question/{ODM}TranslatedText")
    formatted = item.find(f"{ODM}Question/{REDCAP}FormattedTranslatedText")
    chosen = formatted if formatted is not None else found
    return "" if chosen is None else "".join(str(text) for text in chosen.itertext())


def _choices(item: etree._Element, lists: Mapping[str, etree._Element]) -> str:
    ref = item.find(f"{ODM}CodeListRef")
    codes = lists.get(str(ref.get("CodeListOID"))) if ref is not None else None
    if codes is None:
        return ""
    boxes = _said(codes, "CheckboxChoices")
    if boxes:
        return boxes
    pairs = [
        (str(code.get("CodedValue")), code.findtext(f"{ODM}Decode/{ODM}TranslatedText") or "")
        for code in codes.findall(f"{ODM}CodeListItem")
    ]
    return " | ".join(f"{value}, {label}" for value, label in pairs)


def _data(root: etree._Element, names: Mapping[str, str]) -> Iterator[DataRow]:
    for subject in root.findall(f"{ODM}ClinicalData/{ODM}SubjectData"):
        record = str(subject.get("SubjectKey"))
        for event in (*subject.findall(f"{ODM}StudyEventData"), subject):
            unique = _said(event, "UniqueEventName") if event is not subject else ""
            for form in event.findall(f"{ODM}FormData"):
                name = names.get(str(form.get("FormOID")), "")
                values = {
                    str(item.get("ItemOID")): str(item.get("Value") or "") for item in form.iter(f"{ODM}ItemData")
                }
                files = dict(_files(form))
                repeats = _number(event.get("StudyEventRepeatKey")), _number(form.get("FormRepeatKey"))
                yield DataRow(record, unique, name, *repeats, values, files)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() and int(text) > 0 else 1


def _files(form: etree._Element) -> Iterator[tuple[str, Upload]]:
    for item in form.iter(f"{ODM}ItemDataBase64Binary"):
        try:
            content = base64.b64decode("".join((item.text or "").split()), validate=True)
        except binascii.Error:
            raise ApiRefused(f"The file of the field {item.get('ItemOID')} cannot be decoded.") from None
        yield str(item.get("ItemOID")), Upload(_said(item, "DocName") or "file", content)
