"""A REDCap project XML read: its own kind of ODM 1.3.1, with what a dictionary says in attributes of its own.

Source: project XML as REDCap 11 to 15 writes it. It is no valid ODM (forms directly in a subject, OIDs given twice,
groups without a name), so its grammar is not held against it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from opencro.kernel.finding import Finding, Place, Refused, Severity
from opencro.study.formats.odm.xml_safety import line_of
from opencro.study.formats.redcap.field import RedcapField
from opencro.study.formats.redcap.project import NAMESPACE, ODM, RedcapEvent, RedcapProject, parse_project
from opencro.study.formats.redcap.texts import render_choices
from opencro.study.model.form import Code

_TYPES = {"textarea": "notes", "select": "dropdown"}
_ATTRIBUTES = {
    "SectionHeader": "section_header",
    "FieldNote": "field_note",
    "TextValidationType": "text_validation_type_or_show_slider_number",
    "Identifier": "identifier",
    "BranchingLogic": "branching_logic",
    "RequiredField": "required_field",
    "CustomAlignment": "custom_alignment",
    "QuestionNumber": "question_number",
    "MatrixGroupName": "matrix_group_name",
    "MatrixRanking": "matrix_ranking",
    "FieldAnnotation": "field_annotation",
}
_CHOICES = ("Calculation", "SliderLabels", "SqlQuery")
_READ = frozenset(
    [*_ATTRIBUTES, *_CHOICES, "Variable", "FieldType", "FormName", "EventName", "UniqueEventName", "ArmNum", "ArmName",
     "DayOffset", "OffsetMin", "OffsetMax", "RecordIdField", "CheckboxChoices"]
)  # fmt: skip
_DECODE = f"{{{ODM}}}Decode/{{{ODM}}}TranslatedText"
_OWN = "Form Status"
_REPEATS = ("RepeatingInstrumentsAndEvents", "RepeatingInstruments", "RepeatingInstrument", "RepeatingEvent")


def is_project(data: bytes) -> bool:
    """Whether an XML file is a REDCap project."""
    return NAMESPACE.encode() in data[:4096]


def read_project(data: bytes, file: str = "") -> RedcapProject:
    """The definition in a project XML; `file` is its name in findings.

    Raises `Refused` with ODM-001..003 (not safe XML) or RCP-001 (no project).
    """
    root = parse_project(data, file)
    metadata = root.find(f"{{{ODM}}}Study/{{{ODM}}}MetaDataVersion")
    if metadata is None:
        remedy = "Export the project with its metadata."
        raise Refused([Finding("RCP-001", Place(file, line_of(root)), "no metadata", "a project XML", remedy)])
    reading = _Reading(file, root, metadata)
    fields = tuple(reading.fields())
    if not fields:
        place = Place(file, line_of(metadata))
        raise Refused([Finding("RCP-001", place, "no field", "forms with fields", "Export the whole project.")])
    words = root.findtext(f"{{{ODM}}}Study/{{{ODM}}}GlobalVariables/{{{ODM}}}StudyName") or ""
    events = tuple(reading.event(element) for element in _all(metadata, "StudyEventDef"))
    reading.settings()
    return RedcapProject(
        title=words.strip(),
        fields=fields,
        titles={_form_name(form): str(form.get("Name") or "").strip() for form in _all(metadata, "FormDef")},
        events=events,
        repeating=frozenset(_repeating(root)),
        findings=tuple(reading.notes()),
    )


def _all(element: etree._Element, name: str) -> list[etree._Element]:
    return element.findall(f"{{{ODM}}}{name}")


def own(element: etree._Element, name: str) -> str:
    """An attribute of REDCap's own."""
    return str(element.get(f"{{{NAMESPACE}}}{name}") or "")


def _form_name(form: etree._Element) -> str:
    return own(form, "FormName") or str(form.get("OID") or "").removeprefix("Form.")


def _repeating(root: etree._Element) -> Iterator[tuple[str, str]]:
    for element in root.iter(f"{{{NAMESPACE}}}RepeatingInstrument"):
        yield own(element, "UniqueEventName"), own(element, "RepeatInstrument")
    for element in root.iter(f"{{{NAMESPACE}}}RepeatingEvent"):
        yield own(element, "UniqueEventName"), ""


@dataclass
class _Reading:
    """One project on its way; counts what it passes over."""

    file: str
    root: etree._Element
    metadata: etree._Element
    passed: Counter[str] = field(default_factory=Counter)
    first: dict[str, int | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.items = {str(e.get("OID")): e for e in _all(self.metadata, "ItemDef")}
        self.groups = {str(e.get("OID")): e for e in _all(self.metadata, "ItemGroupDef")}
        self.lists = {str(e.get("OID")): e for e in _all(self.metadata, "CodeList")}

    def fields(self) -> Iterator[RedcapField]:
        """The fields in the order of forms and their groups."""
        seen: set[str] = set()
        for form in _all(self.metadata, "FormDef"):
            for ref in _all(form, "ItemGroupRef"):
                group = self.groups.get(str(ref.get("ItemGroupOID")))
                for item_ref in [] if group is None else _all(group, "ItemRef"):
                    item = self.items.get(str(item_ref.get("ItemOID")))
                    if item is not None and self._is_field(item, _form_name(form), seen):
                        yield self._field(item, _form_name(form))

    def _is_field(self, item: etree._Element, form: str, seen: set[str]) -> bool:
        name = own(item, "Variable") or str(item.get("OID"))
        if name in seen:
            return False
        seen.add(name)
        if not own(item, "FieldType") or (name == f"{form}_complete" and own(item, "SectionHeader") == _OWN):
            self.pass_over(item, "an item that REDCap adds by itself (status, time stamp, data access group)")
            return False
        return True

    def _field(self, item: etree._Element, form: str) -> RedcapField:
        kind = own(item, "FieldType")
        values = {ours: own(item, name) for name, ours in _ATTRIBUTES.items()}
        choices = next((own(item, name) for name in _CHOICES if own(item, name)), "")
        if kind in ("checkbox", "radio", "select", "dropdown"):
            choices = self._choices(item)
        for attribute in item.attrib:
            name = str(attribute).removeprefix(f"{{{NAMESPACE}}}")
            if name != attribute and name not in _READ:
                self.pass_over(item, f"redcap:{name} of a field")
        limits = {str(c.get("Comparator")): c.findtext(f"{{{ODM}}}CheckValue") or "" for c in _all(item, "RangeCheck")}
        return RedcapField(
            field_name=own(item, "Variable") or str(item.get("OID")),
            form_name=form,
            field_type=_TYPES.get(kind, kind),
            field_label=_question(item),
            select_choices_or_calculations=choices,
            text_validation_min=limits.get("GE", ""),
            text_validation_max=limits.get("LE", ""),
            line=line_of(item) or 0,
            **values,
        )

    def _choices(self, item: etree._Element) -> str:
        ref = item.find(f"{{{ODM}}}CodeListRef")
        listed = None if ref is None else self.lists.get(str(ref.get("CodeListOID")))
        if listed is None:
            return ""
        if own(listed, "CheckboxChoices"):
            return own(listed, "CheckboxChoices")
        codes = [
            Code(
                value=str(c.get("CodedValue") or ""), label=c.findtext(f"{{{ODM}}}Decode/{{{ODM}}}TranslatedText") or ""
            )
            for c in _all(listed, "CodeListItem")
        ]
        return render_choices(tuple(codes))

    def event(self, element: etree._Element) -> RedcapEvent:
        """An event with the forms that it asks for."""
        offset = own(element, "DayOffset")
        return RedcapEvent(
            name=own(element, "UniqueEventName") or str(element.get("OID") or "").removeprefix("Event."),
            label=own(element, "EventName") or str(element.get("Name") or ""),
            arm=own(element, "ArmNum"),
            arm_name=own(element, "ArmName"),
            day_offset=_whole(offset) if offset else None,
            offset_min=_whole(own(element, "OffsetMin")),
            offset_max=_whole(own(element, "OffsetMax")),
            forms=tuple(str(r.get("FormOID") or "").removeprefix("Form.") for r in _all(element, "FormRef")),
            line=line_of(element) or 0,
        )

    def settings(self) -> None:
        """Settings, roles, reports, surveys and the like of the project."""
        for holder in _all(self.root, "Study"):
            for element in holder.iterfind(f"{{{ODM}}}GlobalVariables/{{{NAMESPACE}}}*"):
                name = etree.QName(element).localname
                if name in _REPEATS:
                    continue
                if len(element):
                    for child in element:
                        self.pass_over(child, f"redcap:{etree.QName(child).localname}")
                elif (element.text or "").strip() not in ("", "0"):
                    self.pass_over(element, f"the setting redcap:{name}")

    def pass_over(self, element: etree._Element, what: str) -> None:
        """Count what was not read, under its kind."""
        self.passed[what] += 1
        self.first.setdefault(what, line_of(element))

    def notes(self) -> Iterator[Finding]:
        """A note for each kind."""
        for what, number in self.passed.items():
            got = f"{what}, {number} times, was not read"
            remedy = "Keep the file; see whether it matters."
            yield Finding("RCP-030", Place(self.file, self.first[what]), got, "", remedy, Severity.NOTE)


def _question(item: etree._Element) -> str:
    found = item.find(f"{{{ODM}}}Question/{{{ODM}}}TranslatedText")
    return "" if found is None else "".join(str(part) for part in found.itertext()).strip()


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return 0
